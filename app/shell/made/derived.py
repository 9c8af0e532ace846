"""What this session derived of its cohorts: held by the cohort's key, kept in links to public ones.

Every page sees the cohort with it, as :func:`app.shell.session.open_cohort` gives it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from app.cohort.derived import (
    MOST,
    Definition,
    DerivedError,
    definition_of,
    derived_among,
    derived_where_possible,
    readable,
    stated_derived,
    underived,
)
from app.shell.accounts import disclosure_policy
from app.shell.workspace.shelf import Shelf
from data_loaders import Cohort
from data_loaders.loading import is_everybodys

DERIVED = "derived"
_HELD, _BASES = "_derived", "_derived_of"
_NAME = "definitions"
_LONGEST = 3_000  # characters of an address that every browser and proxy takes


def definitions_of(key: str, cohort: Cohort) -> tuple[Definition, ...]:
    """The definitions of a cohort: the session's, else those it was loaded with.

    Parameters
    ----------
    cohort
        As it was loaded.
    """
    if disclosure_policy() is not None:
        return ()  # what is derived could single patients out
    _SHELF.pull(key)
    held: tuple[Definition, ...] | None = st.session_state.get(_HELD, {}).get(key)
    return stated_derived(cohort) or derived_among(cohort) if held is None else held


def define(key: str, definitions: Iterable[Definition]) -> None:
    """Hold these definitions for a cohort, in place of those before; kept where the cohort is."""
    st.session_state.setdefault(_HELD, {})[key] = tuple(definitions)
    _SHELF.push(key, _NAME)


def define_also(
    key: str, cohort: Cohort, definitions: Iterable[Definition | Mapping[str, object]]
) -> None:
    """Hold further definitions; of two with one name the one that is there stays."""
    held = definitions_of(key, cohort)
    names = {one.name for one in held}
    new = [one for one in map(definition_of, definitions) if one.name not in names]
    if new:
        define(key, (*held, *new))


def with_definitions(key: str, cohort: Cohort) -> Cohort:
    """The cohort with what was derived of it, as far as that is possible."""
    made = derived_where_possible(cohort, definitions_of(key, cohort))[0]
    if made is not cohort:
        bases: dict[str, str] = st.session_state.setdefault(_BASES, {})
        if made.fingerprint not in bases:
            bases[made.fingerprint] = underived(cohort).fingerprint
    return made


def refused_definitions(key: str, cohort: Cohort) -> Mapping[str, str]:
    """Why definitions cannot be used, by name."""
    refused = derived_where_possible(cohort, definitions_of(key, cohort))[1]
    return {name: str(error) for name, error in refused.items()}


def base_fingerprint(cohort: Cohort) -> str:
    """The fingerprint of the cohort before anything was derived: its patients are the same."""
    bases: Mapping[str, str] = st.session_state.get(_BASES, {})
    return bases.get(cohort.fingerprint, cohort.fingerprint)


def texts_for_link(key: str, cohort: Cohort) -> list[str]:
    """What a link says of the definitions, where everybody has the cohort and it is short enough.

    Parameters
    ----------
    cohort
        With what was derived.
    """
    if not is_everybodys(key):
        return []
    texts = [
        json.dumps(one, ensure_ascii=False, separators=(",", ":"))
        for one in cohort.provenance.derived
    ]
    return texts if sum(map(len, texts)) <= _LONGEST else []


def take_derived_from_link(key: str, cohort: Cohort) -> None:
    """Hold the definitions that a link brings; what cannot be read is passed over."""
    if not is_everybodys(key):
        return
    for text in st.query_params.get_all(DERIVED)[:MOST]:
        if len(text) <= _LONGEST:
            with contextlib.suppress(DerivedError, ValueError, RecursionError):
                define_also(key, cohort, [json.loads(text)])


def _names(scope: str) -> list[str]:
    return [_NAME] if scope in st.session_state.get(_HELD, {}) else []


def _write(scope: str, _name: str) -> list[dict[str, Any]] | None:
    held: tuple[Definition, ...] | None = st.session_state.get(_HELD, {}).get(scope)
    return None if held is None else [one.to_dict() for one in held]


def _take(scope: str, things: Mapping[str, Any]) -> None:
    if things.get(_NAME) is not None:
        st.session_state.setdefault(_HELD, {})[scope] = readable(things[_NAME])


_SHELF = Shelf("derived", _names, _write, _take)
