"""Subgroups of published cohorts against their published classes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analysis.subgroups import SubgroupSettings, concordance, find_subgroups
from benchmarks.subgroups import aml_papaemmanuil, mpn_grinfeld

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def mpn(public_cohorts: Path):
    return mpn_grinfeld(public_cohorts / "mpn_grinfeld_2018")


@pytest.fixture(scope="module")
def aml(public_cohorts: Path):
    pytest.importorskip("rdata", reason="the clinical table is an R file: pip install rdata")
    return aml_papaemmanuil(public_cohorts / "aml_papaemmanuil_2016")


def shuffled(alterations: pd.DataFrame) -> pd.DataFrame:
    return alterations.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)


def test_mpn_features_and_classes_are_those_of_the_reference(mpn):
    assert mpn.alterations.shape == (1875, 53)
    assert mpn.classes.value_counts()[["JAK2 heterozygous", "CALR", "MPL"]].tolist() == [
        736, 328, 56,
    ]  # fmt: skip


def test_mpn_classes_come_back_as_strata_of_single_lesions(mpn):
    found = find_subgroups(mpn.alterations, SubgroupSettings(seed=0))
    agreement = concordance(found.labels, mpn.classes, mpn.indefinite)
    assert agreement.ari >= 0.82
    assert agreement.ami >= 0.73
    assert {"JAK2", "CALR", "MPL", "JAK2 + 9pUPD"} <= set(found.groups)
    assert found.evidence.kind == "single lesions"
    assert "strata of single lesions" in found.evidence.verdict
    assert len(found.features) == 27
    again = find_subgroups(shuffled(mpn.alterations), SubgroupSettings(seed=0, evidence=False))
    pd.testing.assert_series_equal(again.labels.loc[found.labels.index], found.labels)


def test_confidence_of_patients_with_untested_cells_holds(mpn):
    rng = np.random.default_rng(0)
    hidden = rng.random(mpn.alterations.shape) < 0.25
    hidden &= (rng.random(len(mpn.alterations)) < 0.15)[:, None]
    untested = mpn.alterations.mask(hidden)
    settings = SubgroupSettings(seed=0, evidence=False)
    before, after = (find_subgroups(table, settings) for table in (mpn.alterations, untested))
    together = pd.crosstab(after.labels[~after.placed], before.labels[~after.placed])
    same = after.labels.map(together.idxmax(axis=1)) == before.labels
    sure = after.placed & (after.confidence >= 0.9)
    assert sure.sum() > 50
    assert same[sure].mean() > 0.9
    assert same[after.placed].mean() > 0.7


def test_aml_classes_come_back(aml):
    assert aml.alterations.shape == (1540, 85)
    assert aml.alterations.isna().any(axis=1).sum() == 295
    found = find_subgroups(aml.alterations, SubgroupSettings(seed=0))
    agreement = concordance(found.labels, aml.classes, aml.indefinite)
    assert agreement.n == 1256
    assert agreement.ari >= 0.85
    assert agreement.ami >= 0.83
    assert found.evidence.kind == "structure"
    other = find_subgroups(aml.alterations, SubgroupSettings(seed=1, evidence=False))
    assert concordance(other.labels, found.labels).ari >= 0.88


def test_permuted_aml_gives_at_most_three_groups(aml):
    rng = np.random.default_rng(0)
    permuted = aml.alterations.apply(lambda column: rng.permutation(column.to_numpy()))
    found = find_subgroups(permuted.astype("boolean"), SubgroupSettings(evidence=False))
    assert len(found.summary) <= 3
