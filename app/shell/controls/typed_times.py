"""Times that a reader types, several in one field."""

from __future__ import annotations

import math


def typed_times(typed: str | None) -> list[tuple[str, float]]:
    """What stands between commas or semicolons, each with its number; NaN for what is none."""
    words = [word.strip() for word in (typed or "").replace(";", ",").split(",")]
    return [(word, _number(word)) for word in words if word]


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
