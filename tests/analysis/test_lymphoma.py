"""A lymphoma: its table is read as one, and planted genetic classes come back as subgroups.

Classes and their leading lesions follow the genetic subtypes of diffuse large B-cell lymphoma
(Schmitz 2018, Chapuy 2018, Wright 2020); the shares are rounded and stand for the simulation only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from app.analysis.subgroups import SubgroupSettings, find_subgroups
from data_loaders import Cohort, load_table_bytes

SHARES = {"MCD": 0.24, "BN2": 0.20, "EZB": 0.26, "ST2": 0.12, "A53": 0.18}
LESIONS = {
    "MCD": {"MYD88": 0.80, "CD79B": 0.70, "PIM1": 0.65, "HLA-B": 0.35, "CDKN2A_del": 0.60,
            "PRDM1": 0.40},
    "BN2": {"BCL6_translocation": 0.75, "NOTCH2": 0.45, "TNFAIP3": 0.50, "DTX1": 0.40,
            "CD70": 0.35, "BCL10": 0.40},
    "EZB": {"BCL2_translocation": 0.70, "EZH2": 0.45, "KMT2D": 0.65, "CREBBP": 0.60,
            "TNFRSF14": 0.55, "BCL2": 0.60},
    "ST2": {"SGK1": 0.80, "TET2": 0.50, "SOCS1": 0.60, "STAT3": 0.30, "NFKBIA": 0.40},
    "A53": {"TP53": 0.90, "del(17p)": 0.75, "del(1p)": 0.30, "+3q": 0.30, "B2M": 0.25},
}  # fmt: skip
ELSEWHERE = {"KMT2D": 0.22, "PIM1": 0.12, "TP53": 0.08, "CREBBP": 0.08, "TET2": 0.06}
_RARE = 0.03


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(2018)
    classes = rng.choice(list(SHARES), size=500, p=list(SHARES.values()))
    features = list(dict.fromkeys(name for own in LESIONS.values() for name in own))
    chance = np.array(
        [[LESIONS[c].get(name, ELSEWHERE.get(name, _RARE)) for name in features] for c in classes]
    )
    frame = pd.DataFrame((rng.random(chance.shape) < chance).astype(int), columns=features)
    frame.insert(0, "patient_id", [f"L{i:03d}" for i in range(len(frame))])
    frame.insert(1, "diagnosis", rng.choice(["DLBCL", "FL"], len(frame), p=[0.9, 0.1]))
    frame["os_months"] = rng.exponential(60, len(frame)).round(1) + 0.1
    frame["os_event"] = rng.integers(0, 2, len(frame))
    frame["lymphgen"] = classes
    return frame


@pytest.fixture(scope="module")
def cohort(table: pd.DataFrame) -> Cohort:
    return load_table_bytes("dlbcl.csv", table.to_csv(index=False).encode())


def test_genes_are_genes_and_translocations_are_cytogenetics(cohort: Cohort):
    kinds = cohort.features["kind"]
    for gene in ("MYD88", "CD79B", "EZH2", "BCL2", "NOTCH2", "TNFRSF14"):
        assert kinds[gene] == "gene"
    for event in ("BCL2_translocation", "BCL6_translocation", "CDKN2A_del", "del(17p)"):
        assert kinds[event] == "cytogenetic"
    assert cohort.features.loc["BCL2_translocation", "label"] == "BCL2 translocation"
    assert cohort.variables["diagnosis"].role == "disease"
    assert "os" in cohort.endpoints


def test_planted_classes_come_back_as_subgroups(cohort: Cohort, table: pd.DataFrame):
    found = find_subgroups(cohort.alterations, SubgroupSettings(quality="preview", seed=0))
    truth = table.set_index("patient_id")["lymphgen"].reindex(found.labels.index)
    assert adjusted_rand_score(truth, found.labels) > 0.6
    leading = found.enrichment.sort_values("p_value").groupby("group")["feature"].first()
    own = {name: next(c for c in LESIONS if name in LESIONS[c]) for name in leading}
    assert len(set(own.values())) >= 4, leading
