"""Clinical columns: kind, unit, label, role, order; and what is found wrong in them."""

from __future__ import annotations

import numpy as np
import pytest

from data_loaders import Cohort, Issue, load_table_bytes
from data_loaders.wording import mid_sentence


def load(columns: dict[str, list[object]], mapping: dict[str, object] | None = None) -> Cohort:
    names = ["patient_id", *columns]
    rows = zip(*columns.values(), strict=True)
    lines = [f"p{i}\t" + "\t".join(map(str, row)) for i, row in enumerate(rows)]
    return load_table_bytes("t.tsv", "\n".join(["\t".join(names), *lines]).encode(), mapping)


def found(cohort: Cohort, code: str) -> list[Issue]:
    return [issue for issue in cohort.issues if issue.code == code]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("bone_age", "Bone age"),
        ("ipi", "IPI"),
        ("r_ipi", "R-IPI"),
        ("RIPI", "R-IPI"),
        ("ann_arbor_stage", "Ann Arbor stage"),
        ("ann.arbor", "Ann Arbor stage"),
        ("ann_arbor_e", "Ann Arbor e"),
        ("binet_stage", "Binet stage"),
        ("coo_gcb_abc", "COO GCB ABC"),
        ("skipping_clinic", "Skipping clinic"),
    ],
)
def test_columns_are_called_as_in_print(name: str, label: str) -> None:
    cohort = load({name: ["low", "high"]})
    (variable,) = (v for v in cohort.variables.values() if v.name != "patient_id")
    assert variable.label == label


@pytest.mark.parametrize(
    ("name", "values", "label", "kind", "unit", "role"),
    [
        ("hb_g_per_l", [131, 98], "Haemoglobin", "numeric", "g/L", "laboratory"),
        ("HB", [13.1, 9.8], "Haemoglobin", "numeric", "g/dL", "laboratory"),
        ("HB", [131, 98], "Haemoglobin", "numeric", "g/L", "laboratory"),
        ("Hgb (g/dL)", [13, 9], "Haemoglobin", "numeric", "g/dL", "laboratory"),
        ("Hemoglobin [mmol/L]", [8, 9], "Haemoglobin", "numeric", "mmol/L", "laboratory"),
        ("WBC", [4.5, 12], "White cell count", "numeric", "10⁹/L", "laboratory"),
        ("WBC", [4500, 12000], "White cell count", "numeric", "/µL", "laboratory"),
        ("wcc_1e9_per_l", [4.5, 12], "White cell count", "numeric", "10⁹/L", "laboratory"),
        ("platelets_1e9_per_l", [400, 1200], "Platelets", "numeric", "10⁹/L", "laboratory"),
        ("PLT", [250000, 90000], "Platelets", "numeric", "/µL", "laboratory"),
        ("Platelet count (x10^9/L)", [250, 90], "Platelets", "numeric", "10⁹/L", "laboratory"),
        ("LDH", [210, 600], "LDH", "numeric", "U/L", "laboratory"),
        ("BM_BLASTS", [3, 12], "Bone marrow blasts", "numeric", "%", "laboratory"),
        ("BM blasts (%)", ["3%", "12%"], "Bone marrow blasts", "numeric", "%", "laboratory"),
        ("creatinine_umol_l", [80, 120], "Creatinine", "numeric", "µmol/L", "laboratory"),
        ("Age", [61, 44], "Age at diagnosis", "numeric", "years", "demographic"),
        ("AgeAtDiagnosis", [61, 44], "Age at diagnosis", "numeric", "years", "demographic"),
        ("age_at_diagnosis_days", [22000, 16000], "Age at diagnosis", "numeric", "days",
         "demographic"),
        ("Gender", ["male", "female"], "Sex", "categorical", None, "demographic"),
        ("Diagnosis", ["ET", "PV"], "Diagnosis", "categorical", None, "disease"),
        ("IPSSM", ["Low", "Very-High"], "IPSS-M risk", "ordinal", None, "disease"),
        ("ECOG", [0, 2], "ECOG performance status", "ordinal", None, "clinical"),
        ("splenomegaly", [0, 1], "Splenomegaly", "binary", None, "clinical"),
        ("prior_thrombosis", ["yes", "no"], "Prior thrombosis", "binary", None, "clinical"),
        ("transplant", [0, 1], "Transplant", "binary", None, "treatment"),
        ("centre", ["A", "B"], "Centre", "categorical", None, "study"),
        ("karyotype", ["46,XX[20]", "46,XY[20]"], "Karyotype", "text", None, "disease"),
        ("spleen_cm", [3, 0], "Spleen size", "numeric", "cm", "clinical"),
        ("bone_age", [3.5, 7.25], "Bone age", "numeric", None, "other"),
        ("visit", ["2020-01-31", "2021-02-01"], "Visit", "date", None, "other"),
        ("eye_colour", ["blue", "green"], "Eye colour", "categorical", None, "other"),
    ],
)  # fmt: skip
def test_columns(
    name: str, values: list[object], *, label: str, kind: str, unit: str | None, role: str
) -> None:
    cohort = load({name: values})
    variable = cohort.variables[name]
    understood = (variable.label, variable.kind, variable.unit, variable.role)
    assert understood == (label, kind, unit, role)
    assert variable.reason
    if kind in {"numeric", "binary"}:
        assert cohort.patients[name].dtype == np.float64


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["High", "Very-Low", "Int", "Low", "Very-High"],
         ("Very-Low", "Low", "Int", "High", "Very-High")),
        (["Very High", "Moderate Low", "Low", "Moderate High", "High", "Very Low"],
         ("Very Low", "Low", "Moderate Low", "Moderate High", "High", "Very High")),
        (["Adverse", "Favorable", "Intermediate"], ("Favorable", "Intermediate", "Adverse")),
        (["int-2", "low", "high", "int-1"], ("low", "int-1", "int-2", "high")),
        (["Very poor", "Good", "Very good"], ("Very good", "Good", "Very poor")),
        (["MF-2", "MF-0", "MF-3"], ("MF-0", "MF-2", "MF-3")),
    ],
)  # fmt: skip
def test_known_orders(levels: list[str], expected: tuple[str, ...]) -> None:
    variable = load({"grade": [*levels, levels[0]]}).variables["grade"]
    assert (variable.kind, variable.levels) == ("ordinal", expected)


