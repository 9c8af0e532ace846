"""What stands below a table: rows of means and totals, and footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from data_loaders.arrays import Bools, Ints
from data_loaders.files.columns import TextColumn
from data_loaders.model import Issue
from data_loaders.wording import at_rows, plural

_MOST = 30  # rows below a table
_LOOKED_AT = 200  # rows above the footer that say what a row of the table looks like
_FEW_CELLS = 0.34  # of what a usual row fills; a footnote fills one cell
_FEWEST_COLUMNS = 3
_INITIALS = 3
_LONGEST_NAME = 40
_LONGEST_LABEL = 200
_FIGURES = re.compile(r"(?:n ?= ?)?[\d\s.,;:±%()\[\]/<>=≤≥+–-]+|-|n/?a")  # 61.5 (7.1), 12/24
# Words of the first cell in English, German, Italian, French and Spanish, without accents.
_SUMMARIES = re.compile(
    r"(?:arithm\w*\.? |grand |geometric |sample )?"
    r"(?:mean|average|avg|median|med|sd|s\.d\.?|std|stdev|std\.? ?dev\w*|standard deviation|se|sem|"
    r"standard error|min|minimum|max|maximum|range|iqr|q1|q3|total|totals|sum|subtotal|"
    r"count|n|number|variance|var|percent|percentage|missing|valid|confidence interval|95 ?% ?ci|"
    r"mittelwert|mittel|durchschnitt|mw|standardabweichung|stabw|spannweite|"
    r"summe|gesamt|insgesamt|anzahl|gesamtzahl|"
    r"media|mediana|deviazione standard|ds|dev\.? ?st\w*\.?|minimo|massimo|totale|somma|"
    r"moyenne|mediane|ecart[- ]type|et|etendue|somme|effectif|nombre|"
    r"promedio|desviacion (?:estandar|tipica)|de|maximo|suma|numero)"
    r"(?: ?(?:\(.{0,40}\)|\[.{0,40}\]))?(?: ?(?:±|\+/?-) ?\w{1,20})?"
    r"(?: ?[:=].{0,40}| ?(?:of|von|di|de) .{0,40})?"
)
_COUNT = re.compile(r"n ?[=:] ?\d[\d., ]{0,12}.{0,40}")
_NOTE = re.compile(
    r"[*†‡§¹²³]|\(\*\)|# |[a-z]\) |"
    r"(?:notes?|source|legend|abbreviations?|data cut.?off|exported|printed|created|generated|"
    r"anmerkung(?:en)?|hinweis|quelle|legende|abkurzungen|stand|datenstand|"
    r"fonte|legenda|abbreviazioni|remarques?|abreviations|fuente|leyenda|notas?)\b"
)
_ACCENTS = str.maketrans("äáàâãéèêëíìîïóòôöõúùûüñç", "aaaaaeeeeiiiiooooouuuunc")


def footer_rows(columns: Sequence[TextColumn], rows: Ints) -> tuple[Bools, list[Issue]]:
    """Which rows stand below the table, and the finding that says so.

    A row of means or totals begins with its word and has none of what a patient has besides
    numbers; a footnote fills one cell and ends the file. Only rows behind the last patient count.

    Parameters
    ----------
    columns
        Of the table, blank rows left out.
    rows
        Position of each row in the file; a blank row leaves a gap.
    """
    n = len(rows)
    below = np.zeros(n, dtype=bool)
    if n < 3:
        return below, []
    begin = max(0, n - _MOST)
    shape = _usual_shape(columns, begin, n)
    for row in range(n - 1, max(begin, 1) - 1, -1):
        more = bool(below.any())
        if not _is_footer(columns, row, shape, apart=_apart(rows, row), more_below=more):
            break
        below[row] = True
    return below, _said(rows[below].tolist())


def _said(hits: list[int]) -> list[Issue]:
    if not hits:
        return []
    words = (
        f"{plural(len(hits), 'row')} below the table ({at_rows(hits)}), of summaries or notes, "
        f"{'is' if len(hits) == 1 else 'are'} no patient and {'was' if len(hits) == 1 else 'were'} "
        "left out."
    )
    return [
        Issue.at(
            "warning",
            words,
            hits,
            None,
            "footer_rows",
        )
    ]


def _usual_shape(columns: Sequence[TextColumn], begin: int, n: int) -> float:
    """How many cells a usual row fills."""
    look = slice(max(0, begin - _LOOKED_AT), n)
    filled = np.sum([column.codes[look] >= 0 for column in columns], axis=0)
    return float(np.median(filled))


def _apart(rows: Ints, row: int) -> bool:
    """Whether a blank row stands between the row and the nearest of those above it."""
    above = rows[max(row - _MOST, 0) : row + 1]
    return bool((np.diff(above) > 1).any())


def _is_footer(
    columns: Sequence[TextColumn], row: int, usual: float, *, apart: bool, more_below: bool
) -> bool:
    cells = [
        (place, str(column.texts[column.codes[row]]))
        for place, column in enumerate(columns)
        if column.codes[row] >= 0
    ]
    place, first = cells[0]
    word = first.strip().lower().translate(_ACCENTS)[:_LONGEST_LABEL]
    # A patient has words besides numbers: a sex, a diagnosis.
    numbers_only = all(_FIGURES.fullmatch(text[:_LONGEST_LABEL]) for _, text in cells[1:])
    if place < 2 and numbers_only and _names_a_summary(word):
        # DS and MW may be the initials of a patient, and MAX is a gene.
        sure = len(word) > _INITIALS or apart or more_below or len(cells) < usual
        return sure or len(cells) == 1
    if usual >= _FEWEST_COLUMNS and len(cells) <= max(1.0, _FEW_CELLS * usual):
        talks = " " in first.strip() and (apart or not _names_have_spaces(columns[place], row))
        spoken = len(first) > _LONGEST_NAME or talks
        if _NOTE.match(word) or spoken:
            return True
    # Figures without a label below a blank row.
    has_names = bool(columns[0].filled[: max(row - 1, 1)].all())
    return apart and place > 0 and has_names and numbers_only and bool(_FIGURES.fullmatch(first))


def _names_a_summary(word: str) -> bool:
    return bool(_SUMMARIES.fullmatch(word.rstrip(" .:")) or _COUNT.fullmatch(word))


def _names_have_spaces(column: TextColumn, row: int) -> bool:
    """Whether entries of the upper half of a table hold spaces, as names of patients do."""
    above = column.codes[: max(row // 2, 1)][:_LOOKED_AT]
    return any(" " in str(column.texts[code]) for code in np.unique(above[above >= 0]))
