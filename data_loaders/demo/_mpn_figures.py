"""Published figures behind ``demo:mpn``, each with its source beside it."""

from __future__ import annotations

import math
from typing import Any

from data_loaders.demo.planted import Effect, Term
from data_loaders.demo.simulate import FeatureSpec
from data_loaders.demo.sources import (
    BARBUI_2012,
    CARAMAZZA_2011,
    CERVANTES_2009,
    GRINFELD_2018,
    GUGLIELMELLI_2014,
    GUGLIELMELLI_2017,
    PASSAMONTI_2008,
    RUMI_2014,
    TEFFERI_2014,
    TEFFERI_2014_CALR,
    TEFFERI_2016,
    TEFFERI_2018,
    TEFFERI_2020,
    VANNUCCHI_2013,
    Source,
)

DIAGNOSES = ("ET", "PV", "MF")
DRIVERS = ("JAK2", "CALR", "MPL", "Triple-negative")

# The mix is ours: myelofibrosis is enriched so that its driver classes can be compared.
DIAGNOSIS_SHARES = {"ET": 0.5, "PV": 0.22, "MF": 0.28}

# ET and PV: Grinfeld 2018, recomputed; MF: Rumi 2014, 617 patients, read.
DRIVER_SHARES = {
    "ET": {"JAK2": 0.545, "CALR": 0.26, "MPL": 0.045, "Triple-negative": 0.15},
    "PV": {"JAK2": 1.0},
    "MF": {"JAK2": 0.647, "CALR": 0.227, "MPL": 0.04, "Triple-negative": 0.086},
}
# ET: Grinfeld 2018, recomputed; MF: Tefferi 2014 Blood 124:2465, read.
CALR_TYPE_SHARES = {
    "ET": {"type 1": 0.58, "type 2": 0.42},
    "MF": {"type 1": 0.748, "type 2": 0.115, "other": 0.137},
}
EXON_12_SHARE_IN_PV = 0.02  # Grinfeld 2018, recomputed


def _feature(
    name: str, et: float, pv: float, mf: float, source: Source = GRINFELD_2018, **more: Any
) -> FeatureSpec:
    return FeatureSpec(name, {"ET": et, "PV": pv, "MF": mf}, source, **more)


def _event(
    name: str, et: float, pv: float, mf: float, source: Source = GRINFELD_2018, **more: Any
) -> FeatureSpec:
    return _feature(name, et, pv, mf, source, kind="cytogenetic", **more)


def _with(parent: str, odds_ratio: float) -> dict[str, Any]:
    return {"parent": parent, "odds_ratio": odds_ratio, "odds_ratio_source": GRINFELD_2018}


_KARYOTYPE = CARAMAZZA_2011.chosen()
_RUMI = {"MF": RUMI_2014}

