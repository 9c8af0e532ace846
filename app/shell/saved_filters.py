"""Filters that this session saved by name, to be compared with each other."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.cohort.filters import Filter
from app.cohort.groupings import MAX_NAME, GroupingError, clean_name, filters_from_text
from app.shell.controls.grouping_parameters import FILTERS_CHOSEN
from app.shell.session import Looking
from app.shell.workspace.shelf import UNREADABLE, Shelf

_SAVED = "_saved_filters"
_REFUSAL = "_filter_refusal"
_NAME = "filter_name"


def saved_filters(looking: Looking) -> dict[str, Filter]:
    """Filters saved for the cohort looked at, by name, the latest last."""
    _SHELF.pull(looking.key)
    return dict(_held(looking.key))


def save_filter(looking: Looking, name: str) -> str:
    """Keep the filter in force under a name; returns the name as kept.

    Raises
    ------
    GroupingError
        If the name is empty or the filter selects everyone.
    """
    if looking.filter.is_empty:
        raise GroupingError("Narrow the selection in the sidebar first: everyone is selected.")
    if not name.strip():
        raise GroupingError("Give the filter a name first.")
    kept = clean_name(name)
    put_filters(looking, {kept: looking.filter})
    return kept


def put_filters(looking: Looking, filters: Mapping[str, Filter | None]) -> None:
    """Save filters under names, in place of what bore them; None forgets the name."""
    held = saved_filters(looking)
    changed = [name for name, one in filters.items() if held.get(name) != one]
    for name in changed:
        _held(looking.key).pop(name, None)
        one = filters[name]
        if one is not None:
            _held(looking.key)[name] = one
    _SHELF.push(looking.key, *changed, fingerprint=looking.cohort.fingerprint)


def take_over_filters(looking: Looking, text: str) -> tuple[str, ...]:
    """Save the filters that a link or a saved view names; returns their names.

    Parameters
    ----------
    text
        Named filters as :func:`app.cohort.groupings.filters_to_text` writes them.

    Raises
    ------
    GroupingError
        If the text cannot be read.
    """
    filters = {clean_name(name): held for name, held in filters_from_text(text).items()}
    put_filters(looking, filters)
    return tuple(filters)


def draw_save_filter(looking: Looking) -> None:
    """Offer to save the filter in force."""
    with st.popover("Save this filter", icon=":material/bookmark_add:"):
        st.caption(f"{looking.selection.n:,} patients: {looking.selection.sentence}.")
        st.text_input("Name", key=_NAME, max_chars=MAX_NAME, placeholder="such as Elderly MF")
        st.button("Save", key="save_filter", on_click=_save, args=(looking,))
        refusal = st.session_state.pop(_REFUSAL, None)
        if refusal:
            st.error(refusal)


def _save(looking: Looking) -> None:
    try:
        kept = save_filter(looking, st.session_state.get(_NAME) or "")
    except GroupingError as error:
        st.session_state[_REFUSAL] = str(error)
        return
    chosen = [name for name in st.session_state.get(FILTERS_CHOSEN) or () if name != kept]
    st.session_state[FILTERS_CHOSEN] = [*chosen, kept]
    st.session_state[_NAME] = ""


def _held(key: str) -> dict[str, Filter]:
    held: dict[str, dict[str, Filter]] = st.session_state.setdefault(_SAVED, {})
    return held.setdefault(key, {})


def _write(key: str, name: str) -> Any:
    held = _held(key).get(name)
    return None if held is None else held.to_dict()


def _take(key: str, kept: Mapping[str, Any]) -> None:
    held = _held(key)
    held.clear()
    for name, plain in kept.items():
        with contextlib.suppress(*UNREADABLE):
            held[name] = Filter.from_dict(plain)


_SHELF = Shelf("filter", _held, _write, _take)
