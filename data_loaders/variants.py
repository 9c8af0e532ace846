"""Lists of variants, one row a mutation: MAF files and the tables of published cohorts.

Columns are recognised by their names, in the words of MAF, cBioPortal, VEP, ANNOVAR and of the
published haematology cohorts; the file's own name plays no part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.columns import Floats, TextColumn, relabelled
from data_loaders.endpoints import find_pairs
from data_loaders.genes import aliases, current_symbol
from data_loaders.identifiers import looks_like_identifier
from data_loaders.model import CohortError, Issue
from data_loaders.samples import Links, link_rows, shortening_rule, spelling_hint
from data_loaders.tables import RawTable
from data_loaders.variant_classes import is_variant_word, protein_change
from data_loaders.variant_values import (
    DRIVERS,
    allele_fractions,
    classes_of,
    counted_rows,
    inserted_bases,
)
from data_loaders.wording import listed, plural, shown

Bools = npt.NDArray[np.bool_]

# By part: the names of its column without separators, the surest first.
_NAMES: dict[str, tuple[str, ...]] = {
    "gene": ("hugosymbol", "genesymbol", "gene", "genename", "gen", "symbol", "hugo", "hgncsymbol"),
    "protein": (
        "hgvspshort", "proteinchange", "aachange", "aminoacidchange", "hgvsp", "aminoacid",
        "proteinmutation", "mutationprotein", "aachangerefgene", "pchange", "hgvsprotein",
        "mutation",
    ),
    "effect": (
        "variantclassification", "consequence", "effect", "varianteffect", "mutationtype",
        "exonicfuncrefgene", "exonicfunc", "annotation", "varianttype", "type",
    ),
    "cdna": ("hgvsc", "cdnachange", "codingchange", "cchange", "txchange", "nucleotidechange"),
    "vaf": (
        "vaf", "tvaf", "tumorvaf", "itumorvafwu", "variantallelefrequency", "allelefrequency",
        "variantallelefraction", "allelefraction", "tumorvariantallelefrequency", "mutintum", "af",
        "tumorf", "vafpercent",
    ),
    "alt_count": ("taltcount", "altcount", "altreads", "altdepth", "varreads", "variantreads"),
    "ref_count": ("trefcount", "refcount", "refreads", "refdepth"),
    "depth": ("tdepth", "depth", "tumdepth", "totaldepth", "dp", "readdepth", "coverage"),
    "reference": ("referenceallele", "ref", "wt", "referencebase"),
    "alternative": ("tumorseqallele2", "alt", "mt", "altallele", "variantallele", "mutantallele"),
    "verdict": (
        "result", "oncogenic", "oncogenicity", "oncokb", "pathogenicity", "clinicalsignificance",
        "driver", "interpretation",
    ),
    "position": ("startposition", "start", "position", "pos"),
    "sample": ("tumorsamplebarcode",),
}  # fmt: skip
_NUMBERS = frozenset({"vaf", "alt_count", "ref_count", "depth", "position"})


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
        Rows that make their gene mutated: neither silent nor outside the gene, and judged a driver
        where the file has a verdict.
    inserted
        Bases that each row adds to the gene (negative: takes away), NaN where the alleles are not
        given.
    cdna
        Change of the coding sequence, None where not given.
    listed
        Which patients of the cohort the list holds.
    source
        The file's name.
    issues
        What was assumed and left out.
    """

    frame: pd.DataFrame
    patients: npt.NDArray[np.intp]
    counted: Bools
    inserted: Floats
    cdna: npt.NDArray[np.object_]
    listed: Bools
    source: str
    issues: tuple[Issue, ...]


def variant_columns(columns: Mapping[str, TextColumn], filename: str) -> dict[str, str] | None:
    """The columns of a list of variants by part; None if the table is none.

    A list of variants has a column of gene symbols and one of protein changes, effects or
    changes of the coding sequence. A table with an outcome and a different identifier in every row
    is a clinical table, whatever else it says.

    Raises
    ------
    CohortError
        If everything but the genes is there.
    """
    by_name: dict[str, str] = {}
    for name in columns:
        by_name.setdefault(re.sub(r"[\W_]", "", name.lower()), name)
    found: dict[str, str] = {}
    for part, names in _NAMES.items():
        for name in names:
            column = by_name.get(name)
            sure = name == "variantclassification"  # the name that MAF prescribes
            if not column or column in found.values():
                continue
            if sure or _fits(part, columns[column]):
                found[part] = column
                break
    if _is_clinical(columns):
        return None
    says_what = {"protein", "effect", "cdna"} & set(found)
    if "gene" in found:
        return found if says_what else None
    if "effect" in found and {"position", "sample", "alternative"} & set(found):
        raise CohortError(
            f"{shown(filename)} looks like a list of variants but has no column of gene symbols; "
            "name it Hugo_Symbol."
        )
    return None