def test_levels_without_an_order_go_by_size_with_other_last() -> None:
    variable = load({"diagnosis": ["Other"] * 5 + ["PV"] * 2 + ["ET"] * 3 + ["MF"] * 2}).variables[
        "diagnosis"
    ]
    assert variable.levels == ("ET", "MF", "PV", "Other")


def test_drivers_and_sex_go_in_their_usual_order() -> None:
    cohort = load(
        {"driver": ["TN", "JAK2", "JAK2", "CALR", "MPL"], "sex": ["M", "M", "F", "M", "F"]}
    )
    assert cohort.variables["driver"].levels == ("CALR", "JAK2", "MPL", "TN")
    assert cohort.variables["sex"].levels == ("F", "M")


def test_the_dictionary_goes_from_diagnosis_to_the_outcomes() -> None:
    cohort = load(
        {"os_event": [0, 1], "xyz": [1.5, 2], "hb_g_per_l": [120, 99], "sex": ["M", "F"],
         "os_days": [5, 6], "age": [50, 60], "driver": ["JAK2", "CALR"], "diagnosis": ["ET", "PV"]}
    )  # fmt: skip
    expected = ["diagnosis", "driver", "age", "sex", "hb_g_per_l", "xyz", "os_months", "os_event"]
    assert list(cohort.variables) == expected
    assert list(cohort.patients.columns) == expected


@pytest.mark.parametrize(
    ("name", "codes", "words"),
    [
        ("sex", [1, 2, ""], ["Male", "Female", None]),
        ("GENDER", [2, 2, 1], ["Female", "Female", "Male"]),
        ("male", [1, 0, 1], ["Male", "Female", "Male"]),
        ("Female", [1, 0, 0], ["Female", "Male", "Male"]),
        ("sex", [0, 1, 1], ["0", "1", "1"]),
        ("sex", ["1.0", "2.0", "1"], ["Male", "Female", "Male"]),
    ],
)
def test_codes_of_sex(name: str, codes: list[object], words: list[str | None]) -> None:
    cohort = load({name: codes, "age": [5, 6, 7]})
    assert cohort.patients[name].tolist() == words
    (issue,) = found(cohort, "sex_coding")
    assert issue.severity == "warning"


