"""The subgroups page in a real browser: name, lasso, compare, save, load again, share."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.acts import calm, choose, figure, go_to, new_window, settled


def map_of(page: Page):
    return figure(page, "by their alterations")


def open_map(page: Page, link: str) -> None:
    page.goto(link)
    settled(page)
    expect(map_of(page)).to_be_visible()
    expect(page.get_by_text(re.compile("standard quality"))).to_be_visible()
    settled(page)


def drag_around(page: Page) -> None:
    """Draw a closed shape around the middle half of the map."""
    area = map_of(page).locator(".nsewdrag").first
    expect(area).to_be_visible()
    box = area.bounding_box()
    assert box is not None
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    corners = [(0.25, 0.2), (0.75, 0.2), (0.75, 0.8), (0.25, 0.8), (0.25, 0.25)]
    page.mouse.move(x + corners[0][0] * width, y + corners[0][1] * height)
    page.mouse.down()
    for across, down in corners[1:]:
        page.mouse.move(x + across * width, y + down * height, steps=6)
    page.mouse.up()


def press(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").first.click()
    settled(page)


def fill(page: Page, key: str, text: str) -> None:
    page.locator(f".st-key-{key} input").fill(text)
    page.locator(f".st-key-{key} input").press("Enter")
    settled(page)


def rename_the_largest(page: Page, name: str) -> None:
    press(page, "rename")
    fill(page, "rename_to", name)
    press(page, "rename_now")
    page.keyboard.press("Escape")
    expect(map_of(page)).to_contain_text(name)
    expect(figure(page, "Overall survival by genomic subgroup")).to_contain_text(name)


def lasso_and_save(page: Page, name: str) -> int:
    """Select patients, see the selection outlive another colour, save it; how many they are."""
    page.get_by_test_id("stButtonGroup").get_by_text("Lasso", exact=True).click()
    settled(page)
    drag_around(page)
    selection = page.locator(".st-key-selection")
    expect(selection).to_contain_text("selected")
    found = re.findall(r"([\d,]+) patients? selected", selection.inner_text())
    n = int(found[0].replace(",", ""))
    assert n > 0
    expect(figure(page, "Overall survival by selected on the map")).to_be_visible()
    choose(page, "Colour the map by", "Driver mutation")
    expect(figure(page, "coloured by driver mutation")).to_be_visible()
    expect(selection).to_contain_text(f"{n:,} patient")
    fill(page, "selection_name", name)
    press(page, "save_selection")
    expect(page.get_by_text("is saved: every page can compare by it")).to_be_visible()
    press(page, "clear_selection")
    expect(page.locator(".st-key-selection")).to_have_count(0)
    calm(page)
    return n


def saved_file(page: Page, path: Path) -> list[str]:
    """Download the saved groups; the patients of the first."""
    page.get_by_role("tab", name="Saved").click()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save to a file").click()
    download.value.save_as(path)
    return json.loads(path.read_text())["groupings"][0]["groups"][0]["patients"]


@pytest.mark.long
def test_name_lasso_compare_save_load_and_share(
    page: Page, browser: Browser, address: str, tmp_path: Path
):
    open_map(page, f"{address}/subgroups?dx=MF")
    calm(page)
    expect(page.locator(".st-key-verdict")).to_contain_text("The groups")
    rename_the_largest(page, "My favourite")
    n = lasso_and_save(page, "Around the middle")

    go_to(page, "Survival")
    choose(page, "Compare by", "Saved: Around the middle")
    chart = figure(page, "Overall survival by around the middle")
    expect(chart).to_contain_text("All others")
    calm(page)

    go_to(page, "Subgroups")
    expect(map_of(page)).to_be_visible()
    path = tmp_path / "groups.json"
    patients = saved_file(page, path)
    assert len(patients) == n
    link = page.url
    assert patients[0] not in link

    other = new_window(browser)
    guest = other.new_page()
    open_map(guest, link)
    expect(figure(guest, "coloured by driver mutation")).to_be_visible()
    expect(figure(guest, "Overall survival by genomic subgroup")).to_contain_text("My favourite")
    guest.get_by_role("tab", name="Saved").click()
    settled(guest)
    guest.locator(".st-key-saved_file input[type=file]").set_input_files(path)
    expect(guest.get_by_text("1 saved grouping loaded")).to_be_visible()
    settled(guest)
    choose(guest, "Colour the map by", "Saved: Around the middle")
    expect(map_of(guest)).to_contain_text(f"Around the middle ({n:,})")
    calm(guest)
    other.close()
