"""The session's ledger: every answered question noted once, whichever page asked it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.shell.session import looking_at
from app.shell.workspace.shelf import UNREADABLE, Shelf
from app.study.answer import Answer
from app.study.ledger import Entry, Ledger
from app.study.question import Question

_LEDGER = "_ledger"


def held_ledger() -> Ledger:
    """What this session asked so far, and those before it that kept the cohort looked at."""
    _SHELF.pull(looking_at().key)
    return _of_session()


def note_answer(question: Question, answer: Answer) -> None:
    """Note a question with its tests, where it is new."""
    _SHELF.pull(question.cohort)
    ledger = _of_session()
    if not ledger.knows(question):
        st.session_state[_LEDGER] = ledger.with_answer(question, answer)
        _SHELF.push(question.cohort, question.key, fingerprint=question.fingerprint)


def _of_session() -> Ledger:
    ledger: Ledger = st.session_state.get(_LEDGER, Ledger())
    return ledger


def _names(key: str) -> list[str]:
    return [e.question.key for e in _of_session().entries if e.question.cohort == key]


def _write(_key: str, name: str) -> Any:
    entries = _of_session().entries
    return next((entry.to_dict() for entry in entries if entry.question.key == name), None)


def _take(key: str, kept: Mapping[str, Any]) -> None:
    entries = [entry for entry in _of_session().entries if entry.question.cohort != key]
    for plain in kept.values():
        with contextlib.suppress(*UNREADABLE):
            entries.append(Entry.from_dict(plain))
    # Stable: within a second the order of asking holds.
    st.session_state[_LEDGER] = Ledger(tuple(sorted(entries, key=lambda entry: entry.asked)))


_SHELF = Shelf("ledger", _names, _write, _take)
