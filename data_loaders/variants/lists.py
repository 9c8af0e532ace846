"""Lists of variants, one row a mutation: MAF files and the tables of published cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data_loaders.alterations.gene_cells import (
    part_of_gene,
    read_genes,
    rewritten_issue,
    strange_genes_issue,
)
from data_loaders.alterations.genes import aliases, current_symbol
from data_loaders.alterations.hgvs import protein_change
from data_loaders.alterations.mutation_rule import (
    SET_ASIDE,
    is_set_aside,
    outside_the_gene,
    reasons,
    set_aside_issues,
    swapped_reads,
)
from data_loaders.arrays import Bools, Floats, Ints, Positions, States, Texts
from data_loaders.files.columns import TextColumn, relabelled
from data_loaders.files.tables import RawTable
from data_loaders.joining.samples import (
    Links,
    link_rows,
    maybe_patients,
    sequenced_patients,
    spelling_hint,
    spelling_issue,
    stranger_issues,
)
from data_loaders.model import CohortError, Issue
from data_loaders.variants._values import classes_of, inserted_bases
from data_loaders.variants.allele_fractions import allele_fractions, read_counts, with_allele_depths
from data_loaders.variants.columns import NUMBERS, unclear_columns
from data_loaders.variants.sample_types import RANK_LATER, ranks_of
from data_loaders.wording import listed, plural, shown


@dataclass(frozen=True, eq=False)
class Variants:
    """The variants of a cohort's patients.

    Parameters
    ----------
    frame
        One row a variant: patient_id, gene, protein_change, variant_class, vaf (fraction of 1),
        then the file's other columns under their own names.
    patients
        Position of each row's patient in the cohort.
    counted
        Rows that make their gene mutated, as :mod:`data_loaders.alterations.mutation_rule` has it;
        the frame's column ``set_aside`` says why the others do not.
    inserted
        Bases that each row adds to the gene (negative: takes away), NaN where the alleles are not
        given.
    cdna
        Change of the coding sequence, None where not given.
    listed
        Which patients of the cohort the list holds.
    maybe
        Patients not listed whose identifier differs from one of the list in its spelling alone.
    sequenced
        Patients whom the list's line ``#sequenced_samples:`` names; None without it.
    """

    frame: pd.DataFrame
    patients: Positions
    counted: Bools
    inserted: Floats
    cdna: Texts
    listed: Bools
    maybe: Bools
    sequenced: Bools | None
    source: str
    issues: tuple[Issue, ...]


def read_variants(
    table: RawTable,
    parts: Mapping[str, str],
    known: pd.Index,
    also: Sequence[str] = (),
    aliases: Mapping[str, int] | None = None,
    *,
    other_sample: Bools | None = None,
) -> Variants:
    """Read a list of variants and give each to its patient.

    Parameters
    ----------
    parts
        Its columns, from :func:`variant_columns`.
    known
        Identifiers of the cohort's patients; variants of others are left out and counted.
    also
        Names of columns that may hold the patients, besides the usual ones: that of the clinical
        table.
    aliases
        Position of the patient of each sample that another table names.
    other_sample
        Rows of samples that do not stand for their patients; None where the list has to say so.

    Raises
    ------
    CohortError
        If no column holds any of these identifiers.
    """
    file = shown(table.filename)
    links = link_rows(table.columns, known, (*also, parts.get("sample", "")), aliases)
    if links is None:
        raise CohortError(
            f"{file} lists variants of none of the patients of the clinical table; "
            f"{spelling_hint(table.columns, known)}."
        )
    identifiers = table.columns[parts["gene_id"]] if "gene_id" in parts else None
    genes, rows = read_genes(table.columns[parts["gene"]], identifiers)
    known_rows = links.patients >= 0
    nameless = int((known_rows & ~np.isin(np.arange(table.n), rows)).sum())
    genes, rows = genes[known_rows[rows]], rows[known_rows[rows]]
    patients, lines = links.patients[rows], table.rows[rows]
    columns = {
        name: TextColumn(column.name, column.codes[rows], column.texts, column.notation)
        for name, column in table.columns.items()
    }
    protein, effect, cdna = (
        columns[parts[part]] if part in parts else None for part in ("protein", "effect", "cdna")
    )
    classes, class_issues = classes_of(effect, protein, cdna, file, len(patients))
    changes = (
        relabelled(protein, protein_change).objects()
        if protein is not None
        else np.full(len(patients), None, dtype=object)
    )
    _tell_parts(columns[parts["gene"]], changes, classes)
    counted, with_reads, depth_issues = with_allele_depths(parts, columns, file)
    vaf, vaf_issues = allele_fractions(counted, with_reads, file, lines)
    unseen, read_issues = _unseen(counted, with_reads, file, lines)
    if other_sample is None:
        apart, sample_issues = _other_samples(ranks_of(parts, columns, len(rows)), patients, file)
    else:
        apart, sample_issues = other_sample[rows], []
    outside = outside_the_gene(classes, genes)
    aside = reasons(parts, columns, classes, outside, (unseen, apart))
    data: dict[str, Any] = {
        "patient_id": known.to_numpy()[patients],
        "gene": genes,
        "protein_change": changes,
        "variant_class": classes,
        "vaf": vaf,
        SET_ASIDE: aside,
    }
    held = {links.column, parts["gene"], parts.get("protein"), parts.get(SET_ASIDE)}
    numeric = {parts[part] for part in NUMBERS & set(parts)}
    if "vaf" in parts and np.array_equal(
        vaf, columns[parts["vaf"]].spread(columns[parts["vaf"]].numbers), equal_nan=True
    ):
        held.add(parts["vaf"])
    for name, column in columns.items():
        if name not in held:
            data[name if name not in data else f"{name}_file"] = _cells(
                column, numeric=name in numeric
            )
    present = np.zeros(len(known), dtype=bool)
    present[patients] = True
    maybe = maybe_patients(links, table.columns, known) & ~present
    return Variants(
        pd.DataFrame(data),
        patients,
        ~is_set_aside(aside),
        inserted_bases(parts, columns, len(patients)),
        cdna.objects() if cdna is not None else np.full(len(patients), None, dtype=object),
        present,
        maybe,
        sequenced_patients(table.sequenced, known, aliases),
        table.filename,
        (
            *table.issues,
            *_link_issues(links, file, nameless, maybe),
            *class_issues,
            *depth_issues,
            *vaf_issues,
            *read_issues,
            *unclear_columns(parts, columns, file, lines),
            *sample_issues,
            *set_aside_issues(aside, parts, file, lines),
            *_alias_issue(columns[parts["gene"]], file),
            *rewritten_issue(columns[parts["gene"]], file),
            *strange_genes_issue(
                columns[parts["gene"]],
                columns[parts["gene_id"]] if "gene_id" in parts else None,
                file,
                lines,
            ),
        ),
    )


def _tell_parts(genes: TextColumn, changes: Texts, classes: Texts) -> None:
    """Write what the column of genes says besides (``FLT3-ITD``) where no change is given."""
    named = [part_of_gene(str(text)) for text in genes.texts]
    for place, part in enumerate(named):
        if part is not None:
            here = (genes.codes == place) & pd.isna(changes)
            changes[here] = part
            if part != "TKD":
                classes[here & (classes == "unknown")] = part


def _unseen(
    parts: Mapping[str, str],
    columns: Mapping[str, TextColumn],
    file: str,
    lines: Ints,
) -> tuple[Bools, list[Issue]]:
    """Rows of which the tumour has no read with the change, though it has others."""
    if "alt_count" not in parts:
        return np.zeros(len(lines), dtype=bool), []
    alt = read_counts(columns[parts["alt_count"]])
    covered = np.ones(len(lines), dtype=bool)
    for part in ("ref_count", "depth"):
        if part in parts:
            # Without any read nothing was measured, as in files that write 0 for a gap.
            covered &= ~(read_counts(columns[parts[part]]) == 0)
    issues: list[Issue] = []
    if "normal_alt" in parts:
        normal = read_counts(columns[parts["normal_alt"]])
        issues = swapped_reads((alt == 0) & (normal > 0), parts, file, lines)
    return (alt == 0) & covered, issues


def _other_samples(ranks: States, patients: Positions, file: str) -> tuple[Bools, list[Issue]]:
    """Rows of samples that are later than another of the same patient."""
    best = np.full(patients.max(initial=-1) + 1, RANK_LATER + 2, dtype=np.int8)
    np.minimum.at(best, patients, ranks)
    late = len(np.unique(patients[best[patients] == RANK_LATER]))
    issues = []
    if late:
        issues.append(
            Issue(
                "info",
                f"{file} lists only a later sample (relapse, progression or the like) of "
                f"{plural(late, 'patient')}, which is used.",
                count=late,
                code="samples",
            )
        )
    return ranks > best[patients], issues


def _cells(column: TextColumn, *, numeric: bool) -> Any:
    """A further column: numbers where all entries are, a category where they recur, else text."""
    if numeric and not np.isnan(column.numbers).any():
        return column.spread(column.numbers)
    if len(column.texts) > len(column) / 4:
        return column.objects()
    return pd.Categorical.from_codes(column.codes, pd.Index(column.texts, dtype=object))


def _link_issues(links: Links, file: str, nameless: int, maybe: Bools) -> list[Issue]:
    unknown = (
        "; every gene of the list counts as not tested in them until both files write the "
        "identifiers alike."
    )
    left_out = f"their {plural(int((links.patients < 0).sum()), 'variant')} were left out."
    issues = [
        *spelling_issue(links, file, int(maybe.sum()), unknown),
        *stranger_issues(links, file, "lists", left_out),
    ]
    if nameless:
        issues.append(
            Issue(
                "warning",
                f"{file}: {plural(nameless, 'variant')} without a gene were left out.",
                count=nameless,
                code="no_gene",
            )
        )
    return issues


def _alias_issue(genes: TextColumn, file: str) -> list[Issue]:
    old = [
        str(text)
        for text, count in zip(genes.texts, genes.counts, strict=True)
        if count and text in aliases() and current_symbol(str(text)) != text
    ]
    if not old:
        return []
    renamed = [f"{symbol} is {current_symbol(symbol)}" for symbol in old]
    return [
        Issue(
            "info",
            f"{file} uses older gene symbols, which are replaced by the current ones: "
            f"{listed(renamed)}.",
            genes.name,
            len(old),
            code="alias",
        )
    ]
