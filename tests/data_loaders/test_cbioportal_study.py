"""Study folders: what every patient of a small study has to come out as, and what is refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_loaders import Cohort, CohortError
from data_loaders.cbioportal import load_study, looks_like_study
from data_loaders.cbioportal._timeline import transplants
from data_loaders.cbioportal.tsv import read_tsv
from tests.data_loaders import cbioportal_study as toy
from tests.data_loaders.cbioportal_study import rows, write, write_case_list, write_toy

IDENTITIES = re.compile(r"\b(P[1-7]|S[1-7]b?)\b")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_toy(tmp_path / "toy")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return load_study(write_toy(tmp_path_factory.mktemp("study") / "toy"))


def states(cohort: Cohort, feature: str) -> str:
    """One sign a patient, P1 to P7: + altered, - not altered, ? not tested."""
    return "".join("?" if pd.isna(v) else "+" if v else "-" for v in cohort.alterations[feature])


def codes(cohort: Cohort) -> set[str]:
    return {issue.code for issue in cohort.issues}


def sentence(cohort: Cohort, code: str) -> str:
    return " ".join(issue.sentence for issue in cohort.issues if issue.code == code)


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        # SMALL panel: P1, P3. LARGE: P2, P5. Exome: P4. No sample or not sequenced: P6, P7.
        ("JAK2", "+----??"),
        ("JAK2_V617F", "+----??"),
        ("TP53", "----+??"),  # P1's is of the relapse, P3's is silent, P5 has only a relapse
        ("SRSF2", "?+?--??"),  # listed as SFRS2
        ("ASXL1", "?-?+-??"),
        ("CALR", "-?--???"),  # found in nobody, on the small panel
        ("RB1 deletion", "+?-?-??"),  # P4's cell is NA, P2's gene off the panel, P3's is shallow
        ("MYC amplification", "???+-??"),  # P2's gene is off the panel, whatever was found there
        ("KMT2A fusion", "+----??"),
        ("PML::RARA", "-++--??"),  # written either way round
        ("IKZF1 intragenic deletion", "---+-??"),
    ],
)  # fmt: skip
def test_every_call_is_known(cohort: Cohort, feature: str, expected: str):
    assert states(cohort, feature) == expected


def test_no_other_feature_is_made_up(cohort: Cohort):
    assert set(cohort.alterations) == {
        "JAK2", "JAK2_V617F", "TP53", "SRSF2", "ASXL1", "CALR", "RB1", "RB1 deletion",
        "MYC amplification", "KMT2A fusion", "PML::RARA", "IKZF1 intragenic deletion",
    }  # fmt: skip
    assert cohort.features.loc["RB1 deletion", "kind"] == "cytogenetic"
    assert cohort.features.loc["RB1 deletion", "gene"] == "RB1"


def test_outcomes_clinical_columns_and_labels(cohort: Cohort):
    assert list(cohort.patients.index) == ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]
    assert list(cohort.endpoints) == ["os", "dfs"]
    np.testing.assert_array_equal(cohort.patients["os_event"], [1, 0, 1, 0, 1, 0, np.nan])
    np.testing.assert_array_equal(cohort.patients["os_months"], [12.5, 60, 3, 24, 30, 8, np.nan])
    np.testing.assert_array_equal(
        cohort.patients["TUMOUR_SHARE"], [80, 60, 55, 40, 35, np.nan, 15]
    )  # of the sample that stands for the patient
    assert cohort.variables["TUMOUR_SHARE"].label == "Share of tumour cells"
    assert cohort.variables["TUMOUR_SHARE"].description == "Share of tumour cells, described"
    assert cohort.variables["AGE"].label == "Age at diagnosis"
    assert cohort.name == "Toy study"
    assert cohort.provenance.citation == "Nobody, 2026 (PMID 1)"


def test_transplants_of_the_timeline(cohort: Cohort):
    """Day 122 of P1, not the later one; conditioning is none; P4's is autologous."""
    months = cohort.patients["transplant_months"]
    assert months["P1"] == pytest.approx(122 * 12 / 365.25)
    assert months.notna().sum() == 1
    variable = cohort.variables["transplant_months"]
    assert (variable.role, variable.unit, variable.kind) == ("treatment", "months", "numeric")
    assert cohort.patients["autologous_transplant_months"].dropna().index.tolist() == ["P4"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Allogeneic stem cell transplantation", "transplant"),
        ("HSCT", "transplant"),
        ("allo-HCT", "transplant"),
        ("Bone Marrow Transplant", "transplant"),
        ("BMT", "transplant"),
        ("Transplant", "transplant"),
        ("Haploidentical donor transplant", "transplant"),
        ("ASCT", "autologous"),
        ("Autologous stem cell transplant", "autologous"),
        ("Liver transplant", None),
        ("Post-transplant relapse", None),
        ("Conditioning for allogeneic transplant", None),
        ("Planned allo-SCT", None),
        ("Transplant evaluation", None),
        ("Azacitidine", None),
        ("Hydroxycarbamide", None),
    ],
)
def test_transplants_are_told_from_other_events(text: str, kind: str | None):
    events = [("A", "100", "TREATMENT", text), ("B", "1", "TREATMENT", "Cytarabine")]
    data = rows(("PATIENT_ID", "START_DATE", "EVENT_TYPE", "AGENT"), events)
    found, _ = transplants([read_tsv("t.txt", data.encode())], pd.Index(["A", "B"]), ())
    names = {None: [], "transplant": ["transplant_months"],
             "autologous": ["autologous_transplant_months"]}[kind]  # fmt: skip
    assert [one.variable.name for one in found] == names


