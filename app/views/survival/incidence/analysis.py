"""Cumulative incidence of the groups of a cohort, competing events counted for what they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.competing_risks import GrayTest, gray_test, gray_test_from_events
from app.analysis.multiplicity import adjust_p_values
from app.analysis.survival import supported_until
from app.cohort.colours import BLUE
from app.cohort.groupings import Grouping
from app.study.outcomes import Outcome, as_loaded, of_landmark, outcome_of, too_small
from app.views.survival.curves.analysis import DATA_DRIVEN, NOBODY_LEFT
from app.views.survival.incidence._effects import GroupEffects, effects_of
from app.views.survival.incidence.estimates import (
    COMPETING,
    EVENT,
    GroupEstimate,
    competing_label,
    estimate_of,
    incidence_outcome,
    not_recorded,
)
from data_loaders import Cohort, Endpoint
from data_loaders.arrays import Bools
from data_loaders.wording import listing, mid_sentence, plural


@dataclass(frozen=True, eq=False)
class GroupIncidence:
    """Cumulative incidence of an event and of its competing event by group.

    Attributes
    ----------
    estimates
        One a group, in order, empty ones included.
    gray_event, gray_competing
        Gray's tests over the groups that are large enough; None where withheld, and ``p_note``
        says why.
    effects
        Hazard ratios between the groups; None where there is only one.
    untested
        Groups with patients that are too small to be in the tests.
    """

    outcome: Outcome
    label: str
    estimates: tuple[GroupEstimate, ...]
    gray_event: GrayTest | None
    gray_competing: GrayTest | None
    p_note: str
    effects: GroupEffects | None
    notes: tuple[str, ...]
    untested: tuple[str, ...] = ()

    @property
    def endpoint(self) -> Endpoint:
        """What was followed."""
        return self.outcome.endpoint

    @property
    def analysed(self) -> int:
        """Patients analysed."""
        return self.outcome.n

    @property
    def event_label(self) -> str:
        """The event, as a noun."""
        return self.endpoint.event_label

    @property
    def competing_label(self) -> str:
        """The competing event, as a noun."""
        return competing_label(self.endpoint)

    @property
    def drawn(self) -> tuple[GroupEstimate, ...]:
        """The groups that have estimates."""
        return tuple(group for group in self.estimates if group.incidence is not None)

    @property
    def last_time(self) -> float:
        """End of the longest follow-up in months, or the time limit."""
        return float(self.outcome.time.max()) if self.outcome.n else 0.0

    @cached_property
    def supported_until(self) -> float:
        """Months until which the curves are worth a look, as ``supported_until`` has it."""
        return supported_until([g.incidence for g in self.estimates if g.incidence is not None])

    @property
    def has_pairs(self) -> bool:
        """Whether there are pairs of groups to compare: three large enough, and Gray's test."""
        several = self.gray_event is not None and len(self.outcome.large_enough()[0]) > 2
        return several and self.outcome.copies is None

    @cached_property
    def pairwise(self) -> pd.DataFrame | None:
        """Gray's test of every pair of groups with Holm's adjustment, made when asked for.

        Returns
        -------
        DataFrame or None
            a, b, statistic, p_value, p_adjusted; None below three groups or without Gray's test.
        """
        if not self.has_pairs:
            return None
        o = self.outcome
        rows = []
        for a, b in combinations(o.large_enough()[0], 2):
            own = (o.codes == a) | (o.codes == b)
            test = gray_test(o.time[own], o.cause[own], o.codes[own])
            rows.append((o.names[a], o.names[b], test.statistic, test.p_value))
        table = pd.DataFrame(rows, columns=["a", "b", "statistic", "p_value"])
        table["p_adjusted"] = adjust_p_values(table["p_value"].to_numpy(), "holm")
        return table

    def risk_table(self, ticks: npt.ArrayLike) -> pd.DataFrame:
        """The risk tables of the groups drawn at the ticks (months), the group's name first."""
        parts = [group.counts(ticks).assign(group=group.name) for group in self.drawn]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def incidence_by_group(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    grouping: Grouping | None = None,
    *,
    limit: float | None = None,
    truncated: bool = True,
) -> GroupIncidence:
    """Cumulative incidence, Gray's tests, hazard ratios and accounting of the selected patients.

    Parameters
    ----------
    endpoint_key
        Which endpoint; it has a competing event.

    Raises
    ------
    ValueError
        If the endpoint has no competing event.
    CohortError
        If the cohort has no such endpoint.
    """
    outcome = incidence_outcome(
        cohort, mask, endpoint_key, grouping, limit=limit, truncated=truncated
    )
    followed = ordered = _by_time(outcome)
    if not_recorded(outcome.endpoint) in outcome.left_out:
        followed = _by_time(
            outcome_of(cohort, mask, endpoint_key, grouping, limit=limit, truncated=truncated)
        )
    return incidence_of(ordered, followed, grouping)


