"""Survival of the groups of a cohort: curves, test, who was left out, and what it says in words."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.multiplicity import Adjustment
from app.analysis.survival import (
    ConfType,
    KaplanMeier,
    LogrankResult,
    Weights,
    kaplan_meier_of,
    logrank_of,
    pairwise_logrank_of,
    risk_table_of,
    supported_until,
    trend_of,
)
from app.analysis.survival_input import Groups, SurvivalData, group_codes, survival_data
from app.cohort.colours import BLUE
from app.cohort.groupings import Grouping
from app.study.outcomes import Outcome, as_loaded, of_landmark, outcome_of, too_small
from data_loaders import Cohort, Endpoint
from data_loaders.arrays import Bools, Positions
from data_loaders.wording import listing, mid_sentence, plural

YEARS = (1, 3, 5)


def years_with(chosen: int | None) -> tuple[int, ...]:
    """The years at which curves are read: 1, 3 and 5, and the one that a reader chose."""
    return YEARS if chosen is None else tuple(sorted({*YEARS, chosen}))


NOBODY_LEFT = "Nobody is left to follow: widen the filter, or choose another endpoint or grouping."
DATA_DRIVEN = (
    "These groups were found in the same patients: the comparison describes them and does not "
    "confirm that the groups matter in others."
)


@dataclass(frozen=True)
class GroupCurve:
    """One group's Kaplan-Meier curve; ``km`` is None where the group has nobody to follow."""

    name: str
    colour: str
    km: KaplanMeier | None

    @property
    def n(self) -> int:
        """Patients followed."""
        return 0 if self.km is None else self.km.n

    @property
    def events(self) -> int:
        """Events among them."""
        return 0 if self.km is None else self.km.events


@dataclass(frozen=True, eq=False)
class GroupSurvival:
    """Survival by group.

    Parameters
    ----------
    curves
        One a group, in order, empty ones included.
    test
        Test of equal survival over the groups that are large enough; None where there are no two
        of them or nothing to compare, and ``p_note`` says why.
    trend
        Test for a trend over ordered groups, of the same family; None where groups are not ordered.
    pairwise
        The same test of every pair, or None: a, b, p_value, p_adjusted and more.
    strata
        Label of the variable within whose values patients were compared; empty for none.
    bias
        What is wrong with comparing these groups from time zero at all; empty where nothing is.
    """

    outcome: Outcome
    label: str
    curves: tuple[GroupCurve, ...]
    test: LogrankResult | None
    p_note: str
    trend: LogrankResult | None
    pairwise: pd.DataFrame | None
    adjust: Adjustment
    strata: str
    conf_type: ConfType
    notes: tuple[str, ...]
    bias: str = ""
    untested: tuple[str, ...] = ()

    @property
    def endpoint(self) -> Endpoint:
        """What was followed."""
        return self.outcome.endpoint

    @property
    def analysed(self) -> int:
        """Patients in the curves."""
        return self.outcome.n

    @property
    def p_value(self) -> float | None:
        """P-value of the test; None where it was withheld."""
        return None if self.test is None else self.test.p_value

    @property
    def test_method(self) -> str:
        """How the p-value was computed, in words; empty where there is none."""
        if self.test is None:
            return ""
        name = self.test.method
        lowered = name[:1].lower() + name[1:] if name.startswith("Log-rank") else name
        return f"{lowered}, {plural(self.test.df, 'degree')} of freedom"

    @property
    def drawn(self) -> tuple[GroupCurve, ...]:
        """The groups that have a curve."""
        return tuple(curve for curve in self.curves if curve.km is not None)

    @property
    def by_name(self) -> dict[Hashable, KaplanMeier]:
        """The curves by group name, the reference first."""
        first = self.outcome.names[self.outcome.reference]
        ordered = sorted(self.drawn, key=lambda curve: curve.name != first)
        return {curve.name: curve.km for curve in ordered if curve.km is not None}

    @property
    def reference(self) -> str:
        """The group that the others are compared with; empty where nobody is followed."""
        return str(next(iter(self.by_name), ""))

    @property
    def n_events(self) -> int:
        """Events in all groups."""
        return sum(curve.events for curve in self.curves)

    @property
    def last_time(self) -> float:
        """End of the longest follow-up in months, or the time limit."""
        return float(self.outcome.time.max()) if self.outcome.n else 0.0

    @cached_property
    def supported_until(self) -> float:
        """Months until which the curves are worth a look, as ``supported_until`` has it."""
        return supported_until(self.by_name.values())

    def risk_table(self, ticks: npt.NDArray[np.floating]) -> pd.DataFrame:
        """At risk, cumulative events and censored at the ticks (months), by group name."""
        if self.outcome.copies is not None:
            parts = [
                curve.km.at(ticks)[["time", "n_risk"]].assign(group=curve.name)
                for curve in self.drawn
                if curve.km is not None
            ]
            return pd.concat(parts, ignore_index=True)
        return risk_table_of(*self.outcome.followed_in(range(len(self.curves))), ticks)


