"""Who was tested for what: gene panels, the gene panel matrix and case lists.

A gene off a sample's panel was not tested, which is never wild type. The rules are those of the
format's documentation: a sample with a panel was profiled for its genes; ``NA`` in the matrix means
no panel, so a sample that the case list ``_sequenced`` names was sequenced as a whole (exome or
genome), and one that it does not name was not profiled at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_loaders.alterations.genes import current_symbol
from data_loaders.arrays import Bools
from data_loaders.cbioportal.meta import Contents, DataFile, inside, read_fields
from data_loaders.cbioportal.tsv import TextTable, find_column
from data_loaders.files.folder import read_file
from data_loaders.files.header_rows import sequenced_samples
from data_loaders.model import CohortError, Issue
from data_loaders.wording import listed, plural, shown

WHOLE = ""  # in place of a panel's name: exome or genome
KINDS = ("mutations", "copy_number", "structural")

_WHOLE_NAMES = re.compile(r"(wes|wxs|wgs|whole[-_ ]?(exome|genome).*)$", re.IGNORECASE)
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "mutations": ("mutations",),
    "copy_number": ("cna", "gistic", "cna_rae", "cna_consensus"),
    "structural": ("structural_variants", "sv", "fusion"),
}
_CASE_LISTS: Mapping[str, tuple[str, str]] = {
    "mutations": ("_sequenced", "all_cases_with_mutation_data"),
    "copy_number": ("_cna", "all_cases_with_cna_data"),
    "structural": ("_sv", "all_cases_with_sv_data"),
}
_PANEL_FOLDERS = ("", "gene_panels", "gene-panels", "panels")
_MAX_PANELS = 2_000


@dataclass(frozen=True)
class Profiled:
    """Samples that were profiled for one kind of data.

    Parameters
    ----------
    panel_of
        Panel of each profiled sample; :data:`WHOLE` where the whole exome or genome was. A sample
        that is absent was not profiled.
    """

    panel_of: Mapping[str, str]

    @property
    def panels(self) -> set[str]:
        """The panels that were used."""
        return set(self.panel_of.values()) - {WHOLE}


def is_whole(name: str) -> bool:
    """Whether a panel's name stands for the whole exome or genome: ``WES``, ``WXS``, ``WGS``."""
    return _WHOLE_NAMES.match(name) is not None


def read_panels(folder: Path) -> dict[str, frozenset[str]]:
    """Genes of the gene panel files in a study's folder, by current symbol.

    Raises
    ------
    CohortError
        If a gene panel file cannot be read.
    """
    panels: dict[str, frozenset[str]] = {}
    for name in _PANEL_FOLDERS:
        place = folder / name
        if not place.is_dir() or not inside(folder, place):
            continue
        for path in sorted(place.glob("*.txt"))[:_MAX_PANELS]:
            wanted = name or ("panel" in path.name.lower() and "matrix" not in path.name.lower())
            if not wanted or not inside(folder, path) or "meta" in path.name.lower():
                continue
            fields = read_fields(path.name, read_file(path))
            if "stable_id" in fields and "gene_list" in fields:
                panels[fields["stable_id"]] = genes_of(fields["gene_list"])
    return panels


def genes_of(text: str) -> frozenset[str]:
    """Current symbols of a list of genes."""
    return frozenset(current_symbol(gene) for gene in re.split(r"[\s,;]+", text) if gene)


def read_case_lists(folder: Path) -> dict[str, frozenset[str]]:
    """Samples that the study's case lists name, by kind of data.

    Raises
    ------
    CohortError
        If a case list cannot be read.
    """
    place = folder / "case_lists"
    found: dict[str, frozenset[str]] = {}
    if not place.is_dir() or not inside(folder, place):
        return found
    for path in sorted(place.glob("*.txt")):
        if not inside(folder, path):
            continue
        fields = read_fields(path.name, read_file(path))
        stable_id, category = fields.get("stable_id", ""), fields.get("case_list_category", "")
        ids = frozenset(fields.get("case_list_ids", "").split())
        for kind, (suffix, wanted) in _CASE_LISTS.items():
            if stable_id.endswith(suffix) or (category == wanted and kind not in found):
                found[kind] = ids
    return found


def sequenced_in(tables: Iterable[TextTable]) -> frozenset[str]:
    """Samples that the lists of mutations name in a line ``#sequenced_samples:``; empty without."""
    found = set()
    for table in tables:
        for row in table.comments:
            found |= set(sequenced_samples("#" + "\t".join(row)) or ())
    return frozenset(found)


