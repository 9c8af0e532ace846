"""A story is made, got ready, presented by keyboard at two sizes, and goes on without a server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acts import calm, choose_files, figure, go_to, settled
from tests.e2e.server import free_port, running_app

N, STEPS = 120, 10
SMALLEST, LEAST_AREA = {1920: 24.0, 1280: 16.0, 3840: 48.0}, 0.7
# A figure has been drawn for the size of the window, or is a picture.
DRAWN = """(width) => {
    const step = document.querySelector('.step.now');
    const svg = step.querySelector('svg.main-svg');
    return step.querySelector('img') || (svg && svg.clientWidth > 0.9 * width);
}"""
MEASURE = """() => {
    const step = document.querySelector('.step.now'), box = step.getBoundingClientRect();
    const said = '#said, footer span, .step.now text, .step.now tspan';
    const words = [...document.querySelectorAll(said)]
        .filter((e) => e.textContent.trim() && e.getBoundingClientRect().width);
    return {
        smallest: Math.min(...words.map((e) => parseFloat(getComputedStyle(e).fontSize))),
        area: box.width * box.height / innerWidth / innerHeight,
        drawn: Boolean(step.querySelector('svg.main-svg, img')),
        place: document.getElementById('place').textContent,
    }; }"""


def measured(stage: Page, width: int) -> dict[str, object]:
    found: dict[str, object] = stage.evaluate(MEASURE)
    assert found["smallest"] >= SMALLEST[width], found
    assert found["area"] >= LEAST_AREA
    assert found["drawn"]
    return found


def own_table(path: Path) -> Path:
    rng = np.random.default_rng(3)
    pd.DataFrame(
        {
            "patient_id": [f"SECRET-{i}" for i in range(N)],
            "age_years": rng.integers(30, 90, N),
            "os_months": rng.exponential(40, N).round(1),
            "os_event": rng.integers(0, 2, N),
            "TP53": rng.integers(0, 2, N),
        }
    ).to_csv(path, index=False)
    return path


def make(page: Page, address: str, path: Path) -> None:
    """The demo story of MDS, then two steps of a file of one's own."""
    page.goto(f"{address}/story")
    settled(page)
    page.locator(".st-key-story_open button").click()
    page.locator(".st-key-story_demo_mds button").click()
    settled(page)
    page.keyboard.press("Escape")
    page.get_by_label("Step 1: caption").fill("What they carry, in a word")
    page.keyboard.press("Tab")
    settled(page)
    go_to(page, "Data")
    choose_files(page, path)
    expect(page.get_by_text(f"{N} patients, 1 alteration, 1 endpoint")).to_be_visible()
    settled(page)
    for name in ("Survival", "Cohort"):
        go_to(page, name)
        if name == "Cohort":
            page.get_by_role("tab", name="Table one").click()
        add = page.get_by_role("button", name="Add to story").first
        expect(add).to_be_visible()
        settled(page)
        add.click()
        settled(page)
    go_to(page, "Story")
    page.locator(".st-key-story_ready button").click()
    expect(page.get_by_text(f"Ready: {STEPS} of {STEPS}", exact=True)).to_be_visible()
    settled(page)
    calm(page)


@pytest.mark.long
def test_a_story_is_made_presented_by_keyboard_and_goes_on_without_a_server(
    page: Page, tmp_path: Path
):
    port = free_port()
    with running_app(tmp_path / "first.log", port=port) as address:
        make(page, address, own_table(tmp_path / "own.csv"))
        with page.expect_popup() as opened:
            page.get_by_role("link", name="Present").click()
        stage = opened.value
        asked: list[str] = []
        stage.set_viewport_size({"width": 1920, "height": 1080})
        stage.wait_for_function(f"document.documentElement.dataset.ready === '{STEPS} of {STEPS}'")
        assert "SECRET" not in stage.content()
        stage.on("request", lambda request: asked.append(request.url))
        # The connection is cut: everything is here.
        stage.context.set_offline(True)
        keys = ["Home", "ArrowRight", "Space", "PageDown"]
        for number, key in enumerate(keys, 1):
            stage.keyboard.press(key)
            assert measured(stage, 1920)["place"] == f"{number} / {STEPS}"
        stage.context.set_offline(False)
    # In the middle of the talk the server dies.
    for number, key in enumerate(["Enter", *["ArrowRight"] * (STEPS - 5)], len(keys) + 1):
        stage.keyboard.press(key)
        assert measured(stage, 1920)["place"] == f"{number} / {STEPS}"
    # Of the largest the curves, the volcano and the table.
    for width, height, steps in ((1280, 720, range(1, STEPS + 1)), (3840, 2160, (2, 6, STEPS))):
        stage.set_viewport_size({"width": width, "height": height})
        for number in steps:
            stage.keyboard.type(str(number))
            stage.keyboard.press("Enter")
            stage.wait_for_function(DRAWN, arg=width)
            assert measured(stage, width)["place"] == f"{number} / {STEPS}"
    stage.set_viewport_size({"width": 1280, "height": 720})
    _reveal_and_toggle(stage)
    _speak(stage)
    assert not [url for url in asked if not url.startswith("data:")]

    # Escape says that nobody answers; when the server is back, it leads to the page of the step.
    stage.keyboard.press("Escape")
    expect(stage.get_by_text("the talk goes on without it")).to_be_visible()
    with running_app(tmp_path / "second.log", port=port):
        stage.keyboard.press("Escape")
        stage.wait_for_url("**/survival?**")
        settled(stage)
        shown = figure(stage, "Cumulative incidence of AML transformation by TP53")
        expect(shown).to_be_visible()
        calm(stage)


def _reveal_and_toggle(stage: Page) -> None:
    """One risk class after the other, without the band, without the table; then black."""
    stage.keyboard.type("2")
    stage.keyboard.press("Enter")
    curves = stage.locator(".step.now .scatterlayer .js-line")
    everything = curves.count()
    stage.keyboard.press("g")
    expect(curves).not_to_have_count(everything)
    assert curves.count() < everything / 3
    for _ in range(5):
        stage.keyboard.press("g")
    expect(curves).to_have_count(everything)
    stage.keyboard.press("i")
    expect(curves).to_have_count(everything // 3)
    risk = stage.locator(".step.now text", has_text="Number at risk")
    expect(risk).to_be_visible()
    stage.keyboard.press("r")
    expect(risk).to_have_count(0)
    stage.keyboard.press("b")
    expect(stage.locator("#black")).to_be_visible()
    stage.keyboard.press("b")


def _speak(stage: Page) -> None:
    """The speaker's window says what comes, and its keys lead too."""
    with stage.expect_popup() as window:
        stage.keyboard.press("n")
    for coming in ("From IPSS-R to IPSS-M", "Progression to acute leukaemia"):
        expect(window.value.locator("#next")).to_contain_text(coming)
        window.value.keyboard.press("ArrowRight")
    expect(stage.locator("#said")).to_contain_text("Progression to acute leukaemia")
