"""Questions that a session asks, and its one memory of results: a redraw computes nothing again.

What was asked of a cohort that everybody has is remembered for all sessions of a process, and of a
kept one for those that have it open: :attr:`.Question.key` says all that a result depends on.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from app.cohort.groupings import Arrangement, GroupingSpec
from app.shell.saved_groups import saved_groups
from app.shell.session import Looking, looking_at
from app.shell.workspace.kept import holder_of
from app.study.analyses import compute
from app.study.question import Question
from data_loaders.loading import is_everybodys

T = TypeVar("T")
_HELD, _COMMON = "_remembered", "_remembered_together"
_MOST, _MOST_IN_COMMON = 8, 128


class _Results(OrderedDict[str, Any]):
    """Results by the key of their question, the one asked for last at the end."""


_lock = threading.Lock()
_everybodys = _Results()
# Of a kept cohort by owner and key, for as long as a session has asked something of it.
_of_kept: weakref.WeakValueDictionary[tuple[str, str], _Results] = weakref.WeakValueDictionary()


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
        common = _in_common(question)
        with _lock:
            found = question.key in common
            result = common.get(question.key)
        if not found:
            with st.spinner(doing):
                result = make()
        with _lock:
            common[question.key] = result
            common.move_to_end(question.key)
            while len(common) > _MOST_IN_COMMON:
                common.popitem(last=False)
        while len(held) >= _MOST:
            held.pop(next(iter(held)))
        held[question.key] = result
    return held[question.key]  # type: ignore[no-any-return]


def _in_common(question: Question) -> _Results:
    """Where results of a question's cohort are remembered for more than one session, if they are.

    What also depends on a second cohort is the session's own, unless everybody has both.
    """
    second = question.second
    if is_everybodys(question.cohort) and (second is None or is_everybodys(second.key)):
        return _everybodys
    owner = holder_of(question.cohort) if second is None else None
    if owner is None:
        return _Results()
    mine: dict[tuple[str, str], _Results] = st.session_state.setdefault(_COMMON, {})
    with _lock:
        place = (owner, question.cohort)
        mine[place] = _of_kept.setdefault(place, mine.get(place, _Results()))
    return mine[place]


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
