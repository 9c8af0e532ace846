"""Time to the first page, and from one change of the filter to a redrawn survival page.

``python -m benchmarks.pages`` prints a table; the plain app of ``plain_app.py`` stands beside each
figure, measured in the same run on the same data.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright
from streamlit.testing.v1 import AppTest

from benchmarks.arrival import first_visit
from data_loaders import Cohort
from data_loaders.demo import load_demo
from tests.e2e.server import BROWSER_ARGUMENTS, find_browser, running_app

ROOT = Path(__file__).resolve().parents[1]
SIZES = (2_000, 20_000, 200_000)
REPEATS = 7


def median_ms(seconds: list[float]) -> float:
    """Median of the repeats in milliseconds; the first one warms up and does not count."""
    return 1000 * statistics.median(seconds[1:])


class Taken(NamedTuple):
    """Median of one kind of interaction: the clock and the processor, in milliseconds."""

    clock: float
    processor: float


def timed(at: AppTest, change: Callable[[int], object]) -> Taken:
    """Server time for each of several changes, none of which was asked for before."""
    clock, processor = [], []
    for repeat in range(REPEATS + 1):
        change(repeat)
        start, busy = time.perf_counter(), time.process_time()
        at.run()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
        if at.exception:
            raise RuntimeError(at.exception[0].message)
    return Taken(median_ms(clock), median_ms(processor))


def filter_changes(at: AppTest) -> list[float]:
    """Seconds of server time for each of several changes of the diagnosis filter."""
    seconds = []
    for repeat in range(REPEATS + 1):
        at.multiselect(key="dx").set_value(["MF"] if repeat % 2 else ["ET"])
        start = time.perf_counter()
        at.run()
        seconds.append(time.perf_counter() - start)
        if at.exception:
            raise RuntimeError(at.exception[0].message)
    return seconds


def our_page(cohort: Cohort) -> list[float]:
    """Filter changes on our survival page."""
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["_uploads"] = {"upload:benchmark": cohort}
    at.query_params["cohort"] = "upload:benchmark"
    at.run()
    at.switch_page(str(ROOT / "pages" / "survival.py")).run()
    return filter_changes(at)


def plain_page(cohort: Cohort, folder: Path) -> list[float]:
    """Filter changes on the plain app with the same patients."""
    path = folder / f"{cohort.n}.parquet"
    columns = ["diagnosis", "driver", "os_months", "os_event"]
    cohort.patients[columns].to_parquet(path)
    os.environ["PLAIN_COHORT"] = str(path)
    at = AppTest.from_file(str(ROOT / "benchmarks" / "plain_app.py"), default_timeout=120)
    at.run()
    return filter_changes(at)


def first_page(browser: Browser, script: str, folder: Path) -> tuple[float, float]:
    """Seconds from the command until the port answers, and until a figure stands on the page."""
    start = time.perf_counter()
    with running_app(folder / "server.log", script) as address:
        answered = time.perf_counter() - start
        page = browser.new_page()
        page.goto(f"{address}")
        page.wait_for_selector(".js-plotly-plot .main-svg", timeout=120_000)
        drawn = time.perf_counter() - start
        page.close()
    return answered, drawn


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("One filter change to a redrawn survival page, server time (median of 7)")
        print(f"{'patients':>10} {'CALR Explorer':>15} {'plain app':>12} {'ratio':>7}")
        for n in SIZES:
            cohort = load_demo("mpn", n=n)
            plain, ours = median_ms(plain_page(cohort, folder)), median_ms(our_page(cohort))
            print(f"{n:>10,} {ours:>12.0f} ms {plain:>9.0f} ms {plain / ours:>6.1f}x")
        if find_browser() is None:
            sys.exit("No Chromium: the time to the first page was not measured.")
        load_demo("mpn").patients.to_parquet(folder / "demo.parquet")
        os.environ["PLAIN_COHORT"] = str(folder / "demo.parquet")
        print("\nFrom the command to the first page (in Chromium)")
        print(f"{'':>15} {'port answers':>14} {'figure drawn':>14}")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=BROWSER_ARGUMENTS
            )
            for label, script in (
                ("CALR Explorer", "app/server.py"),
                ("plain app", "benchmarks/plain_app.py"),
            ):
                answered, drawn = first_page(browser, script, folder)
                print(f"{label:>15} {answered:>12.1f} s {drawn:>12.1f} s")
            print("\nA first visit of the running server (median of 5)")
            print(f"{'':>15} {'own machine':>14} {'20 Mbit/s':>14} {'fetched':>11}")
            with (
                running_app(folder / "a") as ours,
                running_app(folder / "b", "benchmarks/plain_app.py") as plain,
            ):
                addresses = {"CALR Explorer": f"{ours}/survival", "plain app": plain}
                print_first_visits(browser, addresses)
            browser.close()


def print_first_visits(browser: Browser, addresses: Mapping[str, str]) -> None:
    """First visits to servers in turn, of which the first does not count."""
    seen = {label: ([], [], []) for label in addresses}
    for _ in range(6):
        for label, (here, far, fetched) in seen.items():
            drawn, size = first_visit(browser, addresses[label], 0)
            here.append(drawn)
            fetched.append(size)
            far.append(first_visit(browser, addresses[label], 20)[0])
    for label, (here, far, fetched) in seen.items():
        print(
            f"{label:>15} {statistics.median(here[1:]):>12.1f} s "
            f"{statistics.median(far[1:]):>12.1f} s {statistics.median(fetched):>8.1f} MB"
        )


if __name__ == "__main__":
    main()
