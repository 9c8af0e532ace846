"""Until when curves are supported, small groups that veto nothing, and who the reference is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.associations import table_one
from app.analysis.survival import kaplan_meier, last_with, supported_by_all, supported_until
from app.cohort.groupings import (
    Arrangement,
    GroupingSpec,
    arranged,
    by_alteration,
    by_variable,
    only_groups,
    small_groups,
)
from app.study.figures.theme import framed
from app.views.genomics.burden.analysis import burden_reading, mutation_burden
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.contrasts import (
    common_horizon,
    differences_table,
    restricted_means_table,
)
from app.views.survival.curves.figures import survival_figure
from app.views.survival.curves.words import reading
from app.views.survival.incidence.analysis import incidence_by_group
from app.views.survival.incidence.figures import incidence_figure
from data_loaders import Cohort, Endpoint, Variable
from tests.builders import OS, make_cohort


def curve(*times: float):
    return kaplan_meier(np.array(times), np.zeros(len(times)))


def lasting(n: int, end: float):
    """Follow-up that ends one patient at a time, evenly until ``end``."""
    return curve(*np.linspace(end / n, end, n))


def test_the_axis_ends_where_ten_are_left_of_a_small_group_and_a_tenth_of_a_large_one():
    assert supported_until([lasting(50, 100)]) == pytest.approx(82)  # 10 of 50 at risk
    assert supported_until([lasting(500, 100)]) == pytest.approx(90.2)  # 50 of 500
    assert supported_until([lasting(50, 100), lasting(500, 10)]) == pytest.approx(82)


def test_where_no_group_ever_has_ten_the_axis_is_whole():
    assert supported_until([lasting(9, 44), lasting(3, 50)]) == 50
    assert supported_until([]) == 0


def test_a_mean_is_restricted_to_where_every_group_still_has_ten():
    assert supported_by_all([lasting(50, 100), lasting(20, 44)]) == pytest.approx(24.2)
    # A group that never has ten does not decide, and nobody does where none has.
    assert supported_by_all([lasting(50, 100), lasting(4, 2)]) == pytest.approx(82)
    assert supported_by_all([lasting(4, 2)]) == 0


def test_late_entry_counts_who_is_under_observation():
    entry = np.r_[np.full(25, 0.0), [25.5] * 5]
    late = kaplan_meier(np.arange(1.0, 31.0), np.zeros(30), entry=entry)
    assert last_with(late, 10) == 16  # 10 of the first 25 are left, the others are not yet there


@given(st.lists(st.lists(st.integers(1, 300), min_size=1, max_size=60), min_size=1, max_size=4))
def test_beyond_the_end_every_group_is_below_ten_or_a_tenth(groups: list[list[int]]):
    curves = [curve(*sorted(map(float, times))) for times in groups]
    end = supported_until(curves)
    if all(len(times) < 10 for times in groups):
        assert end == max(max(times) for times in groups)
        return
    for times in groups:
        later = sum(t > end for t in times)
        assert later < max(10, 0.1 * len(times))
    assert any(sum(t >= end for t in times) >= max(10, 0.1 * len(times)) for times in groups)


# Small groups -------------------------------------------------------------------------------


AML = Endpoint(
    "aml", "AML transformation", "aml_months", "aml_event", "aml_competing", event_label="AML"
)
SUBTYPE = Variable("subtype", "Subtype", "categorical", role="disease")
FERRITIN = Variable("ferritin", "Ferritin", "numeric", role="laboratory")


def with_a_tiny_class(sizes: dict[str, int] | None = None, *, longest: float = 60.0) -> Cohort:
    sizes = sizes or {"alpha": 43, "beta": 43, "rare": 4}
    rng = np.random.default_rng(3)
    labels = [name for name, size in sizes.items() for _ in range(size)]
    n = len(labels)
    carried = np.arange(n) % 3 == 0
    time = np.minimum(rng.exponential(20 + 30 * carried), longest) + 0.1
    event = (rng.random(n) < 0.7).astype(float)
    aml = np.where(rng.random(n) < 0.4, 1.0, 0.0)
    patients = {
        "subtype": labels,
        "ferritin": list(rng.normal(300, 60, n)),
        "os_months": list(time),
        "os_event": list(event),
        "aml_months": list(np.where(aml == 1, time * 0.7, time)),
        "aml_event": list(aml),
        "aml_competing": list(np.where(aml == 1, 0.0, event)),
    }
    return make_cohort(
        patients,
        {"TET9": list(carried.astype(int)), "ASX7": list((rng.random(n) < 0.3).astype(int))},
        variables=(SUBTYPE, FERRITIN),
        endpoints=(OS, AML),
    )


def everyone(cohort: Cohort):
    return np.ones(cohort.n, dtype=bool)


def test_a_tiny_group_is_drawn_and_named_but_the_others_are_tested():
    cohort = with_a_tiny_class()
    grouping = by_variable(cohort, "subtype")
    result = survival_by_group(cohort, everyone(cohort), "os", grouping)
    two = survival_by_group(
        cohort, everyone(cohort), "os", only_groups(grouping, ["alpha", "beta"])
    )
    assert result.p_value == two.p_value
    assert result.untested == ("rare",)
    assert result.pairwise is None
    assert "Not in the test: rare has fewer than 10 patients." in reading(result)
    assert [c.n for c in result.drawn if c.name == "rare"] == [4]


def test_every_pair_leaves_a_tiny_group_out():
    cohort = with_a_tiny_class({"alpha": 30, "beta": 30, "gamma": 30, "rare": 3})
    result = survival_by_group(cohort, everyone(cohort), "os", by_variable(cohort, "subtype"))
    assert result.pairwise is not None
    assert set(result.pairwise["a"]) | set(result.pairwise["b"]) == {"alpha", "beta", "gamma"}


def test_two_groups_one_of_them_tiny_still_have_no_p_value():
    cohort = with_a_tiny_class()
    grouping = only_groups(by_variable(cohort, "subtype"), ["alpha", "rare"])
    result = survival_by_group(cohort, everyone(cohort), "os", grouping)
    assert result.p_value is None
    assert result.p_note == "No p-value is given: rare has fewer than 10 patients."


def test_table_one_and_burden_test_the_groups_that_are_large_enough():
    cohort = with_a_tiny_class()
    grouping = by_variable(cohort, "subtype")
    without = only_groups(grouping, ["alpha", "beta"])
    ours = {row.name: row.comparison for row in table_one(cohort, grouping).rows}
    theirs = {row.name: row.comparison for row in table_one(cohort, without).rows}
    assert ours["ferritin"].p_value == theirs["ferritin"].p_value
    assert ours["ferritin"].smd == theirs["ferritin"].smd
    assert ours["ferritin"].test == f"{theirs['ferritin'].test}, of 2 groups"
    burden = mutation_burden(cohort, everyone(cohort), ["gene"], grouping=grouping)
    alone = mutation_burden(cohort, everyone(cohort), ["gene"], grouping=without)
    assert burden.p_value == alone.p_value
    assert "Not in the test: rare has fewer than 10 patients." in burden_reading(burden)


def test_small_groups_are_set_aside_counted_and_come_back():
    cohort = with_a_tiny_class()
    grouping = by_variable(cohort, "subtype")
    small = small_groups(grouping, Arrangement(), everyone(cohort))
    assert small == ("rare",)
    shown = arranged(grouping, Arrangement(aside=small))
    assert set(shown.names) == {"alpha", "beta"}
    assert shown.left_out() == {"in groups of fewer than 10, set aside": 4}
    again = Arrangement.from_dict(Arrangement(aside=small).to_dict())
    assert again.aside == small
    # Where only one group would be left, nothing is set aside.
    assert small_groups(grouping, Arrangement(hidden=("beta",)), everyone(cohort)) == ()


# The reference ------------------------------------------------------------------------------


def test_the_unaltered_are_the_reference_in_every_table():
    cohort = with_a_tiny_class()
    grouping = by_alteration(cohort, "TET9")
    assert grouping.names[0] == "TET9 mutated"
    result = survival_by_group(cohort, everyone(cohort), "os", grouping)
    assert result.reference == "TET9 wild type"
    assert [curve.name for curve in result.drawn] == list(grouping.names)
    differences = differences_table(result, [12.0, 36.0], "years").set_index(["Years", "Group"])
    column = differences["Difference, points (95% CI)"]
    assert (column.xs("TET9 wild type", level="Group") == "reference").all()
    assert column["1", "TET9 mutated"].startswith("+")  # the carriers live longer here
    means = restricted_means_table(result, 24.0, "years").set_index("Group")
    assert means.loc["TET9 wild type"].iloc[1] == "reference"
    assert means.loc["TET9 mutated"].iloc[1].startswith("+")
    effects = incidence_by_group(cohort, everyone(cohort), "aml", grouping).effects
    assert effects is not None
    assert effects.reference == "TET9 wild type"
    assert list(effects.cause_specific.summary["group"]) == ["TET9 mutated"]


@pytest.mark.parametrize(
    ("spec", "reference"),
    [
        ("alteration:TET9", "TET9 wild type"),
        ("genes:TET9|ASX7", "Neither"),
        ("hierarchy:TET9>ASX7", "None of these"),
        ("burden:", "None"),
    ],
)
def test_groups_of_genes_refer_to_who_has_none(spec: str, reference: str):
    grouping = GroupingSpec.parse(spec).build(with_a_tiny_class())
    assert grouping.names[grouping.reference] == reference
    turned = arranged(grouping, Arrangement(order=grouping.names[::-1]))
    assert turned.names[turned.reference] == reference
    chosen = arranged(grouping, Arrangement(reference=grouping.names[1]))
    assert chosen.names[chosen.reference] == grouping.names[1]
    picked = only_groups(grouping, grouping.names[::-1])
    assert picked.names[picked.reference] == reference


# Figures ------------------------------------------------------------------------------------


def test_the_mean_restricts_itself_to_ten_at_risk_in_whole_years():
    cohort = with_a_tiny_class(longest=200.0)
    result = survival_by_group(cohort, everyone(cohort), "os", by_variable(cohort, "subtype"))
    ends = [last_with(km) for km in result.by_name.values() if km.n >= 10]
    assert common_horizon(result) == 12 * (min(ends) // 12)


def test_curves_and_risk_table_end_where_the_axis_does():
    cohort = with_a_tiny_class(longest=200.0)
    grouping = by_variable(cohort, "subtype")
    survival = survival_by_group(cohort, everyone(cohort), "os", grouping)
    incidence = incidence_by_group(cohort, everyone(cohort), "aml", grouping)
    for figure, result in (
        (framed(survival_figure(survival, until=survival.supported_until), "t"), survival),
        (framed(incidence_figure(incidence, until=incidence.supported_until), "t"), incidence),
    ):
        end = result.supported_until / 12
        assert end < result.last_time / 12
        drawn = [trace.x for trace in figure.data if trace.x[0] is not None]
        times = np.concatenate([np.array(x, dtype=float) for x in drawn])
        assert times.max() == pytest.approx(end)
        assert figure.layout.xaxis.range[1] == pytest.approx(1.03 * end)
    whole = framed(survival_figure(survival), "t")
    assert whole.layout.xaxis.range[1] >= survival.last_time / 12