def test_the_rule_for_several_samples_is_said_with_its_counts(cohort: Cohort):
    words = sentence(cohort, "samples")
    assert "2 patients have several samples (4 in all)" in words
    assert "1 variant of the other samples is not counted" in words
    assert "for 1 patient only a later sample was sequenced" in words
    rows = cohort.mutations.query("gene == 'TP53' and patient_id == 'P1'")
    assert rows["set_aside"].tolist() == ["other_sample"]


def test_no_identity_in_any_finding(cohort: Cohort):
    words = " ".join(issue.sentence for issue in cohort.issues)
    assert not IDENTITIES.search(words)
    assert {"absent_from_table", "no_sample", "not_sequenced", "gene_panel"} <= codes(cohort)


def test_without_rows_above_the_header(folder: Path, cohort: Cohort):
    for kind in ("patient", "sample"):
        path = folder / f"data_clinical_{kind}.txt"
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True)
                                if not line.startswith("#")))  # fmt: skip
    plain = load_study(folder)
    pd.testing.assert_frame_equal(plain.patients, cohort.patients)
    assert plain.variables["TUMOUR_SHARE"].label != "Share of tumour cells"


def test_without_meta_files_the_usual_names_are_known(folder: Path, cohort: Cohort):
    for path in folder.glob("meta_*"):
        if path.name != "meta_study.txt":
            path.unlink()
    found = load_study(folder)
    assert found.fingerprint == cohort.fingerprint
    assert "recognised by name" in sentence(found, "no_meta_file")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_line_ends_and_encodings(folder: Path, cohort: Cohort, end: str, encoding: str):
    for path in folder.glob("*.txt"):
        path.write_bytes(path.read_text().replace("\n", end).encode(encoding))
    assert load_study(folder).fingerprint == cohort.fingerprint


def test_names_in_capitals_or_not_and_trailing_tabs(folder: Path, cohort: Cohort):
    edit(folder / "data_mutations.txt", ("Tumor_Sample_Barcode", "TUMOR_SAMPLE_BARCODE"))
    path = folder / "data_clinical_sample.txt"
    path.write_text(path.read_text().replace("\n", "\t\n"))
    assert load_study(folder).fingerprint == cohort.fingerprint


