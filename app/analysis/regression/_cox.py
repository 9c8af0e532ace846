"""Cox proportional hazards models: fixed and time-varying covariates.

One vectorised Newton core (``_risk_sets``, Efron ties) serves every model here and the screen over
alterations. It agrees with R's ``coxph`` and with lifelines to rounding and is tens of times faster
than the latter, which is why it is used instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.arrays import Bools, Floats
from app.analysis.likelihood import (
    Design,
    Evaluation,
    InfiniteCoefficientError,
    RiskSets,
    build_design,
    few_events,
    firth_cox,
    maximise,
    ratio,
    summarise,
    unprintable,
)
from app.analysis.regression._cox_model import CoxModel, Fitted
from app.analysis.survival_input import Groups, SurvivalData, group_codes, survival_data


def cox(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    entry: str | None = None,
    *,
    strata: str | Sequence[str] | None = None,
    penalizer: float = 0.0,
    references: Mapping[str, object] | None = None,
    units: Mapping[str, float] | None = None,
    interactions: Sequence[tuple[str, str]] = (),
    firth: bool | Literal["auto"] = "auto",
    conf_level: float = 0.95,
    copies: str | None = None,
) -> CoxModel:
    """Fit a Cox proportional hazards model (Cox 1972) with Efron's handling of ties.

    Parameters
    ----------
    frame
        One row a patient. Rows lacking any column used are left out and counted.
    time, event, entry
        Columns: end of follow-up, 1 = event or 0 = censored, and start of observation if later
        than time zero.
    covariates
        Columns to model. Numbers and booleans enter as they are, everything else by its levels.
    strata
        Column or columns with separate baseline hazards.
    penalizer
        Ridge penalty, as in lifelines: n x penalizer / 2 x the squared coefficients of standardised
        covariates is taken off the log-likelihood.
    references
        Reference level of categorical covariates; the first level by default.
    units
        Units a numeric covariate's hazard ratio is given for, such as ``{"age_years": 10}``.
    interactions
        Pairs of covariates whose product enters too.
    firth
        Firth's correction: ``"auto"`` only if a coefficient is infinite without it, and then the
        notes say so; True always; False never.
    copies
        Column with how many patients each row stands for; None for one.

    Raises
    ------
    ValueError
        If there is no event, a covariate is constant, collinear or (without Firth) separates the
        events, or a column is absent or impossible.
    """
    options = _Options(penalizer, firth, conf_level)
    layers = _strata_columns(strata)
    needed = [name for name in (time, event, entry, *layers) if name is not None]
    terms: dict[str, Any] = {"references": references, "units": units, "interactions": interactions}
    design = build_design(frame, covariates, needed, **terms)
    used = frame.loc[design.kept]
    data = survival_data(
        used[time], used[event], None if entry is None else used[entry],
        copies=None if copies is None else used[copies],
    )  # fmt: skip
    return _fit(data, design, _strata(used, layers), options, data.n)


def cox_time_varying(
    frame: pd.DataFrame,
    start: str,
    stop: str,
    event: str,
    covariates: Sequence[str],
    *,
    patient: str | None = None,
    strata: str | Sequence[str] | None = None,
    references: Mapping[str, object] | None = None,
    units: Mapping[str, float] | None = None,
    interactions: Sequence[tuple[str, str]] = (),
    firth: bool | Literal["auto"] = "auto",
    conf_level: float = 0.95,
    copies: str | None = None,
) -> CoxModel:
    """Fit a Cox model to counting-process rows: covariates that change during follow-up.

    Parameters
    ----------
    frame
        One row an interval (start, stop] within which the covariates stay the same; see
        :func:`app.analysis.regression.counting_process`.
    start, stop, event
        Columns: the interval, and 1 if it ended with the event.
    covariates, strata, references, units, interactions, firth, conf_level, copies
        As in :func:`cox`.
    patient
        Column that tells patients apart; then intervals are checked not to overlap.

    Returns
    -------
    CoxModel
        ``n`` counts rows, as R does.

    Raises
    ------
    ValueError
        As :func:`cox`, or if a patient's intervals overlap or go on after the event.
    """
    options = _Options(0.0, firth, conf_level)
    layers = _strata_columns(strata)
    needed = [name for name in (start, stop, event, patient, *layers) if name is not None]
    terms: dict[str, Any] = {"references": references, "units": units, "interactions": interactions}
    design = build_design(frame, covariates, needed, **terms)
    used = frame.loc[design.kept]
    many = None if copies is None else used[copies]
    data = survival_data(used[stop], used[event], used[start], copies=many)
    patients = None
    if patient is not None:
        _check_intervals(used[patient], data)
        firsts = ~used[patient].duplicated()
        patients = int(firsts.sum() if many is None else many[firsts].sum())
    return _fit(data, design, _strata(used, layers), options, patients)


@dataclass(frozen=True)
class _Options:
    penalizer: float
    firth: bool | Literal["auto"]
    conf_level: float

    def __post_init__(self) -> None:
        if not self.penalizer >= 0:
            raise ValueError("The penalizer must be zero or a positive number.")
        if not 0 < self.conf_level < 1:
            raise ValueError("The confidence level must lie between 0 and 1, such as 0.95.")
        if self.penalizer and self.firth is True:
            raise ValueError("A ridge penalty and Firth's correction cannot be combined.")


def _fit(
    data: SurvivalData,
    design: Design,
    strata: Groups | None,
    options: _Options,
    patients: int | None,
) -> CoxModel:
    events = data.events
    if not events:
        raise ValueError(
            f"No event was observed among the {data.n} patients with complete data, so there is "
            "nothing to model."
        )
    centre = np.average(design.matrix, axis=0, weights=data.copies)
    scale = np.sqrt(np.average((design.matrix - centre) ** 2, axis=0, weights=data.copies))
    x = (design.matrix - centre) / scale
    sets = RiskSets(data, strata)
    names = [term.name for term in design.terms]
    notes = [*design.notes, *few_events(events, len(names))]
    method = "Cox proportional hazards model, Efron ties"
    if strata is not None:
        method += f", {len(strata.labels)} strata"
    corrected = options.firth is True
    # lifelines standardises with n - 1 in the denominator.
    ridge = options.penalizer * data.n**2 / max(data.n - 1, 1)

    latest: list[Evaluation] = []

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        at = sets.evaluate(x, beta)
        latest[:] = [at]  # the last one asked for is the one at the maximum
        return (
            at.log_likelihood - ridge / 2 * float(beta @ beta),
            at.score - ridge * beta,
            at.information + ridge * np.eye(len(beta)),
        )

    if not corrected:
        try:
            top = maximise(evaluate, sets.reach(x), names)
        except InfiniteCoefficientError as error:
            if options.firth is False:
                raise
            corrected = True
            named = ", ".join(names[i] for i in error.terms)
            notes.append(
                f"Firth's correction was used for the whole model, because the likelihood is "
                f"monotone: without it the effect of {named} is infinite."
            )
    if corrected:
        firth = firth_cox(sets, x, options.conf_level)
        beta, covariance = firth.beta, np.linalg.inv(firth.information)
        at, null = sets.evaluate(x, beta), firth.null_log_likelihood
        method += ", Firth's penalised likelihood with profile intervals"
    else:
        beta, covariance = top.beta, np.linalg.inv(top.information)
        at, null = latest[0], top.null_log_likelihood
        if ridge:
            method += f", ridge penalty {options.penalizer:g}"
    covariance = covariance / np.outer(scale, scale)
    summary = summarise(design.terms, beta / scale, covariance, options.conf_level)
    if corrected:
        summary["lower"] = ratio(firth.lower / scale)
        summary["upper"] = ratio(firth.upper / scale)
        summary["p_value"] = firth.p_value
    notes += unprintable(summary)
    deviance = max(0.0, 2 * (at.log_likelihood - null))
    return CoxModel(
        summary=_with_counts(summary, design.matrix, data.event, sets.mass),
        covariance=covariance,
        n=data.n,
        events=events,
        patients=patients,
        n_given=len(design.kept),
        missing=design.missing,
        log_likelihood=at.log_likelihood,
        null_log_likelihood=null,
        likelihood_ratio=(deviance, len(beta), float(chdtrc(len(beta), deviance))),
        conf_level=options.conf_level,
        method=method,
        notes=tuple(notes),
        fitted=Fitted(data, strata, sets, x, centre, scale, beta, at, design.terms, design.kept),
    )


def _strata_columns(strata: str | Sequence[str] | None) -> list[str]:
    if strata is None:
        return []
    return [strata] if isinstance(strata, str) else list(strata)


def _strata(used: pd.DataFrame, layers: list[str]) -> Groups | None:
    if not layers:
        return None
    if len(layers) == 1:
        return group_codes(used[layers[0]], len(used))
    return group_codes(used.groupby(layers, observed=True).ngroup(), len(used))


def _with_counts(summary: pd.DataFrame, matrix: Floats, event: Bools, mass: Floats) -> pd.DataFrame:
    """Add how many have each 0/1 term, and how many events they had."""
    binary = np.isin(matrix, (0.0, 1.0)).all(axis=0)
    n = np.where(binary, mass @ matrix, np.nan)
    events = np.where(binary, mass[event] @ matrix[event], np.nan)
    return summary.assign(n=pd.array(n, dtype="Int64"), events=pd.array(events, dtype="Int64"))


def _check_intervals(patient: pd.Series, data: SurvivalData) -> None:
    """Intervals of one patient must follow each other, and none follow the event."""
    codes = pd.factorize(patient)[0]
    begin = np.zeros(data.rows, dtype=np.int64) if data.entry is None else data.entry
    order = np.lexsort((begin, codes))
    same = codes[order][1:] == codes[order][:-1]
    overlap = same & (begin[order][1:] < data.exit[order][:-1])
    if overlap.any():
        raise ValueError(
            f"The intervals of {len(np.unique(codes[order][1:][overlap]))} patients overlap: each "
            "must begin where the one before ended, or later."
        )
    after = same & data.event[order][:-1]
    if after.any():
        raise ValueError(
            f"{int(after.sum())} intervals begin after their patient's event: end the rows there."
        )
