"""Ten users who ask for different subgroups at once: who waits how long, and does the app respond.

``python -m benchmarks.many_users`` opens ten browser sessions on the subgroups page, each with a
seed of its own, and an eleventh that goes on working on the survival page meanwhile. It prints when
each of the ten saw a map and a finished search, and how long the eleventh waited for each change,
beside the same changes on the idle server in the same run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.acts import calm, choose, settled
from tests.e2e.server import BROWSER_ARGUMENTS, find_browser, running_app

USERS = 10
CHANGES = ("Sex", "Driver mutation", "ASXL1", "Diagnosis")
_LONGEST_S = 600


def seconds_for_changes(page: Page) -> list[float]:
    """Seconds from choosing a grouping until the figure names it, for several groupings."""
    seconds = []
    for name in CHANGES:
        start = time.perf_counter()
        choose(page, "Compare by", name)
        expect(
            page.get_by_role("figure", name=name.lower())
            .or_(page.get_by_role("figure", name=name))
            .first
        ).to_be_visible(timeout=60_000)
        seconds.append(time.perf_counter() - start)
    calm(page)
    return seconds


def ask(browser: Browser, address: str, seed: int) -> Page:
    """A new session that asks for the subgroups of one seed, without waiting for them."""
    page = browser.new_context().new_page()
    page.set_default_timeout(_LONGEST_S * 1000)
    page.goto(f"{address}/subgroups?seed={seed}", wait_until="commit")
    return page


def waits(pages: list[Page], start: float, selector: str) -> list[float]:
    """Seconds until each of the pages shows a selector, polled in turn."""
    seen: dict[int, float] = {}
    while len(seen) < len(pages) and time.perf_counter() - start < _LONGEST_S:
        for i, page in enumerate(pages):
            if i not in seen and page.locator(selector).first.is_visible():
                seen[i] = time.perf_counter() - start
        pages[0].wait_for_timeout(200)
    return sorted(seen.values())


def main() -> None:
    """Measure and print."""
    if find_browser() is None:
        sys.exit("No Chromium: nothing was measured.")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder) / "server.log") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_ARGUMENTS)
        working = browser.new_page()
        working.goto(f"{address}/survival")
        settled(working)
        seconds_for_changes(working)
        idle = seconds_for_changes(working)
        start = time.perf_counter()
        pages = [ask(browser, address, seed) for seed in range(1, USERS + 1)]
        busy = seconds_for_changes(working)
        maps = waits(pages, start, ".st-key-map .js-plotly-plot")
        print(f"{USERS} users, each with subgroups of their own (2,000 patients)")
        print(f"  saw a map after {maps[0]:.1f} to {maps[-1]:.1f} s ({len(maps)} of {USERS})")
        print("An eleventh user changes the grouping on the survival page (browser, median)")
        print(f"  idle {statistics.median(idle):.2f} s, meanwhile {statistics.median(busy):.2f} s")
        for page in pages:
            calm(page)
        browser.close()


if __name__ == "__main__":
    main()