def test_panels_without_their_genes_are_filled_with_what_was_found(folder: Path):
    """SMALL has JAK2 and TP53 by what its samples show; SRSF2 of LARGE is known, ASXL1 is not."""
    for path in folder.glob("gene_panel_*"):
        path.unlink()
    cohort = load_study(folder)
    assert states(cohort, "JAK2") == "+?--???"  # fmt: skip
    assert states(cohort, "SRSF2") == "?+?--??"
    assert states(cohort, "ASXL1") == "???+???"  # fmt: skip
    assert "does not hold the genes of 2 gene panels (LARGE and SMALL)" in sentence(
        cohort, "gene_panel"
    )


def test_exomes_by_their_name(folder: Path):
    edit(folder / "data_gene_panel_matrix.txt", ("SMALL", "WES"))
    assert states(load_study(folder), "ASXL1") == "---+-??"


def test_one_panel_for_all_from_the_meta_file(folder: Path):
    for path in (*folder.glob("*gene_panel_matrix*"),):
        path.unlink()
    edit(folder / "meta_mutations.txt", ("datatype: MAF", "datatype: MAF\ngene_panel: SMALL"))
    cohort = load_study(folder)
    assert states(cohort, "CALR") == "-----??"
    assert "SRSF2" not in cohort.alterations  # found off the panel, which tests nobody


def test_without_case_list_and_matrix_everyone_counts_as_sequenced(folder: Path):
    shutil.rmtree(folder / "case_lists")
    for path in folder.glob("*gene_panel*"):
        path.unlink()
    cohort = load_study(folder)
    assert states(cohort, "JAK2") == "+----?-"  # P5's primary sample now stands for it
    assert "TP53" not in cohort.alterations  # its mutations are of relapses, or silent
    assert "does not say who was sequenced" in sentence(cohort, "sequenced")


def test_a_sample_with_mutations_that_the_case_list_forgot(folder: Path):
    write_case_list(folder, "sequenced", ["S1", "S2"])
    cohort = load_study(folder)
    assert states(cohort, "ASXL1") == "?-??-??"  # counting P4 alone would raise the frequency
    assert "1 sample has mutations although" in sentence(cohort, "sequenced")


def test_mutations_off_the_panel_make_nobody_tested(folder: Path):
    edit(folder / "gene_panel_large.txt", ("\tSRSF2", ""))
    cohort = load_study(folder)
    assert states(cohort, "SRSF2") == "???-???"
    assert cohort.mutations.set_index("gene")["set_aside"]["SRSF2"] == "not_profiled"
    assert "1 mutated gene" in sentence(cohort, "gene_panel")


def test_copy_numbers_in_the_long_format(folder: Path):
    body = [
        (gene, sample, level)
        for gene, levels in toy.CNA
        for sample, level in zip(toy.CNA_SAMPLES, levels, strict=True)
        if level != "0"
    ]
    write(
        folder, "data_cna.txt", rows(("Hugo_Symbol", "Sample_Id", "Value"), body),
        genetic_alteration_type="COPY_NUMBER_ALTERATION", datatype="DISCRETE_LONG",
        stable_id="cna",
    )  # fmt: skip
    cohort = load_study(folder)
    assert states(cohort, "MYC amplification")[1:4] == "??+"
    assert states(cohort, "RB1 deletion")[0] == "+"


def test_fusions_of_the_older_format(folder: Path):
    for path in folder.glob("*_sv.txt"):
        path.unlink()
    body = [("KMT2A", "S1", "KMT2A-MLLT3 fusion"), ("MLLT3", "S1", "KMT2A-MLLT3 fusion"),
            ("BCR", "S2", "BCR-ABL1"), ("ABL1", "S2", "BCR-ABL1")]  # fmt: skip
    write(
        folder, "data_fusions.txt", rows(("Hugo_Symbol", "Tumor_Sample_Barcode", "Fusion"), body),
        genetic_alteration_type="FUSION", datatype="FUSION", stable_id="fusion",
    )  # fmt: skip
    cohort = load_study(folder)
    assert states(cohort, "KMT2A fusion")[:2] == "+-"
    assert states(cohort, "BCR::ABL1")[:2] == "-+"
    assert "ABL1 fusion" not in cohort.alterations


