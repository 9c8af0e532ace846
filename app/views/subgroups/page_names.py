"""Names that the user gave to subgroups: kept for the session, and in the link where short."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.analysis.subgroups import SubgroupError, SubgroupResult
from app.cohort.groupings import MAX_NAME, GroupingError, clean_name
from app.shell.session import key_of
from app.shell.workspace.shelf import UNREADABLE, Shelf
from app.views.subgroups.analysis import UNNAMED
from data_loaders import Cohort

NAMES = "names"
_HELD = "_subgroup_names"
_READ = "_subgroup_names_read"
_LONGEST_LINK = 900
_MOST = 40


def subgroup_names(cohort: Cohort) -> dict[str, str]:
    """The user's names of this cohort's subgroups, by the name the search gave."""
    _SHELF.pull(key_of(cohort))
    if _READ not in st.session_state:
        st.session_state[_READ] = True
        _of(cohort).update(_from_link(st.query_params.get(NAMES, "")))
    return _of(cohort)


def keep_names_in_link(names: dict[str, str], result: SubgroupResult) -> None:
    """Write the names of the groups on the page into the address, where it stays short."""
    fitting = {old: new for old, new in names.items() if old in result.groups}
    text = json.dumps(fitting, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if fitting and len(text) <= _LONGEST_LINK:
        st.query_params[NAMES] = text
    elif NAMES in st.query_params:
        del st.query_params[NAMES]


def draw_renaming(cohort: Cohort, result: SubgroupResult, names: dict[str, str]) -> None:
    """Offer to rename a subgroup; ``result`` bears the names that the search gave."""
    groups = [group for group in result.groups if group not in UNNAMED]
    if not groups:
        return
    with st.popover("Rename a subgroup", icon=":material/edit:", key="rename"):
        old = st.selectbox(
            "Subgroup",
            groups,
            format_func=lambda group: names.get(group, group),
            key="rename_which",
        )
        old = old if old in groups else groups[0]
        new = st.text_input(
            "New name",
            key="rename_to",
            max_chars=MAX_NAME,
            placeholder=old,
            help="Empty brings back the name from its alterations.",
        )
        st.button("Rename", key="rename_now", on_click=_rename, args=(cohort, result, old))
        refusal = st.session_state.pop("_rename_refusal", None)
        if refusal:
            st.error(refusal)
        elif new and names.get(old) == new:
            st.caption("Renamed on this page, in its figures and in its link.")


def _rename(cohort: Cohort, result: SubgroupResult, old: str) -> None:
    names = dict(_of(cohort))
    names.pop(old, None)
    text = str(st.session_state.get("rename_to") or "")
    try:
        if text.strip():
            names[old] = clean_name(text)
        fitting = {before: after for before, after in names.items() if before in result.groups}
        result.renamed(fitting)
    except (SubgroupError, GroupingError) as error:
        st.session_state["_rename_refusal"] = str(error)
        return
    _of(cohort).clear()
    _of(cohort).update(names)
    _SHELF.push(key_of(cohort), cohort.fingerprint, fingerprint=cohort.fingerprint)


def _of(cohort: Cohort) -> dict[str, str]:
    return _held(key_of(cohort)).setdefault(cohort.fingerprint, {})


def _held(key: str) -> dict[str, dict[str, str]]:
    """Names by the fingerprint of what was searched."""
    held: dict[str, dict[str, dict[str, str]]] = st.session_state.setdefault(_HELD, {})
    return held.setdefault(key, {})


def _write(key: str, fingerprint: str) -> dict[str, str] | None:
    return _held(key).get(fingerprint)


def _take(key: str, kept: Mapping[str, Any]) -> None:
    _held(key).clear()
    for fingerprint, names in kept.items():
        with contextlib.suppress(*UNREADABLE):
            _held(key)[fingerprint] = {str(old): clean_name(new) for old, new in names.items()}


_SHELF = Shelf("names", _held, _write, _take)


def _from_link(text: str) -> dict[str, str]:
    """Names from a link, which may hold anything."""
    try:
        data = json.loads(text) if text else {}
        pairs = list(data.items())[:_MOST]
        return {str(old)[:200]: clean_name(new) for old, new in pairs}
    except (ValueError, AttributeError, RecursionError):
        return {}
