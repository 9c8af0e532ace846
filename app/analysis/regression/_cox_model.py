"""A fitted Cox model and the questions it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.likelihood import Evaluation, RiskSets, Term
from app.analysis.regression._concordance import concordance
from app.analysis.regression._proportional_hazards import (
    proportional_hazards_test,
    schoenfeld_residuals,
    transformed_time,
)
from app.analysis.survival import Estimate
from app.analysis.survival_input import Groups, SurvivalData


@dataclass(frozen=True)
class Fitted:
    """What a fitted model keeps for later questions.

    Attributes
    ----------
    data, strata
        Follow-up of the complete cases and their strata.
    x, centre, scale
        Standardised covariates, and the mean and standard deviation taken out.
    beta, at
        Coefficients of the standardised covariates, and the partial likelihood there.
    terms
        What the columns of x are.
    kept
        Which rows of the table were complete.
    """

    data: SurvivalData
    strata: Groups | None
    sets: RiskSets
    x: Floats
    centre: Floats
    scale: Floats
    beta: Floats
    at: Evaluation
    terms: tuple[Term, ...]
    kept: Bools

    def of_rows(self) -> Fitted:
        """The same, where every row is one patient.

        Raises
        ------
        ValueError
            If rows stand for several: what compares patients with each other needs them.
        """
        if self.data.copies is not None:
            raise ValueError("This needs a row a patient, not numbers of patients.")
        return self


@dataclass(frozen=True, eq=False)
class CoxModel:
    """A fitted Cox model.

    Attributes
    ----------
    summary
        One row a term: term, coef, se, hr, lower, upper, p_value; what the term is: variable,
        level, reference, per (units of the hazard ratio); and for 0/1 terms n and events of those
        with 1.
    covariance
        Covariance of the coefficients, shape (p, p).
    n, events
        Complete rows analysed (patients, or intervals if time-varying) and events among them.
    patients
        Patients analysed; None where rows were not told apart by patient.
    n_given, missing
        Rows of the table, and how many lack each column.
    log_likelihood, null_log_likelihood
        Partial log-likelihood at the estimate and at zero, without any penalty.
    likelihood_ratio
        Chi-squared statistic, degrees of freedom and p-value of the whole model.
    notes
        Sentences a reader should know: few events a term, empty levels, Firth's correction.
    fitted
        What the model keeps for later questions.
    """

    summary: pd.DataFrame
    covariance: Floats
    n: int
    events: int
    patients: int | None
    n_given: int
    missing: dict[str, int]
    log_likelihood: float
    null_log_likelihood: float
    likelihood_ratio: tuple[float, int, float]
    conf_level: float
    method: str
    notes: tuple[str, ...]
    fitted: Fitted = field(repr=False)

    @cached_property
    def concordance(self) -> Estimate:
        """Harrell's C with R's standard error and a Wald interval."""
        fitted = self.fitted.of_rows()
        return concordance(fitted.data, fitted.x @ fitted.beta, fitted.strata, self.conf_level)

    @cached_property
    def ph_test(self) -> pd.DataFrame:
        """Test of proportional hazards as R's ``cox.zph``: term, chi2, df, p_value, GLOBAL last."""
        fitted = self.fitted.of_rows()
        time = transformed_time(fitted.data, fitted.sets)
        return proportional_hazards_test(fitted.sets, fitted.x, fitted.at, time, fitted.terms)

    @cached_property
    def schoenfeld(self) -> pd.DataFrame:
        """Scaled Schoenfeld residuals: time, transformed_time, one column a term.

        Their trend over time is the change of the coefficient; without any they scatter about it.
        """
        fitted = self.fitted.of_rows()
        residuals = schoenfeld_residuals(fitted.sets, fitted.x, fitted.at)
        scaled = self.events * residuals @ np.linalg.inv(fitted.at.information) + fitted.beta
        frame = pd.DataFrame(scaled / fitted.scale, columns=[term.name for term in fitted.terms])
        frame.insert(0, "time", fitted.sets.row_time[fitted.sets.event_row])
        frame.insert(1, "transformed_time", transformed_time(fitted.data, fitted.sets))
        return frame.sort_values("time", kind="stable", ignore_index=True)

    @cached_property
    def baseline(self) -> pd.DataFrame:
        """Cumulative baseline hazard (Efron) of a patient with average covariates.

        stratum, time, cumulative_hazard.
        """
        fitted = self.fitted
        sets = fitted.sets
        labels = ("All",) if fitted.strata is None else fitted.strata.labels
        frame = pd.DataFrame(
            {
                "stratum": pd.Series([labels[code] for code in sets.row_stratum], dtype=object),
                "time": sets.row_time,
                "hazard": sets.row_sums(sets.event_row, fitted.at.baseline),
            }
        )
        frame["cumulative_hazard"] = frame.groupby(sets.row_stratum)["hazard"].cumsum()
        return frame[["stratum", "time", "cumulative_hazard"]]
