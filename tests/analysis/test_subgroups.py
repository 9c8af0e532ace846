"""Finding subgroups: planted groups come back, noise does not, order and seeds do not matter."""

import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from app.analysis.progress import Cancelled
from app.analysis.subgroups import (
    NO_ALTERATION,
    NOISE,
    NOT_TESTED,
    SubgroupError,
    SubgroupSettings,
    display_coordinates,
    find_subgroups,
    structure_evidence,
    subgroup_stability,
)

# Frequencies of the signature genes of each planted group; everything else is background.
SIGNATURES = {
    "one": {"A1": 0.95, "A2": 0.6, "A3": 0.5},
    "two": {"B1": 0.95, "B2": 0.6, "B3": 0.5},
    "three": {"C1": 0.95, "C2": 0.6, "A3": 0.4},
    "four": {"D1": 0.9, "D2": 0.7, "B3": 0.4},
}
SHARES = [0.4, 0.3, 0.2, 0.1]
BACKGROUND = 0.03
PREVIEW = SubgroupSettings(quality="preview")


def planted(n=600, n_unaltered=30, seed=0):
    """Patients of four groups with signatures of their own, and some without any alteration."""
    rng = np.random.default_rng(seed)
    genes = sorted({g for signature in SIGNATURES.values() for g in signature})
    genes += [f"X{number}" for number in range(12)]
    truth = rng.choice(list(SIGNATURES), size=n, p=SHARES)
    frequency = np.full((n, len(genes)), BACKGROUND)
    for group, signature in SIGNATURES.items():
        for gene, p in signature.items():
            frequency[truth == group, genes.index(gene)] = p
    bits = rng.random((n, len(genes))) < frequency
    bits = np.vstack([bits, np.zeros((n_unaltered, len(genes)), dtype=bool)])
    index = pd.Index([f"P{number:04d}" for number in range(len(bits))], name="patient_id")
    alterations = pd.DataFrame(bits, index=index, columns=genes).astype("boolean")
    truth = pd.Series([*truth, *["unaltered"] * n_unaltered], index=index)
    return alterations, truth


def independent(n=500, n_features=30, seed=0):
    rng = np.random.default_rng(seed)
    bits = rng.random((n, n_features)) < rng.uniform(0.02, 0.25, n_features)
    return pd.DataFrame(bits, columns=[f"G{number:02d}" for number in range(n_features)])


@pytest.fixture(scope="module")
def cohort():
    return planted()


@pytest.fixture(scope="module")
def standard(cohort):
    return find_subgroups(cohort[0], SubgroupSettings(seed=0))


def altered_in_both(labels, truth):
    return (truth != "unaltered") & (labels != NO_ALTERATION)


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_groups_come_back(cohort, seed):
    alterations, truth = cohort
    found = find_subgroups(alterations, SubgroupSettings(seed=seed, evidence=False))
    both = altered_in_both(found.labels, truth)
    assert adjusted_rand_score(truth[both], found.labels[both]) > 0.85


def test_the_preview_of_a_small_table_is_the_answer(cohort, standard):
    found = find_subgroups(cohort[0], PREVIEW)
    pd.testing.assert_series_equal(found.labels, standard.labels)
    pd.testing.assert_frame_equal(found.coordinates, standard.coordinates)
    assert "5 UMAP embeddings" in found.method
    assert found.evidence is None


def test_the_preview_of_a_large_table_has_fewer_maps():
    alterations, truth = planted(n=5000)
    found = find_subgroups(alterations, PREVIEW)
    both = altered_in_both(found.labels, truth)
    assert adjusted_rand_score(truth[both], found.labels[both]) > 0.7
    assert "5 UMAP embeddings" not in found.method


def test_groups_are_named_by_their_signatures(cohort, standard):
    _, truth = cohort
    assert len(set(standard.groups)) == len(standard.groups)
    home = pd.crosstab(truth, standard.labels).idxmax(axis=1)
    for group, gene in (("one", "A1"), ("two", "B1"), ("three", "C1"), ("four", "D1")):
        assert gene in home[group]
    assert home.nunique() == 5


def test_every_patient_has_a_group_a_place_and_a_confidence(cohort, standard):
    alterations, _ = cohort
    assert list(standard.labels.index) == list(alterations.index)
    assert standard.labels.notna().all()
    assert standard.coordinates.notna().all().all()
    assert standard.confidence.between(0, 1).all()
    assert standard.summary["n"].sum() == len(alterations)
    assert standard.summary["share"].sum() == pytest.approx(1)
    assert (
        standard.labels.value_counts()[standard.groups] == standard.summary["n"].to_list()
    ).all()


