"""Nearest patients: distances against SciPy and an independent Gower, properties, real cohorts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jaccard
from scipy.stats import rankdata

from app.views.patient.similar.analysis import (
    MIN_NEIGHBOURS,
    SimilaritySettings,
    distances,
    reference_medians,
    similar_patients,
)
from app.views.patient.similar.outcomes import own_course
from app.views.patient.similar.profiles import default_variables, profile_variables, profiles_of
from app.views.patient.similar.words import neighbour_table, shared_table, similarity_reading
from data_loaders import Cohort, CohortError, Variable, load_cohort
from tests.builders import AGE, DIAGNOSIS, OS, make_cohort


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


def gower_by_hand(cohort: Cohort, names: list[str], a: int, b: int) -> float:
    """Gower's distance written out patient by patient from the cohort's own columns."""
    parts = []
    for name in names:
        variable, column = cohort.variables[name], cohort.patients[name]
        if pd.isna(column.iloc[a]) or pd.isna(column.iloc[b]):
            continue
        if variable.kind == "numeric":
            ranks = pd.Series(rankdata(column.dropna().astype(float)), column.dropna().index)
            spread = ranks.max() - ranks.min()
            parts.append(abs(ranks[column.index[a]] - ranks[column.index[b]]) / spread)
        elif variable.kind == "ordinal":
            levels = [str(level) for level in variable.levels]
            gap = levels.index(str(column.iloc[a])) - levels.index(str(column.iloc[b]))
            parts.append(abs(gap) / (len(levels) - 1))
        else:
            parts.append(float(column.iloc[a] != column.iloc[b]))
    return float(np.mean(parts))


def test_alterations_are_jaccards_distance_over_those_tested_in_both(mds: Cohort):
    profiles = profiles_of(mds)
    rows = np.arange(0, mds.n, 97)
    found = distances(profiles, rows, rows, 0.5).alterations
    states = mds.states[:, mds.alterations.columns.get_indexer(list(profiles.features))]
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            joint = (states[a] >= 0) & (states[b] >= 0)
            expected = jaccard(states[a][joint] == 1, states[b][joint] == 1)
            assert found[i, j] == pytest.approx(expected, abs=1e-6)


def test_clinical_values_are_gowers_distance_over_those_known_in_both(mds: Cohort):
    names = default_variables(mds)
    rows = np.array([0, 16, 500, 999, mds.n - 1])
    found = distances(profiles_of(mds), rows, rows, 0.5).clinical
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            assert found[i, j] == pytest.approx(gower_by_hand(mds, names, a, b), abs=1e-5)


def test_distances_are_symmetric_between_0_and_1_and_0_to_oneself(mds: Cohort):
    rows = np.arange(0, mds.n, 13)
    for weight in (0.0, 0.5, 1.0):
        found = distances(profiles_of(mds), rows, rows, weight).combined
        np.testing.assert_allclose(found, found.T, atol=2e-6)
        assert np.nanmin(found) >= 0
        assert np.nanmax(found) <= 1
        np.testing.assert_allclose(np.diag(found)[np.isfinite(np.diag(found))], 0, atol=1e-6)


def test_the_triangle_holds_where_everything_is_known():
    rng = np.random.default_rng(3)
    n = 40
    names = [f"G{i}" for i in range(8)]
    toy = make_cohort(
        {
            "age_years": list(rng.normal(60, 12, n)),
            "diagnosis": list(rng.choice(["A", "B", "C"], n)),
        },
        {name: list(rng.random(n) < 0.3) for name in names},
        (AGE, DIAGNOSIS),
    )
    d = distances(profiles_of(toy), np.arange(n), np.arange(n), 0.5).combined
    assert (d[:, None, :] <= d[:, :, None] + d[None, :, :] + 1e-5).all()


def test_neighbours_are_the_smallest_distances_of_a_full_search(mds: Cohort):
    mask = everyone(mds)
    mask[::7] = False
    found = similar_patients(mds, mask, 16)
    all_of_them = distances(profiles_of(mds), np.array([16]), np.arange(mds.n), 0.5).combined[0]
    others = [i for i in np.flatnonzero(mask) if i != 16 and np.isfinite(all_of_them[i])]
    expected = sorted(others, key=lambda i: (all_of_them[i], i))[:25]
    assert found.neighbours.tolist() == expected
    assert found.compared == len(others)
    assert (np.diff(found.distance) >= 0).all()


def test_the_order_of_the_patients_does_not_change_the_distances(mds: Cohort):
    order = np.random.default_rng(1).permutation(mds.n)
    turned = Cohort(
        name=mds.name,
        patients=mds.patients.iloc[order],
        alterations=mds.alterations.iloc[order],
        features=mds.features,
        endpoints=mds.endpoints,
        variables=mds.variables,
        provenance=mds.provenance,
    )
    here = similar_patients(mds, everyone(mds), 16)
    there = similar_patients(turned, everyone(mds), int(np.flatnonzero(order == 16)[0]))
    np.testing.assert_allclose(here.distance, there.distance, atol=2e-6)
    assert here.typicality.median == pytest.approx(there.typicality.median, abs=1e-6)


def test_a_twin_is_the_nearest_and_untested_is_not_absent():
    tested = [True, True, False, False, False, False]
    unlike = [False, False, True, True, True, True]
    rows = [tested, tested, [True, None, None, None, None, None], *[unlike] * 12]
    names = [f"G{i}" for i in range(6)]
    toy = make_cohort(
        {"age_years": [60.0] * 2 + [40.0] * 13},
        {name: [row[i] for row in rows] for i, name in enumerate(names)},
        (AGE,),
    )
    settings = SimilaritySettings(neighbours=10, alterations=1.0)
    found = similar_patients(toy, everyone(toy), 0, settings)
    assert found.neighbours[0] == 1
    assert found.distance[0] == 0
    assert found.not_comparable == 1  # tested for one gene only
    assert found.tied == 12 - 9
    shared = shared_table(toy, everyone(toy), found).set_index("what")
    assert shared.loc["G0", "neighbours"] == "1 of 10 (10%)"
    assert shared.loc["G1", "selected"] == "2 of 14 (14%)"


def test_outcomes_and_treatments_never_take_part():
    for key in ("demo:mpn", "demo:mds", "demo:aml"):
        cohort = load_cohort(key)
        roles = {cohort.variables[name].role for name in profile_variables(cohort)}
        assert roles <= {"demographic", "disease", "laboratory", "clinical"}
        taken = {c for e in cohort.endpoints.values() for c in (e.time, e.event, e.competing)}
        assert not taken & set(profile_variables(cohort))
    with pytest.raises(CohortError, match="cannot be compared by"):
        profiles_of(cohort, ["os_months"])


def test_too_few_or_too_little_known_is_a_sentence(mds: Cohort):
    few = np.arange(mds.n) < MIN_NEIGHBOURS
    with pytest.raises(ValueError, match="widen the filter"):
        similar_patients(mds, few, 0)
    blank = make_cohort(
        {"age_years": [None] + [50.0 + i for i in range(20)]},
        {"TP53": [None] + [i % 2 == 0 for i in range(20)]},
        (AGE,),
    )
    with pytest.raises(ValueError, match="Too little is known"):
        similar_patients(blank, everyone(blank), 0)


def test_nothing_shared_is_said_and_not_counted_as_a_reason():
    n = 20
    toy = make_cohort(
        {"age_years": [50.0] * n},
        {"RARE": [True] + [False] * (n - 1), **{f"G{i}": [False] * (n - 1) + [True]
                                                for i in range(5)}},
        (Variable("age_years", "Age", "numeric", role="demographic"),),
    )  # fmt: skip
    settings = SimilaritySettings(neighbours=10, alterations=1.0)
    words = " ".join(similarity_reading(toy, similar_patients(toy, everyone(toy), 0, settings)))
    assert "None of these 10 shares RARE." in words


def test_typicality_orders_the_common_before_the_odd():
    n = 60
    common = [[True, False, False, False, False]] * (n - 1)
    odd = [False, True, True, True, True]
    rows = [*common, odd]
    toy = make_cohort(
        {"age_years": list(np.linspace(40, 80, n))},
        {f"G{i}": [row[i] for row in rows] for i in range(5)},
        (AGE,),
    )
    medians = reference_medians(toy, everyone(toy), SimilaritySettings(neighbours=10))
    assert (np.diff(medians) >= 0).all()
    settings = SimilaritySettings(neighbours=10)
    usual = similar_patients(toy, everyone(toy), n // 2, settings).typicality
    strange = similar_patients(toy, everyone(toy), n - 1, settings).typicality
    assert usual.share > 0.4
    assert strange.share < 0.05
    assert strange.median > usual.median


def test_what_happened_is_told_of_each_neighbour_and_of_the_patient():
    n = 12
    toy = make_cohort(
        {
            "age_years": [float(60 + i) for i in range(n)],
            "os_months": [24.0] * n,
            "os_event": [1.0, 0.0] * (n // 2),
        },
        {"TP53": [True] * n},
        (AGE,),
        (OS,),
    )
    found = similar_patients(toy, everyone(toy), 0, SimilaritySettings(neighbours=10))
    told = neighbour_table(toy, found, "os")
    assert told["What happened"].tolist()[:2] == ["alive at 2.0 years", "death at 2.0 years"]
    own = own_course(toy, 0, "os")
    assert own is not None
    assert own.words() == "Patient 1: death at 2.0 years"
    assert "What happened" not in neighbour_table(toy, found, None)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["aml_papaemmanuil_2016", "laml_tcga_2013"])
def test_published_cohorts_have_nearest_patients_in_words(public_cohorts: Path, name: str):
    cohort = load_cohort(public_cohorts / name)
    found = similar_patients(cohort, everyone(cohort), 16)
    assert len(found.neighbours) == 25
    assert 16 not in found.neighbours
    words = " ".join(similarity_reading(cohort, found))
    assert f"of {found.compared:,} compared" in words
    assert cohort.patients.index[16] not in words
    profiles = profiles_of(cohort)
    nearest = np.array([16, *found.neighbours[:5]])
    states = profiles.altered[nearest] == 1
    tested = profiles.tested[nearest] == 1
    by_hand = [
        jaccard(states[0][tested[0] & tested[i]], states[i][tested[0] & tested[i]])
        for i in range(1, 6)
    ]
    np.testing.assert_allclose(found.alteration_distance[:5], by_hand, atol=1e-6)


def test_what_everybody_carries_is_no_likeness():
    cohort = load_cohort("demo:cml")
    found = similar_patients(cohort, everyone(cohort), 0, SimilaritySettings())
    assert "BCR::ABL1" not in " ".join(similarity_reading(cohort, found))
