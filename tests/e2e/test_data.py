"""The data page in a real browser: correct what was understood, take the mapping, load it again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.acts import calm, choose_files, go_to, selected, settled

N = 40


def table(path: Path) -> Path:
    pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(N)],
            "arm": ["one" if i % 2 else "two" for i in range(N)],
            "os_months": [i + 1.5 for i in range(N)],
            "os_event": [i % 3 == 0 for i in range(N)],
            "TP53": [int(i % 4 == 0) for i in range(N)],
        }
    ).to_csv(path, index=False)
    return path


def load(page: Page, *paths: Path) -> None:
    choose_files(page, *paths)
    expect(page.get_by_test_id("stAlert").filter(has_text="read:")).to_be_visible()
    settled(page)


def appears(place: Locator) -> bool:
    """Whether a list that was clicked opens; a busy machine may close it again at once."""
    try:
        place.wait_for(timeout=10_000)
    except PlaywrightTimeout:
        return False
    return True


class Hand:
    """One mouse and one keyboard, whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def open_editor(self) -> None:
        self.click(self.page.get_by_role("tab", name="Correct what was understood"))
        expect(self.page.get_by_text("Columns to look at")).to_be_visible()
        settled(self.page)

    def panel(self, column: str) -> Locator:
        return (
            self.page.get_by_test_id("stVerticalBlock")
            .filter(has=self.page.locator("strong", has_text=column))
            .filter(has=self.page.get_by_role("textbox"))
            .last
        )

    def write(self, place: Locator, label: str, text: str) -> None:
        """Click into a field and type at once, as a person does, without waiting for the page."""
        self.click(place.get_by_role("textbox", name=label, exact=True))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text, delay=15)

    def choose(self, place: Locator, label: str, value: str) -> None:
        settled(self.page)  # a list that is open when the page is drawn anew closes
        box = place.get_by_role("combobox", name=label, exact=True)
        option = self.page.get_by_role("option", name=value, exact=True).first
        self.click(box)
        if not appears(option):
            box.click()
        self.click(option)
        settled(self.page)

    def endpoint(self, name: str) -> Locator:
        pills = self.page.get_by_test_id("stButtonGroup").filter(has_text="Endpoint to look at")
        self.click(pills.get_by_text(name, exact=True))
        settled(self.page)
        panel = self.page.locator(".st-key-map_endpoint_panel")
        called = panel.get_by_role("textbox", name="Called", exact=True)
        expect(called).to_have_attribute("placeholder", name)
        return panel

    def code(self, panel: Locator, entry: str, meaning: str) -> None:
        group = panel.get_by_test_id("stButtonGroup").filter(has_text=entry)
        self.click(group.get_by_text(meaning, exact=True))
        settled(self.page)

    def label_arm(self, label: str) -> None:
        """Give the arm, a column that nothing asks about, a label, until the preview has it."""
        box = self.page.get_by_test_id("stMultiSelect").filter(has_text="Columns to look at")
        box.locator("input").click()
        self.page.keyboard.type("arm", delay=15)
        expect(self.page.get_by_role("option").filter(has_text="arm")).to_have_count(1)
        self.page.keyboard.press("Enter")
        expect(box.get_by_text("arm ·")).to_be_visible()
        self.page.keyboard.press("Escape")
        settled(self.page)
        self.write(self.panel("arm"), "Label", label)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text("Preview:")).to_be_visible()

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name))
        settled(self.page)


