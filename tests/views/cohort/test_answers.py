"""Pictures, attrition, overlap, table one and a glance as answers: numbers, scripts, slides."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pytest
from pptx import Presentation

from app.cohort.escaping import Escapes
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.analyses import answer_to
from app.study.answer import Answer
from app.study.figures.escaped import escaped
from app.study.question import Question
from app.study.scripts.question import question_script
from app.study.slides import to_pptx
from app.study.story._stage import staged
from data_loaders import Cohort, load_cohort
from data_loaders.uploads import load_upload
from tests.study.reproduce import check_tables, run_warm

MF = Filter.from_dict({"column": "diagnosis", "in": ["MF"]})
TWO = {"JAK2": {"altered": "JAK2"}, "ASXL1": {"altered": "ASXL1"}}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mpn")


def asked(cohort: Cohort, analysis: str, chosen: Filter = MF, by: str = "", **settings: Any):
    spec = GroupingSpec.parse(by) if by else None
    return Question("demo:mpn", cohort.fingerprint, analysis, chosen, spec, settings=settings)


def answer(cohort: Cohort, analysis: str, chosen: Filter = MF, by: str = "", **more: Any) -> Answer:
    return answer_to(asked(cohort, analysis, chosen, by, **more), cohort)


def test_pictures_count_the_selected_patients(cohort: Cohort):
    own = cohort.patients[cohort.patients["diagnosis"] == "MF"]
    told = answer(cohort, "cohort.pictures", names=("sex",), most=0)
    table = told.tables()["Distributions"].set_index("value")["selected"]
    assert table.to_dict() == own["sex"].value_counts().to_dict()
    assert told.title == "Sex, 535 patients"
    glance = answer(cohort, "home.glance").tables()
    assert glance["Driver mutation"].set_index("group")["n"].to_dict() == {
        str(name): n for name, n in own["driver"].value_counts().items()
    }
    with pytest.raises(ValueError, match="has no variable “shoe_size”"):
        answer(cohort, "cohort.pictures", names=("shoe_size",))


def test_steps_and_overlaps_are_those_of_the_filters(cohort: Cohort):
    told = answer(cohort, "cohort.attrition", steps=json.dumps(MF.to_dict()))
    assert told.tables()["Attrition"]["n"].tolist() == [2000, 535]
    both = (cohort.alterations["JAK2"] & cohort.alterations["ASXL1"]).sum()
    found = answer(cohort, "cohort.overlap", Filter(), filters=json.dumps(TWO))
    patterns = found.tables()["Overlap"]
    assert patterns.loc[patterns["JAK2"] & patterns["ASXL1"], "n"].tolist() == [both]


def test_missing_values_are_those_of_the_file(cohort: Cohort):
    table = answer(cohort, "data.missing", Filter()).tables()["Missing"].set_index("Variable")
    label = cohort.variables["ldh_u_per_l"].label
    assert table.loc[label, "Everyone"] == cohort.patients["ldh_u_per_l"].isna().mean()


def test_table_one_is_a_table_on_the_stage_and_on_slides(cohort: Cohort):
    told = answer(cohort, "cohort.table_one", Filter(), "variable:diagnosis")
    assert told.title == "Table one by diagnosis, 2,000 patients"
    printed = told.tables()["Table one"]
    stage = staged(told.figure)
    shown = len(stage["data"][0]["cells"]["values"][0])
    assert stage["left_out"] == f"first {shown} of {len(printed)} rows"
    slides = Presentation(io.BytesIO(to_pptx(told, selection=Filter().apply(cohort)))).slides
    rows = [
        [cell.text for cell in row.cells]
        for slide in slides
        for row in list(next(s for s in slide.shapes if s.has_table).table.rows)[1:]
    ]
    assert [row[1] for row in rows] == printed["All (2,000)"].tolist()
    assert [row[-2] for row in rows] == printed["p"].tolist()
    tests = told.tables()["Tests"]
    assert tests["label"].is_unique
    differ = int((tests["q_value"] < 0.05).sum())
    assert f"Of {int(tests['q_value'].notna().sum())} variables compared, {differ}" in str(
        told.sentences
    )


def test_the_scripts_print_the_tables(cohort: Cohort, tmp_path):
    questions = {
        "one": asked(cohort, "cohort.table_one", MF, "variable:driver"),
        "who": asked(cohort, "cohort.pictures"),
        "home": asked(cohort, "home.glance"),
    }
    told = {name: answer_to(question, cohort) for name, question in questions.items()}
    scripts = {n: question_script(q, cohort, told[n].title) for n, q in questions.items()}
    for name, printed in run_warm(scripts, tmp_path).items():
        check_tables(printed, told[name])


def test_hostile_names_stay_text_in_a_table():
    name = '<a href="https://evil.org">x</a>'
    table = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(60)],
            "arm": [name, "other"] * 30,
            "age_years": [40 + i % 30 for i in range(60)],
            "TP53": [i % 3 == 0 for i in range(60)],
        }
    )
    cohort = load_upload({"t.csv": table.to_csv(index=False).encode()})
    by = GroupingSpec.parse("variable:arm")
    question = Question("upload:t", cohort.fingerprint, "cohort.table_one", grouping=by)
    told = answer_to(question, cohort)
    shown = str(escaped(told.figure, Escapes.of(cohort)).to_plotly_json())
    assert "<a href" not in shown
    slide, *_ = Presentation(io.BytesIO(to_pptx(told, selection=Filter().apply(cohort)))).slides
    held = next(shape for shape in slide.shapes if shape.has_table).table
    texts = [cell.text for row in held.rows for cell in row.cells]
    assert any(name in text for text in texts), texts
