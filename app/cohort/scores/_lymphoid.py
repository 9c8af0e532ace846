"""Published scores of lymphoid neoplasms, and the comorbidity index before transplant."""

from __future__ import annotations

from math import inf

import numpy as np

from app.cohort.scores._definition import (
    Definition,
    Item,
    Step,
    Sum,
    above,
    at_least,
    bands,
    below,
    yes,
)

_LEAST = 0.001  # a count of zero has no logarithm


# White cells enter per microlitre; the cohort's are in 10⁹/L.
_MIPI = Sum(
    {
        "age": lambda age: 0.03535 * age,
        "ldh_ratio": lambda ldh: 1.367 * np.log10(np.maximum(ldh, _LEAST)),
        "wbc": lambda cells: 0.9393 * np.log10(1000 * np.maximum(cells, _LEAST)),
    },
    weight=0.6978,
)
_IPI = (
    above("age", 60), at_least("stage", 3), at_least("ecog", 2), above("ldh_ratio", 1),
    above("extranodal_sites", 1),
)  # fmt: skip
_DLBCL = "Diffuse large B-cell lymphoma"
# Sorror 2005, the weight of each comorbidity.
_HCT_CI = {
    1: (
        "arrhythmia", "cardiac", "inflammatory_bowel", "diabetes", "cerebrovascular",
        "psychiatric", "hepatic_mild", "obesity", "infection",
    ),
    2: ("rheumatologic", "peptic_ulcer", "renal", "pulmonary_moderate"),
    3: ("prior_tumour", "heart_valve", "pulmonary_severe", "hepatic_severe"),
}  # fmt: skip

LYMPHOID = (
    Definition(
        "cll_ipi", "CLL-IPI", "CLL",
        bands(
            ("Low", 1, "93.2%"), ("Intermediate", 3, "79.3%"), ("High", 6, "63.3%"),
            ("Very high", 10, "23.3%"),
        ),
        "International CLL-IPI working group 2016, Lancet Oncol 17:779", "B",
        (
            yes("tp53_disrupted", 4), yes("ighv_unmutated", 2), above("b2m", 3.5, 2),
            yes("cll_stage"), above("age", 65),
        ),
        outcome="5-year overall survival",
    ),
    Definition(
        "ipi", "IPI", _DLBCL,
        bands(
            ("Low", 1, ""), ("Low-intermediate", 2, ""), ("High-intermediate", 3, ""),
            ("High", 5, ""),
        ),
        "International NHL project 1993, N Engl J Med 329:987", "B", _IPI, outcome="",
    ),
    Definition(
        "r_ipi", "R-IPI", _DLBCL,
        bands(("Very good", 0, ""), ("Good", 2, ""), ("Poor", 5, "")),
        "Sehn 2007, Blood 109:1857", "B", _IPI, outcome="",
    ),
    Definition(
        "nccn_ipi", "NCCN-IPI", _DLBCL,
        bands(
            ("Low", 1, "96%"), ("Low-intermediate", 3, "82%"), ("High-intermediate", 5, "64%"),
            ("High", 8, "33%"),
        ),
        "Zhou 2014, Blood 123:837", "B",
        (
            Item("age", (Step(40, 1, ">"), Step(60, 2, ">"), Step(75, 3, ">"))),
            Item("ldh_ratio", (Step(1, 1, ">"), Step(3, 2, ">"))),
            at_least("stage", 3), at_least("ecog", 2), yes("major_extranodal"),
        ),
        outcome="5-year overall survival",
    ),
    Definition(
        "flipi", "FLIPI", "Follicular lymphoma",
        bands(("Low", 1, ""), ("Intermediate", 2, ""), ("High", 5, "")),
        "Solal-Céligny 2004, Blood 104:1258", "B",
        (
            above("age", 60), at_least("stage", 3), below("hb", 12), above("nodal_areas", 4),
            above("ldh_ratio", 1),
        ),
        outcome="",
    ),
    Definition(
        "mipi", "MIPI", "Mantle cell lymphoma",
        bands(("Low", 5.7, ""), ("Intermediate", 6.2, ""), ("High", inf, "")),
        "Hoster 2008, Blood 111:558", "B", (above("ecog", 1),),
        {"age": 1, "ldh_ratio": 1, "wbc": 1}, _MIPI, closed="above", outcome="",
        note="The white count enters per microlitre: calculators that take 10⁹/L are wrong.",
    ),
    Definition(
        "hct_ci", "HCT-CI", "Before transplant",
        bands(("0", 0, ""), ("1-2", 2, ""), (">=3", inf, "")),
        "Sorror 2005, Blood 106:2912", "B",
        tuple(yes(name, weight) for weight, names in _HCT_CI.items() for name in names),
        outcome="",
        note="The bounds of severe pulmonary disease and of obesity are printed both with and "
        "without the value itself; here obesity is a BMI above 35.",
    ),
)  # fmt: skip
