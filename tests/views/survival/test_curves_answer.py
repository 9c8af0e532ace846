"""The answer of survival curves: its script, run as a reader would, prints the page's workbook."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analysis.regression import cox
from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec, saved_from_json, saved_to_json
from app.study.analyses import answer_to, compute
from app.study.question import Question
from app.study.scripts.parts import GROUPS_FILE
from app.study.scripts.question import question_script
from app.study.wording import format_ratio
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import check_tables, run

FILE = 'it\'s "my" cohort; print(1) #é.csv'
STAGE = 'stage "x"\\n\'; import os'
LEVELS = ['I\'m "low"', "mid\\dle", "high; {x}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secret-folder")
    rng = np.random.default_rng(8)
    n = 160
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            STAGE: rng.choice(LEVELS, n),
            "age_years": rng.integers(20, 90, n),
            "os_months": rng.exponential(50, n).round(2) + 0.1,
            "os_event": (rng.random(n) < 0.6).astype(int),
            "ASXL1": np.where(rng.random(n) < 0.1, None, rng.choice(["0", "1"], n)),
        }
    )
    frame.loc[:3, "os_months"] = np.nan
    frame.to_csv(folder / FILE, index=False)
    return folder


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    cohort = load_cohort(folder / FILE)
    assert "ASXL1" in cohort.alterations.columns
    return cohort


def stage(cohort: Cohort) -> GroupingSpec:
    """The column with the hostile name, as the loader called it."""
    return GroupingSpec("variable", next(name for name in cohort.variables if "stage" in name))


def asked(cohort: Cohort, grouping: GroupingSpec | None = None, **parts: Any) -> Question:
    settings = {"endpoint_key": "os"} | parts.pop("settings", {})
    return Question(
        "upload:abc",
        cohort.fingerprint,
        "survival.curves",
        grouping=grouping,
        settings=settings,
        **parts,
    )


def written(question: Question, cohort: Cohort) -> str:
    return question_script(question, cohort, "Survival")


def check(question: Question, cohort: Cohort, folder: Path) -> str:
    """The script prints the workbook; returns the script."""
    script = written(question, cohort)
    check_tables(run(script, folder), answer_to(question, cohort))
    return script


def test_a_demo_with_filter_limit_pairs_and_times(tmp_path):
    demo = load_cohort("demo:mpn")
    chosen = Filter.from_dict(
        {
            "all": [
                {"column": "diagnosis", "in": ["ET", "PV"]},
                {"column": "age_years", "between": [60, None]},
                {"not": {"altered": "ASXL1"}},
            ]
        }
    )
    question = asked(
        demo,
        GroupingSpec("variable", "driver"),
        filter=chosen,
        settings={"limit": 60.0, "conf_type": "log"},
        shown={"unit": "months", "times": [18.0], "given": 12.0, "further": [6.0], "until": 50.0},
    )
    tables = answer_to(question, demo).tables()
    assert set(tables["Differences"]["Time, months"]) == {18.0}
    assert "Pairs" in tables
    assert "SYNTHETIC" in check(question, demo, tmp_path)


def test_hostile_names_groups_and_not_tested(cohort, folder):
    check(
        asked(cohort, GroupingSpec("alteration", "ASXL1"), settings={"conf_type": "plain"}),
        cohort, folder,
    )  # fmt: skip
    by = stage(cohort)
    chosen = Filter.from_dict({"column": by.name, "in": LEVELS[:2]})
    check(asked(cohort, by, filter=chosen), cohort, folder)
    check(asked(cohort), cohort, folder)


def test_groups_saved_by_name_are_read_from_their_file(cohort, folder):
    name = "tall 'n' small"
    content = saved_to_json(cohort, {name: stage(cohort).build(cohort)})
    (folder / GROUPS_FILE).write_bytes(content)
    saved = saved_from_json(cohort, content).groupings
    script = check(asked(cohort, GroupingSpec("saved", name), saved=saved), cohort, folder)
    assert GROUPS_FILE in script.splitlines()[4]


def test_a_withheld_p_value_stays_withheld(cohort, folder):
    old = Filter.from_dict({"column": "age_years", "between": [80, None]})
    question = asked(cohort, stage(cohort), filter=old)
    tests = answer_to(question, cohort).tables()["Tests"]
    assert tests["p"].isna().all()
    assert tests["Note"].str.contains("No p-value is given").all()
    check(question, cohort, folder)


def test_nobody_to_follow_is_still_a_script(cohort, folder):
    nobody = Filter.from_dict({"column": "age_years", "between": [200, None]})
    question = asked(cohort, filter=nobody, settings={"limit": 12.0})
    assert "0 of 0 selected patients are in the curves" in run(written(question, cohort), folder)


def test_changed_data_are_noticed(cohort, folder, tmp_path):
    text = (folder / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text("\n".join(text.splitlines()[:-1]), encoding="utf-8")
    assert "Note: the data are not those" in run(written(asked(cohort), cohort), tmp_path)


def test_no_folder_and_no_patient_leaks(cohort):
    script = written(asked(cohort, GroupingSpec("alteration", "ASXL1")), cohort)
    assert "secret-folder" not in script
    assert not re.search(r"\bP\d+\b", script)
    provenance = replace(cohort.provenance, source="C:\\secret\\other/file.csv")
    moved = replace(cohort, provenance=provenance)
    # The record of the loading counts, never the words about the source.
    assert f"load_cohort({FILE!r}, mapping={{}})" in written(asked(cohort), moved)


def test_every_option_of_the_test_is_reproduced(cohort, folder):
    settings = {
        "weights": ("fleming-harrington", 0.5, 1.0),
        "strata": "age_years",
        "adjust": "bh",
        "limit": 40.0,
        "truncated": True,
    }
    script = check(asked(cohort, stage(cohort), settings=settings), cohort, folder)
    assert "truncated" not in script, "what is the default is not written"


def test_arranged_groups_of_a_cut_are_reproduced(cohort, folder):
    chosen = Filter.from_dict({"column": "age_years", "between": [30, None]})
    group = GroupingSpec.parse("cut:age_years@tertiles")
    low, middle, high = group.build(cohort, chosen.apply(cohort).mask).names
    arrangement = Arrangement(
        names=((low, "The 'young'"),), hidden=(middle,), reference=high, colours=((low, "#112233"),)
    )
    question = asked(cohort, group, filter=chosen, arrangement=arrangement)
    result = compute(question, cohort)
    assert [curve.name for curve in result.curves] == [high, "The 'young'"]
    assert result.test is not None
    check(question, cohort, folder)


def test_entry_times_not_used_are_said(cohort, folder):
    late = replace(cohort, endpoints={"os": replace(cohort.endpoints["os"], entry="age_years")})
    chosen = Filter.from_dict({"column": "os_months", "between": [90, None]})
    question = asked(late, filter=chosen, settings={"truncated": False})
    script = written(question, late)
    assert "truncated=False" in script
    # The file itself names no entry, so its script gives what is shown without.
    check_tables(run(script, folder).replace("Note:", ""), answer_to(question, late))


@pytest.mark.parametrize("text", ['"""\nimport os', "a\rimport os", "a\x00b", "a\u2028import os"])
def test_text_of_the_data_never_becomes_code(cohort, text):
    named = replace(cohort, provenance=replace(cohort.provenance, source=text))
    question = asked(cohort, GroupingSpec("variable", text), settings={"strata": text})
    script = question_script(question, named, text)
    imported = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import)]
    assert not imported


