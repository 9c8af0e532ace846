"""Copy numbers of a study: deep deletions and amplifications of genes.

Only -2 and 2 become alterations. Shallow losses and gains (-1, 1) follow from whole chromosomes and
from noise, and a portal does not count them either.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_loaders.alterations.genes import current_symbol, known_symbols
from data_loaders.arrays import Ints, Positions, States
from data_loaders.cbioportal.clinical import Samples
from data_loaders.cbioportal.mutations import Called, feature_rows, rows_of_samples
from data_loaders.cbioportal.panels import Profiled, tested_genes
from data_loaders.cbioportal.tsv import TextTable, encoded, find_column
from data_loaders.model import CohortError, Issue
from data_loaders.wording import at_rows, plural, shown

_MISSING = -9
_LEVELS = {"-2": -2, "-1": -1, "-1.5": -2, "0": 0, "1": 1, "2": 2}
_NOT_SAMPLES = ("HUGO_SYMBOL", "ENTREZ_GENE_ID", "CYTOBAND", "GENE SYMBOL", "LOCUS ID", "GENE ID")
_PANEL_GENES = 400  # a matrix with more altered genes is of arrays or exomes
EVENTS = ((-2, "deletion"), (2, "amplification"))


def called_copy_numbers(
    table: TextTable | None,
    samples: Samples,
    patients: pd.Index,
    profiled: Profiled | None,
    panels: dict[str, frozenset[str]],
) -> Called:
    """Features such as ``RB1 deletion`` and ``MYC amplification``.

    Parameters
    ----------
    table
        A matrix of genes and samples, or a long table; None without copy numbers.
    profiled, panels
        Who was profiled on what; None if the study does not say, then the samples of the table.

    Raises
    ------
    CohortError
        If the table holds other values than -2 to 2, or none of the study's samples.
    """
    empty = Called(pd.DataFrame(index=patients), feature_rows([]))
    if table is None:
        return empty
    long = find_column(table.header, "VALUE") and find_column(table.header, "SAMPLE_ID")
    read = _read_long if long else _read_wide
    genes, positions, levels, issues = read(table, samples)
    present = {str(samples.ids[i]) for i in positions}
    if profiled is None or long:
        panel_of = {} if profiled is None else dict(profiled.panel_of)
        profiled = Profiled({name: panel_of.get(name, "") for name in present} | panel_of)
    else:
        # The file holds every profiled sample; one without a panel was profiled as a whole.
        profiled = Profiled({name: profiled.panel_of.get(name, "") for name in present})
    chosen = samples.chosen(profiled.panel_of.keys(), len(patients))
    row_of = np.full(len(samples.ids) + 1, -1, dtype=np.intp)
    row_of[positions] = np.arange(len(positions))
    rows = row_of[chosen]  # the last entry is -1, so that no sample has no row
    of_patients = np.vstack([levels, np.full((1, len(genes)), _MISSING, np.int8)])[rows]
    if long:
        of_patients[(chosen >= 0) & (rows < 0)] = 0
    tested = tested_genes(profiled, panels, samples.names(chosen), genes)
    # Panels whose genes are not known: the matrix itself has them.
    unknown_panel = np.array(
        [n is not None and profiled.panel_of.get(n, "") not in {"", *panels}
         for n in samples.names(chosen)], dtype=bool
    )  # fmt: skip
    tested[unknown_panel] = True
    data, rows_of_features = {}, []
    shown_genes = _genes_to_show(genes, of_patients)
    for place in shown_genes:
        values = of_patients[:, place]
        missing = (values == _MISSING) | ~tested[:, place]
        for level, word in EVENTS:
            has = (values == level) & ~missing
            if has.any():
                name = f"{genes[place]} {word}"
                data[name] = pd.arrays.BooleanArray(has, missing)
                rows_of_features.append(
                    (
                        name,
                        "cytogenetic",
                        genes[place],
                        name,
                        table.filename,
                        f"copy number {level}",
                    )
                )
    features = feature_rows(rows_of_features)
    issues.append(_level_issue(of_patients, len(features), table.filename))
    return Called(pd.DataFrame(data, index=patients), features, tuple(issues))


def _read_wide(
    table: TextTable, samples: Samples
) -> tuple[list[str], Positions, States, list[Issue]]:
    """Genes, positions of samples, levels (samples x genes) and findings of a matrix."""
    file = shown(table.filename)
    symbol = find_column(table.header, "Hugo_Symbol", "Gene Symbol")
    if symbol is None:
        raise CohortError(f"{file} has no column Hugo_Symbol; name the column of genes so.")
    known = pd.Index(samples.ids)
    at = {i: name for i, name in enumerate(table.header) if name.upper() not in _NOT_SAMPLES}
    found = known.get_indexer(pd.Index(list(at.values()), dtype=object))
    if (found < 0).all():
        raise CohortError(
            f"{file} holds none of the samples of the clinical table; check that both use the same "
            "sample identifiers."
        )
    issues = []
    strangers = int((found < 0).sum())
    if strangers:
        issues.append(
            Issue(
                "warning",
                f"{file}: {plural(strangers, 'sample')} that the clinical table does not list "
                f"{'was' if strangers == 1 else 'were'} left out.",
                count=strangers,
                code="strangers",
            )
        )
    indices, entries = encoded(table.cells.column(table.header.index(symbol)))
    names = np.array([current_symbol(entry) for entry in entries], dtype=object)[indices]
    codes, genes = pd.factorize(pd.Series(names).where(names != ""))
    named = codes >= 0
    levels = np.full((int((found >= 0).sum()), len(genes)), _MISSING, dtype=np.int8)
    apart, row = 0, 0
    for column, position in zip(at, found, strict=True):
        if position >= 0:
            levels[row], contradictions = _merged(
                _levels(table, column)[named], codes[named], len(genes)
            )
            apart += contradictions
            row += 1
    if len(genes) < len(names):
        issues += _repeats_issue(len(names) - len(genes), apart, file)
    return [str(name) for name in genes], found[found >= 0], levels, issues


def _merged(levels: States, cells: Positions, n: int) -> tuple[States, int]:
    """One level a cell from several rows, and how many cells contradict themselves.

    The larger change counts: a row without one does not contradict it. A deep deletion and an
    amplification of one gene in one sample do, and are not known.
    """
    high, low = (np.full(n, _MISSING, dtype=np.int8) for _ in range(2))
    known = levels != _MISSING
    np.maximum.at(high, cells[known], levels[known])
    low[:] = -_MISSING
    np.minimum.at(low, cells[known], levels[known])
    merged = np.where(-low > high, low, high)
    contradicted = (low == -2) & (high == 2)
    merged = np.where(contradicted | (high == _MISSING), _MISSING, merged).astype(np.int8)
    return merged, int(contradicted.sum())


def _repeats_issue(repeated: int, apart: int, file: str) -> list[Issue]:
    words = (
        f"; {plural(apart, 'sample')} with a deep deletion in one row and an amplification in "
        "another count as not tested for that gene"
        if apart
        else ""
    )
    return [
        Issue(
            "warning" if apart else "info",
            f"{file}: {plural(repeated, 'row')} repeat a gene or name none; rows of one gene were "
            f"taken together, the larger change counting{words}.",
            count=repeated,
            code="repeated_genes",
        )
    ]


def _read_long(
    table: TextTable, samples: Samples
) -> tuple[list[str], Positions, States, list[Issue]]:
    """The same of a table with one row a gene and sample; what it does not list is neutral."""
    of = rows_of_samples(table, samples, "SAMPLE_ID")
    symbol = find_column(table.header, "Hugo_Symbol")
    value = find_column(table.header, "VALUE")
    if symbol is None or value is None:
        raise CohortError(
            f"{shown(table.filename)} has no column Hugo_Symbol; name the column of genes so."
        )
    column = of.table.columns[value]
    cells = np.array([*(_level(str(text)) for text in column.texts), _MISSING])[column.codes]
    _check_levels(table.filename, cells, of.table.rows)
    gene_column = of.table.columns[symbol]
    names = np.array([*(current_symbol(str(t)) for t in gene_column.texts), None], dtype=object)
    gene_codes, genes = pd.factorize(names[gene_column.codes])
    positions, rows = np.unique(of.samples, return_inverse=True)
    here = gene_codes >= 0
    flat = rows[here] * len(genes) + gene_codes[here]
    merged, apart = _merged(cells[here].astype(np.int8), flat, len(positions) * len(genes))
    levels = merged.reshape(len(positions), len(genes))
    given = np.zeros(levels.size, dtype=bool)
    given[flat] = True
    levels[~given.reshape(levels.shape)] = 0
    repeated = len(flat) - int(given.sum())
    issues = [
        *of.issues,
        *(_repeats_issue(repeated, apart, shown(table.filename)) if apart else ()),
    ]
    return [str(gene) for gene in genes], positions, levels, issues


def _levels(table: TextTable, column: int) -> States:
    indices, entries = encoded(table.cells.column(column))
    values = np.array([_level(entry) for entry in entries], dtype=np.int64)[indices]
    _check_levels(table.filename, values, np.arange(1, len(values) + 1))
    return values.astype(np.int8)


def _level(text: str) -> int:
    word = text.strip().lower()
    if word in {"", "na", "nan", "null", "n/a"}:
        return _MISSING
    return _LEVELS.get(word.removesuffix(".0"), 99)


def _check_levels(filename: str, values: Ints, rows: Ints) -> None:
    wrong = rows[values == 99].tolist()
    if wrong:
        raise CohortError(
            f"{shown(filename)} holds other values than -2, -1, 0, 1, 2 and NA ({at_rows(wrong)}); "
            "copy numbers have to be discrete, so leave out continuous ones."
        )


def _genes_to_show(genes: list[str], levels: States) -> list[int]:
    """Genes with an event; of an array or exome only those known in blood cancers."""
    altered = np.flatnonzero(((levels == -2) | (levels == 2)).any(axis=0))
    if len(altered) > _PANEL_GENES:
        known = known_symbols()
        return [int(i) for i in altered if genes[i] in known]
    return [int(i) for i in altered]


def _level_issue(levels: States, features: int, filename: str) -> Issue:
    shallow = int((np.abs(levels) == 1).sum())
    counted = plural(shallow, "shallow loss or gain", "shallow losses and gains")
    return Issue(
        "info",
        f"{shown(filename)}: deep deletions (-2) and amplifications (2) make "
        f"{plural(features, 'feature')}; {counted} "
        "(-1, 1) count as not altered.",
        count=shallow,
        code="copy_number",
    )