def read_matrix(table: TextTable) -> dict[str, dict[str, str]]:
    """Panel of each sample, by column of the gene panel matrix; blank and NA are left out.

    Raises
    ------
    CohortError
        If the matrix has no column of samples.
    """
    raw = table.raw()
    sample = find_column(table.header, "SAMPLE_ID")
    if sample is None:
        raise CohortError(
            f"{shown(table.filename)} has no column SAMPLE_ID; name the column of samples so."
        )
    ids = raw.columns[sample].objects()
    return {
        name.lower(): {
            str(one): WHOLE if is_whole(str(panel)) else str(panel)
            for one, panel in zip(ids, column.objects(), strict=True)
            if one is not None and panel is not None
        }
        for name, column in raw.columns.items()
        if name != sample
    }


def profiled_samples(
    contents: Contents,
    matrix: Mapping[str, Mapping[str, str]] | None,
    case_lists: Mapping[str, frozenset[str]],
) -> dict[str, Profiled]:
    """Who was profiled for which kind of data, as far as the study says.

    Parameters
    ----------
    contents
        The study's files, whose meta files may name one panel for all samples.
    matrix
        As :func:`read_matrix` gives it; None without one.
    case_lists
        As :func:`read_case_lists` gives them.
    """
    found = {}
    for kind in KINDS:
        files = contents.of_role(kind)
        columns = (*(file.fields.get("stable_id", "").lower() for file in files), *_COLUMNS[kind])
        of_matrix = next((matrix[name] for name in columns if matrix and name in matrix), None)
        panel = _common_panel(files)
        samples = case_lists.get(kind)
        if of_matrix is not None:
            whole = dict.fromkeys(samples or (), WHOLE)
            found[kind] = Profiled({**whole, **of_matrix})
        elif samples is not None:
            found[kind] = Profiled(dict.fromkeys(samples, panel or WHOLE))
    return found


def tested_genes(
    profiled: Profiled,
    panels: Mapping[str, frozenset[str]],
    samples: Sequence[str | None],
    genes: Sequence[str],
) -> Bools:
    """Which genes were looked for in which samples.

    Parameters
    ----------
    profiled
        Panel of each sample.
    samples
        One a patient; None where the patient has none.
    genes
        Current symbols.

    Returns
    -------
    ndarray of bool
        Shape (samples, genes).
    """
    names = sorted(profiled.panels)
    member = np.zeros((len(names) + 2, len(genes)), dtype=bool)  # the last row: not profiled
    for row, name in enumerate(names):
        own = panels.get(name, frozenset())
        member[row] = [gene in own for gene in genes]
    member[-2] = True  # the whole exome
    row_of = {name: row for row, name in enumerate(names)} | {WHOLE: len(names)}
    codes = np.array(
        [
            row_of[profiled.panel_of[sample]]
            if sample is not None and sample in profiled.panel_of
            else -1
            for sample in samples
        ],
        dtype=np.intp,
    )
    tested: Bools = member[codes]
    return tested


def with_observed_panels(
    panels: Mapping[str, frozenset[str]],
    profiled: Profiled,
    samples: Iterable[object],
    genes: Iterable[object],
) -> tuple[dict[str, frozenset[str]], list[Issue]]:
    """Panels without a list of genes, filled with the genes that were found on them.

    Studies often name panels whose files live elsewhere. A gene with a variant in some sample of a
    panel is on it; any other gene may or may not be, so it counts as not tested.

    Parameters
    ----------
    panels
        Genes of the panels that have a file.
    profiled
        Panel of each sample.
    samples, genes
        Of each variant.
    """
    without = profiled.panels - set(panels)
    if not without:
        return dict(panels), []
    observed: dict[str, set[str]] = {name: set() for name in without}
    for sample, gene in zip(samples, genes, strict=True):
        name = profiled.panel_of.get(str(sample), WHOLE)
        if name in observed:
            observed[name].add(str(gene))
    issue = Issue(
        "warning",
        f"The study does not hold the genes of {plural(len(without), 'gene panel')} "
        f"({listed(sorted(without), limit=6)}); a gene counts as tested on a panel if some sample "
        "of that panel has a variant in it, any other gene as not tested. Put the gene panel files "
        "into the folder.",
        count=len(without),
        code="gene_panel",
    )
    return {**panels, **{name: frozenset(own) for name, own in observed.items()}}, [issue]


def _common_panel(files: Iterable[DataFile]) -> str | None:
    names = {file.fields["gene_panel"] for file in files if file.fields.get("gene_panel")}
    name = names.pop() if len(names) == 1 else None
    return WHOLE if name is not None and is_whole(name) else name
