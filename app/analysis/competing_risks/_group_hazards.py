"""Hazard ratios between groups under competing risks: cause-specific Cox and Fine-Gray.

A model whose only covariate is the group needs no patients, only how many of each group are at risk
and have an event at each time. The estimates are those of :func:`app.analysis.regression.cox` and
:func:`app.analysis.competing_risks.fine_gray` for one categorical covariate, several times faster
in a large cohort.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.event_tables import follow_up, groups_of
from app.analysis.likelihood import Maximum, Part, Term, few_events, maximise, summarise
from app.analysis.survival_input import (
    Groups,
    SurvivalData,
    competing_data,
    count_table,
    two_or_more_groups,
)

CONF_LEVEL = 0.95
# A robust variance below this is rounding error of zero.
NO_SPREAD = 1e-12


@dataclass(frozen=True, eq=False)
class GroupModel:
    """Hazard ratios of groups against the first of them.

    Attributes
    ----------
    summary
        One row a group but the reference: group, coef, se, hr, lower, upper, p_value.
    reference
        The group that the others are compared with.
    ph_test
        Test that the hazards are proportional (Grambsch & Therneau 1994, Kaplan-Meier transformed
        time): chi-squared, degrees of freedom, p-value; None for the subdistribution hazard.
    """

    summary: pd.DataFrame
    reference: str
    n: int
    events: int
    cause: int
    ph_test: tuple[float, int, float] | None
    method: str
    notes: tuple[str, ...]

    @property
    def ph_p_value(self) -> float | None:
        """P-value of the test that the hazards are proportional; None where there is none."""
        return None if self.ph_test is None else self.ph_test[2]


def group_cox(
    time: Any, cause: Any, groups: Any, cause_of_interest: int = 1, entry: Any = None
) -> GroupModel:
    """Cause-specific hazard ratios of groups: a Cox model, competing events censored, Efron ties.

    Parameters
    ----------
    time, cause, entry
        As in :func:`app.analysis.competing_risks.cumulative_incidence`.
    groups
        Group of each patient; the first (of a categorical: its first category with anybody) is the
        reference.

    Raises
    ------
    ValueError
        If there are fewer than two groups, no event, or a group without any (its hazard ratio is
        0 or infinite), or the input is missing or impossible.
    """
    data, causes = competing_data(time, cause, entry, beside={"Groups": groups})
    known = two_or_more_groups(groups, data.n)
    return group_cox_of(data, causes == cause_of_interest, known, cause_of_interest)


def group_cox_from_events(
    table: pd.DataFrame, reference: str = "", cause_of_interest: int = 1
) -> GroupModel:
    """The same from an event table, whose groups may lie at several sites.

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it. Where it has sites the model is stratified
        by them, and there is no test of proportional hazards.
    reference
        The group that the others are compared with; the first where there is none of this name.
    cause_of_interest
        1 = its events, 2 = the competing ones.

    Raises
    ------
    ValueError
        As :func:`group_cox`, or if the table is not possible.
    """
    names = list(pd.Categorical(table["group"]).categories)
    names.sort(key=lambda name: name != reference)
    table = table.assign(group=pd.Categorical(table["group"], names, ordered=True))
    data, causes = follow_up(table)
    known, sites = groups_of(table)
    if len(known.labels) < 2:
        raise ValueError("A comparison needs patients in at least two groups; here is only one.")
    return group_cox_of(data, causes == cause_of_interest, known, cause_of_interest, sites)


def group_cox_of(
    data: SurvivalData, happened: Bools, known: Groups, cause: int = 1, strata: Groups | None = None
) -> GroupModel:
    """Fit checked data, each row of it standing for its copies; see :func:`group_cox`."""
    layers = [_efron(data, happened, known)]
    if strata is not None:
        layers = [
            _efron(data.subset(own), happened[own], Groups(known.labels, known.codes[own]))
            for own in (strata.codes == place for place in range(len(strata.labels)))
        ]
    died = np.sum([layer.died.sum(axis=0) for layer in layers], axis=0)
    _check_events(died)
    pool = np.concatenate([layer.pool for layer in layers])
    top = _maximum(died, pool, np.ones(len(pool)), known)
    ph_test = None
    if strata is None:
        shares, only = _shares(pool, top.beta), layers[0]
        ph_test = _proportional(only.clock, only.row, only.died, shares, top.information)
    return GroupModel(
        summary=_summary(top.beta, np.linalg.inv(top.information), known),
        reference=str(known.labels[0]),
        n=data.n,
        events=len(pool),
        cause=cause,
        ph_test=ph_test,
        method="cause-specific Cox model, Efron ties"
        + (f", stratified ({len(layers)} strata)" if strata is not None else ""),
        notes=tuple(few_events(len(pool), len(top.beta))),
    )


@dataclass(frozen=True, eq=False)
class _Efron:
    """Events and who is at risk at each, of one stratum.

    ``died`` are events by time and group, ``clock`` the transformed times, ``row`` the time of each
    event, ``pool`` the numbers at risk at it by group.
    """

    died: Floats
    clock: Floats
    row: Ints
    pool: Floats


def event_rows(data: SurvivalData, happened: Bools, known: Groups) -> tuple[Floats, Floats]:
    """Events and patients at risk at every time with an event, by group."""
    died, risk = _died(data, happened, known), _at_risk(data, known)
    at = np.flatnonzero(died.sum(axis=1))
    return died[at], risk[at]


def _efron(data: SurvivalData, happened: Bools, known: Groups) -> _Efron:
    died, risk = _died(data, happened, known), _at_risk(data, known)
    per_time = died.sum(axis=1)
    at = np.flatnonzero(per_time)
    tied = per_time[at].astype(np.int64)
    row = np.repeat(np.arange(len(at)), tied)
    place = np.arange(len(row)) - np.repeat(np.cumsum(tied) - tied, tied)
    survival = np.cumprod(1.0 - per_time / np.maximum(risk.sum(axis=1), 1.0))
    # Efron: the l-th of d tied deaths sees the fraction l/d of them removed.
    return _Efron(
        died=died[at],
        clock=1.0 - np.concatenate([[1.0], survival[:-1]])[at],
        row=row,
        pool=risk[at][row] - (place / tied[row])[:, None] * died[at][row],
    )


def group_fine_gray(time: Any, cause: Any, groups: Any, cause_of_interest: int = 1) -> GroupModel:
    """Subdistribution hazard ratios of groups (Fine & Gray 1999), robust standard errors.

    Parameters
    ----------
    time, cause, groups, cause_of_interest
        As in :func:`group_cox`.

    Raises
    ------
    ValueError
        As :func:`group_cox`, or if a robust standard error is zero.
    """
    data, causes = competing_data(time, cause, beside={"Groups": groups})
    known = two_or_more_groups(groups, data.n)
    ours = causes == cause_of_interest
    cells = {
        "ours": _died(data, ours, known),
        "competing": _died(data, data.event & ~ours, known),
        "censored": _died(data, ~data.event, known),
    }
    _check_events(cells["ours"].sum(axis=0))
    model = _Subdistribution(cells, _at_risk(data, known))
    at = np.flatnonzero(model.deaths)
    top = _maximum(cells["ours"].sum(axis=0), model.pool[at], model.deaths[at], known)
    bread = np.linalg.inv(top.information)
    covariance = bread @ model.meat(top.beta) @ bread
    if not (np.diag(covariance) > NO_SPREAD).all():
        raise ValueError(
            "The robust standard error of a subdistribution hazard ratio is zero, because events "
            "fall on too few distinct times: no interval can be given."
        )
    events = int(ours.sum())
    return GroupModel(
        summary=_summary(top.beta, covariance, known),
        reference=str(known.labels[0]),
        n=data.n,
        events=events,
        cause=cause_of_interest,
        ph_test=None,
        method="Fine-Gray model of the subdistribution hazard, robust standard errors",
        notes=tuple(few_events(events, len(top.beta))),
    )


class _Subdistribution:
    """Weighted numbers at risk of the subdistribution hazard; rows are times, columns groups.

    Who had the competing event stays at risk with the probability of not yet being censored.
    """

    def __init__(self, cells: dict[str, Floats], risk: Floats) -> None:
        self.cells = cells
        self.deaths: Floats = cells["ours"].sum(axis=1)
        self.censorings: Floats = cells["censored"].sum(axis=1)
        self.risk: Floats = risk.sum(axis=1)
        free = np.cumprod(1.0 - self.censorings / self.risk)
        self.uncensored: Floats = np.concatenate([[1.0], free[:-1]])
        known = self.uncensored > 0
        self.inverse: Floats = np.divide(1.0, self.uncensored, out=np.zeros(len(free)), where=known)
        entering = cells["competing"] * self.inverse[:, None]
        self.past: Floats = np.cumsum(entering, axis=0) - entering
        self.pool: Floats = risk + self.uncensored[:, None] * self.past

    def meat(self, beta: Floats) -> Floats:
        """Sum of squared score residuals, the censoring distribution estimated, shape (p, p).

        Patients of one group with the same kind of end at the same time share one residual.
        """
        theta = np.exp(np.concatenate([[0.0], beta]))
        mean = _shares(self.pool, beta)
        hazard = self.deaths / (self.pool @ theta)
        increments = hazard[:, None] * np.column_stack([np.ones(len(hazard)), mean])
        until = np.cumsum(increments, axis=0)
        weighted = self.uncensored[:, None] * increments
        reverse = weighted[::-1].cumsum(axis=0)[::-1]
        later = (reverse - weighted) * self.inverse[:, None]
        past = self.past * theta
        effect = past[:, 1:] * reverse[:, :1] - past.sum(axis=1)[:, None] * reverse[:, 1:]
        drift = np.cumsum((self.censorings / self.risk**2)[:, None] * effect, axis=0)
        total = np.zeros((len(beta), len(beta)))
        for kind, counts in self.cells.items():
            for group, weight in enumerate(theta):
                rows = np.flatnonzero(counts[:, group])
                own = np.zeros(len(beta))
                if group:
                    own[group - 1] = 1.0
                exposure = until[rows]
                if kind == "competing":
                    exposure = exposure + later[rows]
                residual = weight * (exposure[:, 1:] - exposure[:, :1] * own) - drift[rows]
                if kind == "ours":
                    residual += own - mean[rows]
                elif kind == "censored":
                    residual += effect[rows] / self.risk[rows, None]
                total += (counts[rows, group, None] * residual).T @ residual
        return total


def _died(data: SurvivalData, happened: Any, known: Groups) -> Floats:
    """Patients whose follow-up ended so, by time and group."""
    copies = None if data.copies is None else data.copies[happened]
    k, groups = len(data.times), len(known.labels)
    return count_table(data.exit[happened], known.codes[happened], k, groups, copies)


def _at_risk(data: SurvivalData, known: Groups) -> Floats:
    """Patients at risk just before each time, by group."""
    k, groups = len(data.times), len(known.labels)
    risk = count_table(data.exit, known.codes, k, groups, data.copies)[::-1].cumsum(axis=0)[::-1]
    if data.entry is not None:
        came = count_table(data.entry, known.codes, k, groups, data.copies)
        risk = risk - came[::-1].cumsum(axis=0)[::-1]
    return risk


def _check_events(by_group: Floats) -> None:
    if not by_group.any():
        raise ValueError("No event of this cause was observed, so there is nothing to model.")
    if not by_group.all():
        raise ValueError(
            "A group has no event of this cause, so its hazard ratio is 0 or infinite: leave it "
            "out or merge it with another."
        )


def _shares(pool: Floats, beta: Floats) -> Floats:
    """Share of each group but the first in the weight at risk, shape (rows, p)."""
    weight = pool * np.exp(np.concatenate([[0.0], beta]))
    return np.asarray(weight[:, 1:] / weight.sum(axis=1, keepdims=True))


def _maximum(died: Floats, pool: Floats, times: Floats, known: Groups) -> Maximum:
    """Maximise the partial likelihood of groups.

    Parameters
    ----------
    pool
        At risk at each event by group, shape (rows, groups).
    times
        How many events each row stands for, shape (rows,).
    """

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        eta = np.concatenate([[0.0], beta])
        top = float(eta.max())
        total = pool @ np.exp(eta - top)
        if not total.min() > 0:
            return -np.inf, np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
        share = pool[:, 1:] * (np.exp(beta - top) / total[:, None])
        expected = times @ share
        log_likelihood = float(died @ (eta - top) - times @ np.log(total))
        information = np.diag(expected) - share.T @ (times[:, None] * share)
        return log_likelihood, died[1:] - expected, information

    names = [str(label) for label in known.labels[1:]]
    return maximise(evaluate, np.ones(len(names)), names)


def _summary(beta: Floats, covariance: Floats, known: Groups) -> pd.DataFrame:
    terms = [Term((Part("group", label, known.labels[0]),)) for label in known.labels[1:]]
    table = summarise(terms, beta, covariance, CONF_LEVEL)
    return table.rename(columns={"level": "group"})[
        ["group", "coef", "se", "hr", "lower", "upper", "p_value"]
    ]


def _proportional(
    clock: Floats, row: Ints, died: Floats, shares: Floats, information: Floats
) -> tuple[float, int, float]:
    """Score test that no hazard ratio changes with transformed time: chi-squared, df, p-value."""
    time = clock[row] - clock[row].mean()

    def spread(weights: Floats) -> Floats:
        weighted = weights[:, None] * shares
        return np.asarray(np.diag(weighted.sum(axis=0)) - weighted.T @ shares)

    first, second = spread(time), spread(time**2)
    score = (clock - clock[row].mean()) @ died[:, 1:] - time @ shares
    whole = np.block([[information, first], [first, second]])
    u = np.concatenate([np.zeros(len(score)), score])
    chi2 = float(u @ np.linalg.lstsq(whole, u, rcond=None)[0])
    return chi2, len(score), float(chdtrc(len(score), chi2))
