"""What an engine's columns mean: decided by the loaders on a sample, written as Ibis expressions.

The loaders read a random sample together with every value of each column of few values and the
ends of each column of numbers, so that units, codes and levels are decided as for a file. How each
of the cohort's columns came of the table's is then found again from both, in a few plain forms;
what they give for the sample is compared with what the loaders made of it, and what differs is
refused by name.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, permutations
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from app.cohort.tally._engine_connection import Engine
from app.cohort.tally._engine_forms import (
    Build,
    any_of,
    as_it_is,
    between_dates,
    by_lookup,
    followed,
    given_event,
    plain_value,
    plain_values,
    scaled,
)
from app.cohort.tally._tally import TallyError
from data_loaders import Cohort, Endpoint, Provenance, Variable
from data_loaders.files.tables import RawTable, read_table
from data_loaders.joining.from_table import cohort_from_table
from data_loaders.mapping.record import TableMapping
from data_loaders.meaning.identifiers import with_patient_ids
from data_loaders.meaning.vocabulary import nominal_order
from data_loaders.wording import shown

SAMPLE = 20_000
_LOOK = 1_000
_FEW_VALUES = 300
_RARE_VALUES = 60  # of one column, that the random sample missed
_ENDS = 20
_TOLD_APART = 5_000_000
_MOST_PARTS = 5
_OFTEN = 50  # patients a value
_RELATIVE = 1e-12


@dataclass(frozen=True, eq=False)
class Understood:
    """A table as the cohort that it is, without its patients.

    Attributes
    ----------
    cohort
        Labels, units, endpoints and alterations; it has no patient.
    identifier
        The column that tells them apart.
    rows
        The table as an Ibis expression, of the columns that are read.
    columns, states
        How the cohort's columns and alterations come of the table's, by name.
    levels
        How many patients have each value of a column of few values.
    refused
        Why the others are not to be had, by name.
    """

    cohort: Cohort
    n: int
    identifier: str
    rows: Any = field(repr=False)
    columns: Mapping[str, Build] = field(repr=False)
    states: Mapping[str, Build] = field(repr=False)
    levels: Mapping[str, Mapping[Any, int]]
    refused: Mapping[str, str]


def understand(engine: Engine, mapping: TableMapping) -> Understood:
    """Find out what a table's columns are.

    Raises
    ------
    CohortError
        If the loaders refuse the sample as they would a file.
    TallyError
        If patients have several rows, or the engine refuses.
    """
    rows = engine.rows()
    mapping.check_columns(rows.columns)
    read = [name for name, kind in rows.schema().items() if _is_plain(kind)]
    refused = {
        name: f"{shown(name)} holds {kind} values, which are not read"
        for name, kind in rows.schema().items()
        if not _is_plain(kind)
    }
    rows = rows.select(*read)
    identifier = with_patient_ids(
        raw_table(engine.table, engine.ask(rows.limit(_LOOK))), mapping.patient_id
    )[1]
    n = _patients(engine, rows, identifier)
    sample, counted = _profile(engine, rows, identifier, n)
    cohort = cohort_from_table(raw_table(engine.table, sample), mapping, engine.table)
    found = _Forms(rows, sample, cohort, counted)
    found.find()
    endpoints = {key: replace(held, notes=()) for key, held in cohort.endpoints.items()}
    variables = {
        name: _largest_first(variable, cohort.patients[name], found.levels.get(name))
        for name, variable in cohort.variables.items()
    }
    nobody = replace(
        cohort.subset(np.zeros(cohort.n, dtype=bool)),
        provenance=Provenance(source=f"{engine.label}, table {engine.table}"),
        endpoints=endpoints, variables=variables, issues=(), file_columns={},
    )  # fmt: skip
    return Understood(
        nobody, n, identifier, rows, found.columns, found.states, found.levels,
        refused | found.refused,
    )  # fmt: skip


def drawn(rows: Any, identifier: str, many: int, n: int, seed: int) -> Any:
    """A random sample of patients: those whose identifier, hashed with the seed, comes first.

    Whichever way a table is stored and read, it is the same patients again.
    """
    order = _hashed(rows[identifier], seed)
    if n <= many:
        return rows.order_by(order)
    # Sorting a few is much quicker than sorting all: keep a little more than are needed.
    parts = 1_000_000
    share = int(np.ceil(parts * min(1.0, 1.2 * many / n + 0.001)))
    return rows.filter(order.abs() % parts < share).order_by(order).limit(many)


def _largest_first(
    variable: Variable, sample: pd.Series, levels: Mapping[Any, int] | None
) -> Variable:
    """A variable whose levels were listed by size in the sample, by size in the whole table."""
    if levels is None or variable.kind != "categorical":
        return variable
    by_size = nominal_order(_by_size(sample.value_counts().to_dict()))
    if variable.levels != by_size:
        return variable
    return replace(variable, levels=nominal_order(_by_size(levels)))


def _by_size(counts: Mapping[Any, int]) -> list[str]:
    known = {str(value): n for value, n in counts.items() if value is not None}
    return sorted(known, key=lambda value: (-known[value], value))


def _is_plain(kind: Any) -> bool:
    return bool(
        kind.is_numeric() or kind.is_string() or kind.is_boolean() or kind.is_date()
        or kind.is_timestamp()
    )  # fmt: skip


def raw_table(name: str, table: pa.Table) -> RawTable:
    """Rows of an engine as if they were a file's."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    return read_table(name, sink.getvalue())


