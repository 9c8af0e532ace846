"""Groupings as text, in links and scripts; filters against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingError, GroupingSpec, filters_from_text
from app.cohort.spec_text import join_parts, split_parts
from tests.builders import AGE, make_cohort

names = st.text(min_size=1, max_size=12)


@given(st.lists(names, min_size=1, max_size=6), st.sampled_from("|>=,"))
def test_any_names_joined_come_apart_again(parts: list[str], separator: str):
    text = join_parts(parts, separator)
    assert split_parts(text, separator) == tuple(parts)


def test_names_of_alterations_stay_readable():
    spec = GroupingSpec.of_genes("t(8;21)", "-7/7q-")
    assert str(spec) == "genes:t(8;21)|-7/7q-"
    assert str(GroupingSpec.of_hierarchy(("JAK2", "a>b", "+8"))) == "hierarchy:JAK2>a%3Eb>+8"


@given(names, names, st.lists(names, min_size=1, max_size=5))
def test_specs_read_back(first: str, second: str, more: list[str]):
    for spec, features in (
        (GroupingSpec.of_genes(first, second), (first, second)),
        (GroupingSpec.of_hierarchy(more), tuple(more)),
    ):
        assert GroupingSpec.parse(str(spec)) == spec
        assert spec.features == features
    for text in (f"alleles:{first}", f"variable:{first}", f"saved:{first}", "burden:"):
        assert str(GroupingSpec.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "genes:", "genes:A", "genes:A|", "genes:A|B|C", "hierarchy:", "hierarchy:A>", "burden",
        "burden:5", "alleles:", "cut:", "cut:age_years", "cut:@median", "cut:age_years@often",
        "cut:age_years@optimal=1,2", "filters:", "filters:a=|b=", 'filters:a={"all":[]}',
    ],
)  # fmt: skip
def test_what_is_no_grouping_is_refused_in_a_sentence(text: str):
    with pytest.raises(GroupingError, match=r"\.$"):
        GroupingSpec.parse(text)


OLD = Filter.from_dict({"column": "age_years", "between": [60, None]})
WITH = Filter.from_dict({"altered": "ASXL1"})
COHORT = make_cohort(
    {"age_years": [50.0, 70, 70, 50, 70, 50, None]},
    {"ASXL1": [1, 0, 1, 0, None, None, 0]},
    variables=(AGE,),
)


def test_filters_against_each_other_place_those_whom_exactly_one_selects():
    spec = GroupingSpec.of_filters({"Old": OLD, "With ASXL1": WITH})
    grouping = GroupingSpec.parse(str(spec)).build(COHORT)
    assert grouping.names == ("Old", "With ASXL1")
    assert grouping.sizes() == (1, 1)
    assert grouping.codes[:2].tolist() == [1, 0]
    assert grouping.left_out() == {
        "in none of the chosen groups": 1,
        "in more than one of the groups": 1,
        "not known to be in one group: a value is missing or a gene was not tested": 3,
    }
    assert "Old is Age 60 years or more" in grouping.note


@given(st.dictionaries(names, st.sampled_from([OLD, WITH, Filter()]), min_size=2, max_size=5))
def test_named_filters_read_back(filters: dict[str, Filter]):
    assert filters_from_text(GroupingSpec.of_filters(filters).name) == filters


def test_a_filter_on_what_the_cohort_lacks_is_said():
    nope = Filter.from_dict({"altered": "NOPE"})
    with pytest.raises(GroupingError, match="NOPE"):
        GroupingSpec.of_filters({"a": OLD, "b": nope}).build(COHORT)
