"""Which patient a row of another table belongs to: identifiers compared by stated rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Positions
from data_loaders.files.columns import TextColumn
from data_loaders.files.tables import RawTable
from data_loaders.meaning.identifiers import looks_like_identifier
from data_loaders.model import Issue
from data_loaders.wording import plural, shown

# TCGA-AB-2802-03A-01W-0728-08: project, site and participant, then the sample and its aliquots.
_TCGA = re.compile(r"^(TCGA-[A-Z0-9]{2}-[A-Z0-9]{4})(?:-.+)?$")
_SEPARATORS = "-_.:/"


@dataclass(frozen=True, eq=False)
class Links:
    """The rows of a table as patients of the cohort.

    Parameters
    ----------
    column
        The identifier column that was used.
    patients
        Position of the patient of each row, -1 where the cohort has none.
    strangers
        How many different identifiers belong to no patient of the cohort.
    shortened
        How many identifiers were samples, found under their patient's shorter identifier.
    pooled
        How many patients have several identifiers (samples) in the table.
    matched
        How many patients of the cohort the table has.
    named
        How many identifiers were samples whose patient another column or table names.
    """

    column: str
    patients: Positions
    strangers: int
    shortened: int
    pooled: int
    matched: int
    named: int


def link_rows(
    columns: Mapping[str, TextColumn],
    known: pd.Index,
    also: Sequence[str] = (),
    aliases: Mapping[str, int] | None = None,
) -> Links | None:
    """Find the column that holds the patients and lay its rows out to them.

    Of the columns whose name or values are those of identifiers, the one with the most patients of
    the cohort is taken. An identifier is looked for as it stands; then among the samples that some
    table gives to a patient; then, if it is a TCGA barcode, by its first three parts; then without
    its last part (``P7-03`` is a sample of ``P7``) and so on.

    Parameters
    ----------
    also
        Columns to try whatever their names.
    aliases
        Position of the patient of each sample, from :func:`sample_aliases`.

    Returns
    -------
    Links or None
        None if no column holds any patient of the cohort.
    """
    best: Links | None = None
    for name, column in columns.items():
        if name not in also and not looks_like_identifier(name, column):
            continue
        links = _linked(name, column, known, aliases or {})
        # The patients' own identifiers rather than those of their samples.
        if best is None or (links.matched, -links.named) > (best.matched, -best.named):
            best = links
    return best if best is not None and best.matched else None


def patient_of(sample: str, known: Mapping[str, int]) -> tuple[int, bool]:
    """Position of a sample's patient (-1 = none), and whether the identifier had to be shortened.

    Parameters
    ----------
    sample
        The identifier as it stands in the table.
    known
        Position of each patient by identifier.
    """
    if sample in known:
        return known[sample], False
    barcode = _TCGA.match(sample)
    if barcode and barcode[1] in known:
        return known[barcode[1]], True
    end = _last_part(sample)
    while end > 0:
        if sample[:end] in known:
            return known[sample[:end]], True
        end = _last_part(sample[:end])
    return -1, False


def spelling_hint(columns: Mapping[str, TextColumn], known: pd.Index) -> str:
    """What to do about identifiers that no patient has: an ending for a sentence.

    Identifiers that differ in capitals, separators or leading zeros alone are not taken for the
    same, because ``007`` and ``07`` may be two patients; but it is said.
    """
    wanted = {_bare(identifier) for identifier in known}
    for name, column in columns.items():
        if looks_like_identifier(name, column) and any(_bare(t) in wanted for t in column.texts):
            return (
                f"those in {shown(name)} differ in capitals, separators or leading zeros; "
                "write them alike in both"
            )
    return "check that both use the same identifiers"


def sequenced_patients(
    samples: Sequence[str] | None, known: pd.Index, aliases: Mapping[str, int] | None = None
) -> Bools | None:
    """Patients of the samples that a list of variants says were sequenced.

    Parameters
    ----------
    samples
        Of the line ``#sequenced_samples:``; None without it.
    aliases
        Position of the patient of each sample that another table names.
    """
    if samples is None:
        return None
    places = {identifier: place for place, identifier in enumerate(known)}
    found = np.zeros(len(known), dtype=bool)
    for sample in samples:
        position = places.get(sample, (aliases or {}).get(sample, -1))
        position = position if position >= 0 else patient_of(sample, places)[0]
        if position >= 0:
            found[position] = True
    return found


def maybe_patients(links: Links, columns: Mapping[str, TextColumn], known: pd.Index) -> Bools:
    """Patients whose identifier is that of a stranger in another spelling.

    Parameters
    ----------
    links
        How the table's rows were given to patients.
    """
    column = columns[links.column]
    strange = np.unique(column.codes[(links.patients < 0) & column.filled])
    if not len(strange):
        return np.zeros(len(known), dtype=bool)
    bare = {_bare(column.texts[code]) for code in strange}
    return np.array([_bare(identifier) in bare for identifier in known], dtype=bool)


def _bare(identifier: object) -> str:
    return re.sub(r"[\W_]", "", str(identifier).lower()).lstrip("0")


def shortening_rule(links: Links) -> str:
    """How samples were given to patients, for an issue; empty where nothing had to be done."""
    parts = []
    if links.named:
        parts.append(
            f"{plural(links.named, 'sample was', 'samples were')} given to the patient beside whom "
            "another table names the sample"
        )
    if links.shortened:
        parts.append(
            f"{plural(links.shortened, 'sample was', 'samples were')} given to the patient whose "
            "identifier is the beginning of the sample's (a TCGA barcode without sample and "
            "aliquot, or without its last parts)"
        )
    if links.pooled:
        parts.append(
            f"{plural(links.pooled, 'patient has', 'patients have')} several samples, whose "
            "variants were taken together, except those of samples called later ones"
        )
    return "; ".join(parts)


def spelling_issue(links: Links, file: str, maybe: int, consequence: str) -> list[Issue]:
    """That identifiers look like those of ``maybe`` patients, if any, and what follows."""
    if not maybe:
        return []
    words = (
        f"{file}: identifiers of {plural(maybe, 'patient')} of the clinical table may stand in "
        f"{shown(links.column)} in another spelling (capitals, separators or leading zeros), which "
        f"is not taken for the same{consequence}"
    )
    return [Issue("warning", words, links.column, maybe, code="spelling")]


def stranger_issues(links: Links, file: str, has: str, left_out: str) -> list[Issue]:
    """Rows of patients whom the clinical table does not have, and samples given to patients."""
    issues = []
    if links.strangers:
        words = (
            f"{file} {has} {plural(links.strangers, 'patient')} that the clinical table does not "
            f"have; {left_out}"
        )
        issues.append(Issue("warning", words, links.column, links.strangers, code="strangers"))
    rule = shortening_rule(links)
    if rule:
        given = links.shortened + links.named
        issues.append(Issue("info", f"{file}: {rule}.", links.column, given, code="samples"))
    return issues


def _last_part(identifier: str) -> int:
    """Where the last part of an identifier begins, its separator included; -1 if it has one."""
    return max(identifier.rfind(separator) for separator in _SEPARATORS)


def sample_aliases(tables: Iterable[RawTable], known: pd.Index, id_column: str) -> dict[str, int]:
    """The patient of each sample, from tables that have columns of both.

    A sample that stands beside several patients is nobody's.

    Parameters
    ----------
    tables
        The clinical table and the others.
    id_column
        The clinical table's column of them.

    Returns
    -------
    dict
        Position of the patient by sample.
    """
    found: dict[str, set[int]] = {}
    for table in tables:
        links = link_rows(table.columns, known, (id_column,))
        if links is None:
            continue
        for name, column in table.columns.items():
            if name == links.column or not looks_like_identifier(name, column):
                continue
            pairs = pd.DataFrame({"code": column.codes, "patient": links.patients})
            pairs = pairs[(pairs["code"] >= 0) & (pairs["patient"] >= 0)].drop_duplicates()
            for code, patient in zip(pairs["code"], pairs["patient"], strict=True):
                found.setdefault(str(column.texts[code]), set()).add(int(patient))
    return {sample: next(iter(owners)) for sample, owners in found.items() if len(owners) == 1}


def _linked(name: str, column: TextColumn, known: pd.Index, aliases: Mapping[str, int]) -> Links:
    texts = pd.Index(column.texts, dtype=object)
    positions = known.get_indexer(texts)
    unmatched = np.flatnonzero(positions < 0)
    shortened, named = np.zeros(len(positions), dtype=bool), np.zeros(len(positions), dtype=bool)
    if len(unmatched):
        places = {identifier: place for place, identifier in enumerate(known)}
        for entry in unmatched:
            positions[entry] = aliases.get(texts[entry], -1)
            named[entry] = positions[entry] >= 0
            if not named[entry]:
                positions[entry], shortened[entry] = patient_of(texts[entry], places)
    used = column.counts > 0
    samples = np.bincount(positions[used & (positions >= 0)], minlength=len(known))
    return Links(
        name,
        np.append(positions, -1)[column.codes],
        int((used & (positions < 0)).sum()),
        int((used & shortened).sum()),
        int((samples > 1).sum()),
        int((samples > 0).sum()),
        int((used & named).sum()),
    )
