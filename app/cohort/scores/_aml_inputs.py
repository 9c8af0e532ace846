"""Inputs of the ELN risks: rearrangements, losses, complex and monosomal karyotypes, genes."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from app.cohort.scores._evidence import (
    Evidence,
    both,
    either,
    first_known,
    negated,
    of_states,
)
from app.cohort.scores._finder import Finder
from app.cohort.scores._karyotype import breaks_at
from data_loaders.arrays import States
from data_loaders.karyotype import Karyotype

ADVERSE_2017 = ("RUNX1", "ASXL1")
MYELODYSPLASIA = (
    "ASXL1", "BCOR", "EZH2", "RUNX1", "SF3B1", "SRSF2", "STAG2", "U2AF1", "ZRSR2",
)  # fmt: skip
_BZIP = (278, 345)  # residues of the basic leucine zipper of CEBPA
_ITD_HIGH = 0.5  # allelic ratio, mutant to wild type; a VAF of one third
_LEAST_VAF = 0.10
_RESIDUE = re.compile(r"^p\.\D*(\d{1,4})")
_T_9_11 = (("t(9;11)", "KMT2A::MLLT3", "MLLT3::KMT2A"),)


_ABSENT = "an event without a column of its own is taken as absent where the others are known"


def _rare(finder: Finder, states: States) -> States:
    """A rare event that a file of coded karyotypes has no column of: absent, as is said."""
    if (states >= 0).any():
        return states
    return np.where(finder.coded_karyotypes, 0, states).astype(np.int8)


def _core_binding(finder: Finder) -> Evidence:
    t_8_21 = finder.events((("t(8;21)", "RUNX1::RUNX1T1", "RUNX1-RUNX1T1"),))
    inv_16 = finder.events(
        (("inv(16)", "inv(16)/t(16;16)", "t(16;16)", "inv(16) or t(16;16)", "CBFB::MYH11"),)
    )
    return of_states(either(t_8_21, inv_16), "t(8;21), inv(16)")


def _is_3q26(karyotype: Karyotype) -> bool:
    events = set(karyotype.events)
    return bool(events & {"inv(3)", "t(3;3)"}) or breaks_at(karyotype, "3", "q26")


def _has(*names: str) -> Callable[[Karyotype], bool]:
    return lambda karyotype: not set(names).isdisjoint(karyotype.events)


def _adverse_2017(finder: Finder) -> Evidence:
    """The adverse cytogenetics of ELN 2017."""
    states = either(*_adverse_parts(finder), finder.complex_karyotype())
    return _with_monosomal(finder, states, "")


def _adverse_2022(finder: Finder) -> Evidence:
    """Those, t(8;16) and all of 3q26; trisomies alone are no complex karyotype."""
    further = [
        _rare(finder, finder.events((("t(8;16)", "KAT6A::CREBBP"),))),
        _rare(finder, finder.events((("inv(3)", "t(3q26;v)"),), _is_3q26)),
        _complex_2022(finder),
    ]
    states = either(*_adverse_parts(finder), *further)
    return _with_monosomal(finder, states, ", t(8;16), 3q26")


def _adverse_parts(finder: Finder) -> list[States]:
    kmt2a = both(_rare(finder, _kmt2a(finder)), negated(_t_9_11(finder)))
    inv_3 = ("inv(3)", "inv(3)/t(3;3)", "inv(3) or t(3;3)", "t(3;3)")
    lost_17p = (
        ("-17/del(17p)", "-17/del(17p)/abn(17p)", "-17/17p-", "-17 or 17p loss", "17p-"),
        ("-17", "del(17p)"),
    )
    return [
        _rare(finder, finder.events((("t(6;9)", "DEK::NUP214"),))),
        kmt2a,
        _rare(finder, finder.events((("t(9;22)", "BCR::ABL1"),))),
        _rare(finder, finder.events((inv_3,))),
        finder.events((("-5/del(5q)", "-5/5q-"), ("-5", "del(5q)")), _has("-5", "del(5q)")),
        _monosomy_7(finder),
        finder.events(
            lost_17p,
            lambda k: _has("-17", "del(17p)", "i(17q)", "add(17p)")(k) or breaks_at(k, "17", "p"),
        ),
    ]


def _with_monosomal(finder: Finder, known: States, further: str) -> Evidence:
    """Monosomal is only known where a karyotype was read; the rest tells nearly as much."""
    states = np.where((known == 0) & (_monosomal(finder) == 1), 1, known).astype(np.int8)
    words = f"t(6;9), KMT2A, t(9;22), inv(3), -5/5q, -7, 17p, complex, monosomal{further}"
    return of_states(states, words, _ABSENT if finder.coded_karyotypes.any() else "")


def _complex_2022(finder: Finder) -> States:
    """Complex, but for karyotypes in which nothing but whole chromosomes are gained."""
    own = finder.complex_karyotype()
    asked = np.where(own == 1, -1, 0).astype(np.int8)
    read = finder.with_karyotypes(asked, _is_complex)
    return np.where((own == 1) & (read == 0), 0, own).astype(np.int8)


def _is_complex(karyotype: Karyotype) -> bool:
    gains = all(re.fullmatch(r"\+[\dXY]{1,2}", event) for event in karyotype.events)
    return bool(karyotype.complex) and not gains


def _kmt2a(finder: Finder) -> States:
    names = ("t(v;11)", "t(v;11q23)", "KMT2A fusion", "t(v;11q23) KMT2A fusion")
    known = _has("t(4;11)", "t(6;11)", "t(9;11)", "t(10;11)", "t(11;19)")
    return finder.events((names,), lambda k: known(k) or breaks_at(k, "11", "q23"))


def _t_9_11(finder: Finder) -> States:
    """A fusion of KMT2A without its partner leaves it open."""
    states = _rare(finder, finder.events(_T_9_11))
    unsaid = (_kmt2a(finder) == 1) & (finder.events(_T_9_11) < 0)
    return np.where(unsaid, -1, states).astype(np.int8)


def _monosomy_7(finder: Finder) -> States:
    """Loss of a whole chromosome 7; a column of -7/7q- together can only exclude it."""
    own = finder.events((("-7",),))
    joint = finder.labelled("-7/7q-", "-7/del(7q)")
    return np.where((own < 0) & (joint == 0), 0, own).astype(np.int8)


def _monosomal(finder: Finder) -> States:
    columns = finder.columns("monosomal_karyotype", "monosomal karyotype")
    own = finder.labelled("monosomal karyotype")
    if columns and not (own >= 0).any():
        values = finder.cohort.numbers(columns[0])
        own = np.where(np.isnan(values), -1, values).astype(np.int8)
    return own


def _itd_high(finder: Finder) -> Evidence:
    """From the allelic ratio, else from the VAF of the ITD: a ratio of 0.5 is a VAF of 1/3."""
    ratio = finder.evidence("itd_ratio")
    vaf = finder.largest_vaf("FLT3", frozenset({"ITD"}))
    known = ratio.low == ratio.high
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(known, ratio.low, vaf / (1 - vaf))
    states = np.where(np.isnan(value), -1, value >= _ITD_HIGH).astype(np.int8)
    states = np.where((states < 0) & (finder.states("flt3_itd") == 0), 0, states).astype(np.int8)
    words = "0.5 or more" if known.any() else "from the VAF of the ITD: VAF / (1 - VAF)"
    some = known.any() or bool((~np.isnan(vaf)).any())
    return of_states(states, (ratio.column or "VAF of FLT3-ITD") if some else "", words)


def _cebpa_biallelic(finder: Finder) -> Evidence:
    states = finder.labelled("CEBPA biallelic", "CEBPA double", "CEBPA bi")
    states = np.where((states < 0) & (finder.gene("CEBPA") == 0), 0, states).astype(np.int8)
    return of_states(states, "CEBPA")


def _cebpa_bzip(finder: Finder) -> Evidence:
    """In-frame changes of the leucine zipper, from the variants."""
    said = finder.labelled("CEBPA bZIP", "CEBPA bZIP in-frame")
    mutations = finder.cohort.mutations
    patients, counts, _ = finder.variants_of("CEBPA")
    rows = mutations[(mutations["gene"] == "CEBPA").to_numpy()] if len(mutations) else mutations
    inside = np.zeros(finder.cohort.n, dtype=bool)
    unclear = np.zeros(finder.cohort.n, dtype=bool)
    for patient, counted, change, kind in zip(
        patients, counts, rows["protein_change"], rows["variant_class"], strict=True
    ):
        if not counted:
            continue
        match = _RESIDUE.match(change) if isinstance(change, str) else None
        if kind in {"truncating", "splice", "start_loss"}:
            continue
        if match is None:
            unclear[patient] = True
        else:
            inside[patient] |= _BZIP[0] <= int(match[1]) <= _BZIP[1]
    listed = np.isin(np.arange(finder.cohort.n), patients[counts])
    from_variants = np.select([inside, listed & ~unclear], [1, 0], -1)
    gene = finder.gene("CEBPA")
    states = np.where(gene == 0, 0, first_known([said, from_variants.astype(np.int8)]))
    return of_states(states.astype(np.int8), "CEBPA", "in-frame, residues 278 to 345")


def _tp53_10(finder: Finder) -> Evidence:
    gene = finder.gene("TP53")
    stated = finder.evidence("tp53_max_vaf")
    vaf = np.where(stated.low == stated.high, stated.low, finder.largest_vaf("TP53"))
    states = np.where((gene == 1) & (vaf < _LEAST_VAF), 0, gene).astype(np.int8)
    return of_states(states, "TP53", "VAF below 10% is not counted")


def _any(*names: str) -> Callable[[Finder], Evidence]:
    return lambda finder: of_states(
        either(*(finder.states(name) for name in names)), ", ".join(names)
    )


AML: dict[str, Callable[[Finder], Evidence]] = {
    "apl": lambda finder: of_states(
        _rare(finder, finder.events((("t(15;17)", "PML::RARA", "PML-RARA"),))), "t(15;17)"
    ),
    "core_binding": _core_binding,
    "t_9_11": lambda finder: of_states(_t_9_11(finder), "t(9;11)"),
    "adverse_cytogenetics": _adverse_2017,
    "adverse_cytogenetics_2022": _adverse_2022,
    "itd_high": _itd_high,
    "cebpa_biallelic": _cebpa_biallelic,
    "cebpa_bzip": _cebpa_bzip,
    "adverse_genes": _any(*ADVERSE_2017),
    "myelodysplasia_genes": _any(*MYELODYSPLASIA),
    "tp53_10": _tp53_10,
    "signalling": _any("flt3_itd", "NRAS", "KRAS"),
}
