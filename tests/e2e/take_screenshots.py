"""Screenshots of every page: light and dark, desktop and phone.

``python -m tests.e2e.take_screenshots FOLDER [PATH ...]`` starts the app and writes PNG files.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.e2e.server import BROWSER_ARGUMENTS, find_browser, running_app

PATHS = (
    "", "cohort", "survival", "subgroups", "transplant?cohort=demo:mds", "genomics", "compare",
    "patient", "prognosis?cohort=demo:mds", "pooled", "story", "data", "methods",
)  # fmt: skip
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


def settle(page: Page) -> None:
    """Wait until the script has run, the charts are drawn and no computation is under way."""
    page.wait_for_selector("[data-testid=stAppViewContainer]")
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]')"
        " && !document.querySelector('[data-testid=stProgress]')"
        " && !document.querySelector('[data-stale=true]')",
        timeout=120_000,
    )
    page.wait_for_timeout(1200)


def main(folder: Path, paths: tuple[str, ...]) -> None:
    """Write one file a page, mode and size into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as logs,
        running_app(Path(logs) / "server.log") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_ARGUMENTS)
        for size, (width, height) in SIZES.items():
            for mode in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=mode
                )
                page = context.new_page()
                for path in paths:
                    page.goto(f"{address}/{path}")
                    settle(page)
                    name = path.split("?")[0] or "home"
                    height_all = page.evaluate(
                        "() => { const m = document.querySelector('[data-testid=stMain]');"
                        " return Math.min(m ? m.scrollHeight : 900, 4200); }"
                    )
                    page.set_viewport_size({"width": width, "height": max(height, height_all)})
                    page.wait_for_timeout(600)
                    page.screenshot(path=folder / f"{name}_{size}_{mode}.png")
                    page.set_viewport_size({"width": width, "height": height})
                context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]) or PATHS)