def incidence_of(ordered: Outcome, followed: Outcome, grouping: Grouping | None) -> GroupIncidence:
    """The same of a follow-up, which may be counts of patients instead of rows.

    Parameters
    ----------
    ordered, followed
        Follow-up in order of time: of those of whom both events are known, and of all of whom the
        event is.
    """
    outcome = ordered
    colours = (BLUE,) if grouping is None else grouping.colours
    estimates = tuple(estimate_of(ordered, code, colour) for code, colour in enumerate(colours))
    tested, small = outcome.large_enough()
    p_note = _why_no_test(outcome, estimates, small)
    tests = [None if p_note else _gray(ordered, tested, cause) for cause in (EVENT, COMPETING)]
    return GroupIncidence(
        outcome=outcome,
        label="" if grouping is None else grouping.label,
        estimates=estimates,
        gray_event=tests[0],
        gray_competing=tests[1],
        p_note=p_note,
        effects=effects_of(ordered, estimates, followed),
        notes=_notes(outcome, estimates, grouping),
        untested=small,
    )


def _by_time(outcome: Outcome) -> Outcome:
    """The patients in order of time, which halves every sort and search; ``used`` is as it was."""
    order = np.argsort(outcome.time, kind="stable")
    return replace(
        outcome,
        time=outcome.time[order],
        event=outcome.event[order],
        cause=outcome.cause[order],
        entry=None if outcome.entry is None else outcome.entry[order],
        codes=outcome.codes[order],
    )


def _why_no_test(
    outcome: Outcome, estimates: tuple[GroupEstimate, ...], small: tuple[str, ...]
) -> str:
    present = [group for group in estimates if group.n]
    if len(present) < 2:
        return "There is only one group with patients, so nothing to compare."
    if not (outcome.cause == EVENT).any():
        return f"No {outcome.endpoint.event_label} was observed, so nothing can be compared."
    if outcome.entry is not None:
        return "No p-value is given: Gray's test is not defined for patients who entered late."
    if len(present) - len(small) < 2:
        return f"No p-value is given: {too_small(small)}."
    return ""


def _gray(outcome: Outcome, tested: tuple[int, ...], cause: int) -> GrayTest | None:
    """Gray's test of a cause over some groups; None where it has no answer."""
    own = np.isin(outcome.codes, tested)
    if outcome.copies is not None:
        test = gray_test_from_events(outcome.table(own), cause)
        return test if test.df else None
    test = gray_test(outcome.time[own], outcome.cause[own], outcome.codes[own], cause)
    return test if test.df else None


def _notes(
    outcome: Outcome, estimates: tuple[GroupEstimate, ...], grouping: Grouping | None
) -> tuple[str, ...]:
    event, other = outcome.endpoint.event_label, competing_label(outcome.endpoint)
    notes = []
    if not outcome.n:
        notes.append(NOBODY_LEFT)
    elif not outcome.cause.any():
        notes.append(f"Neither {event} nor {other} was observed in these patients.")
    elif not (outcome.cause == EVENT).any():
        notes.append(f"No {event} was observed in these patients; only the competing event was.")
    elif not (outcome.cause == COMPETING).any():
        notes.append(
            f"No {other} was observed in these patients, so the incidence equals one minus the "
            "Kaplan-Meier curve."
        )
    empty = [group.name for group in estimates if not group.n]
    if empty and outcome.n:
        notes.append(f"No patient to follow in: {listing(empty)}.")
    without = [group.name for group in estimates if group.n and group.incidence is None]
    if without and outcome.cause.any():
        notes.append(f"No event of either kind, so no curve, in: {listing(without)}.")
    unknown = outcome.left_out.get(not_recorded(outcome.endpoint), 0)
    if unknown:
        notes.append(
            f"{plural(unknown, 'patient')} without {event} of whom it is not recorded whether they "
            f"died {'is' if unknown == 1 else 'are'} left out, and nobody with {event}: the "
            "incidence is overstated a little by that."
        )
    if grouping is not None and grouping.known_from is not None:
        notes.append(of_landmark(grouping))
    elif grouping is not None and grouping.after_baseline:
        notes.append(
            f"The groups of {mid_sentence(grouping.label)} come about during follow-up. Comparing "
            "them from time zero credits whoever came into one later with the time they had to "
            "live until then (immortal time): read the difference as biased."
        )
    if outcome.endpoint.notes and outcome.n:
        notes.append(as_loaded(outcome.endpoint))
    if grouping is not None and grouping.data_driven:
        notes.append(DATA_DRIVEN)
    return tuple(notes)
