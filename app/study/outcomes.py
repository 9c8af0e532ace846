"""Who is analysed for an endpoint: follow-up, groups, and why the others are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from app.analysis.event_tables import follow_up, groups_of
from app.analysis.survival import administrative_censoring
from app.analysis.survival_input import (
    Groups,
    SurvivalData,
    condensed,
    group_codes,
    slack,
    survival_data,
)
from app.cohort.groupings import MIN_GROUP_FOR_TEST, Grouping
from app.cohort.tally import event_table
from data_loaders import Cohort, CohortError, Endpoint
from data_loaders.arrays import Bools, Codes, Floats, Ints
from data_loaders.wording import listing, mid_sentence

EVERYONE = "All patients"
NOT_OBSERVED = "not yet under observation when follow-up ended"


@dataclass(frozen=True, eq=False)
class Outcome:
    """Follow-up of the patients that an analysis of one endpoint can use.

    Attributes
    ----------
    used
        Which patients of the cohort are analysed, shape (cohort.n,).
    time, event
        End of follow-up in months and 1 = event or 0 = censored, shape (n,).
    cause
        0 censored, 1 the event, 2 the competing event, shape (n,); only 0 and 1 where the endpoint
        has no competing event.
    entry
        Months at which each came under observation; None where all did at time zero.
    names, codes
        Groups, and the position of each patient's group, shape (n,).
    reference
        Position of the group that the others are compared with.
    copies
        How many patients each entry stands for, shape (n,), where only counts are known; None for
        one, and then ``used`` says which.
    """

    endpoint: Endpoint
    used: Bools
    time: Floats
    event: Floats
    cause: Ints
    entry: Floats | None
    names: tuple[str, ...]
    codes: Codes
    selected: int
    left_out: dict[str, int]
    limit: float | None
    reference: int = 0
    copies: Ints | None = None

    @property
    def n(self) -> int:
        """Patients analysed."""
        return len(self.time) if self.copies is None else int(self.copies.sum())

    def table(self, own: Bools) -> pd.DataFrame:
        """The follow-up of some entries as an event table."""
        return event_table(
            self.time[own],
            self.event[own] == 1,
            self.cause[own] == 2,
            None if self.entry is None else self.entry[own],
            self.groups[own],
            copies=None if self.copies is None else self.copies[own],
        )

    @property
    def groups(self) -> pd.Categorical:
        """Name of each analysed patient's group, groups in their order."""
        return pd.Categorical.from_codes(self.codes, categories=list(self.names), ordered=True)

    @cached_property
    def followed(self) -> tuple[SurvivalData, Ints]:
        """The follow-up as curves and tests take it, and the position of each of its rows' group.

        Worked out once for all of them: a row may stand for several patients.

        Raises
        ------
        ValueError
            If nobody is followed.
        """
        codes = self.codes.astype(np.int64)
        if self.copies is None:
            return condensed(survival_data(self.time, self.event, self.entry), codes)
        table = self.table(np.ones(len(codes), dtype=bool))
        data, causes = follow_up(table)
        known, _ = groups_of(table)
        place = np.array([self.names.index(str(label)) for label in known.labels])
        return replace(data, event=causes == 1), place[known.codes]

    def followed_in(self, places: Sequence[int]) -> tuple[SurvivalData, Groups]:
        """The same of some groups only, by their positions."""
        data, codes = self.followed
        own = np.isin(codes, places)
        named = pd.Categorical.from_codes(codes[own], list(self.names), ordered=True)
        return data.subset(own), group_codes(named, int(np.count_nonzero(own)))

    def large_enough(self, among: Bools | None = None) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """Positions of the groups that can be tested, and names of those too small for it.

        Parameters
        ----------
        among
            Which of the analysed patients a test can use, shape (n,); None for all.
        """
        own = slice(None) if among is None else among
        copies = None if self.copies is None else self.copies[own]
        sizes = np.bincount(self.codes[own], copies, minlength=len(self.names))
        present = np.bincount(self.codes, minlength=len(self.names)) > 0
        small = present & (sizes < MIN_GROUP_FOR_TEST)
        return (
            tuple(np.flatnonzero(sizes >= MIN_GROUP_FOR_TEST).tolist()),
            tuple(self.names[place] for place in np.flatnonzero(small)),
        )


