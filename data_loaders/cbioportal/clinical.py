"""Clinical tables of a study: attributes, patients, samples, and one row a patient."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Positions, States, Texts
from data_loaders.cbioportal.tsv import TextTable, find_column
from data_loaders.files.columns import TextColumn
from data_loaders.files.tables import RawTable
from data_loaders.meaning.vocabulary import term_of
from data_loaders.model import Cohort, CohortError, Issue, Variable
from data_loaders.variants.sample_types import (
    RANK_LATER,
    RANK_UNKNOWN,
    sample_rank,
    tells_first_from_later,
)
from data_loaders.wording import at_rows, plural, shown

PATIENT = "PATIENT_ID"
SAMPLE = "SAMPLE_ID"
_DATATYPES = frozenset({"STRING", "NUMBER", "BOOLEAN"})
_TYPE_COLUMNS = ("SAMPLE_TYPE", "SAMPLE_CLASS", "TUMOR_TYPE")


@dataclass(frozen=True)
class Attribute:
    """What the rows on top of a clinical table say of a column."""

    label: str
    description: str


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples of a study and whose they are.

    Parameters
    ----------
    order
        Positions of the samples, those that should stand for their patient first.
    later
        Which samples are called relapse, metastasis or the like.
    """

    ids: Texts
    patients: Positions
    order: Positions
    later: Bools

    def chosen(self, profiled: Collection[str] | None, n: int) -> Positions:
        """The sample that stands for each of ``n`` patients in one kind of data; -1 = none.

        The first in the order that was profiled; None = all were.
        """
        order = self.order
        if profiled is not None:
            order = order[np.array([self.ids[i] in profiled for i in order], dtype=bool)]
        first = np.full(n, -1, dtype=np.intp)
        first[self.patients[order][::-1]] = order[::-1]
        return first

    def names(self, positions: Positions) -> list[str | None]:
        """Identifiers of samples by position; None for -1."""
        return [str(self.ids[i]) if i >= 0 else None for i in positions]


@dataclass(frozen=True, eq=False)
class Clinical:
    """Patients and samples of a study.

    Parameters
    ----------
    ids
        Of the patients, in the order of the tables.
    patients, sample_table
        Rows as read; None where there is no such table.
    patient_rows
        Row of each patient in the table of patients, -1 = none.
    """

    ids: pd.Index
    patients: RawTable | None
    patient_rows: Positions
    sample_table: RawTable | None
    samples: Samples
    issues: tuple[Issue, ...]


def attributes(table: TextTable) -> dict[str, Attribute]:
    """Names and descriptions of a clinical table's columns, from the rows above its header.

    Files without these rows, or with longer ones, have none.
    """
    width = len(table.header)
    rows = [(*row, *[""] * width)[:width] for row in table.comments
            if len(row) > 1 and not any(row[width:])]  # fmt: skip
    rows = [row for row in rows if not {cell.upper() for cell in row if cell} <= _DATATYPES]
    if not rows:
        return {}
    labels = rows[0]
    described = rows[1] if len(rows) > 1 and not all(map(_is_number, rows[1])) else labels
    return {
        name: Attribute(label, description if description.lower() != label.lower() else "")
        for name, label, description in zip(table.header, labels, described, strict=True)
    }


def read_clinical(patients: TextTable | None, samples: TextTable | None) -> Clinical:
    """Bring patients and samples together.

    Patients are those of both tables. Without a table of samples every patient is its own sample.

    Raises
    ------
    CohortError
        If there is neither table, an identifier is missing or repeated, or the two tables share no
        patient.
    """
    if patients is None and samples is None:
        raise CohortError(
            "The study has no clinical data; add data_clinical_sample.txt (and "
            "data_clinical_patient.txt) with their meta files."
        )
    issues: list[Issue] = []
    patient_table, own_ids = None, pd.Index([], dtype=object)
    if patients is not None:
        patient_table, own_ids = _unique(patients, (PATIENT,), issues)
    if samples is None:
        issues.append(
            Issue(
                "warning",
                "The study has no table of samples; every patient is taken for one sample of the "
                "same name.",
                code="samples",
            )
        )
        every = np.arange(len(own_ids))
        single = Samples(own_ids.to_numpy(), every, every, np.zeros(len(every), dtype=bool))
        return Clinical(own_ids, patient_table, every, None, single, tuple(issues))
    sample_table, sample_ids = _unique(samples, (SAMPLE, "OTHER_SAMPLE_ID"), issues)
    owner = _owners(samples, sample_table, own_ids)
    ids = own_ids.append(pd.Index(pd.unique(owner)).difference(own_ids, sort=False))
    issues += _mismatches(patients, own_ids, ids, owner)
    positions = ids.get_indexer(owner)
    rank = _ranks(sample_table)
    order = np.lexsort((np.arange(len(rank)), rank))
    rows = own_ids.get_indexer(ids)
    together = Samples(sample_ids.to_numpy(), positions, order, rank == RANK_LATER)
    return Clinical(ids, patient_table, rows, sample_table, together, tuple(issues))


def one_row_each(clinical: Clinical, chosen: Positions, filename: str) -> RawTable:
    """The clinical table with one row a patient: its attributes and those of its sample.

    Parameters
    ----------
    chosen
        The sample that stands for each patient, -1 = none.
    """
    columns: dict[str, TextColumn] = {}
    n = len(clinical.ids)
    columns[PATIENT] = TextColumn(
        PATIENT, np.arange(n, dtype=np.int32), clinical.ids.to_numpy(dtype=object)
    )
    for table, rows in (
        (clinical.patients, clinical.patient_rows),
        (clinical.sample_table, chosen),
    ):
        for name, column in table.columns.items() if table is not None else ():
            if name.upper() == PATIENT:
                continue
            final = name if name not in columns else f"SAMPLE_{name}"
            laid_out = _laid_out(column, rows, final)
            if name in columns and bool((columns[name].objects() == laid_out.objects()).all()):
                continue
            columns[final] = laid_out
    return RawTable(filename, columns, np.arange(1, n + 1, dtype=np.int64))


