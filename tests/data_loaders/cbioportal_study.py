"""A small study with every kind of file, of which each patient is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

# Patient, months, status, age; P6 has no sample, P7 is missing from the table of patients.
PATIENTS = (
    ("P1", "12.5", "1:DECEASED", "61", "0:DiseaseFree", "12.5"),
    ("P2", "60", "0:LIVING", "45", "0:DiseaseFree", "60"),
    ("P3", "3", "1:DECEASED", "77", "1:Recurred/Progressed", "2"),
    ("P4", "24", "0:LIVING", "52", "0:DiseaseFree", "24"),
    ("P5", "30", "1:DECEASED", "68", "1:Recurred/Progressed", "11"),
    ("P6", "8", "0:LIVING", "70", "0:DiseaseFree", "8"),
)
# P1 has a relapse that comes first in the file; P5 was only sequenced at relapse; S4 has no panel
# (whole exome); S7 was not sequenced.
SAMPLES = (
    ("P1", "S1b", "Relapse", "20"),
    ("P1", "S1", "Primary", "80"),
    ("P2", "S2", "Primary", "60"),
    ("P3", "S3", "Primary", "55"),
    ("P4", "S4", "Primary", "40"),
    ("P5", "S5", "Primary", "30"),
    ("P5", "S5b", "Relapse", "35"),
    ("P7", "S7", "Primary", "15"),
)
MUTATIONS = (
    ("JAK2", "S1", "Missense_Mutation", "p.V617F", "40", "60", "SOMATIC"),
    ("TP53", "S1b", "Missense_Mutation", "p.R175H", "30", "70", "SOMATIC"),
    ("SFRS2", "S2", "Missense_Mutation", "p.P95H", "45", "55", "SOMATIC"),
    ("TP53", "S3", "Silent", "p.P36=", "50", "50", "SOMATIC"),
    ("ASXL1", "S4", "Frame_Shift_Ins", "p.G646Wfs*12", "20", "80", "SOMATIC"),
    ("TP53", "S5b", "Nonsense_Mutation", "p.R213*", "10", "90", "SOMATIC"),
    ("TET2", "S3", "Missense_Mutation", "p.H1881R", "10", "90", "Wildtype"),
)
PANELS = {"SMALL": ("JAK2", "TP53", "CALR", "RB1"), "LARGE": ("JAK2", "TP53", "SRSF2", "ASXL1")}
MATRIX = (
    ("S1", "SMALL", "SMALL"), ("S1b", "LARGE", "LARGE"), ("S2", "LARGE", "LARGE"),
    ("S3", "SMALL", "SMALL"), ("S4", "NA", "NA"), ("S5", "NA", "NA"), ("S5b", "LARGE", "LARGE"),
    ("S7", "NA", "NA"),
)  # fmt: skip
SEQUENCED = ("S1", "S1b", "S2", "S3", "S4", "S5b")
CNA_SAMPLES = ("S1", "S2", "S3", "S4", "S5")
CNA = (
    ("RB1", ("-2", "0", "-1", "NA", "0")),
    ("MYC", ("0", "2", "1", "2", "0")),
)
FUSIONS = (
    ("S1", "KMT2A", "MLLT3", "SOMATIC", "TRANSLOCATION"),
    ("S2", "PML", "RARA", "SOMATIC", "TRANSLOCATION"),
    ("S3", "RARA", "PML", "SOMATIC", "TRANSLOCATION"),
    ("S4", "IKZF1", "IKZF1", "SOMATIC", "DELETION"),
)
TIMELINE = (
    ("P1", "30", "40", "TREATMENT", "Medical Therapy", "Azacitidine"),
    ("P1", "122", "", "TREATMENT", "Stem Cell Transplant", "Allogeneic HSCT"),
    ("P1", "400", "", "TREATMENT", "Stem Cell Transplant", "Allogeneic HSCT"),
    ("P2", "10", "", "TREATMENT", "Conditioning before allogeneic transplant", "Busulfan"),
    ("P4", "61", "", "TREATMENT", "Autologous stem cell transplant", ""),
)


def rows(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Tab-separated text."""
    return "\n".join("\t".join(row) for row in (header, *body)) + "\n"


