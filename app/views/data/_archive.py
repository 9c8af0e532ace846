"""A whole cohort to take away: a cBioPortal study, or exact tables, as one ZIP archive."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Literal

from app.study.files.tables import file_stem
from data_loaders import Cohort
from data_loaders.cbioportal import write_study
from data_loaders.cohort_folder import write_cohort

ArchiveKind = Literal["study", "tables"]
_WRITERS = {"study": write_study, "tables": write_cohort}


def cohort_archive(cohort: Cohort, kind: ArchiveKind) -> bytes:
    """The cohort as a ZIP archive that loads back equal.

    Parameters
    ----------
    cohort
        The whole cohort, patients' identifiers included.
    kind
        ``study``: the folder of a cBioPortal study; ``tables``: Parquet tables with one JSON file.

    Raises
    ------
    CohortError
        If there is no room to write it.
    """
    name = file_stem(cohort.name, kind, synthetic=cohort.provenance.synthetic)
    with tempfile.TemporaryDirectory(prefix="calr-save-") as holder:
        folder = _WRITERS[kind](cohort, Path(holder) / name)
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, f"{name}/{path.relative_to(folder).as_posix()}")
    return held.getvalue()
