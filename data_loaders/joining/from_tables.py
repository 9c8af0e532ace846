"""A cohort from several tables that share their patients.

What each table is follows from its content, never from its file's name: a list of variants has a
column of genes and what happened to them; every other table has one row a patient; the clinical
table is the one with times and events of an outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools
from data_loaders.endpoints.find import find_pairs
from data_loaders.files.tables import RawTable
from data_loaders.joining._join_tables import Merged, alteration_count, gene_count
from data_loaders.joining.from_table import cohort_from_table
from data_loaders.joining.samples import sample_aliases
from data_loaders.mapping.record import TableMapping
from data_loaders.meaning.identifiers import with_patient_ids
from data_loaders.meaning.vocabulary import term_of
from data_loaders.model import Cohort, CohortError, Issue
from data_loaders.variants.columns import variant_columns
from data_loaders.variants.lists import Variants, read_variants
from data_loaders.wording import listed, plural, shown


def cohort_from_tables(
    tables: Mapping[str, RawTable],
    *,
    clinical: str | None = None,
    mapping: TableMapping | None = None,
    name: str | None = None,
    source: str | None = None,
    issues: Iterable[Issue] = (),
) -> Cohort:
    """Join tables on the patient and make them a cohort.

    The patients are those of the clinical table. A patient whom another table does not have counts
    as not tested in its alterations and as missing in its variables; a patient whom only another
    table has is left out and counted.

    Parameters
    ----------
    tables
        By file name; one of them clinical, the others matrices, further tables with one row a
        patient, or lists of variants.
    clinical
        The file name of the clinical table; default the one with times and events.
    name, source
        Of the cohort and its provenance; default the clinical table's file name.

    Raises
    ------
    CohortError
        If there is no clinical table, or more than one, or tables share no patients.
    """
    mapping = mapping or TableMapping()
    parts = {
        file: variant_columns(table.columns, file)
        for file, table in tables.items()
        if file != clinical
    }
    lists = {file: found for file, found in parts.items() if found}
    single = [file for file in tables if file not in lists]
    clinical = clinical or _clinical_table(tables, single, mapping)
    table, id_column = with_patient_ids(tables[clinical], mapping.patient_id)
    known = pd.Index(table.columns[id_column].objects(), dtype=object)
    others = sorted(
        (tables[file] for file in single if file != clinical),
        key=lambda other: (gene_count(other), alteration_count(other)),
        reverse=True,
    )
    aliases = sample_aliases([table, *others], known, id_column)
    merged = Merged(table, id_column, known, aliases, issues)
    for other in others:
        merged.join(other)
    variants = _one_list(
        [read_variants(tables[file], lists[file], known, (id_column,), aliases) for file in lists]
    )
    whole = RawTable(clinical, merged.columns, table.rows, (*table.issues, *merged.issues))
    cohort = cohort_from_table(
        whole,
        replace(mapping, patient_id=id_column),
        name or PurePath(source or clinical).name.split(".")[0],
        variants=variants,
        plain=merged.plain,
    )
    return _with_origins(cohort, merged.origins, clinical, source or ", ".join(tables))


def cohort_from_sheets(
    tables: Sequence[RawTable], mapping: TableMapping | None = None, name: str | None = None
) -> Cohort:
    """The sheets of one workbook that are tables of the same patients, joined.

    A sheet that cannot be joined is left out with the reason; it never stops the others.

    Parameters
    ----------
    tables
        The sheets; the first with times and events of an outcome is the clinical table, or the
        first that is no list of variants.
    mapping, name
        As for :func:`cohort_from_tables`.

    Raises
    ------
    CohortError
        If no sheet is a clinical table, or it cannot be read.
    """
    single = [table for table in tables if not variant_columns(table.columns, table.filename)]
    with_outcome = (table for table in single if find_pairs(table.columns)[0])
    clinical = next(with_outcome, single[0] if single else tables[0])
    source = tables[0].filename
    named: dict[str, Any] = {
        "clinical": clinical.filename,
        "mapping": mapping,
        "name": name or PurePath(source).name.split(".")[0],
        "source": source,
    }
    issues = [
        Issue(
            "info",
            f"{shown(source)} holds {plural(len(tables), 'table')}, each on a sheet of its own; "
            "those of the same patients are joined.",
            count=len(tables),
            code="sheets",
        )
    ]
    try:
        return cohort_from_tables(
            {table.filename: table for table in tables}, **named, issues=issues
        )
    except CohortError:
        joined = {clinical.filename: clinical}
    for other in (table for table in tables if table is not clinical):
        candidates = {**joined, other.filename: other}
        try:
            cohort_from_tables(candidates, clinical=clinical.filename)
        except CohortError as error:
            words = f"{shown(other.filename)} was left out: {error}"
            issues.append(Issue("warning", words, code="file_left_out"))
        else:
            joined = candidates
    return cohort_from_tables(joined, **named, issues=issues)


def _clinical_table(
    tables: Mapping[str, RawTable], single: list[str], mapping: TableMapping
) -> str:
    """The table with the outcomes; without any, the one with the most known variables."""
    if not single:
        raise CohortError(
            f"{listed(list(tables))} {'lists' if len(tables) == 1 else 'list'} variants, one row a "
            "mutation, but no table has one row a patient; give the clinical table as well "
            '(clinical="patients.csv").'
        )
    wanted = {mapping.patient_id} if mapping.patient_id else set()
    wanted |= {column for endpoint in mapping.endpoints for column in (endpoint.time,) if column}
    fitting = [file for file in single if wanted <= set(tables[file].columns)] or single
    outcomes = {file: len(find_pairs(tables[file].columns)[0]) for file in fitting}
    candidates = [file for file in fitting if outcomes[file]]
    if len(candidates) > 1:
        raise CohortError(
            f"{listed(candidates)} could each be the clinical table, because each has times and "
            'events of an outcome; name the right one (clinical="...").'
        )
    if candidates:
        return candidates[0]
    known = {file: _variable_count(tables[file]) for file in fitting}
    best = max(fitting, key=lambda file: known[file])
    if not known[best]:
        raise CohortError(
            f"None of {listed(single, 'and')} looks like a clinical table: none has times and "
            'events of an outcome, or variables such as age or sex; name it (clinical="...").'
        )
    return best


def _variable_count(table: RawTable) -> int:
    return sum(1 for name in table.columns if (known := term_of(name)) and known.role != "study")


def _one_list(lists: list[Variants]) -> Variants | None:
    """Several lists of variants as one."""
    if len(lists) < 2:
        return lists[0] if lists else None
    return Variants(
        _stacked([part.frame for part in lists]),
        np.concatenate([part.patients for part in lists]),
        np.concatenate([part.counted for part in lists]),
        np.concatenate([part.inserted for part in lists]),
        np.concatenate([part.cdna for part in lists]),
        np.any([part.listed for part in lists], axis=0),
        np.any([part.maybe for part in lists], axis=0)
        & ~np.any([part.listed for part in lists], axis=0),
        _in_any([part.sequenced for part in lists]),
        ", ".join(part.source for part in lists),
        tuple(issue for part in lists for issue in part.issues),
    )


def _in_any(
    sequenced: list[Bools | None],
) -> Bools | None:
    """Patients whom some list calls sequenced; None unless every list says who was."""
    said = [one for one in sequenced if one is not None]
    return np.logical_or.reduce(said) if len(said) == len(sequenced) else None


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames one below the other: numbers where a column has only numbers, else objects."""
    data = {}
    for name in dict.fromkeys(name for frame in frames for name in frame.columns):
        numbers = all(frame[name].dtype == float for frame in frames if name in frame)
        missing = np.nan if numbers else None
        pieces = [
            frame[name].to_numpy(dtype=float if numbers else object)
            if name in frame
            else np.full(len(frame), missing, dtype=float if numbers else object)
            for frame in frames
        ]
        cells = np.concatenate(pieces)
        if not numbers:
            cells[pd.isna(cells)] = None
        data[name] = cells
    return pd.DataFrame(data)


def _with_origins(cohort: Cohort, origins: Mapping[str, str], clinical: str, source: str) -> Cohort:
    """Say which file a joined column came from."""
    variables = {}
    columns = {
        name: replace(column, file=origins.get(name, clinical))
        for name, column in cohort.file_columns.items()
    }
    for name, variable in cohort.variables.items():
        file = origins.get(variable.source_column or name)
        if file:
            words = f"{variable.description} From {shown(file)}.".strip()
            variables[name] = replace(variable, description=words)
        else:
            variables[name] = variable
    return replace(
        cohort,
        variables=variables,
        file_columns=columns,
        provenance=replace(cohort.provenance, source=source),
    )