def survival_by_group(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    grouping: Grouping | None = None,
    *,
    limit: float | None = None,
    conf_type: ConfType = "log-log",
    weights: Weights = "logrank",
    strata: str | None = None,
    adjust: Adjustment = "holm",
    truncated: bool = True,
    pairs: bool = True,
) -> GroupSurvival:
    """Kaplan-Meier curves, test of equal survival and accounting of the selected patients by group.

    Parameters
    ----------
    weights
        Test: ``logrank``, ``peto-peto`` or ``("fleming-harrington", rho, gamma)``.
    strata
        Column within whose values patients are compared; those without a value are in the curves
        and not in the test.
    pairs
        Whether every pair of groups is tested, where there are more than two.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint or column.
    """
    outcome = outcome_of(cohort, mask, endpoint_key, grouping, limit=limit, truncated=truncated)
    layers = None if strata is None else cohort.factor(strata)[0][outcome.used]
    return survival_of(
        outcome, grouping, conf_type=conf_type, weights=weights, layers=layers,
        strata="" if strata is None else _label(cohort, strata), adjust=adjust, pairs=pairs,
    )  # fmt: skip


def survival_of(
    outcome: Outcome,
    grouping: Grouping | None,
    *,
    conf_type: ConfType = "log-log",
    weights: Weights = "logrank",
    layers: Positions | None = None,
    strata: str = "",
    adjust: Adjustment = "holm",
    pairs: bool = True,
) -> GroupSurvival:
    """The same of a follow-up, which may be counts of patients instead of rows.

    Parameters
    ----------
    layers
        Stratum of each entry, negative for none; of rows only.
    """
    colours = (BLUE,) if grouping is None else grouping.colours
    curves = tuple(_curve(outcome, code, colour, conf_type) for code, colour in enumerate(colours))
    large, small = outcome.large_enough(None if layers is None else layers >= 0)
    compared = _Compared(outcome, weights, layers, large)
    test, p_note = _overall_test(curves, compared, small)
    several = test is not None and len(large) > 2
    ordered = grouping is not None and grouping.ordered
    return GroupSurvival(
        outcome=outcome,
        label="" if grouping is None else grouping.label,
        curves=curves,
        test=test,
        p_note=p_note,
        trend=trend_of(test) if test is not None and several and ordered else None,
        pairwise=compared.pairs(adjust) if several and pairs else None,
        adjust=adjust,
        strata=strata,
        conf_type=conf_type,
        notes=_notes(outcome, curves, grouping, layers),
        bias="" if grouping is None else _bias(grouping),
        untested=small,
    )


def _label(cohort: Cohort, column: str) -> str:
    variable = cohort.variables.get(column)
    return column if variable is None else variable.label


def _curve(outcome: Outcome, code: int, colour: str, conf_type: ConfType) -> GroupCurve:
    name = outcome.names[code]
    if code not in outcome.codes:
        return GroupCurve(name, colour, None)
    data, codes = outcome.followed
    return GroupCurve(
        name, colour, kaplan_meier_of(data.subset(codes == code), conf_type=conf_type)
    )


