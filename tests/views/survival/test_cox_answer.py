"""The answers of the Cox view: scripts print the workbook, methods say what was done."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec, saved_from_json, saved_to_json
from app.study.analyses import answer_of, answer_to, compute
from app.study.answer import Answer, methods_text
from app.study.question import Question
from app.study.scripts.parts import GROUPS_FILE
from app.study.scripts.question import question_script
from app.views.survival.cox.answer import hazards_answer
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import check_tables, run

FILE = 'it\'s "my" cohort; print(1) #é.csv'
STAGE = 'stage "x"\\n\'; import os'
LEVELS = ['I\'m "low"', "mid\\dle", "high; {x}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secret-folder")
    rng = np.random.default_rng(8)
    n = 240
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            STAGE: rng.choice(LEVELS, n),
            "sex": rng.choice(["F", "M"], n),
            "age_years": rng.integers(20, 90, n),
            "os_months": rng.exponential(50, n).round(2) + 0.1,
            "os_event": (rng.random(n) < 0.6).astype(int),
            "ASXL1": np.where(rng.random(n) < 0.1, None, rng.choice(["0", "1"], n)),
        }
    )
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return load_cohort(folder / FILE)


def stage(cohort: Cohort) -> str:
    """The column with the hostile name, as the loader called it."""
    return next(name for name in cohort.variables if "stage" in name)


def asked(cohort: Cohort, part: str, *specs: str, **parts: Any) -> Question:
    settings = {"endpoint_key": "os", "covariates": specs} | parts.pop("settings", {})
    key = f"survival.cox{part}"
    return Question("upload:abc", cohort.fingerprint, key, settings=settings, **parts)


def of_subgroups(cohort: Cohort, exposure: str, *by: str, **settings: Any) -> Question:
    settings = {"endpoint_key": "os", "exposure": exposure, "by": by} | settings
    return Question("upload:abc", cohort.fingerprint, "survival.cox.subgroups", settings=settings)


def check(question: Question, cohort: Cohort, folder: Path) -> tuple[Answer, str]:
    """The script prints every table of the workbook, to the twelfth digit; both are returned."""
    answer = answer_to(question, cohort)
    script = question_script(question, cohort, answer.title)
    check_tables(run(script, folder), answer)
    return answer, script


def test_a_demo_with_everything_on(tmp_path):
    demo = load_cohort("demo:mpn")
    question = asked(
        demo,
        "",
        "variable:age_years",
        "variable:sex",
        "variable:driver",
        "alteration:TET2",
        filter=Filter.from_dict({"all": [{"column": "diagnosis", "in": ["ET", "PV"]}]}),
        settings={
            "strata": ["variable:diagnosis"],
            "interactions": [["variable:age_years", "variable:sex"]],
            "units": [["variable:age_years", 5.0]],
            "references": [["variable:driver", "CALR"]],
            "kinds": "both",
            "limit": 120.0,
        },
    )
    answer, script = check(question, demo, tmp_path)
    models = compute(question, demo)
    assert models.problem == ""
    assert set(answer.tables()) == {"Coefficients", "Tests"}
    assert set(models.model.summary["term"]) <= set(answer.tables()["Coefficients"]["term"])
    assert "limit=120.0" in script
    assert "firth" not in script, "defaults are not written"
    assert answer.accounting.caption().endswith("Follow-up ends at 10 years for every number here.")


def test_a_file_with_hostile_names_its_checks_and_adjusted_curves(cohort, folder):
    specs = (f"variable:{stage(cohort)}", "variable:age_years", "alteration:ASXL1")
    settings = {"references": [[specs[0], LEVELS[1]]]}
    question = asked(cohort, ".hazards", *specs, settings=settings)
    checks, script = check(question, cohort, folder)
    assert len(checks.tables()["Residuals"]) == compute(question, cohort).model.events
    assert "secret-folder" not in script
    question = asked(cohort, ".adjusted", *specs, settings={"by": specs[0], **settings})
    curves, _ = check(question, cohort, folder)
    assert {"Summary", "Differences", "Curves", "Overlap"} == set(curves.tables())
    grouping = GroupingSpec("variable", stage(cohort)).build(cohort)
    lines = {trace.name: trace.line.color for trace in curves.figure.data if trace.name in LEVELS}
    assert lines == dict(zip(grouping.names, grouping.colours, strict=True))


def test_groups_saved_by_name_are_read_from_their_file(cohort, folder):
    held = {"tall 'n' small": GroupingSpec("variable", stage(cohort)).build(cohort)}
    content = saved_to_json(cohort, held)
    (folder / GROUPS_FILE).write_bytes(content)
    saved = saved_from_json(cohort, content).groupings
    specs = ("saved:tall 'n' small", "variable:sex")
    for grouping in (None, GroupingSpec.parse("saved:tall 'n' small")):
        question = asked(cohort, "", *specs, saved=saved)
        script = question_script(replace(question, grouping=grouping), cohort, "x")
        assert script.count(f"Path({GROUPS_FILE!r})") == 1
    _, script = check(question, cohort, folder)
    assert GROUPS_FILE in script.splitlines()[4]


def test_a_model_without_estimate_is_a_sentence(cohort):
    nobody = Filter.from_dict({"column": "age_years", "between": [200, None]})
    for part, settings in (("", {}), (".hazards", {}), (".adjusted", {"by": "variable:sex"})):
        question = asked(cohort, part, "variable:sex", filter=nobody, settings=settings)
        with pytest.raises(ValueError, match="Nobody is left to follow"):
            answer_to(question, cohort)
    alone = asked(cohort, ".hazards", "variable:sex", settings={"kinds": "univariable"})
    with pytest.raises(ValueError, match="choose Multivariable or Both"):
        answer_to(alone, cohort)
    number = asked(cohort, ".adjusted", "variable:age_years", settings={"by": "variable:age_years"})
    with pytest.raises(ValueError, match="need a covariate with levels"):
        answer_to(number, cohort)


def test_the_subgroup_forest_is_reproduced(cohort, folder):
    question = of_subgroups(cohort, "alteration:ASXL1", "variable:sex", "variable:age_years")
    answer, _ = check(question, cohort, folder)
    assert answer.sentences
    levels, _ = check(of_subgroups(cohort, "variable:sex", adjusted=False), cohort, folder)
    assert levels.sentences == ["The effect is that of M against F."]


def test_residuals_are_of_the_term_asked_for(cohort):
    question = asked(cohort, ".hazards", "variable:age_years", "variable:sex")
    models = compute(question, cohort)
    other = replace(question, shown={"term": "Sex=M", "unit": "months"})
    assert "residuals of Sex: M vs F" in answer_of(other, cohort, models).alt
    assert "residuals of Age" in answer_of(question, cohort, models).alt
    assert "residuals of Age" in hazards_answer(cohort, models, term="gone").alt


def test_the_methods_are_true_of_the_models(cohort):
    chosen = Filter.from_dict({"column": "age_years", "between": [30, None]})
    selection = chosen.apply(cohort)
    question = asked(
        cohort,
        "",
        "variable:age_years",
        "alteration:ASXL1",
        filter=chosen,
        settings={"kinds": "both", "limit": 60.0},
    )
    model = compute(question, cohort).model
    words = methods_text(answer_to(question, cohort), selection)
    assert f"{selection.n:,} were selected" in words
    assert f"{model.n:,} of {model.n_given:,} patients were complete and analysed" in words
    assert f"ASXL1 mutated in {model.missing['ASXL1 mutated']:,}" in words
    assert "Follow-up was ended at 5 years" in words
    assert "Efron ties" in words
    assert f"Harrell's concordance {model.concordance:.3f}" in words
    assert "Univariable models: Cox proportional hazards model of each of 2 covariates" in words
    forest = of_subgroups(cohort, "alteration:ASXL1", "variable:sex", adjusted=False)
    told = methods_text(answer_to(forest, cohort), Filter().apply(cohort))
    assert "The effect of ASXL1 mutated was estimated within the levels of sex" in told
    assert "likelihood-ratio test of the interaction" in told


def test_concordance_is_not_counted_in_very_many(cohort, monkeypatch):
    monkeypatch.setattr("app.views.survival.cox.answer.TELLING", 10)
    answer = answer_to(asked(cohort, "", "variable:age_years"), cohort)
    assert "concordance" not in " ".join(answer.methods)


@pytest.mark.parametrize("text", ['"""\nimport os', "a\rimport os", "a\x00b", "a\u2028import os"])
def test_text_of_the_data_never_becomes_code(cohort, text):
    named = replace(cohort, provenance=replace(cohort.provenance, source=text))
    question = asked(cohort, ".adjusted", text, settings={"by": text, "references": [[text, text]]})
    script = question_script(question, named, text)
    imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
    assert imported == []
