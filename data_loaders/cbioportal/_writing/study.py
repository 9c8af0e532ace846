"""Writing a cohort as a cBioPortal study.

Patients become one sample each. Genes go to the list of mutations, with a gene panel matrix that
says who was tested for which; ``RB1 deletion`` and ``MYC amplification`` to the copy numbers;
``KMT2A fusion``, ``PML::RARA`` and changes within one gene to the structural variants; every other
alteration (refinements, cytogenetics) to the samples' attributes, as Yes, No or blank. What the
format cannot carry is in a subfolder of our own, see :mod:`data_loaders.cbioportal.sidecar`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools
from data_loaders.cbioportal._writing.clinical import Sheet, patient_sheet, sample_sheet
from data_loaders.cbioportal._writing.genomic import (
    PanelMatrix,
    copy_number_rows,
    fusion_rows,
    kinds_of_features,
    mutation_rows,
    panel_matrix,
    tested_by_gene,
)
from data_loaders.cbioportal._writing.text import cleaned, fields_text, rows_text, valid_identifiers
from data_loaders.cbioportal.sidecar import write_sidecar
from data_loaders.cohort_folder import check_new_folder, whole_folder
from data_loaders.model import Cohort


def write_study(cohort: Cohort, folder: str | Path, identifier: str | None = None) -> Path:
    """Write a cohort to a new folder as a cBioPortal study.

    Loaded again, the folder gives the same cohort (same fingerprint). Without the subfolder
    ``calr_explorer``, or once a file was edited, it gives what the format itself can say.

    Parameters
    ----------
    folder
        Does not exist yet, or is empty.
    identifier
        Of the study; default from the cohort's name.

    Raises
    ------
    CohortError
        If the folder is in use or cannot be written.
    """
    target = Path(folder)
    check_new_folder(target)
    study = re.sub(r"[^a-z0-9]+", "_", (identifier or cohort.name).lower()).strip("_") or "cohort"
    with whole_folder(target) as part:
        _Writer(cohort, part, study).write()
        write_sidecar(cohort, part)
        part.chmod(0o755)
    return target


class _Writer:
    """The files of one study."""

    def __init__(self, cohort: Cohort, folder: Path, study: str) -> None:
        self.cohort, self.folder, self.study = cohort, folder, study
        self.patients = valid_identifiers([str(patient) for patient in cohort.patients.index])
        self.samples, self.sample_column = _sample_names(cohort, self.patients)

    def write(self) -> None:
        """Every file."""
        cohort = self.cohort
        kinds = kinds_of_features(cohort.features)
        sheet = patient_sheet(cohort, leave_out=self.sample_column)
        self._sheet("patient", sheet, [self.patients])
        sheet = sample_sheet(cohort, kinds["attributes"])
        self._sheet("sample", sheet, [self.patients, self.samples])
        self._file("meta_study.txt", fields_text(self._study_fields()))
        matrices = {
            **self._mutations(kinds["genes"]),
            **self._fusions(kinds["fusions"]),
        }
        self._copy_numbers(kinds["copy_numbers"])
        self._panels(matrices)
        self._case_list("all", "All samples", np.ones(cohort.n, dtype=bool))

    def _mutations(self, genes: list[str]) -> dict[str, PanelMatrix]:
        cohort = self.cohort
        if not genes and not len(cohort.mutations):
            return {}
        matrix = panel_matrix(cohort, tested_by_gene(cohort.features, genes), f"{self.study}_genes")
        sample_of = dict(zip(map(str, cohort.patients.index), self.samples, strict=True))
        header, rows = mutation_rows(cohort, genes, sample_of)
        if rows:
            self._data(
                "mutations", header, rows, genetic_alteration_type="MUTATION_EXTENDED",
                datatype="MAF", stable_id="mutations", show_profile_in_analysis_tab="true",
                profile_name="Mutations", profile_description="Mutations of the cohort.",
            )  # fmt: skip
        self._case_list("sequenced", "Samples with mutation data", matrix.tested)
        return {"mutations": matrix}

    def _fusions(self, fusions: dict[str, set[str]]) -> dict[str, PanelMatrix]:
        if not fusions:
            return {}
        matrix = panel_matrix(self.cohort, fusions, f"{self.study}_fusions")
        header, rows = fusion_rows(self.cohort, fusions, self.samples)
        if rows:
            self._data(
                "sv", header, rows, genetic_alteration_type="STRUCTURAL_VARIANT", datatype="SV",
                stable_id="structural_variants", show_profile_in_analysis_tab="true",
                profile_name="Structural variants", profile_description="Fusions of the cohort.",
            )  # fmt: skip
        self._case_list("sv", "Samples with structural variant data", matrix.tested)
        return {"structural_variants": matrix}

    def _copy_numbers(self, names: list[str]) -> None:
        header, rows, tested = copy_number_rows(self.cohort, names, self.samples)
        if not tested.any():
            return
        self._data(
            "cna", header, rows, genetic_alteration_type="COPY_NUMBER_ALTERATION",
            datatype="DISCRETE", stable_id="cna", show_profile_in_analysis_tab="true",
            profile_name="Copy numbers",
            profile_description="-2 = deep deletion, 0 = neither, 2 = amplification.",
        )  # fmt: skip
        self._case_list("cna", "Samples with copy-number data", tested)

    def _study_fields(self) -> dict[str, str]:
        provenance = self.cohort.provenance
        words = provenance.note or f"{self.cohort.n:,} patients, written by CALR Explorer."
        if provenance.synthetic:
            words = f"Synthetic data. {words}"
        fields = {
            "type_of_cancer": "mixed",
            "cancer_study_identifier": self.study,
            "name": cleaned(self.cohort.name) or self.study,
            "description": cleaned(words),
        }
        citation = cleaned(provenance.citation)
        return {**fields, **({"citation": citation} if citation else {})}

    def _sheet(self, kind: str, sheet: Sheet, identifiers: Sequence[Sequence[str]]) -> None:
        names = ("PATIENT_ID", "SAMPLE_ID")[: len(identifiers)]
        labels = ("Patient", "Sample")[: len(identifiers)]
        top = [
            [*labels, *sheet.labels],
            [*labels, *sheet.descriptions],
            [*("STRING" for _ in names), *sheet.datatypes],
            ["1"] * (len(names) + len(sheet.names)),
        ]
        header = "".join("#" + "\t".join(row) + "\n" for row in top)
        rows = list(zip(*identifiers, *sheet.cells, strict=True))
        datatype = f"{kind.upper()}_ATTRIBUTES"
        self._file(f"data_clinical_{kind}.txt", header + rows_text([*names, *sheet.names], rows))
        self._meta(f"clinical_{kind}", genetic_alteration_type="CLINICAL", datatype=datatype)

    def _panels(self, matrices: dict[str, PanelMatrix]) -> None:
        if not matrices:
            return
        rows = list(
            zip(self.samples, *(matrix.panel_of for matrix in matrices.values()), strict=True)
        )
        self._data(
            "gene_panel_matrix", ["SAMPLE_ID", *matrices], rows,
            genetic_alteration_type="GENE_PANEL_MATRIX", datatype="GENE_PANEL_MATRIX",
        )  # fmt: skip
        (self.folder / "gene_panels").mkdir()
        for matrix in matrices.values():
            for name, genes in matrix.genes.items():
                fields = {
                    "stable_id": name,
                    "description": "Genes that were tested together.",
                    "gene_list": "\t".join(genes),
                }
                self._file(f"gene_panels/{name}.txt", fields_text(fields))

    def _case_list(self, suffix: str, title: str, mask: Bools) -> None:
        (self.folder / "case_lists").mkdir(exist_ok=True)
        samples = [sample for sample, own in zip(self.samples, mask, strict=True) if own]
        fields = {
            "cancer_study_identifier": self.study,
            "stable_id": f"{self.study}_{suffix}",
            "case_list_name": title,
            "case_list_description": f"{title} ({len(samples):,})",
            "case_list_ids": "\t".join(samples),
        }
        self._file(f"case_lists/cases_{suffix}.txt", fields_text(fields))

    def _data(
        self, name: str, header: Sequence[str], rows: Sequence[Sequence[str]], **fields: str
    ) -> None:
        self._file(f"data_{name}.txt", rows_text(header, rows))
        self._meta(name, **fields)

    def _meta(self, name: str, **fields: str) -> None:
        text = fields_text(
            {
                "cancer_study_identifier": self.study,
                **fields,
                "data_filename": f"data_{name}.txt",
            }
        )
        self._file(f"meta_{name}.txt", text)

    def _file(self, name: str, text: str) -> None:
        (self.folder / name).write_bytes(text.encode("utf-8", "replace"))


def _sample_names(cohort: Cohort, patients: list[str]) -> tuple[list[str], str | None]:
    """The samples' names: those of the study that the cohort came from, or the patients'."""
    if "SAMPLE_ID" in cohort.patients.columns:
        own = cohort.patients["SAMPLE_ID"]
        names = [str(name) for name in own]
        if own.notna().all() and valid_identifiers(names) == names and pd.Index(names).is_unique:
            return names, "SAMPLE_ID"
    return patients, None
