"""The questions of Home follow what a cohort's own words mean."""

from __future__ import annotations

import pytest

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
