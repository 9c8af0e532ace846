"""Newton's method for partial likelihoods, and the table of what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import erfc, ndtri

from app.analysis._design import Term
from app.analysis._survival_data import Floats

MAX_STEPS = 40
STEP_TOLERANCE = 1e-9
FLAT = 1e-10
# Information about a standardised covariate that is rounding error.
NO_INFORMATION = 1e-9
# A log hazard ratio of 30 between the extremes of a covariate is one that has run away.
RUNAWAY = 30.0

Evaluate = Callable[[Floats], tuple[float, Floats, Floats]]


class InfiniteCoefficientError(ValueError):
    """The likelihood has no maximum: some terms separate those with events from those without.

    Attributes
    ----------
    terms
        Positions of the terms whose coefficients run away.
    """

    def __init__(self, sentence: str, terms: list[int]) -> None:
        super().__init__(sentence)
        self.terms = terms


@dataclass(frozen=True)
class Maximum:
    """Where a log-likelihood is highest."""

    beta: Floats
    log_likelihood: float
    null_log_likelihood: float
    score: Floats
    information: Floats


def maximise(evaluate: Evaluate, reach: Floats, names: Sequence[str]) -> Maximum:
    """Maximise a concave log-likelihood by Newton's method with step halving, from zero.

    Parameters
    ----------
    evaluate
        Gives log-likelihood, score and information at a coefficient vector of standardised
        covariates.
    reach
        Distance between the extremes of each covariate, shape (p,).
    names
        Names of the terms, for the sentences.

    Returns
    -------
    Maximum

    Raises
    ------
    InfiniteCoefficientError
        If coefficients run away to infinity.
    ValueError
        If the information is singular at zero.
    """
    beta: Floats = np.zeros(len(reach))
    current = evaluate(beta)
    null = current[0]
    _check_informative(current[2], names)
    step: Floats = np.ones(len(reach))
    for _ in range(MAX_STEPS):
        log_likelihood, score, information = current
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        if np.abs(step).max() < STEP_TOLERANCE:
            return Maximum(beta, log_likelihood, null, score, information)
        step *= min(1.0, RUNAWAY / float(np.abs(step * reach).max()))
        for _ in range(20):
            following = evaluate(beta + step)
            if following[0] >= log_likelihood - FLAT * abs(log_likelihood):
                break
            step /= 2
        beta, current = beta + step, following
        if np.abs(beta * reach).max() > RUNAWAY:
            break
    raise _runaway(beta * reach, step * reach, names)


def _check_informative(information: Floats, names: Sequence[str]) -> None:
    size = np.diag(information)
    if (size < NO_INFORMATION).any():
        name = names[int(np.argmin(size))]
        raise ValueError(
            f"'{name}' does not vary among the patients at risk at any event, so it has no effect "
            "to estimate."
        )
    scaled = information / np.sqrt(np.outer(size, size))
    if np.linalg.eigvalsh(scaled)[0] < 1e-10:
        raise ValueError(
            "The covariates cannot be told apart among the patients at risk at the events "
            "(collinear, or one is determined by the strata): take one out."
        )


def _runaway(beta: Floats, step: Floats, names: Sequence[str]) -> InfiniteCoefficientError:
    terms = [i for i in range(len(beta)) if abs(step[i]) > 0.01 or abs(beta[i]) > RUNAWAY / 2]
    terms = terms or [int(np.argmax(np.abs(beta)))]
    named = ", ".join(f"'{names[i]}'" for i in terms)
    return InfiniteCoefficientError(
        f"The effect of {named} is infinite: it separates the patients with an event from those "
        "without (for instance a level without any event). Merge levels, take it out, or use "
        "Firth's correction.",
        terms,
    )


def summarise(
    terms: Sequence[Term], coef: Floats, covariance: Floats, conf_level: float
) -> pd.DataFrame:
    """Coefficients, hazard ratios, Wald intervals and p-values, one row a term.

    Returns
    -------
    DataFrame
        term, coef, se, hr, lower, upper, p_value, variable, level, reference, per.
    """
    se = np.sqrt(np.diag(covariance))
    half = float(ndtri(0.5 + conf_level / 2)) * se
    return pd.DataFrame(
        {
            "term": [term.name for term in terms],
            "coef": coef,
            "se": se,
            "hr": np.exp(coef),
            "lower": np.exp(coef - half),
            "upper": np.exp(coef + half),
            "p_value": erfc(np.abs(coef / se) / np.sqrt(2)),
            "variable": [term.variable for term in terms],
            "level": [term.level for term in terms],
            "reference": [term.reference for term in terms],
            "per": [term.per for term in terms],
        }
    )
