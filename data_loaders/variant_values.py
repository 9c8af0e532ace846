"""What the columns of a list of variants say: classes, allele fractions, what counts."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.columns import Floats, TextColumn
from data_loaders.model import Issue
from data_loaders.variant_classes import (
    NOT_COUNTED,
    REGULATORY_GENES,
    class_of_change,
    variant_class,
)
from data_loaders.wording import plural, shown

Bools = npt.NDArray[np.bool_]

DRIVERS = frozenset(
    {
        "oncogenic", "likely oncogenic", "driver", "putative driver", "pathogenic",
        "likely pathogenic", "pathogenic/likely pathogenic", "resistance", "predicted oncogenic",
    }
)  # fmt: skip
_PASSENGERS = frozenset(
    {
        "possible", "unknown", "vus", "uncertain", "uncertain significance", "passenger",
        "putative passenger", "benign", "likely benign", "neutral", "likely neutral",
        "inconclusive", "variant of uncertain significance",
    }
)  # fmt: skip


def classes_of(
    effect: TextColumn | None,
    protein: TextColumn | None,
    cdna: TextColumn | None,
    file: str,
    rows: int,
) -> tuple[npt.NDArray[np.object_], list[Issue]]:
    """The class of each variant: from the annotator's word, else from the change itself.

    Parameters
    ----------
    effect, protein, cdna
        Columns of words, of protein changes and of changes of the coding sequence, where the file
        has them.
    file
        Name for the issues.
    rows
        How many variants there are.
    """
    cells = np.full(rows, "unknown", dtype=object)
    if effect is not None:
        cells = _of_entries(effect, [variant_class(str(text)) for text in effect.texts])
    for column in (protein, cdna):
        silent_about = cells == "unknown"
        if column is not None and silent_about.any():
            told = _of_entries(column, [class_of_change(str(text)) for text in column.texts])
            cells[silent_about] = told[silent_about]
    unknown = int((cells == "unknown").sum())
    if effect is None:
        return cells, [
            Issue(
                "warning" if unknown else "info",
                f"{file} does not say what its variants do to the protein; it was read from the "
                "changes"
                + (
                    f", and {plural(unknown, 'variant')} of {rows:,} whose changes do not tell it "
                    "count as mutations."
                    if unknown
                    else "."
                ),
                count=unknown,
                code="variant_class",
            )
        ]
    # The words themselves stay out of the sentence: in a shifted row they could be anything.
    strange = sum(
        bool(count) and variant_class(str(text)) == "unknown"
        for text, count in zip(effect.texts, effect.counts, strict=True)
    )
    if not strange:
        return cells, []
    return cells, [
        Issue(
            "warning" if unknown else "info",
            f"{file} uses {plural(strange, 'word')} in {shown(effect.name)} that "
            f"{'is' if strange == 1 else 'are'} not known; {plural(unknown, 'variant')} whose "
            "changes do not tell more count as mutations of an unknown kind.",
            effect.name,
            unknown,
            code="variant_class",
        )
    ]


def _of_entries(column: TextColumn, classes: list[str]) -> npt.NDArray[np.object_]:
    """One class an entry, laid out to one a row; blank rows are unknown."""
    cells: npt.NDArray[np.object_] = np.array([*classes, "unknown"], dtype=object)[column.codes]
    return cells


def allele_fractions(
    parts: Mapping[str, str], columns: Mapping[str, TextColumn], file: str
) -> tuple[Floats, list[Issue]]:
    """Share of the reads that carry the variant, from 0 to 1: a column, or counts of reads.

    Parameters
    ----------
    parts
        Names of the columns by part: ``vaf``, ``alt_count``, ``ref_count``, ``depth``.
    columns
        The columns.
    file
        Name for the issues.
    """

    def numbers(part: str) -> Floats | None:
        column = columns[parts[part]] if part in parts else None
        return None if column is None else column.spread(column.numbers)

    values, source = numbers("vaf"), parts.get("vaf")
    alt, ref, depth = numbers("alt_count"), numbers("ref_count"), numbers("depth")
    if values is None:
        total = alt + ref if alt is not None and ref is not None else depth
        if alt is None or total is None:
            return np.full(len(next(iter(columns.values()))), np.nan), []
        values = np.divide(alt, total, out=np.full(len(alt), np.nan), where=total > 0)
        source = parts["alt_count"]
    elif np.nanmax(values, initial=0) > 1.5:
        values = values / 100
    impossible = (values < 0) | (values > 1)
    values = np.where(impossible, np.nan, values)
    if not impossible.any():
        return values, []
    count = int(impossible.sum())
    return values, [
        Issue(
            "warning",
            f"{file}: {plural(count, 'variant')} had an allele fraction below 0 or above 1, which "
            "counts as missing; the file's column is kept.",
            source,
            count,
            code="implausible",
        )
    ]


def counted_rows(
    parts: Mapping[str, str],
    columns: Mapping[str, TextColumn],
    classes: npt.NDArray[np.object_],
    genes: npt.NDArray[np.object_],
    file: str,
) -> tuple[Bools, list[Issue]]:
    """Which variants make their gene mutated, and what was left out of the count.

    Silent variants and those outside the coding sequence do not, except those of the genes with
    known regulatory mutations; nor do those that the file's verdict does not call drivers.
    """
    regulatory = pd.Series(genes).isin(REGULATORY_GENES).to_numpy() & (classes == "noncoding")
    silent = pd.Series(classes).isin(NOT_COUNTED).to_numpy() & ~regulatory
    issues = []
    if silent.any():
        issues.append(
            Issue(
                "info",
                f"{file}: {plural(int(silent.sum()), 'variant')} of {len(silent):,} are silent or "
                "outside the coding sequence; they are listed but make no gene mutated.",
                parts.get("effect"),
                int(silent.sum()),
                code="silent",
            )
        )
    if "verdict" not in parts:
        return ~silent, issues
    verdict = columns[parts["verdict"]]
    passenger = verdict.rows_holding(
        np.array([word in _PASSENGERS for word in verdict.words], dtype=bool)
    )
    count = int((passenger & ~silent).sum())
    if count:
        issues.append(
            Issue(
                "info",
                f"{file}: {plural(count, 'variant')} that {shown(verdict.name)} does not call a "
                "driver are listed but make no gene mutated.",
                verdict.name,
                count,
                code="not_driver",
            )
        )
    return ~(silent | passenger), issues


def inserted_bases(
    parts: Mapping[str, str], columns: Mapping[str, TextColumn], rows: int
) -> Floats:
    """Length of the alternative allele less that of the reference, NaN where not given."""
    if not {"reference", "alternative"} <= set(parts):
        return np.full(rows, np.nan)
    lengths = []
    for part in ("reference", "alternative"):
        column = columns[parts[part]]
        size = [
            0.0 if text in {"-", ""} else float(len(text)) if re.fullmatch("[ACGTNacgtn]+", text)
            else np.nan
            for text in map(str, column.texts)
        ]  # fmt: skip
        lengths.append(column.spread(np.array(size, dtype=np.float64)))
    difference: Floats = lengths[1] - lengths[0]
    return difference
