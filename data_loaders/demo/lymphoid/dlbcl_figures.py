"""Published figures behind ``demo:dlbcl``, each with its source beside it.

Frequencies by cell of origin are those of Schmitz 2018, Reddy 2017 and Chapuy 2018, recalled and
rounded; Schmitz 2018 enriched for the activated B-cell type, which is why its mix is not taken.
"""

from __future__ import annotations

import math
from typing import Any

from data_loaders.demo.assemble import of_feature, of_level, of_value
from data_loaders.demo.planted import Effect
from data_loaders.demo.simulate import FeatureSpec
from data_loaders.demo.sources import (
    CHAPUY_2018,
    LACY_2020,
    LENZ_2008,
    REDDY_2017,
    ROSENWALD_2019,
    SCHMITZ_2018,
    SCOTT_2015,
    ZIEPERT_2010,
    Source,
)

ORIGINS = ("GCB", "ABC", "Unclassified")
ORIGIN_SHARES = {"GCB": 0.52, "ABC": 0.34, "Unclassified": 0.14}
ORIGIN_SOURCE = SCOTT_2015


def _gene(
    name: str, gcb: float, abc: float, other: float, source: Source = SCHMITZ_2018, **more: Any
) -> FeatureSpec:
    return FeatureSpec(name, dict(zip(ORIGINS, (gcb, abc, other), strict=True)), source, **more)


def _event(
    name: str, gcb: float, abc: float, other: float, source: Source = CHAPUY_2018, **more: Any
) -> FeatureSpec:
    return _gene(name, gcb, abc, other, source, kind="cytogenetic", **more)


def _with(parent: str, odds_ratio: float, source: Source = SCHMITZ_2018) -> dict[str, Any]:
    return {"parent": parent, "odds_ratio": odds_ratio, "odds_ratio_source": source.chosen()}


# Frequencies in GCB, ABC and unclassified; odds ratios within each.
FEATURES: tuple[FeatureSpec, ...] = (
    _event("BCL2_rearrangement", 0.33, 0.03, 0.06, label="BCL2 rearrangement"),
    _event("MYC_rearrangement", 0.14, 0.07, 0.06, ROSENWALD_2019, label="MYC rearrangement",
           **_with("BCL2_rearrangement", 3.0, ROSENWALD_2019)),
    _event("BCL6_rearrangement", 0.14, 0.27, 0.33, label="BCL6 rearrangement"),
    _gene("EZH2", 0.22, 0.01, 0.04, **_with("BCL2_rearrangement", 3.5)),
    _gene("BCL2", 0.26, 0.02, 0.06, **_with("BCL2_rearrangement", 9.0)),
    _gene("CREBBP", 0.25, 0.06, 0.10, **_with("BCL2_rearrangement", 3.0)),
    _gene("KMT2D", 0.33, 0.23, 0.22, **_with("BCL2_rearrangement", 2.5)),
    _gene("TNFRSF14", 0.22, 0.03, 0.08, **_with("EZH2", 3.0)),
    _gene("MYD88", 0.05, 0.33, 0.10),
    _gene("MYD88_L265P", 0.01, 0.25, 0.04, kind="refinement", gene="MYD88",
          label="MYD88 L265P", parent="MYD88", odds_ratio=math.inf),
    _gene("CD79B", 0.04, 0.27, 0.07, **_with("MYD88", 5.0)),
    _gene("PIM1", 0.15, 0.32, 0.15, **_with("MYD88", 3.0)),
    _gene("TP53", 0.22, 0.20, 0.18, REDDY_2017),
    _gene("NOTCH1", 0.02, 0.06, 0.02),
    _gene("NOTCH2", 0.03, 0.04, 0.16, **_with("BCL6_rearrangement", 4.0)),
    _gene("SPEN", 0.04, 0.06, 0.10, **_with("NOTCH2", 2.5)),
    _gene("SGK1", 0.17, 0.03, 0.10, LACY_2020),
    _gene("TET2", 0.11, 0.08, 0.10, LACY_2020, **_with("SGK1", 2.5, LACY_2020)),
    _gene("SOCS1", 0.16, 0.06, 0.12, LACY_2020, **_with("SGK1", 2.0, LACY_2020)),
    _gene("B2M", 0.12, 0.08, 0.10, REDDY_2017),
    _gene("CD58", 0.07, 0.09, 0.08, REDDY_2017),
    _gene("GNA13", 0.19, 0.03, 0.06, REDDY_2017),
    _gene("STAT6", 0.08, 0.01, 0.03, REDDY_2017),
    _gene("PRDM1", 0.03, 0.16, 0.05, **_with("MYD88", 2.0)),
    _gene("CARD11", 0.11, 0.11, 0.08, REDDY_2017),
    _gene("TNFAIP3", 0.08, 0.11, 0.17, REDDY_2017),
    _gene("BTG1", 0.10, 0.17, 0.09, REDDY_2017),
    _gene("ARID1A", 0.09, 0.06, 0.08, REDDY_2017),
    _gene("EP300", 0.07, 0.05, 0.05, REDDY_2017),
    _gene("FOXO1", 0.08, 0.03, 0.05, REDDY_2017),
    _gene("MEF2B", 0.09, 0.02, 0.04, REDDY_2017),
    _gene("TBL1XR1", 0.04, 0.13, 0.05, **_with("MYD88", 2.5)),
    _gene("ETV6", 0.02, 0.11, 0.03),
    _gene("DTX1", 0.06, 0.07, 0.12),
    _gene("ZFP36L1", 0.07, 0.05, 0.08, REDDY_2017),
    _gene("CD70", 0.03, 0.05, 0.11),
    _gene("H1-4", 0.11, 0.12, 0.10, REDDY_2017),
    _gene("STAT3", 0.04, 0.05, 0.08, REDDY_2017),
    _gene("UBE2A", 0.02, 0.06, 0.04),
    _event("CDKN2A_deletion", 0.11, 0.41, 0.14, label="CDKN2A deletion"),
    _event("del(6q)", 0.14, 0.33, 0.15),
    _event("+18q", 0.08, 0.34, 0.11),
    _event("+3q", 0.05, 0.25, 0.10),
    _event("+2p", 0.22, 0.05, 0.10),
    _event("+1q", 0.14, 0.12, 0.12),
    _event("+7", 0.16, 0.09, 0.12),
    _event("del(17p)", 0.12, 0.12, 0.09, **_with("TP53", 4.0, CHAPUY_2018)),
)  # fmt: skip

