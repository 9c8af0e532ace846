"""Diagnoses keep their own words and get a family, by the classifications of 2022."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

import data_loaders
from data_loaders import Cohort, load_table_bytes
from data_loaders.meaning.families import FAMILIES, family_of

TERMS = Path(data_loaders.__file__).parent / "data" / "disease_families.csv"


def load(**columns: list[str | int | None]) -> Cohort:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"patient_id": [f"P{i}" for i in range(n)], **columns})
    return load_table_bytes("a.csv", frame.to_csv(index=False).encode())


@pytest.mark.parametrize(
    ("diagnosis", "family"),
    [
        ("Polycythaemia vera", "MPN"),
        ("ET", "MPN"),
        ("Essential Thrombocythemia, CALR-mutated", "MPN"),
        ("post-PV MF", "MPN"),
        ("CML", "MPN"),
        ("MDS-EB2", "MDS"),
        ("MDS with low blasts and SF3B1", "MDS"),
        ("RARS", "MDS"),
        ("MDS/MPN-RS-T", "MDS/MPN"),
        ("RARS-T", "MDS/MPN"),
        ("CMML-1", "MDS/MPN"),
        ("Atypical chronic myeloid leukemia", "MDS/MPN"),
        ("AML with mutated NPM1", "AML"),
        ("MDS/AML", "AML"),
        ("AMLNPM1", "AML"),
        ("M4", "AML"),
        ("ALL", "ALL"),
        ("B-ALL", "ALL"),
        ("B-lymphoblastic leukaemia/lymphoma", "ALL"),
        ("CLL/SLL", "CLL"),
        ("Small lymphocytic lymphoma", "CLL"),
        ("DLBCL, NOS", "lymphoma"),
        ("Waldenström macroglobulinemia", "lymphoma"),
        ("Multiple myeloma", "myeloma"),
        ("MGUS", "myeloma"),
        ("Systemic mastocytosis", "other"),
        ("All others", None),
        ("AML or CLL", None),
        ("Unclear", None),
        ("Carcinoma", None),
        ("", None),
    ],
)
def test_the_family_of_a_diagnosis(diagnosis: str, family: str | None) -> None:
    assert family_of(diagnosis) == family


def test_every_term_gives_its_own_family_and_has_a_source() -> None:
    with TERMS.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) > 200
    assert {row["family"] for row in rows} == set(FAMILIES)
    for row in rows:
        assert family_of(row["term"]) == row["family"], row["term"]
        assert row["source"]
        assert row["match"] in {"phrase", "start", "exact"}


def test_the_family_stands_after_the_diagnosis_that_keeps_its_words() -> None:
    words = ["ET", "PV", "MDS-EB1", "sarcoidosis", None, "AML"]
    cohort = load(diagnosis=words, age=[50, 51, 52, 53, 54, 55])
    assert cohort.patients["diagnosis"].tolist() == words
    families = cohort.patients["disease_family"].tolist()
    assert families == ["MPN", "MPN", "MDS", None, None, "AML"]
    diseases = [name for name, v in cohort.variables.items() if v.role == "disease"]
    assert diseases == ["diagnosis", "disease_family"]
    assert cohort.variables["disease_family"].levels == ("MPN", "MDS", "AML")
    (issue,) = [issue for issue in cohort.issues if issue.code == "unknown_family"]
    assert (issue.count, issue.severity, issue.column) == (1, "info", "diagnosis")
    assert "sarcoidosis" not in issue.sentence


def test_a_detail_fills_what_the_diagnosis_does_not_tell() -> None:
    cohort = load(diagnosis=["Leukemia", "PV"], who=["AML with NPM1", "x"], age=[1, 2])
    assert cohort.patients["disease_family"].tolist() == ["AML", "MPN"]
    assert "unknown_family" not in {issue.code for issue in cohort.issues}


@pytest.mark.parametrize("words", [["AML", "MDS"], ["ET", "PV"], ["here", "there"]])
def test_no_family_is_added_where_it_says_nothing_new(words: list[str]) -> None:
    assert "disease_family" not in load(diagnosis=words, age=[1, 2]).variables


def test_a_family_of_the_file_stays_its_own() -> None:
    cohort = load(diagnosis=["ET", "AML"], disease_family=["a", "b"], age=[1, 2])
    assert cohort.patients["disease_family"].tolist() == ["a", "b"]
