"""What the columns of a list of variants say: classes and lengths."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from data_loaders.arrays import Floats, Texts
from data_loaders.files.columns import TextColumn
from data_loaders.model import Issue
from data_loaders.variants.classes import class_of_change, variant_class
from data_loaders.wording import plural, shown


def classes_of(
    effect: TextColumn | None,
    protein: TextColumn | None,
    cdna: TextColumn | None,
    file: str,
    rows: int,
) -> tuple[Texts, list[Issue]]:
    """The class of each variant: from the annotator's word, else from the change itself.

    Parameters
    ----------
    effect, protein, cdna
        Columns of words, of protein changes and of changes of the coding sequence, where the file
        has them.
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
                    "count as mutations unless another column sets them aside."
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
            "changes do not tell more count as mutations of an unknown kind unless another column "
            "sets them aside.",
            effect.name,
            unknown,
            code="variant_class",
        )
    ]


def _of_entries(column: TextColumn, classes: list[str]) -> Texts:
    """One class an entry, laid out to one a row; blank rows are unknown."""
    cells: Texts = np.array([*classes, "unknown"], dtype=object)[column.codes]
    return cells


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
