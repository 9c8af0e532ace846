"""The questions of Home follow what a cohort's own words mean."""

from __future__ import annotations

import numpy as np
import pytest

from app.views.home.analysis import glance
from app.views.home.page_questions import questions
from data_loaders import Endpoint, Variable
from tests.builders import DIAGNOSIS, OS, make_cohort


@pytest.mark.parametrize("word", ["TN", "triple neg", "Triple-negative", "triple negativ"])
def test_triple_negative_against_calr_is_asked_however_it_is_spelt(word: str):
    cohort = make_cohort(
        {
            "diagnosis": ["MF"] * 8,
            "driver": ["CALR", "JAK2", word, word] * 2,
            "os_months": [1.0, 2, 3, 4, 5, 6, 7, 8],
            "os_event": [1, 0] * 4,
        },
        variables=(DIAGNOSIS, Variable("driver", "Driver mutation", "categorical")),
        endpoints=(OS,),
    )
    asked = {q.title: q.view.settings for q in questions(cohort, "test")}
    settings = next(s for title, s in asked.items() if "triple-negative" in title)
    assert settings["compare_groups"] == ["CALR", word]
    assert settings["compare"] == "At a glance"


def test_a_lymphoid_cohort_is_asked_its_own_questions():
    cohort = make_cohort(
        {
            "ighv": ["Mutated", "Unmutated"] * 4,
            "os_months": [1.0, 2, 3, 4, 5, 6, 7, 8],
            "os_event": [1, 0] * 4,
            "ttt_months": [1.0, 1, 2, 2, 3, 3, 4, 4],
            "ttt_event": [0, 1] * 4,
            "ttt_competing": [1, 0] * 4,
        },
        variables=(Variable("ighv", "IGHV status", "categorical", role="disease"),),
        endpoints=(
            OS,
            Endpoint("ttt", "Time to first treatment", "ttt_months", "ttt_event", "ttt_competing"),
        ),
    )
    first = questions(cohort, "test")[0]
    assert first.title == "Does IGHV status change the time to first treatment?"
    assert (first.view.settings["group"], first.view.settings["endpoint"]) == (
        "variable:ighv", "ttt",
    )  # fmt: skip


def test_one_view_is_asked_for_once() -> None:
    """IGHV is the disease's first variable here: its survival is asked for already."""
    cohort = make_cohort(
        {
            "ighv": ["Mutated", "Unmutated"] * 4,
            "os_months": [1.0, 2, 3, 4, 5, 6, 7, 8],
            "os_event": [1, 0] * 4,
        },
        variables=(Variable("ighv", "IGHV status", "categorical", role="disease"),),
        endpoints=(OS,),
    )
    views = [question.view for question in questions(cohort, "test")]
    assert sum(view.settings.get("group") == "variable:ighv" for view in views) == 1


def test_diseases_are_compared_only_where_two_were_followed():
    rows = {
        "diagnosis": ["CLL"] * 4 + ["MCL"] * 4,
        "os_months": [1.0, 2, 3, 4, 5, 6, 7, 8],
        "os_event": [1, 0] * 4,
    }
    asked = "How does survival differ by diagnosis?"
    both = make_cohort(rows, variables=(DIAGNOSIS,), endpoints=(OS,))
    assert asked in [question.title for question in questions(both, "test")]
    rows["os_months"] = [1.0, 2, 3, 4, *[None] * 4]
    one = make_cohort(rows, variables=(DIAGNOSIS,), endpoints=(OS,))
    assert asked not in [question.title for question in questions(one, "test")]


def test_the_bars_of_home_are_those_of_most_patients():
    """Of few tested for one, a large share says little of a cohort."""
    few: list[object] = [1, 1, *[None] * 6]
    cohort = make_cohort({"age_years": [50.0] * 8}, {"KIT": few, "TET2": [1, 1, 1, *[0] * 5]})
    seen = glance(cohort, np.ones(8, dtype=bool))
    assert list(seen.leading["feature"]) == ["TET2", "KIT"]
    assert list(seen.frequencies["feature"]) == ["KIT", "TET2"]
