"""Groupings: names, codes, order, accounting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.cohort.colours import NEUTRAL, colour_of
from app.cohort.filters import Filter
from app.cohort.groupings import (
    GroupingError,
    GroupingSpec,
    by_alteration,
    by_labels,
    by_variable,
    grouping_options,
)
from app.cohort.later_columns import later_columns
from data_loaders import Variable
from tests.builders import AGE, DIAGNOSIS, OS, make_cohort

RISK = Variable("risk", "Risk", "ordinal", role="disease", levels=("Low", "Mid", "High"))
SPLEEN = Variable("spleen", "Splenomegaly", "binary", role="clinical")
TRANSPLANT = Variable("hsct", "Transplant", "binary", role="treatment")
COHORT = make_cohort(
    {
        "diagnosis": ["MF", "MF", "ET", None, "ET", "MF"],
        "risk": ["High", "Low", None, "High", "Low", "Odd"],
        "age_years": [1.0, 2, 3, 4, 5, 6],
        "spleen": [1.0, 0.0, None, 1.0, 0.0, 0.0],
        "hsct": [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
    },
    {"CALR": [1, 0, None, 1, 0, 0], "20q-": [0, 0, 1, 0, 0, 0], "TP53": [0] * 6},
    variables=(DIAGNOSIS, RISK, AGE, SPLEEN, TRANSPLANT),
    kinds={"20q-": "cytogenetic"},
)


def test_an_alteration_divides_the_tested_only():
    grouping = by_alteration(COHORT, "CALR")
    assert grouping.names == ("CALR mutated", "CALR wild type")
    assert grouping.sizes() == (2, 3)
    assert grouping.left_out() == {"not tested": 1}
    assert grouping.colours[0] == colour_of("CALR")
    assert by_alteration(COHORT, "20q-").names == ("20q- present", "20q- absent")


def test_sizes_and_left_out_follow_the_mask():
    mask = np.array([True, False, True, False, False, False])
    grouping = by_alteration(COHORT, "CALR")
    assert grouping.sizes(mask) == (1, 0)
    assert grouping.left_out(mask) == {"not tested": 1}


def test_ordinal_levels_keep_their_order_and_strangers_come_last():
    grouping = by_variable(COHORT, "risk")
    assert grouping.names == ("Low", "High", "Odd")
    assert grouping.ordered
    assert grouping.left_out() == {"with a value missing": 1}


def test_categories_go_from_the_largest_down_and_binaries_read_yes_no():
    assert by_variable(COHORT, "diagnosis").names == ("MF", "ET")
    spleen = by_variable(COHORT, "spleen")
    assert spleen.names == ("Yes", "No")
    assert spleen.sizes() == (2, 3)


def test_a_treatment_is_known_to_come_after_baseline():
    assert by_variable(COHORT, "hsct").after_baseline
    assert not by_variable(COHORT, "spleen").after_baseline


def test_many_values_keep_the_largest_and_count_the_rest():
    values = [f"v{i}" for i in range(40) for _ in range(40 - i)]
    cohort = make_cohort({"diagnosis": list(values)}, variables=(DIAGNOSIS,))
    grouping = by_variable(cohort, "diagnosis", max_groups=10)
    assert grouping.names == tuple(f"v{i}" for i in range(10))
    assert sum(grouping.sizes()) + sum(grouping.left_out().values()) == len(values)


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_the_column_type_does_not_matter(dtype: str):
    patients = COHORT.patients.assign(diagnosis=COHORT.patients["diagnosis"].astype(dtype))
    other = by_variable(make_cohort(patients.to_dict("list"), variables=(DIAGNOSIS,)), "diagnosis")
    assert other.codes.tolist() == by_variable(COHORT, "diagnosis").codes.tolist()


@pytest.mark.parametrize("text", ["variable:nope", "alteration:nope", "variable:age_years"])
def test_impossible_groupings_say_so(text: str):
    with pytest.raises(GroupingError):
        GroupingSpec.parse(text).build(COHORT)


@pytest.mark.parametrize("text", ["", "variable:", "gene:CALR", "CALR"])
def test_what_is_no_grouping_is_refused(text: str):
    with pytest.raises(GroupingError):
        GroupingSpec.parse(text)


def test_every_option_builds_and_reads_back():
    options = grouping_options(COHORT)
    assert [str(option) for option in options[:3]] == [
        "variable:diagnosis",
        "variable:risk",
        "alteration:CALR",
    ]
    assert "alteration:TP53" not in {str(option) for option in options}, "nobody carries it"
    for option in options:
        assert GroupingSpec.parse(str(option)) == option
        assert option.build(COHORT).sizes()


def test_labels_become_a_grouping_and_grey_ones_stay_grey():
    labels = pd.Series(["A", "B", None, "none", "A", "B"])
    grouping = by_labels("Subgroup", list(labels), ["B", "A", "none"], grey=["none"])
    assert grouping.sizes() == (2, 2, 1)
    assert grouping.left_out() == {"with a value missing": 1}
    assert grouping.colours[2] == NEUTRAL


FOLLOWED = make_cohort(
    {"hsct": [1.0, 0.0], "spleen": [0.0, 1.0], "os_months": [1.0, 2.0], "os_event": [1.0, 0.0]},
    {"CALR": [1, 0]},
    variables=(SPLEEN, TRANSPLANT),
    endpoints=(OS,),
)


def test_filters_on_what_happens_later_make_groups_of_follow_up():
    given = {"column": "hsct", "in": [1]}
    died = {"column": "os_event", "in": [1]}
    later = {
        "Given": Filter.from_dict(given),
        "Not given": Filter.from_dict({"not": {"any": [given, died]}}),
    }
    assert later_columns(FOLLOWED, later.values()) == ["hsct", "os_event"]
    assert GroupingSpec.of_filters(later).build(FOLLOWED).after_baseline
    early = {
        "Large": Filter.from_dict({"column": "spleen", "in": [1]}),
        "Altered": Filter.from_dict({"altered": "CALR"}),
    }
    assert not GroupingSpec.of_filters(early).build(FOLLOWED).after_baseline
