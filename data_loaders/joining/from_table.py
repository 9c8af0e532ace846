"""A cohort from one table with one row a patient."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath

import numpy as np
import pandas as pd

from data_loaders.alterations.columns import Alterations, find_alterations
from data_loaders.alterations.from_variants import variants_of_cells, with_calls, with_cell_changes
from data_loaders.alterations.gene_calls import read_calls
from data_loaders.alterations.gene_parts import gene_columns, with_whole_genes
from data_loaders.alterations.mutation_rule import agreeing
from data_loaders.dates.columns import DateColumn, find_dates
from data_loaders.endpoints.build import Outcome
from data_loaders.endpoints.date_pairs import date_roles
from data_loaders.endpoints.search import find_outcomes
from data_loaders.files.columns import TextColumn
from data_loaders.files.file_columns import FileColumn, describe_column, entry_meanings
from data_loaders.files.notation_evidence import as_stated
from data_loaders.files.tables import RawTable
from data_loaders.joining._stated_alterations import stated_alterations
from data_loaders.karyotype.columns import with_karyotypes
from data_loaders.karyotype.copies import with_copies
from data_loaders.karyotype.fish import with_fish
from data_loaders.mapping.record import TableMapping
from data_loaders.meaning.derived import (
    age_against_dates,
    age_from_dates,
    driver_class,
    ighv_status,
    ldh_multiple,
    molecular_responses,
    transplant_time,
)
from data_loaders.meaning.families import disease_family, only_lymphoid
from data_loaders.meaning.identifiers import with_patient_ids
from data_loaders.meaning.unknown_codes import answers_without_codes, date_codes
from data_loaders.meaning.validation import columns_not_understood, constant_columns
from data_loaders.meaning.variables import ReadColumn, leftover_column, read_column
from data_loaders.meaning.vocabulary import human_label, parse_name, term_of
from data_loaders.model import Cohort, Issue, Provenance, Variable
from data_loaders.variants.lists import Variants
from data_loaders.wording import listed, shown

_SEVERITIES = ("error", "warning", "info")
# Names, without separators, of the column that says who was sequenced.
_SEQUENCED = frozenset(
    {"sequenced", "issequenced", "wassequenced", "ngs", "ngsdone", "sequencing", "sequencingdone",
     "mutationdata", "hasmutationdata"}
)  # fmt: skip


def cohort_from_table(
    table: RawTable,
    mapping: TableMapping | None = None,
    name: str | None = None,
    *,
    variants: Variants | None = None,
    plain: Collection[str] = (),
) -> Cohort:
    """Understand a table and make it a cohort.

    Every column ends in the cohort: as the index, an alteration, part of an endpoint or a variable,
    except those that the mapping ignores, which an issue lists.

    Parameters
    ----------
    variants
        Mutations of these patients, in the order of the table's rows.
    plain
        Columns that are variables whatever their names.

    Raises
    ------
    CohortError
        If the table cannot be one, with what to do.
    """
    mapping = mapping or TableMapping()
    mapping.check_columns(table.columns)
    columns, issues_of_file = as_stated(table.columns, mapping.columns, table.issues)
    table = replace(table, columns=columns, issues=issues_of_file)
    table, id_column = with_patient_ids(table, mapping.patient_id)
    index = pd.Index(table.columns[id_column].objects(), name="patient_id", dtype=object)
    skipped = {id_column, *mapping.ignore}
    open_columns = {n: c for n, c in table.columns.items() if n not in skipped}

    dates, undated = find_dates(open_columns, table.rows, mapping.columns)
    birth = date_roles(dates).birth
    dates = {n: date_codes(c, table.rows, birth=n == birth) for n, c in dates.items()}
    outcomes, unread = find_outcomes(open_columns, table.rows, mapping, dates)
    in_outcomes = {
        str(variable.source_column)
        for outcome in outcomes
        for variable in outcome.variables
        if variable.source_column
    }
    originals = {column for outcome in outcomes for column in outcome.originals}
    rest = {n: c for n, c in open_columns.items() if n not in in_outcomes and n not in originals}
    stated = stated_alterations(mapping.alterations, rest)
    candidates = {n for n in rest if n not in mapping.columns and n not in plain}
    candidates |= set(stated.features)
    # Columns that are stated stay where they were: nothing else is inferred otherwise for it.
    neighbours = {n for n in _named(mapping) if n in table.columns and n != id_column} - set(plain)
    beside = {n: c for n, c in table.columns.items() if n in candidates or n in neighbours}
    beside, coded = answers_without_codes(beside, table.rows)
    alterations = find_alterations(
        beside | dict(stated.columns), stated.features, index, neighbours - candidates
    )
    alterations = with_whole_genes(replace(alterations, sources=alterations.sources - stated.kept))
    told = variants_of_cells(alterations, table.filename)
    if told is not None:
        alterations = with_cell_changes(alterations, told)
    if variants is not None:
        alterations = with_calls(alterations, variants, _sequenced(rest))
    listing = variants or told
    if listing is not None:
        mutations = agreeing(listing.frame, alterations.matrix, gene_columns(alterations.features))

    texts = {n: column for n, column in rest.items() if n not in plain}
    alterations, karyotypes = with_karyotypes(
        with_copies(with_fish(alterations, texts, table.rows), texts), texts, table.rows
    )

    reads = [
        read_column(column, table.rows, mapping.columns.get(n), dates.get(n))
        for n, column in rest.items()
        if n not in alterations.sources
    ]
    reads += [extra for extra in map(leftover_column, reads) if extra]
    # The cytogenetic risk groups of MDS mean nothing in a lymphoid disease.
    reads += [r for r in karyotypes if r.variable.name != "cyto_ipssr" or not only_lymphoid(reads)]
    reads += [read for read in molecular_responses(reads) if _is_new(read, reads)]
    for read in (
        transplant_time(dates, table.rows),
        age_from_dates(dates, table.rows, reads),
        ighv_status(reads),
        ldh_multiple(reads),
    ):
        if read is not None and _is_new(read, reads):
            reads.append(read)
    if not any(_is_driver(read) for read in reads):
        derived = driver_class(alterations)
        reads += [derived] if derived else []
    family = disease_family(reads)
    if family is not None and _is_new(family, reads):
        reads.append(family)
    kept = [
        _original(open_columns[n], table.rows, dates.get(n)) for n in open_columns if n in originals
    ]
    kept += [extra for extra in map(leftover_column, kept) if extra]
    patients, variables = _assemble(index, reads, outcomes, kept)
    issues = [
        *table.issues,
        *_ignored(mapping),
        *(issue for outcome in outcomes for issue in outcome.issues),
        *unread,
        *undated,
        *(issue for column in dates.values() for issue in column.issues),
        *_no_endpoint(outcomes),
        *(variants.issues if variants is not None else ()),
        *alterations.issues,
        *(issue for name, issue in coded.items() if name in alterations.sources),
        *stated.issues,
        *(issue for read in reads for issue in read.issues),
        *age_against_dates(dates, table.rows, reads),
        *columns_not_understood(reads, open_columns),
        *constant_columns(patients, variables, alterations.matrix),
    ]
    return Cohort(
        name=name or PurePath(table.filename).name.split(".")[0] or "Cohort",
        patients=patients,
        alterations=alterations.matrix,
        features=alterations.features,
        endpoints={outcome.endpoint.key: outcome.endpoint for outcome in outcomes},
        variables=variables,
        provenance=Provenance(source=table.filename),
        **({"mutations": mutations} if listing is not None else {}),
        issues=tuple(sorted(issues, key=lambda issue: _SEVERITIES.index(issue.severity))),
        file_columns=_described(table.columns, outcomes, alterations, id_column),
    )


def _named(mapping: TableMapping) -> set[str]:
    """The columns that a mapping says something of."""
    of_endpoints = {column for endpoint in mapping.endpoints for column in endpoint.columns}
    return {*mapping.columns, *mapping.alterations, *mapping.ignore, *of_endpoints}


def _described(
    columns: Mapping[str, TextColumn],
    outcomes: list[Outcome],
    alterations: Alterations,
    id_column: str,
) -> dict[str, FileColumn]:
    """The columns as they stand in the file, with what their entries were taken for."""
    meanings: dict[str, dict[str, dict[str, str]]] = {}
    for outcome in outcomes:
        event = outcome.variables[1].source_column or ""
        competing = outcome.variables[2] if outcome.endpoint.competing else None
        if event not in columns:
            continue
        states = {"event": outcome.event, "censored": 1 - outcome.event}
        if competing is not None and competing.source_column == event:
            states = {"competing": outcome.columns[competing.name], **states}
        found = entry_meanings(columns[event], states, "unknown")
        meanings.setdefault(event, {})[outcome.endpoint.key] = found
    for name, source in alterations.features["source_column"].items():
        if source in columns:
            calls = alterations.matrix[name].to_numpy(dtype=float, na_value=np.nan)
            states = {"altered": calls, "not altered": 1 - calls}
            found = entry_meanings(columns[source], states, "not tested")
            meanings.setdefault(source, {})[str(name)] = found
    described = {name: describe_column(c, meanings.get(name)) for name, c in columns.items()}
    return described | {id_column: replace(described[id_column], identifier=True, entries=())}


def _sequenced(
    columns: Mapping[str, TextColumn],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
    """Who was sequenced, if a column says so."""
    for name, column in columns.items():
        if re.sub(r"[\W_]", "", name.lower()) not in _SEQUENCED:
            continue
        calls = read_calls(column, "cytogenetic")
        if calls is not None or column.is_binary:
            answers = column.answers if calls is None else calls.states
            answered: np.ndarray[tuple[int], np.dtype[np.bool_]] = column.spread(answers) == 1
            return answered
    return None


def _is_new(read: ReadColumn, reads: Iterable[ReadColumn]) -> bool:
    return all(other.variable.name != read.variable.name for other in reads)


def _is_driver(read: ReadColumn) -> bool:
    known = term_of(read.variable.name)
    return known is not None and known.key == "driver"


def _original(
    column: TextColumn,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    dates: DateColumn | None,
) -> ReadColumn:
    """A column of the file kept beside its conversion."""
    read = read_column(column, rows, None, dates)
    if read.variable.kind == "date":
        reason = f"{read.variable.reason}; kept beside the months counted from it"
        return replace(read, variable=replace(read.variable, role="outcome", reason=reason))
    variable = replace(
        read.variable,
        label=f"As in the file: {human_label(column.name)}",
        role="outcome",
        reason="kept because the conversion changed some of it",
    )
    if variable.kind == "numeric":
        variable = replace(variable, unit=parse_name(column.name).unit)
    if read.leftover is not None:
        variable = replace(variable, kind="text", unit=None)
        return ReadColumn(variable, column.objects(), read.rank)
    return ReadColumn(variable, read.cells, read.rank)


def _assemble(
    index: pd.Index, reads: list[ReadColumn], outcomes: list[Outcome], kept: list[ReadColumn]
) -> tuple[pd.DataFrame, dict[str, Variable]]:
    """The patient table and its dictionary: by importance, outcomes last."""
    data: dict[str, object] = {}
    variables: dict[str, Variable] = {}
    converted = {name for outcome in outcomes for name in outcome.columns}
    for read in [*sorted(reads, key=lambda read: read.rank), *kept]:
        variable = read.variable
        name = variable.name
        while name in converted or name in data or name == "patient_id":
            # The conversion or the index has the name: the file's own column steps aside.
            name = f"{name}_file"
        if name != variable.name:
            source = variable.source_column or variable.name
            variable = replace(variable, name=name, source_column=source)
        data[name] = read.cells
        variables[name] = variable
    for outcome in outcomes:
        data.update(outcome.columns)
        variables.update({variable.name: variable for variable in outcome.variables})
    variables = _told_apart(variables)
    return pd.DataFrame(data, index=index), variables


def _told_apart(variables: Mapping[str, Variable]) -> dict[str, Variable]:
    """The variables with the file's name behind a label that another one has already."""
    seen: set[str] = set()
    apart = {}
    for name, variable in variables.items():
        label = variable.label
        if label in seen:
            label = f"{label} ({shown(variable.source_column or name)})"
        seen.add(label)
        apart[name] = replace(variable, label=label)
    return apart


def _ignored(mapping: TableMapping) -> Iterable[Issue]:
    if mapping.ignore:
        yield Issue(
            "info",
            f"The mapping leaves out {listed(mapping.ignore)}.",
            count=len(mapping.ignore),
            code="ignored",
        )


def _no_endpoint(outcomes: list[Outcome]) -> Iterable[Issue]:
    if not outcomes:
        yield Issue(
            "warning",
            "No pair of time and event columns was found, so survival cannot be shown; name them "
            "like os_months and os_event (0 = alive, 1 = dead), or name the columns in a mapping.",
            code="no_endpoint",
        )
