"""The answer of competing risks: its script prints the workbook, its methods say what was done."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec, saved_from_json, saved_to_json
from app.study.analyses import (
    ANALYSES,
    REGISTRY,
    analysis_of,
    answer_of,
    answer_to,
    compute,
    views_of,
)
from app.study.answer import Answer, methods_text
from app.study.question import Question
from app.study.scripts.parts import GROUPS_FILE
from app.study.scripts.question import question_script
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import check_tables, run

FILE = 'a "study"; print(1).csv'
STAGE = GroupingSpec("variable", "stage")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("competing")
    rng = np.random.default_rng(4)
    n = 300
    stage = rng.choice(["I'm low", "mid\\dle", "none", "few"], n, p=[0.4, 0.35, 0.22, 0.03])
    first = rng.exponential(np.where(stage == "mid\\dle", 30, 90))
    dead, end = rng.exponential(60, n), rng.uniform(5, 100, n)
    happened = (first < np.minimum(dead, end)) & (stage != "none")
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "stage": stage,
            "age_years": rng.integers(20, 90, n),
            "os_months": np.minimum(dead, end).round(2) + 0.1,
            "os_event": (dead < end).astype(float),
            "aml_months": np.where(happened, first, np.minimum(dead, end)).round(2) + 0.1,
            "aml_event": happened.astype(int),
        }
    )
    # Alive or dead is not known of some who had no AML, and of one nothing is.
    frame.loc[np.flatnonzero(~happened)[:6], "os_event"] = np.nan
    frame.loc[7, ["os_months", "os_event", "aml_months", "aml_event"]] = np.nan
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    cohort = load_cohort(folder / FILE)
    assert cohort.endpoints["aml"].competing is not None
    return cohort


def asked(cohort: Cohort, grouping: GroupingSpec | None = None, **parts: Any) -> Question:
    settings = {"endpoint_key": "aml"} | parts.pop("settings", {})
    return Question(
        "upload:abc",
        cohort.fingerprint,
        "survival.incidence",
        grouping=grouping,
        settings=settings,
        **parts,
    )


def written(question: Question, cohort: Cohort) -> tuple[Answer, str]:
    answer = answer_to(question, cohort)
    return answer, question_script(question, cohort, answer.title)


def text_of(question: Question, cohort: Cohort) -> str:
    return methods_text(answer_to(question, cohort), question.filter.apply(cohort))


@pytest.mark.parametrize("key", ANALYSES)
def test_every_analysis_is_found_by_its_key(key: str):
    analysis = analysis_of(Question("demo:mpn", "f", key))
    assert callable(analysis.function)
    assert callable(analysis.answer)


def test_every_view_is_drawn_by_what_the_registry_names():
    pages = {key.partition(".")[0] for key in REGISTRY}
    drawn = [draw for page in pages for draw in views_of(page).values()]
    assert len(drawn) == sum(bool(listed.label) for listed in REGISTRY.values())
    assert all(map(callable, drawn))


def test_the_mds_demo_by_risk_with_a_filter_and_a_limit(tmp_path):
    demo = load_cohort("demo:mds")
    old = Filter.from_dict({"column": "age_years", "between": [60, None]})
    question = asked(
        demo,
        GroupingSpec("variable", "ipssm"),
        filter=old,
        settings={"limit": 48.0, "truncated": True},
        shown={"unit": "months", "band": True},
    )
    answer, script = written(question, demo)
    assert {"Hazard ratios", "Pairs"} <= set(answer.tables())
    check_tables(run(script, tmp_path), answer)
    assert "SYNTHETIC" in script
    assert "limit=48.0" in script
    assert "truncated" not in script, "defaults are not written"


def test_a_file_with_unknown_deaths_hostile_names_and_small_groups(cohort, folder):
    question = asked(cohort, STAGE)
    answer, script = written(question, cohort)
    assert any("death" in reason for reason in answer.accounting.left_out)
    check_tables(run(script, folder), answer)


def test_groups_as_they_were_arranged(cohort, folder):
    shown = Arrangement(hidden=("few",), reference="mid\\dle", names=(("I'm low", 'l"w'),))
    question = asked(cohort, STAGE, arrangement=shown, shown={"stacked": True, "group": 'l"w'})
    result = compute(question, cohort)
    assert result.effects.reference == "mid\\dle"
    answer = answer_of(question, cohort, result)
    check_tables(run(question_script(question, cohort, answer.title), folder), answer)


def test_groups_saved_by_name_are_read_from_their_file(cohort, folder):
    content = saved_to_json(cohort, {"Mine 'n'": STAGE.build(cohort)})
    (folder / GROUPS_FILE).write_bytes(content)
    saved = saved_from_json(cohort, content).groupings
    question = asked(cohort, GroupingSpec("saved", "Mine 'n'"), saved=saved)
    answer, script = written(question, cohort)
    check_tables(run(script, folder), answer)
    assert GROUPS_FILE in script.splitlines()[4]


def test_everyone_together_and_nobody_are_answers_and_scripts(cohort, folder):
    answer, script = written(asked(cohort), cohort)
    check_tables(run(script, folder), answer)
    nobody = Filter.from_dict({"column": "age_years", "between": [200, None]})
    answer, script = written(asked(cohort, STAGE, filter=nobody), cohort)
    assert "0 of 0 selected patients are in the curves" in run(script, folder)
    assert answer.figure.layout


def test_figures_are_drawn_as_the_question_wants_them(cohort):
    plain = answer_to(asked(cohort, STAGE), cohort)
    assert plain.figure is plain.figure
    stacked = answer_to(asked(cohort, STAGE, shown={"stacked": True}), cohort)
    assert len(stacked.figure.data) != len(plain.figure.data)
    assert stacked.title == plain.title
    assert stacked.sentences == plain.sentences


def test_entry_times_enter_where_they_were_used(cohort):
    patients = cohort.patients.assign(seen=cohort.patients["aml_months"] / 3)
    aml = replace(cohort.endpoints["aml"], entry="seen")
    late = replace(cohort, patients=patients, endpoints={"aml": aml})
    assert "at risk from their entry on (column seen)" in text_of(asked(late, STAGE), late)
    question = asked(late, STAGE, settings={"truncated": False})
    assert "Entry times (column seen) were not used" in text_of(question, late)
    assert "truncated=False" in question_script(question, late, "x")


def test_text_of_the_data_never_becomes_code(cohort):
    text = '"""\nimport os'
    named = replace(cohort, provenance=replace(cohort.provenance, source=text))
    question = asked(
        cohort,
        GroupingSpec("variable", text),
        arrangement=Arrangement(hidden=(text,)),
        settings={"endpoint_key": text},
        shown={"group": text},
    )
    script = question_script(question, named, text)
    imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
    assert imported == []


