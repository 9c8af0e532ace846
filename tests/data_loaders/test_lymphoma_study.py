"""A lymphoma study in the folder format of cBioPortal, loaded in one call."""

from __future__ import annotations

import pytest

from app.cohort.later_columns import comes_later
from data_loaders import Cohort, load_cohort
from tests.data_loaders.cbioportal_study import clinical_rows, rows, write

PATIENT = ("PATIENT_ID", "AGE", "OS_MONTHS", "OS_STATUS", "PFS_MONTHS", "PFS_STATUS", "COO",
           "ANN_ARBOR_STAGE", "IPI", "LDH_RATIO", "NUMBER_OF_EXTRANODAL_SITES", "B_SYMPTOMS",
           "BEST_RESPONSE")  # fmt: skip
PATIENTS = (
    ("L1", "44", "60", "0:LIVING", "60", "0:CENSORED", "GCB", "2", "1", "0.9", "0", "No", "CR"),
    ("L2", "71", "8", "1:DECEASED", "5", "1:PROGRESSION", "ABC", "4B", "4", "3.1", "3", "Yes",
     "PD"),
    ("L3", "66", "30", "0:LIVING", "12", "1:PROGRESSION", "UNC", "Stage III", "3", "1.6", "1",
     "No", "PR"),
)  # fmt: skip


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    folder = tmp_path_factory.mktemp("lymphoma")
    (folder / "meta_study.txt").write_text(
        "type_of_cancer: dlbclnos\ncancer_study_identifier: toy_2026\nname: Toy lymphoma\n"
        "description: Three patients.\ncitation: Nobody, 2026\n"
    )
    write(
        folder, "data_clinical_patient.txt",
        clinical_rows(PATIENT, PATIENT) + rows(PATIENT, PATIENTS),
        genetic_alteration_type="CLINICAL", datatype="PATIENT_ATTRIBUTES",
    )  # fmt: skip
    samples = [(patient[0], f"{patient[0]}-T", "DLBCLNOS") for patient in PATIENTS]
    header = ("PATIENT_ID", "SAMPLE_ID", "ONCOTREE_CODE")
    write(
        folder, "data_clinical_sample.txt", clinical_rows(header, header) + rows(header, samples),
        genetic_alteration_type="CLINICAL", datatype="SAMPLE_ATTRIBUTES",
    )  # fmt: skip
    write(
        folder, "data_mutations.txt",
        rows(
            ("Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification", "HGVSp_Short"),
            [("MYD88", "L2-T", "Missense_Mutation", "p.L265P"),
             ("HIST1H1E", "L1-T", "Missense_Mutation", "p.A65V"),
             ("EZH2", "L1-T", "Missense_Mutation", "p.Y646N")],
        ),
        genetic_alteration_type="MUTATION_EXTENDED", datatype="MAF", stable_id="mutations",
    )  # fmt: skip
    write(
        folder, "data_sv.txt",
        rows(("Sample_Id", "Site1_Hugo_Symbol", "Site2_Hugo_Symbol", "SV_Status", "Class"),
             [("L1-T", "IGH", "BCL2", "SOMATIC", "TRANSLOCATION"),
              ("L3-T", "MYC", "IGH", "SOMATIC", "TRANSLOCATION")]),
        genetic_alteration_type="STRUCTURAL_VARIANT", datatype="SV",
        stable_id="structural_variants",
    )  # fmt: skip
    return load_cohort(folder)


def test_the_words_of_lymphoma_are_understood(cohort: Cohort) -> None:
    patients, held = cohort.patients, cohort.variables
    assert set(cohort.endpoints) >= {"os", "pfs"}
    assert held["COO"].label == "Cell of origin"
    assert patients["COO"].tolist() == ["GCB", "ABC", "Unclassified"]
    assert held["ANN_ARBOR_STAGE"].levels == ("II", "III", "IVB")
    assert held["BEST_RESPONSE"].levels == ("CR", "PR", "PD")
    assert comes_later(cohort, "BEST_RESPONSE")
    assert held["LDH_RATIO"].unit == "× ULN"
    assert held["IPI"].kind == "ordinal"
    assert held["NUMBER_OF_EXTRANODAL_SITES"].kind == "numeric"
    assert held["B_SYMPTOMS"].kind == "binary"


def test_its_genes_and_rearrangements_are_alterations(cohort: Cohort) -> None:
    names = set(cohort.features.index)
    assert {"MYD88", "EZH2", "H1-4"} <= names
    rearranged = [name for name in names if cohort.features.loc[name, "kind"] == "cytogenetic"]
    assert any("BCL2" in name for name in rearranged), rearranged
    assert any("MYC" in name for name in rearranged), rearranged
