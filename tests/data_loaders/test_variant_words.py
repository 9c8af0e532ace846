"""Columns that judge variants, told by what they hold; changes, fractions and samples beside them.

Inputs of the kinds that hospitals' lists have, in the words of five languages.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_loaders import Cohort, load_files
from data_loaders.cbioportal import load_study
from data_loaders.variants.words import is_wild_type, judged, status_reason
from tests.data_loaders import cbioportal_study as toy
from tests.data_loaders.test_mutation_rule import (
    HEADER,
    PEOPLE,
    aside,
    load,
    one_gene_each,
    said,
    shown,
)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("call", ("somatic", "germline", "artifact", "unknown"), "+--+----"),
        ("Call", ("PASS", "FAIL", "PASS"), "+-+-----"),
        ("call", ("mutated", "wild type", "not tested", "mutated"), "+-?+----"),
        ("Ergebnis", ("nachgewiesen", "nicht nachgewiesen", "n.d."), "+-?-----"),
        ("Pathogenität", ("pathogen", "wahrscheinlich pathogen", "VUS", "benigne"), "++------"),
        ("interpretación", ("patogénica", "probablemente patogénica", "benigna"), "++------"),
        ("Interprétation", ("pathogène", "VSI", "bénin", "probablement bénin"), "+-------"),
        ("classificazione", ("patogenetica", "significato incerto", "benigna"), "+-------"),
        ("ACMG_class", ("5", "4", "3", "2", "1"), "++------"),
        ("Klassifikation", ("Klasse 5", "4", "Klasse 3", "1"), "++------"),
        ("AMP_tier", ("Tier IA", "Tier IIC", "Tier III", "Tier IV"), "++------"),
        ("cbp_driver", ("Putative_Driver", "Putative_Passenger", "Putative_Driver"), "+-+-----"),
        ("is_driver", ("TRUE", "FALSE", "TRUE"), "+-+-----"),
        ("Mutation_Status", ("Somatic", "likely germline", "Somatic", "Germline"), "+-+-----"),
        ("Germline/Somatic", ("S", "G", "S"), "+-+-----"),
        ("somatic_status", ("acquis", "constitutionnel", "acquis"), "+-+-----"),
        ("Artefact", ("no", "yes", "no"), "+-+-----"),
    ],
)  # fmt: skip
def test_what_a_column_judges_is_told_by_what_it_holds(
    column: str, values: tuple[str, ...], expected: str
) -> None:
    assert shown(one_gene_each(column, *values), "EZH2") == expected


@pytest.mark.parametrize(
    ("column", "values", "counted", "sentence"),
    [
        ("Mutation_Status", ("Somatic", "Somatic vs Germline", "Germline"), 2, "row 2"),
        ("oncogenic", ("Oncogenic", "Likely Neutral", "see report"), 2, "row 3"),
        ("Variant_Origin", ("1", "2", "1"), 3, "Variant_Origin looks as if"),
        ("ClinVar_Significance", ("Pathogenic", "Benign", "Pathogenic"), 3, "was not used"),
    ],
)
def test_what_is_not_understood_counts_and_is_said(
    column: str, values: tuple[str, ...], counted: int, sentence: str
) -> None:
    cohort = one_gene_each(column, *values)
    assert shown(cohort, "EZH2").count("+") == counted
    assert sentence in said(cohort, "unclear_call")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("PolyPhen", ("benign(0.1)", "probably_damaging(1)", "benign(0)")),
        ("Variant_Type", ("SNP", "SNP", "DEL")),
    ],
)
def test_predictions_and_types_are_no_verdict(column: str, values: tuple[str, ...]) -> None:
    cohort = one_gene_each(column, *values)
    assert shown(cohort, "EZH2") == "+++-----"
    assert not said(cohort, "unclear_call")


def test_presence_and_verdict_are_two_columns() -> None:
    cohort = load(
        (*HEADER, "result", "oncogenic"),
        ("CBL", "H1", "Missense_Mutation", "p.C404Y", "detected", "Oncogenic"),
        ("CBL", "H2", "Missense_Mutation", "p.C404R", "detected", "Likely Neutral"),
        ("CBL", "H3", "Missense_Mutation", "p.C404S", "not detected", "Oncogenic"),
    )
    assert aside(cohort) == [None, "not_driver", "wild_type"]


def test_words_with_two_meanings_have_none() -> None:
    assert judged("pathogenic/benign") is None
    assert judged("not pathogenic") == judged("non-oncogenic") == "passenger"
    assert judged("Conflicting_interpretations_of_pathogenicity") == "passenger"
    assert status_reason("somatic/germline") is None
    assert status_reason("not germline") is None
    assert is_wild_type("v617f not detected")
    assert is_wild_type("no itd")
    assert not is_wild_type("itd negative, d835y positive")


def test_a_change_that_is_denied_is_no_mutation() -> None:
    changes = ("V617F", "V617F not detected", "V617F neg", "p.V617", "exon 12", "c.1849G>T")
    rows = [("JAK2", p, c) for p, c in zip(PEOPLE, changes, strict=False)]
    cohort = load(("gene", "patient", "protein_change"), *rows)
    assert shown(cohort, "JAK2") == "+--+++--"
    assert shown(cohort, "JAK2_V617F") == "+--??+--", "a residue alone is not its change"
    assert shown(cohort, "JAK2_exon_12") == "---?+---"


def test_parts_are_read_in_any_case_and_by_the_coding_sequence() -> None:
    changes = ("itd (0.5)", "p.D835Y", "ITD negative", "p.E598_Y599insDV")
    rows = [("FLT3", p, c) for p, c in zip(PEOPLE, changes, strict=False)]
    cohort = load(("gene", "patient", "protein_change"), *rows)
    assert shown(cohort, "FLT3_ITD") == "+--+----"
    coding = ("NM_004343.3:c.1099_1150del", "c.1154_1155insTTGTC", "c.1120_1123del")
    rows = [("CALR", p, c) for p, c in zip(PEOPLE, coding, strict=False)]
    cohort = load(("gene", "patient", "HGVSc"), *rows)
    assert shown(cohort, "CALR_type_1") == "+-?-----"
    assert shown(cohort, "CALR_type_2") == "-+?-----"


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("t_AF", ["0.31", "0.02"], [0.31, 0.02]),
        ("Tumor Allele Freq", ["31", "2.5"], [0.31, 0.025]),
        ("Variant allele fraction (percentage)", ["0.8", "31"], [0.008, 0.31]),
        ("vaf", ["0.31/0.2", "0.4"], [np.nan, 0.4]),
    ],
)
def test_names_of_allele_fractions(header: str, cells: list[str], expected: list[float]) -> None:
    rows = [
        ("KIT", p, "Missense_Mutation", "p.D816V", cell)
        for p, cell in zip(PEOPLE, cells, strict=False)
    ]
    cohort = load((*HEADER, header, "gnomAD_AF"), *((*row, "0.001") for row in rows))
    np.testing.assert_allclose(cohort.mutations["vaf"], expected)
    if np.isnan(expected).any():
        assert "row 1" in said(cohort, "vaf_unread")


def with_reads(*cells: tuple[str, str, str]) -> Cohort:
    """Fraction, reads of the reference and of the change."""
    rows = [
        ("KIT", p, "Missense_Mutation", "p.D816V", *cell)
        for p, cell in zip(PEOPLE, cells, strict=False)
    ]
    return load((*HEADER, "VAF", "t_ref_count", "t_alt_count"), *rows)


def test_reads_decide_the_scale_of_a_column_and_contradict_it() -> None:
    low = with_reads(("0.5", "995", "5"), ("0.8", "992", "8"), ("0.9", "991", "9"))
    np.testing.assert_allclose(low.mutations["vaf"], [0.005, 0.008, 0.009])
    apart = with_reads(("0.1", "60", "40"), ("0.3", "70", "30"), ("0.5", "50", "50"))
    np.testing.assert_allclose(apart.mutations["vaf"], [0.1, 0.3, 0.5])
    assert "row 1" in said(apart, "vaf_reads")


def test_reads_with_marks_for_thousands_alone_are_reads() -> None:
    header = (*HEADER, "t_depth", "t_alt_count")
    fixed = ("KIT", "H1", "Missense_Mutation", "p.D816V")
    cohort = load(header, (*fixed, "2,040", "1,020"), (*fixed, "80", "0"), (*fixed, "90", "9"))
    np.testing.assert_allclose(cohort.mutations["vaf"], [0.5, 0, 0.1])
    assert aside(cohort) == [None, "no_reads", None]


@pytest.mark.parametrize(
    ("column", "first", "later"),
    [
        ("Disease_Status", "Diagnosis", "Relapse 1"),
        ("Probe", "Diagnose", "1. Rezidiv"),
        ("tissue", "ED", "RD"),
        ("momento", "diagnóstico", "recaída"),
        ("visit", "screening", "End of treatment"),
    ],
)
def test_a_relapse_is_apart_whatever_its_column_is_called(
    column: str, first: str, later: str
) -> None:
    rows = [("CBL", "H1", first), ("KIT", "H1", later), ("CBL", "H2", first)]
    rows = [(gene, p, "Missense_Mutation", "p.R5H", word) for gene, p, word in rows]
    assert aside(load((*HEADER, column), *rows)) == [None, "other_sample", None]


def test_a_study_finds_its_first_samples_by_any_column(tmp_path: Path) -> None:
    """S1b of P1 comes first in the file; all samples are called primary."""
    folder = toy.write_toy(tmp_path / "toy")
    path = folder / "data_clinical_sample.txt"
    lines = path.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if "SAMPLE_TYPE" in line)
    extra = ["Point", "Point", "STRING", "1", "TIMEPOINT"]
    rest = ["relapse" if "Relapse" in line else "diagnosis" for line in lines[at + 1 :]]
    joined = [f"{line}\t{word}" for line, word in zip(lines, extra[4 - at :] + rest, strict=True)]
    path.write_text("\n".join(joined).replace("Relapse", "Primary") + "\n")
    cohort = load_study(folder)
    own = cohort.mutations[cohort.mutations["patient_id"] == "P1"]
    assert own.loc[own["set_aside"].isna(), "gene"].tolist() == ["JAK2"]


def test_a_gene_that_no_panel_has_counts_nowhere(tmp_path: Path) -> None:
    folder = toy.write_toy(tmp_path / "toy")
    path = folder / "data_mutations.txt"
    path.write_text(path.read_text() + "KIT\tS1\tMissense_Mutation\tp.D816V\t50\t50\tSOMATIC\n")
    matrix = folder / "data_gene_panel_matrix.txt"
    matrix.write_text(matrix.read_text().replace("NA", "LARGE"))
    cohort = load_study(folder)
    assert "KIT" not in cohort.alterations
    own = cohort.mutations[cohort.mutations["gene"] == "KIT"]
    assert own["set_aside"].tolist() == ["not_profiled"]


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("NPM1", ("Mutation", "Wildtyp", "n.v."), "+-?"),
        ("ASXL1", ("mutata", "wild type", "non valutabile"), "+-?"),
        ("CALR", ("muté", "non muté", "NF"), "+-?"),
        ("MPL", ("presente", "ausente", "pendiente"), "+-?"),
        ("KIT", ("Mutation detected", "Mutation not detected", "fail"), "+-?"),
        ("FLT3", ("ITD+", "neg", "ITD/TKD"), "+-+"),
        ("Monosomie 7", ("ja", "nein", "ja"), "+-+"),
        ("Trisomía 8", ("sí", "no", "no"), "+--"),
        ("9-Sep", ("1", "0", "1"), "+-+"),
        ("statut JAK2", ("muté", "non muté", "NF"), "+-?"),
    ],
)
def test_cells_of_columns(name: str, cells: tuple[str, ...], expected: str) -> None:
    text = f"patient_id\tos_months\tos_event\tTP53\t{name}\n" + "".join(
        f"Q{i}\t{i + 1}\t1\t{i % 2}\t{cells[i % 3]}\n" for i in range(12)
    )
    cohort = load_files({"c.tsv": text.encode()})
    (feature,) = cohort.features.index[cohort.features["source_column"] == name]
    assert shown(cohort, feature)[:3] == expected


def test_a_column_that_tells_the_mutated_alone_is_asked_about() -> None:
    text = "patient_id\tos_months\tos_event\tTP53\tKRAS\tJAK2 V617F\tIDH1_VAF\n" + "".join(
        f"Q{i}\t{i + 1}\t1\t{i % 2}\t{'mut' if i % 3 else ''}\t{'48%' if i % 2 else '<1%'}\t0.{i}\n"
        for i in range(12)
    )
    cohort = load_files({"c.tsv": text.encode()})
    assert set(cohort.features.index) == {"TP53"}
    assert "KRAS, JAK2 V617F and IDH1_VAF" in said(cohort, "gene_columns")


def test_cells_that_name_no_gene_or_two_are_said() -> None:
    rows = [("2-Dec", "1"), ("Unknown", "4869"), ("NPM1", "3717"), ("c-KIT", "3815")]
    cohort = load(
        ("Hugo_Symbol", "Entrez_Gene_Id", *HEADER[1:]),
        *(
            (*genes, p, "Missense_Mutation", "p.R5H")
            for genes, p in zip(rows, PEOPLE, strict=False)
        ),
    )
    assert cohort.mutations["gene"].tolist() == ["2-Dec", "NPM1", "NPM1", "KIT"]
    assert "no known gene in row 1" in said(cohort, "gene_cells")
    assert "different genes in row 3" in said(cohort, "gene_cells")


def test_the_list_of_a_german_laboratory() -> None:
    rows = [
        ("TP53", "H1", "c.743G>A", "p.(Arg248Gln)", "45,3", "pathogen (Klasse 5)", "nachgewiesen"),
        ("TET2", "H2", "c.100C>T", "p.(Pro34Ser)", "48", "VUS (Klasse 3)", "nachgewiesen"),
        ("CALR", "H3", "", "", "", "", "nicht nachgewiesen"),
        ("MPL", "H4", "", "", "", "", "nicht auswertbar"),
    ]
    header = ("Gen", "Patient", "cDNA", "Protein", "VAF [%]", "Bewertung", "Befund")
    cohort = load(header, *rows)
    assert aside(cohort) == [None, "not_driver", "wild_type", "not_tested"]
    np.testing.assert_allclose(cohort.mutations["vaf"][:2], [0.453, 0.48])


def test_columns_of_annotators_judge_nothing_and_are_not_asked_about() -> None:
    """SOMATIC is Ensembl VEP's: whether a database knows the variant from tumours."""
    header = (*HEADER, "Variant_Type", "SOMATIC", "PHENO", "Validation_Status", "am_class")
    fixed = ("CBL", "H1", "Missense_Mutation", "p.C404Y")
    cohort = load(
        header,
        (*fixed, "SNP", "0", "1", "Untested", "likely_benign"),
        (*fixed, "DEL", "1", "", "Valid", "likely_pathogenic"),
    )
    assert aside(cohort) == [None, None]
    assert not said(cohort, "unclear_call")
