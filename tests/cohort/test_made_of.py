"""What groups are made of is known and no finding; alterations that overlap count once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.associations import MADE_ALIKE, PART_OF
from app.analysis.multiplicity import adjust_p_values
from app.cohort.derived import with_derived
from app.cohort.filters import Filter
from app.cohort.groupings import (
    ALTERATIONS,
    GroupingSpec,
    by_labels,
    saved_of_text,
    saved_to_text,
)
from app.cohort.made_of import parts_of
from app.cohort.overlapping import overlap_families
from app.views.compare.analysis import compare_groups, enrichment
from app.views.compare.words import clinical_reading, enrichment_reading
from app.views.genomics.burden.analysis import burden_reading, mutation_burden
from app.views.genomics.frequencies.analysis import frequency_reading, group_frequencies
from app.views.survival.screen.analysis import screen_cohort, screen_reading
from data_loaders import Cohort, Variable, load_cohort
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
            "class": list(driver),
            "os_months": list(rng.exponential(30, N) + 0.2),
            "os_event": list((rng.random(N) < 0.6).astype(float)),
        },
        {name: list(values.astype(int)) for name, values in columns.items()},
        variables=(Variable("class", "Class", "categorical", role="disease"),),
        endpoints=(OS,),
        kinds=kinds,
    )
    made.features.loc[["ABC1_R20", "ABC1_multi"], "gene"] = "ABC1"
    return made


def altered_parts(made: Cohort, *names: str) -> set[str]:
    parts = [name.partition(":") for name in parts_of(made, names)]
    return {name for kind, _, name in parts if kind == "alteration"}


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
    assert altered_parts(made, str(spec)) == {"ABC1", "ABC1_R20", "ABC1_multi"}
    assert altered_parts(made, "alteration:del7") == {"del7", "del7_7q"}
    kinds = ["gene", "refinement", "cytogenetic"]
    found = group_frequencies(made, everyone(), kinds, spec.build(made))
    contrast = enrichment(found, next(iter(found.groups)))
    assert set(contrast.by_construction) == {"ABC1", "ABC1_R20", "ABC1_multi"}
    assert (
        not contrast.table.loc[contrast.table["p_value"].notna(), "label"]
        .str.contains("ABC1")
        .any()
    )


def test_a_file_s_own_classes_are_known_by_who_carries_what():
    made = cohort()
    grouping = GroupingSpec("variable", "class").build(made)
    found = group_frequencies(made, everyone(), ["gene", "refinement"], grouping)
    contrast = enrichment(found, "ABC1")
    assert set(contrast.by_construction) == {"ABC1", "ABC1_R20", "ABC1_multi", "XYZ2"}
    said = enrichment_reading(contrast)
    assert "led by" not in said
    assert "so described and not compared: ABC1," in said


def test_frequencies_and_numbers_of_alterations_leave_out_what_makes_the_groups():
    made = cohort()
    grouping = GroupingSpec("alteration", "ABC1").build(made)
    kinds = ["gene", "refinement", "cytogenetic"]
    found = group_frequencies(made, everyone(), kinds, grouping)
    table = found.differences.set_index("feature")
    assert table.loc[["ABC1", "ABC1_R20", "ABC1_multi"], "p_value"].isna().all()
    assert (table.loc[["ABC1", "ABC1_R20", "ABC1_multi"], "test"] == "defines the groups").all()
    assert table.loc["XYZ2", "p_value"] >= 0
    said = " ".join(frequency_reading(found))
    assert "so described and not compared: ABC1" in said
    burden = mutation_burden(made, everyone(), ["gene"], grouping=grouping)
    assert burden.not_counted == ("ABC1",)
    carriers = burden.summary.set_index("group").loc["ABC1 mutated"]
    states = made.states[:, [made.alterations.columns.get_loc(n) for n in ("XYZ2", "LOST")]]
    own = made.feature_state("ABC1") == 1
    assert carriers["mean"] == pytest.approx((states[own] == 1).sum(axis=1).mean())
    assert "Not counted, as the groups are made of it: ABC1." in burden_reading(burden)


@pytest.mark.parametrize(
    ("demo", "spec"),
    [
        ("mds", "score:ipss_m"),
        ("mds", "score:ipss_r"),
        ("mds", "class:who_2022"),
        ("mds", "class:icc_2022"),
        ("mpn", "score:dipss"),
        ("mpn", "class:who_2022"),
        ("mpn", "class:grinfeld_2018"),
        ("cll", "score:cll_ipi"),
        ("dlbcl", "score:nccn_ipi"),
        ("cml", "score:elts"),
        ("aml", "score:eln_2017"),
        ("aml", "score:eln_2022"),
        ("aml", "class:who_2022"),
        ("aml", "class:icc_2022"),
        ("aml", "class:tazi_2022"),
    ],
)
def test_scores_and_classes_are_made_of_nothing_else(demo: str, spec: str):
    """Without all the rest, every patient has the same class."""
    whole = load_cohort(f"demo:{demo}")
    grouping = GroupingSpec.parse(spec).build(whole)
    # What only says which disease it is parts no group from another.
    parts = parts_of(whole, grouping.made_of) | {"variable:diagnosis", "variable:aml_type"}
    rest = [name for name in whole.patients if f"variable:{name}" not in parts]
    others = [name for name in whole.alterations if f"alteration:{name}" not in parts]
    assert rest
    stripped = replace(
        whole,
        patients=whole.patients.drop(columns=rest),
        variables={name: v for name, v in whole.variables.items() if name not in rest},
        endpoints={},
        alterations=whole.alterations.drop(columns=others),
        features=whole.features.drop(index=others),
    )
    again = GroupingSpec.parse(spec).build(stripped)
    names = [np.array([*held.names, ""])[np.maximum(held.codes, -1)] for held in (grouping, again)]
    assert (names[0] == names[1]).all()


def test_what_the_app_makes_of_columns_is_known_through_all_steps():
    mds = load_cohort("demo:mds")
    made = with_derived(
        mds,
        [
            {"derives": "variable", "name": "ratio", "formula": "hb_g_per_l / platelets_1e9_per_l"},
            {"derives": "variable", "name": "lion", "formula": "ASXL1", "kind": "alteration"},
        ],
    )
    assert parts_of(made, ("variable:ratio",)) == {
        "variable:ratio", "variable:hb_g_per_l", "variable:platelets_1e9_per_l",
    }  # fmt: skip
    assert altered_parts(made, "alteration:lion") == {"lion", "ASXL1"}
    filters = {
        "high": Filter.from_dict({"column": "ipssm", "in": ["High"]}),
        "bad": Filter.from_dict({"all": [{"not": {"altered": "TP53"}}, {"known": "age_years"}]}),
    }
    grouping = GroupingSpec.of_filters(filters).build(made)
    assert grouping.made_of == ("variable:ipssm", "alteration:TP53", "variable:age_years")
    text = saved_to_text("mine", grouping)
    assert text is not None
    assert saved_of_text(text)[1].made_of == grouping.made_of
    unknown = ("class:none", "score:none", "alteration:none", "variable:none", "none")
    assert parts_of(made, unknown) == set(unknown)


def test_parts_and_what_is_made_of_them_are_told_and_not_tested():
    mds = load_cohort("demo:mds")
    grouping = GroupingSpec.parse("variable:ipssr").build(mds)
    found = compare_groups(mds, np.ones(mds.n, dtype=bool), grouping=grouping)
    rows = found.ranked.set_index("variable")
    parts = ["hb_g_per_l", "platelets_1e9_per_l", "blasts_bm_percent", "karyotype_group"]
    assert (rows.loc[parts, "test"] == PART_OF).all()
    assert (rows.loc[["ipssm", "ipssr_score", "diagnosis"], "test"] == MADE_ALIKE).all()
    assert rows.loc[["wbc_1e9_per_l", "age_years", "sex"], "p_value"].notna().all()
    said = clinical_reading(found.ranked, found.names)
    assert "not tested, being part of what the groups are made of: IPSS-R karyotype group;" in said
    assert found.contrast is not None
    assert "del(5q)" in found.contrast.by_construction
    assert "SF3B1" not in found.contrast.by_construction


def test_a_double_hit_is_of_rearrangements_and_status_of_its_identity():
    dlbcl, cll = load_cohort("demo:dlbcl"), load_cohort("demo:cll")
    rearranged = {f"{gene}_rearrangement" for gene in ("MYC", "BCL2", "BCL6")}
    assert altered_parts(dlbcl, "variable:double_hit") == rearranged
    assert "variable:ighv_identity_percent" in parts_of(cll, ("variable:ighv_status",))
    assert altered_parts(cll, "score:cll_ipi") == {"TP53", "del(17p)"}


def test_stages_are_of_their_signs_and_a_complex_karyotype_is_of_its_events():
    cll = load_cohort("demo:cll")
    for stage in ("rai_stage", "binet_stage"):
        parts = parts_of(cll, (f"variable:{stage}",))
        assert {"variable:splenomegaly", "variable:hb_g_per_l"} <= parts
        assert "variable:b_symptoms" not in parts
    complex_karyotype = altered_parts(cll, "alteration:complex")
    assert {"del(13q)", "+12"} <= complex_karyotype
    assert "TP53" not in complex_karyotype
    assert altered_parts(cll, "alteration:+12") == {"+12"}


def test_groups_found_in_the_alterations_compare_none():
    made = cohort()
    grouping = by_labels("Map", ["a", "b"] * (N // 2), ["a", "b"])
    grouping = replace(grouping, made_of=(ALTERATIONS,))
    found = group_frequencies(made, everyone(), ["gene"], grouping)
    assert enrichment(found, "a").n_tested == 0
    burden = mutation_burden(made, everyone(), ["gene"], grouping=grouping)
    assert not burden.test
    assert "No test: the groups are made of these alterations." in burden_reading(burden)
