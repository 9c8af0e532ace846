"""A story is made, got ready, presented by keyboard at two sizes, and goes on without a server."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.acts import calm, figure, go_to, settled

SMALLEST, LEAST_AREA = {1920: 24.0, 1280: 16.0}, 0.7
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


def test_a_story_is_made_presented_by_keyboard_and_goes_on_without_a_server(
    page: Page, address: str
):
    page.goto(f"{address}/survival?cohort=demo:mds&group=alteration:ASXL1")
    settled(page)
    add = page.get_by_role("button", name="Add to story")
    expect(add).to_be_visible(timeout=90_000)
    add.click()
    go_to(page, "Story")
    page.get_by_label("Step 1: caption").fill("With ASXL1 they die earlier")
    page.locator(".st-key-story_open button").click()
    page.locator(".st-key-story_demo_mds button").click()
    settled(page)
    page.keyboard.press("Escape")
    page.locator(".st-key-story_ready button").click()
    expect(page.get_by_text("Ready: 7 of 7", exact=True)).to_be_visible(timeout=90_000)
    settled(page)
    calm(page)

    with page.expect_popup() as opened:
        page.get_by_role("link", name="Present").click()
    stage = opened.value
    asked: list[str] = []
    stage.set_viewport_size({"width": 1920, "height": 1080})
    stage.wait_for_function("document.documentElement.dataset.ready === '7 of 7'")
    stage.on("request", lambda request: asked.append(request.url))
    # The connection is cut: everything is here.
    stage.context.set_offline(True)
    keys = ["Home", "ArrowRight", "Space", "PageDown", "Enter", "ArrowRight", "ArrowRight"]
    for number, key in enumerate(keys, 1):
        stage.keyboard.press(key)
        assert measured(stage, 1920)["place"] == f"{number} / 7"
    stage.set_viewport_size({"width": 1280, "height": 720})
    for number in (7, 2, 6, 1):
        stage.keyboard.type(str(number))
        stage.keyboard.press("Enter")
        stage.wait_for_timeout(300)
        assert measured(stage, 1280)["place"] == f"{number} / 7"

    _reveal_and_toggle(stage)
    _speak(stage)
    assert not [url for url in asked if not url.startswith("data:")]

    # Escape leads back to the page of the step.
    stage.context.set_offline(False)
    stage.keyboard.press("Escape")
    stage.wait_for_url("**/survival?**")
    settled(stage)
    expect(figure(stage, "Cumulative incidence of AML transformation by TP53")).to_be_visible()


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
    expect(window.value.locator("#next")).to_contain_text("Progression to acute leukaemia")
    window.value.keyboard.press("ArrowRight")
    expect(stage.locator("#said")).to_contain_text("Progression to acute leukaemia")
