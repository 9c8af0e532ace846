"""Reading a study's folder."""

from __future__ import annotations

from pathlib import Path

from data_loaders.cbioportal.cohort import cohort_from_study
from data_loaders.cbioportal.meta import Contents, looks_like_study, read_contents
from data_loaders.cbioportal.model import Study
from data_loaders.cbioportal.panels import (
    profiled_samples,
    read_case_lists,
    read_matrix,
    read_panels,
    sequenced_in,
)
from data_loaders.cbioportal.sidecar import read_sidecar
from data_loaders.cbioportal.tsv import TextTable, read_tsv
from data_loaders.files.folder import read_file
from data_loaders.mapping.record import TableMapping
from data_loaders.model import Cohort, CohortError, Issue
from data_loaders.wording import shown


def load_study(
    path: str | Path, name: str | None = None, mapping: TableMapping | None = None
) -> Cohort:
    """Load the folder of a cBioPortal study.

    A folder that this product wrote, and whose files were not changed since, gives exactly the
    cohort that was written.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    folder = Path(path)
    if not looks_like_study(folder):
        raise CohortError(
            f"{shown(folder.name)} is no folder of a cBioPortal study: it has neither "
            "meta_study.txt nor data_clinical_sample.txt."
        )
    exact, issues = (None, ()) if mapping else read_sidecar(folder, name)
    if exact is not None:
        return exact
    return cohort_from_study(read_study(folder, issues), name, mapping)


def read_study(folder: Path, issues: tuple[Issue, ...] = ()) -> Study:
    """Read the files of a study's folder, without understanding them.

    Raises
    ------
    CohortError
        If a file is missing, damaged, of another study or outside the folder.
    """
    contents = read_contents(folder)
    patients = _single(contents, "patients")
    samples = _single(contents, "samples")
    if patients is None and samples is None:
        raise CohortError(
            f"{shown(folder.resolve().name)} has no clinical data; add data_clinical_sample.txt "
            "(and data_clinical_patient.txt) with their meta files."
        )
    matrix = _single(contents, "panel_matrix")
    mutations = _all(contents, "mutations")
    case_lists = read_case_lists(folder)
    sequenced = sequenced_in(mutations)
    if sequenced:
        case_lists.setdefault("mutations", sequenced)
    fields = contents.study
    return Study(
        key=fields.get("cancer_study_identifier") or folder.resolve().name,
        name=fields.get("name") or folder.resolve().name,
        description=fields.get("description", ""),
        citation=_citation(fields.get("citation", ""), fields.get("pmid", "")),
        patients=patients,
        samples=samples,
        copy_number=_single(contents, "copy_number"),
        profiled=profiled_samples(
            contents,
            None if matrix is None else read_matrix(matrix),
            case_lists,
        ),
        panels=read_panels(folder),
        source=folder.resolve().name,
        issues=(*contents.issues, *issues),
        mutations=mutations,
        structural=_all(contents, "structural"),
        timeline=_all(contents, "timeline"),
    )


def _single(contents: Contents, role: str) -> TextTable | None:
    files = contents.of_role(role)
    return _read(files[0].path) if files else None


def _all(contents: Contents, role: str) -> tuple[TextTable, ...]:
    return tuple(_read(file.path) for file in contents.of_role(role))


def _read(path: Path) -> TextTable:
    return read_tsv(path.name, read_file(path))


def _citation(citation: str, pmid: str) -> str:
    return f"{citation} (PMID {pmid})".strip() if pmid else citation
