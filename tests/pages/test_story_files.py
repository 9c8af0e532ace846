"""The story's files and the session's ledger, on the page."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from pptx import Presentation
from streamlit.testing.v1 import AppTest

from app.study.ledger import Hypothesis
from app.study.story import Story
from app.views.story.page_files import _bundle, _slides
from tests.pages.conftest import words
from tests.pages.test_story_page import press, to_page

Opener = Callable[..., AppTest]


def test_what_was_asked_is_in_the_ledger_and_in_the_files(
    open_app: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.study.bundle._step.export_available", lambda: (False, ""))
    at = open_app("survival", cohort="demo:mpn", group="alteration:ASXL1")
    ledger = at.session_state["_ledger"]
    assert [entry.question.analysis for entry in ledger.entries] == ["survival.curves"]
    at = press(at, "km_story_0")
    assert at.session_state["_ledger"] is ledger, "asked again, noted once"
    story: Story = at.session_state["_story"]
    at = press(to_page(at, "story"), "story_files_ready")
    assert not at.exception
    assert ledger.sentence() in words(at)
    assert "1 comparison was looked at; Log-rank test, ASXL1 has the 1st smallest p" in words(at)
    held, answers, cohorts = at.session_state["_story_files"]
    assert held == story

    given = {"cohorts": cohorts, "answer": answers}
    slides = Presentation(io.BytesIO(_slides(story, None, given))).slides
    assert len(slides) == 3
    with zipfile.ZipFile(io.BytesIO(_bundle(story, given, "a,b\n"))) as archive:
        assert archive.read("ledger.csv") == b"a,b\n"
        assert "steps/01_survival-curves/script.py" in archive.namelist()


def test_a_hypothesis_is_frozen_and_asked_of_the_other_patients(open_app: Opener) -> None:
    at = to_page(open_app("survival", cohort="demo:mpn", group="alteration:TP53"), "story")
    assert at.selectbox(key="story_freeze_what").value.startswith("1. Overall survival by TP53")
    at = at.text_input(key="story_freeze_words").set_value("TP53 shortens survival").run()
    (entry,) = at.session_state["_ledger"].entries
    frozen = Hypothesis(entry.question, "Tests", "Log-rank test, TP53", "They differ")
    assert not at.exception
    for cohort, said in (("demo:mpn", "takes others to confirm it"), ("demo:mds", "Confirmed in")):
        at = open_app("story", cohort=cohort)
        file = ("h.calr-hypothesis.json", frozen.to_json().encode(), "application/json")
        at = at.get("file_uploader")[-1].set_value(file).run()
        assert said in words(at), words(at)
