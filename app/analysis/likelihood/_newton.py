"""Newton's method for partial likelihoods, and the table of what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import erfc, ndtri

from app.analysis.arrays import Floats
from app.analysis.likelihood._design import Term

EVENTS_PER_TERM = 10
MAX_STEPS = 40
STEP_TOLERANCE = 1e-9
FLAT = 1e-10
# Information about a standardised covariate that is rounding error.
NO_INFORMATION = 1e-9
VANISHED = 1e-6
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

    Raises
    ------
    InfiniteCoefficientError
        If coefficients run away to infinity.
    ValueError
        If the information is singular at zero.
    """
    beta: Floats = np.zeros(len(reach))
    current = evaluate(beta)
    null, _, start = current
    _check_informative(start, names)
    step: Floats = np.ones(len(reach))
    for _ in range(MAX_STEPS):
        log_likelihood, score, information = current
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        if np.abs(step).max() < STEP_TOLERANCE:
            if _vanished(information, start):
                break
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
    if _flattest(information) < NO_INFORMATION:
        raise ValueError(
            "The covariates cannot be told apart among the patients at risk at the events "
            "(collinear, or one is determined by the strata): take one out."
        )


def _flattest(information: Floats) -> float:
    """Smallest eigenvalue of the information scaled to a unit diagonal: 0 if singular."""
    size = np.diag(information)
    if not size.min() > 0:
        return 0.0
    return float(np.linalg.eigvalsh(information / np.sqrt(np.outer(size, size)))[0])


def _vanished(information: Floats, start: Floats) -> bool:
    """Whether next to nothing is left of the information at zero: a likelihood gone flat."""
    if (np.diag(information) < VANISHED * np.diag(start)).any():
        return True
    return _flattest(information) < VANISHED * _flattest(start)


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
            "hr": ratio(coef),
            "lower": ratio(coef - half),
            "upper": ratio(coef + half),
            "p_value": erfc(np.abs(coef / se) / np.sqrt(2)),
            "variable": [term.variable for term in terms],
            "level": [term.level for term in terms],
            "reference": [term.reference for term in terms],
            "per": [term.per for term in terms],
        }
    )


def ratio(log_ratio: Floats) -> Floats:
    """A hazard ratio from its logarithm: infinite where it cannot be written down."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(log_ratio))


def few_events(events: int, terms: int) -> list[str]:
    """A sentence where there are fewer than ten events for each term, a common minimum."""
    if events >= EVENTS_PER_TERM * terms:
        return []
    return [
        f"Only {events / terms:.1f} events for each of the {terms} terms; {EVENTS_PER_TERM} are a "
        "common minimum, so read the estimates with caution."
    ]


def unprintable(summary: pd.DataFrame) -> list[str]:
    """A sentence for each hazard ratio that is too large to write down."""
    return [
        f"The hazard ratio of '{term}' per unit is too large to write down: use another unit."
        for term in summary.loc[np.isinf(summary["hr"]), "term"]
    ]
