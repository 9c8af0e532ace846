"""One server and one browser for all browser tests; skipped with the reason where none is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.acts import PATIENCE, new_window
from tests.e2e.server import BROWSER_ARGUMENTS, find_browser, running_app

HERE = Path(__file__).parent
# Seconds that a whole test may take.
_LONGEST = 900


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test of this folder, and skip them where there is no browser."""
    skip = pytest.mark.skip(reason="no Chromium on this machine (Debian: apt-get install chromium)")
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(_LONGEST))
            if find_browser() is None:
                item.add_marker(skip)
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = long_ones_first(items, workers)


def long_ones_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The tests in an order in which each worker's share, as even as can be, begins with long ones.

    At the end one alone is left with what it is in the middle of: let that be short.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    short = iter([item for item in items if not item.get_closest_marker("long")])
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        share = (len(items) - len(ordered)) // (workers - worker)
        own = long[worker::workers]
        ordered += [*own, *islice(short, max(share - len(own), 0))]
    return [*ordered, *short]


_SHARED, _ADDRESS = pytest.StashKey[ExitStack](), pytest.StashKey[str]()


def serve_all(config: pytest.Config) -> str:
    """Start the server that every worker of pytest-xdist visits."""
    stack = config.stash[_SHARED] = ExitStack()
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="calr-e2e-")))
    return stack.enter_context(running_app(folder / "server.log"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the one server is; xdist calls this before a worker starts."""
    if find_browser() is not None:
        if _SHARED not in node.config.stash:
            node.config.stash[_ADDRESS] = serve_all(node.config)
        node.workerinput["address"] = node.config.stash[_ADDRESS]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server, where this process started it."""
    config.stash.get(_SHARED, ExitStack()).close()


@pytest.fixture(scope="session")
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Where the app is served: for all workers at once, or for the only process of the tests."""
    shared = getattr(request.config, "workerinput", {}).get("address")
    if shared is not None:
        yield shared
        return
    with running_app(tmp_path_factory.mktemp("server") / "server.log") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_window(browser, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
