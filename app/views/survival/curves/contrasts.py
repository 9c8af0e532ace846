"""Groups against a reference: at chosen times, in mean, given survival so far.

Each comparison is a sheet of numbers, every estimate with its limits in columns of their own, and
the table that a page prints from it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.survival import (
    Curves,
    conditional_survival,
    longest_common_time,
    rmst_differences,
    supported_by_all,
    survival_differences,
)
from app.cohort.groupings import MIN_GROUP_FOR_TEST
from app.study.wording import (
    MONTHS_PER_YEAR,
    TimeUnit,
    format_p_cell,
    format_percent_ci,
    format_time,
    in_unit,
    signed,
)
from app.views.survival.curves.analysis import YEARS, GroupSurvival

USUAL_TIMES = tuple(MONTHS_PER_YEAR * year for year in YEARS)
USUALLY_GIVEN = 2 * MONTHS_PER_YEAR


@dataclass(frozen=True)
class AskedTimes:
    """At which times the groups are compared, all in months.

    Parameters
    ----------
    horizon
        Of the restricted means; 0 where nobody is followed.
    given, further
        Already lived without the event, and the further times asked about.
    """

    times: Sequence[float]
    horizon: float
    given: float
    further: Sequence[float]


def common_horizon(result: GroupSurvival) -> float:
    """Months for a restricted mean: the longest with 10 at risk in every group, in whole years.

    Below one year whole months; where no group is as large, the longest that every group is
    followed; zero where nobody is.
    """
    if not result.drawn:
        return 0.0
    longest = supported_by_all(result.by_name.values()) or longest_common_time(result.by_name)
    step = MONTHS_PER_YEAR if longest >= MONTHS_PER_YEAR else 1.0
    return float(np.floor(longest / step + 1e-9) * step) or longest


def differences_sheet(
    result: GroupSurvival, months: Sequence[float], unit: TimeUnit
) -> pd.DataFrame:
    """Survival of each group at chosen times and its difference from the reference."""
    curves, wanted = result.by_name, sorted(set(months))
    frame = survival_differences(curves, wanted) if len(curves) > 1 else pd.DataFrame()
    rows = []
    for time in wanted:
        for place, (name, km) in enumerate(curves.items()):
            at = km.at(time).iloc[0]
            row: dict[str, object] = {
                f"Time, {unit}": in_unit(time, unit),
                "Group": str(name),
                "At risk": int(at["n_risk"]),
                **estimate_cells("Survival", share_of(at)),
            }
            if place:
                own = frame[(frame["group"] == name) & (frame["time"] == time)].iloc[0]
                small = _too_small(curves, name)
                cells = _contrast_cells("Difference", own, 1.0, small)
                row |= {"Reference": own["reference"], **cells}
            rows.append(row)
    return pd.DataFrame(rows)


def differences_table(
    result: GroupSurvival, months: Sequence[float], unit: TimeUnit
) -> pd.DataFrame:
    """The sheet of differences as printed, one row a time and group."""
    return pd.DataFrame(
        {
            unit.capitalize(): f"{at[f'Time, {unit}']:g}",
            "Group": at["Group"],
            "At risk": at["At risk"],
            "Survival (95% CI)": format_percent_ci(*values_of(at, "Survival")),
            **_compared(result.by_name, at, "Difference", "Difference, points (95% CI)", _points),
        }
        for at in differences_sheet(result, months, unit).to_dict("records")
    )


def means_sheet(result: GroupSurvival, months: float, unit: TimeUnit) -> pd.DataFrame:
    """Restricted mean survival time of each group, its horizon, and its difference."""
    curves = result.by_name
    frame = rmst_differences(curves, months) if len(curves) > 1 else pd.DataFrame()
    rows = []
    for place, (name, km) in enumerate(curves.items()):
        mean = km.rmst(months)
        row: dict[str, object] = {
            "Group": str(name),
            f"Horizon, {unit}": in_unit(months, unit),
            **estimate_cells(
                f"Restricted mean, {unit}", times_in(unit, float(mean), mean.lower, mean.upper)
            ),
            "Note": mean.note,
        }
        if place:
            own = frame[frame["group"] == name].iloc[0]
            small = _too_small(curves, name)
            cells = _contrast_cells(f"Difference, {unit}", own, in_unit(1.0, unit), small)
            row |= {"Reference": own["reference"], **cells}
        rows.append(row)
    return pd.DataFrame(rows)


def restricted_means_table(result: GroupSurvival, months: float, unit: TimeUnit) -> pd.DataFrame:
    """The sheet of restricted means as printed, one row a group."""
    curves, difference = result.by_name, f"Difference, {unit}"
    signed_mean = partial(mean_text, form="+z.2f")
    rows = []
    for at in means_sheet(result, months, unit).to_dict("records"):
        km = curves[at["Group"]]
        carried_on = km.rmst(months).note.startswith("Follow-up ends")
        rows.append(
            {
                "Group": at["Group"],
                f"Restricted mean, {unit} (95% CI)": mean_text(
                    *values_of(at, f"Restricted mean, {unit}")
                ),
                **_compared(curves, at, difference, f"{difference} (95% CI)", signed_mean),
                "Note": f"Followed to {format_time(km.time[-1], unit)} {unit}; carried on level to "
                "the horizon."
                if carried_on
                else "",
            }
        )
    table = pd.DataFrame(rows)
    return table if table.empty or table["Note"].any() else table.drop(columns="Note")


def conditional_sheet(
    result: GroupSurvival, given: float, further: Sequence[float], unit: TimeUnit
) -> pd.DataFrame:
    """Chance of a further time for who is event-free at ``given`` months, one row a time.

    Parameters
    ----------
    given
        Months already lived without the event.
    further
        Further times in months.
    """
    rows = []
    for name, km in result.by_name.items():
        start: dict[str, object] = {
            "Group": str(name),
            f"Without the event by, {unit}": in_unit(given, unit),
            "At risk then": int(km.at(given)["n_risk"].iloc[0]),
        }
        try:
            frame = conditional_survival(km, given, sorted(set(further)))
        except ValueError as error:
            rows.append(start | {"Note": str(error)})
            continue
        rows += [
            start
            | {f"Further time, {unit}": in_unit(at["time"], unit)}
            | estimate_cells("Survival of the further time", share_of(at))
            for at in frame.to_dict("records")
        ]
    return pd.DataFrame(rows)


def conditional_table(
    result: GroupSurvival, given: float, months: Sequence[float], unit: TimeUnit
) -> pd.DataFrame:
    """The sheet of conditional survival as printed, one row a group and one column a time."""
    rows: dict[str, dict[str, object]] = {}
    for at in conditional_sheet(result, given, months, unit).to_dict("records"):
        row = rows.setdefault(
            at["Group"], {"Group": at["Group"], "At risk then": at["At risk then"]}
        )
        more = at.get(f"Further time, {unit}", np.nan)
        if np.isnan(more):
            row["Note"] = at["Note"]
            continue
        column = f"{more:g} {unit[:-1] if more == 1 else unit} more (95% CI)"
        row[column] = format_percent_ci(*values_of(at, "Survival of the further time"))
    return pd.DataFrame(rows.values()).fillna("–")


def estimate_cells(name: str, values: tuple[float, float, float]) -> dict[str, object]:
    """An estimate and its limits, in columns of their own."""
    return dict(zip(_columns(name), values, strict=True))


def values_of(at: Mapping[Any, Any], name: str) -> tuple[float, float, float]:
    """An estimate and its limits, of a row of a sheet."""
    middle, low, high = (at[column] for column in _columns(name))
    return middle, low, high


def share_of(at: Mapping[Any, Any] | pd.Series) -> tuple[float, float, float]:
    """Survival with its limits, of a row of estimates."""
    return at["survival"], at["lower"], at["upper"]


def times_in(unit: TimeUnit, *months: float) -> tuple[float, float, float]:
    """Months in the unit; what is not reached is empty."""
    middle, low, high = (
        in_unit(value, unit) if np.isfinite(value) else float("nan") for value in months
    )
    return middle, low, high


def mean_text(middle: float, low: float, high: float, form: str = ".2f") -> str:
    """A restricted mean, or with a sign their difference, with its interval, as printed."""
    said, *limits = (format(value, form) for value in (middle, low, high))
    interval = "no interval" if np.isnan(low) else " to ".join(limits)
    return f"{said} ({interval})".replace("-", "−")


def _columns(name: str) -> tuple[str, str, str]:
    return name, f"{name}, 95% lower", f"{name}, 95% upper"


def _contrast_cells(name: str, own: pd.Series, factor: float, small: str) -> dict[str, object]:
    """A difference with its interval and p; empty, with the reason, where a group is too small."""
    if small:
        nothing = float("nan")
        return estimate_cells(name, (nothing,) * 3) | {"p": nothing, "Note": small}
    middle, low, high = (own[part] * factor for part in ("difference", "lower", "upper"))
    cells = estimate_cells(name, (middle, low, high))
    return cells | {"p": own["p_value"], "Note": own["note"]}


def _compared(
    curves: Curves,
    at: Mapping[Any, Any],
    name: str,
    heading: str,
    printed: Callable[[float, float, float], str],
) -> dict[str, str]:
    """The difference of a row and its p-value, as printed; nothing where there is one group."""
    if len(curves) < 2:
        return {}
    group, reference = at["Group"], str(next(iter(curves)))
    if group == reference:
        return {heading: "reference", "p": ""}
    small = _too_small(curves, group)
    if small:
        return {heading: small, "p": "–"}
    values = values_of(at, name)
    said = (at["Note"] or "–") if np.isnan(values[0]) else printed(*values)
    return {heading: said, "p": format_p_cell(at["p"])}


def _too_small(curves: Curves, name: Hashable) -> str:
    """Why a group is not compared with the first; empty where both are large enough."""
    reference = next(iter(curves))
    for group, words in ((name, ""), (reference, "the reference has ")):
        if curves[group].n < MIN_GROUP_FOR_TEST:
            return f"{words}fewer than {MIN_GROUP_FOR_TEST} patients"
    return ""


def _points(middle: float, low: float, high: float) -> str:
    """A difference of shares in percentage points, with its interval."""
    if np.isnan(low):
        return f"{signed(100 * middle)} (no interval)"
    return f"{signed(100 * middle)} ({signed(100 * low)} to {signed(100 * high)})"
