"""Lists of variants: words, allele fractions, alleles, samples, and who was sequenced."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, CohortError, load_cohort, load_files, load_table_bytes
from data_loaders.alterations._alleles import ALLELES
from data_loaders.alterations.hgvs import protein_change
from data_loaders.joining.samples import patient_of
from data_loaders.variants.classes import CLASSES, class_of_change, variant_class

HEADER = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short"


def load(
    rows: list[str], patients: str = "P1 P2 P3", header: str = HEADER, **columns: str
) -> Cohort:
    clinical = pd.DataFrame({"patient_id": patients.split()})
    clinical["os_months"], clinical["os_event"] = 5, 1
    for name, cells in columns.items():
        clinical[name] = cells.split()
    maf = "\n".join([header, *(row.replace(" ", "\t") for row in rows)])
    return load_files({"c.csv": clinical.to_csv(index=False).encode(), "v.maf": maf.encode()})


def states(cohort: Cohort, feature: str) -> list[int]:
    return cohort.feature_state(feature).tolist()


def codes(cohort: Cohort) -> set[str]:
    return {issue.code for issue in cohort.issues}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Missense_Mutation", "missense"), ("missense_variant", "missense"),
        ("nonsynonymous SNV", "missense"), ("non_synonymous_codon", "missense"),
        ("misssense", "missense"), ("Nonsense_Mutation", "truncating"),
        ("Frame_Shift_Ins", "truncating"), ("stopgain", "truncating"),
        ("deletion_frameshift", "truncating"), ("In_Frame_Del", "inframe"),
        ("inframe_insertion", "inframe"), ("nonframeshift deletion", "inframe"),
        ("Splice_Site", "splice"), ("essential_splice", "splice"),
        ("Splice_Region", "noncoding"), ("Translation_Start_Site", "start_loss"),
        ("Nonstop_Mutation", "stop_loss"), ("Silent", "silent"), ("synonymous_codon", "silent"),
        ("5'Flank", "noncoding"), ("3'UTR", "noncoding"), ("IGR", "noncoding"),
        ("intron_variant", "noncoding"), ("ITD", "ITD"), ("PTD", "PTD"),
        ("splice_region_variant&synonymous_variant", "silent"),
        ("missense_variant&splice_region_variant", "missense"),
        ("stop_gained,frameshift_variant", "truncating"), ("purple", "unknown"), ("", "unknown"),
    ],
)  # fmt: skip
def test_words_of_annotators(word: str, expected: str) -> None:
    assert variant_class(word) == expected
    assert expected in CLASSES


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_word_has_a_class_and_any_text_a_change(text: str) -> None:
    assert variant_class(text) in CLASSES
    assert class_of_change(text) in CLASSES
    assert protein_change(protein_change(text)) == protein_change(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p.Val617Phe", "p.V617F"), ("V617F", "p.V617F"), ("p.V617F", "p.V617F"),
        ("NP_004963.1:p.(Val617Phe)", "p.V617F"), ("p.Leu367ThrfsTer46", "p.L367Tfs*46"),
        ("ITD", "ITD"), ("p.?", "p.?"), ("p.R140*", "p.R140*"),
    ],
)  # fmt: skip
def test_protein_changes_in_one_letter_code(text: str, expected: str) -> None:
    assert protein_change(text) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("p.R175H", "missense"), ("V617F", "missense"), ("p.Val617Phe", "missense"),
        ("p.R175R", "silent"), ("p.R140=", "silent"), ("p.(=)", "silent"),
        ("p.Q12*", "truncating"), ("p.Q12X", "truncating"), ("p.L367fs*46", "truncating"),
        ("p.K1_L2delins*", "truncating"), ("p.M1V", "start_loss"), ("p.M100V", "missense"),
        ("p.*636W", "stop_loss"), ("p.N542_E543del", "inframe"), ("p.F594_D600dup", "inframe"),
        ("p.600_600D>DSS", "inframe"), ("ITD", "ITD"), ("FLT3_ITD", "ITD"), ("PTD", "PTD"),
        ("c.375+1G>A", "splice"), ("NM_000546.6:c.376-2A>G", "splice"), ("c.376-20A>G", "unknown"),
        ("c.376G>A", "unknown"), ("p.?", "unknown"), ("", "unknown"),
    ],
)  # fmt: skip
def test_a_change_tells_its_class(change: str, expected: str) -> None:
    assert class_of_change(change) == expected


def test_a_list_without_effects_is_read_from_its_changes() -> None:
    rows = [
        "TP53 P1 p.R175H .", "TP53 P2 p.P72= .", "TET2 P2 . c.3409+1G>T", "CALR P3 p.L367fs*46 .",
        "EZH2 P3 . c.100A>G",
    ]  # fmt: skip
    cohort = load(rows, header="Gene\tSample\tAA change\tNucleotide change")
    assert cohort.mutations["variant_class"].tolist() == [
        "missense", "silent", "splice", "truncating", "unknown",
    ]  # fmt: skip
    assert states(cohort, "TP53") == [1, 0, 0]
    assert states(cohort, "CALR_type_1") == [0, 0, 1]
    (issue,) = [issue for issue in cohort.issues if issue.code == "variant_class"]
    assert (issue.severity, issue.count) == ("warning", 1)


ALLELE_CASES = [
    ("JAK2", "Missense_Mutation", "p.V617F", "JAK2_V617F"),
    ("JAK2", "Missense_Mutation", "p.Val617Phe", "JAK2_V617F"),
    ("JAK2", "In_Frame_Del", "p.N542_E543del", "JAK2_exon_12"),
    ("JAK2", "Missense_Mutation", "p.K539L", "JAK2_exon_12"),
    ("JAK2", "Missense_Mutation", "p.N1108S", None),
    ("CALR", "Frame_Shift_Del", "p.L367fs*46", "CALR_type_1"),
    ("CALR", "Frame_Shift_Del", "p.Leu367ThrfsTer46", "CALR_type_1"),
    ("CALR", "Frame_Shift_Ins", "p.K385fs*47", "CALR_type_2"),
    ("CALR", "Frame_Shift_Ins", "p.K385Nfs*47", "CALR_type_2"),
    ("CALR", "In_Frame_Ins", "p.E381_A382insE", None),
    ("MPL", "Missense_Mutation", "p.W515L", "MPL_W515"),
    ("U2AF1", "Missense_Mutation", "p.S34F", "U2AF1_S34"),
    ("U2AF1", "Missense_Mutation", "p.Q157P", "U2AF1_Q157"),
    ("U2AF1", "In_Frame_Ins", "p.Y158_E159insQY", None),
    ("IDH2", "Missense_Mutation", "p.R140Q", "IDH2_R140"),
    ("IDH2", "Missense_Mutation", "p.R172K", "IDH2_R172"),
    ("FLT3", "ITD", "ITD", "FLT3_ITD"),
    ("FLT3", "In_Frame_Ins", "p.600_600D>DSSDNEYFYVDFREYEYD", "FLT3_ITD"),
    ("FLT3", "In_Frame_Ins", "p.D600_L601insFREYEYD", "FLT3_ITD"),
    ("FLT3", "In_Frame_Ins", "p.F594_D600dup", "FLT3_ITD"),
    ("FLT3", "In_Frame_Del", "p.594_600FREYEYD>Y", None),
    ("FLT3", "Missense_Mutation", "p.V592A", None),
    ("FLT3", "Missense_Mutation", "p.D835Y", "FLT3_TKD"),
    ("FLT3", "In_Frame_Del", "p.I836del", "FLT3_TKD"),
    ("FLT3", "In_Frame_Ins", "p.S840_N841insGS", None),
    ("KMT2A", "PTD", "PTD", "KMT2A_PTD"),
    ("MLL", "PTD", "", "KMT2A_PTD"),
    ("KIT", "Missense_Mutation", "p.D816V", "KIT_D816"),
    ("SF3B1", "Missense_Mutation", "p.K700E", "SF3B1_K700"),
    ("DNMT3A", "Missense_Mutation", "p.R882H", "DNMT3A_R882"),
    ("DNMT3A", "Frame_Shift_Del", "p.R882fs*5", None),
]  # fmt: skip


@pytest.mark.parametrize(("gene", "word", "change", "feature"), ALLELE_CASES)
def test_alleles(gene: str, word: str, change: str, feature: str | None) -> None:
    cohort = load([f"{gene} {word} P1 {change}", "TET2 Silent P2 p.L1L"])
    parts = cohort.features.index[cohort.features["kind"] == "refinement"]
    assert list(parts) == ([feature] if feature else [])
    if feature:
        assert states(cohort, feature) == [1, 0, 0]
        assert {allele.name for allele in ALLELES} >= {feature}


def test_an_itd_at_the_end_of_exon_14_is_told_by_its_length() -> None:
    header = f"{HEADER}\tReference_Allele\tTumor_Seq_Allele2"
    rows = [
        f"FLT3 Splice_Site P1 . - {'ATTCTG' * 4}",
        "FLT3 Splice_Site P2 . G A",
        f"FLT3 Frame_Shift_Ins P3 p.D600fs - {'A' * 10}",
    ]
    cohort = load(rows, header=header)
    assert states(cohort, "FLT3_ITD") == [1, 0, 0]


def test_tp53_multi_hit_by_the_rule_of_icc_2022() -> None:
    header = f"{HEADER}\tt_alt_count\tt_ref_count"
    rows = [
        "TP53 Missense_Mutation P1 p.R175H 30 70", "TP53 Missense_Mutation P1 p.R248Q 10 90",
        "TP53 Missense_Mutation P2 p.R175H 30 70", "TP53 Missense_Mutation P2 p.R248Q 9 91",
        "TP53 Missense_Mutation P3 p.R175H 51 49",
        "TP53 Missense_Mutation P4 p.R175H 50 50",
        "TP53 Missense_Mutation P5 p.R175H 30 70", "TP53 Missense_Mutation P5 p.R175H 30 70",
        "TP53 Silent P6 p.R175R 90 10",
    ]  # fmt: skip
    cohort = load(rows, "P1 P2 P3 P4 P5 P6", header)
    assert states(cohort, "TP53_multi_hit") == [1, 0, 1, 0, 0, 0]
    assert states(cohort, "TP53") == [1, 1, 1, 1, 1, 0]


def test_cebpa_double_takes_two_variants() -> None:
    rows = [
        "CEBPA Frame_Shift_Del P1 p.P23fs", "CEBPA In_Frame_Ins P1 p.K313dup",
        "CEBPA In_Frame_Ins P2 p.K313dup",
    ]  # fmt: skip
    assert states(load(rows), "CEBPA_double") == [1, 0, 0]


def test_silent_variants_are_listed_but_make_no_gene_mutated() -> None:
    cohort = load(["TP53 Silent P1 p.P72P", "TERT 5'Flank P2 .", "ASXL1 5'UTR P3 ."])
    assert list(cohort.features.index) == ["TERT"]
    assert states(cohort, "TERT") == [0, 1, 0]
    assert cohort.mutations["variant_class"].tolist() == ["silent", "noncoding", "noncoding"]
    (issue,) = [issue for issue in cohort.issues if issue.code == "silent"]
    assert issue.count == 2


def test_a_verdict_of_the_file_decides_what_counts() -> None:
    rows = [
        "TP53 Missense_Mutation P1 p.R175H ONCOGENIC",
        "TP53 Missense_Mutation P2 p.R1H POSSIBLE",
    ]
    cohort = load(rows, header=f"{HEADER}\tResult")
    assert states(cohort, "TP53") == [1, 0, 0]
    assert len(cohort.mutations) == 2
    assert "not_driver" in codes(cohort)


@pytest.mark.parametrize(
    ("header", "cells", "vaf"),
    [
        ("t_vaf", ["0.25", "0.5", ""], [0.25, 0.5, np.nan]),
        ("VAF", ["25", "50%", "NA"], [0.25, 0.5, np.nan]),
        ("t_alt_count\tt_ref_count", ["25 75", "50 50", "0 0"], [0.25, 0.5, np.nan]),
        ("t_alt_count\tt_depth", ["25 100", "50 100", "5 ."], [0.25, 0.5, np.nan]),
        ("VAF", ["0.25", "0.5", "-0.1"], [0.25, 0.5, np.nan]),
    ],
)  # fmt: skip
def test_allele_fractions_from_columns_and_counts(
    header: str, cells: list[str], vaf: list[float]
) -> None:
    rows = [f"TET2 Missense_Mutation P{i} p.R1H {c}" for i, c in enumerate(cells, 1)]
    cohort = load(rows, header=f"{HEADER}\t{header}")
    np.testing.assert_allclose(cohort.mutations["vaf"], vaf)


def test_allele_depths_give_fractions_and_say_so() -> None:
    rows = [f"{gene} Missense_Mutation P{i} p.A{i}T {depths}" for i, (gene, depths) in enumerate(
        [("TP53", "75,25"), ("DNMT3A", "300,100"), ("TET2", "40,0"), ("KIT", "9,8,7")], 1
    )]  # fmt: skip
    cohort = load(rows, "P1 P2 P3 P4", f"{HEADER}\tAD")
    assert cohort.mutations["vaf"].fillna(-1).tolist() == [0.25, 0.25, 0, -1]
    assert cohort.mutations["AD"].tolist() == ["75,25", "300,100", "40,0", "9,8,7"]
    assert states(cohort, "DNMT3A") == [0, 1, 0, 0]
    assert "TET2" not in cohort.features.index, "no read with the change"
    (said,) = [issue.sentence for issue in cohort.issues if issue.code == "allele_depths"]
    assert "such as 75,25" in said
    assert "1 cell written otherwise left out" in said


def test_further_columns_are_kept() -> None:
    cohort = load(
        ["TET2 Missense_Mutation P1 p.R1H 17 0012", "TP53 Silent P2 p.R1R 4 7"],
        header=f"{HEADER}\tStart_Position\tNote",
    )
    assert list(cohort.mutations.columns) == [
        "patient_id", "gene", "protein_change", "variant_class", "vaf", "set_aside",
        "Variant_Classification", "Start_Position", "Note",
    ]  # fmt: skip
    assert cohort.mutations["Note"].tolist() == ["0012", "7"]
    assert cohort.mutations["Start_Position"].tolist() == [17, 4]


def test_older_symbols_become_current() -> None:
    cohort = load(["SFRS2 Missense_Mutation P1 p.P95H", "MLL2 Nonsense_Mutation P2 p.Q1*"])
    assert list(cohort.features.index) == ["KMT2D", "SRSF2"]
    (issue,) = [issue for issue in cohort.issues if issue.code == "alias"]
    assert "SFRS2 is SRSF2" in issue.sentence


@pytest.mark.parametrize(
    ("sample", "patients", "position", "shortened"),
    [
        ("TCGA-AB-2802", ["TCGA-AB-2802"], 0, False),
        ("TCGA-AB-2802-03", ["TCGA-AB-2803", "TCGA-AB-2802"], 1, True),
        ("TCGA-AB-2802-03A-01W-0728-08", ["TCGA-AB-2802"], 0, True),
        ("P7-03", ["P7"], 0, True),
        ("P7_diag_1", ["P7"], 0, True),
        ("P7-03", ["P7", "P7-03"], 1, False),
        ("P70", ["P7"], -1, False),
        ("P7", ["P7-03"], -1, False),
        ("X-1", ["P7"], -1, False),
        ("-", ["P7"], -1, False),
    ],
)
def test_samples_belong_to_patients_by_a_stated_rule(
    sample: str, patients: list[str], position: int, *, shortened: bool
) -> None:
    known = {patient: place for place, patient in enumerate(patients)}
    assert patient_of(sample, known) == (position, shortened)


def test_several_samples_of_a_patient_are_taken_together() -> None:
    rows = ["TP53 Missense_Mutation P1-1 p.R175H", "ASXL1 Nonsense_Mutation P1-2 p.Q1*"]
    cohort = load(rows)
    assert states(cohort, "TP53") == states(cohort, "ASXL1") == [1, 0, 0]
    (issue,) = [issue for issue in cohort.issues if issue.code == "samples"]
    assert issue.count == 2
    assert "1 patient has several samples" in issue.sentence


def test_the_clinical_table_lists_who_was_sequenced() -> None:
    cohort = load(["TP53 Missense_Mutation P1 p.R175H"])
    assert states(cohort, "TP53") == [1, 0, 0]
    (issue,) = [issue for issue in cohort.issues if issue.code == "sequenced"]
    assert issue.severity == "warning"
    assert "2 patients of 3" in issue.sentence
    mostly = load([f"TP53 Missense_Mutation P{i} p.R175H" for i in (1, 2, 3)], "P1 P2 P3 P4")
    (issue,) = [issue for issue in mostly.issues if issue.code == "sequenced"]
    assert issue.severity == "info"


def test_a_column_says_who_was_sequenced() -> None:
    cohort = load(["TP53 Missense_Mutation P1 p.R175H"], sequenced="no no yes")
    assert states(cohort, "TP53") == [1, -1, 0]
    assert cohort.patients["sequenced"].tolist() == [0, 0, 1]


def test_an_exome_gives_features_for_known_and_for_frequent_genes() -> None:
    rows = [f"ZZZ{i} Missense_Mutation P1 p.R1H" for i in range(401)]
    rows += ["TP53 Missense_Mutation P1 p.R175H"]
    rows += [f"OFTEN1 Missense_Mutation P{i} p.R1H" for i in (1, 2, 3)]
    cohort = load(rows)
    assert list(cohort.features.index) == ["OFTEN1", "TP53"]
    assert len(cohort.mutations) == 405
    assert "rare_genes" in codes(cohort)


def test_maf_plain_compressed_and_with_a_comment_give_the_same(tmp_path: Path) -> None:
    text = f"{HEADER}\nTP53\tMissense_Mutation\tP1-03\tp.R175H\n"
    (tmp_path / "c.tsv").write_text("patient_id\tos_months\tos_event\nP1\t5\t1\nP2\t6\t0\n")
    prints = set()
    for name, data in (
        ("v.maf", text.encode()),
        ("v.maf.gz", gzip.compress(text.encode())),
        ("w.maf", b"#version 2.4\n" + text.encode()),
    ):
        (tmp_path / name).write_bytes(data)
        cohort = load_cohort(tmp_path / name, clinical=tmp_path / "c.tsv")
        prints.add(cohort.features["kind"].to_string() + cohort.mutations.to_string())
    assert len(prints) == 1


def test_a_list_alone_asks_for_the_clinical_table(tmp_path: Path) -> None:
    (tmp_path / "v.maf").write_text(f"{HEADER}\nTP53\tSilent\tP1\tp.P72P\n")
    with pytest.raises(CohortError, match=r"lists variants, .* clinical table as well"):
        load_cohort(tmp_path / "v.maf")


def test_a_clinical_table_that_names_a_gene_and_a_mutation_is_no_list() -> None:
    text = (
        "patient_id,gene,mutation,type,os_months,os_event\n"
        "P1,CALR,p.L367fs*46,frameshift,5,1\nP2,JAK2,p.V617F,missense,6,0\n"
    )
    cohort = load_table_bytes("x.csv", text.encode())
    assert cohort.n == 2
    assert {"gene", "mutation"} <= set(cohort.patients)


def test_one_variant_in_two_samples_is_one_mutation() -> None:
    rows = [
        "CEBPA Frame_Shift_Del P1-1 p.P23fs", "CEBPA Frame_Shift_Del P1-2 p.P23fs",
        "CEBPA Frame_Shift_Del P2-1 p.P23fs", "CEBPA In_Frame_Ins P2-2 p.K313dup",
    ]  # fmt: skip
    assert states(load(rows), "CEBPA_double") == [0, 1, 0]


def test_two_lists_are_read_as_one() -> None:
    clinical = b"ID,os_months,os_event\nP1,1,0\nP2,2,1\n"
    one = b"ID,gene,effect,VAF,note\nP1,TP53,missense,0.4,x\nP2,TET2,silent,,y\n"
    two = b"ID,gene,effect,depth\nP2,TP53,nonsense,100\n"
    cohort = load_files({"c.csv": clinical, "v.csv": one, "w.csv": two})
    assert states(cohort, "TP53") == [1, 1]
    assert cohort.mutations["patient_id"].tolist() == ["P1", "P2", "P2"]
    np.testing.assert_array_equal(cohort.mutations["vaf"], [0.4, np.nan, np.nan])
    np.testing.assert_array_equal(cohort.mutations["depth"], [np.nan, np.nan, 100])
    assert cohort.mutations["note"].tolist() == ["x", "y", None]
