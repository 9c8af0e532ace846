"""Allele fractions of a list of variants: in which scale a column is, and what reads say.

The scale follows from the header (``VAF (%)``), from the sign of a cell (``43%``), from reads that
stand beside it, and from numbers that only one scale can hold. A cell that may be either (``0.43``
among ``35`` and ``51``) is a fraction if it is written with more decimals than every percentage of
its column, a percentage if it is written as they are or if they thin out towards it (no more up to
1 than from 1 to 3); otherwise it is missing, and the finding asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import numpy as np

from data_loaders.arrays import Bools, Floats, Ints
from data_loaders.files.columns import TextColumn, relabelled
from data_loaders.model import Issue
from data_loaders.wording import at_rows, plural, shown

_PERCENT_HEADER = re.compile(
    r"%|percent|per[_\s.]?cent|\bpct|_pct|prozent|pourcent|percentuale|porcentaje|_perc\b",
    re.IGNORECASE,
)
# Names that mean a share of 1 in the formats that have them.
_FRACTION_HEADERS = frozenset({"af", "tumorf", "allelefraction", "variantallelefraction"})
_WHOLE = re.compile(r"\+?\d+(?:\.0+)?|\d{1,3}(?:[.,' ’\u00a0\u202f]\d{3})+")
_NEAR = 3.0
_WRITTEN = 3
_ALL_PERCENT = "they were read as percentages, being written like those or thinning out like them"
_FAR = 0.15
_FEWEST_READ = 3
_DEPTHS = re.compile(r"(\d{1,7}) ?[,;:/|] ?(\d{1,7})")
_DEPTHS_NAME = re.compile(r"(?:t|tumou?r)?(?:ad|allel(?:e|ic)depths?)(?:tumou?r)?")
_NEARLY_ALL = 0.9
_TOLERANCE = 0.03  # between a fraction of a file and that of its reads, which are often filtered


def read_counts(column: TextColumn) -> Floats:
    """Each row's number of reads, NaN where there is none.

    Reads are whole numbers, so that ``1,020`` and ``1.020`` are 1020; ``18.33%`` is no number of
    reads.
    """
    values = [
        float(re.sub(r"\D", "", text.removesuffix(".0"))) if _WHOLE.fullmatch(text) else np.nan
        for text in (re.sub(r"\.0+$", "", str(entry)) for entry in column.texts)
    ]
    return column.spread(np.array(values, dtype=np.float64))


def with_allele_depths(
    parts: Mapping[str, str], columns: Mapping[str, TextColumn], file: str
) -> tuple[dict[str, str], dict[str, TextColumn], list[Issue]]:
    """The parts and columns of a list, reads of a column such as ``AD`` (``60,40``) apart.

    VCF writes the reads of the reference before those of the change. A cell of another number of
    values does not say which are those of the row's change: it has no reads.

    Parameters
    ----------
    parts, columns, file
        As in :func:`allele_fractions`. Counts that a list has in columns of their own stand.
    """
    both, given = dict(parts), dict(columns)
    name = next((name for name, column in columns.items() if _holds_depths(name, column)), None)
    if name is None or "alt_count" in parts:
        return both, given, []
    column = columns[name]
    cells = [_DEPTHS.fullmatch(str(text)) for text in column.texts]
    for part, group in (("ref_count", 1), ("alt_count", 2)):
        both[part] = f"{name} ({part})"
        given[both[part]] = relabelled(column, partial(_depth, group=group))
    unread = int(column.counts[[cell is None for cell in cells]].sum())
    words = f"; {plural(unread, 'cell')} written otherwise left out" if unread else ""
    example = next(cell[0] for cell in cells if cell)
    sentence = (
        f"{file}: {shown(name)} holds reads of the reference and of the change, such as "
        f"{example}; the allele fraction is the change's share of both, where no column gives "
        f"another{words}."
    )
    return both, given, [Issue("info", sentence, name, unread, code="allele_depths")]


def _depth(text: str, group: int) -> str:
    match = _DEPTHS.fullmatch(text)
    return match[group] if match else ""


def _holds_depths(name: str, column: TextColumn) -> bool:
    plain = re.sub(r"[\W_]", "", name.lower())
    if not _DEPTHS_NAME.fullmatch(plain) or not len(column.texts):
        return False
    fitting = [_DEPTHS.fullmatch(str(text)) is not None for text in column.texts]
    return bool(column.counts[fitting].sum() > 0.5 * column.counts.sum())


def allele_fractions(
    parts: Mapping[str, str],
    columns: Mapping[str, TextColumn],
    file: str,
    lines: Ints,
) -> tuple[Floats, list[Issue]]:
    """Share of the reads that carry the variant, from 0 to 1: a column, else counts of reads.

    Parameters
    ----------
    parts
        Names of the columns by part: ``vaf``, ``alt_count``, ``ref_count``, ``depth``.
    """
    n = len(next(iter(columns.values())))
    issues: list[Issue] = []
    by_reads = _of_reads(parts, columns, file, issues, n)
    if "vaf" not in parts:
        values, source = by_reads, parts.get("alt_count")
    else:
        source = parts["vaf"]
        values, found = _scaled(columns[source], by_reads, file, lines)
        issues += [*found, *_unread(columns[source], file, lines)]
        issues += _against_reads(values, by_reads, columns[source].name, file, lines)
        filled = np.isnan(values) & ~columns[source].filled & ~np.isnan(by_reads)
        values = np.where(filled, by_reads, values)
    impossible = (values < 0) | (values > 1)
    if impossible.any():
        count = int(impossible.sum())
        issues.append(
            Issue(
                "warning",
                f"{file}: {plural(count, 'variant')} had an allele fraction below 0 or above 1, "
                "which counts as missing; the file's column is kept.",
                source,
                count,
                code="implausible",
            )
        )
    values[impossible] = np.nan
    return values, issues


def fractions(column: TextColumn) -> Floats:
    """Each entry of a column of allele fractions as a share of 1, NaN where that is not known."""
    each = TextColumn(
        column.name, np.arange(len(column.texts), dtype=np.int32), column.texts, column.notation
    )
    values, _ = _scaled(each, np.full(len(each), np.nan), "", np.arange(len(each)))
    return values


def _of_reads(
    parts: Mapping[str, str],
    columns: Mapping[str, TextColumn],
    file: str,
    issues: list[Issue],
    n: int,
) -> Floats:
    """The fraction that the numbers of reads give, NaN where they do not."""

    def reads(part: str) -> Floats:
        return read_counts(columns[parts[part]]) if part in parts else np.full(n, np.nan)

    alt, ref, depth = reads("alt_count"), reads("ref_count"), reads("depth")
    total = np.where(np.isnan(alt + ref), depth, alt + ref)
    known = ~np.isnan(alt) & (total > 0)
    values: Floats = np.divide(alt, total, out=np.full(n, np.nan), where=known)
    if "alt_count" not in parts:
        return values
    column = columns[parts["alt_count"]]
    percent = column.rows_holding(column.percent)
    if percent.any():
        values[percent] = column.spread(column.numbers)[percent] / 100
        issues.append(
            Issue(
                "warning",
                f"{file}: {shown(column.name)} holds percentages in "
                f"{plural(int(percent.sum()), 'row')}, which are no numbers of reads; they were "
                "read as allele fractions.",
                column.name,
                int(percent.sum()),
                code="vaf_scale",
            )
        )
    return values


def _scaled(
    column: TextColumn, by_reads: Floats, file: str, lines: Ints
) -> tuple[Floats, list[Issue]]:
    """A column of allele fractions as shares of 1."""
    numbers, signed = column.numbers, column.percent
    bare = ~signed & ~np.isnan(numbers) & (column.counts > 0)
    above = bare & (numbers > 1)
    below = bare & (numbers > 0) & (numbers <= 1)
    scale = np.where(signed | above, 100.0, 1.0)
    name = re.sub(r"[\W_]", "", column.name.lower())
    if _PERCENT_HEADER.search(column.name):
        return column.spread(numbers / 100), []
    if not (above.any() and below.any()):
        plain = column.spread(numbers / scale)
        as_percent = plain / 100
        if below.any() and not signed.any() and _nearer(as_percent, plain, by_reads):
            return as_percent, []
        return plain, []
    if name in _FRACTION_HEADERS:
        words = "its name says fractions, so that only numbers above 1 were read as percentages"
        return column.spread(numbers / scale), _mixed(column, below, above, (file, words), lines)
    decimals = np.array([_decimals(str(text)) for text in column.texts])
    most = decimals[above].max()
    # Numbers of many decimals come from a calculation, not from a way of writing.
    fraction = below & (decimals > max(most, 1)) & (most <= _WRITTEN)
    percent = below & (decimals <= min(most, 1))
    tail = column.counts[below].sum() <= column.counts[above & (numbers <= _NEAR)].sum()
    if tail and not fraction.any():
        percent = below
    elif (below & ~fraction & ~percent).any() or (fraction.any() and percent.any()):
        fraction, percent = np.zeros_like(below), np.zeros_like(below)
    values = column.spread(np.where(below, np.nan, numbers / scale))
    open_rows = column.rows_holding(below)
    bare_values = column.spread(numbers)
    # What the reads decide is known; then what the way of writing does.
    for candidate in (bare_values, bare_values / 100):
        fits = open_rows & (np.abs(candidate - by_reads) <= np.minimum(_TOLERANCE, by_reads / 2))
        values = np.where(fits & np.isnan(values), candidate, values)
    values = np.where(column.rows_holding(fraction) & np.isnan(values), bare_values, values)
    values = np.where(column.rows_holding(percent) & np.isnan(values), bare_values / 100, values)
    asked = open_rows & np.isnan(values)
    if asked.any():
        words = (
            f"which scale the {plural(int(asked.sum()), 'number')} up to 1 "
            f"({at_rows(lines[asked].tolist())}) are in cannot be told, so they count as missing; "
            "write a % sign into the cells, or call the column VAF (%) if all are percentages"
        )
        return values, _mixed(column, below, above, (file, words), lines)
    words = "each cell was read in its own scale" if fraction.any() else _ALL_PERCENT
    return values, _mixed(column, below, above, (file, words), lines)


def _nearer(candidate: Floats, other: Floats, by_reads: Floats) -> bool:
    """Whether the reads bear out one scale of a column in nearly every row, and not the other."""

    def borne_out(values: Floats) -> float:
        known = ~np.isnan(values) & (by_reads > 0)
        fits = np.abs(values - by_reads) <= np.minimum(_TOLERANCE, by_reads / 2)
        return float(fits[known].mean()) if known.sum() >= _FEWEST_READ else 0.0

    return borne_out(candidate) > _NEARLY_ALL and borne_out(other) < 1 - _NEARLY_ALL


def _unread(column: TextColumn, file: str, lines: Ints) -> list[Issue]:
    """A finding about cells that hold something else than one number."""
    rows = column.rows_holding(np.isnan(column.numbers))
    if not rows.any():
        return []
    return [
        Issue.at(
            "warning",
            f"{file}: {shown(column.name)} holds no single number in "
            f"{at_rows(lines[rows].tolist())}; the allele fraction counts as missing there.",
            lines[rows],
            column.name,
            "vaf_unread",
        )
    ]


def _against_reads(
    values: Floats, by_reads: Floats, column: str, file: str, lines: Ints
) -> list[Issue]:
    """A finding where a fraction is far from that of the reads beside it."""
    rows = np.abs(values - by_reads) > _FAR
    if not rows.any():
        return []
    return [
        Issue.at(
            "warning",
            f"{file}: {shown(column)} is more than {_FAR:.0%} away from the share of the reads in "
            f"{at_rows(lines[rows].tolist())}; the column was believed, so check which is right.",
            lines[rows],
            column,
            "vaf_reads",
        )
    ]


def _mixed(
    column: TextColumn,
    below: Bools,
    above: Bools,
    words: tuple[str, str],
    lines: Ints,
) -> list[Issue]:
    """The finding about a column in two scales: the file's name and what was done."""
    low, high = column.rows_holding(below), column.rows_holding(above)
    file, done = words
    return [
        Issue.at(
            "info" if done is _ALL_PERCENT else "warning",
            f"{file}: {shown(column.name)} holds {plural(int(high.sum()), 'number')} above 1, "
            f"which can only be percentages, and {int(low.sum()):,} up to 1, which may be "
            "fractions; "
            f"{done}.",
            lines[low],
            column.name,
            "vaf_scale",
        )
    ]


def _decimals(text: str) -> int:
    match = re.search(r"[.,](\d+)$", text)
    return len(match[1]) if match else 0
