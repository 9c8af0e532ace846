"""A newcomer asks in a real browser how triple-negative MF patients differ from CALR ones."""

from __future__ import annotations

import re

import pandas as pd
from lifelines.statistics import logrank_test
from playwright.sync_api import Page, expect
from scipy.stats import mannwhitneyu

from data_loaders import load_cohort
from tests.e2e.acts import calm, choose_many, figure, go_to, selected, settled

GROUPS = ("CALR", "Triple-negative")


def view(page: Page, name: str) -> None:
    """Choose a view of the page."""
    page.locator(".st-key-compare").get_by_text(name, exact=True).click()
    settled(page)


def independent() -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """The two groups by pandas; p-values of the blood counts by scipy, of survival by lifelines."""
    patients = load_cohort("demo:mpn").patients
    fibrosis = patients[patients["diagnosis"] == "MF"]
    held = {name: fibrosis[fibrosis["driver"] == name] for name in GROUPS}
    found = {
        name: mannwhitneyu(
            *(own[name].dropna().astype(float) for own in held.values()), method="asymptotic"
        ).pvalue
        for name in ("wbc_1e9_per_l", "neutrophils_1e9_per_l", "platelets_1e9_per_l", "hb_g_per_l")
    }
    a, b = held.values()
    found["os"] = logrank_test(a["os_months"], b["os_months"], a["os_event"], b["os_event"]).p_value
    return held, found


def test_how_do_triple_negative_mf_patients_differ_from_calr_ones(page: Page, address: str):
    page.goto(address)
    settled(page)
    go_to(page, "Compare")
    choose_many(page, "Diagnosis", "MF")
    for name in GROUPS:
        page.locator(".st-key-compare_groups").get_by_text(name, exact=True).click()
        settled(page)

    held, p_values = independent()
    patients = load_cohort("demo:mpn").patients
    assert selected(page) == ((patients["diagnosis"] == "MF").sum(), len(patients))
    said = page.get_by_test_id("stMain").inner_text()
    sizes = ", ".join(f"{name} {len(own)}" for name, own in held.items())
    assert sizes in said
    # What differs most, by the app, is what scipy finds; what it calls clear survival, lifelines.
    leading = min((name for name in p_values if name != "os"), key=p_values.__getitem__)
    assert leading == "wbc_1e9_per_l"
    clinical = said.split("Clinical: ")[1].split("\n")[0]
    assert re.search(
        r"led by white cell count, 10⁹/L \(CALR .+, Triple-negative .+; q < 0.0001", clinical
    )
    assert "haemoglobin" not in clinical or p_values["hb_g_per_l"] < 0.05
    survival = said.split("Overall survival: ")[1].split("\n")[0]
    assert p_values["os"] < 0.0001
    assert survival.startswith("p < 0.0001")
    for name, own in held.items():
        assert f"{name} {int(own['os_event'].sum())} events in {len(own)}" in survival
    for title in ("Patients: CALR and", "Clinical differences", "Overall survival", "Alterations"):
        expect(figure(page, title)).to_be_visible()

    view(page, "Clinical")
    expect(figure(page, "Clinical differences: CALR and Triple-negative")).to_be_visible()
    view(page, "Alterations")
    expect(figure(page, "Alterations, CALR against Triple-negative")).to_be_visible()
    view(page, "Survival")
    expect(page.get_by_text(re.compile("^The curves differ"))).to_be_visible()
    assert "compare_groups=" in page.url
    calm(page)