def test_patients_without_alterations_stand_apart(cohort, standard):
    alterations, _ = cohort
    without = ~alterations[list(standard.features)].any(axis=1)
    assert set(standard.labels[without]) == {NO_ALTERATION}
    assert NO_ALTERATION not in set(standard.labels[~without])
    assert standard.coordinates[without].drop_duplicates().shape == (1, 2)
    assert (
        standard.coordinates.loc[without, "y"].max() < standard.coordinates.loc[~without, "y"].min()
    )


def test_patients_with_the_same_alterations_share_group_and_place(cohort, standard):
    alterations, _ = cohort
    profile = alterations[list(standard.features)].astype(int).astype(str).agg("".join, axis=1)
    everything = standard.coordinates.assign(group=standard.labels, profile=profile)
    assert len(everything.drop_duplicates()) == everything["profile"].nunique()


def test_order_of_rows_and_columns_does_not_matter(cohort, standard):
    alterations, _ = cohort
    shuffled = alterations.sample(frac=1, random_state=3).sample(frac=1, axis=1, random_state=4)
    again = find_subgroups(shuffled, SubgroupSettings(seed=0))
    pd.testing.assert_series_equal(again.labels.loc[alterations.index], standard.labels)
    pd.testing.assert_frame_equal(again.coordinates.loc[alterations.index], standard.coordinates)
    pd.testing.assert_series_equal(again.confidence.loc[alterations.index], standard.confidence)
    pd.testing.assert_frame_equal(again.enrichment, standard.enrichment)
    assert again.evidence == standard.evidence


def test_two_seeds_agree(cohort, standard):
    other = find_subgroups(cohort[0], SubgroupSettings(seed=99, evidence=False))
    assert adjusted_rand_score(other.labels, standard.labels) > 0.85


def test_dtype_of_the_input_does_not_matter(cohort):
    alterations, _ = cohort
    nullable = find_subgroups(alterations, PREVIEW)
    for dtype in (bool, "int64", "float64", "Int8"):
        other = find_subgroups(alterations.astype(dtype), PREVIEW)
        pd.testing.assert_series_equal(other.labels, nullable.labels)


def test_structure_is_told_from_independence(standard):
    assert standard.evidence.kind == "structure"
    assert standard.evidence.ratio > 3
    noise = find_subgroups(independent(), SubgroupSettings())
    assert noise.evidence.kind == "none"
    assert len(noise.enrichment["group"].unique()) == 1
    assert any("No subgroups" in sentence for sentence in noise.warnings)


def test_exclusive_lesions_without_company_are_called_strata():
    rng = np.random.default_rng(5)
    driver = rng.choice(3, size=800, p=[0.65, 0.25, 0.1])
    bits = np.column_stack([driver[:, None] == np.arange(3), rng.random((800, 5)) < 0.06])
    found = find_subgroups(
        pd.DataFrame(bits, columns=["JAK2", "CALR", "MPL", *(f"X{i}" for i in range(5))])
    )
    assert {"JAK2", "CALR", "MPL"} <= set(found.groups)
    assert found.evidence.kind == "single lesions"
    assert "strata of single lesions" in found.evidence.verdict


def test_verdict_can_be_asked_for_later(cohort):
    alterations, _ = cohort
    preview = find_subgroups(alterations, PREVIEW)
    evidence = structure_evidence(alterations, PREVIEW, preview)
    assert evidence.kind == "structure"
    assert evidence.information > 3 * evidence.null_information


def test_stability_ranks_planted_groups_as_stable(cohort, standard):
    stability = subgroup_stability(cohort[0], SubgroupSettings(), n_resamples=4, result=standard)
    large = stability[stability["group"].isin(standard.summary.query("n > 100")["group"])]
    assert len(large) >= 3
    assert (large["verdict"] == "stable").all()
    assert stability["mean_jaccard"].between(0, 1).all()
    assert (stability["lowest_jaccard"] <= stability["mean_jaccard"] + 1e-12).all()