def test_classes_written_as_decimals_are_whole_numbers_and_merge() -> None:
    cohort = load({"ECOG": ["2.0", "", "0", "2", "1.0"]})
    assert cohort.patients["ECOG"].tolist() == ["2", None, "0", "2", "1"]
    assert cohort.variables["ECOG"].levels == ("0", "1", "2")


def test_a_second_column_called_patient_id_steps_aside() -> None:
    data = b"patient_id,ID,age\nx,a,50\nx,b,60\n"
    cohort = load_table_bytes("p.csv", data, {"patient_id": "ID"})
    assert list(cohort.patients.index) == ["a", "b"]
    assert cohort.patients["patient_id_file"].tolist() == ["x", "x"]


def test_words_of_sex_stay_as_they_are() -> None:
    cohort = load({"sex": ["F", "M", "F"]})
    assert cohort.patients["sex"].tolist() == ["F", "M", "F"]
    assert not found(cohort, "sex_coding")


def test_text_among_numbers_is_missing_listed_and_kept() -> None:
    cohort = load({"ferritin": [12, "> 1000", 7.5, "ND", 9, 30, 31, 32]})
    values = cohort.patients["ferritin"]
    assert values.isna().tolist() == [False, False, False, True, *[False] * 4]
    (issue,) = found(cohort, "text_in_number")
    # What was not done is no error; another word may be one.
    assert (issue.severity, issue.column, issue.count, issue.rows) == ("info", "ferritin", 1, (4,))
    other = load({"ferritin": [12, 11, 7.5, "haemolytic", 9, 30, 31, 32]})
    assert [issue.severity for issue in found(other, "text_in_number")] == ["warning"]
    (bound,) = found(cohort, "bounds")
    assert (bound.severity, bound.column, bound.rows, values.iloc[1]) == (
        "warning", "ferritin", (2,), 1000,
    )  # fmt: skip
    assert cohort.patients["ferritin_text"].tolist() == [None, "> 1000", *[None] * 6]
    assert cohort.variables["ferritin_text"].source_column == "ferritin"
    assert "1000" not in issue.sentence


def test_mostly_text_stays_a_category() -> None:
    cohort = load({"grade": ["low", "high", "3", "low"]})
    assert cohort.variables["grade"].kind == "categorical"
    assert cohort.patients["grade"].tolist() == ["low", "high", "3", "low"]
    assert load({"n": [0, 1, "2 or more", 0, 0, 1, 0]}).variables["n"].kind == "categorical"


def test_a_unit_that_the_values_contradict_is_a_warning() -> None:
    (issue,) = found(load({"hb_g_per_l": [9.5, 12.1, 8.8, 14]}), "unit")
    assert "g/dL" in issue.sentence
    assert issue.severity == "warning"
    (issue,) = found(load({"Hb (g/dL)": [95, 121, 88]}), "unit")
    assert "g/L" in issue.sentence
    assert not found(load({"hb_g_per_l": [95, 121, 88]}), "unit")


def test_a_guessed_unit_is_said() -> None:
    (issue,) = found(load({"HB": [9.5, 12.1]}), "unit_guess")
    assert (issue.severity, issue.column) == ("info", "HB")
    assert not found(load({"hb_g_per_dl": [9.5, 12.1]}), "unit_guess")


def test_implausible_values_are_kept_and_listed() -> None:
    cohort = load({"age": [61, 44, 203, -1, 50], "bm_blasts": [1, 2, 3, 4, 140]})
    by_column = {issue.column: issue for issue in found(cohort, "implausible")}
    assert (by_column["age"].count, by_column["age"].rows) == (2, (3, 4))
    assert (by_column["bm_blasts"].count, by_column["bm_blasts"].rows) == (1, (5,))
    assert cohort.patients["age"].tolist()[2] == 203


