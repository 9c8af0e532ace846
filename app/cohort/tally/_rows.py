"""A tally of a cohort in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd

from app.cohort.filters import Filter
from app.cohort.groupings import LEFT_OUT, MISSING, NOT_TESTED, Grouping, GroupingSpec
from app.cohort.tally._events import event_table
from app.cohort.tally._policy import ReleasePolicy
from app.cohort.tally._record import SiteRecord
from app.cohort.tally._release import Release, release_of
from app.cohort.tally._tally import (
    ALTERED,
    NOT_ALTERED,
    PAIR_CELLS,
    N,
    check_numeric,
    counted_by,
    endpoint_of,
)
from data_loaders import Cohort
from data_loaders.arrays import Bools, Texts

_STATES = {1: ALTERED, 0: NOT_ALTERED, -1: LEFT_OUT[NOT_TESTED]}


@dataclass(frozen=True, eq=False)
class RowTally:
    """What is asked of a cohort, counted from its rows; see :class:`Tally`."""

    cohort: Cohort

    @property
    def name(self) -> str:
        """The cohort's name."""
        return self.cohort.name

    def counts(self, selected: Filter | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
        """See :meth:`Tally.counts`."""
        mask = self._mask(selected)
        if not by:
            return pd.DataFrame({N: [int(mask.sum())]})
        levels = {name: self._levels(name)[mask] for name in by}
        table = pd.DataFrame(levels).groupby(list(by), sort=True, observed=True).size()
        return table.rename(N).reset_index()

    def events(
        self,
        selected: Filter | None,
        endpoint: str,
        group: GroupingSpec | str | None = None,
        grid: Sequence[float] | None = None,
    ) -> pd.DataFrame:
        """See :meth:`Tally.events`."""
        ends = endpoint_of(self.cohort, self.name, endpoint)
        mask = self._mask(selected)
        time, event = self.cohort.numbers(ends.time), self.cohort.numbers(ends.event)
        known_end = ~(np.isnan(time) | np.isnan(event))
        competing = entry = None
        if ends.competing is not None:
            competing = self.cohort.numbers(ends.competing) == 1
        if ends.entry is not None:
            entry = self.cohort.numbers(ends.entry)
            known_end &= entry < time
        left_out = {"without follow-up": int((mask & ~known_end).sum())}
        keep = mask & known_end
        groups, reference = None, ""
        if group is not None:
            grouping = self._grouping(group, mask)
            left_out |= grouping.left_out(keep)
            keep &= grouping.codes >= 0
            reference = grouping.names[grouping.reference]
            groups = pd.Categorical.from_codes(grouping.codes[keep], list(grouping.names))
        table = event_table(
            time[keep],
            event[keep] == 1,
            None if competing is None else competing[keep],
            None if entry is None else entry[keep],
            groups,
            grid,
        )
        table.attrs["left_out"] = {reason: n for reason, n in left_out.items() if n}
        table.attrs["reference"] = reference
        return table

    def moments(
        self,
        selected: Filter | None,
        variables: Sequence[str],
        bins: Mapping[str, Sequence[float]] | None = None,
    ) -> pd.DataFrame:
        """See :meth:`Tally.moments`."""
        mask = self._mask(selected)
        rows = []
        for name in variables:
            check_numeric(self.cohort, self.name, name)
            values = self.cohort.numbers(name)[mask]
            held = values[~np.isnan(values)]
            edges = np.asarray((bins or {}).get(name, ()), dtype=np.float64)
            place = np.searchsorted(edges, held, side="right")
            counted = np.bincount(place, minlength=len(edges) + 1)
            rows.append(
                {
                    "variable": name, N: len(held), "missing": len(values) - len(held),
                    "sum": float(held.sum()), "sum_squares": float((held**2).sum()),
                    "histogram": tuple(map(int, counted)) if len(edges) else (),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def features(self, selected: Filter | None = None) -> pd.DataFrame:
        """See :meth:`Tally.features`."""
        states = self.cohort.states[self._mask(selected)]
        return pd.DataFrame(
            {
                "feature": self.cohort.features.index.astype(str),
                "kind": self.cohort.features["kind"].to_numpy(),
                "tested": (states >= 0).sum(axis=0),
                "altered": (states == 1).sum(axis=0),
            }
        )

    def pairs(self, selected: Filter | None, features: Sequence[str]) -> pd.DataFrame:
        """See :class:`PageTally`."""
        mask = self._mask(selected)
        states = {name: self.cohort.feature_state(name)[mask] for name in features}
        return pd.DataFrame(
            [
                (a, b, *(int(((states[a] == i) & (states[b] == j)).sum()) for i, j in PAIR_CELLS))
                for a, b in combinations(features, 2)
            ],
            columns=["a", "b", *PAIR_CELLS.values()],
        )

    def release(
        self,
        policy: ReleasePolicy,
        *,
        site: str,
        made: date,
        groups: Sequence[str] = (),
        selected: Filter | None = None,
        record: SiteRecord | None = None,
    ) -> Release:
        """Write down what a policy lets this site tell; see :func:`release_of`."""
        return release_of(
            self, policy, site=site, made=made, groups=groups, selected=selected, record=record
        )

    def _mask(self, selected: Filter | None) -> Bools:
        return (selected or Filter()).apply(self.cohort).mask

    def _grouping(self, group: GroupingSpec | str, mask: Bools) -> Grouping:
        spec = GroupingSpec.parse(group) if isinstance(group, str) else group
        return spec.build(self.cohort, mask)

    def _levels(self, name: str) -> Texts:
        """The value of every patient, in words."""
        what = counted_by(self.cohort, self.name, name)
        if what == "variable":
            codes, values = self.cohort.factor(name)
            words = np.array([*map(str, values), LEFT_OUT[MISSING]], dtype=object)
            return words[codes]
        if what == "alteration":
            words = np.array([_STATES[0], _STATES[1], _STATES[-1]], dtype=object)
            return words[self.cohort.feature_state(name)]
        grouping = self._grouping(name, np.ones(self.cohort.n, dtype=bool))
        reasons = {
            code: words for code, words in LEFT_OUT.items() if (grouping.codes == code).any()
        }
        words = np.array([*grouping.names, *reasons.values()], dtype=object)
        place = grouping.codes.astype(np.int64)
        for position, code in enumerate(reasons):
            place[grouping.codes == code] = len(grouping.names) + position
        return words[place]


def tally_of(cohort: Cohort) -> RowTally:
    """What can be asked of a cohort in memory, in counts."""
    return RowTally(cohort)
