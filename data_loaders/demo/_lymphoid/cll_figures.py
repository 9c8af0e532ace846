"""Published figures behind ``demo:cll``, each with its source beside it.

Frequencies within mutated and unmutated IGHV and odds ratios: public data of Dietrich 2018 (200
patients with CLL, many of them treated), recomputed and moved towards what Puente 2015 and Landau
2015 report of patients before treatment. The five events of Döhner 2000 add up to what its abstract
gives of all patients (13q 55%, 11q 18%, +12 16%, 17p 7%, 6q 7%); how they divide by IGHV
is of the recomputed data. Of Landau 2015 (538 patients, some treated) notes that quote the paper
give RPS15 4.3%, BRAF 3.7%, MGA 3.2%, KRAS 2.6%, IKZF3 2.0% and NRAS 1.7%; here they have 3.6, 3.0,
2.7, 3.0, 1.7 and 1.6. The paper's own table has not been read.
"""

from __future__ import annotations

from typing import Any

from data_loaders.demo.assemble import of_feature, of_level, of_value
from data_loaders.demo.planted import Effect
from data_loaders.demo.simulate import FeatureSpec
from data_loaders.demo.sources import (
    BURGER_2015,
    CLL_IPI_2016,
    DIETRICH_2018,
    DOHNER_2000,
    LANDAU_2015,
    OSCIER_2013,
    PUENTE_2015,
    ROSSI_2012,
    Source,
)

IGHV = ("Mutated", "Unmutated")
IGHV_SHARES = {"Mutated": 0.61, "Unmutated": 0.39}  # International CLL-IPI 2016, recalled


def _gene(
    name: str, mutated: float, unmutated: float, source: Source = PUENTE_2015, **more: Any
) -> FeatureSpec:
    return FeatureSpec(name, {"Mutated": mutated, "Unmutated": unmutated}, source, **more)


def _event(
    name: str, mutated: float, unmutated: float, source: Source = DIETRICH_2018, **more: Any
) -> FeatureSpec:
    return _gene(name, mutated, unmutated, source, kind="cytogenetic", **more)


def _with(parent: str, odds_ratio: float, source: Source = DIETRICH_2018) -> dict[str, Any]:
    return {"parent": parent, "odds_ratio": odds_ratio, "odds_ratio_source": source}


# Frequencies in mutated and in unmutated IGHV; odds ratios within each.
FEATURES: tuple[FeatureSpec, ...] = (
    _event("del(13q)", 0.60, 0.47, DOHNER_2000),
    _event("+12", 0.14, 0.19, DOHNER_2000, **_with("del(13q)", 0.21)),
    _event("del(11q)", 0.07, 0.35, DOHNER_2000),
    _event("del(17p)", 0.04, 0.115, DOHNER_2000),
    _event("del(6q)", 0.05, 0.10, DOHNER_2000, **_with("del(11q)", 1.6)),
    _event("+19", 0.025, 0.008, **_with("+12", 10.6)),
    _event("+18", 0.025, 0.008, **_with("+12", 10.0, DIETRICH_2018.chosen())),
    _event("+8q", 0.011, 0.05, **_with("del(17p)", 3.0, LANDAU_2015.chosen())),
    _event("+2p", 0.025, 0.075),
    _event("del(8p)", 0.02, 0.06, **_with("del(17p)", 2.1)),
    _event("t(14;18)", 0.03, 0.004, DOHNER_2000.chosen()),
    _gene("TP53", 0.05, 0.13, LANDAU_2015, **_with("del(17p)", 26.0)),
    _event("complex", 0.06, 0.16, LANDAU_2015.chosen(), label="Complex karyotype",
           **_with("TP53", 5.0, LANDAU_2015.chosen())),
    _gene("NOTCH1", 0.05, 0.20, OSCIER_2013, **_with("+12", 2.5, OSCIER_2013.chosen())),
    _gene("SF3B1", 0.11, 0.20, DIETRICH_2018, **_with("del(11q)", 1.9)),
    _gene("ATM", 0.06, 0.19, DIETRICH_2018, **_with("del(11q)", 3.3)),
    _gene("BIRC3", 0.018, 0.058, DIETRICH_2018,
          **_with("del(11q)", 12.0, DIETRICH_2018.chosen())),
    _gene("MYD88", 0.045, 0.008),
    _gene("XPO1", 0.018, 0.09),
    _gene("POT1", 0.025, 0.09),
    _gene("NFKBIE", 0.02, 0.06),
    _gene("EGR2", 0.015, 0.06),
    _gene("RPS15", 0.015, 0.07, LANDAU_2015),
    _gene("BRAF", 0.01, 0.06),
    _gene("KRAS", 0.02, 0.045, **_with("+12", 2.5)),
    _gene("NRAS", 0.01, 0.025),
    _gene("MED12", 0.018, 0.055),
    _gene("FBXW7", 0.01, 0.035, **_with("+12", 3.0, PUENTE_2015.chosen())),
    _gene("CHD2", 0.07, 0.025),
    _gene("ZMYM3", 0.02, 0.04, LANDAU_2015),
    _gene("IKZF3", 0.008, 0.03, LANDAU_2015),
    _gene("MGA", 0.018, 0.04, LANDAU_2015),
    _gene("DDX3X", 0.012, 0.028, LANDAU_2015),
    _gene("BCOR", 0.012, 0.025),
    _gene("IRF4", 0.018, 0.012),
    _gene("FAT1", 0.03, 0.05),
    _gene("KLHL6", 0.045, 0.004),
    _gene("CREBBP", 0.01, 0.02),
    _gene("SAMHD1", 0.02, 0.035, LANDAU_2015),
    _gene("TRAF3", 0.01, 0.02, LANDAU_2015),
)  # fmt: skip

