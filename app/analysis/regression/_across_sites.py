"""Cox's model over sites whose rows stay where they are: sums of likelihoods, round by round.

Stratified by site, the log partial likelihood is the sum of the sites' own, and so are its gradient
and its Hessian: Newton's method on these sums gives the model of the pooled rows, to rounding
(WebDISCO, Lu et al. 2015, in its stratified form). In one exchange instead of several, a surrogate
likelihood comes close (ODAC, Duan et al. 2020, with the second-order term).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Floats
from app.analysis.likelihood import Maximum, RiskSets, maximise
from app.analysis.survival_input import SurvivalData

# A history that was written on another machine may differ in the last digits.
_SAME = 1e-6
# Longest distance between two patients, in standard deviations, when an effect counts as infinite.
_REACH = 4.0


@dataclass(frozen=True)
class Likelihood:
    """The log partial likelihood of one site, or the sum of several, at coefficients.

    Attributes
    ----------
    beta
        The coefficients, shape (p,).
    log_likelihood, score, information
        Its value, its gradient (p,) and minus its Hessian (p, p).
    """

    beta: Floats
    log_likelihood: float
    score: Floats
    information: Floats


def likelihood_at(data: SurvivalData, x: Floats, beta: Floats) -> Likelihood:
    """Evaluate one site's partial likelihood, Efron ties.

    Parameters
    ----------
    data, x
        Follow-up and covariates (n, p) of the site's patients.
    beta
        Coefficients, shape (p,).
    """
    # The mean takes no part in a partial likelihood; without it sums keep their digits.
    at = RiskSets(data).evaluate(x - x.mean(axis=0), beta)
    return Likelihood(np.asarray(beta), at.log_likelihood, at.score, at.information)


def summed(parts: Sequence[Likelihood]) -> Likelihood:
    """The sum of sites, all at the same coefficients."""
    return Likelihood(
        parts[0].beta,
        float(np.sum([part.log_likelihood for part in parts])),
        np.sum([part.score for part in parts], axis=0),
        np.sum([part.information for part in parts], axis=0),
    )


def after_rounds(
    history: Sequence[Likelihood], events: int, names: Sequence[str]
) -> Floats | Maximum:
    """Where Newton's method goes after the rounds so far; the maximum once it is there.

    Nothing is kept between rounds but their sums: the method is run again over these, from zero,
    until it asks for coefficients that nobody has evaluated yet. Whoever has the history can so
    check that the coefficients asked for are those of the method, and not chosen.

    Parameters
    ----------
    history
        Sums of all sites in the order of the rounds, the first at zero; empty before any.
    events
        Events of all sites, at least one.

    Returns
    -------
    ndarray or Maximum
        Coefficients to evaluate next, shape (p,); or where the likelihood is highest.

    Raises
    ------
    ValueError
        If a coefficient is infinite, a term says nothing, or the history is not one of this method.
    """
    if not history:
        return np.zeros(len(names))
    size = np.diag(history[0].information)
    # A term that says nothing is refused by its name below.
    scale = np.sqrt(np.where(size > 0, size, 1.0) / events)
    left = list(history)

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        wanted = beta / scale
        if not left:
            raise _WantedError(wanted)
        at = left.pop(0)
        if not np.allclose(at.beta * scale, beta, rtol=_SAME, atol=_SAME):
            raise ValueError(
                "The coefficients of an earlier round are not those of Newton's method on the sums "
                "before: start again."
            )
        return at.log_likelihood, at.score / scale, at.information / np.outer(scale, scale)

    try:
        top = maximise(evaluate, np.full(len(names), _REACH), names)
    except _WantedError as asked:
        return asked.beta
    return Maximum(
        top.beta / scale, top.log_likelihood, top.null_log_likelihood, top.score * scale,
        top.information * np.outer(scale, scale),
    )  # fmt: skip


class _WantedError(Exception):
    """Coefficients that the history does not hold."""

    def __init__(self, beta: Floats) -> None:
        super().__init__("not evaluated yet")
        self.beta = beta


def largest_share(x: Floats, beta: Floats) -> tuple[float, float]:
    """How far one patient can be told apart: by the covariates, and by the coefficients asked for.

    Parameters
    ----------
    x
        Covariates, shape (n, p).
    beta
        Coefficients, shape (p,).

    Returns
    -------
    tuple
        The largest leverage: the most that one patient makes up of the sum of squares of any linear
        combination of the covariates (1 / k for one of k alike). And the largest share of a patient
        in the sum of relative hazards exp(x beta).
    """
    centred = x - x.mean(axis=0)
    base, _, _ = np.linalg.svd(centred, full_matrices=False)
    rank = int(np.linalg.matrix_rank(centred))
    leverage = (base[:, :rank] ** 2).sum(axis=1)
    eta = x @ beta
    weight = np.exp(eta - eta.max())
    return float(leverage.max(initial=0.0)), float(weight.max() / weight.sum())


def one_shot(
    lead: SurvivalData, x: Floats, sites: Sequence[Likelihood], own: int, names: Sequence[str]
) -> Maximum:
    """Approximate the model of all sites from one exchange (ODAC, with the second-order term).

    The lead site's own likelihood is maximised after a quadratic correction that gives it, at the
    coefficients all sites evaluated, the gradient and the Hessian of the sum.

    Parameters
    ----------
    lead, x
        Follow-up and covariates (n, p) of the lead site's patients.
    sites
        Every site's likelihood at the same coefficients, as a rule the lead site's own estimate.
    own
        Which of them is the lead site's.

    Raises
    ------
    ValueError
        If the surrogate has no maximum.
    """
    whole, at = summed(sites), sites[own]
    sets, centred = RiskSets(lead), x - x.mean(axis=0)
    share = len(sites)
    slope = whole.score / share - at.score
    curve = whole.information / share - at.information
    size = np.sqrt(np.maximum(np.diag(whole.information) / max(1, lead.events * share), 1e-300))

    def evaluate(away: Floats) -> tuple[float, Floats, Floats]:
        # From the coefficients of the exchange, about which the correction was made.
        step = away / size
        here = sets.evaluate(centred, whole.beta + step)
        value = here.log_likelihood + slope @ step - step @ curve @ step / 2
        score = here.score + slope - curve @ step
        information = here.information + curve
        return (
            share * float(value),
            share * score / size,
            share * information / np.outer(size, size),
        )

    top = maximise(evaluate, np.full(len(names), _REACH), names)
    return Maximum(
        whole.beta + top.beta / size, top.log_likelihood, top.null_log_likelihood, top.score * size,
        top.information * np.outer(size, size),
    )  # fmt: skip