# Frequencies in ET, PV, MF; odds ratios within a diagnosis (Mantel-Haenszel where recomputed).
FEATURES: tuple[FeatureSpec, ...] = (
    _feature("JAK2", 0.545, 1.0, 0.647, other_sources=_RUMI),
    _feature(
        "JAK2_V617F", 0.545, 0.98, 0.647, other_sources=_RUMI,
        kind="refinement", gene="JAK2", label="JAK2 V617F",
    ),
    _feature("JAK2_exon_12", 0, 0.02, 0, kind="refinement", gene="JAK2", label="JAK2 exon 12"),
    _feature("CALR", 0.26, 0, 0.227, other_sources=_RUMI),
    _feature(
        "CALR_type_1", 0.1508, 0, 0.1698, other_sources={"MF": TEFFERI_2014_CALR},
        kind="refinement", gene="CALR", label="CALR type 1",
    ),
    _feature(
        "CALR_type_2", 0.1092, 0, 0.0261, other_sources={"MF": TEFFERI_2014_CALR},
        kind="refinement", gene="CALR", label="CALR type 2",
    ),
    _feature("MPL", 0.045, 0, 0.04, other_sources=_RUMI),
    _feature("TET2", 0.096, 0.152, 0.203, **_with("JAK2", 1.8)),
    _feature("ASXL1", 0.038, 0.028, 0.209),
    _feature("DNMT3A", 0.061, 0.039, 0.051, **_with("JAK2", 1.9)),
    _feature("SRSF2", 0.008, 0.003, 0.071, **_with("ASXL1", 3.0)),
    _feature("EZH2", 0.008, 0.017, 0.068, **_with("ASXL1", 6.5)),
    _feature("U2AF1", 0.008, 0, 0.074, **_with("ASXL1", 4.5)),
    _feature("SF3B1", 0.017, 0.016, 0.051),
    _feature("ZRSR2", 0.002, 0.003, 0.029, **_with("TET2", 3.8)),
    _feature("TP53", 0.017, 0.008, 0.039),
    _feature("PPM1D", 0.023, 0.016, 0.007),
    _feature("CBL", 0.008, 0.006, 0.043, **_with("ASXL1", 7.0)),
    _feature("IDH1", 0.002, 0.006, 0.014),
    _feature("IDH2", 0.008, 0, 0.011, **_with("SRSF2", 20.0)),
    _feature("NRAS", 0.001, 0, 0.029, **_with("ASXL1", 2.5)),
    _feature("KRAS", 0.002, 0.006, 0.022, **_with("ASXL1", 2.5)),
    _feature("RUNX1", 0.002, 0, 0.018),
    _feature("SETBP1", 0.001, 0, 0.015, VANNUCCHI_2013.chosen()),
    _feature("NF1", 0.005, 0.006, 0.011),
    _feature("PTPN11", 0.002, 0.006, 0.011),
    _feature("SH2B3", 0.005, 0.003, 0.004),
    _feature("GNAS", 0.002, 0.003, 0.014),
    _feature("STAG2", 0.001, 0.016, 0.007),
    _feature("BCOR", 0.001, 0.003, 0.007),
    _event("9pUPD", 0.031, 0.49, 0.31, label="9p UPD", **_with("JAK2", math.inf)),
    _feature("NFE2", 0.011, 0.045, 0.029, **_with("9pUPD", 5.0)),
    _event("+9", 0.004, 0.019, 0.014, **_with("JAK2", math.inf)),
    _event("1pUPD", 0.009, 0, 0.02, label="1p UPD", **_with("MPL", math.inf)),
    _event("19pUPD", 0.006, 0, 0.007, label="19p UPD", **_with("CALR", math.inf)),
    _event("20q-", 0.013, 0.02, 0.08, _KARYOTYPE, label="del(20q)"),
    _event("13q-", 0.004, 0.006, 0.06, _KARYOTYPE, label="del(13q)"),
    _event("+8", 0.007, 0.015, 0.035, _KARYOTYPE),
    _event("1q+", 0.002, 0.006, 0.035, _KARYOTYPE, label="gain 1q"),
    _event("7q-", 0.001, 0.01, 0.04, label="del(7q) or -7", **_with("EZH2", 8.0)),
    _event("17p-", 0.009, 0.002, 0.018, label="17p loss or UPD", **_with("TP53", 75.0)),
    _event("5q-", 0.003, 0.006, 0.011, label="del(5q)", **_with("TP53", 50.0)),
)  # fmt: skip

# Genes that the small panel of one centre does not hold.
NOT_ON_CORE_PANEL = ("PPM1D", "SH2B3", "NF1", "GNAS", "STAG2", "BCOR", "PTPN11")

MEDIAN_SURVIVAL_MONTHS = {"ET": 19.8 * 12, "PV": 13.5 * 12, "MF": 5.9 * 12}
MEDIAN_SURVIVAL_SOURCE = TEFFERI_2014
SURVIVAL_SHAPE = {"ET": 1.7, "PV": 1.7, "MF": 1.25}

_ET_PV, _ET, _PV, _MF = ("ET", "PV"), ("ET",), ("PV",), ("MF",)
_ATTENUATED = CERVANTES_2009.chosen()  # 2.9, 2.4, 1.8, 2.0 in IPSS, which has no genes

