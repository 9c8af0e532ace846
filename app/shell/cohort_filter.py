"""What the filter holds beyond the sidebar's widgets, its place in the link, undo and redo.

The conditions that the sidebar has widgets for live in those widgets; every other one is held here
as plain data. Patient identifiers never go into a link: a link made from such a filter says so.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app.cohort.filters import All, Clause, Filter, FilterError, names_patients
from app.shell.session import keep_in_address, key_of
from app.shell.workspace.kept import kept_cohorts, place_of
from app.study.workspace import WorkspaceError
from data_loaders import Cohort

MORE, FILTER = "_more_conditions", "filter"
MORE_KEPT = "more"  # their name in what is kept of a page
_STEPS = "_filter_steps"
_READ = "_filter_link_was_read"
_LOST = "_filter_lost"
_FITTED = "_filter_fits"
_MOST_STEPS = 100
_LONGEST_LINK = 6_000
_WITHOUT_LISTS, _WITHOUT_ALL = "p", "x"
LOST_LIST = "a list of patients: identifiers never go into a link, paste the list again"
LOST_LENGTH = "conditions too long for a link: save the filter to a file instead"
LOST_TEXT = "conditions of the filter that cannot be read"
LOST_NAMES = "conditions on columns or alterations that this cohort does not have"


@dataclass
class _Steps:
    """The filters that were in force, and which of them is."""

    cohort: str
    held: list[Filter] = field(default_factory=lambda: [Filter()])
    at: int = 0


def more_conditions(state: Mapping[str, Any]) -> tuple[Clause, ...]:
    """The conditions in force that the sidebar has no widget for."""
    held: Filter = state.get(MORE) or Filter()
    return held.steps


def set_more(clauses: tuple[Clause, ...]) -> None:
    """Replace the conditions that the sidebar has no widget for; call it in a callback."""
    st.session_state[MORE] = Filter(All(clauses))


def drop_condition(position: int) -> None:
    """Take out one of the conditions that the sidebar has no widget for."""
    held = more_conditions(st.session_state)
    set_more(held[:position] + held[position + 1 :])


def link_text(clauses: tuple[Clause, ...]) -> str:
    """Conditions as a link holds them: short, without identifiers; empty where there is nothing.

    The first letter says what was left out: lists of patients (p), or all of it (x) because it
    would make the address longer than browsers and mail programs pass on.
    """
    if not clauses:
        return ""
    kept = tuple(clause for clause in clauses if not names_patients(clause))
    start = _WITHOUT_LISTS if len(kept) < len(clauses) else "f"
    if not kept:
        return start
    plain = Filter(All(kept)).to_json().encode()
    text = base64.urlsafe_b64encode(zlib.compress(plain, 9)).decode().rstrip("=")
    return f"{start}{text}" if len(text) <= _LONGEST_LINK else _WITHOUT_ALL


def from_link_text(text: str) -> tuple[tuple[Clause, ...], str]:
    """Conditions of a link, and in words what of them was lost; empty where nothing was.

    Parameters
    ----------
    text
        As :func:`link_text` writes it, or a filter as JSON, as a person writes it.
    """
    try:
        if text.lstrip().startswith("{"):
            found = Filter.from_json(text)
            kept = tuple(clause for clause in found.steps if not names_patients(clause))
            return kept, LOST_LIST if len(kept) < len(found.steps) else ""
        start, packed = text[:1], text[1:]
        if start == _WITHOUT_ALL:
            return (), LOST_LENGTH
        lost = LOST_LIST if start == _WITHOUT_LISTS else ""
        if not packed:
            return (), lost or LOST_TEXT
        padded = packed + "=" * (-len(packed) % 4)
        # A link is anybody's text: what it unpacks to is limited before it is read.
        opened = zlib.decompressobj().decompress(base64.urlsafe_b64decode(padded), 200_000)
        return Filter.from_json(opened.decode()).steps, lost
    except (FilterError, ValueError, zlib.error, binascii.Error):
        return (), LOST_TEXT


def take_filter_from_link(cohort: Cohort) -> None:
    """On a session's first run: take over the conditions that the link names."""
    if _READ in st.session_state:
        return
    st.session_state[_READ] = True
    text = st.query_params.get(FILTER, "")
    if not text:
        return
    clauses, lost = from_link_text(text)
    if lost:
        clauses, lost = _as_kept(cohort, text) or (clauses, lost)
    usable = tuple(clause for clause in clauses if _fits(clause, cohort))
    if len(usable) < len(clauses):
        lost = "; ".join(part for part in (lost, LOST_NAMES) if part)
    st.session_state[MORE] = Filter(All(usable))
    st.session_state[_LOST] = lost


def _as_kept(cohort: Cohort, text: str) -> tuple[tuple[Clause, ...], str] | None:
    """The conditions that a kept cohort was left with, where the link is what they make."""
    key = key_of(cohort)
    if key not in kept_cohorts():
        return None
    try:
        kept = Filter.from_dict(dict(place_of(key).get(MORE_KEPT, {}))).steps
    except (WorkspaceError, FilterError):
        return None
    return (kept, "") if link_text(kept) == text else None


def lost_of_filter() -> str:
    """What of the link's conditions was lost, in words; said once."""
    return str(st.session_state.pop(_LOST, ""))


def keep_filter_in_link() -> None:
    """Write the conditions that the sidebar has no widget for into the address."""
    keep_in_address(FILTER, link_text(more_conditions(st.session_state)))


def keep_usable(cohort: Cohort) -> None:
    """Drop conditions that name what the cohort does not have, and remember to say so."""
    held = more_conditions(st.session_state)
    if not held or st.session_state.get(_FITTED) == (cohort.fingerprint, held):
        return
    usable = tuple(clause for clause in held if _fits(clause, cohort))
    st.session_state[_FITTED] = (cohort.fingerprint, usable)
    if len(usable) < len(held):
        st.session_state[MORE] = Filter(All(usable))
        st.session_state[_LOST] = LOST_NAMES


def record_step(cohort_key: str, chosen: Filter) -> None:
    """Remember the filter in force, so that it can be come back to."""
    steps: _Steps | None = st.session_state.get(_STEPS)
    if steps is None or steps.cohort != cohort_key:
        held = [Filter()] if chosen.is_empty else [Filter(), chosen]
        st.session_state[_STEPS] = _Steps(cohort_key, held, len(held) - 1)
        return
    if steps.held[steps.at] != chosen:
        steps.held = [*steps.held[: steps.at + 1], chosen][-_MOST_STEPS:]
        steps.at = len(steps.held) - 1


def can_go(by: int) -> bool:
    """Whether there is a filter ``by`` steps away: -1 to undo, 1 to redo."""
    steps: _Steps | None = st.session_state.get(_STEPS)
    return steps is not None and 0 <= steps.at + by < len(steps.held)


def go(by: int) -> Filter:
    """Move ``by`` steps; returns the filter to put in force."""
    steps: _Steps = st.session_state[_STEPS]
    steps.at = min(max(steps.at + by, 0), len(steps.held) - 1)
    return steps.held[steps.at]


def _fits(clause: Clause, cohort: Cohort) -> bool:
    try:
        clause.evaluate(cohort)
    except FilterError:
        return False
    return True
