"""Published scores of MDS, CMML, MPN and CML, one table each.

Hb in g/dL, counts in 10⁹/L, blasts in %, age in years, spleen in cm below the costal margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np

from app.cohort.scores._definition import (
    Definition,
    Item,
    Nested,
    Step,
    Sum,
    above,
    at_least,
    bands,
    below,
    counted,
    yes,
)
from data_loaders.arrays import Floats

_R_BANDS = bands(
    ("Very Low", 1.5, "8.8 years"), ("Low", 3, "5.3 years"), ("Int", 4.5, "3.0 years"),
    ("High", 6, "1.6 years"), ("Very High", inf, "0.8 years"),
)  # fmt: skip
_R_ITEMS = (
    counted("cyto_ipssr", 1, 2, 3, 4),
    Item("bm_blasts", (Step(2, 1, ">"), Step(5, 2), Step(10, 3, ">"))),
    Item("hb", (Step(8, 1), Step(10, 0)), start=1.5),
    Item("platelets", (Step(50, 0.5), Step(100, 0)), start=1),
    below("anc", 0.8, 0.5),
)


def _age_adjusted(points: Floats, numbers: Mapping[str, Floats]) -> Floats:
    return points + (numbers["age"] - 70) * (0.05 - 0.005 * points)


_MYSEC = Sum({"age": lambda age: 0.15 * age})
_SOKAL = Sum(
    {
        "age": lambda age: 0.0116 * (age - 43.4),
        "spleen": lambda spleen: 0.0345 * (spleen - 7.51),
        "platelets": lambda platelets: 0.188 * ((platelets / 700) ** 2 - 0.563),
        "pb_blasts": lambda blasts: 0.0887 * (blasts - 2.10),
    },
    logarithm=True,
)
_EUTOS = Sum({"basophils": lambda basophils: 7 * basophils, "spleen": lambda spleen: 4 * spleen})
_ELTS = Sum(
    {
        "age": lambda age: 0.0025 * (age / 10) ** 3,
        "spleen": lambda spleen: 0.0615 * spleen,
        "pb_blasts": lambda blasts: 0.1052 * blasts,
        "platelets": lambda platelets: 0.4104 * (np.maximum(platelets, 1) / 1000) ** -0.5,
    }
)
_BELOW_08 = 0.8 - 1e-8  # 0.8 itself is intermediate, and so is 1.2
_DIPSS = (
    above("age", 65), yes("symptoms"), below("hb", 10, 2), above("wbc", 25),
    at_least("pb_blasts", 1),
)  # fmt: skip
_DIPSS_BANDS = bands(
    ("Low", 0, "not reached"), ("Int-1", 2, "14.2 years"), ("Int-2", 4, "4 years"),
    ("High", 6, "1.5 years"),
)  # fmt: skip
_PLUS_BANDS = bands(
    ("Low", 0, "185 months"), ("Int-1", 1, "78 months"), ("Int-2", 3, "35 months"),
    ("High", inf, "16 months"),
)  # fmt: skip
_PLUS_FURTHER = (below("platelets", 100), yes("transfusion"), yes("dipss_karyotype"))
_PLUS = "Gangat 2011, J Clin Oncol 29:392"


def _plus_rule(key: str, hb: float) -> Definition:
    items = (*_DIPSS[:2], below("hb", 10, hb), *_DIPSS[3:], *_PLUS_FURTHER)
    return Definition(key, "DIPSS-Plus", "Myelofibrosis", _PLUS_BANDS, _PLUS, "C", items)


_CPSS_GENETIC = (
    counted("cpss_karyotype", 1, 2), yes("ASXL1"), yes("NRAS"), yes("SETBP1"), yes("RUNX1", 2),
)  # fmt: skip

MYELOID = (
    Definition(
        "ipss_r", "IPSS-R", "MDS", _R_BANDS, "Greenberg 2012, Blood 120:2454", "A", _R_ITEMS,
    ),
    Definition(
        "ipss_ra", "IPSS-RA", "MDS", tuple(bands(*((b.name, b.upto, "") for b in _R_BANDS))),
        "Greenberg 2012, Blood 120:2454, adjusted for age", "A", _R_ITEMS, {"age": 1},
        _age_adjusted, outcome="", note="For survival alone, not for transformation to AML.",
    ),
    Definition(
        "dipss", "DIPSS", "Myelofibrosis", _DIPSS_BANDS, "Passamonti 2010, Blood 115:1703", "B",
        _DIPSS,
    ),
    Definition(
        "dipss_plus", "DIPSS-Plus", "Myelofibrosis", _PLUS_BANDS, _PLUS, "C",
        (Nested("DIPSS class", _DIPSS, (0, 1, 1, 2, 2, 3, 3)), *_PLUS_FURTHER),
        other_rules=(
            ("eight factors, one point each", _plus_rule("dipss_plus_a", 1)),
            ("eight factors, haemoglobin two points", _plus_rule("dipss_plus_c", 2)),
        ),
        note="Three counting rules are printed; here the DIPSS class counts 0 to 3, as the "
        "abstract says. Where the others give another class, it is shown beside.",
    ),
    Definition(
        "mipss70", "MIPSS70", "Myelofibrosis",
        bands(("Low", 1, "27.7 years"), ("Int", 4, "7.1 years"), ("High", 12, "2.3 years")),
        "Guglielmelli 2018, J Clin Oncol 36:310", "B",
        (
            below("hb", 10), above("wbc", 25, 2), below("platelets", 100, 2),
            at_least("pb_blasts", 2), at_least("fibrosis", 2), yes("symptoms"),
            below("calr_type1", 1), counted("hmr", 1, 3),
        ),
        note="Made for patients up to 70 years. One table prints blasts above 2%, two from 2%.",
    ),
    Definition(
        "mipss70_plus", "MIPSS70+", "Myelofibrosis",
        bands(
            ("Low", 2, "20.0 years"), ("Int", 3, "6.3 years"), ("High", 6, "3.9 years"),
            ("Very high", 11, "1.7 years"),
        ),
        "Guglielmelli 2018, J Clin Oncol 36:310", "C",
        (
            below("hb", 10), at_least("pb_blasts", 2), yes("symptoms"),
            below("calr_type1", 1, 2), counted("hmr", 1, 3), yes("mf_karyotype", 3),
        ),
        note="Made for patients up to 70 years.",
    ),
    Definition(
        "mipss70_plus_v2", "MIPSS70+ v2.0", "Myelofibrosis",
        bands(
            ("Very low", 0, "not reached"), ("Low", 2, "10.3 years"), ("Int", 4, "7.0 years"),
            ("High", 8, "3.5 years"), ("Very high", 14, "1.8 years"),
        ),
        "Tefferi 2018, J Clin Oncol 36:1769", "B",
        (
            counted("mf_karyotype", 3, 4), counted("hmr_q157", 2, 3), below("calr_type1", 1, 2),
            yes("symptoms", 2), counted("anaemia", 1, 2), at_least("pb_blasts", 2),
        ),
        outcome="median overall survival, all ages",
    ),
    Definition(
        "gipss", "GIPSS", "Myelofibrosis",
        bands(
            ("Low", 0, "26.4 years"), ("Int-1", 1, "8.0 years"), ("Int-2", 2, "4.2 years"),
            ("High", 6, "2.0 years"),
        ),
        "Tefferi 2018, Leukemia 32:1631", "B",
        (
            counted("mf_karyotype", 1, 2), below("calr_type1", 1), yes("ASXL1"), yes("SRSF2"),
            yes("U2AF1_Q157"),
        ),
    ),
    Definition(
        "mysec_pm", "MYSEC-PM", "Myelofibrosis after ET or PV",
        bands(
            ("Low", 11, "not reached"), ("Int-1", 14, "9.3 years"), ("Int-2", 16, "4.4 years"),
            ("High", inf, "2.0 years"),
        ),
        "Passamonti 2017, Leukemia 31:2726", "B",
        (
            below("hb", 11, 2), below("platelets", 150), at_least("pb_blasts", 3, 2),
            below("CALR", 1, 2), yes("symptoms"),
        ),
        {"age": 1}, _MYSEC, closed="above",
    ),
    Definition(
        "mtss", "MTSS", "Myelofibrosis, transplant",
        bands(
            ("Low", 2, "83%"), ("Intermediate", 4, "64%"), ("High", 5, "37%"),
            ("Very high", 9, "22%"),
        ),
        "Gagelmann 2019, Blood 133:2233", "A",
        (
            below("platelets", 150), above("wbc", 25), below("karnofsky", 90),
            at_least("age", 57), yes("hla_mismatched", 2), below("calr_or_mpl", 1, 2),
            yes("ASXL1"),
        ),
        outcome="5-year overall survival after transplant",
    ),
    Definition(
        "ipset_survival", "IPSET-survival", "Essential thrombocythaemia",
        bands(("Low", 0, "not reached"), ("Int", 2, "24.5 years"), ("High", 4, "13.8 years")),
        "Passamonti 2012, Blood 120:1197", "A",
        (at_least("age", 60, 2), at_least("wbc", 11), yes("prior_thrombosis")),
    ),
    Definition(
        "ipset_thrombosis", "IPSET-thrombosis", "Essential thrombocythaemia",
        bands(
            ("Low", 1, "1.03% a year"), ("Int", 2, "2.35% a year"), ("High", 6, "3.56% a year")
        ),
        "Barbui 2012, Blood 120:5128", "A",
        (above("age", 60), yes("prior_thrombosis", 2), yes("cv_risk"), yes("JAK2_V617F", 2)),
        outcome="thrombosis per patient-year",
    ),
    Definition(
        "cpss_mol", "CPSS-Mol", "CMML",
        bands(
            ("Low", 0, "not reached"), ("Int-1", 1, "64 months"), ("Int-2", 3, "37 months"),
            ("High", inf, "18 months"),
        ),
        "Elena 2016, Blood 128:1408", "D",
        (
            Nested("Genetic group", _CPSS_GENETIC, (0, 1, 2, 3)), at_least("bm_blasts", 5),
            at_least("wbc", 13), yes("transfusion"),
        ),
        other_rules=(
            (
                "gene points straight into the total, white cells above 13",
                Definition(
                    "cpss_mol_b", "CPSS-Mol", "CMML",
                    bands(("Low", 0, ""), ("Int-1", 1, ""), ("Int-2", 3, ""), ("High", inf, "")),
                    "a protocol page", "D",
                    (*_CPSS_GENETIC, at_least("bm_blasts", 5), above("wbc", 13),
                     yes("transfusion")),
                ),
            ),
        ),
        note="The points were not read in print; where a second printed rule gives another "
        "class, it is shown beside.",
    ),
    # ELTS first: ELN 2020 prefers it (Hochhaus, Leukemia 34:966).
    Definition(
        "elts", "ELTS", "CML",
        bands(("Low", 1.568, ""), ("Intermediate", 2.2185, ""), ("High", inf, "")),
        "Pfirrmann 2016, Leukemia 30:48", "B", (),
        {"age": 1, "spleen": 1, "pb_blasts": 1, "platelets": -1}, _ELTS, outcome="",
    ),
    Definition(
        "sokal", "Sokal", "CML",
        bands(("Low", _BELOW_08, ""), ("Intermediate", 1.2, ""), ("High", inf, "")),
        "Sokal 1984, Blood 63:789", "B", (),
        {"age": 1, "spleen": 1, "platelets": 1, "pb_blasts": 1}, _SOKAL, outcome="",
        note="What its inputs contribute adds up to the logarithm of the score.",
    ),
    Definition(
        "eutos", "EUTOS", "CML", bands(("Low", 87, ""), ("High", inf, "")),
        "Hasford 2011, Blood 118:686", "B", (), {"basophils": 1, "spleen": 1}, _EUTOS, outcome="",
    ),
)  # fmt: skip
