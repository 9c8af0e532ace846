"""The Cohort page in a real browser: click, brush, undo, share; the builder to a saved overlap."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.acts import calm, figure, new_window, selected, settled


def picture(page: Page, title: str):
    return page.get_by_role("figure", name=re.compile(f"^{title}")).first


def known(page: Page, title: str) -> int:
    """How many selected patients have a value, as the picture's alternative text says."""
    name = picture(page, title).get_attribute("aria-label") or ""
    found = re.search(r"([\d,]+) of ([\d,]+) known", name)
    assert found, name
    return int(found.group(2).replace(",", ""))


def click_bar(page: Page, title: str, position: int, n: int) -> None:
    """Click a bar of the front trace and wait until the sidebar counts ``n``."""
    picture(page, title).locator(".bars").last.locator(".point path").nth(position).click(
        force=True
    )
    expect(page.get_by_text(re.compile(rf"^{n:,} of [\d,]+ patients$")).first).to_be_visible()
    settled(page)


def brush(page: Page, title: str, start: float, end: float) -> None:
    """Drag over part of a histogram, from left to right."""
    box = picture(page, title).locator(".nsewdrag").first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    for share in (0.3, 0.6, 1.0):
        page.mouse.move(box["x"] + (start + share * (end - start)) * box["width"], y + 4, steps=3)
    page.mouse.up()


def test_click_brush_undo_and_share(page: Page, browser: Browser, address: str):
    page.goto(f"{address}/cohort")
    settled(page)
    everyone = selected(page)[1]
    click_bar(page, "Diagnosis", 2, 535)
    assert known(page, "Sex") == 535, "every picture follows"
    brush(page, "Age", 0.5, 0.8)
    expect(page.get_by_text(re.compile("Age at diagnosis from")).first).to_be_visible()
    settled(page)
    narrow = selected(page)[0]
    assert 0 < narrow < 535
    assert known(page, "Driver mutation") == narrow
    page.get_by_text("Exclude this", exact=True).click()
    settled(page)
    bars = picture(page, "Sex").locator(".bars").last.locator(".point path")
    bars.first.click(force=True)
    expect(page.get_by_text(re.compile("Sex is not F")).first).to_be_visible()
    settled(page)
    calm(page)
    after, link = selected(page)[0], page.url
    assert 0 < after < narrow

    other = new_window(browser)
    guest = other.new_page()
    guest.goto(link)
    settled(guest)
    assert selected(guest) == (after, everyone)
    other.close()

    for expected in (narrow, 535, everyone):
        page.locator(".st-key-undo button").first.click()
        expect(
            page.get_by_text(re.compile(rf"^{expected:,} of [\d,]+ patients$")).first
        ).to_be_visible()
        settled(page)
    page.locator(".st-key-redo button").first.click()
    expect(page.get_by_text(re.compile(r"^535 of [\d,]+ patients$")).first).to_be_visible()


def build(page: Page, gene: str, name: str) -> None:
    """In the builder, from empty: one altered gene, saved under a name."""
    page.locator(".st-key-builder_empty button").first.click()
    settled(page)
    page.get_by_role("button", name="Condition").first.click()
    settled(page)
    what = page.locator("[class*=st-key-builder_what_]").last
    what.locator("input").fill("Altered")
    page.get_by_role("option", name="Altered: any of").click()
    settled(page)
    which = page.locator("[class*=st-key-builder_part_]").last
    which.locator("input").fill(gene)
    page.get_by_role("option", name=gene, exact=True).click()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-builder_result")).to_contain_text(f"{gene} altered")
    page.get_by_role("button", name="Save and name it").click()
    page.locator(".st-key-builder_name input").fill(name)
    page.locator(".st-key-builder_name input").press("Enter")
    settled(page)
    page.locator(".st-key-builder_save button").first.click()
    expect(page.get_by_text(f"“{name}” is saved")).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)


def test_build_save_and_combine(page: Page, address: str):
    page.goto(f"{address}/cohort")
    settled(page)
    page.get_by_role("tab", name="Filter builder").click()
    settled(page)
    build(page, "ASXL1", "With ASXL1")
    build(page, "TET2", "With TET2")
    expect(figure(page, "UpSet figure")).to_be_visible()
    page.locator(".st-key-saved_how").get_by_text("Intersection").click()
    settled(page)
    page.locator(".st-key-combination_use button").first.click()
    expect(page.get_by_text(re.compile("ASXL1 altered and TET2 altered")).first).to_be_visible()
    settled(page)
    calm(page)
    n, total = selected(page)
    assert 0 < n < total


@pytest.mark.parametrize("width", [390])
def test_no_tab_overflows_the_screen(browser: Browser, address: str, width: int):
    context = new_window(browser, viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(f"{address}/cohort?dx=MF&with=ASXL1")
    settled(page)
    for tab in ("Who they are", "Table one", "Filter builder", "Step by step", "Completeness"):
        page.get_by_role("tab", name=tab).click()
        settled(page)
        over = page.evaluate(
            "() => { const m = document.querySelector('[data-testid=stMain]');"
            " return m.scrollWidth - m.clientWidth; }"
        )
        assert over <= 1, tab
    context.close()
