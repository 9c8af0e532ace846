"""Groups against a reference, as printed: at chosen times, in mean, given survival so far."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

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
from app.views.survival.curves.analysis import GroupSurvival


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


def differences_table(
    result: GroupSurvival, months: Sequence[float], unit: TimeUnit
) -> pd.DataFrame:
    """Survival at chosen times, and the difference from the reference group, as printed.

    Parameters
    ----------
    result
        Curves by group.
    months
        The times.
    unit
        Unit in which the times are printed.

    Returns
    -------
    DataFrame
        One row a time and group.
    """
    curves = result.by_name
    wanted = sorted(set(months))
    frame = survival_differences(curves, wanted) if len(curves) > 1 else pd.DataFrame()
    rows = []
    for time in wanted:
        for place, (name, km) in enumerate(curves.items()):
            at = km.at(time).iloc[0]
            row = {
                unit.capitalize(): f"{in_unit(time, unit):g}",
                "Group": str(name),
                "At risk": int(at["n_risk"]),
                "Survival (95% CI)": format_percent_ci(at["survival"], at["lower"], at["upper"]),
            }
            if place:
                own = frame[(frame["group"] == name) & (frame["time"] == time)].iloc[0]
                small = _too_small(curves, name)
                row["Difference, points (95% CI)"] = small or _points(own)
                row["p"] = "–" if small else format_p_cell(own["p_value"])
            elif len(curves) > 1:
                row |= {"Difference, points (95% CI)": "reference", "p": ""}
            rows.append(row)
    return pd.DataFrame(rows)


def restricted_means_table(result: GroupSurvival, months: float, unit: TimeUnit) -> pd.DataFrame:
    """Restricted mean of each group and its difference from the reference, as printed.

    Parameters
    ----------
    result
        Curves by group.
    months
        The horizon.
    unit
        Unit in which the means are printed.
    """
    curves = result.by_name
    frame = rmst_differences(curves, months) if len(curves) > 1 else pd.DataFrame()
    rows = []
    for place, (name, km) in enumerate(curves.items()):
        mean = km.rmst(months)
        row = {
            "Group": str(name),
            f"Restricted mean, {unit} (95% CI)": _interval(
                float(mean), mean.lower, mean.upper, unit
            ),
        }
        if len(curves) > 1:
            contrast, p_value = "reference", ""
            if place:
                own = frame[frame["group"] == name].iloc[0]
                small = _too_small(curves, name)
                contrast = small or _interval(
                    own["difference"], own["lower"], own["upper"], unit, sign=True
                )
                p_value = "–" if small else format_p_cell(own["p_value"])
            row |= {f"Difference, {unit} (95% CI)": contrast, "p": p_value}
        row["Note"] = (
            f"Followed to {format_time(km.time[-1], unit)} {unit}; carried on level to the horizon."
            if mean.note.startswith("Follow-up ends")
            else ""
        )
        rows.append(row)
    table = pd.DataFrame(rows)
    return table if table.empty or table["Note"].any() else table.drop(columns="Note")


def conditional_table(
    result: GroupSurvival, given: float, months: Sequence[float], unit: TimeUnit
) -> pd.DataFrame:
    """Chance of a further time for who is event-free at ``given`` months, as printed.

    Parameters
    ----------
    result
        Curves by group.
    given
        Months already lived without the event.
    months
        Further times.
    unit
        Unit in which the further times are printed.
    """
    rows = []
    for name, km in result.by_name.items():
        row: dict[str, object] = {
            "Group": str(name),
            "At risk then": int(km.at(given)["n_risk"].iloc[0]),
        }
        try:
            frame = conditional_survival(km, given, sorted(set(months)))
        except ValueError as error:
            rows.append(row | {"Note": str(error)})
            continue
        for _, at in frame.iterrows():
            more = in_unit(at["time"], unit)
            column = f"{more:g} {unit[:-1] if more == 1 else unit} more (95% CI)"
            row[column] = format_percent_ci(at["survival"], at["lower"], at["upper"])
        rows.append(row)
    return pd.DataFrame(rows).fillna("–")


def _too_small(curves: Curves, name: Hashable) -> str:
    """Why a group is not compared with the first; empty where both are large enough."""
    reference = next(iter(curves))
    for group, words in ((name, ""), (reference, "the reference has ")):
        if curves[group].n < MIN_GROUP_FOR_TEST:
            return f"{words}fewer than {MIN_GROUP_FOR_TEST} patients"
    return ""


def _points(row: pd.Series) -> str:
    """A difference of shares in percentage points, with its interval."""
    if np.isnan(row["difference"]):
        return str(row["note"]) or "–"
    middle, low, high = (100 * row[name] for name in ("difference", "lower", "upper"))
    if np.isnan(low):
        return f"{signed(middle)} (no interval)"
    return f"{signed(middle)} ({signed(low)} to {signed(high)})"


def _interval(middle: float, low: float, high: float, unit: TimeUnit, *, sign: bool = False) -> str:
    form = "+.2f" if sign else ".2f"
    if np.isnan(low):
        return f"{format(in_unit(middle, unit), form)} (no interval)".replace("-", "−")
    values = [format(in_unit(value, unit), form) for value in (middle, low, high)]
    return f"{values[0]} ({values[1]} to {values[2]})".replace("-", "−")
