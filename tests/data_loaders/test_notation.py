"""How numbers of a file are written: marks, bounds, per cent and units, decided from the file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_loaders import Cohort, CohortError, Issue, load_files, load_table_bytes
from data_loaders.files.notation import PLAIN, Notation, numbers_of, read_cell, written


def parsed(texts: list[str], notation: Notation) -> np.ndarray:
    entries = pa.array(texts, type=pa.string())
    return numbers_of(entries, written(entries), notation)


def load(columns: dict[str, list[str]], sep: str = "\t", name: str = "t.txt") -> Cohort:
    size = len(next(iter(columns.values())))
    table = {"patient_id": [f"q{i:02d}" for i in range(size)], **columns}
    return load_table_bytes(name, pd.DataFrame(table).to_csv(index=False, sep=sep).encode())


def found(cohort: Cohort, code: str) -> list[Issue]:
    return [issue for issue in cohort.issues if issue.code == code]


POINTS = ["8.1", "9.25", "10", "7.5", "11.2"]
COMMAS = [text.replace(".", ",") for text in POINTS]


@pytest.mark.parametrize("sep", ["\t", ";", ",", "|"])
@pytest.mark.parametrize(
    ("others", "cells", "values"),
    [
        (POINTS, ["1,650", "480", "2,001", "710", "95"], [1650, 480, 2001, 710, 95]),
        (COMMAS, ["1.650", "480", "2.001", "710", "95"], [1650, 480, 2001, 710, 95]),
        (POINTS, ["1.650", "3.480", "2.001", "7.100", "9.500"], [1.65, 3.48, 2.001, 7.1, 9.5]),
        (COMMAS, ["1,650", "3,480", "2,001", "7,100", "9,500"], [1.65, 3.48, 2.001, 7.1, 9.5]),
        (POINTS, ["1,250,000", "12,500", "4", "5", "6"], [1250000, 12500, 4, 5, 6]),
        (POINTS, ["1 650", "12 000.5", "4", "5", "6"], [1650, 12000.5, 4, 5, 6]),
        (POINTS, ["1'650", "12’000.5", "4", "5", "6"], [1650, 12000.5, 4, 5, 6]),
        (POINTS, ["1\u202f650", "12\u00a0000", "4", "5", "6"], [1650, 12000, 4, 5, 6]),
        # Nothing but the sizes of the column's own numbers tells.
        (["1", "2", "3", "4", "5"], ["1,650", "480", "2,001", "710", "950"],
         [1650, 480, 2001, 710, 950]),
        (["1", "2", "3", "4", "5"], ["1.650", "480", "2.001", "710", "950"],
         [1650, 480, 2001, 710, 950]),
        (["1", "2", "3", "4", "5"], ["1.650", "2", "2.001", "1", "3"], [1.65, 2, 2.001, 1, 3]),
    ],
)  # fmt: skip
def test_a_mark_with_three_digits_is_told_by_the_other_numbers(
    sep: str, others: list[str], cells: list[str], values: list[float]
) -> None:
    cohort = load({"marker_one": others, "marker_two": cells}, sep)
    assert cohort.patients["marker_two"].tolist() == values
    assert not found(cohort, "number_marks")


def test_thousands_are_said_with_the_cell_that_shows_them() -> None:
    cohort = load({"hb": POINTS, "ldh": ["1,650", "480", "2,001", "710", "95"]})
    (issue,) = found(cohort, "thousands")
    assert issue.column == "ldh"
    assert issue.rows == (1, 3)
    assert "1,650 in ldh, row 1, is 1650; 8.1 in hb, row 1 shows it" in issue.sentence


@pytest.mark.parametrize(
    "columns",
    [
        {"marker": ["1,650", "3,480", "2,001", "7,100", "9,500"]},
        {"marker": ["1.650", "3.480", "2.001", "7.100", "9.500"]},
        {"hb": POINTS, "wbc": COMMAS, "marker": ["1.650", "480", "2.001", "710", "95"]},
    ],
)
def test_contradicting_or_absent_evidence_is_one_question_that_names_cells(
    columns: dict[str, list[str]],
) -> None:
    cohort = load(columns)
    (issue,) = found(cohort, "number_marks")
    assert issue.severity == "warning"
    assert f"{columns['marker'][0]} in marker, row 1" in issue.sentence
    assert "1.65 or 1,650" in issue.sentence
    assert cohort.patients["marker"].tolist() == columns["marker"]
    assert cohort.variables["marker"].kind != "numeric"
    if "hb" in columns:
        assert "8.1 in hb, row 1" in issue.sentence
        assert "8,1 in wbc, row 1" in issue.sentence
        # Cells that say themselves what they are stay numbers.
        assert cohort.patients["wbc"].tolist() == cohort.patients["hb"].tolist()


def test_marks_of_two_kinds_that_say_themselves_what_they_are_are_read_and_said() -> None:
    cohort = load({"hb": POINTS, "wbc": ["8,1", "9.2", "1.234,5", "7,5", "11.2"]})
    assert cohort.patients["wbc"].tolist() == [8.1, 9.2, 1234.5, 7.5, 11.2]
    assert len(found(cohort, "number_marks_mixed")) == 1


def test_a_time_in_question_makes_no_endpoint() -> None:
    cohort = load(
        {"hb": POINTS, "wbc": COMMAS, "os_days": ["1.650", "480", "2.001", "710", "95"],
         "os_event": ["0", "1", "0", "1", "1"]}
    )  # fmt: skip
    assert not cohort.endpoints
    assert cohort.patients["os_days"].tolist() == ["1.650", "480", "2.001", "710", "95"]


def test_reads_with_marks_for_thousands() -> None:
    maf = (
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\tt_ref_count\t"
        "t_alt_count\nSRSF2\tq00\tMissense_Mutation\tp.P95H\t730\t1,270\n"
        "TET2\tq01\tNonsense_Mutation\tp.R550*\t1,800\t200\n"
    )
    clinical = "patient_id,age,os_months,os_event\nq00,61,4,1\nq01,55,9,0\n"
    cohort = load_files({"a.maf": maf.encode(), "c.csv": clinical.encode()})
    assert cohort.mutations["vaf"].tolist() == [0.635, 0.1]


def test_typed_numbers_of_a_parquet_file_need_no_evidence() -> None:
    frame = pd.DataFrame(
        {"patient_id": ["a", "b", "c"], "marker": [1.234, 2.345, 3.456], "other": [100, 200, 300]}
    )
    cohort = load_table_bytes("t.parquet", frame.to_parquet(index=False))
    assert cohort.patients["marker"].tolist() == [1.234, 2.345, 3.456]
    assert not found(cohort, "number_marks")


def test_bounds_are_numbers_and_said() -> None:
    ages = [*map(str, range(50, 62)), ">90", "≥ 90", "< 18", "90+"]
    cohort = load({"age": ages})
    assert cohort.patients["age"].tolist() == [*range(50, 62), 90, 90, 18, 90]
    (issue,) = found(cohort, "bounds")
    assert (issue.count, issue.rows) == (4, (13, 14, 15, 16))
    assert cohort.patients["age_text"].tolist()[11:] == [None, ">90", "≥ 90", "< 18", "90+"]


@pytest.mark.parametrize(
    "cells", [["0", "1", "2", ">=3", "1"], ["<60", ">=60", "<60", ">=60", "<60"], ["1+", "2+"] * 2]
)
def test_classes_with_a_bound_stay_classes(cells: list[str]) -> None:
    cohort = load({"marker": cells})
    assert cohort.patients["marker"].tolist() == cells
    assert not found(cohort, "bounds")


@pytest.mark.parametrize(
    ("name", "cells", "values", "unit"),
    [
        ("age", ["61y", "70 yrs", "45 years", "50"], [61, 70, 45, 50], "years"),
        ("age", ["61y", "18 months", "45", "50"], [61, 1.5, 45, 50], "years"),
        ("hb", ["9.5 g/dL", "10.1 g/dL", "120 g/L", "8 g/dl"], [9.5, 10.1, 12, 8], "g/dL"),
        ("hb_g_per_l", ["9.5 g/dL", "10.1 g/dL", "120 g/L", "8 g/dl"], [95, 101, 120, 80], "g/L"),
        ("wbc", ["5.1 x10^9/L", "6 G/L", "7.5 10^9/L", "8"], [5.1, 6, 7.5, 8], "10⁹/L"),
        ("dose", ["12 mg/kg", "15 mg/kg", "9.5 mg/kg", "10 mg/kg"], [12, 15, 9.5, 10], "mg/kg"),
        ("blasts", ["5%", "12 %", "3.5%", "0 %"], [5, 12, 3.5, 0], "%"),
    ],
)
def test_units_in_cells(name: str, cells: list[str], values: list[float], unit: str) -> None:
    cohort = load({name: cells})
    assert cohort.patients[name].tolist() == pytest.approx(values, rel=1e-15)
    assert cohort.variables[name].unit == unit


def test_an_age_in_years_is_no_karyotype() -> None:
    cohort = load({"age": [f"{46 + i}y" for i in range(12)]})
    assert cohort.patients["age"].tolist() == [46 + i for i in range(12)]
    assert list(cohort.variables) == ["age"]
    assert cohort.alterations.shape[1] == 0


@pytest.mark.parametrize(
    "cells",
    [["9.5 g/dL", "5.9 mmol/L", "10 g/dL", "6.1 mmol/L"], ["95 g/L", "9.8", "10.1", "8.5"]],
)
def test_units_that_cannot_be_one_are_asked_about(cells: list[str]) -> None:
    cohort = load({"marker": cells})
    (issue,) = found(cohort, "mixed_units")
    assert f"{cells[0]} in marker, row 1" in issue.sentence
    assert f"{cells[1]} in marker, row 2" in issue.sentence
    assert cohort.patients["marker"].tolist() == cells


@pytest.mark.parametrize(
    "text",
    ["46,XX", "1,2,3", "01.02.2019", "2019-03-31", "17p", "p.R248Q", "1-2", "5q-", "1.2.3",
     "12,34.5,6", "0x10", "1e5,2", "", ">", "(5)", "60-70", "1,23,456"],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    assert np.isnan(parsed([text], Notation(bounds=True))).all()


@given(
    st.integers(0, 10**9), st.sampled_from([".", ","]), st.integers(0, 4),
    st.sampled_from(["", " ", "'", "\u202f", "other"]),
)  # fmt: skip
def test_a_number_written_in_any_way_is_read_back(
    whole: int, decimal: str, places: int, thousands: str
) -> None:
    mark = {".": ",", ",": "."}[decimal] if thousands == "other" else thousands
    text = f"{whole:,}".replace(",", mark)
    if places:
        text += decimal + f"{whole % 10**places:0{places}d}"
    kind = "decimal" if decimal == "," else "thousands"
    other = "thousands" if decimal == "," else "decimal"
    expected = float(whole) + (whole % 10**places) / 10**places if places else float(whole)
    assert parsed([text], Notation(comma=kind, point=other))[0] == pytest.approx(expected, 1e-14)


@pytest.mark.parametrize("text", ["(" * 8000, "1" * 8000, "1," * 4000, "9 " * 4000, "<" * 8000])
def test_long_texts_are_no_numbers_at_once(text: str) -> None:
    assert read_cell(text) is None
    assert np.isnan(parsed([text], PLAIN)).all()


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("WBC (G/L)", "10⁹/L"), ("wbc (g/l)", "10⁹/L"), ("PLT G/L", "10⁹/L"), ("anc_G_L", "10⁹/L"),
        ("Monos [Giga/L]", "10⁹/L"), ("Monos (G/l)", "10⁹/L"), ("plt (x10E9/l)", "10⁹/L"),
        ("plt (10^9/L)", "10⁹/L"), ("wbc (/nL)", "10⁹/L"), ("wbc 10³/µL", "10⁹/L"),
        ("plt Gpt/l", "10⁹/L"), ("RBC (T/L)", "10¹²/L"), ("HB (G/L)", "g/L"), ("Hb (g/l)", "g/L"),
        ("albumin (g/l)", "g/L"), ("XYZ (G/L)", None),
    ],
)  # fmt: skip
def test_giga_per_litre_is_no_gram(name: str, unit: str | None) -> None:
    values = {"Hb (g/l)": 101.0, "HB (G/L)": 101.0}.get(name, 4.5)
    cohort = load({name: [str(values + i) for i in range(5)]})
    (variable,) = cohort.variables.values()
    assert variable.unit == unit
    assert unit is None or not {"(", "["} & set(variable.label)
    assert cohort.patients[name].iloc[0] == values


@pytest.mark.parametrize(("name", "unit"), [("wbc", "10⁹/L"), ("albumin", "g/L")])
def test_a_cell_in_giga_or_grams_per_litre_is_what_its_column_is(name: str, unit: str) -> None:
    for unit_written in ("G/L", "g/L"):
        cohort = load({name: [f"{40 + i} {unit_written}" for i in range(5)]})
        assert cohort.variables[name].unit == unit
        assert cohort.patients[name].tolist() == [40, 41, 42, 43, 44]


def test_a_mapping_answers_the_question_of_marks() -> None:
    cells = ["1,650", "3,480", "2,001", "7,100", "9,500"]
    table = {"patient_id": [f"q{i}" for i in range(5)], "marker": cells}
    data = pd.DataFrame(table).to_csv(index=False, sep="\t").encode()
    for mark, first in (("point", 1650), ("comma", 1.65)):
        stated = {"columns": {"marker": {"decimal_mark": mark}}}
        cohort = load_table_bytes("t.tsv", data, stated)
        assert cohort.patients["marker"].iloc[0] == first
        assert not found(cohort, "number_marks")
    with pytest.raises(CohortError, match=r'"decimal_mark" of marker .* point or comma'):
        load_table_bytes("t.tsv", data, {"columns": {"marker": {"decimal_mark": ";"}}})


@pytest.mark.parametrize(
    ("name", "cells", "months"),
    [("os_time", ["12 months", "3 months", "30 mo", "7 months"], [12, 3, 30, 7]),
     ("os_time", ["1.5 years", "2 y", "3y", "0.5 years"], [18, 24, 36, 6]),
     ("os_days", ["1 year", "2 y", "3y", "4 years"], [12, 24, 36, 48])],
)  # fmt: skip
def test_times_with_their_unit_in_the_cell(
    name: str, cells: list[str], months: list[float]
) -> None:
    cohort = load({name: cells, "os_event": ["1", "0", "1", "0"]})
    assert cohort.patients["os_months"].tolist() == pytest.approx(months, rel=1e-12)


def test_signs_of_per_cent_beside_plain_numbers() -> None:
    cohort = load({"blasts": ["43%", "12", "7.5%", "30"]})
    assert cohort.patients["blasts"].tolist() == [43, 12, 7.5, 30]
    assert found(cohort, "percent_signs")[0].severity == "info"
    cells = ["43%", "0.12", "7.5%", "0.3"]
    asked = load({"share of cells": cells})
    (issue,) = found(asked, "percent_signs")
    assert "43%, row 1" in issue.sentence
    assert "0.12, row 2, is 0.12% or 12%" in issue.sentence
    assert asked.patients["share of cells"].tolist() == cells


def test_tables_written_in_different_ways_fill_each_other() -> None:
    one = "patient_id;os_months;os_event;ldh\na;5,5;1;1.250\nb;6,5;0;\nc;7,5;1;300\n"
    other = 'patient_id,hb,ldh\na,9.5,1250\nb,8.5,"1,300"\nc,7.25,300\n'
    cohort = load_files({"a.csv": one.encode(), "b.csv": other.encode()})
    assert cohort.patients["ldh"].tolist() == [1250, 1300, 300]


def test_bounds_of_measurements_are_numbers_however_few_others_there_are() -> None:
    cohort = load({"age": ["≥90", "45", "<18", "66"] * 3, "ecog": ["0", "1", "2", ">=3"] * 3,
                   "bm_blasts_pct": ["<5", "7-9", "12", ">90"] * 3}, ",")  # fmt: skip
    assert cohort.patients["age"].tolist() == [90, 45, 18, 66] * 3
    assert cohort.patients["bm_blasts_pct"].tolist() == [5, 8, 12, 90] * 3
    assert cohort.variables["ecog"].kind != "numeric"
    assert {i.column for i in found(cohort, "bounds")} == {"age", "bm_blasts_pct"}
    (middle,) = found(cohort, "ranges")
    assert "such as 7-9 in 3 rows (rows 2, 6 and 10)" in middle.sentence
    assert cohort.patients["bm_blasts_pct_text"].tolist() == ["<5", "7-9", None, ">90"] * 3
    assert not found(cohort, "text_in_number")


@pytest.mark.parametrize(
    ("name", "entry", "middle"),
    [
        ("Ki-67", "80-95%", 87.5), ("Ki-67", "80 – 95", 87.5), ("Ki-67", "80% to 95%", 87.5),
        ("ldh_u_per_l", "1.250-1.350,5", 1300.25), ("Ki-67", "95-80", None),
        ("Ki-67", "80-95 cells", None), ("nodal areas", "2-3", None), ("marker", "80-95", None),
    ],
)  # fmt: skip
def test_a_range_among_measurements_is_its_middle(
    name: str, entry: str, middle: float | None
) -> None:
    plain = ["40,5", "70", "66", "92", "85", "31"]
    cohort = load({name: [*plain, entry]})
    assert cohort.patients[name].iloc[-1] == middle or middle is None
    assert len(found(cohort, "ranges")) == (middle is not None)
    classes = load({name: [entry] * 4 + ["40", "70", "66"]})
    assert not found(classes, "ranges"), "most entries are ranges: classes"


def test_a_measurement_that_holds_words_is_said() -> None:
    cohort = load({"hb": ["~9", "~10", "~8", "~11"], "creatinine": ["high", "low", "low", "low"]})
    assert {i.column for i in found(cohort, "text_in_number")} == {"hb", "creatinine"}


@pytest.mark.parametrize(
    ("name", "cells", "words"),
    [
        ("WBC", ["5.4", "5400", "12.1", "9800", "7.7", "3100"], "two scales"),
        ("PLT", ["150", "220000", "90", "310000", "45", "88000"], "two scales"),
        ("BM blasts (%)", ["0.05", "0.12", "0.03", "0.2", "0.11", "0"], "shares"),
        ("LDH VAF (%)", ["0.05", "0.12", "0.03", "0.2", "0.11", "0"], "shares"),
        ("age", ["1951", "1948", "1939", "1944", "1960", "1935"], "year of birth"),
        ("hb_g_per_dl", ["95", "101", "88", "112", "79", "120"], ""),
        ("WBC", ["0.5", "2.1", "15", "60", "140", "310"], None),
        ("PLT", ["4", "18", "90", "450", "1100", "2900"], None),
        ("PB blasts (%)", ["0", "0", "1", "0", "1", "0"], None),
        ("age", ["51", "48", "39", "44", "60", "35"], None),
    ],
)
def test_values_in_two_or_another_scale_are_asked_about(
    name: str, cells: list[str], words: str | None
) -> None:
    cohort = load({name: cells})
    warned = [i.sentence for i in cohort.issues if i.severity == "warning" and i.column == name]
    assert (words is None and not warned) or (len(warned) == 1 and words in warned[0])
