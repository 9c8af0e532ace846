"""Alterations that overlap count once, and what groups are made of is no finding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.multiplicity import adjust_p_values
from app.cohort.groupings import GroupingSpec, by_alteration, by_variable
from app.study.overlapping import features_named, overlap_families
from app.views.compare.analysis import enrichment, made_of
from app.views.compare.words import enrichment_reading
from app.views.genomics.burden.analysis import burden_reading, mutation_burden
from app.views.genomics.frequencies.analysis import frequency_reading, group_frequencies
from app.views.survival.screen.analysis import screen_cohort, screen_reading
from data_loaders import Cohort, Variable
from tests.builders import OS, make_cohort

N = 240
NAMES = ("ABC1", "ABC1_R20", "ABC1_multi", "del7", "del7_7q", "minus7", "XYZ2", "LOST", "t_9_11")


def cohort() -> Cohort:
    rng = np.random.default_rng(2)
    abc, xyz, lost = (rng.random(N) < share for share in (0.4, 0.3, 0.2))
    seven = rng.random(N) < 0.25
    columns = {
        "ABC1": abc,
        "ABC1_R20": abc & (rng.random(N) < 0.5),
        "ABC1_multi": abc & (rng.random(N) < 0.3),
        "del7": seven & (rng.random(N) < 0.6),
        "del7_7q": seven,
        "minus7": ~seven & (rng.random(N) < 0.2),
        "XYZ2": xyz,
        "LOST": lost,
        "t_9_11": seven & xyz,
    }
    kinds = dict.fromkeys(("del7", "del7_7q", "minus7", "t_9_11"), "cytogenetic")
    kinds |= {"ABC1_R20": "refinement", "ABC1_multi": "refinement"}
    driver = np.where(abc, "ABC1", np.where(xyz, "XYZ2", "neither"))
    # A file's own classes agree with the calls nearly, not wholly.
    driver[rng.choice(N, 5, replace=False)] = "neither"
    made = make_cohort(
        {
            "driver": list(driver),
            "os_months": list(rng.exponential(30, N) + 0.2),
            "os_event": list((rng.random(N) < 0.6).astype(float)),
        },
        {name: list(values.astype(int)) for name, values in columns.items()},
        variables=(Variable("driver", "Driver", "categorical", role="disease"),),
        endpoints=(OS,),
        kinds=kinds,
    )
    made.features.loc[["ABC1_R20", "ABC1_multi"], "gene"] = "ABC1"
    return made


def everyone() -> np.ndarray:
    return np.ones(N, dtype=bool)


def test_a_gene_and_its_refinements_and_a_loss_named_twice_are_families():
    family = dict(zip(NAMES, overlap_families(cohort(), NAMES), strict=True))
    assert family["ABC1"] == family["ABC1_R20"] == family["ABC1_multi"]
    assert family["del7"] == family["del7_7q"]
    # The same chromosome in other patients, and another lesion in the same patients.
    assert len({family[name] for name in ("ABC1", "del7", "minus7", "XYZ2", "LOST", "t_9_11")}) == 6


def test_without_the_gene_its_classes_are_things_of_their_own():
    classes = ("ABC1_R20", "LOST")
    assert len(set(overlap_families(cohort(), classes))) == 2


P_VALUES = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=12)


@given(P_VALUES, st.sampled_from(["bh", "holm", "bonferroni"]), st.data())
def test_a_copy_of_a_test_changes_no_other(p: list[float], method: str, data: st.DataObject):
    copied = data.draw(st.integers(0, len(p) - 1))
    alone = adjust_p_values(p, method)
    with_copy = adjust_p_values([*p, p[copied]], method, [*range(len(p)), copied])
    np.testing.assert_allclose(with_copy[:-1], alone, rtol=1e-9)
    np.testing.assert_allclose(with_copy[-1], alone[copied], rtol=1e-9)


@given(P_VALUES, st.sampled_from(["bh", "holm", "bonferroni"]))
def test_families_of_one_change_nothing(p: list[float], method: str):
    np.testing.assert_allclose(
        adjust_p_values(p, method, range(len(p))), adjust_p_values(p, method), rtol=1e-12
    )


def test_weights_against_a_worked_example():
    # Two of one family weigh half each: p (0.01, 0.02, 0.04) of families a, a, b, of 2 in all.
    q = adjust_p_values([0.01, 0.02, 0.04], "bh", ["a", "a", "b"])
    np.testing.assert_allclose(q, [0.04, 0.04, 0.04])
    holm = adjust_p_values([0.01, 0.02, 0.04], "holm", ["a", "a", "b"])
    np.testing.assert_allclose(holm, [0.02, 0.04, 0.04])


def test_the_screen_counts_families_and_says_so():
    made = cohort()
    screen = screen_cohort(made, everyone(), "os")
    assert screen.n_tested == 9
    assert screen.n_families == 6
    assert "which count as 6: those that overlap count once" in " ".join(screen_reading(screen))


@pytest.mark.parametrize("name", ["ABC1", "ABC1_R20"])
def test_a_gene_and_all_its_classes_are_what_its_groups_are_made_of(name: str):
    made = cohort()
    spec = GroupingSpec("alteration", name)
    assert made_of(made, spec) == {"ABC1", "ABC1_R20", "ABC1_multi"}
    assert made_of(made, GroupingSpec("alteration", "del7")) == {"del7", "del7_7q"}
    kinds = ["gene", "refinement", "cytogenetic"]
    found = group_frequencies(made, everyone(), kinds, by_alteration(made, name))
    contrast = enrichment(found, next(iter(found.groups)), made_of(made, spec))
    assert set(contrast.by_construction) == {"ABC1", "ABC1_R20", "ABC1_multi"}
    assert (
        not contrast.table.loc[contrast.table["p_value"].notna(), "label"]
        .str.contains("ABC1")
        .any()
    )


def test_a_driver_variable_does_not_find_its_drivers():
    made = cohort()
    grouping = by_variable(made, "driver")
    own = made_of(made, GroupingSpec("variable", "driver"), grouping.names)
    assert own == {"ABC1", "ABC1_R20", "ABC1_multi", "XYZ2"}
    found = group_frequencies(made, everyone(), ["gene"], grouping)
    said = enrichment_reading(enrichment(found, "ABC1", own))
    assert "led by ABC1" not in said
    assert "XYZ2" not in said


def test_frequencies_and_numbers_of_alterations_leave_out_what_makes_the_groups():
    made = cohort()
    grouping = by_alteration(made, "ABC1")
    kinds = ["gene", "refinement", "cytogenetic"]
    found = group_frequencies(made, everyone(), kinds, grouping)
    table = found.differences.set_index("feature")
    assert table.loc[["ABC1", "ABC1_R20", "ABC1_multi"], "p_value"].isna().all()
    assert (table.loc[["ABC1", "ABC1_R20", "ABC1_multi"], "test"] == "defines the groups").all()
    assert table.loc["XYZ2", "p_value"] >= 0
    said = " ".join(frequency_reading(found))
    assert "Not compared, as the groups are made of it: ABC1" in said
    burden = mutation_burden(made, everyone(), ["gene"], grouping=grouping)
    assert burden.not_counted == ("ABC1",)
    carriers = burden.summary.set_index("group").loc["ABC1 mutated"]
    states = made.states[:, [made.alterations.columns.get_loc(n) for n in ("XYZ2", "LOST")]]
    own = made.feature_state("ABC1") == 1
    assert carriers["mean"] == pytest.approx((states[own] == 1).sum(axis=1).mean())
    assert "Not counted, as the groups are made of it: ABC1." in burden_reading(burden)


def test_groups_that_name_no_gene_leave_nothing_out():
    made = cohort()
    assert features_named(made, ("alpha", "ABC10", "del", "Neither")) == set()
    assert features_named(made, ("AML with XYZ2",)) == {"XYZ2"}
    assert features_named(made, ("MDS-biXYZ2", "MDS-LB")) == {"XYZ2"}
    made.features.loc["minus7", "label"] = "del(7p)"
    assert features_named(made, ("MDS-7p", "7p")) == {"minus7"}
    assert features_named(made, ("7p",)) == set()
    assert features_named(made, ("del7 present", "del7 absent")) == {"del7", "del7_7q"}
