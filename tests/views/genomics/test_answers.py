"""Answers of the genomics page: run, their scripts print the workbook; what the methods say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec
from app.study.analyses import answer_of, answer_to, compute
from app.study.answer import Answer, methods_text
from app.study.question import Question
from app.study.scripts.question import question_script
from app.views.genomics.frequencies.analysis import SIMULATED
from data_loaders import Cohort, load_cohort
from tests.study.reproduce import run

OLD = Filter.from_dict({"column": "age_years", "between": [60, None]})
DIAGNOSIS = GroupingSpec.parse("variable:diagnosis")
BOTH = ["gene", "cytogenetic"]


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mpn")


def asked(cohort: Cohort, analysis: str, grouping: GroupingSpec | None = None, **parts: Any):
    return Question(
        "demo:mpn", cohort.fingerprint, f"genomics.{analysis}", OLD, grouping, settings=parts
    )


def held(question: Question, cohort: Cohort, folder: Path) -> tuple[Answer, str]:
    """The answer, whose script prints every table of the workbook, and its methods."""
    answer = answer_to(question, cohort)
    selection = OLD.apply(cohort)
    said = run(question_script(question, cohort, answer.title), folder)
    assert f"{selection.n} of {cohort.n} patients selected" in said
    assert "Note:" not in said
    assert answer.accounting.caption() in said
    for name, table in answer.tables().items():
        text = table.to_string(index=False, float_format="%.12g".__mod__)
        assert f"\n{name}\n{text}\n" in said, name
    assert str(answer.figure.to_dict())
    words = methods_text(answer, selection)
    assert words.startswith("SYNTHETIC DATA")
    return answer, words


def test_frequencies(cohort: Cohort, tmp_path: Path):
    question = asked(cohort, "frequencies", DIAGNOSIS, kinds=BOTH)
    result = compute(question, cohort)
    answer, words = held(question, cohort, tmp_path)
    assert list(answer.tables()) == ["Everyone", "By group", "Differences"]
    assert "Groups by diagnosis: ET (" in words
    assert f"over the {result.n_tested} alterations compared" in words
    assert ("random tables" in words) == (SIMULATED in set(result.differences["test"]))
    alone, _ = held(asked(cohort, "frequencies", kinds=["gene"]), cohort, tmp_path)
    assert list(alone.tables()) == ["Everyone"]
    assert "selected patients are analysed." in alone.accounting.caption()


def test_who_is_in_no_group_is_accounted_for_in_words_and_methods(cohort: Cohort, tmp_path: Path):
    hidden = Arrangement(hidden=("PV",))
    for analysis, settings in (("frequencies", {}), ("burden", {}), ("oncoprint", {"most": 5})):
        question = Question(
            "demo:mpn", cohort.fingerprint, f"genomics.{analysis}", OLD, DIAGNOSIS, hidden,
            settings={"kinds": ["gene"], **settings},
        )  # fmt: skip
        answer, words = held(question, cohort, tmp_path)
        caption = answer.accounting.caption()
        assert "selected patients are in the groups; left out: " in caption
        assert f"Of these, {answer.accounting.analysed:,} were analysed" in words


def test_pairs(cohort: Cohort, tmp_path: Path):
    question = asked(cohort, "pairs", kinds=["gene"], most=12, min_altered=4)
    result = compute(question, cohort)
    answer, words = held(question, cohort, tmp_path)
    assert f"over the {result.n_tested} pairs" in words
    assert "fisher.test" in words
    about = answer_of(replace(question, shown={"about": "TET2"}), cohort, result)
    assert about.sentences[0].startswith("Goes with TET2")
    assert about.alt == answer.alt


def test_oncoprint(cohort: Cohort, tmp_path: Path):
    question = asked(cohort, "oncoprint", DIAGNOSIS, kinds=["gene"], most=5, tracks=["sex"])
    answer, words = held(question, cohort, tmp_path)
    assert "within diagnosis" in words
    assert answer.tables()["Patients"]["with any of these"].item() > 0


def test_allele_fractions(cohort: Cohort, tmp_path: Path):
    answer, words = held(asked(cohort, "allele_fractions", most=10), cohort, tmp_path)
    assert list(answer.figures) == ["Figure", "Order"]
    assert "nothing was corrected for copy number" in words


def test_variants(cohort: Cohort, tmp_path: Path):
    question = asked(cohort, "variants", DIAGNOSIS, gene="TP53", groups=["MF", "ET"])
    answer, words = held(question, cohort, tmp_path)
    assert "UniProtKB P04637, RefSeq NP_000537 (393 residues)" in words
    assert "in neither group" in answer.accounting.caption()
    assert answer.tables()["Groups"]["tested"].sum() == answer.accounting.analysed
    _, words = held(asked(cohort, "variants", gene="NFE2"), cohort, tmp_path)
    assert "positions observed" in words


def test_burden(cohort: Cohort, tmp_path: Path):
    answer, words = held(asked(cohort, "burden", DIAGNOSIS, kinds=["gene"]), cohort, tmp_path)
    assert "Kruskal-Wallis" in words
    assert answer.tables()["Test"]["test"].item() == "Kruskal-Wallis"