def read_variants(
    table: RawTable,
    parts: Mapping[str, str],
    known: pd.Index,
    also: Sequence[str] = (),
    aliases: Mapping[str, int] | None = None,
) -> Variants:
    """Read a list of variants and give each to its patient.

    Parameters
    ----------
    table
        As read from the file.
    parts
        Its columns, from :func:`variant_columns`.
    known
        Identifiers of the cohort's patients; variants of others are left out and counted.
    also
        Names of columns that may hold the patients, besides the usual ones: that of the clinical
        table.
    aliases
        Position of the patient of each sample that another table names.

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
    gene_column = table.columns[parts["gene"]]
    keep = (links.patients >= 0) & gene_column.filled
    nameless = int(((links.patients >= 0) & ~gene_column.filled).sum())
    patients = links.patients[keep]
    columns = {name: _rows(column, keep) for name, column in table.columns.items()}
    genes = relabelled(columns[parts["gene"]], current_symbol)
    protein, effect, cdna = (
        columns[parts[part]] if part in parts else None for part in ("protein", "effect", "cdna")
    )
    classes, class_issues = classes_of(effect, protein, cdna, file, len(patients))
    vaf, vaf_issues = allele_fractions(parts, columns, file)
    data: dict[str, Any] = {
        "patient_id": known.to_numpy()[patients],
        "gene": genes.objects(),
        "protein_change": (
            relabelled(protein, protein_change).objects()
            if protein is not None
            else np.full(len(patients), None, dtype=object)
        ),
        "variant_class": classes,
        "vaf": vaf,
    }
    held = {links.column, parts["gene"], parts.get("protein")}
    numeric = {parts[part] for part in _NUMBERS & set(parts)}
    if "vaf" in parts and np.array_equal(
        vaf, columns[parts["vaf"]].spread(columns[parts["vaf"]].numbers), equal_nan=True
    ):
        held.add(parts["vaf"])
    for name, column in columns.items():
        if name not in held:
            data[name if name not in data else f"{name}_file"] = _cells(
                column, numeric=name in numeric
            )
    counted, counted_issues = counted_rows(parts, columns, classes, data["gene"], file)
    present = np.zeros(len(known), dtype=bool)
    present[patients] = True
    return Variants(
        pd.DataFrame(data),
        patients,
        counted,
        inserted_bases(parts, columns, len(patients)),
        cdna.objects() if cdna is not None else np.full(len(patients), None, dtype=object),
        present,
        table.filename,
        (
            *table.issues,
            *_link_issues(links, file, nameless),
            *class_issues,
            *vaf_issues,
            *counted_issues,
            *_alias_issue(columns[parts["gene"]], file),
        ),
    )


def _fits(part: str, column: TextColumn) -> bool:
    """Whether a column's values are what its name promises."""
    if part == "effect":
        known = np.array([is_variant_word(str(text)) for text in column.texts], dtype=bool)
        return bool(column.counts[known].sum() > 0.5 * max(column.counts.sum(), 1))
    if part == "verdict":
        return any(word in DRIVERS for word in column.words)
    if part == "protein":
        change = np.array([protein_change(str(t)).startswith("p.") for t in column.texts], bool)
        return bool(column.counts[change].sum() >= 0.3 * column.counts.sum())
    if part in {"vaf", "alt_count", "ref_count", "depth"}:
        return column.share_numeric > 0.5
    if part == "gene":
        return len(column.texts) > 0 and column.share_numeric < 0.5 and not column.is_binary
    return True


def _is_clinical(columns: Mapping[str, TextColumn]) -> bool:
    """Whether a table has one row a patient and an outcome."""
    single = any(
        looks_like_identifier(name, column)
        and bool(column.filled.all())
        and len(column.texts) == len(column)
        for name, column in columns.items()
    )
    return single and bool(find_pairs(columns)[0])


def _cells(column: TextColumn, *, numeric: bool) -> Any:
    """A further column: numbers where all entries are, a category where they recur, else text."""
    if numeric and not np.isnan(column.numbers).any():
        return column.spread(column.numbers)
    if len(column.texts) > len(column) / 4:
        return column.objects()
    return pd.Categorical.from_codes(column.codes, pd.Index(column.texts, dtype=object))


def _rows(column: TextColumn, keep: Bools) -> TextColumn:
    """Some rows of a column, with all its entries."""
    return TextColumn(column.name, column.codes[keep], column.texts, column.notation)


def _link_issues(links: Links, file: str, nameless: int) -> list[Issue]:
    issues = []
    if links.strangers:
        issues.append(
            Issue(
                "warning",
                f"{file} lists {plural(links.strangers, 'patient')} that the clinical table does "
                f"not have; their {plural(int((links.patients < 0).sum()), 'variant')} were left "
                "out.",
                links.column,
                links.strangers,
                code="strangers",
            )
        )
    rule = shortening_rule(links)
    if rule:
        issues.append(
            Issue(
                "info",
                f"{file}: {rule}.",
                links.column,
                links.shortened + links.named,
                code="samples",
            )
        )
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
