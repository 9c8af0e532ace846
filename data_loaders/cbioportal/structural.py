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

import numpy as np
import pandas as pd

from data_loaders.cbioportal.clinical import Samples
from data_loaders.cbioportal.mutations import BARCODE, Called, feature_rows, rows_of_samples
from data_loaders.cbioportal.panels import Profiled, tested_genes
from data_loaders.cbioportal.tsv import TextTable, find_column
from data_loaders.genes import current_symbol, known_symbols
from data_loaders.model import CohortError, FeatureKind, Issue
from data_loaders.tables import RawTable
from data_loaders.wording import plural, shown

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
    samples, patients
        Of the study.
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
    found: list[tuple[int, frozenset[str], str]] = []  # sample, genes, name within one gene
    for table in tables:
        of = rows_of_samples(table, samples, "SAMPLE_ID", BARCODE)
        issues += of.issues
        events, more = _events(of.table, of.samples)
        found += events
        issues += more
    with_events = {str(samples.ids[sample]) for sample, _, _ in found}
    everyone = {str(name): "" for name in samples.ids} if profiled is None else profiled.panel_of
    profiled = Profiled({**dict.fromkeys(with_events, ""), **everyone})
    chosen = samples.chosen(profiled.panel_of.keys(), len(patients))
    position = np.full(len(samples.ids) + 1, -1, dtype=np.intp)
    position[chosen[chosen >= 0]] = np.flatnonzero(chosen >= 0)
    carriers: dict[tuple[str, ...], set[int]] = defaultdict(set)
    within: dict[tuple[str, str], set[int]] = defaultdict(set)
    for sample, genes, name in found:
        patient = int(position[sample])
        if patient >= 0:
            if name:
                within[next(iter(genes)), name].add(patient)
            else:
                carriers[tuple(sorted(genes))].add(patient)
    order = _written_order(found, tables)
    features = _features(carriers, within, order)
    names = samples.names(chosen)
    data = {}
    for name, (genes_of_feature, who, _) in features.items():
        tested = tested_genes(profiled, panels, names, sorted(genes_of_feature)).any(axis=1)
        has = np.zeros(len(patients), dtype=bool)
        has[list(who)] = True
        data[name] = pd.arrays.BooleanArray(has, ~(tested | has))
    rows = [
        (name, kind, _gene_of(name, genes), name, tables[0].filename, "structural variants")
        for name, (genes, _, kind) in features.items()
    ]
    return Called(pd.DataFrame(data, index=patients), feature_rows(rows), tuple(issues))


def _events(
    table: RawTable, of_row: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[list[tuple[int, frozenset[str], str]], list[Issue]]:
    """Sample and genes of each variant; the name of a change within one gene."""
    header, file = tuple(table.columns), shown(table.filename)
    status = find_column(header, "SV_STATUS", "FUSION_STATUS")
    germline = (
        np.array([word == "germline" for word in table.columns[status].words] + [False])[
            table.columns[status].codes
        ]
        if status
        else np.zeros(table.n, dtype=bool)
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
        if germline[row]:
            continue
        if not symbols:
            nameless += 1
            continue
        one = len(symbols) == 1 and (len([g for g in genes if g]) == 2 or _is_within(text[row]))
        events.append((int(sample), symbols, _within(text[row]) if one else ""))
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
    if germline.any():
        issues.append(
            Issue(
                "info",
                f"{file}: {plural(int(germline.sum()), 'germline structural variant')} left out.",
                count=int(germline.sum()),
                code="germline",
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


def _written_order(
    found: list[tuple[int, frozenset[str], str]], tables: tuple[TextTable, ...]
) -> dict[frozenset[str], str]:
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
    for _, genes, _ in found:
        names.setdefault(genes, "::".join(sorted(genes)))
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


def _gene_of(name: str, genes: frozenset[str]) -> str | None:
    return next(iter(genes)) if len(genes) == 1 and "::" not in name else None