class _Compared:
    """The patients of an outcome that a test can use, and the tests of them."""

    def __init__(
        self,
        outcome: Outcome,
        weights: Weights,
        layers: Positions | None,
        places: tuple[int, ...],
    ) -> None:
        self.places = places
        self._outcome, self._weights, self._layers = outcome, weights, layers
        self._known = np.isin(outcome.codes, places)
        self._known &= True if layers is None else layers >= 0
        self.events = int(outcome.event[self._known].sum())

    @cached_property
    def _followed(self) -> tuple[SurvivalData, Groups, Groups | None]:
        outcome, own = self._outcome, self._known
        if self._layers is None:
            data, groups = outcome.followed_in(self.places)
            return data, groups, None
        entry = None if outcome.entry is None else outcome.entry[own]
        data = survival_data(outcome.time[own], outcome.event[own], entry)
        groups = group_codes(outcome.groups[own], data.n)
        return data, groups, group_codes(self._layers[own], data.n)

    def equal(self) -> LogrankResult:
        return logrank_of(*self._followed, self._weights)

    def pairs(self, adjust: Adjustment) -> pd.DataFrame | None:
        if self._outcome.copies is not None:
            return None
        return pairwise_logrank_of(*self._followed, adjust, self._weights)


def _overall_test(
    curves: tuple[GroupCurve, ...], compared: _Compared, small: tuple[str, ...]
) -> tuple[LogrankResult | None, str]:
    """The test of the groups that are large enough, or why there is none."""
    if sum(curve.n > 0 for curve in curves) < 2:
        return None, "There is only one group with patients, so nothing to compare."
    if not any(curve.events for curve in curves):
        return None, "No event was observed, so the curves cannot be compared."
    if len(compared.places) < 2:
        return None, f"No p-value is given: {too_small(small)}."
    if not compared.events:
        return None, "No event was observed in the groups that are large enough to be compared."
    result = compared.equal()
    return (result, "") if result.df else (None, result.note)


def _bias(grouping: Grouping) -> str:
    if not grouping.after_baseline or grouping.known_from is not None:
        return ""
    return (
        f"The groups of {mid_sentence(grouping.label)} come about during follow-up. Comparing them "
        "from time zero credits whoever came into one later with the time they had to live until "
        "then (immortal time): the difference is biased."
    )


def _notes(
    outcome: Outcome,
    curves: tuple[GroupCurve, ...],
    grouping: Grouping | None,
    layers: Positions | None,
) -> tuple[str, ...]:
    endpoint = outcome.endpoint
    notes = []
    if not any(curve.n for curve in curves):
        notes.append(NOBODY_LEFT)
    elif not any(curve.events for curve in curves):
        notes.append(
            f"No {endpoint.event_label} was observed in these patients, so the curves stay at 100%."
        )
    empty = [curve.name for curve in curves if not curve.n]
    if empty and len(empty) < len(curves):
        notes.append(f"No patient to follow in: {listing(empty)}.")
    if grouping is not None and grouping.known_from is not None:
        notes.append(of_landmark(grouping))
    if grouping is not None and grouping.data_driven:
        notes.append(DATA_DRIVEN)
    if endpoint.competing is not None and any(curve.events for curve in curves):
        notes.append(
            f"Deaths without {endpoint.event_label} count as censored here, so one minus the curve "
            "overstates the risk: it is the risk if nobody could die of anything else. The view "
            "“Competing risks” has the risk itself."
        )
    if outcome.entry is not None and (outcome.entry > 0).any():
        late = int(np.count_nonzero(outcome.entry > 0))
        notes.append(
            f"{plural(late, 'patient')} came under observation after time zero and count as at "
            "risk only from then on (left truncation)."
        )
    early = [curve.name for curve in curves if curve.km is not None and _falls_early(curve.km)]
    if early:
        notes.append(
            f"The curve of {listing(early)} falls to zero while few had entered, although others "
            "come later: it cannot be read."
        )
    if endpoint.notes and outcome.n:
        notes.append(as_loaded(endpoint))
    unknown = 0 if layers is None else int(np.count_nonzero(layers < 0))
    if unknown:
        notes.append(
            f"{plural(unknown, 'patient')} without a value of the strata are in the curves and not "
            "in the test."
        )
    return tuple(notes)


def _falls_early(km: KaplanMeier) -> bool:
    return bool((km.survival[:-1] == 0).any())
