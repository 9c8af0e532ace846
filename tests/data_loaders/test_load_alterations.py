"""Alteration columns: names, symbols, values, and the driver class derived from them."""

from __future__ import annotations

import numpy as np
import pytest

from data_loaders import Cohort, load_table_bytes
from data_loaders.alterations.genes import aliases, known_symbols, read_feature_name


def load(columns: dict[str, list[object]], mapping: dict[str, object] | None = None) -> Cohort:
    names = ["patient_id", *columns]
    rows = zip(*columns.values(), strict=True)
    lines = [f"p{i}\t" + "\t".join(map(str, row)) for i, row in enumerate(rows)]
    return load_table_bytes("t.tsv", "\n".join(["\t".join(names), *lines]).encode(), mapping)


@pytest.mark.parametrize(
    ("column", "name", "kind", "gene", "label"),
    [
        ("TP53", "TP53", "gene", "TP53", "TP53"),
        ("gata2", "GATA2", "gene", "GATA2", "GATA2"),
        ("ASXL1_mut", "ASXL1", "gene", "ASXL1", "ASXL1"),
        ("mut_ASXL1", "ASXL1", "gene", "ASXL1", "ASXL1"),
        ("MLL3", "KMT2C", "gene", "KMT2C", "KMT2C"),
        ("SFRS2", "SRSF2", "gene", "SRSF2", "SRSF2"),
        ("MLL_PTD", "KMT2A_PTD", "refinement", "KMT2A", "KMT2A-PTD"),
        ("FLT3_ITD", "FLT3_ITD", "refinement", "FLT3", "FLT3-ITD"),
        ("FLT3-TKD", "FLT3-TKD", "refinement", "FLT3", "FLT3-TKD"),
        ("CALR_Type_1", "CALR_Type_1", "refinement", "CALR", "CALR type 1"),
        ("CALR2", "CALR2", "refinement", "CALR", "CALR type 2"),
        ("JAK2e12", "JAK2e12", "refinement", "JAK2", "JAK2 exon 12"),
        ("JAK2_V617F", "JAK2_V617F", "refinement", "JAK2", "JAK2 V617F"),
        ("TP53multi", "TP53multi", "refinement", "TP53", "TP53 multi-hit"),
        ("CEBPA_bi", "CEBPA_bi", "refinement", "CEBPA", "CEBPA biallelic"),
        ("U2AF1_S34", "U2AF1_S34", "refinement", "U2AF1", "U2AF1 S34"),
        ("SF3B1_p.K700E", "SF3B1_p.K700E", "refinement", "SF3B1", "SF3B1 K700E"),
        ("9pUPD", "9pUPD", "cytogenetic", None, "9pUPD"),
        ("1q+", "1q+", "cytogenetic", None, "+1q"),
        ("20q-", "20q-", "cytogenetic", None, "del(20q)"),
        ("-7", "-7", "cytogenetic", None, "-7"),
        ("8+", "8+", "cytogenetic", None, "+8"),
        ("-5/5q-", "-5/5q-", "cytogenetic", None, "-5/del(5q)"),
        ("17pUPD_del", "17pUPD_del", "cytogenetic", None, "17pUPD/del"),
        ("BCL2_translocation", "BCL2_translocation", "cytogenetic", None, "BCL2 translocation"),
        ("MYC_SV", "MYC_SV", "cytogenetic", None, "MYC SV"),
        ("BCL6 rearrangement", "BCL6 rearrangement", "cytogenetic", None, "BCL6 rearrangement"),
        ("CDKN2A_del", "CDKN2A_del", "cytogenetic", None, "CDKN2A del"),
        ("del5q", "del(5q)", "cytogenetic", None, "del(5q)"),
        ("del(20q)", "del(20q)", "cytogenetic", None, "del(20q)"),
        ("minus7", "-7", "cytogenetic", None, "-7"),
        ("plus8", "+8", "cytogenetic", None, "+8"),
        ("delY", "-Y", "cytogenetic", None, "-Y"),
        ("minusy", "-Y", "cytogenetic", None, "-Y"),
        ("mono7", "-7", "cytogenetic", None, "-7"),
        ("tri8", "+8", "cytogenetic", None, "+8"),
        ("minus7q", "del(7q)", "cytogenetic", None, "del(7q)"),
        ("minus5_5q", "-5/del(5q)", "cytogenetic", None, "-5/del(5q)"),
        ("del17_17p", "-17/del(17p)", "cytogenetic", None, "-17/del(17p)"),
        ("plus11_11q", "+11", "cytogenetic", None, "+11"),
        ("abn3q_other", "abn(3q) other", "cytogenetic", None, "abn(3q) other"),
        ("add17p", "add(17p)", "cytogenetic", None, "add(17p)"),
        ("t_v_11", "t(v;11)", "cytogenetic", None, "t(v;11)"),
        ("r_9_22", "rearr(9;22)", "cytogenetic", None, "rearr(9;22)"),
        ("iso17q", "i(17q)", "cytogenetic", None, "i(17q)"),
        ("t_8_21", "t(8;21)", "cytogenetic", None, "t(8;21)"),
        ("t(15;17)", "t(15;17)", "cytogenetic", None, "t(15;17)"),
        ("inv16_t16_16", "inv(16)/t(16;16)", "cytogenetic", None, "inv(16)/t(16;16)"),
        (
            "mono12_12p_abn12p",
            "-12/del(12p)/abn(12p)",
            "cytogenetic",
            None,
            "-12/del(12p)/abn(12p)",
        ),
        ("complex", "complex", "cytogenetic", None, "Complex karyotype"),
        ("PML_RARA", "PML_RARA", "cytogenetic", None, "PML::RARA"),
    ],
)
def test_names(column: str, name: str, kind: str, gene: str | None, label: str) -> None:
    cohort = load({column: [0, 1, ""], "age": [50, 60, 70]})
    assert list(cohort.features.index) == [name]
    row = cohort.features.loc[name]
    assert (row["kind"], row["gene"], row["label"], row["source_column"]) == (
        kind, gene, label, column,
    )  # fmt: skip
    assert cohort.states[:, 0].tolist() == [0, 1, -1]
    assert column not in cohort.patients.columns


