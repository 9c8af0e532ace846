"""Joining tables with one row a patient to the clinical table, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath

import numpy as np
import pandas as pd

from data_loaders.alterations.columns import no_genes_here
from data_loaders.alterations.genes import read_feature_name
from data_loaders.arrays import Texts
from data_loaders.files.columns import TextColumn, plainly_written
from data_loaders.files.tables import RawTable
from data_loaders.joining.samples import (
    Links,
    link_rows,
    maybe_patients,
    patient_of,
    spelling_hint,
    spelling_issue,
    stranger_issues,
)
from data_loaders.model import FEATURE_KINDS, CohortError, Issue
from data_loaders.wording import at_rows, listed, plural, shown

_CLASS_WORDS = 0.9  # share of the entries of a class column that name columns of its table
_MOST_CLASSES = 40
_ALL_KINDS = frozenset(FEATURE_KINDS)


class Merged:
    """The clinical table with the columns of the others, while it grows.

    Parameters
    ----------
    known
        The identifiers in the order of the rows.
    aliases
        Position of the patient of each sample that some table names.
    """

    def __init__(
        self,
        table: RawTable,
        id_column: str,
        known: pd.Index,
        aliases: Mapping[str, int],
        issues: Iterable[Issue] = (),
    ) -> None:
        self.table, self.id_column, self.known, self.aliases = table, id_column, known, aliases
        self.columns = dict(table.columns)
        self.plain = no_genes_here(table.columns)
        self.origins: dict[str, str] = {}
        self.issues = list(issues)

    def join(self, other: RawTable) -> None:
        """Add the columns of a table with one row a patient, or say why it is left out.

        A column that the tables before have too is dropped where both say the same, fills their
        gaps where they never contradict each other, and is kept under the file's name otherwise.

        Raises
        ------
        CohortError
            If a matrix of alterations has other identifiers, or several rows a patient.
        """
        links = self._links(other)
        if links is None:
            turned = turned_table(other, self.known)
            if turned is None:
                self._leave_out_strangers(other)
                return
            other = turned
            links = self._links(other)
        if links is None or self._several_rows(other, links):
            return
        here = np.flatnonzero(links.patients >= 0)
        position = np.full(len(self.known), -1, dtype=np.intp)
        position[links.patients[here]] = here
        self.issues += [*other.issues, *_coverage_issues(other, links, self.known)]
        classes = _class_members(other.columns)
        self.plain |= no_genes_here(other.columns)
        outcome = _Overlap()
        for name, column in other.columns.items():
            if name != links.column:
                codes = np.append(column.codes, np.int32(-1))[position]
                laid_out = TextColumn(name, codes, column.texts, column.notation)
                self._add(laid_out, other.filename, outcome)
        # A column that the tables before have as well keeps the meaning it has there.
        self.plain |= {name for name in classes if self.origins.get(name) == other.filename}
        self.issues += outcome.issues(shown(other.filename), classes)

    def _links(self, other: RawTable) -> Links | None:
        first = next(iter(other.columns))
        return link_rows(other.columns, self.known, (first, self.id_column), self.aliases)

    def _add(self, column: TextColumn, filename: str, outcome: _Overlap) -> None:
        own, name = self.columns.get(column.name), column.name
        if own is not None:
            gaps = column.filled & ~own.filled
            apart = _contradictions(own, column)
            if not apart:
                outcome.same.append(name)
                if gaps.any():
                    self.columns[name] = _filled_up(own, column)
                    outcome.filled.append(f"{shown(name)} ({plural(int(gaps.sum()), 'patient')})")
                return
            outcome.different.append(f"{shown(name)} ({plural(apart, 'patient')})")
            name = f"{PurePath(filename).name.split('.')[0]}: {name}"
            column = TextColumn(name, column.codes, column.texts, column.notation)
            self.plain.add(name)
        self.columns[name] = column
        self.origins[name] = filename

    def _several_rows(self, other: RawTable, links: Links) -> bool:
        """Whether a table has several rows a patient and is left out; refused if it is a matrix."""
        here = np.flatnonzero(links.patients >= 0)
        repeated = pd.Series(links.patients[here]).duplicated(keep=False).to_numpy()
        if not repeated.any():
            return False
        places = other.rows[here[repeated]].tolist()
        words = (
            f"{shown(other.filename)} has {plural(len(places), 'row')} that share a patient with "
            f"another row ({at_rows(places)}) and is no list of variants"
        )
        if alteration_count(other):
            raise CohortError(f"{words}; keep one row a patient.")
        self.issues.append(
            Issue("warning", f"{words}; it was left out.", count=other.n, code="file_left_out")
        )
        return True

    def _leave_out_strangers(self, other: RawTable) -> None:
        """A matrix of strangers means wrong identifiers; any other table is something else."""
        file, hint = shown(other.filename), spelling_hint(other.columns, self.known)
        if alteration_count(other) > len(other.columns) / 2:
            raise CohortError(
                f"{file} and {shown(self.table.filename)} have no patient identifier in common; "
                f"{hint}."
            )
        words = f"it has no patient identifier in common with {shown(self.table.filename)}"
        if set(other.columns) == set(self.table.columns):
            words = (
                f"it has the same columns as {shown(self.table.filename)}, but its "
                f"{plural(other.n, 'row')} are of other patients; put all of them into one table"
            )
        elif hint.startswith("those in"):
            words += f"; {hint}"
        self.issues.append(
            Issue("warning", f"{file} was left out: {words}.", count=other.n, code="file_left_out")
        )


class _Overlap:
    """What became of the columns of one table that the tables before have too."""

    def __init__(self) -> None:
        self.same: list[str] = []
        self.filled: list[str] = []
        self.different: list[str] = []

    def issues(self, file: str, classes: set[str]) -> list[Issue]:
        found = []
        if self.same:
            words = (
                f"{file} repeats {plural(len(self.same), 'column')} of the tables before it with "
                f"the same values, which are kept once: {listed(self.same)}"
            )
            if self.filled:
                words += f"; it fills gaps of {listed(self.filled)}"
            found.append(Issue("info", f"{words}.", count=len(self.same), code="repeated_columns"))
        if self.different:
            found.append(
                Issue(
                    "warning",
                    f"{file} has {plural(len(self.different), 'column')} that other tables have "
                    f"with other values: {listed(self.different)}; both are kept, these under the "
                    "file's name.",
                    count=len(self.different),
                    code="conflict",
                )
            )
        if classes:
            found.append(
                Issue(
                    "info",
                    f"{file} is a table of classes: its columns of yes and no say which classes a "
                    "patient meets, and are kept as variables, not as alterations.",
                    count=len(classes),
                    code="classes",
                )
            )
        return found


def alteration_count(table: RawTable, kinds: frozenset[str] = _ALL_KINDS) -> int:
    """How many columns of yes and no are named like alterations of these kinds."""
    features = (
        read_feature_name(name) for name, column in table.columns.items() if column.answers_only
    )
    return sum(feature is not None and feature.kind in kinds for feature in features)


def gene_count(table: RawTable) -> int:
    """How many columns of yes and no are named like genes."""
    return alteration_count(table, frozenset({"gene"}))


def turned_table(table: RawTable, known: pd.Index) -> RawTable | None:
    """A table with the patients in columns, turned; None if it is none.

    Half of its names or more have to be patients; the first column that differs in every row has
    the names of the features.
    """
    places = {identifier: place for place, identifier in enumerate(known)}
    patients = [name for name in table.columns if patient_of(name, places)[0] >= 0]
    if len(patients) < max(2, len(table.columns) / 2):
        return None
    labels = next(
        (
            column
            for name, column in table.columns.items()
            if name not in patients and bool(column.filled.all()) and len(column.texts) == table.n
        ),
        None,
    )
    if labels is None:
        return None
    cells = np.stack([table.columns[name].objects() for name in patients])
    columns = {"patient_id": _from_objects("patient_id", np.array(patients, dtype=object))}
    for place, label in enumerate(labels.objects()):
        columns[str(label)] = _from_objects(str(label), cells[:, place])
    left_out = len(table.columns) - len(patients) - 1
    words = f"{shown(table.filename)} has the patients in columns; it was turned"
    if left_out:
        words += f", and {plural(left_out, 'further column')} about its rows left out"
    issue = Issue("info", f"{words}.", count=len(patients), code="turned")
    rows = np.arange(1, len(patients) + 1)
    return RawTable(table.filename, columns, rows, (*table.issues, issue))


def _from_objects(name: str, cells: Texts) -> TextColumn:
    codes, texts = pd.factorize(cells)
    return TextColumn(name, codes.astype(np.int32), np.asarray(texts, dtype=object))


def _filled_up(own: TextColumn, other: TextColumn) -> TextColumn:
    if own.notation != other.notation:
        own, other = plainly_written(own), plainly_written(other)
    cells = np.where(own.filled, own.objects(), other.objects())
    filled = _from_objects(own.name, cells)
    return TextColumn(own.name, filled.codes, filled.texts, own.notation)


def _coverage_issues(other: RawTable, links: Links, known: pd.Index) -> list[Issue]:
    file, n = shown(other.filename), len(known)
    absent = Issue(
        "warning",
        f"{file} lacks {plural(n - links.matched, 'patient')} of {n:,}; they count as not "
        "tested in its alterations and as missing in its variables.",
        count=n - links.matched,
        code="absent_from_table",
    )
    maybe = int(maybe_patients(links, other.columns, known).sum())
    return [
        *spelling_issue(links, file, maybe, "; write them alike in both."),
        *([absent] if links.matched < n else []),
        *stranger_issues(links, file, "has", "they were left out."),
    ]


def _class_members(columns: Mapping[str, TextColumn]) -> set[str]:
    """Columns of yes and no that say which classes a patient meets, if the table is one of classes.

    Such a table has a column whose entries are names of its other columns. The columns called
    ``NPM1`` or ``inv16`` then mean classes; beside the alterations that define them they would
    count the same finding twice.
    """
    answers = {name for name, column in columns.items() if column.is_binary}
    for name, column in columns.items():
        if name in answers or not 2 <= len(column.texts) <= _MOST_CLASSES:
            continue
        named = np.array([text in answers for text in column.texts], dtype=bool)
        if column.counts[named].sum() >= _CLASS_WORDS * column.counts.sum() and named.sum() > 1:
            return answers
    return set()


def _contradictions(own: TextColumn, other: TextColumn) -> int:
    """Patients for whom two columns of one name say different things."""
    both = other.filled & own.filled
    left, right = own.spread(own.numbers), other.spread(other.numbers)
    alike = np.isclose(left, right, rtol=1e-9, atol=0)
    texts = [np.array([re.sub(r"[\W_]+", " ", word) for word in c.words] + [""], dtype=object)
             for c in (own, other)]  # fmt: skip
    alike |= texts[0][own.codes] == texts[1][other.codes]
    return int((both & ~alike).sum())
