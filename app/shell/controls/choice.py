"""One of a few options, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import streamlit as st

_Option = TypeVar("_Option")


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
) -> _Option:
    """Draw a segmented control and return what is chosen, always one of the options.

    Parameters
    ----------
    label
        What is chosen.
    options
        The options; the first is chosen at first, and in place of one that there is not.
    key
        Stable key of the widget, under which a link keeps the choice.
    default
        The option chosen at first, where it is not the first.
    linked
        Whether a link keeps the choice.
    quiet
        Whether the label is left to screen readers, as the options speak for themselves.
    wrap
        Whether the options may take more than one row.
    help
        What a reader may want to know.
    """
    options = list(options)
    first = options[0] if default is None else default
    chosen = st.segmented_control(
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