@pytest.mark.parametrize(
    "name",
    [
        "JAK2_vaf", "TP53maxvaf", "ASXL1_count", "HB", "PLT", "WBC", "NK", "ICU", "FLAG", "cohort",
        "max", "was", "r", "t", "x", "del", "plus", "age", "t_score", "mutations", "chr17", "",
        "TP53 VAF (%)", "TP53 (VAF %)", "FLT3-ITD allelic ratio", "TP53 %", "WT1 expression level",
    ],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert read_feature_name(name) is None


def test_every_alias_leads_to_a_symbol_that_is_current() -> None:
    for old, (symbol, _) in aliases().items():
        assert symbol in known_symbols()
        assert symbol not in aliases(), f"{old} leads to {symbol}, which is old itself"
        assert read_feature_name(old).alias == old


def test_genes_need_answers_not_numbers_or_words() -> None:
    cohort = load(
        {"TP53": ["p.R175H", "", "p.Y220C"], "ASXL1": [0.4, 0.1, 0.2], "TET2": [2, 3, 1],
         "JAK2": [0, 1, 1]}
    )  # fmt: skip
    assert list(cohort.features.index) == ["JAK2"]
    assert {"TP53", "ASXL1", "TET2"} <= set(cohort.patients.columns)
    (issue,) = [issue for issue in cohort.issues if issue.code == "gene_columns"]
    assert "3 columns are named after genes" in issue.sentence


def test_counts_of_mutations_are_altered_from_one_on_and_kept() -> None:
    cohort = load({"CEBPA": [0, 1, 2, ""], "JAK2": [0, 1, 1, 0]})
    assert cohort.feature_state("CEBPA").tolist() == [0, 1, 1, -1]
    assert cohort.patients["CEBPA"].tolist()[:3] == [0, 1, 2]
    assert [issue.count for issue in cohort.issues if issue.code == "counts"] == [1]


@pytest.mark.parametrize(
    ("entries", "states"),
    [
        (["mut", "wt", ""], [1, 0, -1]), (["Mutated", "Wild type", "not tested"], [1, 0, -1]),
        (["TRUE", "FALSE", "NA"], [1, 0, -1]), (["yes", "no", "unknown"], [1, 0, -1]),
        (["positive", "negative", "ND"], [1, 0, -1]), (["1.0", "0.0", "?"], [1, 0, -1]),
        (["Y", "N", "failed"], [1, 0, -1]),
    ],
)  # fmt: skip
def test_ways_of_saying_altered(entries: list[str], states: list[int]) -> None:
    assert load({"JAK2": entries}).states[:, 0].tolist() == states


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("FLT3_ITD_status", ["ITD", "No_ITD", "not tested"]),
        ("FLT3-ITD", ["ITD positive", "ITD negative", ""]),
        ("KMT2A-PTD", ["PTD pos", "kein PTD", "n.d."]),
    ],
)
def test_a_part_of_a_gene_is_there_or_not_in_words(name: str, entries: list[str]) -> None:
    cohort = load({name: entries})
    assert cohort.states[:, 0].tolist() == [1, 0, -1]
    assert cohort.features["kind"].tolist() == ["refinement"]