def test_corrections_are_previewed_used_saved_and_loaded_again(
    page: Page, address: str, tmp_path: Path
):
    path = table(tmp_path / "mine.csv")
    page.goto(f"{address}/data")
    settled(page)
    load(page, path)
    hand = Hand(page)
    hand.open_editor()
    hand.label_arm("Arm of the trial")
    calm(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the mapping").click()
    mapping = tmp_path / "mine.mapping.json"
    download.value.save_as(mapping)
    stated = json.loads(mapping.read_text())
    assert stated == {"columns": {"arm": {"label": "Arm of the trial"}}}
    hand.press("Use these corrections")
    expect(hand.panel("arm").get_by_test_id("stTextInput").first.locator("input")).to_have_value(
        "Arm of the trial"
    )
    go_to(page, "Survival")
    calm(page)
    assert selected(page) == (N, N)

    again = page.context.new_page()
    again.goto(f"{address}/data")
    settled(again)
    again.get_by_label("Name of the cohort", exact=True).fill("Trial of 2026")
    again.keyboard.press("Enter")
    settled(again)
    load(again, path, mapping)
    expect(again.get_by_role("heading", name="Trial of 2026")).to_be_visible()
    expect(again.get_by_text("mine.mapping.json").first).to_be_visible()
    go_to(again, "Survival")
    box = again.get_by_test_id("stSelectbox").filter(has_text="Compare by")
    box.locator("input").click()
    expect(again.get_by_role("option", name="Arm of the trial")).to_be_visible()
    again.close()


@pytest.mark.long
def test_five_renamed_columns_and_two_endpoints_are_put_right_in_25_clicks(
    page: Page, address: str, tmp_path: Path
):
    n, rng = 120, np.random.default_rng(11)
    frame = pd.DataFrame(
        {
            "ID": [f"M{i}" for i in range(n)],
            "dx": rng.choice(["ET", "PV", "PMF"], n),
            "os_days": rng.integers(90, 6000, n),
            "os_event": rng.integers(0, 2, n),
            "thrombosis_days": rng.integers(3, 400, n),
            "thrombosis_event": rng.integers(0, 2, n),
            "bleeding_days": rng.integers(90, 6000, n),
            "bleeding_event": rng.integers(0, 2, n),
            **{
                name: rng.integers(0, 2, n)
                for name in ("J2", "frame", "MPL", "ASX", "T2", "TP53", "d13")
            },
        }
    )
    frame.to_csv(tmp_path / "clinic.csv", index=False)
    page.goto(f"{address}/data")
    settled(page)
    load(page, tmp_path / "clinic.csv")
    hand = Hand(page)
    hand.open_editor()
    for column, label, name in (
        ("J2", "or an alteration", "JAK2 V617F"),
        ("frame", "or an alteration", "CALR"),
        ("ASX", "Which alteration", "ASXL1"),
        ("T2", "Which alteration", "TET2"),
        ("d13", "or an alteration", "13pUPD"),
    ):
        hand.write(hand.panel(column), label, name)
    page.keyboard.press("Enter")
    settled(page)
    panel = hand.endpoint("Thrombosis")
    hand.choose(panel, "Time is in", "weeks")
    hand.code(panel, "0 (", "event")
    hand.code(panel, "1 (", "censored")
    hand.endpoint("Bleeding")
    hand.press("Take this endpoint out")
    expect(page.get_by_text("no longer: Bleeding")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the mapping").click()
    assert json.loads(Path(download.value.path()).read_text()) == {
        "endpoints": {"thrombosis": {"unit": "weeks", "codes": {"0": "event", "1": "censored"}}},
        "no_endpoints": ["bleeding"],
        "alterations": {
            "J2": {"gene": "JAK2", "refinement": "V617F"},
            "frame": {"gene": "CALR"},
            "ASX": {"gene": "ASXL1"},
            "T2": {"gene": "TET2"},
            "d13": {"event": "13pUPD"},
        },
    }
    hand.press("Use these corrections")
    assert hand.clicks <= 25
    calm(page)
    go_to(page, "Genomics")
    expect(page.get_by_role("figure").first).to_be_visible()
    calm(page)


def test_an_endpoint_is_typed_into_existence(page: Page, address: str, tmp_path: Path):
    frame = pd.DataFrame(
        {
            "ID": [f"M{i}" for i in range(N)],
            "weeks_seen": range(3, N + 3),
            "how": ["gone" if i % 3 else "home" for i in range(N)],
            "TP53": [i % 2 for i in range(N)],
        }
    )
    frame.to_csv(tmp_path / "odd.csv", index=False)
    page.goto(f"{address}/data")
    settled(page)
    load(page, tmp_path / "odd.csv")
    hand = Hand(page)
    hand.open_editor()
    field = page.get_by_test_id("stTextInput").filter(has_text="its short name").locator("input")
    field.click()
    page.keyboard.type("os")
    page.keyboard.press("Enter")
    panel = page.locator(".st-key-map_endpoint_panel")
    expect(panel).to_be_visible()
    hand.choose(panel, "Time", "weeks_seen")
    hand.choose(panel, "Event", "how")
    hand.code(panel, "gone", "event")
    hand.code(panel, "home", "censored")
    expect(page.get_by_text("Overall survival: 40 followed, 26 events")).to_be_visible()
    hand.press("Use these corrections")
    calm(page)
    go_to(page, "Survival")
    calm(page)


def test_a_missing_companion_can_be_added(page: Page, address: str, tmp_path: Path):
    clinical = table(tmp_path / "clinical.csv")
    variants = tmp_path / "variants.maf"
    rows = "".join(f"NPM1\tP{i}\tFrame_Shift_Ins\tp.W288fs\n" for i in range(0, N, 5))
    variants.write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n" + rows
    )
    page.goto(f"{address}/data")
    settled(page)
    choose_files(page, variants)
    expect(page.get_by_test_id("stAlert").filter(has_text="clinical table")).to_be_visible()
    settled(page)
    calm(page)
    choose_files(page, clinical)
    expect(page.get_by_test_id("stAlert").filter(has_text="2 files were read")).to_be_visible()
    settled(page)
    assert selected(page) == (N, N)
    calm(page)