DEATH_EFFECTS: tuple[Effect, ...] = (
    Effect(Term(column="age_years", per=10, within=_ET_PV), 2.27, GRINFELD_2018),
    Effect(Term(column="age_years", per=10, within=_MF), 1.86, GRINFELD_2018),
    Effect(Term(column="sex", level="M", within=_ET), 1.8, TEFFERI_2020),
    Effect(Term(column="wbc_1e9_per_l", at_least=11, within=_ET), 1.6, TEFFERI_2020),
    Effect(Term(column="wbc_1e9_per_l", at_least=15, within=_PV), 2.8, TEFFERI_2020),
    Effect(Term(column="prior_thrombosis", at_least=1, within=_PV), 2.0, TEFFERI_2020),
    # Adverse mutations as one group in ET (2.4) and in PV (2.8), given to each of their genes.
    Effect(Term(feature="SF3B1", within=_ET), 2.4, TEFFERI_2020),
    Effect(Term(feature="SRSF2", within=_ET), 2.4, TEFFERI_2020),
    Effect(Term(feature="U2AF1", within=_ET), 2.4, TEFFERI_2020),
    Effect(Term(feature="TP53", within=_ET), 2.4, TEFFERI_2020),
    Effect(Term(feature="TP53", within=_PV), 2.4, TEFFERI_2020.chosen()),
    Effect(Term(feature="ASXL1", within=_PV), 2.8, TEFFERI_2016),
    Effect(Term(feature="SRSF2", within=_PV), 2.8, TEFFERI_2016),
    # High molecular risk genes: 1.9 for one of them, 3.8 for two, so 1.9 for each.
    Effect(Term(feature="ASXL1", within=_MF), 1.9, GUGLIELMELLI_2014),
    Effect(Term(feature="SRSF2", within=_MF), 1.9, GUGLIELMELLI_2014),
    Effect(Term(feature="EZH2", within=_MF), 1.9, GUGLIELMELLI_2014),
    Effect(Term(feature="IDH1", within=_MF), 1.9, GUGLIELMELLI_2014),
    Effect(Term(feature="IDH2", within=_MF), 1.9, GUGLIELMELLI_2014),
    Effect(Term(feature="TP53", within=_MF), 2.1, GRINFELD_2018),
    Effect(Term(feature="U2AF1", within=_MF), 1.4, GRINFELD_2018),
    Effect(Term(feature="CALR_type_1", within=_MF), 0.5, TEFFERI_2018),
    Effect(Term(column="driver", level="Triple-negative", within=_MF), 1.9, TEFFERI_2014.chosen()),
    Effect(Term(column="hb_g_per_l", below=100, within=_MF), 2.0, _ATTENUATED),
    Effect(Term(column="wbc_1e9_per_l", at_least=25, within=_MF), 2.0, _ATTENUATED),
    Effect(Term(column="blasts_pb_percent", at_least=1, within=_MF), 1.5, _ATTENUATED),
    Effect(Term(column="constitutional_symptoms", at_least=1, within=_MF), 1.6, _ATTENUATED),
    Effect(Term(column="fibrosis_grade", at_least=2, within=_MF), 1.6, GUGLIELMELLI_2017.chosen()),
)

# TP53 and ASXL1: Fine-Gray coefficients 1.936 and 1.127 beside age, planted as cause-specific.
AML_EFFECTS: tuple[Effect, ...] = (
    Effect(Term(column="age_years", per=10), 1.8, GRINFELD_2018.chosen()),
    Effect(Term(feature="TP53"), 6.9, GRINFELD_2018),
    Effect(Term(feature="ASXL1"), 3.1, GRINFELD_2018),
    Effect(Term(feature="SRSF2"), 2.5, VANNUCCHI_2013.chosen()),
    Effect(Term(feature="IDH2"), 2.5, VANNUCCHI_2013.chosen()),
    Effect(Term(column="driver", level="Triple-negative", within=_MF), 2.5, TEFFERI_2014.chosen()),
)

MF_EFFECTS: tuple[Effect, ...] = (
    Effect(Term(column="age_years", per=10), 1.6, GRINFELD_2018.chosen()),
    Effect(Term(feature="9pUPD"), 2.2, GRINFELD_2018.chosen()),
    Effect(Term(feature="SF3B1", within=_ET), 2.5, TEFFERI_2020.chosen()),
    Effect(Term(feature="U2AF1", within=_ET), 2.5, TEFFERI_2020.chosen()),
    Effect(Term(feature="ASXL1"), 2.0, TEFFERI_2016.chosen()),
    Effect(Term(column="wbc_1e9_per_l", at_least=15, within=_PV), 2.2, PASSAMONTI_2008.chosen()),
)

