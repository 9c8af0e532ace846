"""IPSS-M (Bernard 2022, NEJM Evid 1(7)), with its published rule for what is missing.

Each missing variable takes its best, its mean and its worst value, which gives three scores. The
mean is reported where best and worst are no more than 1 apart. Values and rule are those of the
authors' R package; haemoglobin is not clamped, as in their reference table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np

from app.cohort.scores._definition import Definition, bands
from app.cohort.scores._engine import Scored, karyotype_missing, sole, span
from app.cohort.scores._evidence import Evidence
from data_loaders.arrays import Floats

_WIDEST = 1.0  # of best and worst, for the mean to be reported
_RESIDUAL_GENES = 15


@dataclass(frozen=True)
class Term:
    """A variable of the model: ``min(input, most) / per``, its weight and its stand-ins."""

    input: str
    beta: float
    mean: float
    best: float = 0
    worst: float = 1
    most: float = inf
    per: float = 1


TERMS = (
    Term("hb", -0.171, 9.87, 20, 4),
    Term("platelets", -0.222, 1.41, 2.5, 0, 250, 100),
    Term("bm_blasts", 0.352, 0.922, 0, 4, 20, 5),
    Term("cyto_ipssr", 0.287, 1.39, 0, 4),
    Term("TP53multi", 1.18, 0.0710), Term("FLT3", 0.798, 0.0108), Term("MLL_PTD", 0.798, 0.0247),
    Term("SF3B1_5q", 0.504, 0.0166), Term("NPM1", 0.430, 0.0112), Term("RUNX1", 0.423, 0.1260),
    Term("NRAS", 0.417, 0.0362), Term("ETV6", 0.391, 0.0216), Term("IDH2", 0.379, 0.0429),
    Term("CBL", 0.295, 0.0473), Term("EZH2", 0.270, 0.0588), Term("U2AF1", 0.247, 0.0866),
    Term("SRSF2", 0.239, 0.1580), Term("DNMT3A", 0.221, 0.1610), Term("ASXL1", 0.213, 0.2520),
    Term("KRAS", 0.202, 0.0271), Term("SF3B1_alpha", -0.0794, 0.1860, 1, 0),
    Term("nRes2", 0.231, 0.388, 0, 2, 2),
)  # fmt: skip

IPSS_M = Definition(
    "ipss_m", "IPSS-M", "MDS",
    bands(
        ("Very Low", -1.5, "10.6 years"), ("Low", -0.5, "6.0 years"),
        ("Moderate Low", 0, "4.6 years"), ("Moderate High", 0.5, "2.8 years"),
        ("High", 1.5, "1.7 years"), ("Very High", inf, "1.0 years"),
    ),
    "Bernard 2022, NEJM Evid 1(7)", "A",
    numbers={term.input: 1 if term.beta > 0 else -1 for term in TERMS},
    note="What is missing takes its best, mean and worst value, as published; the mean is given "
    "where best and worst are at most 1 apart.",
)  # fmt: skip


def values_of(term: Term, held: Evidence) -> tuple[Floats, Floats, Floats]:
    """Best, mean and worst value of a variable in each patient, on the model's scale."""
    if term.input == "nRes2":
        return _residual(held)
    rising = term.best < term.worst
    low = np.minimum(held.low, term.most) / term.per
    high = np.minimum(held.high, term.most) / term.per
    known = low == high
    least, most = sorted((term.best, term.worst))
    low = np.where(known, low, np.maximum(low, least))
    high = np.where(known, high, np.minimum(high, most))
    mean = np.where(known, low, np.clip(term.mean, low, high))
    return (low, mean, high) if rising else (high, mean, low)


def _residual(held: Evidence) -> tuple[Floats, Floats, Floats]:
    mutated, missing = held.low, held.high - held.low
    seen = np.minimum(mutated, 2)
    expected = np.maximum((2 - mutated) / 2 * missing / _RESIDUAL_GENES * TERMS[-1].mean, 0)
    return seen, seen + expected, np.minimum(mutated + missing, 2)


def ipss_m(evidence: Mapping[str, Evidence]) -> Scored:
    """IPSS-M of each patient: lowest is the best, highest the worst score.

    Parameters
    ----------
    evidence
        Of the inputs of :data:`TERMS`.
    """
    n = len(evidence["hb"].low)
    totals = np.zeros((3, n))
    missing = np.zeros(n, dtype=np.uint64)
    for place, term in enumerate(TERMS):
        held = values_of(term, evidence[term.input])
        totals += term.beta * (np.stack(held) - term.mean)
        missing |= (held[0] != held[2]).astype(np.uint64) << np.uint64(place)
    # Half a hundredth goes up where it is one but for the last bits of a sum.
    best, mean, worst = np.round(np.round(totals / np.log(2), 9), 2)
    inputs = IPSS_M.inputs
    close = worst - best <= _WIDEST + 1e-9
    low, high, middle = (IPSS_M.category_of(values) for values in (best, worst, mean))
    possible = span(low, high)
    category = sole(possible)
    category[karyotype_missing(inputs, missing)] = -1
    names = np.array([*IPSS_M.categories, None], dtype=object)
    published = names[np.where(close, middle, np.where(low == high, low, -1))]
    return Scored(
        np.where(close, mean, np.nan), best, worst, category, possible, missing, inputs,
        {"mean": mean.astype(object), "published_rule": published},
    )  # fmt: skip
