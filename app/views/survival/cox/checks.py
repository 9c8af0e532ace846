"""What follows a cohort's Cox model: residuals over time, adjusted curves, subgroups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.regression import AdjustedSurvival, CoxModel, adjusted_survival, subgroup_effects
from app.analysis.survival import KaplanMeier, kaplan_meier
from app.cohort.groupings import MIN_GROUP_FOR_TEST, SavedGroups
from app.study.wording import MONTHS_PER_YEAR, capitalised, format_p
from app.views.survival.cox.analysis import CohortModels, fit_models
from app.views.survival.cox.frame import EVENT, TIME, Covariate, ModelFrame, model_frame
from app.views.survival.curves.analysis import YEARS
from data_loaders import Cohort
from data_loaders.arrays import Bools

MOST_LEVELS = 10
NOTHING_ADJUSTABLE = (
    "Adjusted curves need a covariate with levels, such as a gene, the sex or a risk class: add "
    "one to the covariates."
)
_SMOOTH_DF = 4
_SMOOTH_POINTS = 60


# Proportional hazards -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ResidualTrend:
    """Scaled Schoenfeld residuals of one term and their smooth course.

    Attributes
    ----------
    points
        time (months), transformed_time, residual: one row an event, in order of time. A residual
        estimates the coefficient at that time.
    smooth
        transformed_time, value, lower, upper: natural cubic spline with a pointwise 95% band.
        Empty where there are too few distinct event times.
    coefficient
        The coefficient that the model holds for all times.
    """

    term: str
    points: pd.DataFrame
    smooth: pd.DataFrame
    coefficient: float


def residual_trend(model: CoxModel, term: str) -> ResidualTrend:
    """Course of a coefficient over time, as R's ``plot.cox.zph`` shows it.

    Least squares of the scaled Schoenfeld residuals on a natural cubic spline with four degrees of
    freedom of transformed time (Grambsch & Therneau 1994); the band is plus and minus two standard
    errors, from the number of events times the variance of the coefficient.

    Parameters
    ----------
    term
        One of ``model.summary["term"]``.

    Raises
    ------
    ValueError
        If the model has no such term.
    """
    names = list(model.summary["term"])
    if term not in names:
        raise ValueError(f"The model has no term called {term}.")
    position = names.index(term)
    table = model.schoenfeld
    points = table[["time", "transformed_time"]].assign(residual=table[term])
    x = points["transformed_time"].to_numpy(dtype=float)
    grid = np.linspace(x.min(), x.max(), _SMOOTH_POINTS)
    knots = np.unique(np.quantile(np.unique(x), np.linspace(0, 1, _SMOOTH_DF + 1)))
    smooth = pd.DataFrame(columns=["transformed_time", "value", "lower", "upper"], dtype=float)
    if len(np.unique(x)) > 2 * _SMOOTH_DF and len(knots) == _SMOOTH_DF + 1:
        basis = natural_spline(x, knots)
        inverse = np.linalg.inv(basis.T @ basis)
        at = natural_spline(grid, knots)
        value = at @ (inverse @ (basis.T @ points["residual"].to_numpy(dtype=float)))
        variance = model.events * float(model.covariance[position, position])
        half = 2 * np.sqrt(variance * np.sum((at @ inverse) * at, axis=1))
        smooth = pd.DataFrame(
            {
                "transformed_time": grid,
                "value": value,
                "lower": value - half,
                "upper": value + half,
            }
        )
    return ResidualTrend(term, points, smooth, float(model.summary["coef"].iloc[position]))


def natural_spline(x: Floats, knots: Floats) -> Floats:
    """Basis of cubic splines that are straight beyond the outer knots, shape (n, knots).

    Truncated powers, Hastie, Tibshirani & Friedman (2009), equations 5.4 and 5.5, on knots moved
    to the unit interval.
    """
    low, high = float(knots[0]), float(knots[-1])
    x, knots = (x - low) / (high - low), (knots - low) / (high - low)

    def excess(knot: float) -> Floats:
        cubes = np.maximum(x - knot, 0.0) ** 3 - np.maximum(x - 1.0, 0.0) ** 3
        return np.asarray(cubes / (1.0 - knot))

    last = excess(float(knots[-2]))
    inner = [excess(float(knot)) - last for knot in knots[:-2]]
    return np.column_stack([np.ones_like(x), x, *inner])


# Adjusted curves ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class AdjustedView:
    """Adjusted survival curves beside the unadjusted ones, by level in words.

    Attributes
    ----------
    adjusted
        Standardised curves, ``group`` in words.
    milestones
        The same at 1, 3 and 5 years exactly.
    unadjusted
        Kaplan-Meier curve of the same patients, by level.
    """

    models: CohortModels
    covariate: Covariate
    names: tuple[str, ...]
    adjusted: AdjustedSurvival
    milestones: AdjustedSurvival
    unadjusted: dict[str, KaplanMeier]


def adjustable(models: CohortModels) -> list[Covariate]:
    """The covariates that curves can be adjusted by: with two or more levels, and few."""
    return [c for c in models.covariates if 2 <= len(c.levels) <= MOST_LEVELS]


def adjusted_curves(cohort: Cohort, mask: Bools, *, by: str, **model: Any) -> AdjustedView:
    """Fit a model of all covariates together, and adjust the curves of one of them by it.

    Parameters
    ----------
    by
        The covariate, written as in the model.
    model
        What else :func:`app.views.survival.cox.analysis.fit_models` takes.

    Raises
    ------
    ValueError
        If there is no such model, or curves cannot be by this covariate.
    """
    models = fit_models(cohort, mask, **model)
    models.together()
    covariate = next((c for c in adjustable(models) if c.spec == by), None)
    if covariate is None:
        raise ValueError(NOTHING_ADJUSTABLE)
    return adjusted_view(models, covariate)


def adjusted_view(models: CohortModels, covariate: Covariate) -> AdjustedView:
    """Survival by one covariate as the model predicts it for everyone, and as observed.

    Parameters
    ----------
    models
        The models; the one of all covariates together is used.
    covariate
        One of :func:`adjustable`.

    Raises
    ------
    ValueError
        If there is no model of all covariates together.
    """
    model = models.together()
    frame = models.table.frame
    adjusted = adjusted_survival(model, frame, covariate.name)
    months = MONTHS_PER_YEAR * np.array(YEARS)
    milestones = adjusted_survival(model, frame, covariate.name, times=months)
    levels = list(dict.fromkeys(adjusted.table["group"]))
    words = {level: _level_words(covariate, level) for level in levels}
    used = frame[model.fitted.kept]
    entry = models.table.entry
    unadjusted = {}
    for level in levels:
        own = used[(used[covariate.name] == level).to_numpy()]
        unadjusted[words[level]] = kaplan_meier(
            own[TIME], own[EVENT], entry=None if entry is None else own[entry]
        )
    names = tuple(words.values())
    curves, at = (_in_words(result, words) for result in (adjusted, milestones))
    return AdjustedView(models, covariate, names, curves, at, unadjusted)


def _in_words(adjusted: AdjustedSurvival, words: Mapping[object, str]) -> AdjustedSurvival:
    differences = adjusted.differences
    if len(differences):
        differences = differences.assign(
            group=differences["group"].map(words), reference=differences["reference"].map(words)
        )
    return replace(
        adjusted,
        table=adjusted.table.assign(group=adjusted.table["group"].map(words)),
        differences=differences,
        support=adjusted.support.assign(group=adjusted.support["group"].map(words)),
    )


def _level_words(covariate: Covariate, level: object) -> str:
    if covariate.kind == "binary":
        words = covariate.levels[int(float(str(level)))]
        return capitalised(words) if words.startswith("no ") else words
    return str(level)


# Subgroups ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SubgroupForest:
    """The effect of one covariate across the levels of others.

    Attributes
    ----------
    table
        The patients; its first covariate is the one whose effect is shown.
    adjusted
        Whether each model is adjusted for the others of ``by``.
    rows
        As :func:`app.study.figures.forest.forest_figure` takes them, and interaction_p and why
        (what limits an estimate or why there is none, as sentences).
    """

    table: ModelFrame
    by: tuple[Covariate, ...]
    adjusted: bool
    rows: pd.DataFrame

    @property
    def exposure(self) -> Covariate:
        """The covariate whose effect is shown."""
        return self.table.covariates[0]


def subgroup_forest(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    exposure: str,
    by: Sequence[str],
    *,
    strata: Sequence[str] = (),
    adjusted: bool = True,
    limit: float | None = None,
    saved: SavedGroups | None = None,
) -> SubgroupForest:
    """Effect of one covariate across the levels of others.

    Parameters
    ----------
    cohort, mask, endpoint_key, strata, limit, saved
        As :func:`app.views.survival.cox.frame.model_frame` takes them.
    by
        What to divide the patients by; numbers are split at their median, and what is the same in
        everybody is left out.
    adjusted
        Whether each model is adjusted for the covariates of ``by``; for a number also within its
        halves.

    Raises
    ------
    ValueError
        If the cohort lacks the endpoint or a covariate, a stratum is a number, or the model of
        everyone cannot be fitted.
    """
    specs = [exposure, *by]
    table = model_frame(cohort, mask, endpoint_key, specs, strata=strata, limit=limit, saved=saved)
    across = tuple(c for c in table.varying if c is not table.covariates[0])
    return SubgroupForest(table, across, adjusted, _effects(table, across, adjusted=adjusted))


def _effects(table: ModelFrame, by: Sequence[Covariate], *, adjusted: bool) -> pd.DataFrame:
    exposure = table.covariates[0]
    frame = table.frame.copy(deep=False)
    for covariate in by:
        if covariate.kind == "binary":
            codes = frame[covariate.name].fillna(-1).astype(int).to_numpy()
            frame[covariate.name] = pd.Categorical.from_codes(codes, list(covariate.levels))
    names = [covariate.name for covariate in by]
    found = subgroup_effects(
        frame,
        TIME,
        EVENT,
        exposure.name,
        names,
        adjust=names if adjusted else (),
        entry=table.entry,
        strata=[c.name for c in table.strata] or None,
    )
    everyone = found["variable"] == "All"
    p = found["interaction_p"]
    return found.assign(
        label=np.where(everyone, "All patients", found["level"]),
        group=found["variable"].where(~everyone, None),
        group_note=[
            f"interaction<br>{'not testable' if np.isnan(value) else format_p(value)}"
            for value in p
        ],
        reference=False,
        why=found["note"],
        note=[_short_note(row) for row in found.to_dict("records")],
    )


def _short_note(row: dict[str, object]) -> str:
    """What a row without an estimate has room for."""
    if np.isfinite(float(str(row["hr"]))):
        return ""
    if not row["events"]:
        return "no event"
    exposed, n = row["n_exposed"], int(str(row["n"]))
    if not pd.isna(exposed) and "so no estimate" in str(row["note"]):
        with_it = int(str(exposed))
        lacking = n - with_it < with_it
        return f"{n - with_it if lacking else with_it:,} {'lack' if lacking else 'have'} it"
    return "too few patients" if n < MIN_GROUP_FOR_TEST else "no estimate"
