"""What counts as a mutation: the same rule for a list and a study, stated with its counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohort.filters import Filter
from app.study.figures.theme import framed
from app.views.genomics.allele_fractions.figures import vaf_figure
from app.views.genomics.oncoprint.analysis import oncoprint
from app.views.genomics.variants.analysis import counted_variants, gene_variants, vaf_summary
from data_loaders import Cohort, load_cohort, load_files
from data_loaders.alterations.gene_cells import genes_of_cell
from data_loaders.alterations.hgvs import is_understood, protein_change
from data_loaders.alterations.mutation_rule import REASONS, counts, rule_in_words
from data_loaders.cbioportal import load_study
from data_loaders.files.columns import TextColumn
from data_loaders.variants.allele_fractions import read_counts
from tests.data_loaders import cbioportal_study as toy

PEOPLE = [f"H{i}" for i in range(1, 9)]
HEADER = ("Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short")


def load(header: tuple[str, ...], *rows: tuple[str, ...], top: str = "") -> Cohort:
    """A list of variants beside a clinical table of H1 to H8."""
    clinical = "patient_id,os_months,os_event\n" + "".join(f"{p},5,1\n" for p in PEOPLE)
    text = top + toy.rows(header, rows)
    return load_files({"c.csv": clinical.encode(), "v.maf": text.encode()})


def shown(cohort: Cohort, feature: str) -> str:
    return "".join({1: "+", 0: "-", -1: "?"}[int(s)] for s in cohort.feature_state(feature))


def aside(cohort: Cohort) -> list[str | None]:
    return [None if pd.isna(v) else v for v in cohort.mutations["set_aside"]]


def said(cohort: Cohort, code: str) -> str:
    return " ".join(issue.sentence for issue in cohort.issues if issue.code == code)


def one_gene_each(column: str, *values: str) -> Cohort:
    """Patient after patient with the same kind of mutation and another value in one column."""
    rows = [
        ("EZH2", person, "Missense_Mutation", f"p.R{300 + i}H", value)
        for i, (person, value) in enumerate(zip(PEOPLE, values, strict=False))
    ]
    return load((*HEADER, column), *rows)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("Mutation_Status", ("Somatic", "GERMLINE", "UNCALLED", "LOH", "Wildtype", ""), "+----+--"),
        ("origin", ("somatisch", "Keimbahn", "somatisch"), "+-+-----"),
        ("is_germline", ("no", "yes", "no", "no"), "+-++----"),
        ("FILTER", ("PASS", ".", "", "panel_of_normals", "PASS;weak"), "+++-----"),
        ("ONCOGENIC", ("Likely Oncogenic", "Unknown", "Likely Neutral", "Oncogenic"), "+--+----"),
        ("driver", ("yes", "no", "yes", "no"), "+-+-----"),
        ("result", ("positive", "negative", "positive", "wild type"), "+-+-----"),
        ("Sample_Type", ("Diagnosis", "Relapse", "Erstdiagnose", "Rezidiv"), "++++----"),
    ],
)  # fmt: skip
def test_what_counts(column: str, values: tuple[str, ...], expected: str) -> None:
    """Only later samples of patients with an earlier one are set aside, here none."""
    cohort = one_gene_each(column, *values)
    assert shown(cohort, "EZH2") == expected
    counted = counts(cohort.mutations)
    assert expected.count("+") == counted.sum()
    assert len(cohort.mutations) == len(values), "nothing is dropped"


def test_every_view_counts_the_same_mutations() -> None:
    """A verdict, a promoter, a germline variant and a silent one in all views alike."""
    header = (*HEADER, "t_vaf", "oncogenic", "status")
    cohort = load(
        header,
        ("ASXL2", "H1", "Missense_Mutation", "p.R5H", "0.3", "Oncogenic", "somatic"),
        ("ASXL2", "H2", "Missense_Mutation", "p.R6H", "0.4", "Unknown", "somatic"),
        ("ASXL2", "H3", "Silent", "p.R7=", "0.4", "Oncogenic", "somatic"),
        ("ASXL2", "H4", "Missense_Mutation", "p.R8H", "0.5", "Oncogenic", "germline"),
        ("TERT", "H5", "5'Flank", "", "0.2", "Oncogenic", "somatic"),
    )
    everyone = np.ones(cohort.n, dtype=bool)
    assert shown(cohort, "ASXL2") == "+-------"
    assert shown(cohort, "TERT") == "----+---"
    counted = counted_variants(cohort, everyone)
    assert sorted(counted["gene"]) == ["ASXL2", "TERT"]
    assert gene_variants(cohort, everyone, "ASXL2").altered == {"": 1}
    assert vaf_summary(cohort, everyone, 5, min_variants=1).table["variants"].tolist() == [1, 1]
    made = oncoprint(cohort, everyone, ["gene"], 5)
    assert made.any_altered == 2
    asked = Filter.from_dict({"all": [{"variant": "ASXL2", "class": ["missense"]}]})
    assert asked.apply(cohort).mask.sum() == 1
    words = rule_in_words(cohort.mutations)
    assert "2 of 5 variants count" in words
    assert "germline (1), silent or outside the coding sequence (1) and no driver (1)" in words


def test_germline_variants_are_offered_apart() -> None:
    cohort = one_gene_each("Mutation_Status", "SOMATIC", "GERMLINE")
    assert shown(cohort, "EZH2") == "+-------"
    assert shown(cohort, "EZH2 germline") == "-+------"
    assert "germline" in said(cohort, "germline")


def test_a_relapse_is_apart_where_a_column_or_a_barcode_tells() -> None:
    cohort = load(
        (*HEADER, "Sample_Type"),
        ("NRAS", "H1-a", "Missense_Mutation", "p.G12D", "Primary"),
        ("TP53", "H1-b", "Missense_Mutation", "p.R248Q", "Relapse"),
        ("TP53", "H2-b", "Missense_Mutation", "p.R248Q", "Relapse"),
        ("KRAS", "H3-a", "Missense_Mutation", "p.G12D", ""),
    )
    assert shown(cohort, "TP53") == "-+------"
    assert aside(cohort) == [None, "other_sample", None, None]
    assert "only a later sample" in said(cohort, "samples")
    barcodes = {f"TCGA-AB-000{i}": i for i in (1, 2)}
    clinical = "patient_id,os_months,os_event\n" + "".join(f"{p},5,1\n" for p in barcodes)
    rows = [
        ("TP53", "TCGA-AB-0001-03A-01W", "Missense_Mutation", "p.R248Q"),
        ("FLT3", "TCGA-AB-0001-40A-01W", "Missense_Mutation", "p.D835Y"),
    ]
    files = {"c.csv": clinical.encode(), "v.maf": toy.rows(HEADER, rows).encode()}
    assert aside(load_files(files)) == [None, "other_sample"]


def test_rows_without_a_mutation_are_none() -> None:
    changes = ("p.R5H", "WT", "wild type", "p.=", "none", "neg", "nd", "Wildtyp")
    rows = [("SRSF2", p, c) for p, c in zip(PEOPLE, changes, strict=True)]
    cohort = load(("gene", "patient", "protein_change"), *rows)
    assert shown(cohort, "SRSF2") == "+-----?-", "not tested is never wild type"


def test_no_read_is_no_mutation_and_swapped_columns_are_named() -> None:
    header = (*HEADER, "t_ref_count", "t_alt_count", "n_alt_count")
    cohort = load(
        header,
        ("SF3B1", "H1", "Missense_Mutation", "p.K700E", "60", "40", "0"),
        ("SF3B1", "H2", "Missense_Mutation", "p.K666N", "90", "0", "31"),
        ("SF3B1", "H3", "Missense_Mutation", "p.K700E", "0", "0", "0"),  # nothing was measured
    )
    assert shown(cohort, "SF3B1") == "+-+-----"
    (issue,) = [issue for issue in cohort.issues if issue.code == "swapped"]
    assert issue.rows == (2,)
    assert "look swapped" in issue.sentence


def test_the_line_of_sequenced_samples_says_who_was() -> None:
    row = ("IDH2", "H1", "Missense_Mutation", "p.R140Q")
    cohort = load(HEADER, row, top="#sequenced_samples: H1 H2 H3\n")
    assert shown(cohort, "IDH2") == "+--?????"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toy.write_toy(tmp_path / "toy")


def test_a_study_without_case_lists_reads_the_line_of_sequenced_samples(folder: Path) -> None:
    path = folder / "data_mutations.txt"
    path.write_text("#sequenced_samples: S1 S2\n" + path.read_text())
    for name in (*folder.glob("*gene_panel*"), folder / "case_lists" / "cases_sequenced.txt"):
        name.unlink()
    states = load_study(folder).alterations["JAK2"]
    assert states.notna().tolist() == [True, True, False, False, False, False, False]


def test_repeated_rows_of_copy_number_are_merged(folder: Path) -> None:
    rows = [
        ("MYC", ("2", "0", "0", "0", "2")),
        ("MYC", ("0", "-1", "2", "NA", "-2")),
        ("RB1", ("0", "0", "0", "0", "0")),
        ("RB1", ("-2", "0", "-2", "0", "0")),
    ]
    (folder / "data_cna.txt").write_text(
        toy.rows(("Hugo_Symbol", *toy.CNA_SAMPLES), [(gene, *levels) for gene, levels in rows])
    )
    for name in folder.glob("*gene_panel*"):
        name.unlink()
    cohort = load_study(folder)
    own = cohort.alterations.iloc[:5]
    assert own["RB1 deletion"].tolist() == [True, False, True, False, False]
    assert own["MYC amplification"].tolist()[:4] == [True, False, True, False]
    assert pd.isna(own["MYC amplification"].iloc[4])
    assert "1 sample with a deep deletion" in said(cohort, "repeated_genes")


def test_germline_and_uncalled_events_of_a_study_do_not_count(folder: Path) -> None:
    path = folder / "data_mutations.txt"
    text = path.read_text()
    path.write_text(
        text.replace("60\tSOMATIC", "60\tUNCALLED").replace("90\tSOMATIC", "90\tGermline")
    )
    path = folder / "data_sv.txt"
    path.write_text(path.read_text().replace("MLLT3\tSOMATIC", "MLLT3\tGERMLINE"))
    cohort = load_study(folder)
    assert "JAK2_V617F" not in cohort.alterations
    assert cohort.alterations["TP53 germline"].sum() == 1
    assert "KMT2A fusion" not in cohort.alterations
    assert cohort.alterations["KMT2A fusion germline"].sum() == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p.Arg882His", "p.R882H"), ("Arg882His", "p.R882H"), ("p.arg882his", "p.R882H"),
        ("ARG882HIS", "p.R882H"), ("c.2645G>A p.R882H", "p.R882H"), ("r882h", "p.R882H"),
        ("NM_022552.5:c.2645G>A (p.Arg882His)", "p.R882H"), ("p.(Arg882His)", "p.R882H"),
        ("p.R882H;p.R693H", "p.R882H;p.R693H"), ("p.[Arg882His;Tyr735Cys]", "p.R882H;p.Y735C"),
        ("p.R882H, p.Y735C", "p.R882H;p.Y735C"), ("p.Pro904%3D", "p.P904="),
        ("p.Trp305Ter", "p.W305*"), ("p.W305X", "p.W305*"), ("p.Leu639fsTer12", "p.L639fs*12"),
        ("p.Leu639fsX12", "p.L639fs*12"), ("no R882H", "no R882H"), ("ITD", "ITD"),
    ],
)  # fmt: skip
def test_spellings_of_protein_changes(text: str, expected: str) -> None:
    assert protein_change(text) == expected
    assert protein_change(expected) == expected


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["Ala", "Arg", "Val", "Ter", "Leu"]),
    st.integers(1, 4000),
    st.sampled_from(["Phe", "His", "Ter", "=", "Gly"]),
    st.sampled_from(
        ["{}", "p.{}", "p.({})", "NP_1.1:p.{}", "c.1A>G {}", "c.1A>G (p.{})", " p.{} "]
    ),
)
def test_a_change_means_the_same_however_it_is_wrapped(
    before: str, place: int, after: str, wrapping: str
) -> None:
    plain = protein_change(f"p.{before}{place}{after}")
    assert protein_change(wrapping.format(f"{before}{place}{after}")) == plain
    assert is_understood(plain)


def test_a_spelling_that_is_not_understood_leaves_the_refinement_untested() -> None:
    changes = ("p.V617F", "Val617Phe", "V617F;p.K607N", "hotspot", "p.R683S", "c.1849G>T")
    rows = [("JAK2", p, c) for p, c in zip(PEOPLE, changes, strict=False)]
    cohort = load(("gene", "patient", "protein_change"), *rows)
    assert shown(cohort, "JAK2") == "++++++--"
    assert shown(cohort, "JAK2_V617F") == "+++?-+--"


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("VAF", ["0.31", "0.02"], [0.31, 0.02]),
        ("VAF", ["31", "2.5"], [0.31, 0.025]),
        ("VAF (%)", ["0.8", "1.3"], [0.008, 0.013]),
        ("vaf_percent", ["0.8", "0.9"], [0.008, 0.009]),
        ("VAF in Prozent", ["0.8", "40"], [0.008, 0.4]),
        ("VAF", ["31%", "0.27"], [0.31, 0.27]),
        ("VAF", ["31 %", "2 %"], [0.31, 0.02]),
        ("VAF", ["0.37", "44", "7.5"], [0.37, 0.44, 0.075]),  # two decimals, fewer in percentages
        ("VAF", ["0.8", "44", "2.5", "1.5"], [0.008, 0.44, 0.025, 0.015]),  # a tail of percentages
        ("VAF", ["0.4", "0.5", "44", "70"], [np.nan, np.nan, 0.44, 0.7]),  # asked
    ],
)  # fmt: skip
def test_the_scale_of_allele_fractions(
    header: str, cells: list[str], expected: list[float]
) -> None:
    rows = [
        ("KIT", p, "Missense_Mutation", "p.D816V", cell)
        for p, cell in zip(PEOPLE, cells, strict=False)
    ]
    cohort = load((*HEADER, header), *rows)
    np.testing.assert_allclose(cohort.mutations["vaf"], expected)
    if np.isnan(expected).any():
        assert "cannot be told" in said(cohort, "vaf_scale")


def test_reads_stand_in_for_blank_fractions_and_tell_an_open_scale() -> None:
    header = (*HEADER, "t_vaf", "t_ref_count", "t_alt_count")
    fixed = ("KIT", "H1", "Missense_Mutation", "p.D816V")
    cells = [("", "60", "40"), ("0.5", "995", "5"), ("0.4", "60", "40"), ("44", "56", "44")]
    cohort = load(header, *((*fixed, *cell) for cell in cells))
    np.testing.assert_allclose(cohort.mutations["vaf"], [0.4, 0.005, 0.4, 0.44])


def test_percentages_are_no_reads_and_reads_are_whole_numbers() -> None:
    header = (*HEADER, "t_ref_count", "t_alt_count")
    fixed = ("KIT", "H1", "Missense_Mutation", "p.D816V")
    cohort = load(header, (*fixed, "81", "19%"), (*fixed, "88", "12%"))
    np.testing.assert_allclose(cohort.mutations["vaf"], [0.19, 0.12])
    assert "no numbers of reads" in said(cohort, "vaf_scale")
    texts = ["1,020", "1.500", "980", "12.5", "7%", "2'000", "40.0"]
    column = TextColumn("t", np.arange(7, dtype=np.int32), np.array(texts, dtype=object))
    np.testing.assert_array_equal(read_counts(column), [1020, 1500, 980, np.nan, np.nan, 2000, 40])


def test_allele_fractions_of_genes_with_as_many_variants_each_make_a_figure() -> None:
    rows = [
        (gene, p, "Missense_Mutation", "p.R5H", f"0.{i}1")
        for gene in ("KIT", "CBL")
        for i, p in enumerate(PEOPLE[:5], 1)
    ]
    cohort = load((*HEADER, "VAF"), *rows)
    found = vaf_summary(cohort, np.ones(cohort.n, dtype=bool), 5)
    assert len(framed(vaf_figure(found), "VAF").data[0].y) == 10


@pytest.mark.parametrize(
    ("text", "genes"),
    [
        ("NPM1:NM_002520.7", ("NPM1",)), ("NPM1 (NM_002520)", ("NPM1",)),
        ("NM_002520.7(NPM1)", ("NPM1",)), ("NPM1|ENST00000296930", ("NPM1",)),
        ("ENSG00000181163", ("NPM1",)), ("ENSG00000181163.14", ("NPM1",)), ("4869", ("NPM1",)),
        ("TP53;WRAP53", ("TP53",)), ("IDH1, ASXL1", ("IDH1", "ASXL1")), ("npm1", ("NPM1",)),
        ("9-Sep", ("SEPTIN9",)), ("Sep-06", ("SEPTIN6",)), ("6. Sep", ("SEPTIN6",)),
        ("1-Mar", ("MARCHF1",)), ("SEPT9", ("SEPTIN9",)), ("BCR::ABL1", ("BCR::ABL1",)),
        ("HLA-A", ("HLA-A",)), ("ENSG00000999999", ("ENSG00000999999",)), ("32-Sep", ("32-Sep",)),
    ],
)  # fmt: skip
def test_cells_of_genes(text: str, genes: tuple[str, ...]) -> None:
    assert genes_of_cell(text) == genes


def test_a_list_by_identifiers_alone_and_a_cell_of_two_genes() -> None:
    rows = [("4869", "H1", "Frame_Shift_Ins", "p.W288fs"), ("", "H2", "Missense_Mutation", "p.R1H")]
    cohort = load(("Entrez_Gene_Id", *HEADER[1:]), *rows)
    assert shown(cohort, "NPM1") == "+-------"
    cohort = load(HEADER, ("IDH1, ASXL1", "H2", "Missense_Mutation", "p.R1H"))
    assert shown(cohort, "IDH1") == shown(cohort, "ASXL1") == "-+------"
    assert "counts for each" in said(cohort, "gene_cells")


def test_parts_of_genes_in_the_column_of_genes() -> None:
    rows = [("FLT3-ITD", "H1", ""), ("FLT3", "H2", "p.D835Y"), ("KMT2A-PTD", "H3", "")]
    cohort = load(("gene", "patient", "protein_change"), *rows)
    assert shown(cohort, "FLT3") == "++------"
    assert shown(cohort, "FLT3_ITD") == "+-------"
    assert shown(cohort, "KMT2A_PTD") == "--+-----"


def test_identifiers_in_another_spelling_leave_patients_untested() -> None:
    clinical = "patient_id,os_months,os_event\n" + "".join(
        f"{i},5,1\n" for i in ("001", *range(2, 9))
    )
    rows = [("TET2", f"{i:03d}", "Missense_Mutation", "p.R5H") for i in (1, 3, 5)]
    files = {"c.csv": clinical.encode(), "v.maf": toy.rows(HEADER, rows).encode()}
    cohort = load_files(files)
    assert shown(cohort, "TET2") == "+-?-?---"
    assert "leading zeros" in said(cohort, "spelling")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("ja", "nein", "nein", "n.u."), "+--?"),
        (("sì", "no", "no", "non eseguito"), "+--?"),
        (("oui", "non", "oui", "non fait"), "+-+?"),
        (("sí", "no", "no", "no realizada"), "+--?"),
        (("muté", "non muté", "non muté", "muté"), "+--+"),
        (("mutiert", "Wildtyp", "wt", "nicht untersucht"), "+--?"),
        (("mutato", "wild type", "wild type", "mutato"), "+--+"),
        (("pos", "neg", "n.d.", "n.a."), "+-??"),
        (("positive/35%", "negative", "neg (0%)", "pos (0,45)"), "+--+"),
        (("0.34", "0", "0", "0.02"), "+--+"),
        (("12,5", "0", "0", "40"), "+--+"),
        (("p.R248Q", "wt", "c.1A>G p.Arg5His", "ND"), "+-+?"),
        (("nachgewiesen", "nicht nachgewiesen", "+", "-"), "+-+-"),
    ],
)  # fmt: skip
def test_columns_named_after_genes(cells: tuple[str, ...], expected: str) -> None:
    rows = "".join(f'p{i};5;1;"{cell}"\n' for i, cell in enumerate(cells))
    cohort = load_files({"c.csv": f"patient_id;os_months;os_event;RUNX1\n{rows}".encode()})
    assert shown(cohort, "RUNX1") == expected


def test_changes_in_cells_make_refinements_and_variants() -> None:
    text = (
        "patient_id,os_months,os_event,JAK2,FLT3\n"
        "a,5,1,p.V617F,ITD\nb,5,1,p.Val617Phe (31%),wt\nc,5,1,wt,D835Y\nd,5,1,pos,nd\n"
    )
    cohort = load_files({"c.csv": text.encode()})
    assert shown(cohort, "JAK2") == "++-+"
    assert shown(cohort, "JAK2_V617F") == "++-?"
    assert shown(cohort, "FLT3_ITD") == "+--?"
    assert shown(cohort, "FLT3_TKD") == "--+?"
    assert cohort.mutations["vaf"].dropna().tolist() == [0.31]
    assert {"JAK2", "FLT3"} <= set(cohort.patients), "what the cells say is kept"


def test_a_gene_column_that_is_not_understood_is_said_once() -> None:
    text = "patient_id,os_months,os_event,TET2,EZH2\n" + "".join(
        f"{i},5,1,see letter {i},{3 + i}.7\n" for i in range(5)
    )
    cohort = load_files({"c.csv": text.encode()})
    assert not len(cohort.features)
    assert "2 columns are named after genes" in said(cohort, "gene_columns")


def test_every_reason_is_told() -> None:
    frame = pd.DataFrame({"variant_class": "missense", "gene": "KIT", "set_aside": list(REASONS)})
    words = rule_in_words(frame)
    assert all(f"{reason.short} (1)" in words for reason in REASONS.values())
    assert not counts(frame).any()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "feature", "expected"),
    [
        ("verdict/d.maf", "TET2", (5, 20)),
        ("n21_relapse/d.maf", "DNMT3A", (12, 24)),
        ("n20_vaf_blank/d.maf", "TP53", (9, 24)),
        ("hgvs/list.tsv", "JAK2_V617F", (10, 20)),
        ("multihit/d.maf", "TP53_multi_hit", (3, 24)),
        ("altzero/d.maf", "TP53", (1, 20)),
    ],
)
def test_inputs_that_went_wrong(
    public_cohorts: Path, path: str, feature: str, expected: tuple[int, int]
) -> None:
    file = public_cohorts.parent / "failing-inputs" / "data" / path
    states = load_cohort(file, clinical=file.parent / "clinical.tsv").feature_state(feature)
    assert ((states == 1).sum(), (states >= 0).sum()) == expected