def test_a_duplication_among_the_structural_variants_is_the_same_feature(folder: Path):
    """FLT3-ITD: P2 by its mutation, P4 by its structural variant."""
    path = folder / "data_mutations.txt"
    path.write_text(
        path.read_text() + "FLT3\tS2\tIn_Frame_Ins\tp.Y597_E598insDVDFREY\t9\t91\tSOMATIC\n"
    )
    path = folder / "data_sv.txt"
    path.write_text(path.read_text() + "S4\tFLT3\tFLT3\tSOMATIC\tFLT3-ITD\n")
    edit(folder / "gene_panel_large.txt", ("JAK2", "JAK2\tFLT3"))
    cohort = load_study(folder)
    names = cohort.features.index[cohort.features["label"] == "FLT3-ITD"]
    assert len(names) == 1
    assert states(cohort, names[0]) == "?+?+-??"
    assert states(cohort, "FLT3") == "?+?+-??"


def test_clinical_calls_are_believed_and_filled_in(folder: Path):
    """A dedicated test in the clinical table beats the sequencing, which fills its gaps."""
    path = folder / "data_clinical_patient.txt"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    calls = ["JAK2", "Negative", "Positive", "", "", "", ""]
    path.write_text("\n".join(f"{a}\t{b}" for a, b in zip(lines, calls, strict=True)) + "\n")
    cohort = load_study(folder)
    assert states(cohort, "JAK2") == "-+---??"
    assert states(cohort, "JAK2_V617F") == "?----??"  # listed, but the gene is called unmutated
    assert "disagree on 2 calls" in sentence(cohort, "conflict")


def test_only_one_clinical_table(folder: Path):
    samples_only = folder.with_name("samples_only")
    shutil.copytree(folder, samples_only)
    for path in samples_only.glob("*clinical_patient*"):
        path.unlink()
    found = load_study(samples_only)
    assert states(found, "JAK2") == "+----?"  # P6 has no sample
    assert not found.endpoints
    for path in folder.glob("*clinical_sample*"):
        path.unlink()
    with pytest.raises(CohortError, match="none of the samples of the clinical table"):
        load_study(folder)
    path = folder / "data_mutations.txt"
    path.write_text(re.sub(r"\tS(\d)b?\t", r"\tP\1\t", path.read_text()))
    for name in ("cna", "sv", "gene_panel_matrix"):
        for path in folder.glob(f"*_{name}.txt"):
            path.unlink()
    found = load_study(folder)
    assert states(found, "ASXL1")[3] == "+"
    assert "no table of samples" in sentence(found, "samples")


def test_numbers_as_samples(folder: Path):
    """The copy numbers' columns are samples; numbers for names are no values."""
    names = {sample: str(1000 + i) for i, (_, sample, *_) in enumerate(toy.SAMPLES)}
    for path in (*folder.glob("data_*.txt"), *folder.glob("case_lists/*.txt")):
        text = path.read_text()
        for old, new in names.items():
            text = re.sub(
                rf"(?<=[\t\n ]){old}(?=[\t\n])|^{old}(?=\t)", new, text, flags=re.MULTILINE
            )
        path.write_text(text)
    assert states(load_study(folder), "MYC amplification") == "???+-??"


def test_what_a_study_looks_like(folder: Path, tmp_path: Path):
    assert looks_like_study(folder)
    assert looks_like_study(str(folder))
    assert not looks_like_study(folder / "data_mutations.txt")
    assert not looks_like_study(tmp_path / "nothing")
    assert not looks_like_study("\0")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "df_clinical.tsv").write_text("a\tb\n1\t2\n")
    assert not looks_like_study(tmp_path / "other")
    with pytest.raises(CohortError, match="is no folder of a cBioPortal study"):
        load_study(tmp_path / "other")


