"""What one loaded stays: through a reload, a killed server, another browser; refused it is not."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from data_loaders.settings import STORE
from tests.e2e.acts import calm, choose_many, go_to, new_window, selected, settled
from tests.e2e.server import command_of, free_port, running
from tests.e2e.test_data import Hand, load, table


@contextmanager
def killed(log: Path, port: int) -> Iterator[str]:
    """A server that is killed where the block ends, in the middle of whatever it does."""
    address = f"http://127.0.0.1:{port}"
    with running(command_of(port, "app/main.py"), address, log) as process:
        yield address
        os.killpg(process.pid, signal.SIGKILL)


def keep(page: Page, answer: str) -> None:
    question = page.locator(".st-key-keep_question")
    question.get_by_role("button", name=answer).click()
    expect(question).to_have_count(0)
    settled(page)


def save_filter(page: Page, name: str) -> None:
    go_to(page, "Cohort")
    page.get_by_role("tab", name="Filter builder").click()
    page.get_by_role("button", name="Save this filter").click()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.keyboard.press("Tab")
    page.locator(".st-key-save_filter button").click()
    expect(page.locator(".st-key-saved_use_0")).to_be_visible()
    settled(page)


def correct_and_group(page: Page) -> None:
    hand = Hand(page)
    hand.open_editor()
    hand.label_arm("Arm of the trial")
    hand.press("Use these corrections")
    go_to(page, "Patient")
    page.get_by_role("button", name=re.compile("^Save these .* as a group")).click()
    settled(page)


def find_correction_and_group(page: Page) -> None:
    go_to(page, "Survival")
    page.get_by_test_id("stSelectbox").filter(has_text="Compare by").locator("input").click()
    for name in ("Arm of the trial", "Saved: Like "):
        expect(page.get_by_role("option").filter(has_text=name)).to_have_count(1)
    page.keyboard.press("Escape")


@pytest.mark.long
def test_what_is_kept_is_there_after_a_reload_a_killed_server_and_in_another_browser(
    browser: Browser, context: BrowserContext, page: Page, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    store, port = tmp_path / "store", free_port()
    monkeypatch.setenv(STORE.name, str(store))
    mine, other = table(tmp_path / "Registry.csv"), table(tmp_path / "Other.csv")
    other.write_text(other.read_text().replace("P1,", "Refused-1,"))

    with killed(tmp_path / "first.log", port) as address:
        page.goto(f"{address}/data")
        settled(page)
        load(page, other)
        keep(page, "Only for this session")
        assert not store.exists(), "nothing is written of what is refused"
        load(page, mine)
        keep(page, "Keep on this machine")
        correct_and_group(page)
        choose_many(page, "With all of these altered", "TP53")
        save_filter(page, "Mutated")
        go_to(page, "Survival")
        page.get_by_role("button", name="Add to story").first.click()
        settled(page)
        before = selected(page)
        page.reload()
        settled(page)
        assert selected(page) == before
        expect(page.get_by_text("Kept on this machine")).to_be_visible()
        link = page.url.removeprefix(address)
        assert link.startswith("/survival?")
        go_to(page, "Story")
        expect(page.get_by_text("The story is kept on this machine.")).to_be_visible()
        calm(page)
    context.close()

    with killed(tmp_path / "second.log", port) as address:
        again = new_window(browser, viewport={"width": 1440, "height": 900}).new_page()
        again.goto(address)
        settled(again)
        again.get_by_role("button", name="Go on with Registry").click()
        expect(again.locator("h1")).to_have_text("Story")
        settled(again)
        assert selected(again) == before
        expect(again.get_by_text("The story is kept on this machine.")).to_be_visible()
        expect(again.locator("[class*=st-key-story_card_]")).to_have_count(1)
        tab = again.context.new_page()
        tab.goto(f"{address}{link}")
        settled(tab)
        assert selected(tab) == before
        go_to(tab, "Cohort")
        tab.get_by_role("tab", name="Filter builder").click()
        expect(tab.locator("strong", has_text="Mutated")).to_be_visible()
        find_correction_and_group(tab)
        calm(tab)
        again.context.close()
    assert not [p for p in store.rglob("*.*") if b"Refused-1" in p.read_bytes()]
