"""Whose page is made next: a few at a time, the others wait in turn and are told so.

Pages that are made at the same time take the processor from each other, so that with many all are
late; and who waits must know that they do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

_AT_ONCE = 4
_QUIETLY_S = 2.0
_AT_MOST_S = 120.0  # then it is made all the same
_OVERLOADED_S = 10.0

_free = threading.BoundedSemaphore(_AT_ONCE)
_waiting: dict[int, float] = {}


@contextmanager
def turn() -> Iterator[None]:
    """Wait until this run may go on; after a while with a sentence where the page will be."""
    mine = _free.acquire(blocking=False) or _in_turn()
    try:
        yield
    finally:
        if mine:
            _free.release()


def overloaded() -> bool:
    """Whether somebody has waited so long that nobody else should be let in."""
    now = time.monotonic()
    return any(now - since > _OVERLOADED_S for since in list(_waiting.values()))


def _in_turn() -> bool:
    me = threading.get_ident()
    _waiting[me] = time.monotonic()
    try:
        if _free.acquire(timeout=_QUIETLY_S):
            return True
        with st.spinner("Many people are working here just now: this page comes in its turn"):
            return _free.acquire(timeout=_AT_MOST_S)
    finally:
        del _waiting[me]
