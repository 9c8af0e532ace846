"""Choices among options: side by side, in a box, several at once, yes or no; kept in the link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import streamlit as st

_Option = TypeVar("_Option")
_NO_LABELS: Mapping[Any, str] = MappingProxyType({})


def choice(
    label: str,
    options: Iterable[_Option],
    key: str,
    *,
    default: _Option | None = None,
    linked: bool = True,
    quiet: bool = False,
    wrap: bool | None = None,
    help: str | None = None,  # noqa: A002 - Streamlit's own word
    place: Any = st,
) -> _Option:
    """One of a few options side by side: the first, or the default, until another is chosen.

    Parameters
    ----------
    label, options, key, default, wrap, help
        As of Streamlit's control; what is returned is always one of the options.
    linked
        Whether a link keeps the choice.
    quiet
        Whether the label is left to screen readers, as the options speak for themselves.
    place
        The container that it is drawn in.
    """
    options = list(options)
    first = options[0] if default is None else default
    if st.session_state.get(key, first) not in options:
        # Another page's or cohort's: it would stay in the address, and be what is drawn as chosen.
        del st.session_state[key]
    chosen = place.segmented_control(
        label,
        options,
        default=first,
        required=True,
        key=key,
        help=help,
        bind="query-params" if linked else None,
        label_visibility="collapsed" if quiet else "visible",
        wrap=wrap,
    )
    return chosen if chosen in options else first


def pick(
    label: str,
    options: Iterable[_Option],
    key: str,
    *,
    default: _Option | None = None,
    labels: Mapping[_Option, str] = _NO_LABELS,
    place: Any = st,
    **more: Any,
) -> _Option:
    """One of many options in a box, under their labels; always one of the options.

    Parameters
    ----------
    labels
        What options are called where they do not speak for themselves.
    place
        As of :func:`choice`.
    """
    options = list(options)
    first = options[0] if default is None else default
    chosen = place.selectbox(
        label,
        options,
        index=options.index(first),
        format_func=lambda option: labels.get(option, str(option)),
        key=key,
        bind="query-params",
        **more,
    )
    return chosen if chosen in options else first


def several(
    label: str,
    options: Iterable[_Option],
    key: str,
    *,
    labels: Mapping[_Option, str] = _NO_LABELS,
    placeholder: str = "All",
    place: Any = st,
    **more: Any,
) -> list[_Option]:
    """Any number of options, in the order of the choice; see :func:`pick`."""
    options = list(options)
    chosen = place.multiselect(
        label,
        options,
        format_func=lambda option: labels.get(option, str(option)),
        key=key,
        placeholder=placeholder,
        bind="query-params",
        select_all=False,
        **more,
    )
    return [option for option in chosen if option in options]


def toggle(label: str, key: str, *, value: bool = False, place: Any = st, **more: Any) -> bool:
    """Whether something is wanted; a link keeps it."""
    return bool(place.toggle(label, value=value, key=key, bind="query-params", **more))


def number(
    label: str,
    key: str,
    *,
    value: float | None = None,
    least: float = 0.0,
    place: Any = st,
    **more: Any,
) -> Any:
    """A number of at least ``least``, None where the box is left empty; a link keeps it."""
    return place.number_input(
        label, min_value=least, value=value, key=key, bind="query-params", **more
    )
