"""Which of a patient's samples stands for the disease at its start: the words of their types.

A mutation that is found at relapse belongs to a patient who lived to acquire it, so that it is no
baseline variable; the same rule holds in a study's folder and in a plain list of variants.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from data_loaders.arrays import States
from data_loaders.files.columns import TextColumn

# How well a sample stands for its patient's disease at its start, smaller better.
RANK_FIRST, RANK_UNKNOWN, RANK_LATER, RANK_NORMAL = range(4)

_FIRST = ("primary", "diagnos", "diagnós", "de novo", "initial", "untreated", "baseline",
          "pretreatment", "pre-treatment", "screening", "unbehandelt", "erstprobe", "esordio",
          "au diagnostic", "basal")  # fmt: skip
_LATER = ("relapse", "recur", "progress", "metast", "remission", "refractory", "post", "follow",
          "residual", "transformed", "rezidiv", "rückfall", "verlauf", "metastas", "recidiv",
          "recaíd", "recaid", "rechute", "suivi", "progrès", "seguimiento", "refrakt", "réfract",
          "refractari")  # fmt: skip
_NORMAL = ("normal", "germline", "control", "healthy", "cell line", "xenograft", "keimbahn",
           "kontrolle", "gesund")  # fmt: skip
_WHOLE_WORDS = {
    **dict.fromkeys(("dx", "ed", "d", "dg", "diag", "pre"), RANK_FIRST),
    **dict.fromkeys(("rel", "rez", "r", "rd", "fu", "eot", "end of treatment"), RANK_LATER),
}
_DENIED = re.compile(r"\b(?:no|not|non|never|without|kein\w*|nie|ohne|nicht|sans|senza|sin)\b")
_MOST_WORDS = 30
_NEARLY_ALL = 0.9
_TCGA = re.compile(r"TCGA-[A-Z0-9]{2}-[A-Z0-9]{4}-(\d{2})")
# Codes of the Genomic Data Commons: recurrent, additional new primary, metastatic.
_TCGA_LATER = frozenset({"02", "04", "05", "06", "07", "40"})


def sample_rank(word: str) -> int:
    """Rank of a sample by the word for its type, in lower case."""
    if _DENIED.search(word):
        return RANK_UNKNOWN
    if any(part in word for part in _NORMAL):
        return RANK_NORMAL
    if any(part in word for part in _LATER):
        return RANK_LATER
    if any(part in word for part in _FIRST):
        return RANK_FIRST
    return _WHOLE_WORDS.get(word, RANK_UNKNOWN)


def tells_samples_apart(column: TextColumn) -> bool:
    """Whether most entries of a column are words for a sample's type."""
    known = np.array([sample_rank(word) != RANK_UNKNOWN for word in column.words], dtype=bool)
    return bool(column.counts[known].sum() > 0.5 * max(column.counts.sum(), 1))


def tells_first_from_later(column: TextColumn) -> bool:
    """Whether a column of any name tells samples at diagnosis from later ones."""
    if len(column.texts) > _MOST_WORDS:
        return False
    ranks = np.array([sample_rank(word) for word in column.words], dtype=np.int8)
    known = column.counts[ranks != RANK_UNKNOWN].sum()
    both = {RANK_FIRST, RANK_LATER} <= set(ranks.tolist())
    return both and bool(known > _NEARLY_ALL * column.counts.sum())


def ranks_of(parts: Mapping[str, str], columns: Mapping[str, TextColumn], rows: int) -> States:
    """Rank of the sample of each row of a list.

    Parameters
    ----------
    parts
        Names of the columns by part: ``sample_type``, ``sample``.
    """
    if "sample_type" in parts:
        column = columns[parts["sample_type"]]
        ranks = [sample_rank(word) for word in column.words]
        return np.array([*ranks, RANK_UNKNOWN], dtype=np.int8)[column.codes]
    if "sample" in parts:
        column = columns[parts["sample"]]
        ranks = [_of_barcode(str(text)) for text in column.texts]
        return np.array([*ranks, RANK_UNKNOWN], dtype=np.int8)[column.codes]
    return np.full(rows, RANK_UNKNOWN, dtype=np.int8)


def _of_barcode(text: str) -> int:
    match = _TCGA.match(text)
    if match is None:
        return RANK_UNKNOWN
    if match[1] in _TCGA_LATER:
        return RANK_LATER
    return RANK_NORMAL if 10 <= int(match[1]) < 30 else RANK_FIRST
