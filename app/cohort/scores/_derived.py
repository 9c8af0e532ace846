"""Inputs that follow from others: allele classes, counted genes, anaemia by sex, LDH ratio."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from app.cohort.scores._aml_inputs import ADVERSE_2017, MYELODYSPLASIA
from app.cohort.scores._engine import KARYOTYPES
from app.cohort.scores._evidence import (
    Evidence,
    both,
    count,
    either,
    first_known,
    negated,
    of_states,
    states_of,
)
from app.cohort.scores._finder import Finder
from data_loaders.arrays import Floats

HMR = ("ASXL1", "EZH2", "SRSF2", "IDH1", "IDH2")
RESIDUAL = (
    "BCOR", "BCORL1", "CEBPA", "ETNK1", "GATA2", "GNB1", "IDH1", "NF1", "PHF6", "PPM1D", "PRPF8",
    "PTPN11", "SETBP1", "STAG2", "WT1",
)  # fmt: skip
_NOT_ALPHA = ("SRSF2", "STAG2", "BCOR", "BCORL1", "RUNX1", "NRAS")
_SEVERAL = re.compile("multi|bi", re.IGNORECASE)
_LOH_VAF = 0.55  # IPSS-M, R package and web calculator
_Q17 = (("-17/del(17p)", "-17/del(17p)/abn(17p)"), ("-17", "del(17p)"))
_Q7 = (("-7/del(7q)", "-7/7q-"), ("-7", "del(7q)"))
_Q5 = (("del(5q)", "5q-"),)


def _flt3(finder: Finder) -> Evidence:
    whole = finder.gene("FLT3")
    parts = [finder.labelled(label) for label in ("FLT3-ITD", "FLT3-TKD", "FLT3 (any)")]
    some = np.any(np.equal([whole, *parts], 1), axis=0)
    rest = first_known([whole, parts[2], either(*parts[:2])])
    return of_states(np.where(some, 1, rest).astype(np.int8), "FLT3", "ITD or TKD")


def _itd(finder: Finder) -> Evidence:
    states = finder.labelled("FLT3-ITD", "FLT3 ITD status")
    states = np.where((states < 0) & (finder.gene("FLT3") == 0), 0, states).astype(np.int8)
    return of_states(states, "FLT3-ITD")


def _part(gene: str, *labels: str) -> Callable[[Finder], Evidence]:
    """A refinement of a gene: absent where the gene is unaltered, unknown where it is not said."""

    def found(finder: Finder) -> Evidence:
        states = finder.labelled(*labels)
        states = np.where((states < 0) & (finder.gene(gene) == 0), 0, states).astype(np.int8)
        return of_states(states, labels[0] if (states >= 0).any() else "")

    return found


def _jak2(finder: Finder) -> Evidence:
    own = finder.labelled("JAK2 V617F")
    if (own >= 0).any():
        return _part("JAK2", "JAK2 V617F")(finder)
    return of_states(finder.gene("JAK2"), "JAK2", "JAK2 mutated is taken as V617F")


def _any_gene(*genes: str) -> Callable[[Finder], Evidence]:
    return lambda finder: of_states(
        either(*(finder.states(gene) for gene in genes)), ", ".join(genes)
    )


def _counted(*genes: str, most: float) -> Callable[[Finder], Evidence]:
    def found(finder: Finder) -> Evidence:
        states = [finder.states(gene) for gene in genes]
        least, highest = count(states)
        named = [gene for gene, held in zip(genes, states, strict=True) if (held >= 0).any()]
        lacking = [gene for gene in genes if gene not in named]
        words = f"not in the data: {', '.join(lacking)}" if lacking else ""
        return Evidence(
            np.minimum(least, most), np.minimum(highest, most), ", ".join(named), "", words
        )

    return found


def _tp53_multi(finder: Finder) -> Evidence:
    """Two mutations, or one and loss of the other allele; as the IPSS-M has it."""
    gene = finder.gene("TP53")
    said = finder.labelled("TP53 multi-hit")
    held = finder.evidence("tp53_mutations")
    patients, counts, _ = finder.variants_of("TP53")
    listed = np.bincount(patients[counts], minlength=finder.cohort.n).astype(np.float64)
    number = np.where(held.low == held.high, held.low, np.where(listed > 0, listed, np.nan))
    stated = finder.evidence("tp53_max_vaf")
    vaf = np.where(stated.low == stated.high, stated.low, finder.largest_vaf("TP53"))
    loh = finder.labelled("TP53 LOH")
    chromosome = states_of(finder.evidence("chr17"))
    lost = finder.events(_Q17)
    loh = first_known([loh, chromosome])
    loh = np.where((vaf > _LOH_VAF) | (lost == 1), 1, loh)
    mutated = (gene == 1) | (number >= 1)
    derived = np.select(
        [(gene == 0) & ~mutated, (said == 1) | (number >= 2), mutated & (loh == 1),
         mutated & (loh == 0) & ((number == 1) | (said == 0))],
        [0, 1, 1, 0], -1,
    ).astype(np.int8)  # fmt: skip
    own = finder.own_column("TP53 multi-hit", _SEVERAL)
    states = first_known([finder.labelled(own), derived]) if own else derived
    words = "two mutations, or one with VAF above 55%, 17p loss or LOH"
    return of_states(states, own or "TP53", "" if own else words)


def _sf3b1_5q(finder: Finder) -> Evidence:
    """SF3B1 and del(5q) without loss of 7q and without a complex karyotype."""
    states = both(
        finder.gene("SF3B1"), finder.events(_Q5), negated(finder.events(_Q7)),
        negated(finder.complex_karyotype()),
    )  # fmt: skip
    return of_states(states, "SF3B1, del(5q), -7/del(7q), complex")


def _sf3b1_alpha(finder: Finder) -> Evidence:
    states = both(
        finder.gene("SF3B1"), negated(finder.states("SF3B1_5q")),
        *(negated(finder.gene(gene)) for gene in _NOT_ALPHA),
    )  # fmt: skip
    return of_states(states, f"SF3B1, SF3B1_5q, {', '.join(_NOT_ALPHA)}")


def _anaemia(finder: Finder) -> Evidence:
    """MIPSS70+ v2.0: severe below 8 (women) or 9 (men) g/dL, moderate below 10 or 11."""
    hb, sex = finder.evidence("hb"), finder.states("male")
    hb_unknown = hb.low != hb.high

    def grade(values: Floats, shift: float) -> Floats:
        return (values < 10 + shift).astype(np.float64) + (values < 8 + shift)

    woman, man = grade(hb.low, 0), grade(hb.low, 1)
    low = np.where(hb_unknown, 0, np.where(sex == 1, man, woman))
    high = np.where(hb_unknown, 2, np.where(sex == 0, woman, man))
    return Evidence(low, high, f"{hb.column}, sex".lstrip(", "), hb.unit, hb.conversion)


def _ldh_ratio(finder: Finder) -> Evidence:
    """LDH over its upper limit; a yes or no alone leaves a range."""
    n = finder.cohort.n
    value, limit = finder.evidence("ldh"), finder.evidence("ldh_limit")
    known = (value.low == value.high) & (limit.low == limit.high)
    raised = finder.evidence("ldh_raised")
    low, high = np.full(n, -np.inf), np.full(n, np.inf)
    sure = raised.low == raised.high
    above = np.nextafter(1, 2)
    low = np.where(sure & (raised.low == 1), above, low)
    high = np.where(sure & (raised.low == 0), 1.0, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = value.low / limit.low
    low, high = np.where(known, ratio, low), np.where(known, ratio, high)
    column, words = raised.column, "above the upper limit or not"
    if known.any():
        column, words = f"{value.column}, {limit.column}", "value over upper limit"
    if not known.any() and not sure.any():
        column, words = "", f"{value.column} needs its upper limit" if value.column else ""
    return Evidence(low, high, column, "", words)


def _obesity(finder: Finder) -> Evidence:
    bmi = finder.evidence("bmi")
    low = np.where(np.isinf(bmi.low), 0, bmi.low > 35).astype(np.float64)
    high = np.where(np.isinf(bmi.high), 1, bmi.high > 35).astype(np.float64)
    return Evidence(low, high, bmi.column, bmi.unit, "above 35" if bmi.column else "")


def _cll_stage(finder: Finder) -> Evidence:
    rai, binet = finder.evidence("rai"), finder.evidence("binet")
    states = [np.where(held.low == held.high, held.low >= 1, -1).astype(np.int8)
              for held in (rai, binet)]  # fmt: skip
    return of_states(
        first_known(states), ", else ".join(filter(None, (rai.column, binet.column))),
        "Rai I to IV, Binet B or C",
    )  # fmt: skip


def _tp53_disrupted(finder: Finder) -> Evidence:
    lost = finder.events((("del(17p)", "17p-", "del17p13", "del17p"), ("del(17p)",)))
    held = finder.columns("del17p13", "del17p", "del 17p")
    if held and not (lost >= 0).any():
        values = finder.cohort.numbers(held[0])
        lost = np.where(np.isnan(values), -1, values).astype(np.int8)
    return of_states(either(finder.gene("TP53"), lost), "TP53, del(17p)")


DERIVED: dict[str, Callable[[Finder], Evidence]] = {
    "FLT3": _flt3,
    "flt3_itd": _itd,
    "MLL_PTD": lambda finder: of_states(finder.labelled("KMT2A-PTD"), "KMT2A-PTD"),
    "U2AF1_Q157": _part("U2AF1", "U2AF1 Q157"),
    "JAK2_V617F": _jak2,
    "calr_type1": _part("CALR", "CALR type 1"),
    "calr_or_mpl": _any_gene("CALR", "MPL"),
    "hmr": _counted(*HMR, most=2),
    "hmr_q157": _counted(*HMR, "U2AF1_Q157", most=2),
    "nRes2": _counted(*RESIDUAL, most=15),
    "TP53multi": _tp53_multi,
    "SF3B1_5q": _sf3b1_5q,
    "SF3B1_alpha": _sf3b1_alpha,
    "anaemia": _anaemia,
    "ldh_ratio": _ldh_ratio,
    "obesity": _obesity,
    "cll_stage": _cll_stage,
    "ighv_unmutated": lambda finder: finder.evidence("ighv"),
    "tp53_disrupted": _tp53_disrupted,
}
# Columns of their own that inputs are worked out of: listed with the score, to be corrected too.
MADE_OF: dict[str, tuple[str, ...]] = {
    "TP53multi": ("tp53_mutations", "tp53_max_vaf", "chr17"),
    "anaemia": ("hb", "male"),
    "ldh_ratio": ("ldh", "ldh_limit", "ldh_raised"),
    "cll_stage": ("rai", "binet"),
    "ighv_unmutated": ("ighv",),
    "obesity": ("bmi",),
    "itd_high": ("itd_ratio",),
    "tp53_10": ("tp53_max_vaf",),
}
# Genes of the inputs that follow from genes.
GENES = {
    "FLT3": ("FLT3",), "flt3_itd": ("FLT3",), "itd_high": ("FLT3",), "MLL_PTD": ("KMT2A",),
    "U2AF1_Q157": ("U2AF1",), "JAK2_V617F": ("JAK2",), "calr_type1": ("CALR",),
    "calr_or_mpl": ("CALR", "MPL"), "hmr": HMR, "hmr_q157": (*HMR, "U2AF1"), "nRes2": RESIDUAL,
    "TP53multi": ("TP53",), "tp53_10": ("TP53",), "tp53_disrupted": ("TP53",),
    "SF3B1_5q": ("SF3B1",), "SF3B1_alpha": ("SF3B1", *_NOT_ALPHA), "cebpa_biallelic": ("CEBPA",),
    "cebpa_bzip": ("CEBPA",), "adverse_genes": ADVERSE_2017, "myelodysplasia_genes": MYELODYSPLASIA,
    "signalling": ("FLT3", "NRAS", "KRAS"),
}  # fmt: skip
# Inputs that follow from chromosomes: which events, by name or label.
EVENTS = {
    **dict.fromkeys((*KARYOTYPES, "core_binding", "t_9_11", "apl", "SF3B1_5q"), ""),
    **dict.fromkeys(("adverse_cytogenetics", "adverse_cytogenetics_2022"), ""),
    **dict.fromkeys(("TP53multi", "tp53_disrupted"), r"17p|-17|i\(17"),
}