def write(folder: Path, name: str, text: str, **meta: str) -> None:
    """A data file, and its meta file where fields are given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    if meta:
        fields = {"cancer_study_identifier": "toy_2026", **meta, "data_filename": name}
        lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
        (folder / name.replace("data_", "meta_")).write_text(lines, encoding="utf-8")


def clinical_rows(labels: Sequence[str], header: Sequence[str]) -> str:
    """The four rows above a clinical table."""
    numbers = {"OS_MONTHS", "DFS_MONTHS", "AGE", "BLASTS"}
    kinds = ["NUMBER" if name in numbers else "STRING" for name in header]
    top = (labels, [f"{label}, described" for label in labels], kinds, ["1"] * len(header))
    return "".join("#" + "\t".join(row) + "\n" for row in top)


def write_toy(folder: Path) -> Path:
    """The study with every kind of file."""
    write_clinical(folder)
    (folder / "meta_study.txt").write_text(
        "type_of_cancer: mds\ncancer_study_identifier: toy_2026\nname: Toy study\n"
        "description: Seven patients.\ncitation: Nobody, 2026\npmid: 1\n"
    )
    write(
        folder, "data_mutations.txt",
        "#version 2.4\n" + rows(
            ("Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short",
             "t_alt_count", "t_ref_count", "Mutation_Status"), MUTATIONS),
        genetic_alteration_type="MUTATION_EXTENDED", datatype="MAF", stable_id="mutations",
    )  # fmt: skip
    write(
        folder, "data_cna.txt",
        rows(("Hugo_Symbol", *CNA_SAMPLES), [(gene, *levels) for gene, levels in CNA]),
        genetic_alteration_type="COPY_NUMBER_ALTERATION", datatype="DISCRETE", stable_id="cna",
    )  # fmt: skip
    write(
        folder, "data_sv.txt",
        rows(("Sample_Id", "Site1_Hugo_Symbol", "Site2_Hugo_Symbol", "SV_Status", "Class"),
             FUSIONS),
        genetic_alteration_type="STRUCTURAL_VARIANT", datatype="SV",
        stable_id="structural_variants",
    )  # fmt: skip
    write(
        folder, "data_gene_panel_matrix.txt", rows(("SAMPLE_ID", "mutations", "cna"), MATRIX),
        genetic_alteration_type="GENE_PANEL_MATRIX", datatype="GENE_PANEL_MATRIX",
    )  # fmt: skip
    for name, genes in PANELS.items():
        text = f"stable_id: {name}\ndescription: a panel\ngene_list: " + "\t".join(genes) + "\n"
        (folder / f"gene_panel_{name.lower()}.txt").write_text(text)
    write(
        folder, "data_timeline_treatment.txt",
        rows(("PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE", "TREATMENT_TYPE", "AGENT"),
             TIMELINE),
        genetic_alteration_type="CLINICAL", datatype="TIMELINE",
    )  # fmt: skip
    write_case_list(folder, "sequenced", SEQUENCED)
    write_case_list(folder, "sv", SEQUENCED)
    return folder


def write_clinical(folder: Path) -> None:
    """Patients and samples."""
    header = ("PATIENT_ID", "OS_MONTHS", "OS_STATUS", "AGE", "DFS_STATUS", "DFS_MONTHS")
    write(
        folder, "data_clinical_patient.txt",
        clinical_rows(("Patient", "Overall survival", "Status", "Age", "DFS status", "DFS"), header)
        + rows(header, PATIENTS),
        genetic_alteration_type="CLINICAL", datatype="PATIENT_ATTRIBUTES",
    )  # fmt: skip
    header = ("PATIENT_ID", "SAMPLE_ID", "SAMPLE_TYPE", "TUMOUR_SHARE")
    write(
        folder, "data_clinical_sample.txt",
        clinical_rows(("Patient", "Sample", "Sample type", "Share of tumour cells"), header)
        + rows(header, SAMPLES),
        genetic_alteration_type="CLINICAL", datatype="SAMPLE_ATTRIBUTES",
    )  # fmt: skip


def write_case_list(folder: Path, suffix: str, samples: Sequence[str]) -> None:
    """A case list."""
    (folder / "case_lists").mkdir(exist_ok=True)
    (folder / "case_lists" / f"cases_{suffix}.txt").write_text(
        f"cancer_study_identifier: toy_2026\nstable_id: toy_2026_{suffix}\ncase_list_name: x\n"
        "case_list_description: x\ncase_list_ids: " + "\t".join(samples) + "\n"
    )
