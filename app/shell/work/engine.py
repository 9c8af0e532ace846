"""The database that a session asks: one at a time, with the answers it gave."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from app.cohort.tally import EngineTally, TallyError, connect
from app.shell.accounts import disclosure_policy, may, person
from app.shell.watch.audit import note
from app.shell.work.waiting import while_waiting
from app.shell.workspace.owner import reached_by_others
from data_loaders.allowed import Allowed
from data_loaders.settings import SOURCES

T = TypeVar("T")
_ENGINE = "_engine"
_MOST_ANSWERS = 64


@dataclass(frozen=True, eq=False)
class Held:
    """What the session asks, and its answers by question."""

    tally: EngineTally
    answers: dict[Hashable, Any] = field(default_factory=dict, repr=False)


def allowed_sources() -> Allowed:
    """What this server may read for its users, besides their own files."""
    shared = reached_by_others() or disclosure_policy() is not None
    # With accounts others reach it through a proxy, also where it listens to this machine alone.
    shared = shared or person().role is not None
    return Allowed.of(shared=shared)


def why_no_engine() -> str:
    """Why nobody may ask a database here, as a sentence; empty where they may."""
    if disclosure_policy() is not None:
        return "Under disclosure control no database is asked: its counts would be exact."
    if not may("load"):
        return "Your role on this server looks at the cohorts that it has."
    if allowed_sources().nothing:
        return (
            "Databases are not offered on this server: it is reached by others, and "
            f"{SOURCES.name} lists no folders and hosts that it may read for its users."
        )
    return ""


def held_engine() -> Held | None:
    """The database that this session asks; None where it asks none."""
    held: Held | None = st.session_state.get(_ENGINE)
    return held


def hold_engine(url: str, table: str) -> None:
    """Connect to a database and have this session ask it, instead of the one before.

    Raises
    ------
    TallyError
        If it cannot be asked, or the session's person may bring no data.
    """
    if refused := why_no_engine():
        raise TallyError(refused)
    allowed = allowed_sources()
    tally = while_waiting(
        lambda: connect(url, table or None, allowed=allowed),
        "Finding out what the table's columns are, from a sample",
        key="engine_stop",
        on_stop=lambda: None,
    )
    let_go()
    st.session_state[_ENGINE] = Held(tally)
    note(person(), "load", n=tally.n, what="engine")


def let_go() -> None:
    """Close the session's database."""
    held = st.session_state.pop(_ENGINE, None)
    if held is not None:
        held.tally.close()


def engine_answer(question: Hashable, ask: Callable[[EngineTally], T]) -> T:
    """The answer to a question, asked once; meanwhile the page says so, and can be stopped.

    Raises
    ------
    TallyError
        What the engine refuses.
    """
    held = held_engine()
    if held is None:
        raise TallyError("No database is open.")
    if question not in held.answers:
        if len(held.answers) >= _MOST_ANSWERS:
            held.answers.clear()
        held.answers[question] = while_waiting(
            lambda: ask(held.tally),
            f"Asking {held.tally.source}",
            key=f"engine_cancel_{len(held.answers)}",
            on_stop=held.tally.cancel,
        )
    answer: T = held.answers[question]
    return answer


def forget_answer(answer: object) -> None:
    """Have an answer asked again, should anybody want it."""
    held = held_engine()
    if held is not None:
        for question in [asked for asked, given in held.answers.items() if given is answer]:
            del held.answers[question]
