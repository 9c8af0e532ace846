"""Published figures behind ``demo:mds``, each with its source beside it.

The planted classes carry the names of the molecular taxonomy of Bernard 2024 (read: 16 groups of
0.5 to 14%); their shares and profiles are chosen so that every overall frequency is the one of
Bernard 2022 (recomputed from its public data).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from data_loaders.demo.planted import Effect, Term
from data_loaders.demo.simulate import FeatureSpec, spread
from data_loaders.demo.sources import BERNARD_2022, BERNARD_2024, Source

CLASS_SHARES = {
    "SF3B1": 0.205,
    "del(5q)": 0.065,
    "TP53-complex": 0.085,
    "bi-TET2": 0.115,
    "IDH-STAG2": 0.085,
    "EZH2-ASXL1": 0.1,
    "U2AF1": 0.085,
    "-7/SETBP1": 0.03,
    "BCOR/L1": 0.03,
    "AML-like": 0.02,
    "ZRSR2": 0.035,
    "mNOS": 0.075,
    "No event": 0.07,
}
SILENT = ("No event",)
# A patient of the class carries at least one of these.
REQUIRED = {"IDH-STAG2": ("IDH1", "IDH2", "STAG2")}

_SF, _Q5, _TP, _TET, _IDH, _EZH, _U2, _M7, _BC, _AML, _ZR, _NOS, _NONE = CLASS_SHARES

# Frequencies in a class are ours; overall they are the paper's.
_BY_CLASS = dict.fromkeys(CLASS_SHARES, BERNARD_2024.chosen())


def _feature(name: str, overall: float, known: Mapping[str, float], **more: Any) -> FeatureSpec:
    frequency = spread(overall, CLASS_SHARES, known, SILENT)
    return FeatureSpec(name, frequency, BERNARD_2022, other_sources=_BY_CLASS, **more)


def _event(name: str, overall: float, known: Mapping[str, float], **more: Any) -> FeatureSpec:
    if name != "complex":
        # Events of a complex karyotype come together; the size is chosen.
        more = {"parent": "complex", "odds_ratio": 8.0, **more}
    return _feature(name, overall, known, kind="cytogenetic", **more)


def _share_of(
    gene: FeatureSpec, share: float, name: str, label: str, source: Source
) -> FeatureSpec:
    return FeatureSpec(
        name,
        {group: share * p for group, p in gene.frequency.items()},
        source,
        kind="refinement",
        gene=gene.name,
        label=label,
        parent=gene.name,
        odds_ratio=math.inf,
        other_sources=_BY_CLASS,
    )


_TP53 = _feature("TP53", 0.11, {_TP: 1.0, _Q5: 0.14})
_U2AF1 = _feature("U2AF1", 0.087, {_U2: 1.0})
_IDH2 = _feature("IDH2", 0.043, {_IDH: 0.45})
U2AF1_S34_SHARE = 106 / 233  # variants S34 and Q157 in the public data of Bernard 2022, recomputed
IDH2_R140_SHARE = 0.93  # chosen: R172 is rare in MDS
_CHOSEN = BERNARD_2022.chosen()

# Overall frequency, and the classes in which it is set apart.
FEATURES: tuple[FeatureSpec, ...] = (
    _feature("TET2", 0.308, {
        _SF: 0.3, _Q5: 0.22, _TP: 0.12, _TET: 0.97, _IDH: 0.1, _EZH: 0.33, _U2: 0.2, _M7: 0.1,
        _BC: 0.3, _AML: 0.2, _ZR: 0.68,
    }),
    _feature("ASXL1", 0.252, {
        _SF: 0.07, _Q5: 0.06, _TP: 0.03, _TET: 0.2, _IDH: 0.6, _EZH: 0.9, _U2: 0.38, _M7: 0.5,
        _BC: 0.25, _ZR: 0.3,
    }),
    _feature("SF3B1", 0.239, {
        _SF: 1.0, _Q5: 0.19, _TP: 0.04, _TET: 0.02, _IDH: 0.02, _EZH: 0.08, _U2: 0.02,
    }),
    _feature("DNMT3A", 0.161, {
        _SF: 0.22, _Q5: 0.18, _TP: 0.15, _TET: 0.1, _IDH: 0.16, _EZH: 0.06, _U2: 0.14, _BC: 0.3,
        _AML: 0.4, _ZR: 0.06,
    }),
    _feature("SRSF2", 0.158, {
        _SF: 0.01, _Q5: 0.03, _TP: 0.02, _TET: 0.45, _IDH: 0.68, _EZH: 0.2, _U2: 0.02, _M7: 0.1,
        _ZR: 0.05,
    }),
    _feature("RUNX1", 0.126, {
        _SF: 0.03, _Q5: 0.03, _TP: 0.03, _TET: 0.07, _IDH: 0.27, _EZH: 0.42, _U2: 0.13, _M7: 0.2,
        _BC: 0.5, _AML: 0.2, _ZR: 0.14,
    }),
    _TP53,
     FeatureSpec(
        "TP53_multi_hit", {_TP: 0.82, _Q5: 0.02}, BERNARD_2022, "refinement", "TP53",
        "TP53 multi-hit", "TP53", math.inf, other_sources=_BY_CLASS,
    ),
    _feature("STAG2", 0.089, {_SF: 0.02, _TP: 0.01, _TET: 0.03, _IDH: 0.5, _EZH: 0.26, _BC: 0.25}),
    _U2AF1,
    _share_of(_U2AF1, U2AF1_S34_SHARE, "U2AF1_S34", "U2AF1 S34", BERNARD_2022),
    _share_of(_U2AF1, 1 - U2AF1_S34_SHARE, "U2AF1_Q157", "U2AF1 Q157", BERNARD_2022),
    _feature("EZH2", 0.059, {_EZH: 0.36, _M7: 0.15, _ZR: 0.18, _SF: 0.01}),
    _feature("ZRSR2", 0.056, {_ZR: 1.0, _TET: 0.12, _SF: 0.005}),
    _feature("BCOR", 0.052, {_BC: 0.85, _IDH: 0.09, _U2: 0.1}),
    _feature("CBL", 0.047, {_TET: 0.1, _EZH: 0.09, _M7: 0.08}),
    _IDH2,
    _share_of(_IDH2, IDH2_R140_SHARE, "IDH2_R140", "IDH2 R140", _CHOSEN),
    _share_of(_IDH2, 1 - IDH2_R140_SHARE, "IDH2_R172", "IDH2 R172", _CHOSEN),
    _feature("NRAS", 0.036, {_EZH: 0.08, _M7: 0.15, _AML: 0.12, _SF: 0.01}),
    _feature("CUX1", 0.036, {_EZH: 0.08, _M7: 0.1}),
    _feature("NF1", 0.033, {_TP: 0.08}),
    _feature("SETBP1", 0.033, {_M7: 0.45, _EZH: 0.06, _U2: 0.07, _SF: 0.004}),
    _feature("PHF6", 0.033, {_EZH: 0.11, _BC: 0.08}),
    _feature("DDX41", 0.03, {_NOS: 0.12}),
    _feature("KRAS", 0.027, {_TET: 0.05, _EZH: 0.05, _M7: 0.1, _SF: 0.003}),
    _feature("IDH1", 0.026, {_IDH: 0.24}),
    _feature("JAK2", 0.025, {_SF: 0.045}),
    _feature(
        "KMT2A_PTD", 0.025, {_AML: 0.3, _IDH: 0.05},
        kind="refinement", gene="KMT2A", label="KMT2A-PTD",
    ),
    _feature("ETNK1", 0.023, {_U2: 0.05, _M7: 0.06}),
    _feature("ETV6", 0.022, {_M7: 0.06}),
    _feature("MPL", 0.022, {_SF: 0.03}),
    _feature("CEBPA", 0.02, {_AML: 0.06}),
    _feature("SH2B3", 0.019, {}),
    _feature("PTPN11", 0.018, {_M7: 0.08, _AML: 0.1}),
    _feature("PPM1D", 0.018, {_TP: 0.06}),
    _feature("BCORL1", 0.015, {_BC: 0.25}),
    _feature("WT1", 0.015, {_AML: 0.2}),
    _feature("CSNK1A1", 0.014, {_Q5: 0.1}),
    _feature("GNB1", 0.013, {}),
    _feature("GATA2", 0.012, {}),
    _feature("NPM1", 0.011, {_AML: 0.45}),
    _feature("FLT3", 0.011, {_AML: 0.18}),
    FeatureSpec(
        "FLT3_ITD", {_AML: 0.15, _BC: 0.004, _EZH: 0.007}, BERNARD_2022, "refinement", "FLT3",
        "FLT3-ITD", "FLT3", math.inf, other_sources=_BY_CLASS,
    ),
    _feature("PRPF8", 0.01, {}),
    _event("complex", 0.088, {
        _TP: 0.85, _M7: 0.1, _EZH: 0.03, _Q5: 0, _SF: 0.01,
    }, label="Complex karyotype"),
    _event("del(5q)", 0.146, {_Q5: 1.0, _TP: 0.78, _SF: 0.02}),
    _event("+8", 0.072, {_SF: 0.04, _Q5: 0.02, _TP: 0.12, _IDH: 0.11, _U2: 0.1, _NOS: 0.16}),
    _event("-Y", 0.052, {_SF: 0.07, _Q5: 0.02, _TP: 0.05, _NOS: 0.12}),
    _event("del(20q)", 0.05, {_SF: 0.02, _TP: 0.08, _U2: 0.17, _NOS: 0.1}),
    _event("-7", 0.05, {_M7: 0.85, _TP: 0.22, _SF: 0.002, _Q5: 0}),
    _event("del(7q)", 0.033, {_TP: 0.15, _Q5: 0}),
    _event("del(12p)", 0.027, {_TP: 0.2, _SF: 0.005}),
    _event("17p-", 0.026, {_TP: 0.27, _Q5: 0.01}, label="17p loss"),
    _event("del(11q)", 0.021, {_TP: 0.03}),
)  # fmt: skip

# Pairs whose co-occurrence in the whole cohort follows from the classes (Bernard 2022, recomputed:
# odds ratios 0.1, 3.0, 5.4, 7.4, 4.6, 0.4).
PLANTED_PAIRS = (
    ("SF3B1", "SRSF2"), ("TET2", "SRSF2"), ("TET2", "ZRSR2"), ("ASXL1", "EZH2"),
    ("ASXL1", "RUNX1"), ("ASXL1", "SF3B1"),
)  # fmt: skip

# Genes that the small panel of one centre does not hold; none of them enters IPSS-M.
NOT_ON_CORE_PANEL = ("CUX1", "DDX41", "CSNK1A1", "MPL", "SH2B3")

# IPSS-M (Bernard 2022, read): coefficient and mean of each input.
IPSSM_COEFFICIENTS = {
    "HB1": (-0.171, 9.87), "TRANSF_PLT100": (-0.222, 1.41), "BLAST5": (0.352, 0.922),
    "CYTOVEC": (0.287, 1.39), "TP53_multi_hit": (1.18, 0.071), "FLT3": (0.798, 0.0108),
    "KMT2A_PTD": (0.798, 0.0247), "SF3B1_5q": (0.504, 0.0166), "NPM1": (0.43, 0.0112),
    "RUNX1": (0.423, 0.126), "NRAS": (0.417, 0.0362), "ETV6": (0.391, 0.0216),
    "IDH2": (0.379, 0.0429), "CBL": (0.295, 0.0473), "EZH2": (0.27, 0.0588),
    "U2AF1": (0.247, 0.0866), "SRSF2": (0.239, 0.158), "DNMT3A": (0.221, 0.161),
    "ASXL1": (0.213, 0.252), "KRAS": (0.202, 0.0271), "SF3B1_alpha": (-0.0794, 0.186),
    "nRes2": (0.231, 0.388),
}  # fmt: skip
IPSSM_RESIDUAL_GENES = (
    "BCOR", "BCORL1", "CEBPA", "ETNK1", "GATA2", "GNB1", "IDH1", "NF1", "PHF6", "PPM1D", "PRPF8",
    "PTPN11", "SETBP1", "STAG2", "WT1",
)  # fmt: skip
IPSSM_LEVELS = ("Very Low", "Low", "Moderate Low", "Moderate High", "High", "Very High")
IPSSM_UPPER = (-1.5, -0.5, 0.0, 0.5, 1.5)  # inclusive
IPSSR_LEVELS = ("Very Low", "Low", "Intermediate", "High", "Very High")  # Greenberg 2012, read
IPSSR_UPPER = (1.5, 3.0, 4.5, 6.0)  # inclusive
KARYOTYPE_LEVELS = ("Very Good", "Good", "Intermediate", "Poor", "Very Poor")
# IPSS-M risk, in two halves as transplant decisions take it.
LOWER_RISK, HIGHER_RISK = IPSSM_LEVELS[:3], IPSSM_LEVELS[3:]

# Cox models on the public data: IPSS-M alone (hazard ratio 1.79 a unit), age beside IPSS-M and
# transplant (coefficient 0.02856 a year), sex beside age and four genes (0.210).
DEATH_EFFECTS = (
    Effect(Term(column="ipssm_score", per=1), 1.79, BERNARD_2022),
    Effect(Term(column="age_years", per=10), 1.33, BERNARD_2022),
    Effect(Term(column="sex", level="M"), 1.23, BERNARD_2022),
)
AML_EFFECTS = (Effect(Term(column="ipssm_score", per=1), 2.18, BERNARD_2022),)
MEDIAN_SURVIVAL_MONTHS = 3.545 * 12  # the whole cohort of Bernard 2022, recomputed
SURVIVAL_SHAPE = 1.0
AML_INCIDENCE = (60.0, 0.187)  # at 5 years, death competing: Bernard 2022, recomputed
SURVIVAL_AFTER_AML_MONTHS = 5.0  # chosen
# Median survival by IPSS-M class in years, to compare with (Bernard 2022, recomputed).
PUBLISHED_MEDIAN_YEARS = dict(zip(IPSSM_LEVELS, (10.6, 6.0, 4.6, 2.8, 1.7, 1.0), strict=True))

# Share ever meant for transplant by age and risk, chosen: 9% of the public cohort were
# transplanted, too few to judge any strategy by. Here twice as many are, earlier and in lower risk
# too, so that both halves have an answer.
TRANSPLANT_AGES = (60.0, 70.0, 75.0)
TRANSPLANT_CANDIDATES = {"lower": (0.35, 0.3, 0.2, 0.0), "higher": (0.55, 0.5, 0.35, 0.0)}
TRANSPLANT_MEDIAN_MONTH = {"lower": 7.0, "higher": 6.0}
# Factors on the hazard of death in the first six months after transplant and from then on. Only
# the directions are published: gain in higher, loss in lower risk when transplanted at once
# (Cutler 2004, Koreth 2013, Della Porta 2017, read; Tentori 2024, recalled).
TRANSPLANT_EARLY_MONTHS = 6.0
TRANSPLANT_FACTORS = {"lower": (5.0, 1.2), "higher": (1.4, 0.25)}
TRANSPLANT_AML_FACTOR = 0.4
TRANSPLANT_HORIZON_MONTHS = 96.0  # restricted mean over 8 years, as in Tentori 2024
TRANSPLANT_STRATEGY_MONTH = 6.0

# By class: men, median Hb, platelets, neutrophils, marrow blasts. Sizes chosen; SF3B1: anaemia
# with preserved platelets; del(5q): women; -7, TP53, U2AF1: low platelets; AML-like: blasts.
CLINICAL = {
    _SF: (0.57, 97, 235, 2.6, 1.6), _Q5: (0.32, 96, 260, 1.9, 2.2), _TP: (0.56, 88, 62, 1.3, 6.5),
    _TET: (0.66, 109, 118, 2.5, 3.0), _IDH: (0.66, 97, 95, 1.2, 6.5),
    _EZH: (0.7, 98, 105, 2.1, 5.0), _U2: (0.75, 93, 84, 1.7, 3.6), _M7: (0.62, 95, 72, 2.0, 6.0),
    _BC: (0.62, 95, 82, 1.2, 5.5), _AML: (0.52, 92, 72, 1.2, 11.0),
    _ZR: (0.95, 103, 105, 1.8, 3.0), _NOS: (0.6, 107, 125, 1.8, 3.0),
    _NONE: (0.52, 108, 128, 1.9, 2.2),
}  # fmt: skip
AGE_MEAN, AGE_SD = 71.5, 11.5
