"""The session's ledger: every answered question noted once, whichever page asked it."""

from __future__ import annotations

import streamlit as st

from app.study.answer import Answer
from app.study.ledger import Ledger
from app.study.question import Question

_LEDGER = "_ledger"


def held_ledger() -> Ledger:
    """What this session asked so far."""
    ledger: Ledger = st.session_state.get(_LEDGER, Ledger())
    return ledger


def note_answer(question: Question, answer: Answer) -> None:
    """Note a question with its tests, where it is new."""
    ledger = held_ledger()
    if not ledger.knows(question):
        st.session_state[_LEDGER] = ledger.with_answer(question, answer)
