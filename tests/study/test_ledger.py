"""The ledger counts what was looked at; a frozen hypothesis cannot change and is judged once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cohort.groupings import GroupingSpec
from app.study.accounting import Accounting
from app.study.analyses import answer_to
from app.study.answer import Answer
from app.study.ledger import (
    Hypothesis,
    Ledger,
    LedgerError,
    comparisons_of,
    confirm,
    ordinal,
)
from app.study.question import Question
from data_loaders import Cohort, load_cohort
from data_loaders.uploads import load_upload
from tests.study.every_view import genes, patients


def cohort_of(seed: int) -> Cohort:
    table = pd.concat([patients(seed=seed), genes(seed=seed + 1)], axis=1)
    return load_upload({f"site_{seed}.csv": table.to_csv(index=False).encode()})


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return cohort_of(4)


@pytest.fixture(scope="module")
def cox(cohort: Cohort) -> Question:
    return Question(
        "upload:a", cohort.fingerprint, "survival.cox",
        settings={"endpoint_key": "os", "covariates": ["variable:age_years", "alteration:TP53"]},
    )  # fmt: skip


@pytest.fixture(scope="module")
def curves(cohort: Cohort) -> Question:
    return Question(
        "upload:a", cohort.fingerprint, "survival.curves",
        grouping=GroupingSpec.parse("variable:diagnosis"), settings={"endpoint_key": "os"},
    )  # fmt: skip


def made(p_values: list[float], column: str = "p_value") -> Answer:
    table = pd.DataFrame({"label": [f"g{i}" for i in range(len(p_values))], column: p_values})
    table["q_value"] = 0.5
    return Answer(
        "x", ("x",), "Made", {}, pd.DataFrame, "", Accounting(9, 9), lambda: {"Tests": table}, ()
    )


def test_each_question_counts_once_with_its_tests(cohort: Cohort, cox: Question, curves: Question):
    ledger = Ledger()
    for question in (cox, curves, replace(curves, shown={"unit": "months"})):
        ledger = ledger.with_answer(question, answer_to(question, cohort))
    assert [entry.question.analysis for entry in ledger.entries] == [
        "survival.cox", "survival.curves",
    ]  # fmt: skip
    model, groups = (entry.comparisons for entry in ledger.entries)
    table = answer_to(cox, cohort).tables()["Coefficients"]
    assert [one.p for one in model] == list(table["p_value"])
    assert [one.effect for one in model] == list(table["hr"])
    tests = answer_to(curves, cohort).tables()
    expected = [tests["Tests"]["p"].iloc[0], *tests["Pairs"]["p_value"].dropna()]
    assert [one.p for one in groups] == expected, "adjusted p-values and checks do not count"
    assert groups[0].what.startswith("Log-rank test")
    assert f"{len(model) + len(groups)} comparisons in 2 questions were looked at" in (
        ledger.sentence()
    )


def test_q_values_are_those_of_p_adjust(cox: Question):
    p = [0.01, 0.02, 0.03, 0.04, 0.05, np.nan, 0.011]
    first = replace(cox, analysis="survival.during")
    ledger = Ledger().with_answer(first, made(p[:3]))
    ledger = ledger.with_answer(replace(cox, analysis="survival.screen"), made(p[3:]))
    table = ledger.table()
    # What p.adjust of R says to these six.
    assert table["q_value"].tolist() == pytest.approx([0.033, 0.04, 0.045, 0.048, 0.05, 0.033])
    assert table["rank"].tolist() == [1, 3, 4, 5, 6, 2]
    assert table["question"].tolist() == [1, 1, 1, 2, 2, 2]
    assert ledger.place(first) == (
        "6 comparisons were looked at; g0 has the 1st smallest p of 6 (p = 0.010), "
        "Benjamini-Hochberg q = 0.033."
    )
    assert "5 of the p-values are below 0.05; where nothing differs, 0.3" in ledger.sentence()


@pytest.mark.parametrize(
    ("analysis", "settings", "sheets", "again"),
    [
        ("survival.curves", {"endpoint_key": "os"}, {"Tests", "Pairs"},
         {"Differences", "Restricted mean"}),
        ("survival.incidence", {"endpoint_key": "aml"}, {"Tests", "Pairs"}, {"Hazard ratios"}),
        ("compare.groups", {"endpoint_key": "os"}, {"Clinical", "Alterations", "Tests"},
         {"Clinical numbers"}),
        ("genomics.oncoprint", {"kinds": ["gene"], "most": 9}, set(), set()),
        ("cohort.pictures", {"names": ["age_years", "sex"]}, set(), set()),
        ("patient.similar", {"position": 0, "endpoint_key": "os"}, set(), set()),
    ],
)  # fmt: skip
def test_what_an_answer_names_as_its_tests_are_all_but_those_that_test_again(
    analysis: str, settings: dict[str, Any], sheets: set[str], again: set[str]
):
    everyone = load_cohort("demo:mpn")  # three diagnoses, hence pairs
    by = GroupingSpec.parse("variable:diagnosis") if sheets else None
    question = Question("demo:mpn", everyone.fingerprint, analysis, grouping=by, settings=settings)
    answer = answer_to(question, everyone)
    every = comparisons_of(replace(answer, tests=None))
    assert {one.sheet for one in every} == sheets | again
    assert set(comparisons_of(answer)) == {one for one in every if one.sheet not in again}


def test_places_are_said_in_words():
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th",
    ]  # fmt: skip


def test_a_frozen_hypothesis_reads_back_and_notices_a_changed_word(cox: Question):
    frozen = Hypothesis(cox, "Coefficients", "TP53 mutated", "TP53 shortens survival", "above")
    text = frozen.to_json()
    assert Hypothesis.from_json(text) == frozen
    assert Hypothesis.from_json(text).sha256 == json.loads(text)["sha256"]
    for changed in (text.replace("above", "below"), text.replace("shortens", "lengthens")):
        with pytest.raises(LedgerError, match="changed after it was frozen"):
            Hypothesis.from_json(changed)
    for none in ("{}", "[]", "no", '{"calr_hypothesis": 1}'):
        with pytest.raises(LedgerError, match="no frozen hypothesis"):
            Hypothesis.from_json(none)
    with pytest.raises(LedgerError, match="Say what is expected"):
        replace(frozen, expected=" ")


def test_the_verdict_is_said(cohort: Cohort, cox: Question, curves: Question):
    other = cohort_of(11)
    found = comparisons_of(answer_to(cox, cohort))
    named = [one.what for one in found if one.sheet == "Coefficients"]
    frozen = Hypothesis(cox, "Coefficients", named[-1], "TP53 shortens survival", "above")
    same = confirm(frozen, "upload:a", cohort)
    assert (same.state, "takes others" in same.said) == ("cannot be asked", True)

    def answers(p: float, hr: float):
        table = pd.DataFrame({"term": [named[-1]], "p_value": [p], "hr": [hr]})
        found = made([p])
        return lambda *_: replace(found, tables=lambda: {"Coefficients": table})

    for (p, hr), state in {
        (0.01, 2.0): "confirmed", (0.2, 2.0): "not confirmed", (0.01, 0.5): "not confirmed",
    }.items():  # fmt: skip
        verdict = confirm(frozen, "upload:b", other, answers(p, hr))
        assert verdict.state == state
        assert f"ratio {hr:g}" in verdict.said
    assert confirm(replace(frozen, direction="either"), "b", other, answers(0.01, 0.5)).state == (
        "confirmed"
    )
    real = confirm(frozen, "upload:b", other)
    table = answer_to(
        replace(cox, cohort="upload:b", fingerprint=other.fingerprint), other
    ).tables()["Coefficients"]
    assert real.comparison is not None
    assert real.comparison.p == table["p_value"].iloc[-1]
    gone = replace(frozen, question=replace(cox, settings={**cox.settings, "endpoint_key": "pfs"}))
    assert "has no endpoint" in confirm(gone, "upload:b", other).said
    lost = confirm(replace(frozen, what="NPM1 mutated"), "upload:b", other)
    assert (lost.state, "no test of" in lost.said) == ("cannot be asked", True)
    sideless = Hypothesis(curves, "Tests", "Log-rank test, Diagnosis", "They differ", "above")
    assert "no direction" in confirm(sideless, "upload:b", other).said