def test_constant_and_empty_columns_are_listed() -> None:
    cohort = load({"centre": ["A", "A"], "note": ["", ""], "TP53": [0, 0], "JAK2": [1, 1]})
    sentences = " ".join(issue.sentence for issue in found(cohort, "constant"))
    for words in ("everyone: Centre", "altered in nobody: TP53", "everyone tested: JAK2"):
        assert words in sentences
    assert [issue.column for issue in found(cohort, "empty")] == ["note"]
    assert cohort.patients["note"].tolist() == [None, None]


def test_repeated_rows_are_dropped_once_and_counted() -> None:
    data = b"patient_id,age\na,50\nb,60\na,50\na,50\n"
    cohort = load_table_bytes("d.csv", data)
    assert list(cohort.patients.index) == ["a", "b"]
    (issue,) = found(cohort, "duplicate_rows")
    assert (issue.count, issue.rows, issue.severity) == (2, (3, 4), "warning")


def test_yes_no_columns_of_unknown_meaning_are_clinical_with_a_note() -> None:
    cohort = load({"FLAG": [0, 1, 0], "took_part": ["Yes", "No", ""]})
    assert not len(cohort.features)
    (issue,) = found(cohort, "unsure")
    assert issue.count == 2
    assert "FLAG and took_part" in issue.sentence
    assert cohort.variables["FLAG"].kind == "binary"
    assert cohort.variables["FLAG"].role == "clinical"


def test_identifiers_keep_leading_zeros_and_are_trimmed() -> None:
    cohort = load_table_bytes("i.csv", b"ID,age\n 007,50\n0010 ,60\n1e5,70\n")
    assert list(cohort.patients.index) == ["007", "0010", "1e5"]


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("sample_id,patient_id,age", "patient_id"),
        ("Tumor_Sample_Barcode,x,age", "Tumor_Sample_Barcode"),
        ("age,ID,x", "ID"), ("PATIENT_ID,SAMPLE_ID,age", "PATIENT_ID"), ("PDID,x,age", "PDID"),
        ("age,x,Patient Identifier", "Patient Identifier"), ("case number,x,age", "case number"),
    ],
)  # fmt: skip
def test_which_column_identifies_the_patients(header: str, chosen: str) -> None:
    names = header.split(",")
    rows = [",".join("50" if name == "age" else f"{name[:2]}{i}" for name in names) for i in (1, 2)]
    cohort = load_table_bytes("i.csv", "\n".join([header, *rows]).encode())
    assert list(cohort.patients.index) == [f"{chosen[:2]}1", f"{chosen[:2]}2"]
    assert set(cohort.patients.columns) == set(names) - {chosen}
    guessed = bool(found(cohort, "id_guess"))
    assert guessed == (chosen == "case number")


def test_labels_differ_from_their_beginning_and_no_two_are_the_same() -> None:
    cohort = load(
        {"mf_months": [5, 6, 7], "mf_event": [0, 1, "unk"], "os_months": [5, 6, 9],
         "os_event": [1, 0, 0], "eln_2017": ["Low", "High", "Low"],
         "eln_2022": ["Low", "High", "High"], "pfs2_months": [1, 2, 3], "pfs2_event": [0, 1, 0]}
    )  # fmt: skip
    labels = [variable.label for variable in cohort.variables.values()]
    assert len({label[:16] for label in labels if "transformation" in label}) == 3
    assert labels[:2] == ["ELN risk", "ELN risk (eln_2022)"]
    assert cohort.variables["mf_competing"].label == "Competing event: myelofibrotic transformation"
    assert "Time: overall survival" in labels
    progressed = load({"ttp_months": [5, 6, 7], "ttp_event": [0, 1, 1]}).variables
    assert [progressed[f"ttp_{part}"].label for part in ("months", "event")] == [
        "Time to progression", "Event: progression",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "within"),
    [("AML transformation", "AML transformation"), ("Overall survival", "overall survival"),
     ("Event-free survival", "event-free survival"), ("B-cell count", "B-cell count"),
     ("Ann Arbor stage", "Ann Arbor stage"), ("JAK2 allele burden", "JAK2 allele burden")],
)  # fmt: skip
def test_labels_within_a_sentence(label: str, within: str) -> None:
    assert mid_sentence(label) == within
