"""Published figures behind ``demo:cml``, each with its source beside it."""

from __future__ import annotations

import math
from typing import Any

from data_loaders.demo.assemble import of_feature, of_level, of_value
from data_loaders.demo.planted import Effect, Term
from data_loaders.demo.simulate import FeatureSpec
from data_loaders.demo.sources import (
    BRANFORD_2018,
    CORTES_2014,
    FABARIUS_2011,
    HANFSTEIN_2014,
    HEHLMANN_2017,
    HOCHHAUS_2016,
    KIM_2017,
    MARIN_2012,
    PFIRRMANN_2016,
    SOVERINI_2011,
    Source,
)

RISKS = ("Low", "Intermediate", "High")
# ELTS (Pfirrmann 2016: low 61%, intermediate 27%, high 12%) and Sokal 1984, coefficients and
# limits: read in table 1 of a review of scores, Leukemia 2025, doi:10.1038/s41375-025-02606-6.
ELTS_LIMITS, SOKAL_LIMITS = (1.5680, 2.2185), (0.8, 1.2)


def _gene(
    name: str, low: float, middle: float, high: float, source: Source = BRANFORD_2018, **more: Any
) -> FeatureSpec:
    return FeatureSpec(name, dict(zip(RISKS, (low, middle, high), strict=True)), source, **more)


def _event(
    name: str, low: float, middle: float, high: float, source: Source = FABARIUS_2011, **more: Any
) -> FeatureSpec:
    return _gene(name, low, middle, high, source, kind="cytogenetic", **more)


def _with(parent: str, odds_ratio: float, source: Source) -> dict[str, Any]:
    return {"parent": parent, "odds_ratio": odds_ratio, "odds_ratio_source": source.chosen()}


_FUSION, _ROUTE = HANFSTEIN_2014.chosen(), FABARIUS_2011.chosen()
_DIRECTION = BRANFORD_2018.chosen()

# Frequencies in ELTS low, intermediate and high risk; odds ratios within each.
FEATURES: tuple[FeatureSpec, ...] = (
    _event("BCR::ABL1", 1.0, 1.0, 1.0, _FUSION),
    _gene("ASXL1", 0.08, 0.12, 0.18),
    _gene("DNMT3A", 0.04, 0.05, 0.05, KIM_2017),
    _gene("TET2", 0.03, 0.04, 0.05, KIM_2017),
    _gene("RUNX1", 0.015, 0.03, 0.06, **_with("ASXL1", 3.0, BRANFORD_2018)),
    _gene("KMT2D", 0.02, 0.03, 0.04, KIM_2017),
    _gene("BCOR", 0.012, 0.02, 0.04, **_with("RUNX1", 4.0, BRANFORD_2018)),
    _gene("BCORL1", 0.012, 0.02, 0.03),
    _gene("IKZF1", 0.012, 0.02, 0.04),
    _gene("PHF6", 0.012, 0.02, 0.03, **_with("RUNX1", 4.0, BRANFORD_2018)),
    _gene("SETD2", 0.012, 0.015, 0.02),
    _gene("EZH2", 0.012, 0.02, 0.03, KIM_2017),
    _gene("TP53", 0.012, 0.02, 0.04, KIM_2017),
    _gene("JAK2", 0.012, 0.012, 0.012, KIM_2017),
    _gene("NRAS", 0.01, 0.014, 0.02, KIM_2017),
    _gene("CBL", 0.01, 0.014, 0.02, KIM_2017),
    _gene("NF1", 0.012, 0.015, 0.02, KIM_2017),
    _gene("STAG2", 0.01, 0.014, 0.02, KIM_2017),
    _gene("SF3B1", 0.01, 0.014, 0.02, KIM_2017),
    _gene("UBE2A", 0.01, 0.014, 0.02),
    _gene("KDM6A", 0.01, 0.012, 0.02, KIM_2017),
    _gene("GATA2", 0.01, 0.014, 0.02),
    _event("-Y", 0.033, 0.033, 0.033),
    # Of major route, 1.4% together in Fabarius 2011: here more, so that 800 patients show them.
    _event("+8", 0.015, 0.025, 0.05, _ROUTE),
    _event("+Ph", 0.01, 0.02, 0.04, _ROUTE, **_with("+8", 6.0, FABARIUS_2011)),
    _event("i(17q)", 0.005, 0.012, 0.025, _ROUTE, **_with("+8", 8.0, FABARIUS_2011)),
    _event("+19", 0.004, 0.012, 0.02, _ROUTE, **_with("+8", 6.0, FABARIUS_2011)),
    _event("variant t(9;22)", 0.06, 0.06, 0.06, label="Variant t(9;22)"),
    _event("der(9) deletion", 0.12, 0.13, 0.13),
    # Of the kinase domain, looked for at resistance only.
    _gene("ABL1", 0.22, 0.32, 0.42, SOVERINI_2011),
    _gene("ABL1_T315I", 0.03, 0.06, 0.10, SOVERINI_2011, kind="refinement", gene="ABL1",
          label="ABL1 T315I", parent="ABL1", odds_ratio=math.inf),
)  # fmt: skip