def _patients(engine: Engine, rows: Any, identifier: str) -> int:
    column = rows[identifier]
    whole = engine.frame(rows.aggregate(n=rows.count(), named=column.count())).iloc[0]
    n, named = int(whole["n"]), int(whole["named"])
    if not n:
        raise TallyError(f"{shown(engine.table)} has no rows; it needs one row a patient.")
    if named < n:
        raise TallyError(
            f"{n - named:,} rows have no patient identifier in {shown(identifier)}; name the right "
            "column in a mapping, or leave these rows out."
        )
    # In parts, so that an engine never holds more than some millions of identifiers.
    parts = -(-n // _TOLD_APART)
    part = _hashed(column, 0).abs() % parts
    apart = sum(
        int(engine.frame(held.aggregate(n=held[identifier].nunique()))["n"].iloc[0])
        for held in ([rows] if parts == 1 else [rows.filter(part == k) for k in range(parts)])
    )
    if apart < n:
        raise TallyError(
            f"{shown(engine.table)} has {n:,} rows of {apart:,} patients ({shown(identifier)}); it "
            "needs one row a patient."
        )
    return n


def _hashed(identifier: Any, seed: int) -> Any:
    return (identifier.cast("string") + f"|{seed}").hash()


def _profile(
    engine: Engine, rows: Any, identifier: str, n: int
) -> tuple[pa.Table, dict[str, dict[Any, int]]]:
    """A sample that holds what the whole table holds, and the counts of columns of few values."""
    parts = [engine.ask(drawn(rows, identifier, SAMPLE, n, 0))]
    counted: dict[str, dict[Any, int]] = {}
    for name, kind in rows.schema().items():
        column = rows[name]
        held = set(map(plain_value, parts[0][name].unique().to_pylist()))
        if name != identifier and len(held) <= _FEW_VALUES:
            table = engine.ask(
                rows.group_by(column.name("value")).aggregate(n=rows.count()).limit(_FEW_VALUES + 1)
            )
            values = list(map(plain_value, table["value"].to_pylist()))
            rare = [value for value in values if value not in held]
            if len(values) <= _FEW_VALUES and len(rare) <= _RARE_VALUES:
                counted[name] = dict(zip(values, table["n"].to_pylist(), strict=True))
                parts += [
                    engine.ask(
                        rows.filter(column.isnull() if value is None else column == value).limit(1)
                    )
                    for value in rare
                ]
                continue
        if n > SAMPLE and not kind.is_string() and not kind.is_boolean():
            known = rows.filter(column.notnull())
            for order in (column.asc(), column.desc()):
                parts.append(engine.ask(known.order_by(order).limit(_ENDS)))
    whole = pa.concat_tables(parts)
    first = ~pd.Series(whole[identifier].to_pylist()).duplicated().to_numpy()
    return whole.filter(pa.array(first)), counted


class _Forms:
    """How each of the cohort's columns comes of the table's.

    Parameters
    ----------
    rows
        The table as an Ibis expression.
    sample
        Rows of it.
    cohort
        What the loaders made of these.
    counted
        Values of columns that have few, with their numbers.
    """

    def __init__(
        self, rows: Any, sample: pa.Table, cohort: Cohort, counted: Mapping[str, Mapping[Any, int]]
    ) -> None:
        self._schema = rows.schema()
        self._cohort = cohort
        self._counted = counted
        self._values = {
            name: plain_values(sample[name].to_pandas()) for name in sample.column_names
        }
        import ibis  # only where an engine is asked

        self._local = ibis.duckdb.connect()
        self._sample = ibis.memtable(sample, schema=self._schema)
        self._dates = [name for name, kind in self._schema.items() if kind.is_date()]
        self.columns: dict[str, Build] = {}
        self.states: dict[str, Build] = {}
        self.levels: dict[str, dict[Any, int]] = {}
        self.refused: dict[str, str] = {}

    def find(self) -> None:
        """Find all that can be found."""
        cohort = self._cohort
        # Other endpoints may be followed to the end of survival.
        for endpoint in sorted(cohort.endpoints.values(), key=lambda held: held.key != "os"):
            self._find_endpoint(endpoint)
        for name, variable in cohort.variables.items():
            if name in self.columns or name in cohort.endpoint_columns:
                continue
            source = variable.source_column or name
            target = plain_values(cohort.patients[name])
            forms = self._direct(target, source)
            if variable.source_column is None and source not in self._values:
                # Derived: perhaps of one column whose values are common enough to tell.
                often = [c for c, held in self._counted.items() if _OFTEN * len(held) <= cohort.n]
                forms = chain.from_iterable(self._direct(target, other) for other in often)
            self._keep(name, target, forms, self.columns, source)
        for name, source in cohort.features["source_column"].items():
            target = plain_values(cohort.alterations[name])
            self._keep(
                str(name), target, self._direct(target, str(source)), self.states, str(source)
            )
        for name in [str(name) for name in cohort.features.index if name not in self.states]:
            self._find_by_gene(name)

    def _find_endpoint(self, endpoint: Endpoint) -> None:
        patients, variables = self._cohort.patients, self._cohort.variables
        targets = {name: plain_values(patients[name]) for name in endpoint.columns}
        sources = {name: variables[name].source_column or name for name in endpoint.columns}
        happened = targets[endpoint.event]

        def forms(name: str, state: float | None = None) -> Iterator[Build]:
            """Forms of a column, of all patients or of those with or without the event."""
            who = [place for place, e in enumerate(happened) if state is None or e == state]
            yield from self._direct(targets[name], sources[name], who)
            if name not in {endpoint.event, endpoint.competing}:
                yield from self._spans(targets[name], who)

        def keep(name: str, found: Iterable[Build]) -> None:
            self._keep(name, targets[name], found, self.columns, sources[name])

        keep(endpoint.event, forms(endpoint.event))
        if endpoint.entry is not None:
            keep(endpoint.entry, forms(endpoint.entry))
        known = self.columns.get(endpoint.event)
        competing = endpoint.competing
        if known is None or competing is None:
            keep(endpoint.time, forms(endpoint.time))
            return
        survival = self._cohort.endpoints.get("os", endpoint)
        theirs = [self.columns[survival.event]] if survival.event in self.columns else []
        without = chain(theirs, forms(competing, 0.0))
        keep(competing, chain(forms(competing), (given_event(known, 0.0, f) for f in without)))
        lasts, died = self.columns.get(survival.time), self.columns.get(competing)
        found = forms(endpoint.time)
        if lasts is not None and died is not None:
            own = forms(endpoint.time, 1.0)
            to_the_end = (
                followed(known, form, lasts, died, blank=blank)
                for form in own for blank in (True, False)
            )  # fmt: skip
            found = chain(found, to_the_end)
        keep(endpoint.time, found)

    def _find_by_gene(self, name: str) -> None:
        """A refinement told in its gene's column, or a gene that is any of some of its parts."""
        features = self._cohort.features
        gene = features.loc[name, "gene"]
        of_gene = features.index[features["gene"] == gene]
        target = plain_values(self._cohort.alterations[name])
        # A gene's column may tell its refinements, such as V617F among the entries of JAK2.
        columns = dict.fromkeys([*features.loc[of_gene, "source_column"], gene])
        told = chain.from_iterable(self._direct(target, str(column)) for column in columns)
        parts = [self.states[part] for part in of_gene if part in self.states][:_MOST_PARTS]
        unions = (
            any_of(chosen)
            for many in range(len(parts), 1, -1)
            for chosen in combinations(parts, many)
        )
        source = str(features.loc[name, "source_column"])
        self._keep(name, target, chain(told, unions), self.states, source)

    def _direct(
        self, target: Sequence[Any], source: str, who: Sequence[int] | None = None
    ) -> Iterator[Build]:
        """Forms in which a column may come of one of the table's, in some of the patients."""
        if source not in self._values:
            return
        values, kind = self._values[source], self._schema[source]
        if who is not None:
            values, target = [values[i] for i in who], [target[i] for i in who]
        found: list[Build | None] = []
        if kind.is_numeric() and all(isinstance(t, float | None) for t in target):
            found.append(scaled(source, values, target))
        if kind.is_string() and values == target:
            found.append(as_it_is(source))
        if source in self._counted:
            found.append(by_lookup(source, values, target))
        yield from (form for form in found if form is not None)

    def _spans(self, target: Sequence[Any], who: Sequence[int]) -> Iterator[Build]:
        """Forms in which a time may be the days between two dates."""
        wanted = [target[i] for i in who]
        dates = {name: [self._values[name][i] for i in who] for name in self._dates}
        for first, last in permutations(dates, 2):
            form = between_dates(first, last, dates[first], dates[last], wanted)
            if form is not None:
                yield form

    def _keep(
        self, name: str, target: Sequence[Any], forms: Iterable[Build],
        kept: dict[str, Build], source: str,
    ) -> None:  # fmt: skip
        """Keep the first form that gives for the sample what the loaders made of it."""
        for form in forms:
            if self._agrees(form, target):
                kept[name] = form
                self.refused.pop(name, None)
                break
        else:
            self.refused[name] = (
                f"{shown(name)} cannot be had from {shown(source)} by counting; ask on a sample"
            )
            return
        if kept is self.columns and source in self._counted:
            means = dict(zip(self._values[source], target, strict=True))
            totals: dict[Any, int] = {}
            for value, many in self._counted[source].items():
                totals[means[value]] = totals.get(means[value], 0) + many
            self.levels[name] = totals

    def _agrees(self, form: Build, target: Sequence[Any]) -> bool:
        made = self._local.to_pyarrow(self._sample.select(made=form(self._sample)))
        found = plain_values(made["made"].to_pandas())
        return found == target or all(map(_same, found, target))


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return abs(found - wanted) <= _RELATIVE * max(1.0, abs(wanted))
    return bool(found == wanted)
