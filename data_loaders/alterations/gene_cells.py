"""Genes as the cells of a list name them: with transcripts, by identifiers, several in a cell.

Identifiers are known of the genes in ``data/gene_ids.csv``; Excel's dates are read back
(Ziemann et al., Genome Biol 2016;17:177): ``9-Sep`` was SEPT9, which is SEPTIN9 today.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import numpy as np

from data_loaders.alterations.genes import current_symbol, known_symbols, looks_like_symbol
from data_loaders.arrays import Ints, Positions, Texts
from data_loaders.files.columns import TextColumn
from data_loaders.model import Issue
from data_loaders.wording import at_rows, listed, plural, shown

_TABLE = Path(__file__).parents[1] / "data" / "gene_ids.csv"
_SEPARATORS = re.compile(r"[\s:;,|/()\[\]]+|_(?=N[MR]_|ENS[TG]\d)")
_NO_GENE = re.compile(
    r"(?:[NX][MRPG]_\d+|ENS[TPR]\d+|LRG_\d+|CCDS\d+|uc\d\w+|ex(?:on)?[_-]?\d*|[cpgn]\..*)(?:\.\d+)?"
    r"|[.\-]?",
    re.IGNORECASE,
)
_ENSEMBL = re.compile(r"(ENSG\d{11})(?:\.\d+)?", re.IGNORECASE)
_MONTHS = {
    "SEPTIN": ("sep", "sept", "september", "set", "settembre", "septiembre", "septembre"),
    "MARCHF": ("mar", "mrz", "mär", "march", "märz", "mars", "marzo"),
    "DELEC": ("dec", "dez", "dic", "déc", "december", "dezember"),
}
_FAMILY_OF = {word: family for family, words in _MONTHS.items() for word in words}
_NUMBERS = {"SEPTIN": {*range(1, 13), 14}, "MARCHF": {*range(1, 12)}, "DELEC": {1}}
_DATE = re.compile(r"(\d{1,2})[-. /]{1,2}([^\W\d]+)\.?|([^\W\d]+)\.?[-. /]{1,2}(\d{1,4})")
_ISO = re.compile(r"(\d{4})-(03|09|12)-(\d{2})(?:[ T]00:00(?::00)?)?")
_OF_MONTH = {"03": "MARCHF", "09": "SEPTIN", "12": "DELEC"}
_OLD_FAMILIES = {"SEPT": "SEPTIN", "MARCH": "MARCHF", "DEC": "DELEC"}
_EXAMPLES = 6
# What MAF files write where there is no gene.
_NOBODY = frozenset({"unknown", "0", "-", "?", "none", "intergenic", "unbekannt"})
_PART = re.compile(r"(?P<gene>\w+)[-_ /:]+(?P<part>ITD|PTD|TKD)", re.IGNORECASE)


def genes_of_cell(text: str) -> tuple[str, ...]:
    """Current symbols of the genes that a cell names; what is not understood stays as it is.

    Two genes of one place (``TP53;WRAP53``) are one gene that overlaps the other, the first; genes
    of different places are several mutated genes.

    Parameters
    ----------
    text
        Such as ``TP53``, ``TP53 (NM_000546)``, ``ENSG00000141510``, ``7157`` or ``9-Sep``.
    """
    plain = text.strip()
    if part_of_gene(plain):
        plain = re.split(r"[-_ /:]", plain)[0]
    whole = _gene(plain)
    if whole is not None or "::" in plain:
        return (whole or plain,)
    tokens = [token for token in _SEPARATORS.split(plain) if not _NO_GENE.fullmatch(token)]
    genes = list(dict.fromkeys(_gene(token) or token for token in tokens))
    if len(genes) == 1 and (genes[0] in known_symbols() or looks_like_symbol(genes[0])):
        return (genes[0],)
    known = [gene for gene in genes if gene in known_symbols()]
    if not known:
        return (plain,)
    bands = [_bands().get(gene, "") for gene in known]
    return tuple(gene for place, gene in enumerate(known) if bands[place] not in bands[:place])


def part_of_gene(text: str) -> str | None:
    """The part that a cell of a gene names besides: ITD of ``FLT3-ITD``; None if it names none."""
    match = _PART.fullmatch(text.strip())
    known = match is not None and current_symbol(match["gene"]) in known_symbols()
    return match["part"].upper() if match is not None and known else None


def is_gene_identifier(text: str) -> bool:
    """Whether a text is an identifier of a known gene, or has the form of Ensembl's."""
    return text in _by_entrez() or _ENSEMBL.fullmatch(text) is not None


