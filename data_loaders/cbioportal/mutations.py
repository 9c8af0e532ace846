"""Variants of a study: those of the sample that stands for each patient, and who was tested."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_loaders.alterations.columns import Alterations
from data_loaders.alterations.from_variants import with_calls
from data_loaders.alterations.genes import current_symbol, known_symbols
from data_loaders.arrays import Positions
from data_loaders.cbioportal.clinical import Samples
from data_loaders.cbioportal.panels import Profiled, tested_genes, with_observed_panels
from data_loaders.cbioportal.tsv import TextTable, find_column
from data_loaders.files.columns import TextColumn, relabelled
from data_loaders.files.tables import RawTable
from data_loaders.model import FEATURE_COLUMNS, CohortError, Issue
from data_loaders.variants.columns import variant_columns
from data_loaders.variants.lists import Variants, read_variants
from data_loaders.wording import plural, shown

BARCODE = "Tumor_Sample_Barcode"
_TCGA_SAMPLE = re.compile(r"^(TCGA-[A-Z0-9]{2}-[A-Z0-9]{4}-\d{2})")


@dataclass(frozen=True, eq=False)
class Called:
    """Features of one kind of data, before they join the others.

    Parameters
    ----------
    matrix
        Patients x features, nullable boolean, NA = not tested.
    untested
        Genes with mutations that were looked for in nobody, and are no features.
    """

    matrix: pd.DataFrame
    features: pd.DataFrame
    issues: tuple[Issue, ...] = ()
    untested: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class SampleRows:
    """A table of which every row belongs to a sample of the study.

    Parameters
    ----------
    samples
        Position of each row's sample.
    """

    table: RawTable
    samples: Positions
    issues: tuple[Issue, ...]


def rows_of_samples(table: TextTable, samples: Samples, *names: str) -> SampleRows:
    """Find the samples that the rows of a table belong to.

    A TCGA barcode of an aliquot is looked for by its sample.

    Raises
    ------
    CohortError
        If the table has no column of samples, or none of its samples is known.
    """
    raw, file = table.raw(), shown(table.filename)
    name = find_column(table.header, *names)
    if name is None:
        raise CohortError(f"{file} has no column {names[0]}; name the column of samples so.")
    column = raw.columns[name]
    known = pd.Index(samples.ids)
    texts = pd.Index(column.texts.astype(str))
    positions = known.get_indexer(texts)
    shorter = [match[1] if (match := _TCGA_SAMPLE.match(text)) else text for text in texts]
    positions = np.where(
        positions < 0, known.get_indexer(pd.Index(shorter, dtype=object)), positions
    )
    of_row = np.append(positions, -1)[column.codes]
    absent = of_row < 0
    if absent.all():
        raise CohortError(
            f"{file} holds none of the samples of the clinical table; check that both use the same "
            "sample identifiers."
        )
    if not absent.any():
        return SampleRows(raw, of_row, ())
    strangers = int((positions < 0).sum())
    issue = Issue.at(
        "warning",
        f"{file}: {plural(int(absent.sum()), 'row')} left out, of {plural(strangers, 'sample')} "
        "that the clinical table does not list.",
        np.flatnonzero(absent) + 1,
        name,
        "strangers",
    )
    return SampleRows(raw.keep(~absent, issue), of_row[~absent], (issue,))


def called_mutations(
    tables: tuple[TextTable, ...],
    samples: Samples,
    patients: pd.Index,
    profiled: Profiled | None,
    panels: dict[str, frozenset[str]],
) -> tuple[Called, pd.DataFrame | None, Positions]:
    """Genes and parts of genes that the variants show.

    Parameters
    ----------
    tables
        Lists of variants; several are read as one.
    profiled, panels
        Who was sequenced on what; None if the study does not say, then everyone.

    Returns
    -------
    called
        Genes with a mutation, blood-cancer genes of the panels without, and refinements.
    mutations
        The variants of the samples that stand for the patients; None without a list.
    chosen
        Sample that stands for each patient.
    """
    parts = [rows_of_samples(table, samples, BARCODE, "SAMPLE_ID") for table in tables]
    issues = [issue for part in parts for issue in part.issues]
    merged, of_row = _merged(parts)
    listed = set(samples.ids[np.unique(of_row)]) if merged is not None else set()
    if profiled is not None and not set(profiled.panel_of) & {str(one) for one in samples.ids}:
        profiled = None  # a case list of other identifiers says nothing
    issues += _unprofiled_issue(profiled, listed, len(samples.ids))
    chosen = samples.chosen(None if profiled is None else profiled.panel_of.keys(), len(patients))
    issues += _sample_issues(samples, patients, chosen, of_row)
    variants = None
    if merged is not None:
        variants, more = _of_patients(merged, of_row, samples, chosen, patients)
        issues += more
    names = samples.names(chosen)
    if profiled is None:
        profiled = Profiled({str(name): "" for name in samples.ids})
    if merged is not None:
        gene = find_column(tuple(merged.columns), "Hugo_Symbol")
        genes = relabelled(merged.columns[gene], current_symbol).objects() if gene else ()
        panels, more = with_observed_panels(panels, profiled, samples.ids[of_row], genes)
        issues += more
    if variants is None:
        called = Called(pd.DataFrame(index=patients), _no_features())
    else:
        base = Alterations(pd.DataFrame(index=patients), _no_features(), frozenset(), ())
        found = with_calls(base, variants, np.ones(len(patients), dtype=bool))
        called = Called(found.matrix, found.features, ())
        issues += [*variants.issues, *(i for i in found.issues if i.code != "sequenced")]
    called = _with_panel_genes(called, profiled, panels, patients)
    called = _masked(called, profiled, panels, names, issues)
    issues += _coverage_issue(profiled, names)
    frame = variants.frame if variants is not None else None
    whole = Called(called.matrix, called.features, tuple(issues), called.untested)
    return whole, frame, chosen


def _merged(parts: list[SampleRows]) -> tuple[RawTable | None, Positions]:
    """Several lists of variants as one table; columns that one lacks are blank there."""
    if not parts:
        return None, np.empty(0, dtype=np.intp)
    if len(parts) == 1:
        return parts[0].table, parts[0].samples
    names = list(dict.fromkeys(name for part in parts for name in part.table.columns))
    columns = {}
    for name in names:
        cells = [
            part.table.columns[name].objects()
            if name in part.table.columns
            else np.full(part.table.n, None, dtype=object)
            for part in parts
        ]
        codes, texts = pd.factorize(np.concatenate(cells))
        columns[name] = TextColumn(name, codes.astype(np.int32), np.asarray(texts, dtype=object))
    samples = np.concatenate([part.samples for part in parts])
    file = ", ".join(part.table.filename for part in parts)
    return RawTable(file, columns, np.arange(1, len(samples) + 1)), samples


def _unprofiled_issue(profiled: Profiled | None, listed: set[object], n: int) -> list[Issue]:
    """What the study does not say, or contradicts, about who was sequenced."""
    if profiled is None:
        if not listed:
            return []
        return [
            Issue(
                "warning",
                "The study does not say who was sequenced (no case list _sequenced, no line "
                "#sequenced_samples and no gene panel matrix that names its samples), so all "
                f"{plural(n, 'sample')} count as sequenced; {n - len(listed):,} of them have no "
                "mutation.",
                count=n - len(listed),
                code="sequenced",
            )
        ]
    forgotten = len({str(name) for name in listed} - set(profiled.panel_of))
    if not forgotten:
        return []
    return [
        Issue(
            "warning",
            f"{plural(forgotten, 'sample has', 'samples have')} mutations although the study does "
            "not name them among the sequenced (case list _sequenced, #sequenced_samples, gene "
            "panel matrix); they stay untested, because counting only the mutated among them would "
            "raise every frequency. Add them to the case list if they were sequenced.",
            count=forgotten,
            code="sequenced",
        )
    ]


def _sample_issues(
    samples: Samples, patients: pd.Index, chosen: Positions, of_row: Positions
) -> list[Issue]:
    """The rule for several samples of a patient, with its counts."""
    several = np.bincount(samples.patients, minlength=len(patients)) > 1
    if not several.any():
        return []
    number = int(np.isin(samples.patients, np.flatnonzero(several)).sum())
    others = int((~np.isin(of_row, chosen)).sum())
    late = int((samples.later[chosen[several & (chosen >= 0)]]).sum())
    words = (
        f"{plural(int(several.sum()), 'patient has', 'patients have')} several samples "
        f"({number:,} in all); the first in the file that was sequenced stands for the patient, "
        "primary samples and those at diagnosis before others, relapses and metastases last. "
        f"{plural(others, 'variant')} of the other samples {'is' if others == 1 else 'are'} not "
        "counted, because a mutation that is found later belongs to a patient who lived to "
        "acquire it"
    )
    if late:
        words += f"; for {plural(late, 'patient')} only a later sample was sequenced and is used"
    return [Issue("info", f"{words}.", count=int(several.sum()), code="samples")]


def _of_patients(
    table: RawTable, of_row: Positions, samples: Samples, chosen: Positions, patients: pd.Index
) -> tuple[Variants | None, list[Issue]]:
    """The variants, read as those of their patients; those of other samples do not count."""
    file = shown(table.filename)
    parts = variant_columns(table.columns, table.filename)
    if parts is None:
        raise CohortError(
            f"{file} is no list of variants; it needs the columns Hugo_Symbol, {BARCODE} and "
            "HGVSp_Short or Variant_Classification."
        )
    name = parts.get("sample") or find_column(tuple(table.columns), BARCODE, "SAMPLE_ID") or BARCODE
    # Sample by sample, whatever order a file or an instance gives them in.
    order = np.argsort(of_row, kind="stable")
    of_row = of_row[order]
    columns = {
        n: TextColumn(n, c.codes[order], c.texts, c.notation)
        for n, c in table.columns.items()
        if c.filled.any() or n in parts.values()
    }
    columns.pop(name, None)
    owner, sample = samples.patients[of_row], samples.ids[of_row]
    ids = {BARCODE: patients.to_numpy()[owner].astype(object)}
    if (sample.astype(str) != ids[BARCODE].astype(str)).any():
        ids["sample_id"] = sample
    for own, cells in ids.items():
        codes, texts = pd.factorize(cells)
        columns[own] = TextColumn(own, codes.astype(np.int32), np.asarray(texts, dtype=object))
    whole = RawTable(table.filename, columns, table.rows[order])
    # Of a patient of whom no sample was sequenced, every variant is off the panel.
    elsewhere = ~np.isin(of_row, chosen) & (chosen[owner] >= 0)
    found = read_variants(whole, {**parts, "sample": BARCODE}, patients, other_sample=elsewhere)
    return found, []


def _with_panel_genes(
    called: Called, profiled: Profiled, panels: dict[str, frozenset[str]], patients: pd.Index
) -> Called:
    """Add the blood-cancer genes of the panels in which nobody had a mutation."""
    on_panels = set().union(*(panels.get(name, frozenset()) for name in profiled.panels))
    present = set(called.features["gene"])
    missing = sorted((on_panels & known_symbols()) - present)
    if not missing:
        return called
    added = feature_rows(
        [(gene, "gene", gene, gene, "gene panel", "on the gene panel") for gene in missing]
    )
    nothing = pd.DataFrame(
        {gene: pd.array(np.zeros(len(patients), dtype=bool), dtype="boolean") for gene in missing},
        index=patients,
    )
    return Called(pd.concat([called.matrix, nothing], axis=1), pd.concat([called.features, added]))


def _masked(
    called: Called,
    profiled: Profiled,
    panels: dict[str, frozenset[str]],
    names: list[str | None],
    issues: list[Issue],
) -> Called:
    """NA where a gene was not looked for, whatever was found: only the mutated would count."""
    genes = [str(gene) for gene in called.features["gene"]]
    tested = tested_genes(profiled, panels, names, genes)
    data, off_panel = {}, 0
    for place, name in enumerate(called.matrix.columns):
        column = called.matrix[name]
        found = column.fillna(value=False).to_numpy(dtype=bool)
        unknown = column.isna().to_numpy() | ~tested[:, place]
        if called.features["kind"].iloc[place] == "gene":
            off_panel += int((found & ~tested[:, place]).sum())
        data[name] = pd.arrays.BooleanArray(found & ~unknown, unknown)
    if off_panel:
        issues.append(
            Issue(
                "warning",
                f"{plural(off_panel, 'mutated gene')} of patients "
                f"{'is' if off_panel == 1 else 'are'} not on the panel of their sample, or their "
                "sample was not sequenced; such genes count as not tested there, "
                "because nobody without a mutation was looked at.",
                count=off_panel,
                code="gene_panel",
            )
        )
    matrix = pd.DataFrame(data, index=called.matrix.index, columns=called.matrix.columns)
    kept = matrix.notna().any(axis=0).to_numpy() | ~called.matrix.any(axis=0).to_numpy(dtype=bool)
    dropped = called.features[~kept]
    untested = frozenset(dropped["gene"][dropped["kind"] == "gene"].astype(str))
    return Called(matrix.loc[:, kept], called.features.loc[kept], called.issues, untested)


def _coverage_issue(profiled: Profiled, names: list[str | None]) -> list[Issue]:
    own = [profiled.panel_of.get(name, None) if name else None for name in names]
    without = sum(panel is None for panel in own)
    panels = sorted({panel for panel in own if panel})
    issues = []
    if without:
        issues.append(
            Issue(
                "info",
                f"{plural(without, 'patient was', 'patients were')} not sequenced; every gene "
                "counts as not tested in them.",
                count=without,
                code="not_sequenced",
            )
        )
    if panels:
        issues.append(
            Issue(
                "info",
                f"Genes were sequenced with {plural(len(panels), 'gene panel')}; a gene that is "
                "not on the panel of a patient's sample counts as not tested, not as wild type.",
                count=sum(bool(panel) for panel in own),
                code="gene_panel",
            )
        )
    return issues


def feature_rows(
    rows: Sequence[tuple[str, str, str | None, str, str, str]],
) -> pd.DataFrame:
    """Features from rows of name, kind, gene, label, source and reason."""
    return pd.DataFrame(
        [row[1:] for row in rows],
        index=pd.Index([row[0] for row in rows], dtype=object),
        columns=[*FEATURE_COLUMNS, "reason"],
        dtype=object,
    )


def _no_features() -> pd.DataFrame:
    return feature_rows([])