AT_RESISTANCE = ("ABL1", "ABL1_T315I")
NOT_ON_CORE_PANEL = ("BCORL1", "UBE2A", "SETD2", "KDM6A", "NF1", "STAG2")

MALE = 0.6  # CML study IV, recalled
TRANSCRIPTS = {"e14a2": 0.45, "e13a2": 0.41, "Both": 0.14}  # Hanfstein 2014, 1,105 patients
TKIS = {"Imatinib": 0.58, "Nilotinib": 0.18, "Dasatinib": 0.19, "Bosutinib": 0.05}  # chosen

# BCR::ABL1 at 3 months above 10%, by first-line TKI: of imatinib 36% (Cortes 2014), 33% (Hughes
# 2014 Blood 123:1353) and 22% (Branford 2014 Blood 124:511), of nilotinib 9 to 11% (Hughes), of
# dasatinib 16% (Cortes), all read in the abstracts; that of bosutinib is chosen near it.
SLOW_START = {"Imatinib": 0.28, "Nilotinib": 0.11, "Dasatinib": 0.16, "Bosutinib": 0.16}

# Chosen so that of all 82% are alive at 10 years, Hehlmann 2017.
MEDIAN_SURVIVAL_MONTHS, SURVIVAL_SHAPE = 29.0 * 12, 1.4

_AGE = HEHLMANN_2017.chosen()
DEATH_EFFECTS: tuple[Effect, ...] = (
    Effect(Term(column="age_years", per=10), 1.6, _AGE),
    of_level("sex", "M", 1.2, _AGE),
    of_level("elts", "Intermediate", 1.2, PFIRRMANN_2016.chosen()),
    of_level("elts", "High", 1.7, PFIRRMANN_2016.chosen()),
    of_value("bcr_abl1_is_3m", 10, 2.5, MARIN_2012.chosen()),
    of_feature("ASXL1", 1.5, _DIRECTION),
)

# Major molecular response: the clock starts at the first control, three months after diagnosis.
FIRST_CONTROL = 3.0
# Chosen near what has been read: with imatinib 22% at 12 months (Kantarjian 2021 Leukemia 35:440 on
# ENESTnd), 46% by 24 (Kantarjian 2012 Blood 119:1123, DASISION) and 64% by 60 (Cortes 2014), with
# nilotinib or dasatinib 44%, 64% and 76%.
MEDIAN_RESPONSE_MONTHS, RESPONSE_SHAPE = 20.0, 0.65  # after the first control
RESPONSE_EFFECTS: tuple[Effect, ...] = (
    of_level("elts", "Intermediate", 0.75, PFIRRMANN_2016.chosen()),
    of_level("elts", "High", 0.55, PFIRRMANN_2016.chosen()),
    # Read of dasatinib, chosen alike for the other two.
    of_level("tki_first_line", "Dasatinib", 1.54, CORTES_2014),
    of_level("tki_first_line", "Nilotinib", 1.54, HOCHHAUS_2016.chosen()),
    of_level("tki_first_line", "Bosutinib", 1.54, CORTES_2014.chosen()),
    of_level("transcript", "e14a2", 1.3, HANFSTEIN_2014.chosen()),
    of_value("bcr_abl1_is_3m", 10, 0.35, MARIN_2012.chosen()),
    of_feature("ASXL1", 0.7, _DIRECTION),
)

# Accelerated or blast phase: cumulative incidence with death competing.
PROGRESSION_MONTH, PROGRESSION_INCIDENCE = 120.0, 0.055
PROGRESSION_SOURCE = HEHLMANN_2017.chosen()
SURVIVAL_AFTER_PROGRESSION_MONTHS = 12.0
PROGRESSION_EFFECTS: tuple[Effect, ...] = (
    of_level("elts", "Intermediate", 1.8, PFIRRMANN_2016.chosen()),
    of_level("elts", "High", 3.0, PFIRRMANN_2016.chosen()),
    of_value("bcr_abl1_is_3m", 10, 2.5, MARIN_2012.chosen()),
    of_feature("ASXL1", 2.0, _DIRECTION),
    of_feature("RUNX1", 2.5, _DIRECTION),
    of_feature("+8", 2.0, FABARIUS_2011.chosen()),
)

# ELN 2020: the limits of failure and warning by month, in per cent of the international scale.
MILESTONES = {3: (10.0, 10.0), 6: (10.0, 1.0), 12: (1.0, 0.1)}
ELN_RESPONSES = ("Optimal", "Warning", "Failure")
