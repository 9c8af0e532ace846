"""Results that a session keeps, so that a redraw does not compute them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from app.ui.session import Looking

T = TypeVar("T")
_HELD = "_remembered"
_MOST = 8


def remembered(
    name: str, looking: Looking, settings: tuple[Hashable, ...], make: Callable[[], T]
) -> T:
    """The result for these patients and settings, made once.

    Tables are never hashed: what is asked for is told by the cohort's fingerprint, the filter and
    the settings. The oldest results of a name make room for new ones.

    Parameters
    ----------
    name
        What kind of result it is.
    looking
        The cohort and the filter.
    settings
        Everything else that the result depends on.
    make
        Computes it.
    """
    held: dict[Hashable, Any] = st.session_state.setdefault(_HELD, {}).setdefault(name, {})
    chosen = json.dumps(looking.filter.to_dict(), sort_keys=True)
    key = (looking.cohort.fingerprint, chosen, *settings)
    if key not in held:
        with st.spinner("Fitting the models"):
            result = make()
        while len(held) >= _MOST:
            held.pop(next(iter(held)))
        held[key] = result
    return held[key]  # type: ignore[no-any-return]