NOT_ON_CORE_PANEL = ("DTX1", "ZFP36L1", "UBE2A", "STAT3", "SPEN", "CD70")

# Ziepert 2010 (RICOVER-60 and MInT together), sizes chosen for all ages.
STAGE_SHARES = {"I": 0.21, "II": 0.24, "III": 0.23, "IV": 0.32}
ECOG_SHARES = {"0": 0.45, "1": 0.37, "2": 0.12, "3": 0.06}
EXTRANODAL = {"I": 0.35, "II": 0.35, "III": 0.45, "IV": 1.6}  # mean number of sites
LDH_MEDIAN = {"I": 0.85, "II": 0.98, "III": 1.15, "IV": 1.4}  # as multiples of the limit
B_SYMPTOMS = {"I": 0.15, "II": 0.22, "III": 0.36, "IV": 0.45}
BULK = {"I": 0.2, "II": 0.36, "III": 0.3, "IV": 0.28}
MALE = 0.55

IPI = ("Low", "Low-intermediate", "High-intermediate", "High")

MEDIAN_SURVIVAL_MONTHS = 132.0  # of all; about 65% alive at 5 years, Ziepert 2010, chosen
SURVIVAL_SHAPE = 0.7  # most relapses come in the first two years

_IPI = ZIEPERT_2010.chosen()
DEATH_EFFECTS: tuple[Effect, ...] = (
    of_value("age_years", 61, 1.7, _IPI),
    of_level("ann_arbor_stage", "III", 1.5, _IPI),
    of_level("ann_arbor_stage", "IV", 1.6, _IPI),
    of_value("ldh_ratio", 1.01, 1.7, _IPI),
    of_value("ecog", 2, 1.6, _IPI),
    of_value("extranodal_sites", 2, 1.3, _IPI),
    of_level("cell_of_origin", "ABC", 1.7, LENZ_2008.chosen()),
    of_feature("TP53", 1.6, REDDY_2017.chosen()),
    of_value("double_hit", 1, 1.8, ROSENWALD_2019.chosen()),
    of_feature("CDKN2A_deletion", 1.4, CHAPUY_2018.chosen()),
    of_feature("NOTCH1", 2.0, SCHMITZ_2018.chosen()),
    of_feature("SGK1", 0.6, LACY_2020.chosen()),
)

# Progression happens at this share of the hazard of death, so its hazard ratios are those of death.
PROGRESSION_SHARE_OF_HAZARD = 0.88
SURVIVAL_AFTER_PROGRESSION_MONTHS = 9.0  # chosen
PROGRESSION_SOURCE = ZIEPERT_2010.chosen()

# End of treatment: six cycles, response by Lugano.
RESPONSES = ("CR", "PR", "SD", "PD")
END_OF_TREATMENT_MONTHS = 5.0
COMPLETE, PARTIAL = 0.8, 0.7  # of those without progression; of those without a complete response