def test_a_gene_that_was_tested_in_nobody_stays_a_feature() -> None:
    cohort = load({"JAK2": ["", ""], "CALR": [0, 1]})
    assert cohort.feature_state("JAK2").tolist() == [-1, -1]
    assert [issue.column for issue in cohort.issues if issue.code == "not_tested"] == ["JAK2"]


def test_old_symbols_are_renamed_and_listed() -> None:
    cohort = load({"MLL3": [0, 1], "MLL2": [0, 1], "TP53": [0, 1]})
    issues = {issue.column: issue for issue in cohort.issues if issue.code == "alias"}
    assert set(issues) == {"MLL3", "MLL2"}
    assert "KMT2C" in issues["MLL3"].sentence
    assert "KMT2B" in issues["MLL2"].sentence, "the ambiguity of MLL2 has to be said"


def test_raw_names_of_events_are_listed_and_still_find_them() -> None:
    cohort = load({"minus5_5q": [0, 1, ""], "t_9_11": [1, 0, 0], "20q-": [0, 0, 1]})
    (issue,) = [issue for issue in cohort.issues if issue.code == "alias"]
    assert "minus5_5q is -5/del(5q) and t_9_11 is t(9;11)" in issue.sentence
    assert issue.count == 2
    assert cohort.feature_state("minus5_5q").tolist() == [0, 1, -1]
    assert cohort.feature_state("-5/del(5q)").tolist() == [0, 1, -1]


def test_events_that_mean_different_things_stay_apart() -> None:
    cohort = load({"del7": [0, 1], "del7_7q": [1, 1], "minus7q": [1, 0], "minus7": [0, 1]})
    assert list(cohort.features.index) == ["-7", "-7/del(7q)", "del(7q)", "minus7"]
    gains = load({"plus8_8q": [1, 1], "plus8": [0, 1], "plus11_11q": [1, 0]})
    assert list(gains.features.index) == ["+8/+8q", "+8", "+11"]
    assert any("plus11_11q is +11 (+11/+11q)" in issue.sentence for issue in gains.issues)


def test_old_and_new_symbol_in_one_table_are_both_kept() -> None:
    cohort = load({"MLL3": [0, 1], "KMT2C": [1, 0]})
    assert list(cohort.features.index) == ["MLL3", "KMT2C"]
    assert cohort.feature_state("MLL3").tolist() == [0, 1]
    assert [issue.severity for issue in cohort.issues if issue.code == "alias"] == ["warning"]


def test_unlisted_genes_count_among_genes_only() -> None:
    cohort = load(
        {"FLAG": [0, 1], "age": [5, 6], "TP53": [0, 1], "XYZ123": [0, 1], "ABC7": [1, 0],
         "eye": [0, 1], "QRS9": [0, 1]}
    )  # fmt: skip
    assert list(cohort.features.index) == ["TP53", "XYZ123", "ABC7"]
    assert {"FLAG", "eye", "QRS9"} <= set(cohort.patients.columns)


