"""The data page in a real browser: correct what was understood, take the mapping, load it again."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, expect

from tests.e2e.acts import calm, go_to, selected, settled

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
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(list(paths))
    expect(page.get_by_test_id("stAlert").filter(has_text="read:")).to_be_visible(timeout=20_000)
    settled(page)


def type_into_first_row(page: Page, column: int, text: str) -> None:
    """Type into a cell of the table's first row, the columns counted from 0."""
    grid = page.get_by_test_id("stDataFrame").filter(visible=True).first
    box = grid.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 30, box["y"] + 52)
    page.wait_for_timeout(200)
    for _ in range(column):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(80)
    page.keyboard.type(text, delay=20)
    page.keyboard.press("Enter")
    settled(page)


def test_corrections_are_previewed_used_saved_and_loaded_again(
    page: Page, address: str, tmp_path: Path
):
    path = table(tmp_path / "mine.csv")
    page.goto(f"{address}/data")
    settled(page)
    load(page, path)
    page.get_by_role("tab", name="Correct what was understood").click()
    expect(page.get_by_text("Change what a column is used as")).to_be_visible()
    settled(page)
    type_into_first_row(page, 4, "Arm of the trial")
    expect(page.get_by_text("Preview:")).to_be_visible(timeout=20_000)
    calm(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the mapping").click()
    mapping = tmp_path / "mine.mapping.json"
    download.value.save_as(mapping)
    stated = json.loads(mapping.read_text())
    assert stated == {"columns": {"arm": {"label": "Arm of the trial"}}}
    page.get_by_role("button", name="Use these corrections").click()
    settled(page)
    go_to(page, "Survival")
    calm(page)
    assert selected(page) == (N, N)

    again = page.context.new_page()
    again.goto(f"{address}/data")
    settled(again)
    load(again, path, mapping)
    again.get_by_role("tab", name="Variables").click()
    settled(again)
    go_to(again, "Survival")
    box = again.get_by_test_id("stSelectbox").filter(has_text="Compare by")
    box.locator("input").click()
    expect(again.get_by_role("option", name="Arm of the trial")).to_be_visible()
    again.close()


def test_a_missing_companion_can_be_added(page: Page, address: str, tmp_path: Path):
    clinical = table(tmp_path / "clinical.csv")
    variants = tmp_path / "variants.maf"
    rows = "".join(f"NPM1\tP{i}\tFrame_Shift_Ins\tp.W288fs\n" for i in range(0, N, 5))
    variants.write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n" + rows
    )
    page.goto(f"{address}/data")
    settled(page)
    files = page.locator("input[type=file]:not([webkitdirectory])").first
    files.set_input_files([variants])
    expect(page.get_by_test_id("stAlert").filter(has_text="clinical table")).to_be_visible()
    settled(page)
    calm(page)
    files.set_input_files([clinical])
    expect(page.get_by_test_id("stAlert").filter(has_text="2 files were read")).to_be_visible()
    settled(page)
    assert selected(page) == (N, N)
    calm(page)
