"""Published figures behind ``demo:dlbcl``, each with its source beside it.

Alterations are drawn within the genetic classes of Wright 2020 (LymphGen), whose frequencies were
recalled and rounded; those of genes outside the classes are near those of Reddy 2017, recalled.
Over all classes together each gene is as frequent as in one of the cohorts of Reddy 2017, Schmitz
2018 and Chapuy 2018 or between them, or in genomes, by a reanalysis of all four (morinlab/LLMPP,
CC BY 4.0, table of DLBCL genes with mutation frequencies, commit 05ea9b7).
Of Chapuy 2018 notes that quote the paper give rearrangements of BCL2 in 21%, of BCL6 in 19% and of
MYC in 8%; here 19, 22 and 10. The papers' own tables have not been read.
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
    RUPPERT_2020,
    SCHMITZ_2018,
    WRIGHT_2020,
    ZHOU_2014,
    Source,
)

ORIGINS = ("GCB", "ABC", "Unclassified")
# Genetic classes from which alterations are drawn, after LymphGen; their mix is ours.
CLASS_SHARES = {
    "EZB": 0.2, "MCD": 0.13, "BN2": 0.15, "ST2": 0.09, "A53": 0.09, "N1": 0.03, "Other": 0.31,
}  # fmt: skip
CLASSES = tuple(CLASS_SHARES)
# Cell of origin of each class: GCB, ABC, unclassified (Wright 2020, recalled, rounded).
ORIGIN_SHARES = {
    name: dict(zip(ORIGINS, shares, strict=True))
    for name, shares in {
        "EZB": (0.88, 0.04, 0.08), "MCD": (0.02, 0.92, 0.06), "BN2": (0.2, 0.42, 0.38),
        "ST2": (0.8, 0.05, 0.15), "A53": (0.33, 0.5, 0.17), "N1": (0.05, 0.9, 0.05),
        "Other": (0.5, 0.34, 0.16),
    }.items()
}  # fmt: skip


def _gene(
    name: str, frequencies: tuple[float, ...], source: Source = WRIGHT_2020, **more: Any
) -> FeatureSpec:
    return FeatureSpec(name, dict(zip(CLASSES, frequencies, strict=True)), source, **more)


def _event(
    name: str, frequencies: tuple[float, ...], source: Source = WRIGHT_2020, **more: Any
) -> FeatureSpec:
    return _gene(name, frequencies, source, kind="cytogenetic", **more)


def _with(parent: str, odds_ratio: float, source: Source = WRIGHT_2020) -> dict[str, Any]:
    return {"parent": parent, "odds_ratio": odds_ratio, "odds_ratio_source": source.chosen()}


# Frequencies in EZB, MCD, BN2, ST2, A53, N1 and in the others; odds ratios within each.
FEATURES: tuple[FeatureSpec, ...] = (
    _event("BCL2_rearrangement", (0.72, 0.01, 0.04, 0.04, 0.06, 0.02, 0.10),
           label="BCL2 rearrangement"),
    _event("MYC_rearrangement", (0.20, 0.04, 0.06, 0.04, 0.08, 0.03, 0.10), ROSENWALD_2019,
           label="MYC rearrangement", **_with("BCL2_rearrangement", 2.5, ROSENWALD_2019)),
    _event("BCL6_rearrangement", (0.10, 0.10, 0.73, 0.10, 0.18, 0.10, 0.16),
           label="BCL6 rearrangement"),
    _gene("EZH2", (0.44, 0.01, 0.02, 0.05, 0.04, 0.01, 0.05)),
    _gene("BCL2", (0.50, 0.02, 0.05, 0.04, 0.05, 0.02, 0.08), **_with("BCL2_rearrangement", 3.0)),
    _gene("CREBBP", (0.44, 0.03, 0.10, 0.10, 0.08, 0.05, 0.12)),
    _gene("KMT2D", (0.48, 0.22, 0.30, 0.18, 0.18, 0.18, 0.20)),
    _gene("TNFRSF14", (0.42, 0.02, 0.10, 0.16, 0.06, 0.03, 0.10), **_with("EZH2", 1.6)),
    _gene("MYD88", (0.04, 0.75, 0.12, 0.05, 0.12, 0.08, 0.10)),
    _gene("MYD88_L265P", (0.01, 0.66, 0.02, 0.01, 0.05, 0.03, 0.03), kind="refinement",
          gene="MYD88", label="MYD88 L265P", parent="MYD88", odds_ratio=math.inf),
    _gene("CD79B", (0.03, 0.55, 0.06, 0.04, 0.08, 0.06, 0.08), **_with("MYD88", 2.5)),
    _gene("PIM1", (0.10, 0.66, 0.28, 0.20, 0.12, 0.20, 0.15)),
    _gene("TP53", (0.22, 0.10, 0.12, 0.10, 0.78, 0.10, 0.16)),
    _gene("NOTCH1", (0.01, 0.02, 0.02, 0.01, 0.02, 0.88, 0.02)),
    _gene("NOTCH2", (0.02, 0.03, 0.42, 0.03, 0.03, 0.05, 0.03)),
    _gene("SPEN", (0.03, 0.05, 0.22, 0.05, 0.03, 0.10, 0.07), **_with("NOTCH2", 2.0)),
    _gene("SGK1", (0.08, 0.02, 0.10, 0.68, 0.05, 0.03, 0.06), LACY_2020),
    _gene("TET2", (0.08, 0.05, 0.07, 0.48, 0.05, 0.08, 0.07), LACY_2020),
    _gene("SOCS1", (0.12, 0.05, 0.10, 0.42, 0.05, 0.05, 0.09), LACY_2020,
          **_with("SGK1", 1.6, LACY_2020)),
    _gene("B2M", (0.13, 0.08, 0.11, 0.06, 0.22, 0.05, 0.15), REDDY_2017),
    _gene("CD58", (0.05, 0.12, 0.08, 0.06, 0.14, 0.04, 0.07), REDDY_2017),
    _gene("GNA13", (0.24, 0.02, 0.04, 0.16, 0.05, 0.02, 0.10), REDDY_2017),
    _gene("STAT6", (0.10, 0.01, 0.01, 0.05, 0.01, 0.01, 0.03), REDDY_2017),
    _gene("PRDM1", (0.02, 0.28, 0.10, 0.04, 0.10, 0.10, 0.07)),
    _gene("CARD11", (0.14, 0.08, 0.08, 0.08, 0.06, 0.08, 0.11), REDDY_2017),
    _gene("TNFAIP3", (0.06, 0.06, 0.35, 0.08, 0.10, 0.10, 0.09), REDDY_2017),
    _gene("BTG1", (0.08, 0.45, 0.12, 0.10, 0.08, 0.08, 0.09), REDDY_2017),
    _gene("ARID1A", (0.14, 0.04, 0.05, 0.06, 0.04, 0.10, 0.06), REDDY_2017),
    _gene("EP300", (0.13, 0.03, 0.06, 0.05, 0.05, 0.05, 0.08), REDDY_2017),
    _gene("FOXO1", (0.10, 0.02, 0.03, 0.03, 0.03, 0.02, 0.05), REDDY_2017),
    _gene("MEF2B", (0.17, 0.01, 0.03, 0.03, 0.03, 0.02, 0.06), REDDY_2017),
    _gene("TBL1XR1", (0.03, 0.33, 0.06, 0.03, 0.06, 0.05, 0.05)),
    _gene("ETV6", (0.01, 0.30, 0.04, 0.03, 0.04, 0.05, 0.03)),
    _gene("DTX1", (0.04, 0.05, 0.22, 0.06, 0.04, 0.05, 0.06)),
    _gene("ZFP36L1", (0.05, 0.05, 0.10, 0.14, 0.05, 0.04, 0.06), REDDY_2017),
    _gene("CD70", (0.02, 0.06, 0.25, 0.03, 0.04, 0.03, 0.06)),
    _gene("H1-4", (0.08, 0.22, 0.13, 0.16, 0.08, 0.08, 0.13), REDDY_2017),
    _gene("STAT3", (0.02, 0.03, 0.05, 0.26, 0.03, 0.03, 0.04), LACY_2020),
    _gene("UBE2A", (0.01, 0.08, 0.12, 0.01, 0.03, 0.03, 0.02)),
    _event("CDKN2A_deletion", (0.08, 0.60, 0.16, 0.06, 0.30, 0.25, 0.20), label="CDKN2A deletion"),
    _event("del(6q)", (0.08, 0.48, 0.20, 0.08, 0.28, 0.20, 0.18)),
    _event("+18q", (0.05, 0.42, 0.14, 0.04, 0.30, 0.18, 0.17)),
    _event("+3q", (0.03, 0.26, 0.16, 0.03, 0.26, 0.20, 0.10)),
    _event("+2p", (0.36, 0.03, 0.08, 0.10, 0.08, 0.03, 0.13)),
    _event("+1q", (0.12, 0.10, 0.10, 0.10, 0.22, 0.10, 0.13)),
    _event("+7", (0.14, 0.06, 0.10, 0.20, 0.16, 0.10, 0.13)),
    _event("del(17p)", (0.08, 0.05, 0.06, 0.04, 0.55, 0.05, 0.08),
           **_with("TP53", 4.0, CHAPUY_2018)),
)  # fmt: skip

NOT_ON_CORE_PANEL = ("DTX1", "ZFP36L1", "UBE2A", "STAT3", "SPEN", "CD70")

# Ziepert 2010 (RICOVER-60 and MInT together), sizes chosen for all ages.
STAGE_SHARES = {"I": 0.21, "II": 0.24, "III": 0.23, "IV": 0.32}
ECOG_SHARES = {"0": 0.45, "1": 0.37, "2": 0.12, "3": 0.06}
EXTRANODAL = {"I": 0.35, "II": 0.35, "III": 0.45, "IV": 1.6}  # mean number of sites
MINOR_ORGAN = 0.5  # of the extranodal sites that are of no major organ; chosen
LDH_MEDIAN = {"I": 0.85, "II": 0.98, "III": 1.15, "IV": 1.4}  # as multiples of the limit
B_SYMPTOMS = {"I": 0.15, "II": 0.22, "III": 0.36, "IV": 0.45}
BULK = {"I": 0.2, "II": 0.36, "III": 0.3, "IV": 0.28}
MALE = 0.55

IPI = ("Low", "Low-intermediate", "High-intermediate", "High")

# Chosen, with the effects of the IPI's factors, near what has been read of survival at 5 years: by
# NCCN-IPI 96% to 33% (Zhou 2014) and 92% to 49% (Ruppert 2020), by IPI 90% and 88% to 54%. A
# shape below 1, as most relapses come in the first two years.
MEDIAN_SURVIVAL_MONTHS, SURVIVAL_SHAPE = 170.0, 0.78

_IPI, _AGE = RUPPERT_2020.chosen(), ZHOU_2014.chosen()
DEATH_EFFECTS: tuple[Effect, ...] = (
    of_value("age_years", 61, 2.0, _AGE),
    of_value("age_years", 76, 1.7, _AGE),
    of_level("ann_arbor_stage", "III", 1.6, _IPI),
    of_level("ann_arbor_stage", "IV", 1.9, _IPI),
    of_value("ldh_ratio", 1.01, 2.0, _IPI),
    of_value("ecog", 2, 1.9, _IPI),
    of_value("extranodal_sites", 2, 1.3, _IPI),
    of_level("cell_of_origin", "ABC", 1.5, LENZ_2008.chosen()),
    of_feature("TP53", 1.5, REDDY_2017.chosen()),
    of_value("double_hit", 1, 1.8, ROSENWALD_2019.chosen()),
    of_feature("CDKN2A_deletion", 1.3, CHAPUY_2018.chosen()),
    of_feature("NOTCH1", 2.0, SCHMITZ_2018.chosen()),
    of_feature("SGK1", 0.7, LACY_2020.chosen()),
)

# Progression happens at this share of the hazard of death, so its hazard ratios are those of death.
PROGRESSION_SHARE_OF_HAZARD = 0.88
SURVIVAL_AFTER_PROGRESSION_MONTHS = 9.0  # chosen

# End of treatment: six cycles, response by Lugano.
RESPONSES = ("CR", "PR", "SD", "PD")
END_OF_TREATMENT_MONTHS = 5.0
COMPLETE, PARTIAL = 0.8, 0.7  # of those without progression; of those without a complete response