def test_the_methods_say_what_was_done_and_who_was_not_in_it(cohort):
    text = text_of(asked(cohort, STAGE, settings={"limit": 60.0}), cohort)
    for said in (
        "Aalen-Johansen",
        "Not in the tests: few has fewer than 10 patients.",
        "Not in the models: ",
        "none (no AML transformation)",
        "Fine-Gray",
        "Efron ties",
        "ended at 5 years",
        "aml_competing",
        "death without AML transformation not recorded",
        "never give one for the other",
    ):
        assert said in text, said
    assert "Gray's test (2 degrees of freedom" in text
    alone = asked(cohort)
    text = text_of(alone, cohort)
    for absent in ("Gray's", "Hazard ratios against", "grouped", "ended at"):
        assert absent not in text
    with pytest.raises(ValueError, match="pass the selection that the result was made with"):
        methods_text(
            answer_to(alone, cohort),
            Filter.from_dict({"column": "age_years", "between": [70, None]}).apply(cohort),
        )


def test_the_methods_name_the_tests_of_a_comparison():
    demo = load_cohort("demo:mds")
    text = text_of(asked(demo, GroupingSpec("variable", "ipssm")), demo)
    assert "Gray's test (5 degrees of freedom" in text
    assert "Holm" in text
    assert "Hazard ratios against Very Low" in text
    assert "Grambsch and Therneau" in text
    assert "SYNTHETIC" in text