def test_untested_patients_are_placed_by_what_was_tested(cohort):
    alterations, truth = cohort
    holes = alterations.copy()
    rng = np.random.default_rng(8)
    lacking = pd.Index(rng.choice(holes.index[:600], size=60, replace=False))
    holes.loc[lacking, ["X0", "X1", "A3"]] = pd.NA
    holes.iloc[-5:] = pd.NA
    found = find_subgroups(holes, SubgroupSettings(evidence=False))
    assert set(found.labels.index[found.placed]) == set(lacking)
    assert set(found.labels[holes.isna().all(axis=1)]) == {NOT_TESTED}
    assert found.coordinates[holes.isna().all(axis=1)].isna().all().all()
    assert {"X0", "X1", "A3"} <= set(found.features)
    both = found.placed & altered_in_both(found.labels, truth)
    assert adjusted_rand_score(truth[both], found.labels[both]) > 0.7
    assert any("tests are missing for 60 patients of 630" in note for note in found.notes)
    assert any("5 patients tested for none" in note for note in found.notes)


def test_a_feature_untested_in_most_is_given_up_rather_than_the_patients(cohort):
    alterations, _ = cohort
    holes = alterations.copy()
    holes.loc[holes.index[:300], "X3"] = pd.NA
    found = find_subgroups(holes, PREVIEW)
    assert "X3" not in found.features
    assert not found.placed.any()
    assert any("X3" in note for note in found.notes if "not tested" in note)


def test_gene_and_refinement_are_one_event():
    alterations, _ = planted()
    carriers = alterations["A1"].fillna(value=False).to_numpy()
    rng = np.random.default_rng(2)
    first = rng.random(len(carriers)) < 0.5
    alterations["A1_type_1"] = carriers & first
    alterations["A1_type_2"] = carriers & ~first
    found = find_subgroups(alterations, PREVIEW)
    assert "A1" in found.features
    assert not any("type" in feature for feature in found.features)
    assert any("A1 stands for A1_type_1 and A1_type_2" in note for note in found.notes)


def test_enrichment_has_every_group_and_feature_with_intervals(standard):
    table = standard.enrichment
    groups = [group for group in standard.groups if group != NO_ALTERATION]
    assert len(table) == len(groups) * len(standard.features)
    assert (table["lower"] <= table["odds_ratio"]).all()
    assert (table["odds_ratio"] <= table["upper"]).all()
    assert (table["q_value"] >= table["p_value"]).all()
    top = table.groupby("group", sort=False).first()
    assert {"A1", "B1", "C1", "D1"} <= set(top["feature"])


def test_progress_ends_at_one_and_never_goes_back(cohort):
    told = []
    find_subgroups(cohort[0], PREVIEW, progress=lambda stage, part: told.append((stage, part)))
    parts = [part for _, part in told]
    assert parts == sorted(parts)
    assert parts[0] == 0
    assert parts[-1] == 1
    assert all(stage for stage, _ in told)


@pytest.mark.parametrize("after", [0, 3, 9])
def test_can_be_cancelled_between_stages(cohort, after):
    told = []

    def stop(stage, _part):
        told.append(stage)
        if len(told) > after:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_subgroups(cohort[0], SubgroupSettings(), stop)
    assert len(told) == after + 1


def test_plain_pipeline_for_comparison(cohort):
    alterations, truth = cohort
    found = find_subgroups(alterations, SubgroupSettings(quality="plain"))
    assert found.evidence is None
    assert found.summary["n"].sum() == len(alterations)
    ours = find_subgroups(alterations, SubgroupSettings(evidence=False))
    plain_agreement = adjusted_rand_score(truth, found.labels)
    assert adjusted_rand_score(truth, ours.labels) > plain_agreement
    assert "For comparison only" in found.method
    assert set(found.labels) - {NOISE}
    with pytest.raises(SubgroupError, match="plain pipeline"):
        structure_evidence(alterations, found.settings, found)


def test_plain_pipeline_may_find_nothing_but_noise():
    found = find_subgroups(independent(25, 8), SubgroupSettings(quality="plain"))
    assert found.groups == [NOISE]
    assert found.enrichment.empty


def test_results_travel_between_processes(standard):
    again = pickle.loads(pickle.dumps(standard))  # noqa: S301 - our own bytes
    pd.testing.assert_series_equal(again.labels, standard.labels)
    assert again.settings == standard.settings
    assert again.evidence == standard.evidence


def test_groups_can_be_renamed(standard):
    old = standard.groups[0]
    renamed = standard.renamed({old: "My group"})
    assert renamed.groups[0] == "My group"
    assert (renamed.labels == "My group").sum() == standard.summary["n"].iloc[0]
    assert "My group" in set(renamed.enrichment["group"])
    assert old in standard.groups
    with pytest.raises(SubgroupError, match="no group called"):
        standard.renamed({"nowhere": "x"})
    with pytest.raises(SubgroupError, match="name of its own"):
        standard.renamed({old: standard.groups[1]})