def test_the_scale_is_in_the_title_of_its_figure_and_draws_another(cohort):
    plain = answer_to(asked(cohort, stage(cohort)), cohort)
    other = answer_to(asked(cohort, stage(cohort), shown={"log_minus_log": True}), cohort)
    rising = answer_to(asked(cohort, stage(cohort), shown={"falling": False}), cohort)
    assert other.title == f"{plain.title}, log-minus-log"
    assert plain.figure.layout.yaxis.title.text != other.figure.layout.yaxis.title.text
    assert plain.figure.layout.yaxis.title.text != rising.figure.layout.yaxis.title.text
    assert plain.sentences == other.sentences == rising.sentences


@pytest.mark.parametrize("analysis", ["survival.curves", "survival.incidence"])
def test_the_year_that_is_chosen_drives_sentences_and_tables(analysis):
    mpn = load_cohort("demo:mpn")
    endpoint = {"endpoint_key": "os" if analysis == "survival.curves" else "aml"}
    question = Question("demo:mpn", mpn.fingerprint, analysis, settings=endpoint)
    latest = answer_to(question, mpn)
    ten = answer_to(replace(question, shown={"read_at": 10}), mpn)
    assert latest.sentences[0].startswith("At 5 years ")
    assert ten.sentences[0].startswith("At 10 years ")
    assert not any("10 years" in str(list(t)) for t in latest.tables().values())
    name = "Summary" if analysis == "survival.curves" else "At 1, 3, 5 and 10 years"
    assert "10" in str(ten.tables()[name].to_dict())
    # Nobody is followed for 40 years: the sentence says so, and reads at the latest before.
    far = answer_to(replace(question, shown={"read_at": 40}), mpn)
    assert far.sentences[0] == (
        "Not every group is still followed at 40 years: it is read at 5 years."
    )
    assert far.sentences[1] == latest.sentences[0]


def test_two_groups_have_their_hazard_ratio_in_words_and_beside_the_curves():
    mds = load_cohort("demo:mds")
    groups = GroupingSpec.parse("alteration:TP53")
    os = {"endpoint_key": "os"}
    question = Question(
        "demo:mds", mds.fingerprint, "survival.curves", grouping=groups, settings=os
    )
    answer = answer_to(question, mds)
    frame = mds.patients[["os_months", "os_event"]].assign(tp53=mds.alterations["TP53"])
    row = cox(frame.dropna().astype(float), "os_months", "os_event", ["tp53"]).summary.iloc[0]
    words = format_ratio(row["hr"], row["lower"], row["upper"])
    assert f"Hazard ratio of TP53 mutated against TP53 wild type: {words}." in answer.sentences
    assert answer.figure.layout.annotations[-1].text.startswith(f"HR {words}<br>Log-rank")
    for other in (
        replace(question, settings={**os, "strata": "sex"}),
        replace(question, grouping=GroupingSpec.parse("variable:ipssm")),
    ):
        assert not any("Hazard ratio" in said for said in answer_to(other, mds).sentences)
