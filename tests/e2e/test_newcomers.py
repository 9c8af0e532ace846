"""A newcomer answers a question in the browser; the answer is checked apart from the app."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect
from scipy.stats import false_discovery_control, fisher_exact

from data_loaders import load_cohort
from tests.e2e.acts import calm, choose, go_to, selected, settled


def fresh_condition(page: Page, on: str, position: int) -> Locator:
    """Say what the condition at this position is on, added if need be; returns its row."""
    boxes = page.locator("[class*=st-key-builder_what_]")
    if position:
        page.get_by_role("button", name="Condition").first.click()
    expect(boxes).to_have_count(position + 1)
    settled(page)
    boxes.nth(position).locator("input").fill(on)
    page.get_by_role("option", name=on).first.click()
    row = boxes.nth(position).locator("xpath=..")
    expect(row.locator("[class*=st-key-builder_not_]")).to_be_visible()
    settled(page)
    return row


def pick(page: Page, row: Locator, value: str) -> None:
    """Choose one value of the row's last box."""
    row.locator("[class*=st-key-builder_part_] input").last.fill(value)
    page.get_by_role("option", name=value, exact=True).click()
    page.keyboard.press("Escape")
    settled(page)


def test_mf_over_65_with_asxl1_but_no_calr_type_1(page: Page, address: str):
    page.goto(address)
    settled(page)
    go_to(page, "Cohort")
    page.get_by_role("tab", name="Filter builder").click()
    settled(page)
    pick(page, fresh_condition(page, "Diagnosis", 0), "MF")
    age = fresh_condition(page, "Age at diagnosis", 1)
    age.locator("input[type=number]").first.fill("66")
    page.keyboard.press("Enter")
    settled(page)
    pick(page, fresh_condition(page, "Altered: any of", 2), "ASXL1")
    without = fresh_condition(page, "Altered: any of", 3)
    without.locator("[class*=st-key-builder_not_] input").click()
    page.get_by_role("option", name="is not", exact=True).click()
    settled(page)
    pick(page, without, "CALR type 1")

    cohort = load_cohort("demo:mpn")
    altered = cohort.alterations[["ASXL1", "CALR_type_1"]].to_numpy(float, na_value=float("nan"))
    altered = pd.DataFrame(altered, cohort.patients.index, ["ASXL1", "CALR_type_1"])
    wanted = (
        cohort.patients["diagnosis"].eq("MF")
        & cohort.patients["age_years"].gt(65)
        & altered["ASXL1"].eq(1)
        & altered["CALR_type_1"].eq(0)
    )
    answer = int(wanted.sum())
    assert 0 < answer < 200
    result = page.locator(".st-key-builder_result")
    expect(result).to_contain_text(f"{answer:,} of 2,000 patients")
    expect(result).to_contain_text("ASXL1 altered")
    page.get_by_role("button", name="Use this filter").click()
    settled(page)
    assert selected(page)[0] == answer
    calm(page)


def independent_pairs(about: str, most: int, floor: int) -> pd.DataFrame:
    """Odds ratio and q of each pair by scipy, among the leading genes and cytogenetic events."""
    cohort = load_cohort("demo:mds")
    kinds = cohort.features["kind"]
    own = cohort.alterations[[name for name in kinds.index if kinds[name] != "refinement"]]
    counts = own.sum()
    leading = [
        name for name in counts.sort_values(ascending=False, kind="stable").index
        if counts[name] >= floor
    ][:most]  # fmt: skip
    rows = []
    for i, a in enumerate(leading):
        for b in leading[i + 1 :]:
            both = own[[a, b]].dropna().astype(bool)
            table = pd.crosstab(both[a], both[b]).reindex([True, False], axis=0)
            table = table.reindex([True, False], axis=1).fillna(0).to_numpy()
            test = fisher_exact(table)
            rows.append((a, b, test.statistic, test.pvalue))
    pairs = pd.DataFrame(rows, columns=["a", "b", "odds_ratio", "p"])
    pairs["q"] = false_discovery_control(pairs["p"])
    return pairs[(pairs["a"] == about) | (pairs["b"] == about)]


@pytest.mark.parametrize("about", ["SF3B1"])
def test_what_goes_with_sf3b1_in_mds_and_what_avoids_it(page: Page, address: str, about: str):
    page.goto(f"{address}/genomics?cohort=demo:mds")
    settled(page)
    page.get_by_text("Together or apart", exact=True).click()
    expect(page.get_by_text("What goes with, what avoids")).to_be_visible()
    settled(page)
    choose(page, "What goes with, what avoids", about)
    expect(page.get_by_test_id("stMain")).to_contain_text(f"Avoids {about}: ")
    said = page.get_by_test_id("stMain").inner_text()
    pairs = independent_pairs(about, most=20, floor=5)
    sure = pairs[pairs["q"] < 0.05].sort_values("p")
    for words, own in (
        (f"Goes with {about}: ", sure[sure["odds_ratio"] > 1]),
        (f"Avoids {about}: ", sure[sure["odds_ratio"] < 1]),
    ):
        sentence = said.split(words)[1].split("\n")[0]
        named = re.findall(r"(?:^|; )([^;(]+?) \(odds ratio", sentence)
        others = [row.a if row.b == about else row.b for row in own.itertuples()]
        labels = load_cohort("demo:mds").features["label"]
        assert named == [labels[name] for name in others][: len(named)]
        assert named
        rest = re.search(r"and (\d+) more", sentence)
        assert len(others) == len(named) + (int(rest.group(1)) if rest else 0)
    calm(page)
