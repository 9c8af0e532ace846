"""Scores chosen in the sidebar: groups, filters, covariates, tables, tracks and the script."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.scores import SCORES, with_scores
from app.shell.cohort_filter import link_text
from app.study.analyses import answer_to
from app.study.question import Question
from app.study.scripts.loading import loading_lines
from data_loaders import load_cohort
from tests.pages.conftest import calm, figures, words

Opener = Callable[..., AppTest]


def test_survival_by_a_computed_class(open_app: Opener) -> None:
    at = open_app("survival", cohort="demo:mds", group="score:ipss_m")
    calm(at)
    names = [trace.get("name") for trace in figures(at)[0]["data"]]
    assert set(SCORES["ipss_m"].categories) <= set(names)
    assert "Bernard 2022" in words(at)


def test_a_link_brings_scores_as_variables_and_filters_by_them(open_app: Opener) -> None:
    chosen = Filter.from_dict({"column": "score_ipss_m", "in": ["High"]})
    at = open_app(
        "cohort", cohort="demo:mds", scores=["IPSS-M"], filter=link_text((chosen.root,))
    )  # fmt: skip
    calm(at)
    assert "IPSS-M (computed)" in words(at)
    assert "could not be restored" not in words(at)


def test_a_question_that_names_a_score_answers_itself_and_so_does_its_script() -> None:
    cohort = load_cohort("demo:mds")
    question = Question(
        "demo:mds", cohort.fingerprint, "survival.curves",
        filter=Filter.from_dict({"column": "score_ipss_r_value", "between": [3, None]}),
        grouping=GroupingSpec.parse("score:ipss_m"), settings={"endpoint_key": "os"},
    )  # fmt: skip
    answer = answer_to(question, cohort)
    assert "IPSS-M (computed)" in answer.title
    lines = loading_lines(with_scores(cohort, ["ipss_r"]))
    assert lines.lines.endswith("cohort = with_scores(cohort, ['ipss_r'])")
    assert lines.imports["app.cohort.scores"] == {"with_scores"}
