"""Headings that people read, for the columns of results: names in words, with their units.

Results hold times in months and shares from 0 to 1; where a column was changed to another unit its
name ends in it (``time_years``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.study.wording import capitalised

_HEADINGS = {
    "a": "One",
    "b": "Other",
    "n_a": "n of one",
    "n_b": "n of other",
    "n": "n",
    "n_risk": "At risk",
    "n_event": "Events",
    "n_events": "Events, cumulative",
    "n_censored": "Censored",
    "n_entered": "Entered",
    "hr": "Hazard ratio",
    "shr": "Subdistribution hazard ratio",
    "se": "Standard error",
    "std_error": "Standard error",
    "coef": "Coefficient, log hazard ratio",
    "lower": "95% lower",
    "upper": "95% upper",
    "hr_lower": "Hazard ratio, 95% lower",
    "hr_upper": "Hazard ratio, 95% upper",
    "chi2": "Chi-squared",
    "statistic": "Statistic",
    "df": "Degrees of freedom",
    "p": "p",
    "q": "q",
    "p_value": "p",
    "q_value": "q (Benjamini-Hochberg)",
    "p_adjusted": "p, adjusted",
    "interaction_p": "p of interaction",
    "smd": "Standardised difference",
    "sd": "SD",
    "vaf": "Allele fraction, 0 to 1",
    "time": "Time, months",
    "at": "At, months",
    "landmark": "Landmark, months",
    "delay": "Delay, months",
    "tau": "Horizon, months",
    "horizon": "Horizon, months",
    "rmst": "Restricted mean, months",
    "life": "Restricted mean, months",
    "gain": "Gain of restricted mean, months",
    "per": "Per, units",
    "q1": "First quartile",
    "q3": "Third quartile",
    "in_group": "Share within the group",
    "outside": "Share outside the group",
    "a_only": "Only one",
    "b_only": "Only other",
    "wrong_1_minus_km": "Wrong 1 - Kaplan-Meier",
}
_UNITS = ("years", "months", "days")
_WORDS = {
    "hr": "hazard ratio", "or": "odds ratio", "rmst": "restricted mean", "sd": "SD",
    "smd": "standardised difference", "p99": "99th percentile",
}  # fmt: skip
# Statistics that are times in months, with what their columns' names go on with.
_IN_MONTHS = re.compile(r"^(rmst|gain|life)_")
_P_VALUE = re.compile(r"(^|_)[pq](_(value|adjusted)\w*|_\d)?$|^[pq](,| \(|$)|^p of ")


def headings(names: Sequence[str]) -> list[str]:
    """Headings for the columns of a table, all different as far as the names are.

    Parameters
    ----------
    names
        Of the columns, as results have them. A name that is words already stays.
    """
    found = [_heading(name) for name in names]
    return [
        text if found.count(text) == 1 else name for text, name in zip(found, names, strict=True)
    ]


def is_p_value(name: str) -> bool:
    """Whether a column holds p-values, adjusted or not, by its name or heading."""
    return _P_VALUE.search(name) is not None


def _heading(name: str) -> str:
    if name in _HEADINGS:
        return _HEADINGS[name]
    if not name.isascii() or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return name
    words = name.replace("_", " ")
    words = " ".join(_WORDS.get(word, word) for word in words.split())
    words = words.replace(" lower", ", 95% lower").replace(" upper", ", 95% upper")
    unit = next((unit for unit in _UNITS if name.endswith(f"_{unit}")), None)
    if unit is not None:
        words = f"{words.removesuffix(f' {unit}')}, {unit}"
    elif _IN_MONTHS.match(name):
        words += ", months"
    return capitalised(words)
