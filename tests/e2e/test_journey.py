"""The whole journey in a real browser, on the demo cohort and on a real published file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlparse

import pandas as pd
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.acts import (
    PATIENCE,
    calm,
    choose,
    choose_files,
    choose_many,
    figure,
    go_to,
    new_window,
    selected,
    settled,
)
from tests.e2e.server import command_of, free_port, running


def journey(page: Page) -> None:
    """Myelofibrosis, overall survival by driver, subgroups and their survival."""
    choose_many(page, "Diagnosis", "MF")
    n, total = selected(page)
    assert 0 < n < total
    go_to(page, "Survival")
    calm(page)
    assert selected(page) == (n, total)
    choose(page, "Compare by", "Driver mutation")
    chart = figure(page, "Overall survival by driver mutation")
    expect(chart).to_contain_text("Number at risk")
    for driver in ("JAK2", "CALR", "MPL"):
        expect(chart).to_contain_text(driver)
    expect(chart).to_contain_text("Log-rank test p")
    expect(page.get_by_text(re.compile("at 5 years .* of .* were alive")).first).to_be_visible()
    go_to(page, "Subgroups")
    expect(figure(page, "by their alterations")).to_be_visible()
    expect(figure(page, "Overall survival by genomic subgroup")).to_be_visible()
    # A search and its repetitions take a processor's time, and others ask for it, too.
    expect(page.get_by_test_id("stProgress")).to_have_count(0, timeout=3 * PATIENCE)
    settled(page)
    calm(page)
    assert selected(page) == (n, total)
    choose(page, "Colour the map by", "Driver mutation")
    expect(figure(page, "coloured by driver mutation")).to_be_visible()
    choose(page, "Colour the map by", "Age at diagnosis")
    expect(figure(page, "coloured by age at diagnosis")).to_be_visible()
    calm(page)


@pytest.mark.long
def test_the_journey_on_the_demo_cohort(page: Page, address: str):
    hosts: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: hosts.add(urlparse(request.url).netloc))
    page.on("websocket", lambda socket: hosts.add(urlparse(socket.url).netloc))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    settled(page)
    expect(page.get_by_text("The cohort at a glance")).to_be_visible()
    expect(page.get_by_text("SYNTHETIC").first).to_be_visible()
    journey(page)
    assert hosts <= {urlparse(address).netloc, ""}, "nothing is fetched from another host"
    assert not [text for text in complaints if "Content Security Policy" in text]


def test_a_shared_link_opens_the_same_view(page: Page, browser: Browser, address: str):
    page.goto(address)
    settled(page)
    choose_many(page, "Diagnosis", "MF")
    choose_many(page, "With all of these altered", "ASXL1")
    go_to(page, "Survival")
    choose(page, "Compare by", "Sex")
    expect(figure(page, "Overall survival by sex")).to_be_visible()
    page.wait_for_url("**/survival?*group=Sex*")
    link, (n, total) = page.url, selected(page)
    other = new_window(browser)
    guest = other.new_page()
    guest.goto(link)
    settled(guest)
    expect(figure(guest, "Overall survival by sex")).to_be_visible()
    expect(guest.get_by_text(f"{n:,} of {total:,} patients").first).to_be_visible()
    other.close()


def test_a_link_may_name_keys_instead_of_labels(page: Page, address: str):
    page.goto(f"{address}/survival?cohort=demo:mds&group=alteration:SF3B1")
    settled(page)
    expect(page.locator("h1")).to_have_text("Survival")
    expect(figure(page, "Overall survival by SF3B1")).to_be_visible()
    page.wait_for_url("**/survival?*cohort=MDS*")
    calm(page)


def test_a_question_opens_the_answer_and_its_numbers_can_be_taken_away(
    page: Page, address: str, tmp_path: Path
):
    page.goto(f"{address}/?dx=PV")
    settled(page)
    page.get_by_role("button", name="Show me").first.click()
    page.wait_for_url("**/survival?*dx=MF*")
    settled(page)
    expect(figure(page, "Overall survival by driver mutation")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Survival")
    calm(page)
    assert selected(page)[0] < selected(page)[1]
    with page.expect_download() as download:
        page.locator(".st-key-km_csv button").first.click()
    assert download.value.suggested_filename == (
        "SYNTHETIC_MPN-demo-synthetic_os_Driver-mutation.csv"
    )
    path = tmp_path / "numbers.csv"
    download.value.save_as(path)
    numbers = pd.read_csv(path, encoding="utf-8-sig")
    assert set(numbers["source"]) == {"SYNTHETIC: demo:mpn"}
    assert {"group", "time_years", "n_risk", "survival", "lower", "upper"} <= set(numbers.columns)


@pytest.mark.long
@pytest.mark.shared
def test_the_journey_on_a_file_nobody_prepared(page: Page, address: str, public_cohorts: Path):
    page.goto(f"{address}/data")
    settled(page)
    choose_files(page, public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv")
    expect(page.get_by_text("1,875 patients, 55 alterations, 6 endpoints")).to_be_visible()
    settled(page)
    calm(page)
    assert selected(page) == (1875, 1875)
    go_to(page, "Home")
    expect(page.get_by_text("SYNTHETIC")).to_have_count(0)
    journey(page)
    assert selected(page) == (276, 1875)
    go_to(page, "Survival")
    words = page.get_by_test_id("stMarkdown").filter(has_text="CALR: at 5 years")
    expect(words).to_contain_text(
        "CALR: at 5 years 78% (62–88) of 51 were alive; 26 still at risk."
    )
    expect(words).to_contain_text("p = 0.016")


def test_a_reload_of_an_upload_says_that_it_is_gone(
    page: Page, context: BrowserContext, address: str, tmp_path: Path
):
    good = tmp_path / "small.csv"
    rows = "".join(f"P{i},{10 + i},{i % 2},{i % 2}\n" for i in range(30))
    good.write_text("patient_id,os_months,os_event,CALR\n" + rows)
    page.goto(f"{address}/data")
    settled(page)
    choose_files(page, good)
    expect(page.get_by_text("30 patients, 1 alteration, 1 endpoint")).to_be_visible()
    link = page.url
    assert "P1" not in link
    again = context.new_page()
    again.goto(link)
    settled(again)
    expect(again.get_by_role("heading", name="not here any more")).to_be_visible()
    assert "small" not in link
    # The navigation's words run together: "Patient", "slideshow".
    expect(again.get_by_test_id("stMain").get_by_text("patients")).to_have_count(0)
    calm(again)


def test_what_is_chosen_by_a_button_stands_in_the_address(page: Page, address: str):
    page.goto(f"{address}/survival?view=Screen&dx=MF")
    settled(page)
    page.get_by_role("button", name="Open its curves").click()
    page.wait_for_url("**/survival?*group=*")
    settled(page)
    assert "dx=MF" in page.url
    expect(page.get_by_role("figure").first).to_contain_text("Number at risk")
    calm(page)
    # The next page has a control of the same name, and other views.
    page.get_by_test_id("stMain").get_by_role("radio", name="Cox model").click()
    page.wait_for_url("**/survival?*view=Cox*")
    go_to(page, "Prognosis")
    expect(page).not_to_have_url(re.compile("view="))
    calm(page)


BAD = {
    "empty.csv": b"",
    "binary.csv": bytes(range(256)) * 40,
    "no_id.csv": b"age_years,os_months,os_event\n" + b"60,10,1\n" * 12,
    "twice.csv": b"patient_id,os_months,os_event\n" + b"A,10,1\nA,12,0\n" * 6,
    "page.csv": b"<!DOCTYPE html><html><body>404</body></html>",
}


def test_bad_files_get_a_sentence_and_nothing_is_lost(page: Page, address: str, tmp_path: Path):
    page.goto(f"{address}/data")
    settled(page)
    choose_many(page, "Diagnosis", "MF")
    before = selected(page)
    for name, content in BAD.items():
        path = tmp_path / name
        path.write_bytes(content)
        choose_files(page, path)
        message = page.get_by_test_id("stAlert").filter(has_text=name)
        expect(message).to_be_visible()
        expect(message).to_contain_text("You still look at")
        settled(page)
        calm(page)
        assert selected(page) == before


@pytest.mark.long
def test_a_killed_worker_is_told_and_replaced(page: Page, tmp_path: Path):
    """The process for long computations dies in the middle: the page says so and goes on."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with running(command_of(port), address, tmp_path / "server.log") as server:
        page.goto(f"{address}/?dx=PV")
        settled(page)
        # Of this server alone: others work beside it.
        of_server = ["pgrep", "-P", str(server.pid), "-f", "app.worker"]
        found = subprocess.run(of_server, capture_output=True, text=True, check=True)
        go_to_without_waiting(page, "Subgroups")
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        start_again = page.get_by_text("Start again")
        expect(start_again.or_(figure(page, "by their alterations")).first).to_be_visible()
        if start_again.is_visible():
            start_again.click()
        expect(figure(page, "by their alterations")).to_be_visible()
        calm(page)


def go_to_without_waiting(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.wait_for_timeout(250)


@pytest.mark.parametrize("width", [390])
def test_nothing_overflows_the_screen(browser: Browser, address: str, width: int):
    context = new_window(browser, viewport={"width": width, "height": 844})
    page = context.new_page()
    for path in ("", "survival", "subgroups", "data", "methods"):
        page.goto(f"{address}/{path}")
        settled(page)
        over = page.evaluate(
            "() => { const m = document.querySelector('[data-testid=stMain]');"
            " return m.scrollWidth - m.clientWidth; }"
        )
        assert over <= 1, path
    context.close()
