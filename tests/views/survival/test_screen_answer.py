"""Answers of the screen and of events during follow-up: their scripts print the workbooks."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.study.analyses import answer_of, compute
from app.study.answer import Answer, methods_text
from app.study.question import Question
from app.study.scripts.question import question_script
from app.views.survival.during.words import NOT_CAUSAL
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

FILE = 'it\'s "my" cohort; print(1) #é.csv'
OLD = Filter.from_dict({"column": "age_years", "between": [60, None]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secret-folder")
    rng = np.random.default_rng(8)
    n = 240
    time = rng.exponential(50, n).round(2) + 0.1
    at = rng.exponential(30, n).round(2)
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "age_years": rng.integers(20, 90, n),
            "sex": rng.choice(["F", "M"], n),
            "os_months": time,
            "os_event": (rng.random(n) < 0.6).astype(int),
            "transplant_months": np.where(at < time * 1.1, at, np.nan),
            "ASXL1": np.where(rng.random(n) < 0.1, None, rng.choice(["0", "1"], n)),
            "TP53": rng.choice(["0", "1"], n, p=[0.8, 0.2]),
            "EZH2": ["1", "1", *["0"] * (n - 2)],
        }
    )
    frame.loc[:3, "os_months"] = np.nan
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return load_cohort(folder / FILE)


def made(cohort: Cohort, analysis: str, chosen: Filter, **settings: Any) -> tuple[Any, Answer, str]:
    """Result, answer and script of a question."""
    settings = {"endpoint_key": "os"} | settings
    question = Question("upload:abc", cohort.fingerprint, analysis, chosen, settings=settings)
    result = compute(question, cohort)
    answer = answer_of(question, cohort, result)
    return result, answer, question_script(question, cohort, answer.title)


def screened(cohort: Cohort, chosen: Filter, **settings: Any) -> tuple[Any, Answer, str]:
    return made(cohort, "survival.screen", chosen, **settings)


def followed(cohort: Cohort, chosen: Filter, **settings: Any) -> tuple[Any, Answer, str]:
    given = {"exposure": "column:transplant_months", "landmarks": [6.0, 12.0], "drawn": 6.0}
    return made(cohort, "survival.during", chosen, **given, limit=60.0, **settings)


def check_tables(printed: str, answer: Answer) -> None:
    """The script prints every table of the workbook, to the twelfth digit."""
    assert "Note:" not in printed
    assert answer.accounting.caption() in printed
    for name, table in answer.tables().items():
        text = table.to_string(index=False, float_format="%.12g".__mod__)
        assert f"\n{name}\n{text}\n" in printed, name


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"adjust": ["age_years", "sex"], "min_altered": 2, "adjustment": "holm", "limit": 36.0},
    ],
)
def test_the_screen_of_a_file_is_reproduced(cohort, folder, settings):
    screen, answer, script = screened(cohort, OLD, **settings)
    assert screen.n_tested >= 2
    check_tables(run(script, folder), answer)


def test_the_screen_of_a_demo_is_reproduced(tmp_path):
    demo = load_cohort("demo:aml")
    _, answer, script = screened(demo, Filter(), kinds=["cytogenetic"])
    check_tables(run(script, tmp_path), answer)
    assert "SYNTHETIC" in script


def test_an_event_during_follow_up_is_reproduced(cohort, folder):
    _, answer, script = followed(cohort, OLD, adjust=["age_years"], start=2.0)
    assert set(answer.figures) == {"Answers", "Naive", "Landmark", "Time-dependent"}
    assert {"Answers", "Landmarks", "Simon-Makuch with", "Tests"} <= set(answer.tables())
    check_tables(run(script, folder), answer)


def test_no_folder_no_patient_and_no_code_from_the_data(cohort):
    evil = replace(cohort, provenance=replace(cohort.provenance, source="C:\\x/a\nimport os.csv"))
    for script in (screened(evil, OLD)[2], followed(evil, OLD)[2]):
        assert "secret-folder" not in script
        assert not re.search(r"\bP\d+\b", script)
        imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
        assert not imported


def test_the_methods_of_a_screen_say_what_was_done(cohort):
    screen, answer, _ = screened(
        cohort, OLD, adjust=["age_years", "sex"], limit=36.0, adjustment="holm"
    )
    text = methods_text(answer, OLD.apply(cohort))
    for said in (
        f"Of {cohort.n} patients of the cohort, {screen.accounting.selected} were selected",
        f"{screen.accounting.analysed} were analysed",
        "overall survival not recorded",
        "Follow-up was ended at 3 years",
        "adjusted for " + ", ".join(screen.adjusted_for),
        "Holm over the 2 alterations tested, of 3",
        "fewer than 10",
        "CALR Explorer 1",
    ):
        assert said in text, said
    told = methods_text(screened(cohort, Filter())[1], Filter().apply(cohort))
    assert "Benjamini-Hochberg over" in told
    for absent in ("adjusted for", "Holm", "administrative", "SYNTHETIC", "cause-specific"):
        assert absent not in told


def test_the_methods_of_an_event_during_follow_up_say_what_was_done(cohort):
    result, answer, _ = followed(cohort, OLD, adjust=["age_years"], start=2.0)
    text = methods_text(answer, OLD.apply(cohort))
    assert result.n_after_end > 0
    for said in (
        "The exposure was transplant (column:transplant_months)",
        f"which {result.n_exposed} had",
        f"{result.n_after_end} dated at or after it",
        "biased by immortal time",
        "Landmark analyses at 6 and 12 months",
        "Landmark analysis at 6 months",
        "Simon-Makuch curves, Mantel-Byar test, from 2",
        "time-dependent covariate in counting-process form",
        "alone and adjusted for age",
        "Follow-up was ended at 5 years",
        NOT_CAUSAL,
    ):
        assert said in text, said
    alone = followed(cohort, Filter())[1]
    assert "alone and adjusted" not in methods_text(alone, Filter().apply(cohort))


def test_changed_data_are_noticed(cohort, folder, tmp_path):
    _, _, script = screened(cohort, Filter())
    text = (folder / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text("\n".join(text.splitlines()[:-1]), encoding="utf-8")
    assert "Note: the data are not those" in run(script, tmp_path)
