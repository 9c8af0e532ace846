"""The cohorts that a session's owner keeps: listed without their data, opened when chosen."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.shell.accounts import person
from app.shell.watch.audit import note
from app.shell.workspace.owner import known_as, owner_of_session
from app.study.workspace import (
    KeptCohort,
    Original,
    SharedCohort,
    WorkspaceError,
    opened,
    shared_with,
)
from data_loaders import Cohort
from data_loaders.loading import is_everybodys
from data_loaders.uploads import load_upload

if TYPE_CHECKING:
    from app.study.workspace import Workspace

_LISTED, _LATEST, _SHARED = "_kept_cohorts", "_kept_latest", "_kept_shared"
# The cohorts of a session itself, by key: app.shell.session holds them.
UPLOADS = "_uploads"
_DAMAGED, _SAID = "_kept_damaged", "_kept_said"
# Fingerprints of the kept cohorts that this session opened or kept: what its corrections follow.
_BASES = "_kept_bases"
MAPPING, COLUMNS = "mapping", "columns"
# A cohort that two tabs of an owner look at is held once, and no longer than either does.
_open: weakref.WeakValueDictionary[tuple[str, str, str], Cohort] = weakref.WeakValueDictionary()
_originals: weakref.WeakKeyDictionary[Cohort, Original | None] = weakref.WeakKeyDictionary()


def workspace(*, make: bool = False) -> tuple[Workspace, str] | None:
    """The store and its owner; None where nothing is kept or can be.

    Raises
    ------
    WorkspaceError
        If the store cannot be opened.
    """
    owner = owner_of_session()
    store = None if owner is None else opened(make=make)
    return None if owner is None or store is None else (store, owner)


def refresh_kept() -> None:
    """Look what is kept, once a run: another tab may have changed it."""
    cohorts: dict[str, KeptCohort] = {}
    latest: dict[tuple[str, str], int] = {}
    shared: Mapping[str, SharedCohort] = {}
    before: Mapping[str, SharedCohort] = st.session_state.get(_SHARED, {})
    try:
        found = workspace()
        if found is not None:
            store, owner = found
            cohorts = {one.key: one for one in store.cohorts(owner)}
            latest = store.latest(owner)
        names = known_as()
        others = opened() if names else None
        if others is not None:
            shared = {
                key: one for key, one in shared_with(others, names).items() if key not in cohorts
            }
    except WorkspaceError as error:
        say(str(error))
        shared = before  # a store that is away takes nothing back
    # What is not shared any more is not held any longer either.
    for key in before.keys() - shared.keys() - cohorts.keys():
        if st.session_state.get(UPLOADS, {}).pop(key, None) is not None:
            say(f"{before[key].kept.name} is not shared with you any more.")
    st.session_state[_SHARED] = shared
    st.session_state[_LISTED] = cohorts | {key: one.kept for key, one in shared.items()}
    st.session_state[_LATEST] = latest


def shared(key: str) -> SharedCohort | None:
    """By whom a cohort is shared with this session, and to what; None where it is its own."""
    held: Mapping[str, SharedCohort] = st.session_state.get(_SHARED, {})
    return held.get(key)


def holder_of(key: str) -> str | None:
    """Who keeps a cohort that this session may open; None where it is not kept."""
    one = shared(key)
    if one is not None:
        return one.owner
    return owner_of_session() if key in kept_cohorts() else None


def _holder(key: str) -> tuple[Workspace, str] | None:
    """The store and the owner of a cohort that this session may open."""
    one = shared(key)
    store = None if one is None else opened()
    return workspace() if one is None or store is None else (store, one.owner)


def kept_cohorts() -> Mapping[str, KeptCohort]:
    """What is kept by key, the one used last first; without those that are damaged."""
    damaged = st.session_state.get(_DAMAGED, ())
    listed: dict[str, KeptCohort] = st.session_state.get(_LISTED, {})
    return {key: one for key, one in listed.items() if key not in damaged}


def newest(scope: str, kind: str) -> int:
    """A number that grows whenever something of a scope and kind is saved, in any tab."""
    latest: dict[tuple[str, str], int] = st.session_state.get(_LATEST, {})
    return latest.get((scope, kind), 0)


def say(sentence: str) -> None:
    """Have the sidebar say once what could not be kept or opened."""
    st.session_state[_SAID] = sentence


def said() -> str:
    """What is to be said, once."""
    return str(st.session_state.pop(_SAID, ""))


def open_kept(key: str) -> tuple[Cohort, Original | None]:
    """A kept cohort, and how its files are read again.

    Raises
    ------
    WorkspaceError
        If it is damaged or gone; it is then not listed any more in this session.
    """
    found = _holder(key)
    if found is None or key not in kept_cohorts():
        raise WorkspaceError("This cohort is not kept any more; load it again.")
    store, owner = found
    place = (owner, key, kept_cohorts()[key].fingerprint)
    cohort = _open.get(place)
    if cohort is None:
        try:
            cohort, original = store.open(owner, key)
        except WorkspaceError:
            st.session_state.setdefault(_DAMAGED, set()).add(key)
            raise
        _open[place] = cohort
        _originals[cohort] = original
    st.session_state.setdefault(_BASES, {})[key] = cohort.fingerprint
    return cohort, _originals.get(cohort)


def read_again(key: str, mapping: Mapping[str, Any], name: str | None) -> Cohort:
    """What the original files of a kept cohort give under another mapping.

    Raises
    ------
    CohortError, WorkspaceError
        If they cannot be read so, or are not kept.
    """
    found = _holder(key)
    if found is None:
        raise WorkspaceError("This cohort is not kept any more; load it again.")
    store, owner = found
    return load_upload(store.originals(owner, key), mapping, name)


def keep(key: str, cohort: Cohort, original: Original | None) -> None:
    """Keep a cohort, or what it became by a correction, on this machine.

    Raises
    ------
    WorkspaceError
        If it cannot be written, or was corrected elsewhere since this session opened it.
    """
    one = shared(key)
    listed = kept_cohorts().get(key)
    bases: dict[str, str] = st.session_state.setdefault(_BASES, {})
    if listed is not None and bases.get(key, listed.fingerprint) != listed.fingerprint:
        raise WorkspaceError(
            "it was corrected elsewhere since this session opened it; reload the page to see that, "
            "and correct it then."
        )
    if one is not None and one.may != "edit":
        raise WorkspaceError("This cohort is shared with you to read, not to correct.")
    found = workspace(make=True) if one is None else _holder(key)
    if found is None:
        raise WorkspaceError("Nothing can be kept on this server: it cannot tell its users apart.")
    store, owner = found
    store.keep(owner, key, cohort, original)
    bases[key] = cohort.fingerprint
    if original is not None:
        before = store.saved(owner, key, MAPPING).get(COLUMNS)
        mapping = dict(original.mapping)
        if before is None or before.content != mapping:
            store.save(owner, key, MAPPING, {COLUMNS: mapping}, fingerprint=cohort.fingerprint)
    _open[owner, key, cohort.fingerprint] = cohort
    _originals[cohort] = original
    note(person(), "keep", fingerprint=cohort.fingerprint, n=cohort.n)
    refresh_kept()


def delete_kept(key: str) -> None:
    """Delete a kept cohort and all that was saved about it.

    Raises
    ------
    WorkspaceError
        If the store cannot be written.
    """
    found = workspace()
    if found is not None:
        store, owner = found
        if shared(key) is not None:
            raise WorkspaceError("This cohort is shared with you: only its owner deletes it.")
        held = kept_cohorts()[key]
        store.delete(owner, key)
        note(person(), "delete", fingerprint=held.fingerprint, n=held.patients)
    refresh_kept()


def place_of(key: str) -> Mapping[str, Any]:
    """The settings and the filter with which a kept cohort was looked at last; empty if not known.

    Raises
    ------
    WorkspaceError
        If the store does not answer.
    """
    found = workspace()
    return {} if found is None else found[0].place(found[1], key) or {}


def is_kept(scope: str, about: tuple[str, ...] = ()) -> bool:
    """Whether what is saved of a cohort, or about some, is kept.

    What tells of several cohorts is kept where one of them is, and each is kept or everybody's.
    """
    held = kept_cohorts()
    if scope:
        return scope in held
    return any(key in held for key in about) and all(
        key in held or is_everybodys(key) for key in about
    )


def reader_of(key: str) -> Any:
    """What a source of :mod:`app.shell.session` reads a kept cohort's files with."""
    return partial(read_again, key)
