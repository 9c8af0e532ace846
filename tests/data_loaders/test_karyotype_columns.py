"""A table with a column of karyotypes: alterations, variables, findings, what stays the file's."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from data_loaders import Cohort, load_table_bytes
from data_loaders.files.tables import read_table
from data_loaders.karyotype import parse_karyotype

ROWS = [
    ("46,XX,del(5)(q22q33)[14]/46,XX[6]", "F"), ("45,XY,-7[18]", "M"), ("46,XY[20]", "M"),
    ("keine Metaphasen", "F"), ("", "M"), ("43,XX,-5,-7,-17,add(12)(p12)[9]", "F"),
    ("47,XY,+8,glorp(3)[5]", "M"), ("46,XX,?del(5)(q13)", "F"), ("47,XX,+8[1]/46,XX[19]", "F"),
]  # fmt: skip


def load(rows: list[tuple[str, ...]], names: tuple[str, ...]) -> Cohort:
    lines = ["\t".join(("patient_id", *names))]
    lines += [f"p{i}\t" + "\t".join(row) for i, row in enumerate(rows)]
    return load_table_bytes("k.tsv", "\n".join(lines).encode())


def sentences(cohort: Cohort, code: str) -> list[str]:
    return [issue.sentence for issue in cohort.issues if issue.code == code]


@pytest.mark.parametrize("header", ["karyotype", "Zytogenetik bei ED", "caryotype"])
def test_karyotypes_become_alterations_whatever_the_column_is_called(header: str) -> None:
    cohort = load(ROWS, (header, "sex"))
    assert set(cohort.features["kind"]) == {"cytogenetic"}
    assert set(cohort.features.index) == {
        "del(5q)", "-7", "-5", "-17", "add(12p)", "+8", "complex",
    }  # fmt: skip
    state = cohort.feature_state
    assert state("del(5q)").tolist() == [1, 0, 0, -1, -1, 0, -1, -1, 0]
    assert state("-7").tolist() == [0, 1, 0, -1, -1, 1, -1, 0, 0]
    assert state("+8").tolist() == [0, 0, 0, -1, -1, 0, 1, 0, 0]
    assert state("complex").tolist() == [0, 0, 0, -1, -1, 1, 0, 0, 0]
    assert cohort.patients[header].tolist()[0] == ROWS[0][0], "the text stays"


def test_flags_number_and_group_are_variables() -> None:
    cohort = load(ROWS, ("karyotype", "sex"))
    group = cohort.variables["cyto_ipssr"]
    assert group.kind == "ordinal"
    assert group.levels == ("Very good", "Good", "Intermediate", "Poor", "Very poor")
    assert cohort.patients["cyto_ipssr"].tolist() == [
        "Good", "Poor", "Good", None, None, "Very poor", None, "Good", "Good",
    ]  # fmt: skip
    assert cohort.patients["monosomal_karyotype"].tolist()[:3] == [0, 0, 0]
    assert cohort.patients["monosomal_karyotype"].tolist()[5] == 1
    assert cohort.patients["n_abnormalities"].fillna(-1).tolist() == [1, 1, 0, -1, -1, 4, -1, 1, 0]


def test_what_was_not_read_is_said_with_its_row() -> None:
    cohort = load(ROWS, ("karyotype", "sex"))
    (unread,) = sentences(cohort, "karyotype_unread")
    assert "glorp(3)" in unread
    assert "(row 7)" in unread
    assert any("7 of 9 patients" in s for s in sentences(cohort, "karyotype"))


def test_sex_chromosomes_of_the_other_sex_are_said() -> None:
    rows = [("46,XY[20]", "M"), ("46,XY[20]", "F"), ("46,XX[20]", "M"), ("45,X,-Y[20]", "M")]
    (sentence,) = sentences(load(rows, ("karyotype", "sex")), "karyotype_sex")
    assert "2 patients" in sentence
    assert "rows 2 and 3" in sentence
    assert not sentences(load(ROWS, ("karyotype", "sex")), "karyotype_sex")


def test_the_sex_decides_which_chromosome_a_lone_x_has_lost() -> None:
    rows = [("45,X[20]", "M"), ("45,X[20]", "F"), ("46,XX[20]", "F")]
    cohort = load(rows, ("karyotype", "sex"))
    assert cohort.feature_state("-Y").tolist() == [1, 0, 0]
    assert cohort.feature_state("-X").tolist() == [0, 1, 0]


def test_the_files_own_events_and_group_are_kept_and_compared() -> None:
    rows = [
        ("46,XX,del(5)(q22q33)[14]", "1", "0", "0", "Good", "non-complex"),
        ("45,XY,-7[18]", "0", "1", "0", "Poor", "non-complex"),
        ("47,XY,+8[20]", "0", "0", "0", "Int", "non-complex"),
        ("44,XY,-7,-5,del(12)(p12)[20]", "0", "1", "0", "Very-Good", "complex"),
    ]
    cohort = load(rows, ("CYTO", "minus5_5q", "del7", "plus8", "CYTO_IPSSR", "complex"))
    assert list(cohort.features.index) == ["-5/del(5q)", "-7", "+8"]
    assert cohort.feature_state("+8").tolist() == [0, 0, 0, 0], "the file's own"
    assert "cyto_ipssr" not in cohort.patients
    found = " ".join(sentences(cohort, "karyotype"))
    assert "10 of 12 values of 3 events" in found
    assert "CYTO_IPSSR of the file is kept" in found
    assert "3 of 4 patients (75.0 %)" in found
    assert "4 of 4 patients (100 %)" in found


def test_an_event_of_the_file_is_not_there_twice() -> None:
    rows = [("46,XX,del(5)(q22q33)[14]", "1"), ("45,XY,-7[18]", "0"), ("46,XY[20]", "0")]
    cohort = load(rows, ("karyotype", "del5q"))
    assert list(cohort.features.index) == ["del(5q)", "-7"]
    assert cohort.features.loc["del(5q)", "source_column"] == "del5q"


def test_fish_that_names_an_event_leaves_it_open() -> None:
    rows = [("46,XX[20]. FISH: t(9;22) positiv", "x"), ("46,XX,t(9;22)(q34;q11)[20]", "y")]
    cohort = load(rows, ("karyotype", "note"))
    assert cohort.feature_state("t(9;22)").tolist() == [-1, 1]


def test_normal_and_failed_in_words_do_not_hide_the_karyotypes() -> None:
    rows = [("normal",)] * 6 + [("nicht auswertbar",)] * 2 + [("47,XY,+8[9]",), ("45,XX,-7[8]",)]
    cohort = load(rows, ("Befund",))
    assert cohort.feature_state("+8").tolist() == [0] * 6 + [-1, -1, 1, 0]
    few = load([("normal",), ("47,XY,+8[9]",), ("45,XX,-7[8]",), *[("a long note",)] * 9], ("x",))
    assert not len(few.features)


def test_other_columns_are_no_karyotypes() -> None:
    rows = [("46, right", "45 XYZ", "12,X"), ("50, left", "46 ABC", "13,Y"), ("1", "2", "3")]
    cohort = load(rows, ("note", "code", "other"))
    assert not len(cohort.features)
    assert "cyto_ipssr" not in cohort.patients


# 98.4 % of the groups that are given, 97.5 % of all texts. The aim of 98 % is met by what is given,
# not by all texts: 25 texts say too little for any group, and none is guessed; 40 differ from the
# publisher for a reason below. Of the 25:
#   "complex" alone (5): three abnormalities are poor, more are very poor;
#   a deletion without its arm, del(20), del(5), del(11) (7): two groups are possible, and the
#   publisher itself has del20 as good and del(20) as intermediate;
#   inc (4): how much more there is, decides;
#   another number of chromosomes than is explained, "44,XX", "47,XY", "45,XY,E" (4);
#   fragments: percentages of cells without clones, a later sample in words, "and further structural
#   changes", del(7) of both arms or inv(7) (5).
MDS_AGREE, MDS_GIVEN, MDS_ALL = 2517, 2557, 2582
MDS_DIFFERENCES = {
    # publisher, here: t(3q) or del(3q) alone called intermediate (9; others are called poor); three
    # abnormalities in independent clones (5); -20,+2mar and +21,+21,+22 (2)
    ("intermediate", "poor"): 16,
    # marked constitutional (2), in one or two cells (3), double including del(5q) (2)
    ("intermediate", "good"): 7,
    # der(7)t(1;7) and der(1;7) in bands that lose no 7q (4), der(22)t(1;22) with del(20q)
    ("poor", "intermediate"): 5,
    # a -7 in one cell, del(5q) with -Y
    ("poor", "good"): 2,
}


def _mds(public_cohorts: Path) -> Counter[tuple[str, str | None]]:
    groups = {"Good": "good", "Int": "intermediate", "Poor": "poor", "Very-Good": "very good",
              "Very-Poor": "very poor"}  # fmt: skip
    pairs: Counter[tuple[str, str | None]] = Counter()
    path = public_cohorts / "mds_iwg_2022" / "df_clinical.tsv"
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            sex = {"M": "male", "F": "female"}.get(row["SEX"])
            found = parse_karyotype(row["CYTOGENETICS"], sex)
            if row["CYTO_IPSSR"] in groups and not found.failed:
                pairs[groups[row["CYTO_IPSSR"]], found.ipssr_group] += 1
    return pairs


@pytest.mark.shared
def test_ipssr_groups_of_the_mds_cohort(public_cohorts: Path) -> None:
    """98.4 % of the groups that are given, 97.5 % of all texts."""
    pairs = _mds(public_cohorts)
    given = sum(n for (_, here), n in pairs.items() if here is not None)
    agree = sum(n for (theirs, here), n in pairs.items() if theirs == here)
    assert (agree, given, sum(pairs.values())) == (MDS_AGREE, MDS_GIVEN, MDS_ALL)
    assert agree / given > 0.984
    assert agree / sum(pairs.values()) > 0.974
    assert {key: pairs[key] for key in MDS_DIFFERENCES} == MDS_DIFFERENCES


AML_EVENTS = {
    "inv3_t3_3": "inv(3) t(3;3)", "t_9_22": "t(9;22)", "minus5_5q": "-5 del(5q)", "minus7": "-7",
    "minus7q": "del(7q)", "plus8_8q": "+8 +8q", "minus9q": "del(9q)",
    "mono12_12p_abn12p": "-12 del(12p) add(12p)", "plus13": "+13",
    "mono17_17p_abn17p": "-17 del(17p) add(17p)", "minus18_18q": "-18 del(18q)",
    "minus20_20q": "-20 del(20q)", "plus21": "+21", "plus22": "+22", "minusY": "-Y",
    "t_15_17": "t(15;17)", "t_8_21": "t(8;21)", "inv16_t16_16": "inv(16) t(16;16)",
    "t_6_9": "t(6;9)", "plus11_11q": "+11 +11q", "mono4_4q_abn4q": "-4 del(4q) add(4q)",
    "t_9_11": "t(9;11)",
}  # fmt: skip
# Patients whom only the column has. It counts add(5q) and der(5) as loss of 5q, add(9q) as loss of
# 9q, any change of 4q, 12p or 17p (i(17q), t(4;12), +4) as abnormal, FISH and PCR, single cells.
AML_ONLY_COLUMN = {
    "minus5_5q": 13, "minus9q": 14, "mono17_17p_abn17p": 18, "mono4_4q_abn4q": 19,
    "minus7q": 10, "mono12_12p_abn12p": 9,
}  # fmt: skip


@pytest.mark.shared
def test_events_of_the_aml_cohort(public_cohorts: Path) -> None:
    """99.5 % of 31,100 values of 22 columns, 99.8 % without the columns that mean more."""
    folder = public_cohorts / "aml_papaemmanuil_2016"
    text = (folder / "AMLSG_Karyotypes.txt").read_bytes().decode("latin-1").replace("\r", "\n")
    texts = {row[1]: row[2] for row in csv.reader(text.split("\n"), delimiter="\t") if len(row) > 2}
    data = (folder / "AMLSG_Clinical_Anon.RData").read_bytes()
    columns = {n: c.objects() for n, c in read_table("a.RData", data).columns.items()}
    read = [parse_karyotype(texts.get(str(patient))) for patient in columns["PDID"]]
    same, seen, only = Counter[str](), Counter[str](), Counter[str]()
    for name, events in AML_EVENTS.items():
        for karyotype, cell in zip(read, columns[name], strict=True):
            if cell is not None and karyotype.readable:
                here = bool(set(events.split()) & set(karyotype.events))
                seen[name] += 1
                same[name] += here == (float(cell) == 1)
                only[name] += float(cell) == 1 and not here
    assert sum(same.values()) / sum(seen.values()) > 0.995
    assert {name: only[name] for name in AML_ONLY_COLUMN} == AML_ONLY_COLUMN
    exact = [name for name in AML_EVENTS if name not in AML_ONLY_COLUMN]
    assert sum(same[n] for n in exact) / sum(seen[n] for n in exact) > 0.998
    for name in ("t_9_22", "t_6_9", "plus22", "plus13", "t_8_21", "inv3_t3_3"):
        assert seen[name] - same[name] <= 1, name
