"""Whose sessions a result is remembered for."""

from __future__ import annotations

import gc

import pytest
from streamlit.testing.v1 import AppTest

from app.shell import memory
from app.study.question import Question

MADE: list[str] = []


def asks() -> None:
    import streamlit as st

    from app.shell.memory import remembered
    from tests.shell import test_memory

    question = test_memory.QUESTIONS[st.session_state["asked"]]

    def make() -> str:
        test_memory.MADE.append(question.cohort)
        return question.cohort

    st.text(remembered(question, make))


def question(cohort: str, **settings: object) -> Question:
    return Question(cohort, "f" * 64, "survival.curves", settings=settings)


QUESTIONS = [
    question("demo:mpn"),
    question("catalogue:aml"),
    question("upload:kept"),
    question("upload:mine"),
    question("demo:mpn", other={"cohort": "upload:mine", "fingerprint": "a" * 64}),
]


def session(asked: int) -> AppTest:
    at = AppTest.from_function(asks, default_timeout=30)
    at.session_state["asked"] = asked
    at.run()
    assert not at.exception
    assert at.text[0].value == QUESTIONS[asked].cohort
    return at


@pytest.mark.parametrize(("asked", "made"), [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2)])
def test_a_result_is_made_once_for_all_who_have_the_cohort(
    monkeypatch: pytest.MonkeyPatch, asked: int, made: int
):
    monkeypatch.setattr(
        memory, "holder_of", lambda key: "person:ada" if key == "upload:kept" else None
    )
    memory._everybodys.clear()
    MADE.clear()
    sessions = [session(asked) for _ in range(2)]
    sessions[0].run()
    assert len(MADE) == made
    # When nobody has the kept cohort open any more, nothing is left of its results.
    sessions.clear()
    gc.collect()
    assert not memory._of_kept
    session(asked)
    assert len(MADE) == made + (asked >= 2)


def test_the_oldest_results_make_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_MOST_IN_COMMON", 1)
    memory._everybodys.clear()
    MADE.clear()
    for asked in (0, 1, 0):
        session(asked)
    assert len(MADE) == 3
    assert list(memory._everybodys) == [QUESTIONS[0].key]