DRIVERS = {
    #            CALR      JAK2   MPL    triple  CALR+JAK2  JAK2+MPL  untested  JAK2 only
    "JAK2":     [0,        1,     0,     0,      1,         1,        "",       1],
    "CALR":     [1,        0,     0,     0,      1,         0,        0,        ""],
    "MPL":      [0,        0,     1,     0,      0,         1,        0,        0],
}  # fmt: skip


def test_the_driver_class_is_derived_by_its_rule() -> None:
    cohort = load(DRIVERS)
    expected = ["CALR", "JAK2", "MPL", "Triple-negative", "CALR", "MPL", None, "JAK2"]
    assert cohort.patients["driver"].tolist() == expected
    variable = cohort.variables["driver"]
    assert variable.levels == ("CALR", "JAK2", "MPL", "Triple-negative")
    assert (variable.kind, variable.role) == ("categorical", "disease")
    assert "(2)" in variable.description
    assert "derived" in variable.reason


def test_exon_12_counts_as_jak2() -> None:
    cohort = load({"JAK2": [0, 1, 0], "JAK2e12": [1, 0, 0], "CALR": [0, 0, 1], "MPL": [0, 0, 0]})
    assert cohort.patients["driver"].tolist() == ["JAK2", "JAK2", "CALR"]


def test_a_driver_column_of_the_file_is_kept() -> None:
    cohort = load({**DRIVERS, "driver": ["TN"] * 8})
    assert cohort.patients["driver"].tolist() == ["TN"] * 8


def test_no_driver_class_outside_mpn_or_without_the_three_genes() -> None:
    mds = {"JAK2": [0] * 9 + [1], "CALR": [0] * 10, "MPL": [0] * 10, "SF3B1": [1] * 10}
    assert "driver" not in load(mds).patients
    assert "driver" not in load({"JAK2": [0, 1], "CALR": [1, 0]}).patients


def test_matrix_is_nullable_boolean_in_the_files_order() -> None:
    cohort = load({"TET2": [0, 1, 0], "9pUPD": [1, 0, 0], "ASXL1": ["", 1, 0]})
    assert list(cohort.alterations.columns) == ["TET2", "9pUPD", "ASXL1"]
    assert set(cohort.alterations.dtypes.astype(str)) == {"boolean"}
    assert np.array_equal(cohort.states, [[0, 1, -1], [1, 0, 1], [0, 0, 0]])


@pytest.mark.parametrize(
    ("columns", "states"),
    [
        ({"TP53 VAF (%)": [0, 0, 3, 45, ""]}, [0, 0, 1, 1, -1]),
        ({"TP53_VAF": ["0", "wt", "0.34", "0.05", ""]}, [0, 0, 1, 1, -1]),
        ({"TP53_VAF": ["0", "0", "0.5%", "45%", ""]}, None),  # below what is detected, or noise
        ({"TP53_VAF": ["0", "<1", "12", "45", ""]}, None),  # below a limit is neither
        ({"TP53_VAF": ["", "", "12", "45", ""]}, None),  # who has none may not have been tested
        ({"TP53_VAF": [0, 0, 3, 45, ""], "TP53": ["mut", "", "", "", ""]}, None),
        ({"TP53_VAF": [0, 0, 3, 45, ""], "TP53_VAF (relapse)": [0, 3, 0, 45, ""]}, None),
    ],
)
def test_allele_fractions_alone_tell_who_is_altered_where_they_leave_no_doubt(
    columns: dict[str, list[object]], states: list[int] | None
) -> None:
    cohort = load({**columns, "age": [50, 60, 70, 55, 65]})
    (issue,) = [i for i in cohort.issues if i.code in ("fractions", "gene_columns")]
    assert issue.code == ("gene_columns" if states is None else "fractions")
    if states is None:
        assert "TP53" not in cohort.features.index
    else:
        assert cohort.feature_state("TP53").tolist() == states
        assert "fractions from" in issue.sentence
        assert next(iter(columns)) in cohort.patients.columns
        assert cohort.mutations["vaf"].notna().tolist() == [True, True]
