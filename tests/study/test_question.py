"""A question is plain data: it survives JSON, and its key tells apart what gives other results."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, Grouping, GroupingError, GroupingSpec, by_labels
from app.study.question import Question, QuestionError
from tests.builders import make_cohort

TEXT = some.text(max_size=8)
LEAVES = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False,
    allow_infinity=False) | TEXT  # fmt: skip
PLAIN = some.dictionaries(
    TEXT, some.recursive(LEAVES, lambda inner: some.lists(inner, max_size=3), max_leaves=6),
    max_size=4,
)  # fmt: skip
CLAUSES = some.recursive(
    some.builds(lambda name: {"altered": name}, some.sampled_from(["ASXL1", "JAK2"]))
    | some.builds(lambda low: {"column": "age_years", "between": [low, None]}, some.integers(0, 99))
    | some.builds(
        lambda names: {"column": "diagnosis", "in": names}, some.lists(TEXT, min_size=1, max_size=3)
    ),
    lambda inner: (
        some.builds(lambda clause: {"not": clause}, inner)
        | some.builds(lambda clauses: {"any": clauses}, some.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=5,
)
GROUPINGS = some.sampled_from(
    [None, GroupingSpec("alteration", "CALR"), GroupingSpec("burden", "")]
)


def asked(**changes: Any) -> Question:
    return replace(Question("demo:mpn", "f" * 64, "survival.incidence"), **changes)


def again(question: Question) -> Question:
    return Question.from_dict(json.loads(json.dumps(question.to_dict())))


@given(some.lists(CLAUSES, max_size=3), PLAIN, PLAIN, GROUPINGS)
def test_a_question_reads_back_equal_from_json(clauses, settings, shown, grouping):
    question = asked(
        filter=Filter.from_dict({"all": clauses}),
        settings=settings,
        shown=shown,
        grouping=grouping,
        arrangement=Arrangement(order=("b", "a"), hidden=("c",)),
    )
    other = again(question)
    assert other == question
    assert (other.key, other.settings) == (question.key, question.settings)
    assert hash(other) == hash(question)


def test_the_key_is_another_where_the_result_may_be():
    questions = [
        asked(),
        asked(cohort="demo:mds"),
        asked(fingerprint="0" * 64),
        asked(analysis="survival.curves"),
        asked(filter=Filter.from_dict({"altered": "CALR"})),
        asked(grouping=GroupingSpec("alteration", "CALR")),
        asked(arrangement=Arrangement(hidden=("a",))),
        asked(settings={"limit": 60.0}),
        asked(settings={"limit": None}),
    ]
    assert len({question.key for question in questions}) == len(questions)


def test_how_it_is_drawn_is_another_question_of_the_same_result():
    assert asked(shown={"unit": "months"}).key == asked().key
    assert asked(shown={"unit": "months"}) != asked()


def test_order_of_settings_and_kind_of_sequence_do_not_matter():
    assert asked(settings={"a": [1, (2,)], "b": 2}) == asked(settings={"b": 2, "a": (1, [2])})


@pytest.mark.parametrize("value", [np.int64(3), np.array([1.0]), float("nan"), {3: 1}, object()])
def test_settings_are_plain_data(value: object):
    with pytest.raises(TypeError):
        asked(settings={"x": value})


@pytest.mark.parametrize(
    "data", [{}, {"cohort": "demo:mpn"}, {"cohort": "a", "fingerprint": "b", "analysis": "c",
     "settings": 3}, {"cohort": "a", "fingerprint": "b", "analysis": "c", "grouping": 7}],
)  # fmt: skip
def test_what_is_no_question_says_so(data: dict[str, object]):
    with pytest.raises(QuestionError, match="not a question"):
        Question.from_dict(data)


COHORT = make_cohort({"age_years": [50.0] * 30})
HELD = by_labels("Mine", ["a", "b", None] * 10, ["a", "b"])
SAVED = GroupingSpec("saved", "Mine")


def test_saved_groups_are_kept_where_they_are_named_and_known_by_what_they_hold():
    other = by_labels("Mine", ["b", "a", None] * 10, ["a", "b"])
    question = asked(grouping=SAVED, saved={"Mine": HELD, "Other": other})
    assert list(question.saved) == ["Mine"]
    assert not question.saved_in_settings
    assert question.key != asked(grouping=SAVED, saved={"Mine": other}).key
    assert question.groups(COHORT, np.ones(30, dtype=bool)) is HELD
    named = asked(settings={"covariates": ["variable:sex", "saved:Mine"]}, saved={"Mine": HELD})
    assert named.saved_in_settings
    assert named.key != replace(named, saved={"Mine": other}).key


def test_saved_groups_are_written_only_where_everybody_has_the_cohort():
    question = again(asked(grouping=SAVED, saved={"Mine": HELD}))
    groups = question.groups(COHORT, np.ones(30, dtype=bool))
    assert isinstance(groups, Grouping)
    assert groups.sizes() == HELD.sizes()
    private = again(asked(cohort="upload:abc", grouping=SAVED, saved={"Mine": HELD}))
    assert not private.saved
    with pytest.raises(GroupingError, match="no saved groups called Mine"):
        private.groups(COHORT, np.ones(30, dtype=bool))


def test_a_list_of_patients_of_an_upload_is_never_written():
    listed = Filter.from_dict({"any": [{"patients": ["P1"]}, {"altered": "CALR"}]})
    for question in (
        asked(filter=listed),
        asked(grouping=GroupingSpec.of_filters({"a": listed, "b": Filter()})),
        asked(settings={"eligibility": listed.to_dict()}),
    ):
        assert again(question) == question
        with pytest.raises(QuestionError, match="never leaves"):
            replace(question, cohort="upload:abc").to_dict()


def test_a_store_that_holds_the_patients_is_given_all_of_it():
    listed = Filter.from_dict({"patients": ["P1"]})
    codes = np.resize(np.array([0, 1, -2], dtype=np.int16), 600_000)
    held = replace(HELD, codes=codes, after_baseline=True, note="Treated later.")
    question = asked(cohort="upload:abc", filter=listed, grouping=SAVED, saved={"Mine": held})
    whole = json.loads(json.dumps(question.to_dict(whole=True)))
    assert Question.from_dict(whole) == question
