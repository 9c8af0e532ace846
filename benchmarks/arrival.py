"""A browser that was never here, from the address to the first figure."""

from __future__ import annotations

import time

from playwright.sync_api import Browser


def first_visit(browser: Browser, address: str, megabits: float) -> tuple[float, float]:
    """Seconds to the first figure of a browser that was never here, and megabytes it fetched.

    Parameters
    ----------
    megabits
        What its line carries a second, at 10 ms to the server; 0 for no limit.
    """
    context = browser.new_context()
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    fetched: list[float] = []
    wire.on("Network.loadingFinished", lambda event: fetched.append(event["encodedDataLength"]))
    if megabits:
        rate = megabits * 1e6 / 8
        wire.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False, "latency": 10, "downloadThroughput": rate,
                "uploadThroughput": rate,
            },
        )  # fmt: skip
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=120_000)
    drawn = time.perf_counter() - start
    context.close()
    return drawn, sum(fetched) / 1e6