def with_labels(cohort: Cohort, known: Mapping[str, Attribute]) -> Cohort:
    """The cohort with the study's own names and descriptions of its variables.

    A variable of the product's vocabulary keeps the label that it has in every cohort.
    """
    variables: dict[str, Variable] = {}
    for name, variable in cohort.variables.items():
        attribute = known.get(variable.source_column or name)
        if attribute is None or variable.role == "outcome":
            variables[name] = variable
            continue
        label = variable.label if term_of(name) or not attribute.label else attribute.label
        description = variable.description or attribute.description
        variables[name] = replace(variable, label=label, description=description)
    return replace(cohort, variables=variables)


def _unique(
    table: TextTable, names: tuple[str, ...], issues: list[Issue]
) -> tuple[RawTable, pd.Index]:
    """A clinical table with its identifiers, each once."""
    raw, file = table.raw(), shown(table.filename)
    issues += raw.issues
    name = find_column(table.header, *names)
    if name is None:
        hint = (
            "; the four rows above the column names have to begin with #"
            if not table.comments
            else ""
        )
        raise CohortError(
            f"{file} has no column {names[0]}{hint}; name the identifier's column so."
        )
    column = raw.columns[name]
    blank = raw.rows[~column.filled]
    if len(blank):
        raise CohortError(
            f"{file} has {plural(len(blank), 'row')} without {names[0]} "
            f"({at_rows(blank.tolist())}); fill them in or delete the rows."
        )
    codes = pd.DataFrame({i: c.codes for i, c in enumerate(raw.columns.values())})
    copies = codes.duplicated().to_numpy()
    if copies.any():
        rows = raw.rows[copies].tolist()
        issue = Issue.at(
            "warning",
            f"{file}: {plural(len(rows), 'row')} repeated another in every cell ({at_rows(rows)}), "
            "left out.",
            rows,
            None,
            "duplicate_rows",
        )
        issues.append(issue)
        raw = raw.keep(~copies, issue)
        column = raw.columns[name]
    repeated = raw.rows[pd.Series(column.codes).duplicated(keep=False).to_numpy()].tolist()
    if repeated:
        one = "sample" if names[0] == SAMPLE else "patient"
        raise CohortError(
            f"{file} has {plural(len(repeated), 'row')} that share a {one} with another row "
            f"({at_rows(repeated)}); keep one row a {one}."
        )
    return raw, pd.Index(column.objects(), dtype=object)


def _owners(samples: TextTable, table: RawTable, own_ids: pd.Index) -> Texts:
    """Patient of each sample."""
    file = shown(samples.filename)
    name = find_column(samples.header, PATIENT)
    if name is None:
        raise CohortError(
            f"{file} has no column {PATIENT}, so its samples belong to nobody; add the column."
        )
    column = table.columns[name]
    blank = table.rows[~column.filled].tolist()
    if blank:
        raise CohortError(
            f"{file} has {plural(len(blank), 'sample')} without {PATIENT} ({at_rows(blank)}); fill "
            "them in or delete the rows."
        )
    owner = column.objects()
    if len(own_ids) and not np.isin(owner.astype(str), own_ids.to_numpy().astype(str)).any():
        raise CohortError(
            f"{file} and the table of patients have no {PATIENT} in common; check that both use "
            "the same identifiers."
        )
    return owner


def _mismatches(
    patients: TextTable | None, own: pd.Index, ids: pd.Index, owner: Texts
) -> list[Issue]:
    issues = []
    added = len(ids) - len(own)
    if patients is not None and added:
        issues.append(
            Issue(
                "warning",
                f"{shown(patients.filename)} lacks {plural(added, 'patient')} who have samples; "
                "their attributes are missing.",
                count=added,
                code="absent_from_table",
            )
        )
    without = len(own) - int(own.isin(owner).sum())
    if without:
        issues.append(
            Issue(
                "warning",
                f"{plural(without, 'patient has', 'patients have')} no sample; they count as not "
                "tested in every alteration.",
                count=without,
                code="no_sample",
            )
        )
    return issues


def _ranks(table: RawTable) -> States:
    """How well each sample stands for its patient's disease at its start, smaller better."""
    named = find_column(tuple(table.columns), *_TYPE_COLUMNS)
    # Many studies call every sample primary and tell the relapses in another column.
    telling = [n for n, column in table.columns.items() if tells_first_from_later(column)]
    name = named if named in telling else next(iter(telling), named)
    if name is None:
        return np.zeros(table.n, dtype=np.int8)
    column = table.columns[name]
    ranks = [sample_rank(word) for word in column.words]
    return np.array([*ranks, RANK_UNKNOWN], dtype=np.int8)[column.codes]


def _laid_out(column: TextColumn, rows: Positions, name: str) -> TextColumn:
    codes = np.append(column.codes, np.int32(-1))[rows]
    used, inverse = np.unique(codes, return_inverse=True)
    # Entries of samples that stand for nobody must not count as values of the variable.
    texts = column.texts[used[used >= 0]]
    shift = int((used < 0).any())
    return TextColumn(name, (inverse - shift).astype(np.int32), texts, column.notation)


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()