NOT_ON_CORE_PANEL = ("CHD2", "ZMYM3", "IKZF3", "MGA", "FAT1", "KLHL6")

# Diagnosed in Germany and the USA before treatment; International CLL-IPI 2016, sizes chosen.
RAI_SHARES = {
    "Mutated": {"0": 0.46, "I": 0.25, "II": 0.17, "III": 0.05, "IV": 0.07},
    "Unmutated": {"0": 0.27, "I": 0.31, "II": 0.22, "III": 0.08, "IV": 0.12},
}
# Who has three areas involved, of those whom haemoglobin and platelets leave below Binet C.
BINET_B = {"0": 0.0, "I": 0.22, "II": 0.55, "III": 0.55, "IV": 0.0}
MALE = 0.64
B_SYMPTOMS = {"A": 0.04, "B": 0.13, "C": 0.22}  # chosen
B2M = {"A": 2.4, "B": 3.3, "C": 4.1}  # mg/L, medians; chosen
ECOG_SHARES = {"0": 0.62, "1": 0.32, "2": 0.06}  # chosen

# Targeted agents as a first treatment from here on (ibrutinib, 2014).
TARGETED_FROM = 2014
ERAS = ("Chemoimmunotherapy", "Targeted agents")

# Chosen, with the era's, so that the risk groups of CLL-IPI have the published survival at 5 years.
MEDIAN_SURVIVAL_MONTHS, SURVIVAL_SHAPE = 160.0, 1.3
CLL_IPI_AT_5_YEARS = {"Low": 0.932, "Intermediate": 0.793, "High": 0.633, "Very high": 0.233}

_IPI = CLL_IPI_2016.chosen()
DEATH_EFFECTS: tuple[Effect, ...] = (
    of_value("age_years", 66, 1.7, CLL_IPI_2016),
    of_level("sex", "M", 1.2, _IPI),
    of_level("ighv_status", "Unmutated", 2.6, CLL_IPI_2016),
    # TP53 aberrations as one: 4.2, about the mean of those who have either and of those with both.
    of_feature("TP53", 3.0, _IPI),
    of_feature("del(17p)", 3.0, _IPI),
    of_value("beta2_microglobulin_mg_per_l", 3.6, 2.0, CLL_IPI_2016),
    # Rai I to IV against 0: 1.6.
    of_level("rai_stage", "0", 0.63, CLL_IPI_2016),
    of_level("binet_stage", "C", 1.2, _IPI),
    of_feature("NOTCH1", 1.58, OSCIER_2013),
    of_feature("SF3B1", 1.52, OSCIER_2013),
    of_level("treatment_era", "Targeted agents", 0.6, BURGER_2015.chosen()),
)

# First treatment: IGHV and TP53 as recomputed for the next treatment, others chosen.
MEDIAN_TREATMENT_MONTHS = 76.0
TREATMENT_SHAPE = 0.85
TREATMENT_EFFECTS: tuple[Effect, ...] = (
    of_level("ighv_status", "Unmutated", 2.3, DIETRICH_2018),
    of_feature("TP53", 1.6, DIETRICH_2018.chosen()),
    of_feature("del(11q)", 1.7, DOHNER_2000.chosen()),
    of_feature("+12", 1.3, DOHNER_2000.chosen()),
    of_feature("NOTCH1", 1.4, PUENTE_2015.chosen()),
    of_feature("SF3B1", 1.5, PUENTE_2015.chosen()),
    of_value("beta2_microglobulin_mg_per_l", 3.6, 1.5, _IPI),
    of_level("binet_stage", "B", 2.6, _IPI),
    of_level("binet_stage", "C", 6.0, _IPI),
)

# Richter transformation: cumulative incidence with death competing.
RICHTER_MONTH, RICHTER_INCIDENCE = 120.0, 0.07
RICHTER_SOURCE = ROSSI_2012.chosen()
SURVIVAL_AFTER_RICHTER_MONTHS = 11.0
RICHTER_EFFECTS: tuple[Effect, ...] = (
    of_feature("NOTCH1", 3.0, ROSSI_2012.chosen()),
    of_feature("TP53", 2.0, ROSSI_2012.chosen()),
    of_level("ighv_status", "Unmutated", 1.6, ROSSI_2012.chosen()),
)
