"""Ten users who ask for much at once: who waits how long, and does the app respond.

``python -m benchmarks.many_users`` opens ten sessions on the subgroups page, each with a seed of
its own, or with ``transplant`` on the transplant page, each with a question of its own, and an
eleventh in a browser that goes on working on the survival page meanwhile. It prints when each of
the ten was sent a figure and all was computed, and how long the eleventh waited for each change,
beside the same changes on the idle server in the same run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.visitors import Visitor
from tests.e2e.acts import calm, choose, settled
from tests.e2e.server import BROWSER_ARGUMENTS, find_browser, running_app

USERS = 10
# What each of the ten asks, by page: the question, in which it differs, and the figure it gets.
ASKED = {
    "subgroups": ("seed={}", range(1, USERS + 1), "Subgroups:"),
    "transplant": ("cohort=demo:mds&view=When&horizon={}", range(72, 72 + USERS), "Life gained in"),
}
CHANGES = ("Sex", "Driver mutation", "ASXL1", "Diagnosis")
_LONGEST_S = 600
_MOST_CHANGES = 40


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


def wait_for_all(visitors: list[Visitor]) -> float:
    """Seconds until nothing more is computed for any of them; at most ten minutes."""
    start = time.perf_counter()
    while time.perf_counter() - start < _LONGEST_S and not all(v.finished for v in visitors):
        time.sleep(0.2)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    name = sys.argv[1] if len(sys.argv) > 1 else "subgroups"
    query, values, figure = ASKED[name]
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
        visitors = [Visitor(address, name, query.format(v), figure=figure) for v in values]
        for visitor in visitors:
            visitor.start()
        busy: list[float] = []
        while len(busy) < _MOST_CHANGES and not all(v.finished for v in visitors):
            busy += seconds_for_changes(working)
        wait_for_all(visitors)
        took = time.perf_counter() - start
        first = sorted(visitor.seen[0] for visitor in visitors if visitor.seen)
        print(f"{USERS} users on the {name} page, each with a question of their own")
        print(f"  saw a figure after {first[0]:.1f} to {first[-1]:.1f} s ({len(first)} of {USERS})")
        print(f"  all was computed after {took:.0f} s")
        print("An eleventh user changes the grouping on the survival page (browser, median)")
        print(
            f"  idle {statistics.median(idle):.2f} s, meanwhile {statistics.median(busy):.2f} s "
            f"(longest {max(busy):.2f} s)"
        )
        for visitor in visitors:
            visitor.leave()
        browser.close()


if __name__ == "__main__":
    main()
