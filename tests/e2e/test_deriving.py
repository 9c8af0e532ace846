"""Deriving as a person does: a formula that is wrong, one that is right, an endpoint, a reload."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.acts import calm, choose, go_to, settled


def test_a_variable_and_an_endpoint_are_derived_and_a_reload_has_them(page: Page, address: str):
    page.goto(f"{address}/data?cohort=demo:aml")
    settled(page)
    page.get_by_role("tab", name="Derive").click()
    name, formula = page.get_by_label("Name", exact=True), page.get_by_label("Formula")
    name.fill("Cells to blasts")
    formula.fill("wbc_1e9_per_l / blasts")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This cohort has no blasts; did you mean")).to_be_visible()
    formula.fill("wbc_1e9_per_l / ")
    page.keyboard.press("Control+Enter")
    settled(page)
    choose(page, "Put in a name", "blasts_bm_percent · Marrow blasts, %")
    expect(formula).to_have_value("wbc_1e9_per_l / blasts_bm_percent")
    expect(page.get_by_text("A number in 10⁹/L per %: ")).to_be_visible()
    page.get_by_role("button", name="Add to the cohort").click()
    expect(page.locator(".st-key-derived_0")).to_contain_text("Cells to blasts")
    page.get_by_role("button", name="Overall survival, censored at transplant").click()
    expect(page.get_by_text("median follow-up is")).to_be_visible()
    page.get_by_role("button", name="Add to the cohort").click()
    expect(page.locator(".st-key-derived_1")).to_contain_text("censored at transplant_months")
    settled(page)
    calm(page)
    page.reload()
    settled(page)
    go_to(page, "Survival")
    choose(page, "Endpoint", "Overall survival, censored at transplant")
    choose(page, "Compare by", "Cells to blasts (cut)")
    calm(page)
    expect(page.get_by_text("Overall survival, censored at transplant").first).to_be_visible()
    expect(page.get_by_text("patients were censored at transplant_months").first).to_be_visible()
