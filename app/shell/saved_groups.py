"""Groups that this session saved by name: kept, offered to every page, written to a file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.cohort.groupings import (
    LARGEST_CONTENT,
    SAVED,
    Grouping,
    GroupingError,
    GroupingSpec,
    SavedGroups,
    clean_name,
    saved_from_json,
    saved_from_text,
    saved_of_text,
    saved_to_json,
    saved_to_text,
)
from app.shell.layout import download
from app.shell.made.derived import base_fingerprint
from app.shell.session import Looking, keep_in_address, key_of
from app.shell.tables import draw_table
from app.shell.workspace.kept import is_kept
from app.shell.workspace.shelf import UNREADABLE, Shelf
from app.study.files.tables import file_stem
from app.study.wording import count
from data_loaders import Cohort
from data_loaders.loading import is_everybodys

LOAD = "saved_file"
LINK = "saved"
_SAVED = "_saved_groups"
_OUTCOME = "_saved_outcome"


@dataclass(frozen=True, eq=False)
class _Saved:
    key: str
    fingerprint: str
    name: str
    grouping: Grouping


def saved_groups(cohort: Cohort) -> dict[str, Grouping]:
    """The groups that this session saved for this cohort, by name, the latest last."""
    _SHELF.pull(key_of(cohort))
    return {
        held.name: held.grouping
        for held in _held().values()
        if held.fingerprint == base_fingerprint(cohort)
    }


def save_groups(cohort: Cohort, name: str, grouping: Grouping) -> str:
    """Keep groups under a name, in place of what bore it before; returns the name as kept.

    Raises
    ------
    GroupingError
        If the name is empty, or nobody is in any of the groups.
    """
    kept = clean_name(name)
    if not np.count_nonzero(grouping.codes >= 0):
        raise GroupingError("There is nobody in these groups to save.")
    key, fingerprint = key_of(cohort), base_fingerprint(cohort)
    _held()[key, kept] = _Saved(key, fingerprint, kept, grouping)
    _SHELF.push(key, kept, fingerprint=fingerprint)
    return kept


def saved_option(name: str) -> str:
    """The option under which a page's choice of groups lists them."""
    return str(GroupingSpec(SAVED, name))


def keep_saved_in_link(cohort: Cohort, *chosen: object) -> None:
    """Write the saved groups that are shown into the address, where everyone has the cohort.

    Groups of an upload stay out of links: they are somebody's patients, also where it is of
    simulated patients in part.
    """
    texts = [
        saved_to_text(name, grouping)
        for name, grouping in saved_groups(cohort).items()
        if saved_option(name) in chosen
        if is_everybodys(key_of(cohort))
    ]
    keep_in_address(LINK, [text for text in texts if text is not None])


def take_saved_from_link(cohort: Cohort) -> None:
    """Hold the saved groups that a link brings; what cannot be read is passed over."""
    for text in st.query_params.get_all(LINK):
        with contextlib.suppress(GroupingError):
            save_groups(cohort, *saved_from_text(cohort, text))


def draw_saved_groups(looking: Looking) -> None:
    """List what was saved, with its downloads, and offer to load a file."""
    cohort = looking.cohort
    saved = saved_groups(cohort)
    if saved:
        draw_table(_table(saved), key="saved_table")
        st.caption(
            "Saved groups are offered under “Compare by” on the Survival page and as colours of "
            f"the map{'' if is_kept(looking.key) else ', until this session ends'}."
        )
        left, right = st.columns(2)
        with left:
            download(
                "Save to a file (JSON)",
                partial(saved_to_json, cohort, saved),
                f"{file_stem(cohort.name, 'groups', synthetic=looking.synthetic)}.json",
                "saved_download",
                mime="application/json",
                help="The file lists the patients' identifiers, so that it finds them again.",
            )
        with right.popover("Forget", icon=":material/delete:"):
            gone = st.multiselect(
                "Saved groups to forget", list(saved), key="forget_groups", select_all=False
            )
            st.button("Forget them", key="forget_now", on_click=_forget, args=(cohort, tuple(gone)))
    else:
        st.caption("Nothing is saved yet: name some subgroups, or a selection on the map.")
    st.file_uploader(
        "Load saved groups",
        type=["json"],
        key=LOAD,
        on_change=_load,
        args=(cohort,),
        help="A file that was saved here. Its patients are found by their identifiers.",
    )
    outcome = st.session_state.get(_OUTCOME)
    if outcome is not None:
        good, sentence = outcome
        (st.success if good else st.error)(sentence)


def _held() -> dict[tuple[str, str], _Saved]:
    held: dict[tuple[str, str], _Saved] = st.session_state.setdefault(_SAVED, {})
    return held


def _names(key: str) -> list[str]:
    return [held.name for held in _held().values() if held.key == key]


def _write(key: str, name: str) -> Any:
    """Saved groups as plain data: patients by position, as the fingerprint has them."""
    held = _held().get((key, name))
    if held is None:
        return None
    text = saved_to_text(name, held.grouping, longest=None, exact=True)
    return {"fingerprint": held.fingerprint, "text": text}


def _take(key: str, kept: Mapping[str, Any]) -> None:
    for name in _names(key):
        del _held()[key, name]
    for name, plain in kept.items():
        with contextlib.suppress(*UNREADABLE):
            grouping = saved_of_text(plain["text"], LARGEST_CONTENT)[1]
            _held()[key, name] = _Saved(key, str(plain["fingerprint"]), name, grouping)


_SHELF = Shelf("groups", _names, _write, _take)


def _forget(cohort: Cohort, names: tuple[str, ...]) -> None:
    key = key_of(cohort)
    for name in names:
        _held().pop((key, name), None)
    _SHELF.push(key, *names)
    st.session_state[_OUTCOME] = None


def _load(cohort: Cohort) -> None:
    file = st.session_state.get(LOAD)
    if file is None:
        st.session_state[_OUTCOME] = None
        return
    try:
        loaded = saved_from_json(cohort, file.getvalue())
    except GroupingError as error:
        st.session_state[_OUTCOME] = (False, str(error))
        return
    for name, grouping in loaded.groupings.items():
        save_groups(cohort, name, grouping)
    sentence = (
        f"{count(len(loaded.groupings), 'saved grouping')} loaded; {loaded.found:,} of "
        f"{count(loaded.listed, 'listed patient')} found in this cohort."
    )
    st.session_state[_OUTCOME] = (True, sentence)


def _table(saved: SavedGroups) -> pd.DataFrame:
    rows = []
    for name, grouping in saved.items():
        sizes = zip(grouping.names, grouping.sizes(), strict=True)
        groups = ", ".join(f"{group} ({size:,})" for group, size in sizes)
        rows.append({"Name": name, "Groups": groups})
    return pd.DataFrame(rows)