def of_landmark(grouping: Grouping) -> str:
    """What is compared where the groups were measured at a month; empty where they were not."""
    if grouping.known_from is None:
        return ""
    return (
        f"Landmark at month {grouping.known_from:g}: {mid_sentence(grouping.label)} was known "
        "then, so the comparison begins there, of those still followed and without the event. Time "
        "is counted from time zero (Anderson 1983 J Clin Oncol 1:710)."
    )


def as_loaded(endpoint: Endpoint) -> str:
    """What the loader changed in an endpoint, as sentences; empty where nothing."""
    return f"In the cohort as loaded: {' '.join(endpoint.notes)}" if endpoint.notes else ""


def too_small(names: Sequence[str]) -> str:
    """Why groups are in no test: ``CALR other has fewer than 10 patients``."""
    verb = "has" if len(names) == 1 else "have"
    return f"{listing(list(names))} {verb} fewer than {MIN_GROUP_FOR_TEST} patients"


def outcome_of(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    grouping: Grouping | None = None,
    *,
    limit: float | None = None,
    truncated: bool = True,
) -> Outcome:
    """Follow-up of the selected patients who have a group and a known outcome.

    Groups measured at a month compare those who are followed, and event-free, beyond it.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint.
    """
    endpoint = cohort.endpoints.get(endpoint_key)
    if endpoint is None:
        raise CohortError(
            f"This cohort has no endpoint called {endpoint_key}; it needs a pair of columns with a "
            "time and an event."
        )
    time, event = cohort.numbers(endpoint.time), cohort.numbers(endpoint.event)
    codes = np.zeros(cohort.n, dtype=np.int16) if grouping is None else grouping.codes
    grouped = mask & (codes >= 0)
    known = ~(np.isnan(time) | np.isnan(event))
    left_out = {} if grouping is None else grouping.left_out(mask)
    used = grouped & known
    _count(left_out, f"{mid_sentence(endpoint.label)} not recorded", grouped & ~known)
    if grouping is not None and grouping.known_from is not None:
        gone = used & (time <= grouping.known_from)
        _count(left_out, f"no longer followed at month {grouping.known_from:g}", gone)
        used &= ~gone
    entry = None
    if truncated and endpoint.entry is not None:
        entry = cohort.numbers(endpoint.entry)
        _count(left_out, "time of entry not recorded", used & np.isnan(entry))
        used &= ~np.isnan(entry)
        end = time if limit is None else np.minimum(time, limit)
        late = used & (entry >= end - slack(end))
        _count(left_out, NOT_OBSERVED, late)
        used &= ~late
        entry = entry[used]
    competing = (
        np.zeros(cohort.n) if endpoint.competing is None else cohort.numbers(endpoint.competing)
    )
    time, event = time[used], event[used]
    other = (competing[used] == 1) & (event == 0)
    if limit is not None and len(time):
        seen = administrative_censoring(time, other, limit)[1] == 1
        ended = administrative_censoring(time, event, limit)
        time, event = ended[0].astype(np.float64), ended[1].astype(np.float64)
        other &= seen
    return Outcome(
        endpoint=endpoint,
        used=used,
        time=time,
        event=event,
        cause=np.where(event == 1, 1, np.where(other, 2, 0)),
        entry=entry,
        names=(EVERYONE,) if grouping is None else grouping.names,
        codes=codes[used],
        selected=int(np.count_nonzero(mask)),
        left_out=left_out,
        limit=limit,
        reference=0 if grouping is None else grouping.reference,
    )


def _count(left_out: dict[str, int], reason: str, who: Bools) -> None:
    number = int(np.count_nonzero(who))
    if number:
        left_out[reason] = number
