"""Escapes what the data hold in every Markdown text that a page shows, and in every figure.

Streamlit reads labels, captions, messages and helps as Markdown. One door lets them all out,
:meth:`DeltaGenerator._enqueue` (and ``_block`` for what holds others), so that is where they are
escaped: no page can forget to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from streamlit.delta_generator import DeltaGenerator

from app.cohort.escaping import Escapes
from app.study.figures.escaped import escaped
from data_loaders import Cohort

_HELD, _OF_COHORT, _WITH_NAMES = "_escapes", "_escapes_of_cohort", "_escapes_with_names"
# What Streamlit reads as Markdown, by the name of its field.
_FIELDS = frozenset({"body", "label", "help", "text", "content", "delta", "title", "caption"})
# These hold data of their own format, or plain text under such a name.
_OTHERS = frozenset(
    {"arrow_data_frame", "plotly_chart", "code", "json", "html", "imgs", "logo", "snow", "iframe"}
)
_INSTALLED = "_escapes_text"
# What the session holds, for its own thread: every element of a page asks for it.
_of_thread = threading.local()


def install() -> None:
    """Have every text escaped on its way out; once a process."""
    if hasattr(DeltaGenerator, _INSTALLED):
        return
    enqueue, block = DeltaGenerator._enqueue, DeltaGenerator._block  # noqa: SLF001

    @wraps(enqueue)
    def enqueue_escaped(
        self: DeltaGenerator, delta_type: str, element_proto: Message, *args: Any, **kwargs: Any
    ) -> DeltaGenerator:
        escapes = _escapes()
        if escapes is not None and delta_type not in _OTHERS:
            _escape(element_proto, escapes)
        return enqueue(self, delta_type, element_proto, *args, **kwargs)

    @wraps(block)
    def block_escaped(
        self: DeltaGenerator, block_proto: Any = None, *args: Any, **kwargs: Any
    ) -> DeltaGenerator:
        escapes = _escapes()
        if escapes is not None and block_proto is not None:
            _escape(block_proto, escapes)
        return block(self, block_proto, *args, **kwargs)

    DeltaGenerator._enqueue = enqueue_escaped  # type: ignore[method-assign]  # noqa: SLF001
    DeltaGenerator._block = block_escaped  # type: ignore[method-assign]  # noqa: SLF001
    setattr(DeltaGenerator, _INSTALLED, True)


def escape_texts_of(cohort: Cohort, names: Iterable[str] = ()) -> None:
    """From here on in this run, escape the strings of a cohort and names that the user typed."""
    fingerprint, held = st.session_state.get(_OF_COHORT) or ("", None)
    if held is None or fingerprint != cohort.fingerprint:
        held = Escapes.of(cohort)
        st.session_state[_OF_COHORT] = (cohort.fingerprint, held)
        st.session_state.pop(_WITH_NAMES, None)
    typed = frozenset(names)
    if not typed - held.strings:
        _hold(held)
        return
    before, named = st.session_state.get(_WITH_NAMES) or (frozenset(), held)
    if before != typed:
        named = held.with_names(typed)
        st.session_state[_WITH_NAMES] = (typed, named)
    _hold(named)


def _hold(escapes: Escapes) -> None:
    st.session_state[_HELD] = _of_thread.escapes = escapes


def _escapes() -> Escapes | None:
    """What is escaped; Streamlit gives a session threads of its own, one after the other."""
    if not hasattr(_of_thread, "escapes"):
        _of_thread.escapes = st.session_state.get(_HELD)
    held: Escapes | None = _of_thread.escapes
    return held


def escaped_figure(figure: go.Figure) -> go.Figure:
    """The figure as it is shown and exported: texts of the data are no markup."""
    return figure_escaper()(figure)


def figure_escaper() -> Callable[[go.Figure], go.Figure]:
    """What escapes a figure that is drawn later, when no session may be at hand any more."""
    return partial(_escaped, _escapes())


def _escaped(escapes: Escapes | None, figure: go.Figure) -> go.Figure:
    return figure if escapes is None else escaped(figure, escapes)


def _escape(message: Message, escapes: Escapes) -> None:
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in value if field.is_repeated else (value,):
                if isinstance(part, Message):
                    _escape(part, escapes)
        elif isinstance(value, str) and field.name in _FIELDS:
            setattr(message, field.name, escapes.markdown(value))
