"""The hazard ratio of two groups from an event table, by every likelihood that it allows.

Rows have few ties and all of these agree; on a grid of times they do not. Efron's and Breslow's
partial likelihoods take the hazard as continuous and approximate what the ties hide. The exact one
(Cox 1972, discrete time) conditions on how many of those at risk have the event at each time: its
ratio is of the odds of the event within a step of the grid. The score's takes one step from no
difference, all that observed and expected events allow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import chdtrc, gammaln, ndtri

from app.analysis.arrays import Floats, Ints
from app.analysis.competing_risks._group_hazards import event_rows, group_cox_from_events
from app.analysis.event_tables import follow_up, groups_of
from app.analysis.likelihood import maximise
from app.analysis.survival import logrank_from_events, one_step_ratio
from app.analysis.survival_input import Groups

EFRON, BRESLOW, EXACT, SCORE = "efron", "breslow", "exact", "score"


def hazard_ratios_from_events(
    table: pd.DataFrame, reference: str = "", conf_level: float = 0.95
) -> pd.DataFrame:
    """Hazard ratio of one of two groups against the other, stratified by sites if there are any.

    R's ``coxph`` with ``ties`` of the same name; the score's is Peto's (O - E) / V, of R's
    ``survdiff`` (Yusuf et al. 1985).

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it, of two groups. Competing events censor.
    reference
        The group that the other is compared with; the first where there is none of this name.

    Returns
    -------
    DataFrame
        method (``efron``, ``breslow``, ``exact``, ``score``), group, reference, log_hr, std_error,
        hr, lower, upper, p_value (Wald; of the score the log-rank test's).

    Raises
    ------
    ValueError
        If there are not two groups, one has no event, or the table is not possible.
    """
    efron = group_cox_from_events(table, reference)
    if len(efron.summary) != 1:
        raise ValueError("A hazard ratio is of two groups: leave the others out.")
    own = efron.summary.iloc[0]
    group, reference = str(own["group"]), efron.reference
    died, risk = _rows(table, group)
    test = logrank_from_events(table)
    found = {
        EFRON: (float(own["coef"]), float(own["se"])),
        BRESLOW: _at_maximum(lambda beta: _breslow(died, risk, beta), group),
        EXACT: _at_maximum(_exact(died, risk), group),
        SCORE: one_step_ratio(test, group),
    }
    log_hr, error = (np.array(column) for column in zip(*found.values(), strict=True))
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return pd.DataFrame(
        {
            "method": list(found), "group": group, "reference": reference,
            "log_hr": log_hr, "std_error": error, "hr": np.exp(log_hr),
            "lower": np.exp(log_hr - half), "upper": np.exp(log_hr + half),
            "p_value": chdtrc(1, (log_hr / error) ** 2),
        }
    )  # fmt: skip


def _rows(table: pd.DataFrame, group: str) -> tuple[Floats, Floats]:
    """Events and patients at risk at every event time of every site, the reference first."""
    data, causes = follow_up(table)
    known, sites = groups_of(table)
    order = np.argsort([str(label) == group for label in known.labels], kind="stable")
    layers = [np.ones(data.rows, dtype=np.bool_)]
    if sites is not None:
        layers = [sites.codes == place for place in range(len(sites.labels))]
    parts = [
        event_rows(data.subset(own), causes[own] == 1, Groups(known.labels, known.codes[own]))
        for own in layers
    ]
    died, risk = (np.concatenate(held)[:, order] for held in zip(*parts, strict=True))
    return died, risk


_Likelihood = Callable[[Floats], tuple[float, Floats, Floats]]


def _at_maximum(likelihood: _Likelihood, group: str) -> tuple[float, float]:
    top = maximise(likelihood, np.ones(1), [group])
    return float(top.beta[0]), float(top.information[0, 0] ** -0.5)


def _breslow(died: Floats, risk: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    """Cox's partial likelihood, tied events each of the whole risk set."""
    many, weight = died.sum(axis=1), risk * np.exp([0.0, beta[0]])
    total = weight.sum(axis=1)
    share = weight[:, 1] / total
    value = float(died[:, 1].sum() * beta[0] - many @ np.log(total))
    score, information = died[:, 1].sum() - many @ share, many @ (share * (1.0 - share))
    return value, np.array([score]), np.array([[information]])


def _exact(died: Floats, risk: Floats) -> _Likelihood:
    """The conditional likelihood: of all who might have had the events of a time, these had."""
    many = died.sum(axis=1)
    least, most = np.maximum(0.0, many - risk[:, 0]), np.minimum(many, risk[:, 1])
    sizes = (most - least).astype(np.int64) + 1
    first: Ints = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    row = np.repeat(np.arange(len(sizes)), sizes)
    # How many of the second group: every number that there may be, of every time.
    place = np.arange(len(row)) - first[row] + least[row]
    ways = _choose(risk[row, 1], place) + _choose(risk[row, 0], many[row] - place)
    observed = float(died[:, 1].sum())

    def likelihood(beta: Floats) -> tuple[float, Floats, Floats]:
        terms = ways + place * beta[0]
        top = np.maximum.reduceat(terms, first)
        weight = np.exp(terms - top[row])
        total = np.add.reduceat(weight, first)
        share = weight / total[row]
        mean = np.add.reduceat(share * place, first)
        spread = np.add.reduceat(share * (place - mean[row]) ** 2, first)
        value = float(observed * beta[0] - (top + np.log(total)).sum())
        return value, np.array([observed - mean.sum()]), np.array([[spread.sum()]])

    return likelihood


def _choose(n: Floats, k: Floats) -> Floats:
    """Logarithm of the number of ways to choose k of n."""
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
