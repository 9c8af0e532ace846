"""The parts of the subgroup search, each against an independent answer."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist, squareform
from scipy.stats import beta as beta_distribution
from scipy.stats import chi2_contingency, fisher_exact
from sklearn.metrics import adjusted_rand_score

from app.analysis.subgroups import (
    SubgroupError,
    batch_check,
    concordance,
    display_coordinates,
)
from app.analysis.subgroups._agreement import cramers_v
from app.analysis.subgroups._describe import (
    enrichment,
    fusions,
    group_names,
    mixtures,
)
from app.analysis.subgroups._evidence import judge
from app.analysis.subgroups._features import features_worth_keeping, required_carriers
from app.analysis.subgroups._refinements import count_events_once
from app.analysis.subgroups._search import numba_cache
from app.analysis.subgroups._search.consensus import (
    affinity,
    agreement,
    by_size,
    co_association,
    consensus,
)
from app.analysis.subgroups._search.information import Information, information
from app.analysis.subgroups._search.kernels import average_linkage_cut
from app.analysis.subgroups._search.lesions import gather_fusions
from app.analysis.subgroups._search.merge import (
    ABSENCE_WEIGHT,
    PRIOR_WEIGHT,
    Model,
    fit_mixture,
    fit_model,
    merge_partition,
)
from app.analysis.subgroups._search.partitions import density_partitions, weighted_core_distances
from app.analysis.subgroups._search.placement import nearest_profile, place
from app.analysis.subgroups._search.profiles import collapse, jaccard_neighbours
from app.analysis.subgroups._search.search import MAX_MAPPED_PROFILES, landmark_counts
from app.analysis.subgroups._settings import EFFORTS


def blobs(n, n_blobs, seed):
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-10, 10, (n_blobs, 2))
    return centres[rng.integers(n_blobs, size=n)] + rng.normal(scale=0.8, size=(n, 2))


# --- profiles -----------------------------------------------------------------------------------


@given(st.lists(st.lists(st.booleans(), min_size=11, max_size=11), min_size=1, max_size=40))
def test_collapse_gives_back_every_patient(rows):
    bits = np.array(rows, dtype=np.uint8)
    profiles = collapse(bits)
    assert (profiles.bits[profiles.of_patient] == bits).all()
    assert profiles.counts.sum() == len(bits)
    assert len(np.unique(bits, axis=0)) == len(profiles.bits)
    again = collapse(bits[::-1])
    assert (again.bits == profiles.bits).all()
    assert (again.counts == profiles.counts).all()


def test_neighbours_are_the_nearest_by_jaccard():
    rng = np.random.default_rng(0)
    bits = collapse((rng.random((300, 25)) < 0.12).astype(np.uint8)).bits
    bits = bits[bits.any(axis=1)]
    neighbours = jaccard_neighbours(bits, 15, seed=1)
    exact = cdist(bits.astype(bool), bits.astype(bool), "jaccard")
    for i, (row, distances) in enumerate(
        zip(neighbours.indices, neighbours.distances, strict=True)
    ):
        known = row >= 0
        assert row[0] == i
        assert distances[known] == pytest.approx(exact[i, row[known]], abs=1e-6)
        expected = np.sort(exact[i])[:15]
        assert distances[known] == pytest.approx(expected[expected < 0.99], abs=1e-6)
        assert np.isinf(distances[~known]).all()


def test_ties_are_broken_at_random_by_the_seed():
    bits = np.hstack([np.ones((40, 1), dtype=np.uint8), np.eye(40, dtype=np.uint8)])
    one, again, other = (jaccard_neighbours(bits, 5, seed).indices for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
    # Nobody is everybody's neighbour when all are equally near.
    assert np.bincount(one[:, 1:].ravel(), minlength=40).max() < 15


# --- partitions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_density_partitions_equal_hdbscan_on_repeated_rows(seed):
    import hdbscan

    rng = np.random.default_rng(seed)
    points, counts = blobs(250, 6, seed), rng.integers(1, 4, 250)
    repeated = np.repeat(np.arange(250), counts)
    ours = density_partitions(points, counts, (10, 25), (5, 10))
    position = 0
    for min_samples in (5, 10):
        for size in (10, 25):
            theirs = hdbscan.HDBSCAN(
                min_cluster_size=size, min_samples=min_samples, algorithm="generic"
            ).fit_predict(points[repeated])
            # Ties of mutual reachability leave both free in which edge comes first.
            assert adjusted_rand_score(ours[position][repeated], theirs) > 0.95
            position += 1


def test_core_distance_counts_patients_not_profiles():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [10.0, 0.0]])
    counts = np.array([3, 1, 1, 1])
    assert weighted_core_distances(points, counts, 2).tolist() == [0.0, 1.0, 3.0, 9.0]
    assert weighted_core_distances(points, counts, 3).tolist() == [1.0, 1.0, 3.0, 10.0]


def test_a_profile_of_many_patients_is_a_cluster():
    rng = np.random.default_rng(0)
    points = np.vstack([rng.normal(0, 1, (60, 2)), rng.normal(30, 1, (60, 2))])
    counts = np.ones(120, dtype=np.int64)
    counts[7] = 80
    labels = density_partitions(points, counts, (20,), (5,))[0]
    assert labels[7] >= 0
    assert (labels == labels[7]).sum() < 60
    assert len(set(labels[60:])) == 1


# --- merging ------------------------------------------------------------------------------------


def test_merging_joins_what_was_split_and_keeps_what_differs():
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 1, 2], 150)
    frequency = np.full((3, 15), 0.05)
    for group in range(3):
        frequency[group, 4 * group : 4 * group + 4] = 0.7
    bits = (rng.random((450, 15)) < frequency[truth]).astype(float)
    micro = truth * 3 + rng.integers(3, size=450)
    micro[::11] = -1
    sparse = csr_matrix(bits)
    model = fit_model(sparse, np.ones(450), [micro])
    merged = merge_partition(sparse, np.ones(450), micro, model)
    assert merged.max() == 2
    assert adjusted_rand_score(merged, truth) > 0.9
    filled = np.where(micro < 0, 3 * truth, micro)
    assert model.evidence(sparse, np.ones(450), merged) > model.evidence(
        sparse, np.ones(450), filled
    )


def test_independent_features_are_merged_into_one_cluster():
    rng = np.random.default_rng(2)
    bits = (rng.random((400, 20)) < 0.2).astype(float)
    random_clusters = rng.integers(6, size=400)
    model = Model(bits.mean(axis=0), 2.0)
    merged = merge_partition(csr_matrix(bits), np.ones(400), random_clusters, model)
    assert merged.max() == 0


def test_the_evidence_is_the_integral_over_the_frequencies():
    rng = np.random.default_rng(7)
    bits = (rng.random((30, 3)) < [0.5, 0.2, 0.1]).astype(float)
    labels = np.repeat([0, 1], 15)
    model = Model(np.array([0.5, 0.2, 0.1]), 4.0)
    expected = 2 * PRIOR_WEIGHT * np.log(np.arange(1.0, 15)).sum()
    for members in (bits[:15], bits[15:]):
        for carriers, m in zip(members.sum(axis=0), model.overall, strict=True):
            drawn = beta_distribution(4 * m, 4 * (1 - m))
            expected += np.log(
                drawn.expect(lambda p, s=carriers: p**s * (1 - p) ** (15 - s), epsabs=1e-14)
            )
    found = model.evidence(csr_matrix(bits), np.ones(30), labels)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_concentration_is_small_for_pure_clusters_and_large_for_vague_ones():
    rng = np.random.default_rng(8)
    labels = np.repeat(np.arange(8), 50)
    concentrations = []
    for spread in (1.0, 16.0):
        frequency = rng.beta(0.2 * spread, 0.8 * spread, (8, 40))
        # Features as frequent in one cluster as in another do not make the others seem vague.
        frequency = np.hstack([frequency, np.full((8, 80), 0.2)])
        bits = csr_matrix((rng.random((400, 120)) < frequency[labels]).astype(float))
        model = fit_model(bits, np.ones(400), [labels])
        concentrations.append(model.concentration)
    assert concentrations == [1.0, 16.0]  # what the clusters were drawn with


def test_fusions_are_known_by_their_names_of_all_times():
    names = ["t_15_17", "inv.16.", "AML1-ETO", "PML_RARA", "MLL-AF9", "KMT2Ar", "t.v.11.", "inv3"]
    assert fusions(names).all()
    assert not fusions(["TP53", "FLT3-ITD", "-7", "+8", "HLA-A", "CEBPA_bi", "BCL6 SV"]).any()


def test_mixture_joint_is_the_same_from_sparse_and_dense():
    rng = np.random.default_rng(3)
    bits = (rng.random((50, 8)) < 0.3).astype(float)
    model = Model(bits.mean(axis=0), 1.0)
    mixture = fit_mixture(csr_matrix(bits), np.ones(50), rng.integers(3, size=50), 3, model)
    dense = mixture.log_joint(bits, 1 - bits)
    assert mixture.log_joint_complete(csr_matrix(bits)) == pytest.approx(dense)
    absent = np.exp(mixture.log_unaltered / ABSENCE_WEIGHT)
    assert np.exp(mixture.log_altered) + absent == pytest.approx(1)


def test_a_patient_with_little_else_belongs_where_what_they_carry_belongs():
    # Half of the second cluster carries each of six lesions, hardly any of the first, three times
    # as large. With one of them and none of the others a patient is of the second.
    carriers = np.array([[300.0, *[3.0] * 6], [50.0, *[50.0] * 6]])
    sizes, model = np.array([300.0, 100.0]), Model(np.array([0.87, *[0.13] * 6]), 1.0)
    labels = np.repeat([0, 1], sizes.astype(int))
    bits = np.zeros((400, 7))
    for row, start in zip(carriers, (0, 300), strict=True):
        for feature, count in enumerate(row.astype(int)):
            bits[start : start + count, feature] = 1
    mixture = fit_mixture(csr_matrix(bits), np.ones(400), labels, 2, model)
    one = np.array([[1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    likelihood = one @ mixture.log_altered.T + (1 - one) @ mixture.log_unaltered.T * 2
    assert likelihood.argmax() == 0  # by a plain mixture
    assert mixture.log_joint(one, 1 - one).argmax() == 1


# --- lesions ------------------------------------------------------------------------------------


def test_fusions_that_exclude_each_other_have_a_group_each():
    rng = np.random.default_rng(5)
    bits = (rng.random((600, 8)) < 0.05).astype(float)
    bits[:, :3] = 0
    for number in range(3):  # 40 carriers each, of three fusions
        bits[40 * number : 40 * number + 40, number] = 1
    fused = np.arange(8) < 3
    labels = np.repeat([0, 1], 300)
    labels[rng.permutation(120)[:30]] = 1  # carriers of all of them lie in another group
    sparse, weights = csr_matrix(bits), np.ones(600)
    found = gather_fusions(sparse, weights, labels, fused, smallest=5)
    assert [set(found[40 * number : 40 * number + 40]) for number in range(3)] == [{2}, {3}, {4}]
    assert (found[120:] == labels[120:]).all()
    # What more than half of a group carry is that group's, with the others in it.
    own = gather_fusions(sparse, weights, np.where(np.arange(600) < 60, 0, 1), fused, smallest=5)
    assert set(own[:40]) == {0}
    assert (own[40:60] != 0).all()
    # By chance they occur together, and then they are lesions like others; so is a single one.
    shuffled = bits.copy()
    shuffled[:, :3] = rng.random((600, 3)) < 0.3
    again = gather_fusions(csr_matrix(shuffled), weights, labels, fused, smallest=5)
    assert (again == labels).all()
    one = gather_fusions(sparse, weights, labels, np.arange(8) < 1, smallest=5)
    assert (one == labels).all()


# --- consensus ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_average_linkage_equals_scipy_on_repeated_items(seed):
    rng = np.random.default_rng(seed)
    similarity = rng.random((40, 40)).astype(np.float32)  # no two alike: no ties to break
    similarity = np.maximum(similarity, similarity.T)
    counts = rng.integers(1, 5, 40)
    ours = average_linkage_cut(similarity.copy(), counts.astype(float), 0.7)
    repeated = np.repeat(np.arange(40), counts)
    distance = 1 - similarity[np.ix_(repeated, repeated)].astype(float)
    distance[repeated[:, None] == repeated] = 0
    tree = linkage(squareform(distance, checks=False), "average")
    theirs = fcluster(tree, 0.3, "distance")
    assert 1 < len(set(theirs)) < 40
    assert adjusted_rand_score(ours[repeated], theirs) == pytest.approx(1)


def test_co_association_is_the_share_of_agreeing_partitions():
    signatures = np.array([[0, 1, 2], [0, 1, 0], [1, 1, 2]])
    expected = np.array([[3, 2, 2], [2, 3, 1], [2, 1, 3]]) / 3
    assert co_association(signatures) == pytest.approx(expected)


def test_consensus_of_equal_partitions_is_that_partition():
    partition = np.repeat([2, 0, 1], [10, 50, 30])
    counts = np.ones(90, dtype=np.int64)
    groups = by_size(consensus([partition] * 4, counts), counts)
    assert adjusted_rand_score(groups, partition) == 1
    assert np.bincount(groups).tolist() == [50, 30, 10]
    assert (agreement([partition] * 4, groups, counts) == 1).all()


def test_confidence_is_the_mean_co_association_with_the_group():
    rng = np.random.default_rng(4)
    base = np.repeat([0, 1, 2], 40)
    partitions = []
    for _ in range(20):
        moved = rng.random(120) < 0.1
        partitions.append(np.where(moved, rng.integers(3, size=120), base))
    counts = np.ones(120, dtype=np.int64)
    groups = consensus(partitions, counts)
    confidence = agreement(partitions, groups, counts)
    together = np.mean([p[:, None] == p for p in partitions], axis=0)
    same = groups[:, None] == groups
    expected = (together * same).sum(axis=1) / same.sum(axis=1)
    assert confidence == pytest.approx(expected)
    assert confidence.max() < 1


def test_tiny_groups_join_those_they_go_with():
    big = np.repeat([0, 1], [500, 400])
    stray = np.r_[big, [2, 2]]
    joined = np.r_[big, [1, 1]]
    counts = np.ones(902, dtype=np.int64)
    agreed = consensus([stray, stray, stray, joined], counts)
    assert agreed.max() == 1
    assert (agreed[-2:] == agreed[600]).all()


def test_affinity_is_the_share_of_a_group_found_together():
    signatures = np.array([[0, 0], [0, 1], [1, 1]])
    result = affinity(signatures, np.array([0, 0, 1]), np.array([1.0, 3.0, 2.0]))
    assert result[0].tolist() == [(1.0 + 0.25) / 2, 0.0]
    assert result[1].tolist() == [(1.0 + 0.75) / 2, 0.5]
    assert result[2].tolist() == [(0.0 + 0.75) / 2, 1.0]


# --- many profiles ------------------------------------------------------------------------------


def test_landmarks_are_a_fair_sample_of_patients():
    few = np.arange(1, 50)
    assert (landmark_counts(few, np.random.default_rng(0)) == few).all()
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 6, 3 * MAX_MAPPED_PROFILES)
    counts[:10] = 500
    sampled = landmark_counts(counts, np.random.default_rng(2))
    assert (sampled > 0).sum() == MAX_MAPPED_PROFILES
    assert (sampled <= counts).all()
    share = sampled.sum() / counts.sum()
    assert sampled[:10].sum() / counts[:10].sum() == pytest.approx(share, rel=0.1)


# --- features -----------------------------------------------------------------------------------


def test_required_carriers_follow_the_rule():
    assert [required_carriers(n, None) for n in (100, 299, 300, 1000, 1540, 20_000)] == [
        3, 3, 5, 5, 8, 100,
    ]  # fmt: skip
    assert required_carriers(1000, 0.02) == 20
    assert required_carriers(100, 0.0) == 3


def test_losing_features_and_losing_patients_are_weighed():
    rng = np.random.default_rng(0)
    states = (rng.random((400, 12)) < 0.2).astype(np.int8)
    assert features_worth_keeping(states).all()
    few_holes = states.copy()
    few_holes[:12, 3] = -1
    assert features_worth_keeping(few_holes).all()
    many_holes = states.copy()
    many_holes[:300, 3] = -1
    assert np.flatnonzero(~features_worth_keeping(many_holes)).tolist() == [3]
    block = states.copy()
    block[:60, :9] = -1
    assert features_worth_keeping(block).all()


def test_refinements_in_different_company_replace_their_gene():
    rng = np.random.default_rng(3)
    n = 1000
    gene = rng.random(n) < 0.2
    r172 = gene & (rng.random(n) < 0.4)
    partner = rng.random(n) < np.where(gene & ~r172, 0.6, 0.05)
    other = rng.random((n, 3)) < 0.1
    names = ("IDH2", "IDH2_R172", "NPM1", "X", "Y", "Z")
    states = np.column_stack([gene, r172, partner, other]).astype(np.int8)
    events = count_events_once(names, states, 5)
    assert events.split == {"IDH2": ("IDH2_R172",)}
    assert events.names == ("IDH2 other", "IDH2_R172", "NPM1", "X", "Y", "Z")
    counted = events.states[:, :2].sum(axis=1)
    assert (counted == gene).all()

    same_company = states.copy()
    same_company[:, 2] = rng.random(n) < 0.1
    events = count_events_once(names, same_company, 5)
    assert events.merged == {"IDH2": ("IDH2_R172",)}
    assert (events.states[:, 0] == gene).all()

    untested = states.copy()
    untested[:, 1] = np.where(np.arange(n) < 30, -1, untested[:, 1])
    events = count_events_once(names, untested, 5)
    unknown = gene & (np.arange(n) < 30)
    assert (events.states[:, 1] == np.where(unknown, -1, r172)).all()


def test_features_that_only_sound_alike_are_left_alone():
    rng = np.random.default_rng(4)
    names = ("FLT3", "FLT3_ITD", "MLL", "MLL2")
    states = (rng.random((300, 4)) < 0.2).astype(np.int8)
    events = count_events_once(names, states, 5)
    assert events.names == names
    assert (events.states == states).all()
    assert not events.merged
    assert not events.split


# --- placement ----------------------------------------------------------------------------------


def test_placement_uses_only_what_was_tested():
    bits = np.repeat(np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=np.uint8), 50, axis=0)
    labels = np.repeat([0, 1], 50)
    states = np.array([[1, -1, -1, -1], [-1, -1, -1, 1], [-1, -1, -1, -1]], dtype=np.int8)
    placed = place(states, bits, labels, n_groups=2, concentration=2.0)
    assert placed.labels[:2].tolist() == [0, 1]
    assert (placed.confidence[:2] > 0.95).all()
    assert placed.confidence[2] == pytest.approx(0.5)
    nearest = nearest_profile(
        states[:2], placed.labels[:2], np.unique(bits, axis=0)[::-1], np.array([50, 50]),
        np.array([0, 1]),
    )  # fmt: skip
    assert nearest.tolist() == [0, 1]


def test_whoever_carries_an_alteration_is_not_unaltered():
    bits = np.vstack([np.tile([1, 0], (5, 1)), np.zeros((500, 2))]).astype(np.uint8)
    labels = np.r_[np.zeros(5, dtype=int), np.ones(500, dtype=int)]
    placed = place(np.array([[-1, 1]], dtype=np.int8), bits, labels, n_groups=1, concentration=2.0)
    assert placed.labels.tolist() == [0]


# --- description --------------------------------------------------------------------------------


def test_enrichment_counts_only_the_tested():
    states = np.array([[1], [1], [0], [-1], [0], [1], [0], [-1]], dtype=np.int8)
    labels = np.array(["a"] * 4 + ["b"] * 4, dtype=object)
    row = enrichment(states, ["G"], labels, ["a", "b"]).iloc[0]
    counts = ["altered_in_group", "tested_in_group", "altered_outside", "tested_outside"]
    assert row[counts].tolist() == [2, 3, 1, 3]
    assert row["in_group"] == pytest.approx(2 / 3)
    assert row["odds_ratio"] == pytest.approx(4.0)
    error = np.sqrt(1 / 2 + 1 + 1 + 1 / 2)
    assert row["lower"] == pytest.approx(np.exp(np.log(4) - 1.959964 * error), rel=1e-5)
    assert row["p_value"] == pytest.approx(fisher_exact([[2, 1], [1, 2]]).pvalue)


def test_names_are_unique_and_say_what_defines_the_group():
    rows = [
        ("0", "JAK2", 1.0, 0.3, 50.0, 0.0), ("0", "TET2", 0.3, 0.1, 4.0, 0.001),
        ("1", "9pUPD", 1.0, 0.01, 900.0, 0.0), ("1", "JAK2", 0.99, 0.5, 80.0, 0.0),
        ("2", "JAK2", 0.9, 0.5, 9.0, 0.0), ("2", "ASXL1", 0.4, 0.1, 6.0, 0.0),
        ("3", "SRSF2", 0.3, 0.1, 4.0, 0.01), ("3", "STAG2", 0.2, 0.1, 3.0, 0.01),
        ("4", "X", 0.6, 0.5, 1.5, 0.4),
        ("5", "JAK2", 0.9, 0.5, 9.0, 0.0),
        ("6", "NRAS", 0.8, 0.2, 9.0, 0.0), ("6", "t(v;11)", 0.6, 0.0, 90.0, 0.0),
        ("7", "-7", 0.8, 0.1, 9.0, 0.0), ("7", "inv(3)", 0.4, 0.0, 90.0, 0.0),
    ]  # fmt: skip
    table = pd.DataFrame(
        rows, columns=["group", "feature", "in_group", "outside", "odds_ratio", "q_value"]
    )
    assert group_names(table, list("01234567")) == {
        "0": "JAK2",
        "1": "JAK2 + 9pUPD",
        "2": "JAK2 (ASXL1)",
        "3": "SRSF2 / STAG2",
        "4": "Mixed",
        "5": "JAK2 (2)",
        "6": "t(v;11) + NRAS",
        "7": "inv(3) / -7",
    }
    assert mixtures(table, list("01234567")) == {"3": ("SRSF2", "STAG2")}


# --- information and verdict --------------------------------------------------------------------


def test_information_is_the_mutual_information_of_group_and_feature():
    rng = np.random.default_rng(6)
    bits = np.unique((rng.random((80, 6)) < 0.4).astype(float), axis=0)
    bits = bits[bits.any(axis=1)]
    counts = rng.integers(1, 9, len(bits))
    labels = rng.integers(3, size=len(bits))
    told = information(csr_matrix(bits), counts, 0, [labels])
    groups, rows = np.repeat(labels, counts), np.repeat(bits, counts, axis=0)
    expected = 0.0
    for column in rows.T:
        joint = pd.crosstab(groups, column, normalize=True).to_numpy()
        independent = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        positive = joint > 0
        expected += (joint[positive] * np.log2(joint[positive] / independent[positive])).sum()
    assert told.total_bits == pytest.approx(expected)
    assert 0 <= told.company_bits < told.total_bits
    assert told.chance_bits == pytest.approx(2 * 6 / (2 * np.log(2) * counts.sum()))


def test_groups_of_one_lesion_keep_no_company():
    told = information(csr_matrix(np.eye(4)), np.full(4, 25), 0, [np.arange(4)])
    assert told.company_bits == pytest.approx(0, abs=1e-9)
    pairs = np.kron(np.eye(4), np.ones((1, 2)))
    told = information(csr_matrix(pairs), np.full(4, 25), 0, [np.arange(4)])
    entropy = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    assert told.total_bits == pytest.approx(8 * entropy)
    assert told.company_bits == pytest.approx(-np.log2(0.25))


@pytest.mark.parametrize(
    ("observed", "null", "n_groups", "kind"),
    [
        (Information(6.0, 1.8, 0.4), 0.2, 15, "structure"),
        (Information(2.7, 0.3, 0.1), 0.2, 8, "single lesions"),
        (Information(2.7, 0.3, 0.1), 0.01, 8, "single lesions"),
        (Information(5.0, 2.0, 4.0), 0.1, 4, "chance"),
        (Information(0.2, 0.1, 0.1), 0.0, 1, "none"),
    ],
)
def test_verdicts(observed, null, n_groups, kind):
    evidence = judge(observed, null, n_groups, null_groups=3)
    assert evidence.kind == kind
    assert evidence.verdict.endswith(".")
    assert ("strata of single lesions" in evidence.verdict) == (kind == "single lesions")


# --- agreement ----------------------------------------------------------------------------------


def test_concordance_leaves_out_the_indefinite():
    index = [f"P{number}" for number in range(40)]
    labels = pd.Series(["x"] * 20 + ["y"] * 20, index=index)
    reference = pd.Series(
        ["A"] * 18 + ["No_class"] * 4 + ["B"] * 16 + [None] * 2, index, name="AML"
    )
    found = concordance(labels, reference.sample(frac=1, random_state=0), ["No_class"])
    assert found.ari == 1
    assert found.ami == pytest.approx(1)
    assert (found.n, found.left_out) == (34, 6)
    assert found.table.loc["x", "A"] == 18
    assert found.table.to_numpy().sum() == 34
    assert "34 patients" in found.sentence
    with pytest.raises(SubgroupError):
        concordance(labels, pd.Series(dtype=object))


def test_cramers_v_is_bias_corrected():
    table = pd.DataFrame([[30, 10, 5], [8, 40, 12], [6, 9, 50]])
    chi2, p, degrees, _ = chi2_contingency(table, correction=False)
    n = table.to_numpy().sum()
    phi2 = chi2 / n - degrees / (n - 1)
    expected = np.sqrt(phi2 / (3 - 4 / (n - 1) - 1))
    v, p_value = cramers_v(table)
    assert v == pytest.approx(expected)
    assert p_value == pytest.approx(p)
    assert np.isnan(cramers_v(pd.DataFrame([[3, 4]]))[0])


def test_batch_check_warns_when_groups_follow_the_centre():
    rng = np.random.default_rng(9)
    index = [f"P{number}" for number in range(300)]
    labels = pd.Series(rng.choice(["a", "b", "c"], 300), index=index)
    batches = pd.DataFrame(
        {
            "centre": np.where(rng.random(300) < 0.8, labels.map(str.upper), "Z"),
            "study": rng.choice(["s1", "s2"], 300),
            "panel": ["only one"] * 300,
        },
        index=index,
    )
    checked = batch_check(labels, batches.sample(frac=1, random_state=1)).set_index("variable")
    assert checked.loc["centre", "cramers_v"] > 0.6
    assert "centre" in checked.loc["centre", "warning"]
    assert checked.loc["study", "cramers_v"] < 0.2
    assert checked.loc["study", "warning"] == ""
    assert np.isnan(checked.loc["panel", "cramers_v"])
    assert checked.loc["panel", "warning"] == ""


# --- display ------------------------------------------------------------------------------------


def test_as_many_dots_as_patients_and_room_in_proportion():
    index = [f"P{number:04d}" for number in range(700)]
    x = np.r_[np.zeros(597), np.full(100, 5.0), [9.0, 9.5, -8.0]]
    coordinates = pd.DataFrame({"x": x, "y": 0.0}, index=index)
    spread = display_coordinates(coordinates)
    assert not spread.round(6).duplicated().any()
    large, small = spread.iloc[:597], spread.iloc[597:697]
    radius = [np.hypot(*(disc - disc.mean()).to_numpy().T).max() for disc in (large, small)]
    assert radius[0] / radius[1] == pytest.approx(np.sqrt(597 / 100), rel=0.05)
    gap = np.hypot(*(large.mean() - small.mean()))
    assert gap >= 0.95 * sum(radius)


def test_patients_without_a_place_stay_without_one():
    coordinates = pd.DataFrame({"x": [0.0, np.nan, 0.0], "y": [0.0, np.nan, 0.0]}, list("abc"))
    spread = display_coordinates(coordinates)
    assert spread.isna().all(axis=1).tolist() == [False, True, False]
    nowhere = coordinates.iloc[[1]]
    assert display_coordinates(nowhere).isna().all().all()


# --- compiled code --------------------------------------------------------------------------------


def test_a_read_only_machine_gets_a_private_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # also restores it afterwards
    monkeypatch.setattr(numba_cache.os, "access", lambda _folder, _mode: False)
    monkeypatch.setattr(numba_cache.tempfile, "tempdir", str(tmp_path))
    numba_cache.ensure_cache_folder()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o077 == 0


def test_a_cache_folder_that_was_set_is_kept(monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/somewhere")
    numba_cache.ensure_cache_folder()
    assert os.environ["NUMBA_CACHE_DIR"] == "/somewhere"


@pytest.mark.parametrize(
    ("profiles", "maps"), [(1, 5), (500, 5), (501, 4), (1250, 2), (2500, 1), (5000, 1)]
)
def test_the_preview_draws_as_many_maps_as_a_second_holds(profiles, maps):
    assert EFFORTS["preview"].maps_of(profiles) == maps
    assert EFFORTS["standard"].maps_of(profiles) == 5
