"""Published figures behind ``demo:aml``, each with its source beside it.

Classes, their sizes and the frequencies of mutations within them: public data of Papaemmanuil 2016
(recomputed, rounded). Its table 1 gives FLT3-ITD and cytogenetic events (recalled).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from data_loaders.demo.assemble import of_feature
from data_loaders.demo.planted import Effect, Term
from data_loaders.demo.simulate import FeatureSpec
from data_loaders.demo.sources import (
    GRIMWADE_2010,
    KORETH_2009,
    METZELER_2016,
    PAPAEMMANUIL_2016,
    Source,
)

# Strata from which alterations are drawn; TP53-aneuploidy has two, because a complex karyotype,
# TP53 and losses of 5q, 7 and 17p come together while single trisomies come alone.
STRATUM_SHARES = {
    "NPM1": 0.28,
    "Chromatin-spliceosome": 0.185,
    "TP53-complex": 0.081,
    "Aneuploidy": 0.054,
    "inv(16)": 0.055,
    "CEBPA biallelic": 0.045,
    "t(15;17)": 0.04,
    "t(8;21)": 0.04,
    "KMT2A fusion": 0.03,
    "inv(3)": 0.015,
    "IDH2 R172": 0.014,
    "t(6;9)": 0.01,
    "Other drivers": 0.11,
    "No drivers": 0.041,
}
CLASS_OF = {"TP53-complex": "TP53-aneuploidy", "Aneuploidy": "TP53-aneuploidy"}
CLASSES = tuple(dict.fromkeys(CLASS_OF.get(name, name) for name in STRATUM_SHARES))

_NPM, _CS, _TPC, _AN, _INV16, _CEB, _APL, _T821, _KMT, _INV3, _R172, _T69, _OTH, _NONE = (
    STRATUM_SHARES
)

# Each patient of these strata carries at least one of the lesions that define it.
REQUIRED = {
    _CS: (
        "RUNX1", "KMT2A_PTD", "SRSF2", "ASXL1", "STAG2", "U2AF1", "SF3B1", "EZH2", "BCOR", "ZRSR2",
        "PHF6",
    ),
    _TPC: ("TP53", "complex"),
    _AN: ("complex", "-7/7q-", "+8", "-5/5q-", "17p-", "12p-", "+21"),
    _OTH: (
        "FLT3_ITD", "FLT3_TKD", "DNMT3A", "NRAS", "TET2", "WT1", "CEBPA", "IDH1", "IDH2_R140",
        "PTPN11",
    ),
}  # fmt: skip


_TABLE_1 = Source(PAPAEMMANUIL_2016.citation, "recalled")


def _feature(name: str, frequency: Mapping[str, float], **more: Any) -> FeatureSpec:
    return FeatureSpec(name, frequency, PAPAEMMANUIL_2016, **more)


def _event(name: str, frequency: Mapping[str, float], **more: Any) -> FeatureSpec:
    return FeatureSpec(name, frequency, _TABLE_1, kind="cytogenetic", **more)


def _with(parent: str, odds_ratio: float) -> dict[str, Any]:
    source = PAPAEMMANUIL_2016.chosen()
    return {"parent": parent, "odds_ratio": odds_ratio, "odds_ratio_source": source}


# FLT3 and IDH2 appear by lesion only (ITD and TKD, R140 and R172), as the paper has them.
FEATURES: tuple[FeatureSpec, ...] = (
    _feature("NPM1", {_NPM: 1.0}),
    _feature("DNMT3A", {
        _NPM: 0.54, _CS: 0.2, _TPC: 0.1, _AN: 0.1, _CEB: 0.06, _R172: 0.67, _INV3: 0.1, _KMT: 0.05,
        _T821: 0.03, _OTH: 0.16,
    }),
    FeatureSpec("FLT3_ITD", {
        _NPM: 0.39, _CS: 0.15, _TPC: 0.04, _AN: 0.06, _CEB: 0.08, _APL: 0.35, _T69: 0.8,
        _T821: 0.06, _KMT: 0.05, _OTH: 0.35,
    }, _TABLE_1, kind="refinement", gene="FLT3", label="FLT3-ITD", **_with("DNMT3A", 1.6)),
    FeatureSpec("FLT3_TKD", {
        _NPM: 0.13, _CS: 0.05, _TPC: 0.02, _AN: 0.03, _INV16: 0.15, _CEB: 0.04, _APL: 0.1,
        _T821: 0.05, _KMT: 0.15, _OTH: 0.12,
    }, _TABLE_1, kind="refinement", gene="FLT3", label="FLT3-TKD", **_with("FLT3_ITD", 0.5)),
    _feature("NRAS", {
        _NPM: 0.19, _CS: 0.16, _TPC: 0.11, _AN: 0.11, _INV16: 0.53, _CEB: 0.3, _APL: 0.05,
        _T821: 0.1, _KMT: 0.23, _INV3: 0.3, _R172: 0.06, _OTH: 0.13,
    }, **_with("FLT3_ITD", 0.5)),
    _feature("TET2", {
        _NPM: 0.16, _CS: 0.15, _TPC: 0.03, _AN: 0.04, _INV16: 0.05, _CEB: 0.08, _T821: 0.07,
        _KMT: 0.05, _T69: 0.07, _OTH: 0.13,
    }),
    _feature("IDH1", {
        _NPM: 0.14, _CS: 0.1, _TPC: 0.02, _AN: 0.03, _OTH: 0.07,
    }, **_with("TET2", 0.15)),
    _feature("IDH2_R140", {
        _NPM: 0.13, _CS: 0.16, _TPC: 0.03, _AN: 0.06, _CEB: 0.03, _OTH: 0.05,
    }, kind="refinement", gene="IDH2", label="IDH2 R140", **_with("TET2", 0.15)),
    _feature("IDH2_R172", {_R172: 1.0}, kind="refinement", gene="IDH2", label="IDH2 R172"),
    _feature("RUNX1", {_CS: 0.39, _TPC: 0.03, _AN: 0.05, _INV3: 0.1}),
    _feature("PTPN11", {
        _NPM: 0.15, _CS: 0.05, _TPC: 0.09, _AN: 0.08, _CEB: 0.06, _INV3: 0.3, _KMT: 0.05,
        _OTH: 0.05, _INV16: 0.01,
    }),
    _feature("CEBPA", {_CEB: 1.0, _NPM: 0.06, _CS: 0.05, _TPC: 0.01, _AN: 0.03, _OTH: 0.11}),
    _feature(
        "CEBPA_biallelic", {_CEB: 1.0}, kind="refinement", gene="CEBPA", label="CEBPA biallelic",
        parent="CEBPA", odds_ratio=math.inf,
    ),
    _feature("TP53", {_TPC: 0.7, _AN: 0.05}),
    _feature("SRSF2", {_CS: 0.22, _NPM: 0.03, _TPC: 0.01, _AN: 0.03}),
    _feature(
        "KMT2A_PTD", {_CS: 0.25, _NPM: 0.01, _AN: 0.03, _CEB: 0.02},
        kind="refinement", gene="KMT2A", label="KMT2A-PTD",
    ),
    _feature("WT1", {
        _CEB: 0.21, _APL: 0.17, _NPM: 0.03, _CS: 0.03, _T821: 0.05, _KMT: 0.05, _OTH: 0.12,
        _INV16: 0.02,
    }),
    _feature("KRAS", {
        _NPM: 0.04, _CS: 0.05, _TPC: 0.04, _AN: 0.04, _CEB: 0.05, _INV16: 0.1, _INV3: 0.3,
        _T69: 0.2, _KMT: 0.11, _OTH: 0.03,
    }),
    _feature("ASXL1", {
        _CS: 0.17, _NPM: 0.01, _TPC: 0.01, _AN: 0.03, _INV3: 0.05, _KMT: 0.05, _T821: 0.02,
    }),
    _feature("STAG2", {_CS: 0.16, _NPM: 0.03, _AN: 0.03}),
    _feature("KIT", {_T821: 0.38, _INV16: 0.15, _CEB: 0.06, _NPM: 0.02, _CS: 0.02, _OTH: 0.04}),
    _feature("RAD21", {_NPM: 0.08, _T821: 0.1, _R172: 0.11, _T69: 0.07, _CEB: 0.03}),
    _feature("EZH2", {_CS: 0.1, _CEB: 0.05, _T821: 0.07, _T69: 0.13, _AN: 0.02}),
    _feature("PHF6", {_CS: 0.05, _INV3: 0.15, _AN: 0.04, _TPC: 0.02, _OTH: 0.05, _R172: 0.06}),
    _feature("SF3B1", {_CS: 0.1, _INV3: 0.15, _AN: 0.03}),
    _feature("U2AF1", {_CS: 0.11, _INV3: 0.05, _AN: 0.02}),
    _feature("CBL", {_NPM: 0.03, _CS: 0.03, _INV16: 0.03, _TPC: 0.03, _APL: 0.03, _OTH: 0.02}),
    _feature("NF1", {_NPM: 0.02, _CS: 0.02, _TPC: 0.04, _INV3: 0.1, _OTH: 0.04, _T821: 0.03}),
    _feature("GATA2", {_CEB: 0.2, _NPM: 0.02, _CS: 0.01, _OTH: 0.02, _INV3: 0.05}),
    _feature("BCOR", {_CS: 0.08, _INV3: 0.1, _NPM: 0.01, _AN: 0.02}),
    _feature("ETV6", {_INV3: 0.15, _CS: 0.02, _T821: 0.03, _AN: 0.01}),
    _feature("ZRSR2", {_CS: 0.03, _AN: 0.01}),
    _event("t(8;21)", {_T821: 1.0}),
    _event("inv(16)", {_INV16: 1.0}, label="inv(16) or t(16;16)"),
    _event("t(15;17)", {_APL: 1.0}),
    _event("t(v;11)", {_KMT: 1.0}, label="t(v;11q23) KMT2A fusion"),
    _event("t(9;11)", {_KMT: 0.45}),
    _event("inv(3)", {_INV3: 1.0}, label="inv(3) or t(3;3)"),
    _event("t(6;9)", {_T69: 1.0}),
    _event("complex", {_TPC: 0.95, _AN: 0.28}, label="Complex karyotype"),
    _event("-5/5q-", {_TPC: 0.72, _AN: 0.1}),
    _event("-7/7q-", {_TPC: 0.5, _AN: 0.35, _INV3: 0.85, _CS: 0.03}),
    _event("17p-", {_TPC: 0.48, _AN: 0.05}, label="-17 or 17p loss"),
    _event("12p-", {_TPC: 0.25, _AN: 0.05}),
    _event("+8", {
        _TPC: 0.08, _AN: 0.28, _INV16: 0.16, _R172: 0.17, _KMT: 0.15, _NPM: 0.04, _CS: 0.05,
        _APL: 0.08,
    }),
    _event("+21", {_AN: 0.1, _CS: 0.01, _INV16: 0.03}),
    _event("+22", {_INV16: 0.16}),
    _event("9q-", {_T821: 0.18, _NPM: 0.02}, label="del(9q)"),
    _event("-Y", {_T821: 0.33, _AN: 0.03, _NPM: 0.01}),
    _event("20q-", {_TPC: 0.1, _AN: 0.04}, label="del(20q)"),
)  # fmt: skip

NOT_ON_CORE_PANEL = ("RAD21", "NF1", "CBL", "GATA2")

_FAVOURABLE = GRIMWADE_2010.chosen()
_GENES = PAPAEMMANUIL_2016.chosen()


DEATH_EFFECTS: tuple[Effect, ...] = (
    Effect(Term(column="age_years", per=10), 1.35, PAPAEMMANUIL_2016.chosen()),
    Effect(Term(column="ecog", at_least=2), 1.4, PAPAEMMANUIL_2016.chosen()),
    Effect(Term(column="wbc_1e9_per_l", at_least=100), 1.4, PAPAEMMANUIL_2016.chosen()),
    of_feature("t(15;17)", 0.25, _FAVOURABLE),
    of_feature("inv(16)", 0.4, _FAVOURABLE),
    of_feature("t(8;21)", 0.45, _FAVOURABLE),
    of_feature("inv(3)", 1.9, GRIMWADE_2010.chosen()),
    of_feature("-7/7q-", 1.2, GRIMWADE_2010.chosen()),
    of_feature("complex", 1.4, GRIMWADE_2010.chosen()),
    of_feature("NPM1", 0.5, METZELER_2016.chosen()),
    of_feature("CEBPA_biallelic", 0.45, METZELER_2016.chosen()),
    of_feature("FLT3_ITD", 1.6, METZELER_2016.chosen()),
    of_feature("DNMT3A", 1.25, METZELER_2016.chosen()),
    of_feature("TP53", 1.7, METZELER_2016.chosen()),
    of_feature("RUNX1", 1.25, METZELER_2016.chosen()),
    of_feature("ASXL1", 1.3, _GENES),
    of_feature("SRSF2", 1.2, _GENES),
    of_feature("KMT2A_PTD", 1.2, _GENES),
    of_feature("t(v;11)", 1.2, _GENES),
    of_feature("t(6;9)", 1.5, _GENES),
)
# Median of the cohort, chosen so that the ELN 2022 groups come near those of Lachowiez 2023
# (not reached, 16.8 and 9.7 months) and Herold 2020 (below 60 years: 64, 42 and 20% at 5 years).
MEDIAN_SURVIVAL_MONTHS = 22.0
SURVIVAL_SHAPE = 0.66

ELN_LEVELS = ("Favourable", "Intermediate", "Adverse")
# Complete remission with intensive treatment, by ELN group and in APL: sizes chosen.
REMISSION = {"Favourable": 0.86, "Intermediate": 0.7, "Adverse": 0.5, "APL": 0.92}
RELAPSE_SHARE_OF_HAZARD = 0.85  # chosen
SURVIVAL_AFTER_RELAPSE_MONTHS = 7.0  # chosen

# Transplant in first remission: hazard ratio of death by risk (Koreth 2009, good, intermediate
# and poor risk, recalled), and on the hazard of relapse (chosen).
TRANSPLANT_FACTORS = {"Favourable": 1.07, "Intermediate": 0.83, "Adverse": 0.73, "APL": 1.0}
TRANSPLANT_SOURCE = KORETH_2009
TRANSPLANT_RELAPSE_FACTOR = 0.5
# Share of patients in remission meant for transplant, up to 60 and 61 to 70 years.
TRANSPLANT_CANDIDATES = {
    "Favourable": (0.1, 0.05), "Intermediate": (0.6, 0.35), "Adverse": (0.7, 0.45),
    "APL": (0.0, 0.0),
}  # fmt: skip

# By stratum: age, white cells, marrow blasts (medians; sizes chosen after Papaemmanuil 2016).
CLINICAL = {
    _NPM: (54, 26, 75), _CS: (61, 5, 50), _TPC: (60, 4.5, 48), _AN: (54, 6, 55),
    _INV16: (43, 36, 62), _CEB: (43, 22, 66), _APL: (45, 3, 80), _T821: (44, 10, 58),
    _KMT: (43, 24, 80), _INV3: (48, 9, 55), _R172: (56, 2, 60), _T69: (40, 18, 60),
    _OTH: (48, 15, 65), _NONE: (48, 5, 52),
}  # fmt: skip
ECOG_SHARES = {"0": 0.3, "1": 0.46, "2": 0.17, "3": 0.06, "4": 0.01}  # chosen
AML_TYPES = {
    "usual": {"De novo": 0.94, "Secondary": 0.03, "Therapy-related": 0.03},
    _CS: {"De novo": 0.84, "Secondary": 0.12, "Therapy-related": 0.04},
    _TPC: {"De novo": 0.8, "Secondary": 0.08, "Therapy-related": 0.12},
}


def by_class() -> list[FeatureSpec]:
    """The features with their frequencies by planted class (strata of a class pooled)."""
    shares, of = STRATUM_SHARES, CLASS_OF
    size = dict.fromkeys(CLASSES, 0.0)
    for name, share in shares.items():
        size[of.get(name, name)] += share
    pooled = []
    for spec in FEATURES:
        frequency: dict[str, float] = {}
        for name, p in spec.frequency.items():
            group = of.get(name, name)
            frequency[group] = frequency.get(group, 0.0) + p * shares[name] / size[group]
        pooled.append(replace(spec, frequency=frequency))
    return pooled
