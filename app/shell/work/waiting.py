"""Waiting for a slow answer, with a button that ends the wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

T = TypeVar("T")
_POLL_SECONDS = 0.2


def while_waiting(ask: Callable[[], T], said: str, *, key: str, on_stop: Callable[[], None]) -> T:
    """The answer of a call that may be slow; the page can be left, and the wait be stopped.

    Streamlit ends a script only where it draws. So the call runs beside it, and the page draws
    until the answer is there; a click on Stop, or on anything else, ends the wait.

    Parameters
    ----------
    ask
        The call; it must not draw, and has to end by itself in the end.
    said
        What is waited for, and how long at most.
    on_stop
        Called when Stop is clicked.

    Raises
    ------
    Exception
        What the call raises.
    """
    answers: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        line = st.empty()
        st.button("Stop", key=key, type="tertiary", on_click=on_stop)
    while thread.is_alive():
        line.caption(f":material/hourglass_empty: {said}.")
        thread.join(_POLL_SECONDS)
    place.empty()
    if errors:
        raise errors[0]
    return answers[0]
