"""Sheets of survival by group: every estimate a number with its limits in columns of their own.

The pages print the same numbers as text; an empty cell is what they print as not reached, or what
cannot be estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.competing_risks import GrayTest, GroupModel
from app.analysis.regression import CoxModel
from app.analysis.survival import (
    LogrankResult,
    conditional_survival,
    rmst_differences,
    survival_differences,
)
from app.study.outcomes import Outcome
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, in_unit, listing
from app.views.survival.cox.checks import AdjustedView
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.contrasts import common_horizon
from app.views.survival.curves.shape import hazards_model
from app.views.survival.curves.words import YEARS, numbers_table
from app.views.survival.incidence.analysis import GroupIncidence

_LOWER, _UPPER = "95% lower", "95% upper"
_TESTS = ("Test", "Of", "Chi-squared", "Degrees of freedom", "p", "n", "Events", "Note")


@dataclass(frozen=True)
class AskedTimes:
    """At which times the groups were compared, all in months.

    Parameters
    ----------
    times
        Of the differences.
    horizon
        Of the restricted means; None for the longest that the groups share.
    given, further
        Already lived without the event, and the further times asked about.
    """

    times: tuple[float, ...] = tuple(MONTHS_PER_YEAR * year for year in YEARS)
    horizon: float | None = None
    given: float = 2 * MONTHS_PER_YEAR
    further: tuple[float, ...] = tuple(MONTHS_PER_YEAR * year for year in YEARS)

    def horizon_of(self, result: GroupSurvival) -> float:
        """The horizon, or the longest that the groups share; 0 where nobody is followed."""
        return common_horizon(result) if self.horizon is None else self.horizon


def told(outcome: Outcome, label: str | None) -> dict[str, str]:
    """Endpoint, groups and limit of an analysis, for the first sheet of its workbook.

    Parameters
    ----------
    outcome
        Who was followed, for what and how long.
    label
        What the groups are groups of; empty for everyone together, None where no groups matter.
    """
    endpoint = outcome.endpoint
    columns = [endpoint.time, endpoint.event, endpoint.competing or ""]
    return {
        "Endpoint": f"{endpoint.label} (columns {listing([name for name in columns if name])})",
        "Groups": _groups_told(outcome, label),
        "Follow-up limit": (
            "none" if outcome.limit is None else f"{outcome.limit / MONTHS_PER_YEAR:g} years"
        ),
        "Followed": f"{outcome.n:,} of {outcome.selected:,} selected",
    }


def _groups_told(outcome: Outcome, label: str | None) -> str:
    if label is None:
        return ""
    return f"{label}: {', '.join(outcome.names)}" if label else "Everyone together"


def in_unit_of(table: pd.DataFrame, unit: TimeUnit) -> pd.DataFrame:
    """A table of results with its times, in months, in the unit that the page shows."""
    if "time" not in table.columns:
        return table
    shown = table.assign(time=table["time"] * in_unit(1.0, unit))
    return shown.rename(columns={"time": f"time_{unit}"})


def adjusted_sheet(view: AdjustedView, unit: TimeUnit) -> pd.DataFrame:
    """Survival at 1, 3 and 5 years of each level, adjusted and as observed.

    Parameters
    ----------
    view
        Adjusted curves.
    unit
        Unit of the times.
    """
    rows = []
    for adjusted in view.milestones.table.to_dict("records"):
        observed = view.unadjusted[adjusted["group"]]
        at = observed.at(adjusted["time"]).iloc[0]
        rows.append(
            {
                "Group": adjusted["group"],
                "n": observed.n,
                f"Time, {unit}": in_unit(adjusted["time"], unit),
                **_estimate("Adjusted survival", _share(adjusted)),
                **_estimate("Observed survival", _share(at)),
                "Observed at risk": int(at["n_risk"]),
            }
        )
    return pd.DataFrame(rows)


def survival_sheets(
    result: GroupSurvival, unit: TimeUnit, asked: AskedTimes | None = None
) -> dict[str, pd.DataFrame]:
    """The tables of a survival comparison, by the names of their sheets.

    Parameters
    ----------
    result
        Curves by group.
    unit
        Unit of all times.
    asked
        At which times the groups were compared; the usual ones by default.
    """
    asked = asked or AskedTimes()
    sheets = {
        "Summary": summary_sheet(result, unit),
        "Tests": tests_sheet(result),
        "Curves": numbers_table(result, unit),
    }
    if result.drawn:
        sheets["Differences"] = differences_sheet(result, asked.times, unit)
        horizon = asked.horizon_of(result)
        if horizon > 0:
            sheets["Restricted mean"] = means_sheet(result, horizon, unit)
        sheets["Given survival so far"] = conditional_sheet(
            result, asked.given, asked.further, unit
        )
    if result.pairwise is not None:
        sheets["Pairs"] = result.pairwise
    return {name: sheet for name, sheet in sheets.items() if len(sheet)}


def summary_sheet(result: GroupSurvival, unit: TimeUnit) -> pd.DataFrame:
    """One row a group: n, events, median, survival at 1, 3 and 5 years, median follow-up."""
    rows = []
    for curve in result.curves:
        row: dict[str, object] = {"Group": curve.name, "n": curve.n, "Events": curve.events}
        km = curve.km
        if km is not None:
            row |= _estimate(f"Median, {unit}", _times(unit, km.median, *km.median_ci))
            for year, at in zip(YEARS, km.at(_usual()).to_dict("records"), strict=True):
                row[f"At risk at {year} years"] = at["n_risk"]
                row |= _estimate(f"Survival at {year} years", _share(at))
            followed = _times(unit, km.median_followup, *km.median_followup_ci)
            row |= _estimate(f"Median follow-up, {unit}", followed)
        rows.append(row)
    return pd.DataFrame(rows)


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
                **_estimate("Survival", _share(at)),
            }
            if place:
                own = frame[(frame["group"] == name) & (frame["time"] == time)].iloc[0]
                row |= {"Reference": own["reference"], **_contrast("Difference", own, 1.0)}
            rows.append(row)
    return pd.DataFrame(rows)


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
            **_estimate(
                f"Restricted mean, {unit}", _times(unit, float(mean), mean.lower, mean.upper)
            ),
            "Note": mean.note,
        }
        if place:
            own = frame[frame["group"] == name].iloc[0]
            row |= {
                "Reference": own["reference"],
                **_contrast(f"Difference, {unit}", own, in_unit(1.0, unit)),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def conditional_sheet(
    result: GroupSurvival, given: float, further: Sequence[float], unit: TimeUnit
) -> pd.DataFrame:
    """Chance of a further time for who is event-free at ``given`` months, one row a time."""
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
            | _estimate("Survival of the further time", _share(at))
            for at in frame.to_dict("records")
        ]
    return pd.DataFrame(rows)


def tests_sheet(result: GroupSurvival) -> pd.DataFrame:
    """Every test of the view: equal survival, trend, proportional hazards."""
    rows = []
    if result.test is not None:
        rows.append(_test_row(result.test, result.label))
    elif result.label:
        rows.append({"Test": "Equal survival", "Of": result.label, "Note": result.p_note})
    if result.trend is not None:
        rows.append(_test_row(result.trend, f"{result.label}, in order"))
    model = None if result.test is None else hazards_model(result.outcome)
    if model is not None and model.ph_test is not None:
        rows.append(_hazards_row(model, result.label))
    return pd.DataFrame(rows, columns=list(_TESTS))


def tests_of(tests: Iterable[tuple[LogrankResult | GrayTest, str]]) -> pd.DataFrame:
    """Tests with their statistics, one a row.

    Parameters
    ----------
    tests
        Each with what it is of.
    """
    return pd.DataFrame([_test_row(test, of) for test, of in tests], columns=list(_TESTS))


def model_tests(model: CoxModel) -> pd.DataFrame:
    """Tests of a whole model: likelihood ratio, and proportional hazards of each covariate."""
    n = (model.n, model.events, "")
    said = [("Likelihood ratio", "the model", *model.likelihood_ratio, *n)]
    said += [
        (
            "Proportional hazards (Grambsch-Therneau)",
            "the model" if row["term"] == "GLOBAL" else str(row["term"]),
            row["chi2"], row["df"], row["p_value"], *n,
        )
        for row in model.ph_test.to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(said, columns=list(_TESTS))


def incidence_tests(result: GroupIncidence) -> pd.DataFrame:
    """Gray's tests of both events and the test of proportional hazards of each model."""
    rows = []
    for test, label in (
        (result.gray_event, result.event_label),
        (result.gray_competing, result.competing_label),
    ):
        if test is not None:
            rows.append(_test_row(test, label))
    if not rows and result.label:
        rows.append({"Test": "Gray's test", "Of": result.label, "Note": result.p_note})
    effects = result.effects
    for model, label in (
        () if effects is None
        else (
            (effects.cause_specific, result.event_label),
            (effects.competing, result.competing_label),
        )
    ):  # fmt: skip
        if model is not None and model.ph_test is not None:
            rows.append(_hazards_row(model, label))
    return pd.DataFrame(rows, columns=list(_TESTS))


