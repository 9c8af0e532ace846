"""A newcomer asks in a real browser: who is most like patient 17, and how did they do?"""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.acts import calm, choose, figure, go_to, settled


def test_who_is_most_like_patient_17_and_how_did_they_do(page: Page, address: str):
    page.goto(address)
    settled(page)
    go_to(page, "Patient")
    number = page.locator(".st-key-patient input")
    number.fill("17")
    number.press("Enter")
    settled(page)
    expect(page.get_by_text(re.compile(r"^Patient \d+ is most like patient 17"))).to_be_visible()
    expect(page.get_by_text(re.compile("How they did: death in"))).to_be_visible()
    expect(page.get_by_text("It is not a prognosis for this one").first).to_be_visible()
    expect(figure(page, "most like patient 17")).to_contain_text("Patient 17: ")
    expect(figure(page, "Course of patient 17")).to_contain_text("Diagnosis")
    assert "patient=17" in page.url

    page.get_by_role("button", name="Save these 25 as a group").click()
    settled(page)
    page.get_by_test_id("stPageLink").get_by_role("link").click()
    settled(page)
    choose(page, "Compare by", "Saved: Like patient 17")
    expect(figure(page, "by like patient 17")).to_be_visible()
    calm(page)


def test_the_place_on_the_map_comes_without_stopping_the_page(page: Page, address: str):
    page.goto(f"{address}/patient?patient=17")
    settled(page)
    page.get_by_role("tab", name="Subgroup map").click()
    expect(figure(page, "Patient 17 (ring)")).to_be_visible()
    expect(page.get_by_text(re.compile("^Patient 17 is in "))).to_be_visible()
    page.get_by_role("tab", name="Alterations").click()
    settled(page)
    expect(page.get_by_text(re.compile(r"^Tested and not found \(\d+\)"))).to_be_visible()
    page.get_by_role("tab", name="Clinical values").click()
    settled(page)
    expect(page.get_by_text(re.compile("^Centile: "))).to_be_visible()
    page.get_by_text("Swimmer plot", exact=True).click()
    settled(page)
    expect(figure(page, "Follow-up and events")).to_be_visible()
    calm(page)
