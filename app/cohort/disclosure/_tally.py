"""A tally of what disclosure control released: everything else it refuses, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.cohort.colours import assign_colours
from app.cohort.disclosure._questions import (
    ALTERED,
    NOT_ALTERED,
    Condition,
    Dimension,
    conditions_of,
    is_asked,
)
from app.cohort.disclosure._release import AT_RISK, COMPETING, EVENTS, GRID, Release
from app.cohort.filters import Filter
from app.cohort.groupings import Grouping, GroupingSpec
from app.cohort.tally import TallyError, event_table
from data_loaders import Cohort, Endpoint, Variable
from data_loaders.arrays import Floats

if TYPE_CHECKING:
    from app.cohort.disclosure._policy import Disclosure

HIDDEN = -1
_STATES = {ALTERED: True, NOT_ALTERED: False}
_NO_SUCH_GROUPS = (
    "Disclosure control: groups are the published values of one variable or alteration that the "
    "filter has not fixed; choose such a one."
)
_NO_MOMENTS = "Disclosure control: of numbers only ranges are counted, no means and no quantiles."
_NO_PAIRS = "Disclosure control: alterations are asked one at a time, not in pairs."
_NOT_FOLLOWED = (
    "This endpoint is not among those that are published: at most three are, and none at which "
    "patients come under observation after time zero (left truncation)."
)


@dataclass(frozen=True, eq=False)
class ReleasedTally:
    """Released counts as a tally; it holds no patient, and a count that is hidden is -1.

    Only what the audited release answers is answered (:class:`Release`): a filter is one of its
    conditions, groups are the values of one of its dimensions, numbers are its ranges.

    Attributes
    ----------
    policy
        The threshold, and what is said of it.
    cohort
        The published dictionary: variables by their published values, alterations, endpoints. It
        has no patient, and no note that counts any.
    """

    policy: Disclosure
    cohort: Cohort
    _release: Release

    @property
    def name(self) -> str:
        """The cohort's name."""
        return self.cohort.name

    @property
    def exact(self) -> bool:
        """See :class:`PageTally`."""
        return False

    @property
    def columns(self) -> tuple[str, ...]:
        """The variables that are published, the disease first."""
        return tuple(self.cohort.variables)

    @property
    def alterations(self) -> tuple[str, ...]:
        """The alterations that are published."""
        return tuple(map(str, self.cohort.features.index))

    def size(self, selected: Filter | None = None) -> int:
        """Patients selected.

        Raises
        ------
        TallyError
            If that is hidden, or no published question.
        """
        found = self._release.count(self._conditions(selected))
        if found is None:
            raise TallyError(self.policy.too_few)
        return found

    def may_ask(self, selected: Filter | None, *names: str) -> bool:
        """Whether variables or alterations together are a published question under a filter."""
        conditions = self._conditions(selected)
        known = [*(condition.name for condition in conditions), *names]
        more = [Condition(name, 0) for name in names]
        published = self._release.published
        return (
            len(set(known)) == len(known)
            and set(names) <= set(published.dimensions)
            and is_asked([*conditions, *more], published)
        )

    def counts(self, selected: Filter | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
        """See :meth:`Tally.counts`; ``by`` are published dimensions, two at most."""
        if not by:
            return pd.DataFrame({"n": [self.size(selected)]})
        self._check(selected, *by)
        conditions = self._conditions(selected)
        rows: list[tuple[list[str], list[Condition]]] = [([], [])]
        for name in by:
            levels = self._dimension(name).levels
            rows = [
                ([*words, level], [*own, Condition(name, place)])
                for words, own in rows
                for place, level in enumerate(levels)
            ]
        counted = [(*words, self._count([*conditions, *own])) for words, own in rows]
        return pd.DataFrame(counted, columns=[*by, "n"])

    def events(
        self,
        selected: Filter | None,
        endpoint: str,
        group: GroupingSpec | str | None = None,
        grid: Sequence[float] | None = None,  # noqa: ARG002  (the release has its own)
    ) -> pd.DataFrame:
        """Follow-up as a life table tells it; see :meth:`Tally.events`.

        Events, competing events and numbers at risk are released at the months of ``GRID``. Who
        leaves between two of them is spread evenly over the time between, k patients at once: so
        every number at risk is a multiple of k, at a month of the grid the one that is released,
        and a curve of these rows is the actuarial one (Cutler and Ederer, J Chronic Dis
        1958;8:699). A month whose numbers are hidden is left out; follow-up ends with the last at
        which 2k are at risk. ``attrs["not_drawn"]`` names groups of too few numbers.
        """
        ends = self.cohort.endpoints.get(endpoint)
        if ends is None or not any(point[0] == endpoint for point in self._release.points):
            raise TallyError(_NOT_FOLLOWED)
        k = self.policy.threshold
        groups = dict(self._groups(selected, group))
        names = list(groups)
        parts = [_spread(self._months(ends, own), k) for own in groups.values()]
        sizes = [len(part) for part in parts]
        time, cause = np.concatenate(parts).T if sum(sizes) else np.empty((2, 0))
        codes = np.repeat(np.arange(len(parts)), sizes)
        table = event_table(
            time, cause == 1, cause == 2, groups=pd.Categorical.from_codes(codes, names),
            copies=np.full(len(time), k, dtype=np.int64),
        )  # fmt: skip
        table.attrs["left_out"] = {}
        table.attrs["not_drawn"] = [n for n, own in zip(names, sizes, strict=True) if not own]
        table.attrs["reference"] = names[0] if group is not None else ""
        return table

    def moments(
        self,
        selected: Filter | None,  # noqa: ARG002
        variables: Sequence[str],  # noqa: ARG002
        bins: Mapping[str, Sequence[float]] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Refused: sums of a number tell of single patients."""
        raise TallyError(_NO_MOMENTS)

    def features(self, selected: Filter | None = None) -> pd.DataFrame:
        """See :meth:`Tally.features`; only those that may be asked for."""
        found = self._features(selected, None).drop(columns="group")
        found.insert(1, "kind", self.cohort.features.loc[found["feature"], "kind"].to_numpy())
        return found

    def features_by(self, selected: Filter | None, group: GroupingSpec | str) -> pd.DataFrame:
        """See :class:`PageTally`."""
        found = self._features(selected, group)
        groups = self._groups(selected, group)
        found.attrs["sizes"] = {name: self._count(own) for name, own in groups}
        found.attrs["left_out"] = {}
        return found

    def pairs(self, selected: Filter | None, features: Sequence[str]) -> pd.DataFrame:  # noqa: ARG002
        """Refused: few patients have two alterations."""
        raise TallyError(_NO_PAIRS)

    def values(
        self, selected: Filter | None, name: str, group: GroupingSpec | str | None = None
    ) -> pd.DataFrame:
        """See :class:`PageTally`: published values in words, states as true or false.

        ``attrs["sizes"]`` are the patients of each group, ``attrs["known"]`` those with a value.
        """
        self._check(selected, name, *([] if group is None else [self._by(group, selected)]))
        dimension = self._dimension(name)
        groups = list(self._groups(selected, group))
        is_state = dimension.kind == "alteration"
        rows = [
            (code, _STATES[level] if is_state else level, self._count([*own, Condition(name, i)]))
            for code, (_, own) in enumerate(groups)
            for i, level in enumerate(dimension.levels[:-1])
        ]
        table = pd.DataFrame(rows, columns=["group", "value", "n"])
        table.attrs["sizes"] = [self._count(own) for _, own in groups]
        table.attrs["known"] = [self._known(own, name) for _, own in groups]
        return table

    def levels(self, name: str) -> dict[str, int]:
        """Published values of a variable, with how many of all patients have each."""
        return {
            level: self._count([Condition(name, i)])
            for i, level in enumerate(self._dimension(name).levels[:-1])
        }

    def grouping(self, group: GroupingSpec | str, selected: Filter | None = None) -> Grouping:
        """The groups of a specification whose own number is released: names and colours."""
        by = self._by(group, selected)
        conditions, dimension = self._conditions(selected), self._dimension(by)
        names = tuple(
            level
            for i, (level, asked) in enumerate(
                zip(dimension.levels, dimension.conditions, strict=True)
            )
            if asked is not None and self._count([*conditions, Condition(by, i)]) >= 0
        )
        if len(names) < 2:
            raise TallyError(
                f"Disclosure control: fewer than two groups of {dimension.label} have a number "
                "that may be shown of these patients; compare by something else."
            )
        return Grouping(
            dimension.label, names, np.empty(0, dtype=np.int16), assign_colours(list(names)),
            made_of=GroupingSpec.parse(str(group)).made_of,
        )  # fmt: skip

    def _groups(
        self, selected: Filter | None, group: GroupingSpec | str | None
    ) -> Iterator[tuple[str, list[Condition]]]:
        conditions = list(self._conditions(selected))
        if group is None:
            yield "All", conditions
            return
        dimension = self._dimension(self._by(group, selected))
        for name in self.grouping(group, selected).names:
            yield name, [*conditions, Condition(dimension.name, dimension.levels.index(name))]

    def _features(self, selected: Filter | None, group: GroupingSpec | str | None) -> pd.DataFrame:
        """Hidden numbers of not tested are taken for none."""
        by = [] if group is None else [self._by(group, selected)]
        rows = []
        for feature in self.alterations:
            if self.may_ask(selected, feature, *by):
                for name, own in self._groups(selected, group):
                    altered = self._count([*own, Condition(feature, 0)])
                    tested = self._known(own, feature)
                    rows.append((name, feature, tested, min(altered, tested)))
        return pd.DataFrame(rows, columns=["group", "feature", "tested", "altered"])

    def _by(self, group: GroupingSpec | str, selected: Filter | None) -> str:
        spec = GroupingSpec.parse(group) if isinstance(group, str) else group
        if spec.kind not in {"variable", "alteration"} or not self.may_ask(selected, spec.name):
            raise TallyError(_NO_SUCH_GROUPS)
        return spec.name

    def _check(self, selected: Filter | None, *names: str) -> None:
        if not self.may_ask(selected, *names):
            raise TallyError(
                "Disclosure control: this is no published question under this filter; take a "
                "condition out in the sidebar, or ask for something else."
            )

    def _conditions(self, selected: Filter | None) -> tuple[Condition, ...]:
        found = conditions_of(selected or Filter(), self._release.published)
        if isinstance(found, str):
            raise TallyError(f"Disclosure control: {found}")
        return found

    def _dimension(self, name: str) -> Dimension:
        return self._release.published.dimensions[name]

    def _count(self, conditions: Sequence[Condition]) -> int:
        found = self._release.count(conditions)
        return HIDDEN if found is None else found

    def _known(self, own: Sequence[Condition], name: str) -> int:
        """Patients of a group with a value: hidden numbers of missing are taken for none."""
        last = len(self._dimension(name).levels) - 1
        missing = self._count([*own, Condition(name, last)])
        return max(self._count(own) - max(missing, 0), 0)

    def _months(self, ends: Endpoint, own: Sequence[Condition]) -> list[tuple[int, ...]]:
        """Month, at risk, events and competing events by then, where all of them are released."""
        kinds = [AT_RISK, EVENTS] + ([] if ends.competing is None else [COMPETING])
        found = []
        for month in GRID:
            counts = [self._release.count(own, (ends.key, kind, month)) for kind in kinds]
            # Nothing has happened at time zero; hidden are also the few of the first months.
            if month == 0 and counts[0] is not None:
                counts = [counts[0], *([0] * (len(kinds) - 1))]
            if counts[0] is None or counts[0] < 2 * self.policy.threshold or counts[1] is None:
                continue
            found.append((month, *(n or 0 for n in counts), 0)[:4])
        return found if len(found) > 1 and found[0][0] == 0 else []


def _spread(months: Sequence[tuple[int, ...]], k: int) -> Floats:
    """Time and cause of every k patients who leave; nothing where there are too few months."""
    leaving: list[tuple[float, int]] = []
    if months:
        (before, risk, *seen), *later = months
        for month, next_risk, *by_then in later:
            gone = [max(now - held, 0) for now, held in zip(by_then, seen, strict=True)]
            gone[0] = min(gone[0], risk)
            gone[1] = min(gone[1], risk - gone[0])
            ends = (*gone, max(risk - sum(gone) - next_risk, 0))
            for cause, many in zip((1, 2, 0), ends, strict=True):
                times = before + (month - before) * (np.arange(many // k) + 0.5) / max(many // k, 1)
                leaving += [(float(time), cause) for time in times]
            risk -= sum(ends)
            before, seen = month, [max(a, b) for a, b in zip(seen, by_then, strict=True)]
        leaving += [(float(before), 0)] * (risk // k)
    return np.array(leaving).reshape(-1, 2)


def released_tally(policy: Disclosure, cohort: Cohort) -> ReleasedTally:
    """All that a policy releases of a cohort, as a tally that holds none of its rows."""
    release = policy.release(cohort)
    dimensions = release.published.dimensions.values()
    variables = {
        d.name: Variable(
            d.name, d.label, "ordinal" if cohort.variables[d.name].kind != "categorical"
            else "categorical", role=cohort.variables[d.name].role, levels=d.levels[:-1],
        )
        for d in dimensions if d.kind != "alteration"
    }  # fmt: skip
    features = [d.name for d in dimensions if d.kind == "alteration"]
    ends = {key: replace(e, source="", notes=()) for key, e in cohort.endpoints.items()}
    columns = dict.fromkeys([*variables, *(name for e in ends.values() for name in e.columns)])
    nobody = cohort.patients.index[:0]
    published = Cohort(
        name=cohort.name,
        patients=pd.DataFrame(index=nobody, columns=list(columns), dtype=object),
        alterations=pd.DataFrame(index=nobody, columns=features, dtype="boolean"),
        features=cohort.features.loc[features],
        endpoints=ends,
        variables=variables,
        provenance=cohort.provenance,
    )
    return ReleasedTally(policy, published, release)
