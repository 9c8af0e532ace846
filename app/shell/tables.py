"""Tables on a page: names in front are told apart at any width, counts are printed as in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.shell.columns import ALWAYS_PRINTED, counted
from app.shell.layout import browser_is
from app.study.figures.labels import all_shortened
from app.study.glossary import explained
from app.study.wording import format_percent

# Pixels of a letter and around a cell; the least and the most that a column of names takes.
_LETTER, _AIR, _LEAST, _MOST = 7.6, 24, 80, 320
_LETTERS_ON_PHONE = 20
_MOST_PRINTED = 20_000  # cells: each takes pandas some time
_YEARS = re.compile(r"year|jahr|ann[oé]e?\b", re.IGNORECASE)


def draw_table(
    frame: pd.DataFrame,
    *,
    key: str,
    column_config: Mapping[str, Any] | None = None,
    column_order: Iterable[str] | None = None,
    printed: Mapping[str, Callable[[Any], str]] | None = None,
    **options: Any,
) -> Any:
    """A table whose names in front stay in sight and are as wide as the longest of them.

    Streamlit shares out the width evenly, and cuts ``CALR type 1`` and ``CALR type 2`` alike.

    Parameters
    ----------
    column_config, column_order
        As in ``st.dataframe``; pinned columns of text get their width here.
    printed
        What prints the cells of columns by their names, beside p-values; they sort by their values
        all the same. A table too large for that has its columns' formats.
    """
    order = list(column_order or frame.columns)
    config: dict[str, Any] = dict(column_config or {})
    named = set(map(str, frame[order[0]])) if order and _is_text(frame[order[0]]) else set()
    phone, printed = browser_is("Mobi"), dict(printed or {})
    for name in order:
        given = config.get(name)
        if given is None and named and named & set(map(str, frame[name])):
            given = st.column_config.TextColumn(pinned=bool(name == order[0]))
        elif not (isinstance(given, dict) and given.get("pinned") and _is_text(frame[name])):
            continue
        shown: Iterable[object] = frame[name]
        if phone:
            short = names_on_phone(map(str, frame[name].dropna()))
            printed.setdefault(name, lambda text, short=short: short.get(str(text), str(text)))
            shown = short.values()
        title = str(given.get("label") or name)
        config[name] = {**given, "width": names_width(title, shown)}
    for name in order:
        given = config.get(name, {})
        if isinstance(given, dict) and "help" not in given:
            meant = explained([str(given.get("label") or name)])
            # A title that says several words is explained by all of them.
            config |= {name: {**given, "help": "  \n".join(meant.values())}} if meant else {}
    options = {"hide_index": True, "placeholder": "–", **options}
    shares = {
        name: partial(format_percent, digits=1)
        for name in order
        if _kind_of(config.get(name)) == ("number", "percent") and not _is_text(frame[name])
    }
    how = {
        name: write
        for name, write in {**ALWAYS_PRINTED, **shares, **printed}.items()
        if name in frame.columns and (name in printed or not _is_text(frame[name]))
        if frame.size <= _MOST_PRINTED
    }
    config |= {name: _without_format(config[name]) for name in how if name in config}
    config |= {
        name: _with_separators(config.get(name))
        for name in order
        if name not in how and _is_count(str(name), frame[name])
    }
    return st.dataframe(
        frame.style.format(how) if how else frame,
        key=key,
        column_config=config,
        column_order=column_order,
        **options,
    )


def _is_count(name: str, column: pd.Series) -> bool:
    """Whether a column holds whole numbers that need a mark between thousands: no years."""
    if _is_text(column) or pd.api.types.is_bool_dtype(column) or _YEARS.search(name):
        return False
    held = column.dropna().to_numpy(dtype=np.float64)
    held = held[np.isfinite(held)]
    return bool(len(held) and np.abs(held).max() >= 1000 and (held % 1 == 0).all())


def _kind_of(given: Any) -> tuple[str | None, str | None]:
    """Type and format of a column's settings; None where they say none."""
    kind = (given.get("type_config") if isinstance(given, dict) else None) or {}
    return kind.get("type"), kind.get("format")


def _without_format(given: Any) -> Any:
    """How a column is shown whose cells are printed: a format would print them again."""
    if _kind_of(given)[1] is not None:
        return {**given, "type_config": {**given["type_config"], "format": None}}
    return given


def _with_separators(given: Any) -> Any:
    """How a column of counts is shown, with a mark between thousands unless a format is given."""
    if given is None or isinstance(given, str):
        return counted(given)
    kind = given.get("type_config")
    if kind is None:
        return {**counted(), **{part: held for part, held in given.items() if held is not None}}
    if kind["type"] != "number" or kind["format"] is not None:
        return given
    return {**given, "type_config": {**kind, "format": "localized"}}


def names_on_phone(names: Iterable[str]) -> dict[str, str]:
    """Each name in so few letters that a phone shows numbers beside it; different ones stay so."""
    each = list(dict.fromkeys(names))
    return dict(zip(each, all_shortened(each, _LETTERS_ON_PHONE), strict=True))


def names_width(title: str, names: Iterable[object]) -> int:
    """Pixels that a column needs for its title and the longest of its names."""
    longest = max((len(str(name)) for name in (title, *names)), default=0)
    return int(min(max(_AIR + _LETTER * longest, _LEAST), _MOST))


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
