"""Numbers in words: one way to print a p-value, a ratio, a percentage, a time, an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from data_loaders.wording import capitalised, listing, mid_sentence, with_range
from data_loaders.wording import plural as count

__all__ = [
    "MONTHS_PER_YEAR",
    "NOT_REACHED",
    "SIGNIFICANT",
    "TimeUnit",
    "capitalised",
    "count",
    "format_interval",
    "format_p",
    "format_p_cell",
    "format_percent",
    "format_percent_ci",
    "format_q",
    "format_ratio",
    "format_smd",
    "format_time",
    "format_time_ci",
    "in_unit",
    "listing",
    "mid_sentence",
    "number_in_words",
    "signed",
    "some",
]

TimeUnit = Literal["years", "months"]
MONTHS_PER_YEAR = 12.0
NOT_REACHED = "not reached"
SIGNIFICANT = 0.05
_NAMED = 6


def some(labels: Sequence[str]) -> str:
    """Labels in a sentence, the first six where there are many."""
    if len(labels) <= _NAMED + 1:
        return listing(labels)
    return f"{', '.join(labels[:_NAMED])} and {len(labels) - _NAMED} more"


def format_p(p_value: float) -> str:
    """A p-value as printed: ``p = 0.016``, ``p < 0.0001``, never ``p = 0.00``.

    Three digits after the point below 0.1, two above; scientific papers' floor of 0.0001.
    """
    if math.isnan(p_value):
        return "p not available"
    if p_value < 0.0001:
        return "p < 0.0001"
    if p_value < 0.001:
        return f"p = {p_value:.4f}"
    return f"p = {p_value:.3f}" if p_value < 0.1 else f"p = {p_value:.2f}"


def format_p_cell(p_value: float) -> str:
    """A p-value under a heading that says so: ``0.016``, ``< 0.0001``; a dash for none."""
    return "–" if math.isnan(p_value) else format_p(p_value).removeprefix("p ").removeprefix("= ")


def format_q(q_value: float) -> str:
    """An adjusted p-value as printed: ``q = 0.016``, ``q < 0.0001``; three digits throughout."""
    if math.isnan(q_value):
        return "q not available"
    if q_value < 0.0001:
        return "q < 0.0001"
    return f"q = {q_value:.4f}" if q_value < 0.001 else f"q = {q_value:.3f}"


def format_ratio(ratio: float, lower: float, upper: float) -> str:
    """A ratio with its interval: ``2.13 (1.60–2.84)``; a dash where there is none."""
    if math.isnan(ratio):
        return "–"
    return with_range(*map(_ratio_digits, (ratio, lower, upper)))


def _ratio_digits(value: float) -> str:
    if not math.isfinite(value):
        return "∞" if value > 0 else "–"
    if value < 99.95:
        return f"{value:.2f}" if value < 10 else f"{value:.1f}"
    return three_figures(value)


def three_figures(value: float) -> str:
    """A number to three figures, from 1,000 on whole: ``28.4``, ``2,104``, never ``2.1e+03``."""
    return f"{value:.3g}" if abs(value) < 999.5 or not math.isfinite(value) else f"{value:,.0f}"


def format_smd(value: float) -> str:
    """A standardised mean difference; infinite where every group has one value of its own."""
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else f"{value:.2f}"


def format_interval(value: float, lower: float, upper: float, form: str = ".2f") -> str:
    """A number with its interval, all in one form: ``2.13 (1.60–2.84)``."""
    return with_range(*(f"{number:{form}}" for number in (value, lower, upper)))


def format_percent(share: float, digits: int = 0) -> str:
    """A share as a percentage: ``71%``; a dash where it is not known.

    In words, and beside the count that it is of, it has no digit after the point; where it stands
    alone in a table or under the pointer it has one.
    """
    return "–" if math.isnan(share) else f"{100 * share:.{digits}f}%".replace("-", "−")


def format_percent_ci(share: float, lower: float, upper: float) -> str:
    """A share with its interval: ``71% (63–78)``; without one where nothing varied."""
    if math.isnan(share):
        return "–"
    if math.isnan(lower) or math.isnan(upper) or lower == upper:
        return format_percent(share)
    return with_range(format_percent(share), f"{100 * lower:.0f}", f"{100 * upper:.0f}")


def in_unit(months: float, unit: TimeUnit) -> float:
    """Months in the unit that the page shows."""
    return months / MONTHS_PER_YEAR if unit == "years" else months


def format_years(months: float) -> str:
    """A time given in months, in words: ``1 year``, ``2.5 years``."""
    years = months / MONTHS_PER_YEAR
    return f"{years:g} year{'' if years == 1 else 's'}"


def format_time(months: float, unit: TimeUnit) -> str:
    """A time given in months, as a number in the unit shown; ``not reached`` where unknown."""
    if math.isnan(months) or math.isinf(months):
        return NOT_REACHED
    value = in_unit(months, unit)
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def format_time_ci(months: float, lower: float, upper: float, unit: TimeUnit) -> str:
    """A time with its interval: ``10.1 (6.7–11.5)``, a limit that is not reached as NR."""
    low, high = (
        "NR" if math.isnan(end) or math.isinf(end) else format_time(end, unit)
        for end in (lower, upper)
    )
    if math.isnan(months) or math.isinf(months):
        return NOT_REACHED if low == "NR" else with_range(NOT_REACHED, low, high)
    return with_range(format_time(months, unit), low, high)


def number_in_words(value: float) -> str:
    """A measured number with four digits that count: ``4.25``, ``1520``, ``23,400``."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def signed(value: float) -> str:
    """A difference to one digit, with its sign: ``+4.5``, ``−7.9``."""
    return f"{value:+z.1f}".replace("-", "−")
