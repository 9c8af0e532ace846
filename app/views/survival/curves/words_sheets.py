"""Sheets that several views of survival have: tests, adjusted curves, what the first sheet says."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from app.analysis.competing_risks import GrayTest, GroupModel
from app.analysis.regression import CoxModel
from app.analysis.survival import LogrankResult
from app.study.outcomes import Outcome
from app.study.wording import TimeUnit, format_years, in_unit, listing
from app.views.survival.cox.checks import AdjustedView
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.contrasts import estimate_cells, share_of
from app.views.survival.curves.shape import hazards_model

TESTS = ("Test", "Of", "Chi-squared", "Degrees of freedom", "p", "n", "Events", "Note")


def told(outcome: Outcome, label: str | None) -> dict[str, str]:
    """Endpoint, groups and limit of an analysis, for the first sheet of its workbook.

    Parameters
    ----------
    label
        What the groups are groups of; empty for everyone together, None where no groups matter.
    """
    endpoint = outcome.endpoint
    columns = [endpoint.time, endpoint.event, endpoint.competing or ""]
    return {
        "Endpoint": f"{endpoint.label} (columns {listing([name for name in columns if name])})",
        "Groups": _groups_told(outcome, label),
        "Follow-up limit": ("none" if outcome.limit is None else format_years(outcome.limit)),
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
    """Survival at 1, 3 and 5 years of each level, adjusted and as observed."""
    rows = []
    for adjusted in view.milestones.table.to_dict("records"):
        observed = view.unadjusted[adjusted["group"]]
        at = observed.at(adjusted["time"]).iloc[0]
        rows.append(
            {
                "Group": adjusted["group"],
                "n": observed.n,
                f"Time, {unit}": in_unit(adjusted["time"], unit),
                **estimate_cells("Adjusted survival", share_of(adjusted)),
                **estimate_cells("Observed survival", share_of(at)),
                "Observed at risk": int(at["n_risk"]),
            }
        )
    return pd.DataFrame(rows)


def tests_sheet(result: GroupSurvival) -> pd.DataFrame:
    """Every test of the view: equal survival, trend, proportional hazards."""
    rows = []
    if result.test is not None:
        rows.append(row_of_test(result.test, result.label))
    elif result.label:
        rows.append({"Test": "Equal survival", "Of": result.label, "Note": result.p_note})
    if result.trend is not None:
        rows.append(row_of_test(result.trend, f"{result.label}, in order"))
    model = None if result.test is None else hazards_model(result.outcome)
    if model is not None and model.ph_test is not None:
        rows.append(row_of_hazards(model, result.label))
    return pd.DataFrame(rows, columns=list(TESTS))


def tests_of(tests: Iterable[tuple[LogrankResult | GrayTest, str]]) -> pd.DataFrame:
    """Tests with their statistics, one a row."""
    return pd.DataFrame([row_of_test(test, of) for test, of in tests], columns=list(TESTS))


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
    return pd.DataFrame(said, columns=list(TESTS))


def row_of_test(test: LogrankResult | GrayTest, label: str) -> dict[str, object]:
    """A test as a row of a sheet of tests."""
    told = (test.method, label, test.statistic, test.df, test.p_value, test.n, test.events)
    return dict(zip(TESTS, (*told, test.note), strict=True))


def row_of_hazards(model: GroupModel, label: str) -> dict[str, object]:
    """The test of proportional hazards of a model as a row of a sheet of tests."""
    tested = model.ph_test or (float("nan"), 0, float("nan"))
    said = ("Proportional hazards (Grambsch-Therneau)", label, *tested, model.n, model.events, "")
    return dict(zip(TESTS, said, strict=True))
