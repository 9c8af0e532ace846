"""Codes of "unknown" stay unknown, implausible times are found, spellings folded; all is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, load_table_bytes
from data_loaders.meaning.families import family_of

N = 12


def load(columns: dict[str, list[Any]], mapping: dict[str, Any] | None = None) -> Cohort:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"patient_id": [f"U{i}" for i in range(n)], **columns})
    return load_table_bytes("t.csv", frame.to_csv(index=False).encode(), mapping)


def said(cohort: Cohort, code: str) -> str:
    return " ".join(issue.sentence for issue in cohort.issues if issue.code == code)


@pytest.mark.parametrize(
    ("name", "values", "missing"),
    [
        ("age", [50 + i for i in range(10)] + [999, 999], [10, 11]),
        ("age", [50 + i for i in range(11)] + [999], [11]),
        ("hb_g_per_dl", [9.5 + i / 10 for i in range(11)] + [99.9], [11]),
        ("platelets", [50 + 10 * i for i in range(10)] + [9999, 9999], [10, 11]),
        ("platelets", [50 + 10 * i for i in range(10)] + [999, 999], [10, 11]),
        ("ferritin", [120 + i for i in range(11)] + [-9], [11]),
        ("bone_score", [1.5 + i for i in range(10)] + [-99, -99], [10, 11]),
        ("creatinine_mg_dl", [0.8 + i / 10 for i in range(11)] + [9999], [11]),
        ("ldh", [210 + i for i in range(10)] + ["unk", "u"], [10, 11]),
    ],
)  # fmt: skip
def test_codes_among_numbers_are_missing_said_and_kept(
    name: str, values: list[object], missing: list[int]
) -> None:
    cohort = load({name: values})
    cells = cohort.patients[name]
    assert cohort.variables[name].kind == "numeric"
    assert np.flatnonzero(cells.isna()).tolist() == missing
    found = said(cohort, "unknown_code") + said(cohort, "text_in_number")
    assert f"row{'s' if len(missing) > 1 else ''} {missing[0] + 1}" in found
    if not isinstance(values[missing[0]], str):
        kept = cohort.patients[f"{name}_text"].dropna()
        assert [float(cell) for cell in kept] == [float(str(values[i])) for i in missing]
        stated = load({name: values}, {"columns": {name: {"kind": "numeric"}}})
        assert not stated.patients[name].isna().any()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("platelets", [*range(100, 1100, 91), 999]),  # one patient with 999 is a patient
        ("ldh", [300, 400, 650, 999, 210, 220]),
        ("ipssm_score", [-1.5, -9, 0.3, 2.2]),
        ("lymphocytes", [9.0, 2.1, 3.0, 9.0]),
        ("age", [99, 98, 60, 61]),
    ],
)
def test_numbers_that_look_like_codes_stay_numbers(name: str, values: list[float]) -> None:
    cohort = load({name: values})
    assert cohort.patients[name].tolist() == values
    assert not said(cohort, "unknown_code")


@pytest.mark.parametrize(
    ("name", "values", "expected", "kind"),
    [
        ("ECOG", [0, 1, 2, 9, 1, 0], ["0", "1", "2", None, "1", "0"], "ordinal"),
        ("splenomegaly", [0, 1, 9, 1, 0, 0], [0, 1, None, 1, 0, 0], "binary"),
        ("splenomegaly", ["Y", "N", "U", "N", "Y", "N"], [1, 0, None, 0, 1, 0], "binary"),
        ("fibrosis", ["MF-1", "MF-2", "99", "MF-0", "MF-1", "unk"],
         ["MF-1", "MF-2", None, "MF-0", "MF-1", None], "ordinal"),
        ("eye_colour", ["blue", "unknown", "green", "blue", "non testato", "green"],
         ["blue", None, "green", "blue", None, "green"], "categorical"),
        ("sex", ["F", "M", "U", "F", "M", "unknown"], ["F", "M", None, "F", "M", None],
         "categorical"),
        ("sex", [1, 2, 9, 1, 2, 2], ["Male", "Female", None, "Male", "Female", "Female"],
         "categorical"),
        ("ighv", ["M", "U", "M", "U", "?", "M"],
         ["Mutated", "Unmutated", "Mutated", "Unmutated", None, "Mutated"], "categorical"),
        ("centre", [1, 2, 3, 9, 9, 1], ["1", "2", "3", "9", "9", "1"], "categorical"),
    ],
)  # fmt: skip
def test_codes_among_classes_are_no_class(
    name: str, values: list[object], expected: list[object], kind: str
) -> None:
    cohort = load({name: values, "age": range(50, 56)})
    cells = [None if pd.isna(cell) else cell for cell in cohort.patients[name]]
    assert cells == expected
    assert cohort.variables[name].kind == kind
    assert None not in cohort.variables[name].levels
    assert bool(said(cohort, "unknown_code")) == (expected.count(None) > 0)


@pytest.mark.parametrize(
    ("times", "missing"),
    [
        ([*range(10, 20), 999, 9999], [10, 11]),
        ([*range(10, 20), -9, -99], [10, 11]),
        ([*range(10, 20), 99, 99], [10, 11]),
        ([*range(10, 20), 30, 99], []),
        ([*range(90, 100), 100, 101], []),
    ],
)
def test_a_code_is_no_time(times: list[float], missing: list[int]) -> None:
    cohort = load({"os_months": times, "os_event": [0, 1] * 6})
    assert np.flatnonzero(cohort.patients["os_months"].isna()).tolist() == missing
    assert cohort.patients["os_event"].tolist() == [0, 1] * 6
    assert bool(said(cohort, "unknown_code")) == bool(missing)
    if missing:
        assert "rows 11 and 12" in said(cohort, "unknown_code")
        assert cohort.patients["os_months_file"].astype(float).tolist() == times


def test_a_follow_up_of_centuries_questions_the_unit_and_a_single_one_the_row() -> None:
    days = {"os_months": [400 + 150 * i for i in range(N)], "os_event": [0, 1] * 6}
    asked = said(load(days), "implausible")
    assert "as if they were days" in asked
    assert "rows 3, 4, 5, 6, 7 and 5 more" in asked
    one = {"os_months": [*range(20, 31), 700], "os_event": [0, 1] * 6}
    cohort = load(one)
    assert "1 patient has a follow-up of more than 50 years (row 12)" in said(cohort, "implausible")
    assert cohort.patients["os_months"].max() == 700
    years = {"os_years": [*range(1, 12), 72], "os_event": [0, 1] * 6}
    assert "row 12" in said(load(years), "implausible")


@given(st.lists(st.integers(1, 60), min_size=5, max_size=40), st.sampled_from([999, 9999, -9, -99]))
@settings(max_examples=25, deadline=None)
def test_a_code_never_becomes_a_time_or_an_age(values: list[int], code: int) -> None:
    columns = {
        "os_months": [*values, code], "os_event": [0] * len(values) + [1],
        "age": [*values, code],
    }  # fmt: skip
    cohort = load(columns)
    assert cohort.patients["os_months"].tolist()[:-1] == values
    assert np.isnan(cohort.patients["os_months"].iloc[-1])
    assert np.isnan(cohort.patients["age"].iloc[-1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["M", "m", "Male", "F", "weiblich", "W", "femmina"],
         ["Male"] * 3 + ["Female"] * 4),
        (["homme", "femme", "Homme", "H", "F"], ["Male", "Female", "Male", "Male", "Female"]),
        (["Hombre", "Mujer", "varón", "MUJER"], ["Male", "Female", "Male", "Female"]),
        (["H", "M", "H", "M"], ["Male", "Female", "Male", "Female"]),
        (["maschio", "femmina", "uomo", "donna"], ["Male", "Female", "Male", "Female"]),
        (["männlich", "weiblich", "maennlich"], ["Male", "Female", "Male"]),
        (["F", "M", "F"], ["F", "M", "F"]),
        (["female", "male"], ["female", "male"]),
        (["W", "M"], ["Female", "Male"]),
    ],
)  # fmt: skip
def test_spellings_of_sex_are_two_sexes_and_listed(values: list[str], expected: list[str]) -> None:
    cohort = load({"sex": values, "age": range(50, 50 + len(values))})
    assert cohort.patients["sex"].tolist() == expected
    listed = said(cohort, "spellings")
    if expected != values:
        assert all(value in listed for value in values)


@pytest.mark.parametrize(
    "values", [["V", "M", "V"], ["M", "F", "hombre"], ["M", "F", "1"], ["M", "F", "X"]]
)
def test_a_sex_that_could_be_either_is_asked(values: list[str]) -> None:
    cohort = load({"sex": values, "age": range(50, 53)})
    assert cohort.patients["sex"].tolist() == values
    assert "which is which" in said(cohort, "sex_coding")


def test_spellings_of_diagnoses_are_folded_to_the_most_frequent_and_listed() -> None:
    cohort = load(
        {"diagnosis": ["ET", "ET", "et", "Essential thrombocythemia", "essentielle Thrombozythämie",
                       "PV", "pv ", "Policitemia vera", "PMF", "MF", "ET/PV"],
         "age": range(50, 61)}
    )  # fmt: skip
    assert cohort.patients["diagnosis"].tolist() == [
        *["ET"] * 5, *["PV"] * 3, "PMF", "MF", "ET/PV",
    ]  # fmt: skip
    listed = said(cohort, "spellings")
    assert "Essential thrombocythemia" in listed
    assert "Policitemia vera" in listed
    kept = load({"diagnosis": ["Policitemia vera", "PMF", "AML"], "age": [50, 60, 70]})
    assert kept.patients["diagnosis"].tolist() == ["Policitemia vera", "PMF", "AML"]


@pytest.mark.parametrize(
    ("diagnosis", "family"),
    [("essentielle Thrombozythämie", "MPN"), ("Leucemia mieloide acuta", "AML"),
     ("syndrome myélodysplasique", "MDS"), ("mieloma múltiple", "myeloma")],
)  # fmt: skip
def test_families_of_diagnoses_in_other_languages(diagnosis: str, family: str) -> None:
    assert family_of(diagnosis) == family


def test_hyphens_and_spaces_make_no_other_diagnosis() -> None:
    cohort = load({"diagnosis": ["MDS-EB2", "MDS EB2", "mds-eb-2", "MDS-EB1", "MDS/MPN", "MDS-EB2"],
                   "age": range(50, 56)})  # fmt: skip
    assert cohort.patients["diagnosis"].unique().tolist() == ["MDS-EB2", "MDS-EB1", "MDS/MPN"]
    assert "MDS EB2" in said(cohort, "spellings")


def test_levels_that_differ_in_capitals_are_one() -> None:
    variable = load({"risk": ["High", "high", "LOW ", "Low", "High"]}).variables["risk"]
    assert variable.levels == ("LOW", "High")


def test_a_code_beside_0_and_1_of_a_gene_is_not_tested_and_counts_stay_counts() -> None:
    cohort = load({"TP53": [0, 1, 9, 0], "TET2": [0, 1, 2, 0], "age": range(50, 54)})
    assert cohort.feature_state("TP53").tolist() == [0, 1, -1, 0]
    assert cohort.feature_state("TET2").tolist() == [0, 1, 1, 0]
    assert "TP53: 1 patient had 9 (row 3)" in said(cohort, "unknown_code")
    assert "TET2" not in said(cohort, "unknown_code")


def test_eight_is_a_code_beside_nine_and_minus_one_where_many_have_it() -> None:
    cohort = load({
        "ecog": [0, 1, 2, 8, 9, 1] * 2, "n_genes": [0, 1, 2, 8, 3, 1] * 2,
        "ldh": [210 + i for i in range(8)] + [888] * 2 + [-1] * 2,
        "hb": [9.5 + i / 10 for i in range(9)] + [-1] * 3, "shift": [-1, 0, 1, 2] * 3,
    })  # fmt: skip
    counts = cohort.patients.isna().sum()
    assert (counts["ecog"], counts["n_genes"], counts["ldh"], counts["hb"]) == (4, 0, 2, 3)
    assert counts["shift"] == 0
    assert "LDH" in said(cohort, "implausible") or "Lactate" in said(cohort, "implausible")


def test_minus_one_for_no_relapse_is_no_negative_time() -> None:
    cohort = load({
        "relapse_months": [4, 6, 8] + [-1] * 9, "relapse": [1] * 3 + [0] * 9,
        "os_months": [10 + i for i in range(12)], "os_event": [0, 1] * 6,
    })  # fmt: skip
    assert "negative" not in " ".join(issue.sentence for issue in cohort.issues)
    assert cohort.patients["relapse_event"].tolist() == [1] * 3 + [0] * 9
    assert cohort.patients["relapse_months"].tolist()[3:] == [13 + i for i in range(9)]
