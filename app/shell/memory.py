"""Questions that a session asks, and its one memory of results: a redraw computes nothing again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from app.cohort.groupings import Arrangement, GroupingSpec
from app.shell.saved_groups import saved_groups
from app.shell.session import Looking, looking_at
from app.study.analyses import compute
from app.study.question import Question

T = TypeVar("T")
_HELD = "_remembered"
_MOST = 8


def ask(
    looking: Looking,
    analysis: str,
    settings: Mapping[str, Any],
    grouping: GroupingSpec | None = None,
    arrangement: Arrangement | None = None,
) -> Question:
    """The question that the page asks of the patients looked at.

    Parameters
    ----------
    analysis
        Key of the analysis.
    settings
        Its settings, plain data: everything else that the result depends on.
    grouping, arrangement
        How the patients are grouped, and how the groups are shown.
    """
    return Question(
        cohort=looking.key,
        fingerprint=looking.cohort.fingerprint,
        analysis=analysis,
        filter=looking.filter,
        grouping=grouping,
        arrangement=arrangement or Arrangement(),
        saved=saved_groups(looking.cohort),
        derived=looking.cohort.provenance.derived,
        settings=settings,
    )


def remembered(question: Question, make: Callable[[], T], doing: str = "Fitting the models") -> T:
    """The result of a question, made once; the oldest of an analysis make room for new ones.

    Tables are never hashed, and saved groups count by what they hold: ``Question.key`` tells.
    """
    held: dict[str, Any] = st.session_state.setdefault(_HELD, {}).setdefault(question.analysis, {})
    if question.key not in held:
        with st.spinner(doing):
            result = make()
        while len(held) >= _MOST:
            held.pop(next(iter(held)))
        held[question.key] = result
    return held[question.key]  # type: ignore[no-any-return]


def result_of(question: Question) -> Any:
    """The result of an analysis that has a key, from the session's memory."""
    return remembered(question, partial(compute, question, looking_at().cohort))


def result_or_reason(question: Question) -> Any:
    """The result of an analysis; None where the cohort cannot answer, and the page says why."""
    try:
        return result_of(question)
    except ValueError as error:
        st.info(str(error))
        return None