THROMBOSIS_EFFECTS: tuple[Effect, ...] = (
    # Estimated in ET; taken over for PV and MF.
    Effect(Term(column="age_years", at_least=61), 1.5, BARBUI_2012),
    Effect(Term(column="prior_thrombosis", at_least=1), 1.9, BARBUI_2012),
    Effect(Term(feature="JAK2", within=_ET), 2.0, BARBUI_2012),
    Effect(Term(feature="JAK2", within=_MF), 2.0, RUMI_2014.chosen()),
)

# Cumulative incidence with death competing: month, probability, source.
Target = tuple[float, float, Source]
AML_INCIDENCE: dict[str, Target] = {
    "ET": (120.0, 0.024, GRINFELD_2018),
    "PV": (120.0, 0.02, GRINFELD_2018.chosen()),
    "MF": (120.0, 0.116, GRINFELD_2018),
}
MF_INCIDENCE: dict[str, Target] = {
    "ET": (180.0, 0.054, GRINFELD_2018),
    "PV": (180.0, 0.06, PASSAMONTI_2008),
}

# Events per 100 patient-years of someone without any of the risk factors; low-risk ET has 1.03 by
# IPSET-thrombosis (Barbui 2012, read), where every patient carries some weight.
THROMBOSIS_RATE = {"ET": 0.9, "PV": 1.6, "MF": 1.0}

# Median survival after the event, in months: blast phase, and post-ET/PV myelofibrosis.
SURVIVAL_AFTER_AML_MONTHS = 5.0  # Tefferi 2018 Leukemia 32:1200, recalled
SURVIVAL_AFTER_MF_MONTHS = 9.3 * 12  # Passamonti 2017 Leukemia 31:2726 (MYSEC-PM), recalled

# Myelofibrosis at diagnosis: Tefferi 2012 Mayo Clin Proc 87:25, read: Hb below 100 g/L 38%,
# platelets below 100 18%, leukocytes above 25 13%, constitutional symptoms 29%.
SYMPTOMS = {"ET": 0.05, "PV": 0.1, "MF": 0.29}  # ET and PV chosen
SPLENOMEGALY = {"ET": 0.04, "PV": 0.47, "MF": 0.67}  # Grinfeld 2018, recomputed
PRIOR_THROMBOSIS = {"ET": 0.25, "PV": 0.16, "MF": 0.2}  # Grinfeld 2018, recomputed
MALE = {"ET": 0.41, "PV": 0.55, "MF": 0.63}  # Grinfeld 2018, recomputed
FIBROSIS_SHARES = {"0": 0.08, "1": 0.22, "2": 0.42, "3": 0.28}  # Guglielmelli 2017, size chosen

# Medians of age and blood counts by diagnosis and driver: Grinfeld 2018, recomputed, rounded.
AGE = {
    "ET:JAK2": 56, "ET:CALR": 51, "ET:MPL": 59, "ET:Triple-negative": 42, "PV:JAK2": 62,
    "MF:JAK2": 64, "MF:CALR": 56, "MF:MPL": 62, "MF:Triple-negative": 64,
}  # fmt: skip
HB = {
    "ET:JAK2": 144, "ET:CALR": 135, "ET:MPL": 130, "ET:Triple-negative": 135, "PV:JAK2": 179,
    "MF:JAK2": 120, "MF:CALR": 111, "MF:MPL": 100, "MF:Triple-negative": 107,
}  # fmt: skip
WBC = {
    "ET:JAK2": 9.6, "ET:CALR": 8.6, "ET:MPL": 8.9, "ET:Triple-negative": 8.3, "PV:JAK2": 10.6,
    "MF:JAK2": 11.1, "MF:CALR": 6.7, "MF:MPL": 7.4, "MF:Triple-negative": 15.0,
}  # fmt: skip
PLATELETS = {
    "ET:JAK2": 815, "ET:CALR": 990, "ET:MPL": 900, "ET:Triple-negative": 830, "PV:JAK2": 480,
    "MF:JAK2": 340, "MF:CALR": 355, "MF:MPL": 200, "MF:Triple-negative": 220,
}  # fmt: skip
