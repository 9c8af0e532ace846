"""Scores chosen in the sidebar: groups, filters, covariates, tables, tracks and the script."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from streamlit.testing.v1 import AppTest

from app.analysis.associations import describable
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.scores import SCORES, offered_scores, with_scores
from app.shell.cohort_filter import link_text
from app.study.adjustment import adjustment_options
from app.study.analyses import answer_to
from app.study.contained_covariates import contained_in
from app.study.question import Question
from app.study.scripts.loading import loading_lines
from app.study.transplants.choices import risk_classes
from app.views.genomics.oncoprint.analysis import oncoprint
from app.views.patient._scores import score_in_parts, scores_of_patient
from app.views.survival.cox.frame import covariate_options, describe_covariate
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


def test_what_was_chosen_is_wherever_variables_are() -> None:
    demo = load_cohort("demo:mds")
    cohort = with_scores(demo, ["ipss_ra"])
    assert with_scores(demo, ["ipss_ra"]) is cohort
    both = {"score_ipss_ra", "score_ipss_ra_value"}
    assert both <= set(describable(cohort))
    assert both <= set(adjustment_options(cohort))
    assert "score_ipss_ra" in {variable.name for variable in risk_classes(cohort)}
    options = covariate_options(cohort)
    assert {"variable:score_ipss_ra_value", "score:ipss_ra"} <= set(options)
    assert describe_covariate(cohort, "score:ipss_ra").kind == "levels"
    for spec in ("score:ipss_ra", "variable:score_ipss_ra_value"):
        said = contained_in(cohort, [(spec, "IPSS-RA"), ("variable:age_years", "Age")])
        assert said[0].startswith("IPSS-RA contains age")
    mask = np.ones(cohort.n, dtype=bool)
    drawn = oncoprint(cohort, mask, kinds=["gene"], most=5, tracks=["score_ipss_ra"])
    assert [track.label for track in drawn.tracks] == ["IPSS-RA (computed)"]


def test_the_patient_page_says_what_a_class_is_made_of(open_app: Opener) -> None:
    cohort = load_cohort("demo:mds")
    lacking = int(np.flatnonzero(cohort.patients["karyotype_group"].isna())[0])
    table = scores_of_patient(cohort, offered_scores(cohort), lacking).set_index("Score")
    assert " or " in table.loc["IPSS-R", "Class"]
    assert table.loc["IPSS-R", "Missing"] == "Cytogenetic group of the IPSS-R"
    parts = score_in_parts(cohort, "ipss_r", lacking).set_index("Input")
    # Its columns of lesions leave several groups possible.
    assert " to " in parts.loc["Cytogenetic group of the IPSS-R", "This patient"]
    at = open_app("patient", cohort="demo:mds")
    calm(at)
    assert "Scores" in [tab.label for tab in at.tabs]
