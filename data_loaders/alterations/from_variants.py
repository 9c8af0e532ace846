"""Alterations from a list of variants, beside or instead of a matrix of calls.

Rules, each of which leaves an issue where it decides something:

- Where a matrix has a gene, its call stands; the list is compared with it and differences counted.
- A gene that only the list has is tested in everyone who was sequenced: those whom a column of the
  clinical table calls sequenced; or else those with a test in the matrix, if it has half of the
  list's genes (single genes may have been tested by other means); or else all patients of the
  clinical table, as in the annotation file of a MAF. A list of variants alone cannot tell a patient
  without mutations from one who was never sequenced.
- A part of a gene's mutations (JAK2 V617F) is absent where the gene is not mutated, and not tested
  where the gene is not, where a mutation in the matrix is missing from the list, or where the
  change is not given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.alterations._alleles import ALLELES, Allele
from data_loaders.alterations.columns import Alterations
from data_loaders.alterations.gene_parts import is_part, is_whole
from data_loaders.alterations.genes import known_symbols
from data_loaders.alterations.mutation_rule import SET_ASIDE, germline_label
from data_loaders.model import FeatureKind, Issue
from data_loaders.variants.classes import NOT_COUNTED, class_of_change
from data_loaders.variants.lists import Variants
from data_loaders.wording import listed, plural, shown

Bools = npt.NDArray[np.bool_]
States = npt.NDArray[np.int8]  # 1 altered, 0 not, -1 not tested

_PANEL_GENES = 400  # a list of more genes is an exome, most of whose genes mean nothing
_EXOME_PATIENTS = 3
_FEW_LISTED = 0.7
_SEQUENCING_MATRIX = 0.5  # share of the list's genes that a matrix has if it is of the same panel
_EXAMPLES = 8


def with_calls(base: Alterations, variants: Variants, sequenced: Bools | None) -> Alterations:
    """Add the genes and refinements of a list of variants to those of the table's columns.

    Parameters
    ----------
    base
        What the columns of the tables say; may be empty.
    sequenced
        Patients whom a column of the clinical table calls sequenced; None without such a column.
    """
    tested, tested_issues = _tested(base, variants, sequenced)
    aside = variants.frame[SET_ASIDE].to_numpy(dtype=object)
    codes, names = pd.factorize(variants.frame["gene"])
    n, genes = len(tested), len(names)

    def holding(rows: Bools) -> Bools:
        cells = np.zeros((n, genes), dtype=bool, order="F")
        cells[variants.patients[rows], codes[rows]] = True
        return cells

    listed_at_all = holding(np.ones(len(codes), dtype=bool))
    counted, untested = holding(variants.counted), holding(aside == "not_tested")
    germline = holding(
        (aside == "germline") & ~variants.frame["variant_class"].isin(NOT_COUNTED).to_numpy()
    )
    place = {str(gene): column for column, gene in enumerate(names)}

    columns = [_Column.of(base, name) for name in base.features.index]
    by_gene = {column.gene: column for column in columns if column.kind == "gene"}
    # The list says any mutation: so does this column, where the gene's own leaves some out.
    by_gene |= {column.gene: column for column in columns if is_whole(column.label)}
    conflicts = [
        _compare(column, counted[:, place[gene]], listed_at_all[:, place[gene]])
        for gene, column in by_gene.items()
        if gene in place
    ]
    chosen, left_out = _genes_to_show(names, counted.sum(axis=0), set(by_gene))
    for gene in chosen:
        has = counted[:, place[gene]]
        looked_for = tested & (has | ~untested[:, place[gene]])
        state = np.where(looked_for, has, -1).astype(np.int8)
        state = _with_parts(state, [c for c in columns if c.gene == gene and is_part(c.label)])
        columns.append(_Column(gene, "gene", gene, gene, state, variants.source))
        by_gene[gene] = columns[-1]
    columns, part_conflicts = _with_refinements(columns, by_gene, variants)
    for gene in _genes_to_show(names, germline.sum(axis=0), set())[0]:
        has = germline[:, place[gene]]
        state = np.where(has, 1, np.where(tested & ~untested[:, place[gene]], 0, -1))
        label = germline_label(gene)
        columns.append(
            _Column(label, "refinement", gene, label, state.astype(np.int8), variants.source)
        )
    matrix, features = _assembled(columns, base)
    return replace(
        base,
        matrix=matrix,
        features=features,
        issues=(
            *base.issues,
            *tested_issues,
            *_left_out_issue(left_out, variants.source),
            *_conflict_issues([*conflicts, *part_conflicts], variants.source),
        ),
    )


def with_cell_changes(base: Alterations, variants: Variants) -> Alterations:
    """Add the refinements that the cells of gene columns show: ``p.V617F`` in the column JAK2.

    Parameters
    ----------
    variants
        Their changes, from :func:`variants_of_cells`.
    """
    columns = [_Column.of(base, name) for name in base.features.index]
    by_gene = {column.gene: column for column in columns if column.kind == "gene"}
    columns, conflicts = _with_refinements(columns, by_gene, variants)
    # A column of a refinement may rightly know more than the cells of its gene's column.
    conflicts = [conflict._replace(only_columns=0) for conflict in conflicts]
    matrix, features = _assembled(columns, base)
    issues = (*base.issues, *_conflict_issues(conflicts, variants.source))
    return replace(base, matrix=matrix, features=features, issues=issues)


def variants_of_cells(base: Alterations, source: str) -> Variants | None:
    """The protein changes and allele fractions in the cells of gene columns; None without any."""
    parts, places = [], []
    for name, (column, calls) in base.calls.items():
        if base.features.loc[name, "kind"] != "gene":
            continue
        found = [change is not None for change in calls.changes] | ~np.isnan(calls.vaf)
        rows = np.flatnonzero(column.rows_holding((calls.states == 1) & found))
        codes = column.codes[rows]
        changes = calls.changes[codes]
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": base.matrix.index.to_numpy()[rows],
                    "gene": base.features.loc[name, "gene"],
                    "protein_change": changes,
                    "variant_class": [class_of_change(str(change or "")) for change in changes],
                    "vaf": calls.vaf[codes],
                    SET_ASIDE: None,
                }
            )
        )
        places.append(rows)
    if not sum(map(len, places)):
        return None
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    patients = np.concatenate(places)
    listed_here = np.zeros(len(base.matrix), dtype=bool)
    listed_here[patients] = True
    nowhere = np.zeros(len(base.matrix), dtype=bool)
    return Variants(
        frame=frame,
        patients=patients,
        counted=np.ones(len(frame), dtype=bool),
        inserted=np.full(len(frame), np.nan),
        cdna=np.full(len(frame), None, dtype=object),
        listed=listed_here,
        maybe=nowhere,
        sequenced=None,
        source=source,
        issues=(),
    )


@dataclass(frozen=True, eq=False)
class _Column:
    """A feature while the table is being put together."""

    name: str
    kind: FeatureKind
    gene: str | None
    label: str
    state: States
    source: str

    @classmethod
    def of(cls, base: Alterations, name: str) -> _Column:
        row = base.features.loc[name]
        state = base.matrix[name].to_numpy(dtype=np.int8, na_value=-1)
        return cls(name, row["kind"], row["gene"], row["label"], state, row["source_column"])


def _with_parts(state: States, parts: list[_Column]) -> States:
    """A gene of the list with the parts that other columns hold (FLT3-ITD, KMT2A-PTD)."""
    for part in parts:
        state = np.where(
            (state == 1) | (part.state == 1), 1, np.where((state == -1) | (part.state == -1), -1, 0)
        ).astype(np.int8)
    return state


class _Comparison(NamedTuple):
    """How many patients a column and the list see differently."""

    label: str
    only_columns: int
    only_list: int
    untested: int

    @property
    def apart(self) -> int:
        """Patients with contradicting calls."""
        return self.only_columns + self.only_list


def _tested(
    base: Alterations, variants: Variants, sequenced: Bools | None
) -> tuple[Bools, list[Issue]]:
    """Patients in whom a gene that only the list has was looked for."""
    file = shown(variants.source)
    genes = base.matrix.loc[:, (base.features["kind"] == "gene").to_numpy()]
    in_list = set(variants.frame["gene"][variants.counted])
    in_both = in_list & set(base.features["gene"][base.features["kind"] == "gene"])
    n, guessed = len(variants.listed), False
    if sequenced is not None:
        tested, rule = sequenced | variants.listed, "the clinical table says so"
    elif variants.sequenced is not None:
        tested, rule = variants.sequenced | variants.listed, "the list's own first lines say so"
    elif in_both and len(in_both) >= _SEQUENCING_MATRIX * len(in_list):
        tested = genes.notna().any(axis=1).to_numpy() | variants.listed
        rule = "the gene columns of the other tables have a test"
    else:
        tested, rule = np.ones(n, dtype=bool), "the clinical table lists those who were"
        guessed = True
    tested = tested & ~variants.maybe
    without = int((tested & ~variants.listed).sum())
    if not without:
        return tested, []
    share = variants.listed.sum() / n
    words = (
        f"{file} lists no variant of {plural(without, 'patient')} of {n:,}, taken for sequenced "
        f"and without a mutation because {rule}"
    )
    if guessed:
        words += (
            " (the convention of MAF annotation files); add a column called sequenced, yes or no, "
            "if some were not sequenced"
        )
    return tested, [
        Issue(
            "warning" if guessed and share < _FEW_LISTED else "info",
            f"{words}.",
            count=without,
            code="sequenced",
        )
    ]


def _genes_to_show(
    names: Iterable[object], altered: npt.NDArray[np.int64], present: set[str | None]
) -> tuple[list[str], int]:
    """Genes that become features, the most frequent first, and how many do not."""
    counts = {str(name): int(count) for name, count in zip(names, altered, strict=True) if count}
    new = [gene for gene in counts if gene not in present]
    if len(counts) > _PANEL_GENES:
        known = known_symbols()
        new = [g for g in new if g in known or counts[g] >= _EXOME_PATIENTS]
    left_out = len([gene for gene in counts if gene not in present]) - len(new)
    return sorted(new, key=lambda gene: (-counts[gene], gene)), left_out


def _left_out_issue(left_out: int, source: str) -> list[Issue]:
    if not left_out:
        return []
    return [
        Issue(
            "info",
            f"{plural(left_out, 'gene')} of {shown(source)} are not on the list of blood-cancer "
            f"genes and mutated in fewer than {_EXOME_PATIENTS} patients; their variants are kept, "
            "but they are no features.",
            count=left_out,
            code="rare_genes",
        )
    ]


def _with_refinements(
    columns: list[_Column], by_gene: dict[str | None, _Column], variants: Variants
) -> tuple[list[_Column], list[_Comparison]]:
    """Each refinement found in somebody, right behind its gene."""
    existing = {(column.gene, column.label) for column in columns}
    conflicts = []
    for allele in ALLELES:
        gene = by_gene.get(allele.gene)
        if gene is None:
            continue
        has, unsure = _allele_states(allele, variants)
        if (allele.gene, allele.label) in existing:
            own = next(c for c in columns if (c.gene, c.label) == (allele.gene, allele.label))
            if allele.shown_by_variants:
                conflicts.append(_compare(own, has, has))
            continue
        if not has.any():
            continue
        # A mutation that only the matrix has could be any; one that the matrix denies, too.
        unknown = (gene.state == 1) & (unsure | ~_listed_in(gene.gene, variants))
        state = np.where(has, 1, 0)
        state[unknown & ~has] = -1
        state[(gene.state == -1) | (has & (gene.state == 0))] = -1
        column = _Column(
            allele.name, "refinement", allele.gene, allele.label, state.astype(np.int8),
            variants.source,
        )  # fmt: skip
        behind = columns.index(gene) + 1
        while behind < len(columns) and columns[behind].gene == allele.gene:
            behind += 1
        columns = [*columns[:behind], column, *columns[behind:]]
    return columns, conflicts


def _listed_in(gene: str | None, variants: Variants) -> Bools:
    found = np.zeros(len(variants.listed), dtype=bool)
    found[variants.patients[variants.counted & (variants.frame["gene"] == gene).to_numpy()]] = True
    return found


def _allele_states(allele: Allele, variants: Variants) -> tuple[Bools, Bools]:
    """Who has the allele, and who has a variant that might be it."""
    chosen = np.flatnonzero((variants.frame["gene"] == allele.gene).to_numpy() & variants.counted)
    rows = variants.frame.iloc[chosen][["protein_change", "variant_class", "vaf"]].assign(
        patient=variants.patients[chosen],
        inserted=variants.inserted[chosen],
        cdna=variants.cdna[chosen],
    )
    if allele.repeated > 1:
        # The same variant in two samples of a patient is one mutation.
        rows = rows.drop_duplicates(["patient", "protein_change", "cdna"])
    n = len(variants.listed)
    hits = rows["patient"].to_numpy()[allele.rule(rows)]
    has: Bools = np.bincount(hits, minlength=n) >= allele.repeated
    unsure = np.zeros(n, dtype=bool)
    unsure[rows["patient"].to_numpy()[allele.undecided(rows)]] = True
    return has, unsure


def _compare(column: _Column, counted: Bools, listed_at_all: Bools) -> _Comparison:
    return _Comparison(
        column.label,
        int(((column.state == 1) & ~listed_at_all).sum()),
        int(((column.state == 0) & counted).sum()),
        int(((column.state == -1) & counted).sum()),
    )


def _conflict_issues(compared: list[_Comparison], source: str) -> list[Issue]:
    file, issues = shown(source), []
    apart = sorted((c for c in compared if c.apart), key=lambda c: -c.apart)
    if apart:
        count = sum(c.apart for c in apart)
        words = [
            f"{c.label} ({c.only_columns} only in the columns, {c.only_list} only in the list)"
            for c in apart
        ]
        issues.append(
            Issue(
                "warning",
                f"The columns and {file} disagree on {plural(count, 'call')} of "
                f"{plural(len(apart), 'feature')}: {listed(words, limit=_EXAMPLES)}; the columns "
                "were believed.",
                count=count,
                code="conflict",
            )
        )
    untested = [c for c in compared if c.untested]
    if untested:
        count = sum(c.untested for c in untested)
        words = [f"{c.label} ({c.untested})" for c in untested]
        issues.append(
            Issue(
                "info",
                f"{file} lists mutations in patients whom the columns leave untested: "
                f"{listed(words, limit=_EXAMPLES)}; they stay untested, because counting only the "
                "mutated among them would raise the frequency.",
                count=count,
                code="listed_untested",
            )
        )
    return issues


def _assembled(columns: list[_Column], base: Alterations) -> tuple[pd.DataFrame, pd.DataFrame]:
    kept = set(base.features.index)
    index = pd.Index([column.name for column in columns], dtype=object)
    data = {
        column.name: base.matrix[column.name]
        if column.name in kept
        else pd.arrays.BooleanArray(column.state == 1, column.state == -1)
        for column in columns
    }
    added = pd.DataFrame(
        {
            "kind": [column.kind for column in columns],
            "gene": [column.gene for column in columns],
            "label": [column.label for column in columns],
            "source_column": [column.source for column in columns],
            "reason": [f"listed in {column.source}" for column in columns],
        },
        index=index,
        dtype=object,
    )
    own = [name for name in index if name in kept]
    added.loc[own] = base.features.loc[own]
    return pd.DataFrame(data, index=base.matrix.index, columns=index), added
