"""A cohort from several tables that share their patients.

What each table is follows from its content, never from its file's name: a list of variants has a
column of genes and what happened to them; every other table has one row a patient; the clinical
table is the one with times and events of an outcome.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np
import pandas as pd

from data_loaders.alterations import no_genes_here
from data_loaders.columns import TextColumn
from data_loaders.endpoints import find_pairs
from data_loaders.genes import read_feature_name
from data_loaders.identifiers import with_patient_ids
from data_loaders.mapping import TableMapping
from data_loaders.model import Cohort, CohortError, Issue
from data_loaders.samples import Links, link_rows, shortening_rule, spelling_hint
from data_loaders.tables import RawTable
from data_loaders.variants import Variants, read_variants, variant_columns
from data_loaders.vocabulary import term_of
from data_loaders.wide import cohort_from_table
from data_loaders.wording import at_rows, listed, plural, shown

_CLASS_WORDS = 0.9  # share of the entries of a class column that name columns of its table
_MOST_CLASSES = 40
_ALL_KINDS = frozenset({"gene", "refinement", "cytogenetic"})


@dataclass(eq=False)
class _Merged:
    """The clinical table with the columns of the others, while it grows."""

    table: RawTable
    id_column: str
    columns: dict[str, TextColumn]
    plain: set[str]
    origins: dict[str, str]
    issues: list[Issue]


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
    mapping
        What the user says of the joined columns.
    name, source
        Of the cohort and its provenance; default the clinical table's file name.
    issues
        Found before, such as files that were left out.

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
    columns = dict(table.columns)
    merged = _Merged(table, id_column, columns, no_genes_here(columns), {}, list(issues))
    others = sorted(
        (tables[file] for file in single if file != clinical),
        key=lambda other: (_gene_count(other), _alteration_count(other)),
        reverse=True,
    )
    for other in others:
        _join(merged, other, known)
    variants = _one_list(
        [read_variants(tables[file], lists[file], known, (id_column,)) for file in lists]
    )
    whole = RawTable(clinical, merged.columns, table.rows, (*table.issues, *merged.issues))
    cohort = cohort_from_table(
        whole,
        replace(mapping, patient_id=id_column),
        name or PurePath(source or clinical).name.split(".")[0],
        variants=variants,
        plain=merged.plain,
    )
    return _with_origins(cohort, merged.origins, source or ", ".join(tables))


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
    wanted |= {column for endpoint in mapping.endpoints for column in (endpoint.time,)}
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


def _alteration_count(table: RawTable, kinds: frozenset[str] = _ALL_KINDS) -> int:
    features = (
        read_feature_name(name) for name, column in table.columns.items() if column.answers_only
    )
    return sum(feature is not None and feature.kind in kinds for feature in features)


def _gene_count(table: RawTable) -> int:
    return _alteration_count(table, frozenset({"gene"}))


def _join(merged: _Merged, other: RawTable, known: pd.Index) -> None:
    """Add the columns of a table with one row a patient."""
    file = shown(other.filename)
    links = link_rows(other.columns, known, (*tuple(other.columns)[:1], merged.id_column))
    if links is None:
        _refuse_or_leave_out(merged, other, known)
        return
    here = np.flatnonzero(links.patients >= 0)
    rows = links.patients[here]
    repeated = pd.Series(rows).duplicated(keep=False).to_numpy()
    if repeated.any():
        places = other.rows[here[repeated]].tolist()
        raise CohortError(
            f"{file} has {plural(len(places), 'row')} that share a patient with another row "
            f"({at_rows(places)}) and is no list of variants; keep one row a patient."
        )
    position = np.full(len(known), -1, dtype=np.intp)
    position[rows] = here
    merged.issues += [*other.issues, *_coverage_issues(other, links, len(known))]
    classes = _class_members(other.columns)
    merged.plain |= no_genes_here(other.columns)
    same, different = [], []
    for column_name, column in other.columns.items():
        if column_name == links.column:
            continue
        codes = np.append(column.codes, np.int32(-1))[position]
        laid_out = TextColumn(column_name, codes, column.texts, column.decimal_comma)
        final = column_name
        if column_name in merged.columns:
            apart = _differing(merged.columns[column_name], laid_out)
            if apart == 0:
                same.append(column_name)
                continue
            different.append(f"{shown(column_name)} ({plural(apart, 'patient')})")
            final = f"{PurePath(other.filename).name.split('.')[0]}: {column_name}"
            laid_out = TextColumn(final, codes, column.texts, column.decimal_comma)
            merged.plain.add(final)
        elif column_name in classes:
            merged.plain.add(final)
        merged.columns[final] = laid_out
        merged.origins[final] = other.filename
    merged.issues += _overlap_issues(file, same, different, classes)


def _refuse_or_leave_out(merged: _Merged, other: RawTable, known: pd.Index) -> None:
    """A matrix of strangers means wrong identifiers; any other table is something else."""
    file = shown(other.filename)
    if _alteration_count(other) > len(other.columns) / 2:
        raise CohortError(
            f"{file} and {shown(merged.table.filename)} have no patient identifier in common; "
            f"{spelling_hint(other.columns, known)}."
        )
    merged.issues.append(
        Issue(
            "warning",
            f"{file} was left out: it has no patient identifier in common with "
            f"{shown(merged.table.filename)}.",
            count=other.n,
            code="file_left_out",
        )
    )


def _coverage_issues(other: RawTable, links: Links, n: int) -> list[Issue]:
    file, issues = shown(other.filename), []
    if links.matched < n:
        issues.append(
            Issue(
                "warning",
                f"{file} lacks {plural(n - links.matched, 'patient')} of {n:,}; they count as not "
                "tested in its alterations and as missing in its variables.",
                count=n - links.matched,
                code="absent_from_table",
            )
        )
    if links.strangers:
        issues.append(
            Issue(
                "warning",
                f"{file} has {plural(links.strangers, 'patient')} that the clinical table does not "
                "have; they were left out.",
                links.column,
                links.strangers,
                code="strangers",
            )
        )
    rule = shortening_rule(links)
    if rule:
        issues.append(
            Issue("info", f"{file}: {rule}.", links.column, links.shortened, code="samples")
        )
    return issues


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


def _differing(own: TextColumn, other: TextColumn) -> int:
    """Patients for whom two columns of one name say different things, or only the second does."""
    only_other = other.filled & ~own.filled
    both = other.filled & own.filled
    left, right = own.spread(own.numbers), other.spread(other.numbers)
    alike = np.isclose(left, right, rtol=1e-9, atol=0)
    texts = [np.array([re.sub(r"[\W_]+", " ", word) for word in c.words] + [""], dtype=object)
             for c in (own, other)]  # fmt: skip
    alike |= texts[0][own.codes] == texts[1][other.codes]
    return int((only_other | (both & ~alike)).sum())


def _overlap_issues(
    file: str, same: list[str], different: list[str], classes: set[str]
) -> list[Issue]:
    issues = []
    if same:
        issues.append(
            Issue(
                "info",
                f"{file} repeats {plural(len(same), 'column')} of the tables before it with the "
                f"same values, which are kept once: {listed(same)}.",
                count=len(same),
                code="repeated_columns",
            )
        )
    if different:
        issues.append(
            Issue(
                "warning",
                f"{file} has {plural(len(different), 'column')} that other tables have with other "
                f"values: {listed(different)}; both are kept, these under the file's name.",
                count=len(different),
                code="conflict",
            )
        )
    if classes:
        issues.append(
            Issue(
                "info",
                f"{file} is a table of classes: its columns of yes and no say which classes a "
                "patient meets, and are kept as variables, not as alterations.",
                count=len(classes),
                code="classes",
            )
        )
    return issues


def _one_list(lists: list[Variants]) -> Variants | None:
    """Several lists of variants as one."""
    if len(lists) < 2:
        return lists[0] if lists else None
    return Variants(
        pd.concat([part.frame for part in lists], ignore_index=True),
        np.concatenate([part.patients for part in lists]),
        np.concatenate([part.counted for part in lists]),
        np.concatenate([part.inserted for part in lists]),
        np.concatenate([part.cdna for part in lists]),
        np.any([part.listed for part in lists], axis=0),
        ", ".join(part.source for part in lists),
        tuple(issue for part in lists for issue in part.issues),
    )


def _with_origins(cohort: Cohort, origins: Mapping[str, str], source: str) -> Cohort:
    """Say in the dictionary which file a joined column came from."""
    variables = {}
    for name, variable in cohort.variables.items():
        file = origins.get(variable.source_column or name)
        if file:
            words = f"{variable.description} From {shown(file)}.".strip()
            variables[name] = replace(variable, description=words)
        else:
            variables[name] = variable
    return replace(
        cohort, variables=variables, provenance=replace(cohort.provenance, source=source)
    )
