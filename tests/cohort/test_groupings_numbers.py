"""Numbers cut into groups: which side a tie falls on, what the groups are called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.cohort._colour_distance import EYES
from app.cohort.groupings import (
    MISSING,
    Cut,
    Grouping,
    GroupingError,
    GroupingSpec,
    clinical_thresholds,
    cut_options,
    fixed_cut,
    typed_values,
)
from app.cohort.groupings._cuts import by_cut
from app.cohort.number_colours import number_colours
from data_loaders import Cohort, Variable
from tests.builders import AGE, DIAGNOSIS, make_cohort
from tests.cohort.test_colours import PAGES, luminance, nearest

HB = Variable("hb", "Haemoglobin", "numeric", unit="g/L", role="laboratory")
WBC = Variable("wbc", "White cell count", "numeric", unit="10⁹/L", role="laboratory")
SCORE = Variable("score", "IPSS-M score", "numeric", role="disease")
TRANSPLANT = Variable("hsct_months", "Transplant", "numeric", unit="months", role="treatment")
FOLLOW_UP = Variable("os_months", "Follow-up", "numeric", unit="months", role="outcome")


def numbers(values: list[object], variable: Variable = AGE) -> Cohort:
    return make_cohort({variable.name: values}, variables=(variable,))


def cut(cohort: Cohort, rule: str, mask: np.ndarray | None = None) -> Grouping:
    column = next(iter(cohort.variables))
    return GroupingSpec.parse(f"cut:{column}@{rule}").build(cohort, mask)


def test_a_value_at_the_cut_is_up_to_it_and_a_missing_one_is_in_no_group():
    grouping = cut(numbers([59.9, 60.0, 60.1, None]), "60")
    assert grouping.names == ("Age up to 60 years", "Age above 60 years")
    assert grouping.codes.tolist() == [0, 0, 1, MISSING]
    assert grouping.left_out() == {"with a value missing": 1}
    assert grouping.ordered
    assert not grouping.data_driven


def test_several_typed_values_in_any_order():
    grouping = cut(numbers([30, 40, 50, 60, 70]), "60, 40")
    assert grouping.names == (
        "Age up to 40 years",
        "Age above 40 up to 60 years",
        "Age above 60 years",
    )
    assert grouping.codes.tolist() == [0, 0, 1, 1, 2]


def test_a_typed_value_beyond_everyone_leaves_a_group_that_is_named_and_empty():
    assert cut(numbers([30, 40]), "200").sizes() == (2, 0)


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1,2,3,4,5,6,7,8,9,10", "4O"])
def test_what_are_no_values_is_refused(text: str):
    with pytest.raises(GroupingError, match="numbers to cut at"):
        typed_values(text)


def test_quantiles_are_those_of_the_selected_patients():
    cohort = numbers([*range(1, 101)])
    assert cut(cohort, "median").names[0] == "Age up to 50 years"
    selected = np.arange(100) < 20
    grouping = cut(cohort, "median", selected)
    assert grouping.names == ("Age up to 10 years", "Age above 10 years")
    assert grouping.sizes(selected) == (10, 10)
    assert grouping.sizes() == (10, 90), "the others are divided by the same cut"
    assert "20 selected patients" in grouping.note


def test_quartiles_are_numpys_quartiles():
    values = np.random.default_rng(4).gamma(3, 10, 333)
    grouping = cut(numbers(list(values)), "quartiles")
    expected = np.digitize(values, np.quantile(values, [0.25, 0.5, 0.75]), right=True)
    assert grouping.codes.tolist() == expected.tolist()
    assert max(len(name) for name in grouping.names) < 45, "cuts are written readably"


@pytest.mark.parametrize("rule", ["tertiles", "quartiles"])
def test_ties_that_empty_a_group_are_said(rule: str):
    with pytest.raises(GroupingError, match="same value of Age"):
        cut(numbers([0.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]), rule)


def test_a_cut_at_the_median_leaves_no_side_empty():
    """Two thirds have the highest value: above the median is nobody."""
    grouping = cut(numbers([5.0] * 42 + [3.0, 4.0, 1.0] * 7), "median")
    assert grouping.names == ("Age up to 4 years", "Age above 4 years")
    assert grouping.sizes() == (21, 42)
    assert "Nobody is above the median" in grouping.note
    tied, everyone = numbers([5.0] * 42 + [4.0] * 21), np.ones(63, dtype=bool)
    assert fixed_cut(tied, Cut("age_years", "median"), everyone).values == (4.0,)
    with pytest.raises(GroupingError, match="same value of Age"):
        cut(numbers([5.0] * 9), "median")


def test_nobody_with_a_value_is_said():
    cohort = numbers([1.0, None, None])
    with pytest.raises(GroupingError, match="None of the selected"):
        cut(cohort, "median", np.array([False, True, True]))


@given(
    st.lists(st.integers(-50, 50) | st.floats(-1e6, 1e6), min_size=2, max_size=60),
    st.sampled_from(["median", "tertiles", "quartiles"]),
)
def test_a_readable_cut_divides_as_the_quantile_does(values: list[float], rule: str):
    parts = {"median": 2, "tertiles": 3, "quartiles": 4}[rule]
    try:
        grouping = cut(numbers([float(v) for v in values]), rule)
    except GroupingError:
        quantiles = np.quantile(values, np.arange(1, parts) / parts)
        codes = np.digitize(values, quantiles, right=True)
        assert rule != "median" or len(set(values)) == 1
        assert len(set(codes.tolist())) < parts, "refused only where a group would be empty"
        return
    assert all(grouping.sizes())
    assert len(grouping.names) == parts
    order = np.argsort(values, kind="stable")
    assert (np.diff(grouping.codes[order]) >= 0).all(), "a larger value is never in a lower group"


def test_published_thresholds_keep_their_own_side_for_ties():
    haemoglobin = cut(numbers([79.9, 80, 99.9, 100], HB), "clinical")
    assert haemoglobin.names == (
        "Haemoglobin below 80 g/L",
        "Haemoglobin from 80 to below 100 g/L",
        "Haemoglobin 100 g/L or more",
    )
    assert haemoglobin.codes.tolist() == [0, 1, 1, 2]
    assert "IPSS-R" in haemoglobin.note
    score = cut(numbers([-1.5, -1.49, 0, 0.5, 1.5, 1.51], SCORE), "clinical")
    assert score.codes.tolist() == [0, 1, 2, 3, 4, 5]
    age = cut(numbers([59.9, 60, 65, 65.1]), "clinical")
    assert age.codes.tolist() == [0, 1, 1, 2]
    assert age.names[1] == "Age from 60 up to 65 years"


def test_thresholds_follow_the_unit():
    per_dl = Variable("hb", "Haemoglobin", "numeric", unit="g/dL")
    found = clinical_thresholds(per_dl)
    assert found is not None
    assert [step.value for step in found[0]] == [8, 10]
    per_ul = clinical_thresholds(Variable("plt", "Platelets", "numeric", unit="/µL"))
    assert per_ul is not None
    assert [step.value for step in per_ul[0]] == [50_000, 100_000]
    assert clinical_thresholds(Variable("hb", "Haemoglobin", "numeric", unit="mmol/L")) is None
    assert clinical_thresholds(Variable("hb", "Haemoglobin", "numeric")) is None


def test_a_number_without_known_thresholds_says_so():
    with pytest.raises(GroupingError, match="No clinical threshold"):
        cut(numbers([1.0, 2.0], Variable("ferritin", "Ferritin", "numeric")), "clinical")


def test_units_read_well():
    assert cut(numbers([5.0, 20.0], WBC), "11.5").names[0] == "White cell count up to 11.5 × 10⁹/L"
    blasts = Variable("b", "Marrow blasts", "numeric", unit="%")
    assert cut(numbers([5.0, 20.0], blasts), "clinical").names[0] == "Marrow blasts below 5%"


def test_an_optimal_cut_carries_its_value_and_is_data_driven():
    spec = GroupingSpec.of_cut(Cut("age_years", "optimal", (54.0,)))
    assert str(spec) == "cut:age_years@optimal=54"
    grouping = GroupingSpec.parse(str(spec)).build(numbers([50.0, 60.0]))
    assert grouping.data_driven
    assert grouping.names[0] == "Age up to 54 years"
    with pytest.raises(GroupingError, match="yet to be found"):
        cut(numbers([50.0, 60.0]), "optimal")


def test_what_is_no_baseline_number_is_not_offered():
    cohort = make_cohort(
        {name: [1.0, 2.0] for name in ("age_years", "hsct_months", "os_months", "diagnosis")},
        variables=(DIAGNOSIS, AGE, TRANSPLANT, FOLLOW_UP),
    )
    assert cut_options(cohort) == ["age_years"]
    assert by_cut(cohort, Cut("hsct_months", "typed", (1.0,))).after_baseline
    for column in ("diagnosis", "nope"):
        with pytest.raises(GroupingError):
            by_cut(cohort, Cut(column, "median"))


@pytest.mark.parametrize("dtype", ["Float64", "Int64", "float32", "object"])
def test_the_column_type_does_not_matter(dtype: str):
    plain = numbers([1.0, 2.0, None, 4.0])
    patients = plain.patients.astype({"age_years": "Float64"}).astype({"age_years": dtype})
    assert patients["age_years"].dtype == dtype
    other = replace(plain, patients=patients)
    assert cut(other, "median").codes.tolist() == cut(plain, "median").codes.tolist()


@given(
    st.text(min_size=1),
    st.sampled_from(["median", "tertiles", "quartiles", "clinical", "optimal"])
    | st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9),
)
def test_cuts_read_back(column: str, rule: str | list[float]):
    if isinstance(rule, str):
        made = Cut(column, rule)
    else:
        values = typed_values(", ".join(map(repr, rule)))
        assume(len(values) == len(set(rule)))
        made = Cut(column, "typed", values)
    spec = GroupingSpec.of_cut(made)
    assert GroupingSpec.parse(str(spec)) == spec
    assert Cut.parse(str(made)) == made


@pytest.mark.parametrize("steps", range(1, 11))
def test_colours_of_steps_stand_out_and_differ(steps: int):
    ramp = number_colours(steps)
    assert len(set(ramp)) == steps
    for colour in ramp:
        for page in PAGES:
            low, high = sorted((luminance(colour), luminance(page)))
            assert (high + 0.05) / (low + 0.05) >= 3


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("steps", [2, 3])
def test_few_steps_differ_also_for_colour_blind_eyes(steps: int, eyes: str):
    assert nearest(number_colours(steps), eyes) > 9