def read_genes(column: TextColumn, identifiers: TextColumn | None) -> tuple[Texts, Positions]:
    """The genes of a list's rows and the row of each, one for every gene of a cell.

    Parameters
    ----------
    identifiers
        Of Entrez or Ensembl identifiers, for rows without a symbol; None if there is none.
    """
    of_entry = [
        () if str(text).lower() in _NOBODY else genes_of_cell(str(text)) for text in column.texts
    ]
    if identifiers is None and all(len(cell) == 1 for cell in of_entry):
        filled = np.flatnonzero(column.filled)
        names = np.array([cell[0] for cell in of_entry], dtype=object)
        return names[column.codes[filled]], filled
    cells = [of_entry[code] if code >= 0 else () for code in column.codes.tolist()]
    if identifiers is not None:
        of_entry = [
            genes_of_cell(str(text)) if is_gene_identifier(str(text)) else ()
            for text in identifiers.texts
        ]
        codes = identifiers.codes.tolist()
        cells = [
            cell or (of_entry[code] if code >= 0 else ())
            for cell, code in zip(cells, codes, strict=True)
        ]
    rows = np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
    genes = np.empty(len(rows), dtype=object)
    genes[:] = [gene for cell in cells for gene in cell]
    return genes, rows.astype(np.intp)


def rewritten_issue(column: TextColumn, file: str) -> list[Issue]:
    """Cells that name their gene in another way than by its symbol, and what was read."""
    found, several = [], []
    for text, count in zip(column.texts, column.counts, strict=True):
        genes = genes_of_cell(str(text))
        if str(text).lower() in _NOBODY:
            continue
        if count and genes != (current_symbol(str(text)),):
            found.append(f"{text} is {' and '.join(genes)}")
            several += [text] if len(genes) > 1 else []
    if not found:
        return []
    words = (
        "; a cell with genes of different places counts for each of them" if several else ""
    ) + (
        "; check MARC1, which Excel writes like MARCH1"
        if any("MARCHF1" in f for f in found)
        else ""
    )
    return [
        Issue(
            "info",
            f"{file}: {plural(len(found), 'entry', 'entries')} of {shown(column.name)} "
            f"{'names its gene' if len(found) == 1 else 'name their genes'} with transcripts, by "
            f"identifiers or as dates: {listed(found, limit=_EXAMPLES)}{words}.",
            column.name,
            len(found),
            code="gene_cells",
        )
    ]


def strange_genes_issue(
    column: TextColumn, identifiers: TextColumn | None, file: str, lines: Ints
) -> list[Issue]:
    """Cells that are a date or a number of no known gene, and identifiers of another gene.

    Parameters
    ----------
    identifiers
        Of Entrez or Ensembl identifiers; None if there is none.
    """
    strange = [
        genes_of_cell(str(text)) == (str(text),) and _is_no_symbol(str(text))
        for text in column.texts
    ]
    rows = column.rows_holding(np.array(strange, dtype=bool))
    issues = []
    if rows.any():
        issues.append(
            Issue.at(
                "warning",
                f"{file}: {shown(column.name)} holds a date or a number that is no known gene in "
                f"{at_rows(lines[rows].tolist())}; it was kept as it stands: write the symbol "
                "(Excel makes dates of some).",
                lines[rows],
                column.name,
                "gene_cells",
            )
        )
    if identifiers is not None:
        issues += _other_gene_issue(column, identifiers, file, lines)
    return issues


