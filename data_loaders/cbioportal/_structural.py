"""Structural variants of a study: fusions by gene and by pair of genes.

Genes that WHO 2022 and ICC 2022 classify whatever their partner (KMT2A, NUP98, MECOM, ...), and any
gene that is found with several partners, give a feature such as ``KMT2A fusion``. Other pairs give
a feature such as ``PML::RARA``; pairs of a gene with several partners get one of their own where
enough patients have it. A change within one gene is called so: ``IKZF1 intragenic deletion``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from data_loaders.alterations.genes import current_symbol, known_symbols
from data_loaders.alterations.mutation_rule import REASONS, germline_label
from data_loaders.cbioportal.clinical import Samples
from data_loaders.cbioportal.mutations import BARCODE, Called, feature_rows, rows_of_samples
from data_loaders.cbioportal.panels import Profiled, tested_genes
from data_loaders.cbioportal.tsv import TextTable, find_column
from data_loaders.files.tables import RawTable
from data_loaders.model import CohortError, FeatureKind, Issue
from data_loaders.variants.words import status_reason
from data_loaders.wording import listed, plural, shown

_BY_ONE_GENE = frozenset(
    {"KMT2A", "NUP98", "MECOM", "PDGFRA", "PDGFRB", "FGFR1", "JAK2", "FLT3", "BCL2", "BCL6", "MYC",
     "CCND1", "CRLF2", "DUX4", "ZNF384", "MEF2D", "PAX5", "TLX1", "TLX3", "ALK", "IRF4", "DUSP22"}
)  # fmt: skip
_PAIR_PATIENTS = 3
_EXOME_PATIENTS = 3
_MANY_GENES = 400
_TWO_GENES = re.compile(
    r"([A-Z][A-Z0-9.]+?(?:orf\d+)?)\s*(?:::|--?|_|/)\s*([A-Z][A-Z0-9.]+(?:orf\d+)?)"
)
_INTRAGENIC = (
    (r"\bitd\b|internal tandem", "ITD"),
    (r"\bptd\b|partial tandem", "PTD"),
    (r"dup", "intragenic duplication"),
    (r"del", "intragenic deletion"),
    (r"inv", "intragenic inversion"),
)
_SITES = (("SITE1_HUGO_SYMBOL", "SITE1_GENE"), ("SITE2_HUGO_SYMBOL", "SITE2_GENE"))


def called_fusions(
    tables: tuple[TextTable, ...],
    samples: Samples,
    patients: pd.Index,
    profiled: Profiled | None,
    panels: dict[str, frozenset[str]],
) -> Called:
    """Features such as ``KMT2A fusion`` and ``PML::RARA``.

    Parameters
    ----------
    tables
        Structural variants (one row a variant) or fusions of the older format (one row a gene).
    profiled, panels
        Who was profiled on what: for structural variants, or for mutations, as the format's
        documentation has it for studies without a profile of their own.

    Raises
    ------
    CohortError
        If a table has no column of genes or of samples.
    """
    if not tables:
        return Called(pd.DataFrame(index=patients), feature_rows([]))
    issues: list[Issue] = []
    found: list[_Event] = []
    for table in tables:
        of = rows_of_samples(table, samples, "SAMPLE_ID", BARCODE)
        issues += of.issues
        events, more = _events(of.table, of.samples)
        found += events
        issues += more
    if profiled is None:
        profiled = Profiled({str(name): "" for name in samples.ids})
    chosen = samples.chosen(profiled.panel_of.keys(), len(patients))
    order = _written_order(found, tables)
    names = samples.names(chosen)
    data, rows = {}, []
    off_panel: list[str] = []
    for apart in (False, True):
        own = [event for event in found if event.germline == apart]
        for label, (genes, who, kind) in _features(*_carriers(own, chosen), order).items():
            name = germline_label(label) if apart else label
            tested = tested_genes(profiled, panels, names, sorted(genes)).any(axis=1)
            has = np.zeros(len(patients), dtype=bool)
            has[list(who)] = True
            if (has & ~tested).any():
                off_panel.append(name)
            if not tested.any():
                continue
            data[name] = pd.arrays.BooleanArray(has & tested, ~tested)
            gene = next(iter(genes)) if len(genes) == 1 and "::" not in label else None
            rows.append((name, kind, gene, name, tables[0].filename, "structural variants"))
    if off_panel:
        issues.append(
            Issue(
                "warning",
                f"{listed(off_panel)} {'was' if len(off_panel) == 1 else 'were'} found in patients "
                "whose gene panel has none of the genes; they count as not tested there, because "
                "nobody without the variant was looked at.",
                count=len(off_panel),
                code="gene_panel",
            )
        )
    return Called(pd.DataFrame(data, index=patients), feature_rows(rows), tuple(issues))


class _Event(NamedTuple):
    """A structural variant: its sample, its genes and what it is called within one gene."""

    sample: int
    genes: frozenset[str]
    name: str
    germline: bool


def _carriers(
    found: list[_Event], chosen: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[dict[tuple[str, ...], set[int]], dict[tuple[str, str], set[int]]]:
    """Patients by pair of genes, and by gene and name of a change within it."""
    patient_of = {int(sample): patient for patient, sample in enumerate(chosen) if sample >= 0}
    carriers: dict[tuple[str, ...], set[int]] = defaultdict(set)
    within: dict[tuple[str, str], set[int]] = defaultdict(set)
    for event in found:
        patient = patient_of.get(event.sample, -1)
        if patient < 0:
            continue
        if event.name:
            within[next(iter(event.genes)), event.name].add(patient)
        else:
            carriers[tuple(sorted(event.genes))].add(patient)
    return carriers, within


def _events(
    table: RawTable, of_row: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[list[_Event], list[Issue]]:
    """Sample and genes of each variant; the name of a change within one gene."""
    header, file = tuple(table.columns), shown(table.filename)
    status = find_column(header, "SV_STATUS", "FUSION_STATUS")
    statuses = table.columns[status] if status else None
    reason_of = [status_reason(word) for word in statuses.words] if statuses is not None else []
    reasons = (
        np.array([*reason_of, None], dtype=object)[statuses.codes]
        if statuses is not None
        else np.full(table.n, None, dtype=object)
    )
    sites = [find_column(header, *names) for names in _SITES]
    text = _described(table, header)
    events = []
    if any(sites):
        cells = [
            table.columns[name].objects() if name else np.full(table.n, None, dtype=object)
            for name in sites
        ]
        pairs: Iterable[tuple[object, ...]] = zip(*cells, strict=True)
    elif find_column(header, "FUSION") and find_column(header, "Hugo_Symbol"):
        pairs = _old_pairs(table, header)
    else:
        raise CohortError(
            f"{file} has no column Site1_Hugo_Symbol or Site2_Hugo_Symbol; name the columns of "
            "genes so."
        )
    nameless = 0
    for row, (sample, genes) in enumerate(zip(of_row, pairs, strict=True)):
        symbols = frozenset(current_symbol(str(gene)) for gene in genes if gene)
        if reasons[row] not in {None, "germline"}:
            continue
        if not symbols:
            nameless += 1
            continue
        one = len(symbols) == 1 and (len([g for g in genes if g]) == 2 or _is_within(text[row]))
        name = _within(text[row]) if one else ""
        events.append(_Event(int(sample), symbols, name, reasons[row] == "germline"))
    issues = []
    if nameless:
        issues.append(
            Issue(
                "warning",
                f"{file}: {plural(nameless, 'structural variant')} without a gene left out.",
                count=nameless,
                code="no_gene",
            )
        )
    for reason in ("germline", "not_called", "wild_type"):
        count = int((reasons == reason).sum())
        if count:
            issues.append(
                Issue(
                    "info",
                    f"{file}: {plural(count, 'structural variant')} "
                    f"{'does' if count == 1 else 'do'} not count: {REASONS[reason].words}.",
                    status,
                    count,
                    code=REASONS[reason].code,
                )
            )
    return events, issues


def _described(table: RawTable, header: tuple[str, ...]) -> list[str]:
    names = [find_column(header, name) for name in ("CLASS", "EVENT_INFO", "ANNOTATION", "FUSION")]
    cells = [table.columns[name].objects() for name in names if name]
    return [" ".join(str(cell) for cell in row if cell) for row in zip(*cells, strict=True)] or [
        ""
    ] * table.n


def _old_pairs(table: RawTable, header: tuple[str, ...]) -> Iterable[tuple[object, ...]]:
    """Both genes of a fusion of the older format, which has a row for each of them."""
    genes = table.columns[str(find_column(header, "Hugo_Symbol"))].objects()
    fusions = table.columns[str(find_column(header, "FUSION"))].objects()
    for gene, fusion in zip(genes, fusions, strict=True):
        match = _TWO_GENES.search(str(fusion or ""))
        yield match.groups() if match and str(gene) in match.groups() else (gene, None)


def _is_within(text: str) -> bool:
    return bool(re.search(r"intragenic|\bitd\b|\bptd\b|tandem|within", text, re.IGNORECASE))


def _within(text: str) -> str:
    for pattern, name in _INTRAGENIC:
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return "intragenic rearrangement"


def _written_order(found: list[_Event], tables: tuple[TextTable, ...]) -> dict[frozenset[str], str]:
    """The name of each pair: as the files write it most often, ``PML::RARA``."""
    votes: Counter[tuple[str, str]] = Counter()
    for table in tables:
        sites = [find_column(table.header, *names) for names in _SITES]
        raw = table.raw()
        if all(sites):
            one, two = (raw.columns[str(name)].objects() for name in sites)
            pairs = list(zip(one, two, strict=True))
        elif find_column(table.header, "FUSION") and find_column(table.header, "Hugo_Symbol"):
            pairs = [pair for pair in _old_pairs(raw, table.header) if len(pair) == 2]
        else:
            pairs = []
        votes.update((current_symbol(str(a)), current_symbol(str(b))) for a, b in pairs if a and b)
    names: dict[frozenset[str], str] = {}
    for a, b in sorted(votes, key=lambda pair: (-votes[pair], pair)):
        names.setdefault(frozenset((a, b)), f"{a}::{b}")
    for event in found:
        names.setdefault(event.genes, "::".join(sorted(event.genes)))
    return names


def _features(
    carriers: dict[tuple[str, ...], set[int]],
    within: dict[tuple[str, str], set[int]],
    order: dict[frozenset[str], str],
) -> dict[str, tuple[frozenset[str], set[int], FeatureKind]]:
    """Name, genes, carriers and kind of each feature, the most frequent first."""
    partners: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    who: dict[str, set[int]] = defaultdict(set)
    for pair, patients in carriers.items():
        for gene in pair:
            partners[gene].add(pair)
            who[gene] |= patients
    known = known_symbols()
    exome = len(partners) > _MANY_GENES
    features: dict[str, tuple[frozenset[str], set[int], FeatureKind]] = {}
    grouped = {
        gene
        for gene, pairs in partners.items()
        if gene in _BY_ONE_GENE or len(pairs) > 1 or pairs == {(gene,)}
    }
    for gene in grouped:
        if not exome or gene in known or len(who[gene]) >= _EXOME_PATIENTS:
            features[f"{gene} fusion"] = (frozenset({gene}), who[gene], "cytogenetic")
    for pair, patients in carriers.items():
        if len(pair) < 2:
            continue
        covered = any(gene in grouped for gene in pair)
        rare = exome and not set(pair) & known and len(patients) < _EXOME_PATIENTS
        own = any(patients == who[gene] for gene in pair if gene in grouped)
        if rare or (covered and (own or len(patients) < _PAIR_PATIENTS)):
            continue
        features[order[frozenset(pair)]] = (frozenset(pair), patients, "cytogenetic")
    for (gene, name), patients in within.items():
        short = name in {"ITD", "PTD"}
        label = f"{gene}-{name}" if short else f"{gene} {name}"
        kind: FeatureKind = "refinement" if short else "cytogenetic"
        features[label] = (frozenset({gene}), patients, kind)
    return dict(sorted(features.items(), key=lambda item: (-len(item[1][1]), item[0])))
