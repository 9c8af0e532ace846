"""Narrow windows, zoomed pages and touch: figures keep their room, controls their words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.acts import calm, new_window, settled

# Width of the plot within its figure, and how far its toolbar lies above the figure's lower edge.
_FIGURES = """() => [...document.querySelectorAll('.js-plotly-plot')].map(plot => {
    const edge = plot.getBoundingClientRect().bottom;
    const bar = plot.querySelector('.modebar')?.getBoundingClientRect();
    return {plot: plot._fullLayout._size.w, above: bar && bar.height ? edge - bar.top : 0};
})"""
_CUT = """() => [...document.querySelectorAll(
        '.stMain button p, .stMain [data-testid=stMetricValue]')]
    .filter(text => text.scrollWidth > text.clientWidth + 1).map(text => text.innerText)"""


def _drawn(page: Page) -> list[dict[str, float]]:
    page.wait_for_function("() => document.querySelector('.js-plotly-plot .modebar-container')")
    settled(page)
    calm(page)
    return page.evaluate(_FIGURES)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "path", ["", "survival", "transplant?cohort=demo:mds&dx=MDS-IB1&view=Four%20answers"]
)
def test_no_figure_is_narrower_than_its_labels(page: Page, address: str, path: str):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{address}/{path}")
    _drawn(page)
    # 853 is 1280 at a zoom of 150 %.
    for width in (1366, 1100, 1000, 900, 853):
        page.set_viewport_size({"width": width, "height": 600})
        found = _drawn(page)
        assert min(figure["plot"] for figure in found) >= 180, (width, found)
        assert max(figure["above"] for figure in found) <= 2, "the toolbar lies under the figure"
        assert page.evaluate(_CUT) == [], width


def test_figures_use_a_wide_window_and_no_toolbar_stays_on_touch(browser: Browser, address: str):
    context = new_window(
        browser, viewport={"width": 1920, "height": 1080}, has_touch=True, is_mobile=True
    )
    try:
        page = context.new_page()
        page.goto(f"{address}/survival")
        assert _drawn(page)[0]["plot"] > 700
        assert page.locator(".modebar-container").first.is_hidden()
    finally:
        context.close()