def test_settings_serve_as_keys_and_are_checked():
    settings = SubgroupSettings(quality="fine", seed=7, min_frequency=0.02, features=("A", "B"))
    again = SubgroupSettings(**json.loads(json.dumps(settings.to_dict())))
    assert again == settings
    assert {settings: 1}[again] == 1
    for wrong in ({"quality": "best"}, {"seed": -1}, {"min_frequency": 1.5}):
        with pytest.raises(SubgroupError):
            SubgroupSettings(**wrong)


def test_only_the_wanted_features_are_used(cohort):
    alterations, _ = cohort
    found = find_subgroups(
        alterations, SubgroupSettings(quality="preview", features=("B1", "A1", "B2"))
    )
    assert found.features == ("A1", "B1", "B2")
    frequent = find_subgroups(alterations, SubgroupSettings(quality="preview", min_frequency=0.2))
    share = alterations[list(frequent.features)].mean()
    assert (share >= 0.2).all()
    with pytest.raises(SubgroupError, match="no feature called"):
        find_subgroups(alterations, SubgroupSettings(features=("A1", "nowhere")))


def test_identical_patients_are_drawn_apart(cohort, standard):
    spread = display_coordinates(standard.coordinates)
    assert not spread.duplicated().any()
    again = display_coordinates(standard.coordinates.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(again.loc[spread.index], spread)
    assert len(spread) == len(cohort[0])


def frame(bits):
    bits = np.asarray(bits)
    return pd.DataFrame(bits, columns=[f"G{number:04d}" for number in range(bits.shape[1])])


RNG = np.random.default_rng(11)
UNANSWERABLE = {
    "ten patients": (frame(RNG.random((10, 6)) < 0.4), "at least 20 patients"),
    "one feature": (frame(RNG.random((90, 1)) < 0.4), "at least 2 features"),
    "one profile": (frame(np.tile([True, False, True], (60, 1))), "the same alterations"),
    "no alterations": (frame(np.zeros((60, 5), dtype=bool)), "carries any of the features"),
    "nothing tested": (
        frame(np.zeros((60, 5))).astype("boolean").mask(np.ones((60, 5), dtype=bool)),
        "was tested for any",
    ),
    "other values": (frame(np.full((60, 3), 2)), "other than altered"),
    "text": (frame(np.full((60, 3), "yes")), "other than altered"),
    "all too rare": (frame(np.eye(60, dtype=bool)), "at least 2 features"),
    "an empty table": (pd.DataFrame(), "at least 20 patients"),
}


@pytest.mark.parametrize("case", UNANSWERABLE)
def test_what_has_no_answer_is_refused_in_one_sentence(case):
    alterations, reason = UNANSWERABLE[case]
    with pytest.raises(SubgroupError, match=reason) as refusal:
        find_subgroups(alterations)
    sentence = str(refusal.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_repeated_patients_and_features_are_refused():
    table = frame(RNG.random((40, 4)) < 0.4)
    with pytest.raises(SubgroupError, match="more than once"):
        find_subgroups(table.set_axis([1] * 40, axis=0))
    with pytest.raises(SubgroupError, match="same name"):
        find_subgroups(table.set_axis(["A"] * 4, axis=1))


HALF_UNTESTED = frame(RNG.random((300, 12)) < 0.2).astype("boolean")
HALF_UNTESTED.iloc[:150] = pd.NA
ODD = {
    "two features": frame(RNG.random((200, 2)) < 0.3),
    "half of the patients untested": HALF_UNTESTED,
    "3,000 features": frame(RNG.random((150, 3000)) < 0.04),
    "nearly everything altered": frame(RNG.random((100, 15)) < 0.95),
    "twenty patients": frame(RNG.random((20, 8)) < 0.4),
    "two profiles": frame(np.tile(np.eye(2, dtype=bool), (50, 1))),
    "exclusive lesions": frame(np.eye(20, dtype=bool)[np.arange(400) % 20]),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_cohorts_are_answered_with_a_verdict_and_without_warnings(case):
    alterations = ODD[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_subgroups(alterations)
    assert found.summary["n"].sum() == len(alterations)
    assert found.evidence.kind != "structure"
    assert found.evidence.verdict.endswith(".")


def test_small_cohorts_are_called_exploratory():
    found = find_subgroups(planted(n=150, n_unaltered=5)[0], PREVIEW)
    assert any(sentence.startswith("Exploratory") for sentence in found.warnings)
    large = find_subgroups(planted(n=400)[0], PREVIEW)
    assert not any(sentence.startswith("Exploratory") for sentence in large.warnings)