def incidence_summary(result: GroupIncidence) -> pd.DataFrame:
    """One row a group: n, events of both kinds."""
    return pd.DataFrame(
        [
            {
                "Group": group.name,
                "n": group.n,
                f"Events: {result.event_label}": group.events,
                f"Competing: {result.competing_label}": group.competing,
            }
            for group in result.estimates
        ]
    )


def _usual() -> list[float]:
    return [MONTHS_PER_YEAR * year for year in YEARS]


def _test_row(test: LogrankResult | GrayTest, label: str) -> dict[str, object]:
    told = (test.method, label, test.statistic, test.df, test.p_value, test.n, test.events)
    return dict(zip(_TESTS, (*told, test.note), strict=True))


def _hazards_row(model: GroupModel, label: str) -> dict[str, object]:
    tested = model.ph_test or (float("nan"), 0, float("nan"))
    said = ("Proportional hazards (Grambsch-Therneau)", label, *tested, model.n, model.events, "")
    return dict(zip(_TESTS, said, strict=True))


def _estimate(name: str, values: tuple[float, float, float]) -> dict[str, object]:
    return dict(zip((name, f"{name}, {_LOWER}", f"{name}, {_UPPER}"), values, strict=True))


def _share(at: Mapping[Any, Any] | pd.Series) -> tuple[float, float, float]:
    return at["survival"], at["lower"], at["upper"]


def _times(unit: TimeUnit, *months: float) -> tuple[float, float, float]:
    """Months in the unit; what is not reached is empty."""
    middle, low, high = (
        in_unit(value, unit) if np.isfinite(value) else float("nan") for value in months
    )
    return middle, low, high


def _contrast(name: str, own: pd.Series, factor: float) -> dict[str, object]:
    values = tuple(own[part] * factor for part in ("difference", "lower", "upper"))
    return {
        **_estimate(name, (values[0], values[1], values[2])),
        "p": own["p_value"],
        "Note": own["note"],
    }
