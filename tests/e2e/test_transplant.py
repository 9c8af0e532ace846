"""A newcomer asks who benefits from a transplant: reads, waits, asks again, doubts, takes it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acts import calm, choose_many, figure, settled

_INTERVAL = re.compile(r"months \([+−][\d.]+ to [+−][\d.]+\)")


@pytest.mark.long
def test_who_benefits_from_a_transplant_and_whether_to_believe_it(page: Page, address: str):
    page.goto(f"{address}/?cohort=demo:mds")
    settled(page)
    card = page.get_by_test_id("stVerticalBlock").filter(
        has_text="Who benefits from a transplant, and when?"
    )
    card.last.get_by_role("button", name="Show me").click()
    answer = page.locator(".st-key-transplant_answer")
    # The answer stands at once; its intervals come from the worker.
    expect(answer).to_contain_text("In a trial emulated on these 837 patients")
    expect(answer).to_contain_text("it does not advise on any one of them")
    calm(page)

    # Its computation can be stopped, and started again.
    answer.get_by_role("button", name="Stop").click()
    expect(answer).to_contain_text("You stopped the computation of the intervals")
    expect(answer).to_contain_text("In a trial emulated on these")
    answer.get_by_role("button", name="Start again").click()
    expect(answer.get_by_role("button", name="Stop")).to_be_visible()

    # Of fewer patients, which takes less, and with another question.
    choose_many(page, "WHO 2022 category", "MDS-IB1", "MDS-IB2", "MDS-biTP53")
    expect(answer).not_to_contain_text("837 patients")
    expect(answer).to_contain_text("Intervals: 95%, from 1,000 bootstrap draws")
    expect(answer).to_contain_text(_INTERVAL)
    page.get_by_text("Change the question").click()
    weighted = page.get_by_test_id("stMultiSelect").filter(has_text="What decides on a transplant")
    expect(weighted).to_contain_text("IPSS-M score")
    expect(weighted).to_contain_text("TP53 multi-hit")
    before = answer.inner_text()
    oldest = page.get_by_role("spinbutton", name="Oldest eligible age, years")
    oldest.fill("68")
    oldest.press("Enter")
    expect(answer).not_to_contain_text(before.partition(" patients")[0])
    expect(weighted).to_contain_text("IPSS-M score")
    expect(answer).to_contain_text("Intervals: 95%, from 1,000 bootstrap draws")
    calm(page)

    _protocol_fits_a_phone(page)

    # The answers side by side, the naive one marked, and how far the last can be trusted.
    page.get_by_role("radio", name="Four answers").or_(
        page.get_by_role("button", name="Four answers")
    ).first.click()
    expect(figure(page, "Naive against emulated")).to_be_visible()
    expect(figure(page, "Naive: Ever against never transplanted")).to_contain_text(
        "BIASED BY IMMORTAL TIME"
    )
    page.get_by_role("tab", name="Weights").click()
    expect(figure(page, "Stabilised weights")).to_be_visible()
    page.get_by_role("tab", name="Balance").click()
    balance = figure(page, "Balance of the confounders: transplant within 12 months")
    expect(balance).to_be_visible()
    expect(balance).to_contain_text("IPSS-M score")
    settled(page)

    page.get_by_text("Take it away: figure, numbers, methods, script").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Script (PY)").click()
    script = Path(download.value.path()).read_text(encoding="utf-8")
    ast.parse(script)
    assert "emulate(protocol.compared, trial.strategies, settings)" in script
    assert "four_answers(cohort, trial, protocol" in script
    calm(page)


def _protocol_fits_a_phone(page: Page) -> None:
    """Its cells stand there one below the other, whole and under their names."""
    page.get_by_role("radio", name="The protocol").or_(
        page.get_by_role("button", name="The protocol")
    ).first.click()
    wide = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    row = page.locator(".st-key-protocol_table tbody tr").first
    expect(row).to_be_visible()
    settled(page)
    below = 0.0
    for cell, name in zip(
        row.locator("td").all(), ("", "The target trial", "In these data"), strict=True
    ):
        box = cell.bounding_box()
        assert box["y"] >= below
        below = box["y"] + box["height"]
        assert box["x"] >= 0
        assert 300 < box["width"] <= 390 - box["x"]
        assert name in cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    page.set_viewport_size(wide)