def _other_gene_issue(
    column: TextColumn, identifiers: TextColumn, file: str, lines: Ints
) -> list[Issue]:
    """Rows whose symbol and identifier are two different known genes."""
    known = set(_by_entrez().values()) | set(_by_ensembl().values())
    named = [genes_of_cell(str(text)) for text in column.texts]
    meant = [_gene(str(text)) or "" for text in identifiers.texts]
    width = len(meant) + 1
    pairs = (column.codes.astype(np.int64) + 1) * width + identifiers.codes + 1
    different, places = np.unique(pairs, return_inverse=True)
    apart = np.zeros(len(different), dtype=bool)
    for place, (one, other) in enumerate((pair // width, pair % width) for pair in different):
        if one and other and meant[other - 1] in known:
            own = set(named[one - 1])
            apart[place] = own <= known and meant[other - 1] not in own
    rows = apart[places]
    if not rows.any():
        return []
    return [
        Issue.at(
            "warning",
            f"{file}: {shown(column.name)} and {shown(identifiers.name)} name different genes in "
            f"{at_rows(lines[rows].tolist())}; the symbol was believed, so check which is right.",
            lines[rows],
            column.name,
            "gene_cells",
        )
    ]


def _is_no_symbol(text: str) -> bool:
    """Whether a cell is a date or a bare number."""
    month = _DATE.fullmatch(text)
    dated = month is not None and (month[2] or month[3]).lower() in _FAMILY_OF
    return text.lower() not in _NOBODY and (dated or text.isdigit() or bool(_ISO.fullmatch(text)))


def _gene(text: str) -> str | None:
    """The current symbol of a text that is one gene as a whole."""
    symbol = current_symbol(text)
    if symbol in known_symbols():
        return symbol
    if text[:2] == "c-" and current_symbol(text[2:]) in known_symbols():
        return current_symbol(text[2:])  # c-KIT, the cellular gene
    dated = gene_of_date(text)
    if dated is not None:
        return dated
    ensembl = _ENSEMBL.fullmatch(text)
    if ensembl:
        return _by_ensembl().get(ensembl[1].upper(), text)
    if text.isdigit():
        return _by_entrez().get(text)
    return symbol if looks_like_symbol(symbol) else None


def gene_of_date(text: str) -> str | None:
    """The gene that Excel made a date of, or that has such a symbol of old: ``SEPT9``.

    Parameters
    ----------
    text
        A cell or the name of a column, such as ``9-Sep``; None comes back for everything else.
    """
    old = re.fullmatch(r"(SEPT|MARCH|DEC)-?0?(\d{1,2})", text, re.IGNORECASE)
    iso = _ISO.fullmatch(text)
    match = _DATE.fullmatch(text)
    if old:
        family, number = _OLD_FAMILIES[old[1].upper()], int(old[2])
    elif iso:
        family = _OF_MONTH[iso[2]]
        # ``Sep-09`` is the first of a month of 2009, ``9-Sep`` a day of this year.
        of_year = int(iso[1]) - 2000
        number = of_year if iso[3] == "01" and 1 <= of_year <= 15 else int(iso[3])
    elif match:
        family = _FAMILY_OF.get((match[2] or match[3]).lower(), "")
        number = int(match[1] or match[4]) % 100
    else:
        return None
    return f"{family}{number}" if number in _NUMBERS.get(family, ()) else None


@cache
def _rows() -> list[dict[str, str]]:
    with _TABLE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


@cache
def _by_entrez() -> dict[str, str]:
    return {row["entrez"]: row["symbol"] for row in _rows()}


@cache
def _by_ensembl() -> dict[str, str]:
    return {row["ensembl"]: row["symbol"] for row in _rows()}


@cache
def _bands() -> dict[str, str]:
    return {row["symbol"]: row["band"] for row in _rows()}