def remove(*patterns: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for pattern in patterns:
            for path in folder.glob(pattern):
                path.unlink()

    return change


def replaced(name: str, content: str | bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)

    return change


def edited(name: str, *changes: tuple[str, str]) -> Callable[[Path], None]:
    return lambda folder: edit(folder / name, *changes)


def repeated_line(
    name: str, start: str, change: tuple[str, str] = ("", "")
) -> Callable[[Path], None]:
    def change_file(folder: Path) -> None:
        path = folder / name
        line = next(x for x in path.read_text().splitlines() if x.startswith(start))
        path.write_text(path.read_text() + line.replace(*change) + "\n")

    return change_file


def outside(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder.parent / "secret.txt").write_text("PATIENT_ID\tSAMPLE_ID\nP1\tS1\n")
        target = name.replace("FOLDER", str(folder.parent))
        edit(
            folder / "meta_mutations.txt",
            ("data_filename: data_mutations.txt", f"data_filename: {target}"),
        )

    return change


def linked_outside(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("PATIENT_ID\tSAMPLE_ID\nP1\tS1\n")
    (folder / "data_mutations.txt").unlink()
    (folder / "data_mutations.txt").symlink_to(folder.parent / "secret.txt")


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 225898\n"

BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "no clinical data": (
        remove("*clinical*"),
        "has no clinical data; add data_clinical_sample.txt",
    ),
    "meta without data": (
        remove("data_mutations.txt"),
        "meta_mutations.txt names data_mutations.txt, which is not in the folder",
    ),
    "of another study": (
        edited("meta_sv.txt", ("toy_2026", "brca_2012")),
        "meta_sv.txt belongs to the study brca_2012, but meta_study.txt says",
    ),
    "two studies": (
        lambda f: shutil.copy(f / "meta_study.txt", f / "meta_study_2.txt"),
        "holds 2 studies",
    ),
    "two patient tables": (
        lambda f: shutil.copy(f / "meta_clinical_patient.txt", f / "meta_clinical_patient_2.txt"),
        "has 2 files for the same kind of data",
    ),
    "path with dots": (outside("../secret.txt"), "names a data file outside the study's folder"),
    "absolute path": (outside("FOLDER/secret.txt"), "names a data file outside the study's folder"),
    "windows path": (outside("C:\\secret.txt"), "names a data file outside the study's folder"),
    "link to outside": (linked_outside, "names a data file outside the study's folder"),
    "empty name": (outside(""), "names a data file outside the study's folder"),
    "a folder as data": (outside("case_lists"), "which is not in the folder"),
    "lfs pointer": (replaced("data_clinical_patient.txt", LFS), "is a Git LFS pointer"),
    "lfs pointer as meta": (replaced("meta_study.txt", LFS), "meta_study.txt is a Git LFS pointer"),
    "empty file": (replaced("data_cna.txt", b""), "data_cna.txt is empty"),
    "blank file": (replaced("data_cna.txt", b"\n\n"), "data_cna.txt is empty"),
    "empty meta": (replaced("meta_sv.txt", b""), "meta_sv.txt is empty"),
    "prose as meta": (
        replaced("meta_sv.txt", b"This file is about fusions.\n"),
        "meta_sv.txt holds no lines such as cancer_study_identifier",
    ),
    "large meta": (replaced("meta_sv.txt", b"a: b\n" * 300_000), "larger than 1 MiB; is it data"),
    "only names": (replaced("data_sv.txt", b"Sample_Id\tSite1_Hugo_Symbol\n"), "but no rows"),
    "only comments": (
        replaced("data_clinical_sample.txt", b"#a\tb\n#c\td\n"),
        "has a single column",
    ),
    "web page": (
        replaced("data_mutations.txt", b"<!DOCTYPE html><html>Sign in</html>"),
        "is a web page",
    ),
    "binary": (replaced("data_mutations.txt", bytes(range(256)) * 4), "is a binary file"),
    "half an archive": (
        replaced("data_mutations.txt", b"\x1f\x8b\x08\x00abc"),
        "cut off or damaged",
    ),
    "parquet": (replaced("data_mutations.txt", b"PAR1" + b"\0" * 20), "is no text"),
    "commas": (
        replaced("data_clinical_patient.txt", b"PATIENT_ID,AGE\nP1,50\n"),
        "has a single column; the files of a cBioPortal study are separated by tabs",
    ),
    "no patient column": (
        edited("data_clinical_patient.txt", ("PATIENT_ID\t", "PERSON\t")),
        "data_clinical_patient.txt has no column PATIENT_ID",
    ),
    "no sample column": (
        edited("data_clinical_sample.txt", ("\tSAMPLE_ID\t", "\tBIOPSY\t")),
        "data_clinical_sample.txt has no column SAMPLE_ID",
    ),
    "samples of nobody": (
        edited("data_clinical_sample.txt", ("\nPATIENT_ID\t", "\nPERSON\t")),
        "its samples belong to nobody",
    ),
    "rows above without #": (
        edited("data_clinical_patient.txt", ("#", "")),
        "the four rows above the column names have to begin with #",
    ),
    "patient twice": (
        repeated_line("data_clinical_patient.txt", "P3", ("77", "78")),
        "has 2 rows that share a patient with another row (rows 3 and 7)",
    ),
    "sample twice": (
        repeated_line("data_clinical_sample.txt", "P2", ("60", "61")),
        "has 2 rows that share a sample with another row (rows 3 and 9)",
    ),
    "sample of two patients": (
        repeated_line("data_clinical_sample.txt", "P2", ("P2", "P3")),
        "share a sample with another row",
    ),
    "patient without name": (
        edited("data_clinical_patient.txt", ("\nP2\t", "\n\t")),
        "has 1 row without PATIENT_ID (row 2)",
    ),
    "sample without name": (
        edited("data_clinical_sample.txt", ("\tS2\t", "\tNA\t")),
        "has 1 row without SAMPLE_ID (row 3)",
    ),
    "sample without patient": (
        edited("data_clinical_sample.txt", ("P2\tS2", "\tS2")),
        "has 1 sample without PATIENT_ID (row 3)",
    ),
    "strangers only": (
        edited(
            "data_clinical_sample.txt",
            *((f"\nP{i}\t", f"\nQ{i}\t") for i in range(1, 6)),
            ("\nP7\t", "\nQ7\t"),
        ),
        "have no PATIENT_ID in common",
    ),
    "cells too many": (
        edited("data_clinical_patient.txt", ("P2\t60", "P2\t60\textra")),
        "has 6 columns but more cells in row 2",
    ),
    "column twice": (
        edited("data_clinical_patient.txt", ("OS_MONTHS\tOS_STATUS", "AGE\tOS_STATUS")),
        "gives 1 name to more than one column (positions 2 and 4)",
    ),
    "sample column twice": (
        edited("data_cna.txt", ("\tS2\t", "\tS1\t")),
        "gives 1 name to more than one column (positions 2 and 3)",
    ),
    "column without name": (
        edited("data_cna.txt", ("\tS2\t", "\t\t")),
        "has a column without a name at position 3",
    ),
    "unknown samples": (
        edited("data_mutations.txt", *((f"\tS{i}", f"\tX{i}") for i in range(1, 6))),
        "data_mutations.txt holds none of the samples of the clinical table",
    ),
    "no barcode": (
        edited("data_mutations.txt", ("Tumor_Sample_Barcode", "Biopsy")),
        "data_mutations.txt has no column Tumor_Sample_Barcode",
    ),
    "no genes": (
        edited("data_mutations.txt", ("Hugo_Symbol", "Locus")),
        "has no column of gene symbols",
    ),
    "no effect": (
        edited(
            "data_mutations.txt", ("Variant_Classification", "A"), ("HGVSp_Short", "B"), ("p.", "x")
        ),
        "data_mutations.txt is no list of variants",
    ),
    "unknown samples of cna": (
        edited("data_cna.txt", *((f"\tS{i}", f"\tX{i}") for i in range(1, 6))),
        "data_cna.txt holds none of the samples",
    ),
    "continuous cna": (
        edited("data_cna.txt", ("-2", "-1.37")),
        "holds other values than -2, -1, 0, 1, 2 and NA (row 1)",
    ),
    "no genes of cna": (
        edited("data_cna.txt", ("Hugo_Symbol", "Locus")),
        "data_cna.txt has no column Hugo_Symbol",
    ),
    "no genes of sv": (
        edited("data_sv.txt", ("Site1_Hugo_Symbol", "A"), ("Site2_Hugo_Symbol", "B")),
        "has no column Site1_Hugo_Symbol",
    ),
    "no samples of sv": (edited("data_sv.txt", ("Sample_Id", "A")), "has no column SAMPLE_ID"),
    "no samples of matrix": (
        edited("data_gene_panel_matrix.txt", ("SAMPLE_ID", "A")),
        "data_gene_panel_matrix.txt has no column SAMPLE_ID",
    ),
    "no days": (
        edited("data_timeline_treatment.txt", ("START_DATE", "A")),
        "has no column START_DATE",
    ),
    "lfs case list": (
        lambda f: (f / "case_lists" / "cases_sequenced.txt").write_bytes(LFS),
        "cases_sequenced.txt is a Git LFS pointer",
    ),
    "empty panel": (replaced("gene_panel_small.txt", b""), "gene_panel_small.txt is empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_studies_have_their_sentence(folder: Path, case: str):
    change, expected = BAD[case]
    change(folder)
    with pytest.raises(CohortError) as caught:
        load_study(folder)
    words = str(caught.value)
    assert expected in words
    assert not IDENTITIES.search(words)
    assert words.endswith((".", "?"))
    assert str(folder.parent) not in words


def test_repeated_rows_and_short_rows_are_mended_and_said(folder: Path, cohort: Cohort):
    repeated_line("data_clinical_patient.txt", "P3")(folder)
    edit(folder / "data_clinical_sample.txt", ("P7\tS7\tPrimary\t15", "P7\tS7\tPrimary"))
    found = load_study(folder)
    assert {"duplicate_rows", "ragged_rows"} <= codes(found)
    assert found.n == cohort.n
    assert np.isnan(found.patients.loc["P7", "TUMOUR_SHARE"])


def test_rows_of_unknown_samples_are_left_out_and_counted(folder: Path, cohort: Cohort):
    for name, row in (
        ("data_mutations.txt", "TP53\tS99\tMissense_Mutation\tp.R175H\t1\t9\tSOMATIC\n"),
        ("data_sv.txt", "S99\tBCR\tABL1\tSOMATIC\tTRANSLOCATION\n"),
        ("data_timeline_treatment.txt", "P99\t5\t\tTREATMENT\tHSCT\t\n"),
    ):
        path = folder / name
        path.write_text(path.read_text() + row)
    path = folder / "data_cna.txt"
    path.write_text("\n".join(f"{line}\t{'S99' if i == 0 else '2'}"
                              for i, line in enumerate(path.read_text().splitlines())))  # fmt: skip
    found = load_study(folder)
    assert found.fingerprint == cohort.fingerprint
    assert sum(issue.code == "strangers" for issue in found.issues) == 4


def test_files_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("data_loaders.files.tables.MAX_ROWS", 3)
    with pytest.raises(CohortError, match=r"has \d+ rows; at most 3 are read"):
        load_study(folder)
    monkeypatch.undo()
    monkeypatch.setattr("data_loaders.files.folder.MAX_FILE_BYTES", 200)
    with pytest.raises(CohortError, match=r"is larger than"):
        load_study(folder)
    monkeypatch.undo()
    monkeypatch.setattr("data_loaders.cbioportal.meta.MAX_FILES", 5)
    with pytest.raises(CohortError, match="a study has at most 5"):
        load_study(folder)


def test_quotation_marks_are_letters(folder: Path, cohort: Cohort):
    """The format knows no quoting: one mark must not swallow rows."""
    edit(folder / "data_sv.txt", ("TRANSLOCATION", '"TRANSLOCATION'))
    assert load_study(folder).fingerprint == cohort.fingerprint
