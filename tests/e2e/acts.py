"""What a user does, in the user's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect

# A busy machine is slow to draw: what is waited for may take this long, in milliseconds. Who waits
# for a state loses nothing by patience, and a whole run by the lack of it.
PATIENCE = 120_000
_AT_REST = """() =>
    document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stStatusWidget]')
    && !document.querySelector('[data-stale=true]')"""
# Whether a run began since one looked.
_WATCH = """() => {
    window.begun = false;
    new MutationObserver((_, watch) => { window.begun = true; watch.disconnect(); }).observe(
        document.querySelector('[data-testid=stApp]'),
        {attributes: true, attributeFilter: ['data-test-script-state']});
}"""
# Figures come a little after their run, and move what is below them.
_PLACES = """() => [...document.querySelectorAll('h1, .js-plotly-plot')].map(one => {
    const {x, y, width, height} = one.getBoundingClientRect();
    return [x, y, width, height];
})"""
# Drawn by the processor, what moves while a page runs takes a fifth of a browser's time.
_STILL = """addEventListener('DOMContentLoaded', () => {
    const style = document.createElement('style');
    style.textContent = '*, *::before, *::after {animation: none !important; '
        + 'transition: none !important}';
    document.head.append(style);
})"""


def new_window(browser: Browser, **options: Any) -> BrowserContext:
    """A browser of its own, with nothing kept, in which nothing moves."""
    context = browser.new_context(**options)
    context.add_init_script(_STILL)
    return context


def settled(page: Page) -> None:
    """Wait until the page has finished its run and everything stands where it stays."""
    expect(page.locator("h1")).to_be_visible()
    seen, same = None, 0
    while same < 2:
        # Not at every frame, as is usual: the page is drawn by the same processors.
        page.wait_for_function(_AT_REST, timeout=PATIENCE, polling=50)
        # A run that was asked for just now may not have begun: look again.
        page.wait_for_timeout(100)
        places = page.evaluate(_PLACES)
        same = same + 1 if places == seen else 0
        seen = places


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """What is done inside has the page run anew: wait until that run has begun, and is over.

    A server that is busy with others may begin long after the page seems at rest. What changes
    nothing has no run.
    """
    page.evaluate(_WATCH)
    yield
    with suppress(Error):
        page.wait_for_function("() => window.begun", timeout=5_000, polling=50)
    settled(page)


def calm(page: Page) -> None:
    """No traceback, no unforeseen error."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("we did not foresee")).to_have_count(0)


def go_to(page: Page, name: str) -> None:
    """Choose a page in the navigation."""
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    settled(page)


def choose_files(page: Page, *paths: Path) -> None:
    """Give files to the page's place for files, not to the one for a folder beside it."""
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(list(paths))


def choose_many(page: Page, label: str, *values: str) -> None:
    """Add values to a multiselect."""
    named = page.get_by_test_id("stWidgetLabel").filter(has_text=label)
    box = page.get_by_test_id("stMultiSelect").filter(has=named)
    for value in values:
        option = page.get_by_role("option", name=value, exact=True)
        with answered(page):
            box.locator("input").fill(value)
            try:
                option.click(timeout=5_000)
            except Error:
                # A run that came in between has redrawn the list and closed it.
                settled(page)
                box.locator("input").fill(value)
                option.click()
        page.keyboard.press("Escape")
        expect(box.get_by_role("button", name=f"Remove {value}", exact=True)).to_be_visible()


def choose(page: Page, label: str, value: str) -> None:
    """Choose a value of a selectbox."""
    box = page.get_by_test_id("stSelectbox").filter(has_text=label)
    with answered(page):
        box.locator("input").click()
        box.locator("input").fill(value)
        page.get_by_role("option", name=value, exact=True).first.click()


def figure(page: Page, title: str) -> Locator:
    """The chart whose alternative text, which begins with its title, contains these words."""
    return page.get_by_role("figure", name=title)


def selected(page: Page) -> tuple[int, int]:
    """n of N in the sidebar."""
    text = page.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ patients?$")).first.inner_text()
    n, total = (int(part.replace(",", "")) for part in re.findall(r"[\d,]+", text))
    return n, total
