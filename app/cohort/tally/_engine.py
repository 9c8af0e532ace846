"""A tally of a table in an engine: it counts, and only counts leave it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.cohort.filters import Filter
from app.cohort.groupings import LEFT_OUT, Grouping, GroupingSpec
from app.cohort.tally._engine_connection import SECONDS, Engine, open_engine
from app.cohort.tally._engine_expressions import Expressions
from app.cohort.tally._engine_forms import (
    at_or_after,
    at_or_before,
    began_on,
    state_word,
    where,
    word,
)
from app.cohort.tally._engine_reading import Understood, drawn, raw_table, understand
from app.cohort.tally._events import event_table
from app.cohort.tally._tally import (
    PAIR_CELLS,
    ExposureColumns,
    N,
    TallyError,
    check_numeric,
    counted_by,
    endpoint_of,
)
from data_loaders import Cohort, CohortError, Provenance
from data_loaders.allowed import Allowed
from data_loaders.arrays import Floats, Ints
from data_loaders.joining.from_table import cohort_from_table
from data_loaders.mapping.record import TableMapping

_EVERYTHING = Allowed(None)
_CODE = "code"
# Of a group, a time and an end of follow-up: more are no longer counts but rows.
_MOST_CELLS = 1_000_000
# Two times a patient are split and modelled, so fewer are counted as they are.
_MOST_SWITCHES = 200_000
_MOST_KEPT = 10_000


class TooFineError(TallyError):
    """Follow-up with nearly as many different times as patients; on a grid it can be counted."""


@dataclass(frozen=True, eq=False)
class EngineTally:
    """What is asked of a table in a database, answered by ``GROUP BY`` there; see :class:`Tally`.

    Attributes
    ----------
    cohort
        What the table's columns are: labels, units, endpoints, alterations. It has no patient.
    refused
        Columns and alterations that cannot be had by counting, and why.
    """

    _engine: Engine = field(repr=False)
    _known: Understood = field(repr=False)
    _mapping: TableMapping = field(repr=False)
    # What every change of the filter would ask again: how many of all have each value.
    _everyone: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The table's name."""
        return self._engine.table

    @property
    def source(self) -> str:
        """Where the table is, without user, password or folder."""
        return f"{self._engine.label}, table {self._engine.table}"

    @property
    def cohort(self) -> Cohort:
        """See above."""
        return self._known.cohort

    @property
    def n(self) -> int:
        """See above."""
        return self._known.n

    @property
    def refused(self) -> Mapping[str, str]:
        """See above."""
        return self._known.refused

    @property
    def exact(self) -> bool:
        """See :class:`PageTally`."""
        return True

    def may_ask(self, selected: Filter | None, *names: str) -> bool:  # noqa: ARG002
        """See :class:`PageTally`: whatever can be counted by at all."""
        return set(names) <= {*self.columns, *self.alterations}

    def cancel(self) -> None:
        """Interrupt the question that is being answered, from another thread."""
        self._engine.cancel()

    def close(self) -> None:
        """Let go of the connection."""
        self._engine.close()

    def counts(self, selected: Filter | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
        """See :meth:`Tally.counts`."""
        rows = self._expressions.selected(selected or Filter())
        if not by:
            return pd.DataFrame(
                {N: [int(self._engine.frame(rows.aggregate(n=rows.count()))[N].iloc[0])]}
            )
        levels = [self._levels(name) for name in by]
        keys = {f"k{i}": value for i, (value, _) in enumerate(levels)}
        held = rows.select(**keys)
        table = self._engine.frame(held.group_by(list(keys)).aggregate(n=held.count()))
        for (key, (_, words)), name in zip(zip(keys, levels, strict=True), by, strict=True):
            table[name] = [words(value) for value in table[key].astype(object)]
        whole = table.groupby(list(by), sort=True)[N].sum()
        return whole.reset_index()

    def events(
        self,
        selected: Filter | None,
        endpoint: str,
        group: GroupingSpec | str | None = None,
        grid: Sequence[float] | None = None,
    ) -> pd.DataFrame:
        """See :meth:`Tally.events`."""
        ends = endpoint_of(self.cohort, self.name, endpoint)
        column = self._expressions.column
        cells = {"time": column(ends.time), "event": column(ends.event)}
        if ends.competing is not None:
            cells["competing"] = column(ends.competing) == 1
        if ends.entry is not None:
            cells["entry"] = column(ends.entry)
            cells["time"] = where(cells["entry"] < cells["time"], cells["time"])
        names: tuple[str, ...] = ()
        reference = ""
        if group is not None:
            cells[_CODE], grouping = self._groups(group, selected)
            names, reference = grouping.names, grouping.names[grouping.reference]
        if grid is not None:
            cells["time"] = at_or_after(cells["time"], grid)
            if "entry" in cells:
                cells["entry"] = at_or_before(cells["entry"], grid)
        rows = self._expressions.selected(selected or Filter())
        asked = rows.select(**cells)
        counted = asked.group_by(list(cells)).aggregate(n=asked.count())
        found = self._engine.frame(counted.limit(_MOST_CELLS + 1))
        if len(found) > _MOST_CELLS:
            raise TooFineError(
                f"{ends.label} has more than {_MOST_CELLS:,} different times: count it on a grid."
            )
        codes = (
            found[_CODE].to_numpy(dtype=np.int64) if names else np.zeros(len(found), dtype=np.int64)
        )
        copies = found[N].to_numpy(dtype=np.int64)
        time, event = (
            found[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("time", "event")
        )
        known_end = ~(np.isnan(time) | np.isnan(event))
        entry = competing = None
        if "entry" in found:
            entry = found["entry"].to_numpy(dtype=np.float64, na_value=np.nan)
            known_end &= entry < time
        if "competing" in found:
            competing = found["competing"].to_numpy(dtype=bool, na_value=False)
        left_out = {"without follow-up": int(copies[~known_end].sum())}
        for code, words in LEFT_OUT.items():
            left_out[words] = int(copies[known_end & (codes == code)].sum())
        keep = known_end & (codes >= 0)
        table = event_table(
            time[keep],
            event[keep] == 1,
            None if competing is None else competing[keep],
            None if entry is None else entry[keep],
            pd.Categorical.from_codes(codes[keep], list(names)) if names else None,
            grid,
            copies[keep],
        )
        table.attrs["left_out"] = {reason: n for reason, n in left_out.items() if n}
        table.attrs["reference"] = reference
        return table

    def switches(
        self,
        selected: Filter | None,
        endpoint: str,
        exposure: ExposureColumns,
        grid: Sequence[float] | None = None,
    ) -> pd.DataFrame:
        """How many patients have each follow-up and each time of an event during it.

        On a grid, who leaves between two points leaves at the later one, and the event came at the
        earlier one; one at or after the end of follow-up stays after it, one before time zero
        before it.

        Returns
        -------
        DataFrame
            time, event (NaN where not recorded), began (NaN for never), undated (it came at no
            known time), unknown (whether it came), n.

        Raises
        ------
        TallyError
            If a column cannot be had by counting.
        """
        ends, column = endpoint_of(self.cohort, self.name, endpoint), self._expressions.column
        time, event = column(ends.time), column(ends.event)
        began, undated, unknown = self._expressions.exposed(exposure)
        cells = {"time": time, "event": event, "began": began}
        if grid is not None:
            cells["time"] = at_or_after(time, grid)
            cells["began"] = began_on(began, time, grid)
        cells |= {"undated": undated, "unknown": unknown}
        rows = self._expressions.selected(selected or Filter()).select(**cells)
        counted = rows.group_by(list(cells)).aggregate(n=rows.count())
        found = self._engine.frame(counted.limit(_MOST_SWITCHES + 1))
        if len(found) > _MOST_SWITCHES:
            raise TooFineError(
                f"Follow-up and event have more than {_MOST_SWITCHES:,} different times: count "
                "them on a grid."
            )
        return found

    def moments(
        self,
        selected: Filter | None,
        variables: Sequence[str],
        bins: Mapping[str, Sequence[float]] | None = None,
    ) -> pd.DataFrame:
        """See :meth:`Tally.moments`."""
        for name in variables:
            check_numeric(self.cohort, self.name, name)
        rows = self._expressions.selected(selected or Filter())
        held = rows.select(
            **{f"v{i}": self._expressions.column(name) for i, name in enumerate(variables)}
        )
        sums = {"n": held.count()}
        for i in range(len(variables)):
            value = held[f"v{i}"]
            sums |= {f"n{i}": value.count(), f"s{i}": value.sum(), f"q{i}": (value * value).sum()}
        whole = self._engine.frame(held.aggregate(**sums)).iloc[0]
        found = []
        for i, name in enumerate(variables):
            edges = list((bins or {}).get(name, ()))
            n = int(whole[f"n{i}"])
            found.append(
                {
                    "variable": name, N: n, "missing": int(whole["n"]) - n,
                    "sum": float(whole[f"s{i}"]) if n else 0.0,
                    "sum_squares": float(whole[f"q{i}"]) if n else 0.0,
                    "histogram": self._histogram(held, held[f"v{i}"], edges),
                }
            )  # fmt: skip
        return pd.DataFrame(found)

    def features(self, selected: Filter | None = None) -> pd.DataFrame:
        """See :meth:`Tally.features`; alterations that cannot be had by counting are left out."""
        features = self.cohort.features
        names = list(self.alterations)
        named = pd.Series(names, dtype=object)
        table = pd.DataFrame({"feature": named, "kind": features.loc[names, "kind"].to_numpy()})
        if not names:
            return table.assign(tested=0, altered=0)
        states = self._states(selected, names)
        sums: dict[str, Any] = {}
        for i in range(len(names)):
            state = states[f"f{i}"]
            sums |= {f"t{i}": state.count(), f"a{i}": state.fill_null(False).ifelse(1, 0).sum()}
        whole = self._engine.frame(states.aggregate(**sums)).iloc[0].fillna(0)
        return table.assign(
            tested=[int(whole[f"t{i}"]) for i in range(len(names))],
            altered=[int(whole[f"a{i}"]) for i in range(len(names))],
        )

    def features_by(self, selected: Filter | None, group: GroupingSpec | str) -> pd.DataFrame:
        """See :class:`PageTally`."""
        names = list(self.alterations)
        code, grouping = self._groups(group, selected)
        rows = self._expressions.selected(selected or Filter())
        cells = {f"f{i}": self._expressions.state(name) for i, name in enumerate(names)}
        states = rows.select(**cells, **{_CODE: code})
        sums: dict[str, Any] = {N: states.count()}
        for i in range(len(names)):
            state = states[f"f{i}"]
            sums |= {f"t{i}": state.count(), f"a{i}": state.fill_null(False).ifelse(1, 0).sum()}
        whole = self._engine.frame(states.group_by(_CODE).aggregate(**sums)).set_index(_CODE)
        table = pd.DataFrame(
            [
                (group, name, int(whole.loc[at, f"t{i}"]), int(whole.loc[at, f"a{i}"]))
                for at, group in enumerate(grouping.names) if at in whole.index
                for i, name in enumerate(names)
            ],
            columns=["group", "feature", "tested", "altered"],
        )  # fmt: skip
        sizes = whole[N].to_dict()
        table.attrs["sizes"] = {n: int(sizes.get(at, 0)) for at, n in enumerate(grouping.names)}
        table.attrs["left_out"] = {
            why: int(sizes[at]) for at, why in LEFT_OUT.items() if at in sizes
        }
        return table

    def pairs(self, selected: Filter | None, features: Sequence[str]) -> pd.DataFrame:
        """See :class:`PageTally`."""
        states = self._states(selected, features)
        sums, found = {}, []
        for a, b in combinations(range(len(features)), 2):
            for (i, j), cell in PAIR_CELLS.items():
                one, other = states[f"f{a}"], states[f"f{b}"]
                both = (one if i else ~one) & (other if j else ~other)
                sums[f"{a}_{b}_{cell}"] = both.fill_null(False).ifelse(1, 0).sum()
        whole = self._engine.frame(states.aggregate(**sums)).iloc[0].fillna(0) if sums else {}
        for a, b in combinations(range(len(features)), 2):
            counted = [int(whole[f"{a}_{b}_{cell}"]) for cell in PAIR_CELLS.values()]
            found.append((features[a], features[b], *counted))
        return pd.DataFrame(found, columns=["a", "b", *PAIR_CELLS.values()])

    def values(
        self, selected: Filter | None, name: str, group: GroupingSpec | str | None = None
    ) -> pd.DataFrame:
        """See :class:`PageTally`."""
        everyone = group is None and (selected is None or selected.is_empty)
        if everyone and name in self._everyone:
            return self._everyone[name]
        held = self._expressions
        value = held.column(name) if name in self.cohort.patients else held.state(name)
        cells = {"value": value}
        if group is not None:
            cells["group"], _ = self._groups(group, selected)
        rows = held.selected(selected or Filter()).select(**cells)
        table = self._engine.frame(rows.group_by(list(cells)).aggregate(n=rows.count()))
        if group is None:
            table["group"] = 0
        if everyone and len(table) <= _MOST_KEPT:
            self._everyone[name] = table
        return table

    def levels(self, name: str) -> dict[Any, int]:
        """See :class:`PageTally`; empty where a column has many values."""
        held = self._known.levels.get(name, {})
        return {value: n for value, n in held.items() if value is not None}

    @property
    def columns(self) -> tuple[str, ...]:
        """See :class:`PageTally`."""
        return tuple(name for name in self.cohort.variables if name in self._known.columns)

    @property
    def alterations(self) -> tuple[str, ...]:
        """See :class:`PageTally`."""
        return tuple(str(name) for name in self.cohort.features.index if name in self._known.states)

    def grouping(self, group: GroupingSpec | str, selected: Filter | None = None) -> Grouping:
        """See :class:`PageTally`."""
        return self._groups(group, selected)[1]

    def sample(self, many: int, seed: int = 0, selected: Filter | None = None) -> Cohort:
        """A random sample of the patients as an ordinary cohort, which says what it is.

        Which patients are drawn depends on their identifiers and the seed alone. The loaders read
        them as they read a file of these patients.

        Parameters
        ----------
        many
            How many patients, at most.
        seed
            Another seed draws others.
        selected
            Whom to draw from; None for everyone.

        Raises
        ------
        CohortError
            If the loaders refuse them.
        TallyError
            If nobody is selected, or the engine refuses.
        """
        chosen = selected or Filter()
        among = int(self.counts(chosen)[N].iloc[0])
        if not among or many < 1:
            raise TallyError("There is nobody to draw: choose a larger selection.")
        rows = self._expressions.selected(chosen)
        table = self._engine.ask(drawn(rows, self._known.identifier, many, among, seed))
        cohort = cohort_from_table(raw_table(self.name, table), self._mapping, self.name)
        whom = "" if chosen.is_empty else f" ({chosen.describe(self.cohort)})"
        said = f"a random sample of {cohort.n:,} of {among:,} patients{whom}, seed {seed}"
        day = dt.datetime.now(tz=dt.UTC).date().isoformat()
        return replace(
            cohort,
            name=f"{self.name}, sample of {cohort.n:,}",
            provenance=Provenance(
                source=f"{self.source}: {said}", version=f"read {day}",
                note=f"This is {said}: numbers of patients are those of the sample.",
            ),
        )  # fmt: skip

    def _states(self, selected: Filter | None, names: Sequence[str]) -> Any:
        rows = self._expressions.selected(selected or Filter())
        return rows.select(
            **{f"f{i}": self._expressions.state(name) for i, name in enumerate(names)}
        )

    def _histogram(self, held: Any, value: Any, edges: Sequence[float]) -> tuple[int, ...]:
        if not edges:
            return ()
        place = sum((value >= edge).ifelse(1, 0) for edge in edges)
        known = held.filter(value.notnull()).select(place=place)
        counted = known.group_by("place").aggregate(n=known.count())
        table = self._engine.frame(counted)
        found = np.bincount(table["place"].astype(int), table[N], minlength=len(edges) + 1)
        return tuple(map(int, found))

    @property
    def _expressions(self) -> Expressions:
        return Expressions(self._known)

    def _groups(self, group: GroupingSpec | str, selected: Filter | None) -> tuple[Any, Grouping]:
        spec = GroupingSpec.parse(group) if isinstance(group, str) else group

        def counted(column: str) -> tuple[Floats, Ints]:
            rows = self._expressions.selected(selected or Filter())
            value = self._expressions.column(column)
            held = rows.select(value=value)
            held = held.filter(held["value"].notnull())
            table = self._engine.frame(held.group_by("value").aggregate(n=held.count()))
            table = table.sort_values("value")
            return table["value"].to_numpy(np.float64), table[N].to_numpy(np.int64)

        return self._expressions.groups(spec, counted)

    def _levels(self, name: str) -> tuple[Any, Any]:
        """What to group by, and the words for a value of it."""
        what = counted_by(self.cohort, self.name, name)
        if what == "variable":
            return self._expressions.column(name), word
        if what == "alteration":
            return self._expressions.state(name), state_word
        code, grouping = self._groups(name, None)
        return code, lambda value: LEFT_OUT.get(value) or grouping.names[int(value)]


def connect(
    url: str,
    table: str | None = None,
    mapping: Mapping[str, Any] | str | Path | None = None,
    *,
    seconds: float = SECONDS,
    allowed: Allowed = _EVERYTHING,
) -> EngineTally:
    """Ask an engine that holds one row a patient, without copying it.

    Parameters
    ----------
    url
        ``duckdb:///registry.duckdb``, ``postgresql://user@host/database``, a folder of Parquet
        files; ``clickhouse://user@host/database``; or ``pyspark:///folder`` (Spark as its own
        configuration says) and ``spark://host:7077/folder``, where a table is a folder of Parquet
        files in that one, as all workers see it, and without a folder one of Spark's catalogue.
    table
        Name of the table or view, its schema in front if need be; a folder needs none.
    mapping
        What its columns are, as for a file: plain data or the path of a JSON file.
    allowed
        Which folders and hosts may be read.

    Raises
    ------
    TallyError
        With one sentence, whatever went wrong. It never holds the password.
    """
    try:
        stated = TableMapping.read(mapping)
        engine = open_engine(url, table, seconds, allowed)
    except CohortError as error:
        raise TallyError(str(error)) from None
    try:
        return EngineTally(engine, understand(engine, stated), stated)
    except (CohortError, TallyError) as error:
        engine.close()
        raise TallyError(str(error)) from None
