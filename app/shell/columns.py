"""Columns that tables share: the same number has the same heading and format anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from streamlit.column_config import NumberColumn, TextColumn

from app.study.figures.forest import ratio_words
from app.study.wording import format_p_cell, format_smd

pinned = partial(TextColumn, pinned=True)
counted = partial(NumberColumn, format="localized")
percent = partial(NumberColumn, format="percent")
# Two digits that count, for numbers of any size; two after the point, for ratios near 1.
two_digits = partial(NumberColumn, format="%.2g")
two_decimals = partial(NumberColumn, format="%.2f")

_COLUMNS: dict[str, Any] = {
    "hr": two_decimals("Hazard ratio"),
    "odds_ratio": two_decimals("Odds ratio"),
    "lower": two_decimals("95% from"),
    "upper": two_decimals("to"),
    "smd": two_decimals("SMD"),
    "statistic": two_digits("Chi-squared"),
    "p_value": two_digits("p"),
    "p_adjusted": two_digits("p, adjusted"),
    "q_value": two_digits("q"),
    "tested": counted("Tested"),
    "altered": counted("Altered"),
    "patients": counted("Patients"),
    "events": counted("Events"),
    "frequency": percent("Frequency"),
    "kind": "Kind",
    "test": "Test",
    "reason": "Reason",
}


def _ratio(value: float) -> str:
    if math.isnan(value):
        return "–"
    return ratio_words(value) if value else "0"


# What prints numbers that no format does justice to: p-values such as 3.8e-86 and infinite
# differences in any table, an infinite odds ratio in those that are told so.
ALWAYS_PRINTED: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("p_value", "p_adjusted", "q_value"), format_p_cell),
    "smd": format_smd,
}
PRINTED: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("odds_ratio", "lower", "upper"), _ratio),
    **ALWAYS_PRINTED,
}


def columns(*names: str, **others: Any) -> dict[str, Any]:
    """How columns of a table are shown, for ``column_config``.

    Parameters
    ----------
    names
        Columns that look as they do everywhere.
    others
        Columns that are this table's own, with their settings or heading.
    """
    return {name: _COLUMNS[name] for name in names} | others
