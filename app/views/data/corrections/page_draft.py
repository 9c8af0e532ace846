"""Corrections under way: what is stated so far, and the steps back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app.cohort.escaping import literal
from app.shell.accounts import disclosure_policy
from app.shell.session import Looking, Source
from data_loaders import Cohort
from data_loaders.files.file_columns import FileColumn
from data_loaders.mapping.column_uses import Use, column_uses
from data_loaders.mapping.record import TableMapping

Correction = Callable[[Mapping[str, Any]], dict[str, Any]]
_DRAFT = "_mapping_draft"
_MOST_SHOWN = 6


@dataclass(eq=False)
class Draft:
    """What is stated so far of the cohort in sight.

    Parameters
    ----------
    fingerprint
        Of the cohort that is corrected.
    base
        The mapping in use.
    now
        The mapping with the corrections.
    past
        The mappings before each step, the last one last.
    round
        Goes up where widgets have to take their values from the mapping again.
    """

    fingerprint: str
    base: dict[str, Any]
    now: dict[str, Any]
    past: list[dict[str, Any]] = field(default_factory=list)
    round: int = 0

    @property
    def changed(self) -> bool:
        """Whether something is stated that is not in use."""
        return self.now != self.base


@dataclass(frozen=True, eq=False)
class Editing:
    """What the parts of the editor share: the cohort as it is, its columns, and the draft."""

    cohort: Cohort
    uses: Mapping[str, Use]
    draft: Draft

    @property
    def columns(self) -> Mapping[str, FileColumn]:
        """The columns as they stand in the file."""
        return self.cohort.file_columns

    def key(self, *parts: str) -> str:
        """Key of a widget; it changes where the widget has to be filled anew."""
        return ":".join(("map", *parts, str(self.draft.round)))


def editing(looking: Looking, source: Source) -> Editing:
    """The draft of the cohort in sight; another cohort, or the same read anew, starts another.

    Parameters
    ----------
    source
        Its files and the mapping in use.
    """
    cohort = looking.cohort
    held: Draft | None = st.session_state.get(_DRAFT)
    if held is None or held.fingerprint != cohort.fingerprint:
        base = TableMapping.read(source.mapping).to_dict()
        held = Draft(cohort.fingerprint, base, base, round=0 if held is None else held.round + 1)
        st.session_state[_DRAFT] = held
    return Editing(cohort, column_uses(cohort), held)


def corrects(
    key: str, before: object, change: Callable[[Any], Correction], *, refill: bool = False
) -> dict[str, Any]:
    """What makes a widget one that corrects: its key, and the step that it takes.

    Parameters
    ----------
    before
        What it shows. A browser may say that once more of a widget that a correction replaced or
        took away; nothing is corrected then.
    change
        Makes the correction of what the widget shows afterwards.
    refill
        As for :func:`step`.
    """
    return {"key": key, "on_change": _correct, "args": (key, before, change, refill)}


def _correct(key: str, before: object, change: Callable[[Any], Correction], refill: bool) -> None:
    value = st.session_state[key]
    if value != before:
        step(change(value), refill=refill)


def step(change: Correction, *, refill: bool = False) -> None:
    """Take one step; call it in a callback.

    Parameters
    ----------
    change
        Makes the next mapping of the present one.
    refill
        Whether widgets besides the one that was used show something else now.
    """
    draft: Draft = st.session_state[_DRAFT]
    after = change(draft.now)
    if after != draft.now:
        draft.past.append(draft.now)
        draft.now = after
    draft.round += refill


def draw_take_back(key: str, label: str, change: Correction, *, why: str | None = None) -> None:
    """A quiet button that takes back what is stated of a column or an endpoint."""
    st.button(
        label,
        key=key,
        type="tertiary",
        icon=":material/undo:",
        on_click=step,
        args=(change,),
        kwargs={"refill": True},
        help=why,
    )


def step_back() -> None:
    """Undo the last step; call it in a callback."""
    draft: Draft = st.session_state[_DRAFT]
    if draft.past:
        draft.now = draft.past.pop()
        draft.round += 1


def start_over() -> None:
    """Go back to the mapping in use; call it in a callback."""
    draft: Draft = st.session_state[_DRAFT]
    step(lambda _now: draft.base, refill=True)


def with_count(entry: str, count: int) -> str:
    """An entry with its count; alone where the counts of single entries are not released."""
    return entry if disclosure_policy() is not None else f"{entry} ({count:,})"


def entries_in_words(column: FileColumn, *, marked: bool = True) -> str:
    """What a column holds: its entries with their counts, or the span of its numbers.

    Parameters
    ----------
    marked
        Whether for markdown; else plain text, in short.
    """
    many = 3 if not marked else _MOST_SHOWN
    few = column.entries[:many] if len(column.entries) <= 12 or not marked else ()
    parts = []
    if few:
        named = (literal(text) if marked else text[:24] for text, _ in few)
        parts = [with_count(name, count) for name, (_, count) in zip(named, few, strict=True)]
        left = column.different - len(few)
        parts += [f"and {left:,} more"] if left else []
    elif column.lowest is not None and column.highest is not None:
        parts = [f"{column.lowest:g} to {column.highest:g}"]
    if not few:
        parts.append(f"{column.different:,} different")
    return (", " if marked else " · ").join(parts)
