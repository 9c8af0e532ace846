"""Testing that hazards are proportional: R's ``cox.zph``."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.arrays import Floats
from app.analysis.likelihood import Evaluation, RiskSets, Term
from app.analysis.survival_input import SurvivalData, at_risk_counts


def transformed_time(data: SurvivalData, sets: RiskSets) -> Floats:
    """One minus the Kaplan-Meier curve just before each event, shape (events,).

    The curve is of everyone, whatever the strata, as R's default transform ``km``.
    """
    died = np.bincount(data.exit[data.event], minlength=len(data.times))
    risk = at_risk_counts(data)
    survival = np.cumprod(1.0 - np.divide(died, risk, out=np.zeros_like(risk), where=died > 0))
    before = np.concatenate([[1.0], survival[:-1]])
    return np.asarray(1.0 - before[sets.row_code[sets.event_row]])


def proportional_hazards_test(
    sets: RiskSets, x: Floats, at: Evaluation, time: Floats, terms: tuple[Term, ...]
) -> pd.DataFrame:
    """Score test that no coefficient changes with time (Grambsch & Therneau 1994).

    The exact score test of adding covariate x time to the model, as R's ``survival`` since 3.0.

    Parameters
    ----------
    sets, x, at
        The fitted model: risk sets, covariates and the likelihood at the estimate.
    time
        Transformed time of each event, shape (events,).
    terms
        What the columns of x are; levels of one covariate are tested together.

    Returns
    -------
    DataFrame
        term, chi2, df, p_value; the last row is the test of all terms together, ``GLOBAL``.
    """
    p = x.shape[1]
    time = time - time.mean()
    first = sets.weighted_information(x, at, time)
    second = sets.weighted_information(x, at, time**2)
    information = np.block([[at.information, first], [first, second]])
    score = (schoenfeld_residuals(sets, x, at) * time[:, None]).sum(axis=0)
    groups: dict[str, list[int]] = {}
    for position, term in enumerate(terms):
        groups.setdefault(term.variable, []).append(position)
    groups["GLOBAL"] = list(range(p))
    rows = []
    for name, columns in groups.items():
        chosen = [*range(p), *(p + column for column in columns)]
        u = np.concatenate([np.zeros(p), score[columns]])
        inner = information[np.ix_(chosen, chosen)]
        chi2 = float(u @ np.linalg.lstsq(inner, u, rcond=None)[0])
        rows.append((name, chi2, len(columns), float(chdtrc(len(columns), chi2))))
    return pd.DataFrame(rows, columns=["term", "chi2", "df", "p_value"])


def schoenfeld_residuals(sets: RiskSets, x: Floats, at: Evaluation) -> Floats:
    """Covariates of each event less their mean at risk, tied events sharing one mean.

    Returns
    -------
    array of shape (events, p)
        In the order of ``sets.event_row``: by stratum, then time.
    """
    order = np.argsort(sets.death_row, kind="stable")
    counts = np.bincount(sets.event_row, minlength=sets.n_rows)
    sums = sets.row_sums(sets.event_row, at.mean)
    return np.asarray(x[sets.event][order] - (sums / counts[:, None])[sets.event_row])
