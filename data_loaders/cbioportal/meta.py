"""The meta files of a study: which file holds what, and that it lies inside the folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from data_loaders.cbioportal.tsv import read_text
from data_loaders.files.folder import read_file
from data_loaders.model import CohortError, Issue
from data_loaders.wording import listed, plural, shown

MAX_FILES = 2_000
_MAX_META_BYTES = 2**20
_META_NAME = re.compile(r"(^|[\W_])meta([\W_\d]|$)", re.IGNORECASE)

# What a file is for, by genetic_alteration_type and datatype of its meta file.
_ROLES: Mapping[tuple[str, str], str] = {
    ("CLINICAL", "PATIENT_ATTRIBUTES"): "patients",
    ("CLINICAL", "SAMPLE_ATTRIBUTES"): "samples",
    ("CLINICAL", "MIXED_ATTRIBUTES"): "samples",
    ("CLINICAL", "CLINICAL"): "samples",
    ("CLINICAL", "TIMELINE"): "timeline",
    ("MUTATION_EXTENDED", "MAF"): "mutations",
    ("COPY_NUMBER_ALTERATION", "DISCRETE"): "copy_number",
    ("COPY_NUMBER_ALTERATION", "DISCRETE_LONG"): "copy_number",
    ("STRUCTURAL_VARIANT", "SV"): "structural",
    ("FUSION", "FUSION"): "structural",
    ("GENE_PANEL_MATRIX", "GENE_PANEL_MATRIX"): "panel_matrix",
}
# The names that the files have in practice, for a folder whose meta files were not kept.
_USUAL_NAMES: tuple[tuple[str, str], ...] = (
    (r"data_clinical_patients?\.(txt|tsv)", "patients"),
    (r"data_(bcr_)?clinical(_data)?(_samples?)?\.(txt|tsv)", "samples"),
    (r"data_timeline[\w-]*\.(txt|tsv)", "timeline"),
    (r"data_mutations?(_extended|_mskcc)?\.(txt|maf|tsv)(\.gz)?", "mutations"),
    (r"data_cna\.(txt|tsv)", "copy_number"),
    (r"data_(sv|structural_variants?|fusions?)\.(txt|tsv)", "structural"),
    (r"data_gene_(panel_)?matrix\.(txt|tsv)", "panel_matrix"),
)
_SINGLE = ("patients", "samples", "copy_number", "panel_matrix")


@dataclass(frozen=True)
class DataFile:
    """A data file of a study.

    Parameters
    ----------
    role
        patients, samples, timeline, mutations, copy_number, structural or panel_matrix.
    path
        Where it lies, inside the study's folder.
    fields
        Of its meta file; empty if there is none.
    """

    role: str
    path: Path
    fields: Mapping[str, str]

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name


@dataclass(frozen=True)
class Contents:
    """What a study's folder holds.

    Parameters
    ----------
    study
        Fields of meta_study.txt; empty if there is none.
    """

    study: Mapping[str, str]
    files: tuple[DataFile, ...]
    issues: tuple[Issue, ...]

    def of_role(self, role: str) -> list[DataFile]:
        """The files of a role, in the order of their meta files' names."""
        return [file for file in self.files if file.role == role]


def looks_like_study(path: str | Path) -> bool:
    """Whether a path is the folder of a cBioPortal study: it has its meta or clinical files."""
    folder = Path(path)
    try:
        names = {entry.name.lower() for entry in folder.iterdir()}
    except (OSError, ValueError):
        return False
    return "meta_study.txt" in names or any(
        re.fullmatch(pattern, name)
        for pattern, role in _USUAL_NAMES
        if role in {"patients", "samples"}
        for name in names
    )


def read_contents(folder: Path) -> Contents:
    """Read the meta files of a folder.

    Raises
    ------
    CohortError
        If a meta file cannot be read, belongs to another study, or names a file that is not there
        or lies outside the folder.
    """
    names = _file_names(folder)
    metas = {
        name: read_fields(name, _bounded(folder / name))
        for name in names
        if _META_NAME.search(name) and name.lower().endswith((".txt", ".tsv"))
    }
    study_files = [name for name, fields in metas.items() if _is_study(fields)]
    if len(study_files) > 1:
        raise CohortError(
            f"{shown(folder.name)} holds {plural(len(study_files), 'study', 'studies')} "
            f"({listed(study_files)}); give each a folder of its own."
        )
    study = metas[study_files[0]] if study_files else {}
    _check_identifiers(study_files, study, metas)
    files, other = [], []
    for name, fields in metas.items():
        if name in study_files or "data_filename" not in fields:
            continue
        kind = (fields.get("genetic_alteration_type", ""), fields.get("datatype", ""))
        role = _ROLES.get((kind[0].upper(), kind[1].upper()))
        if role is None:
            other.append(name)
        else:
            files.append(DataFile(role, _inside(folder, name, fields["data_filename"]), fields))
    found, issues = _without_meta(folder, names, files)
    if other:
        issues.append(
            Issue(
                "info",
                f"{plural(len(other), 'file')} of the study hold what this product does not show "
                f"and were not read: {listed(other, limit=6)}.",
                count=len(other),
                code="file_left_out",
            )
        )
    return Contents(study, tuple(_one_each([*files, *found])), tuple(issues))


def read_fields(filename: str, data: bytes) -> dict[str, str]:
    """The fields of a meta or case list file, one ``key: value`` a line.

    Raises
    ------
    CohortError
        If it holds none.
    """
    fields: dict[str, str] = {}
    for line in read_text(filename, data).split("\n"):
        key, colon, value = line.partition(":")
        if colon and re.fullmatch(r"\s*\w+\s*", key):
            fields.setdefault(key.strip().lower(), value.strip())
    if not fields:
        raise CohortError(
            f"{shown(filename)} holds no lines such as cancer_study_identifier: my_study; correct "
            "the meta file."
        )
    return fields


def inside(folder: Path, path: Path) -> bool:
    """Whether a path, links followed, lies in a folder."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _file_names(folder: Path) -> list[str]:
    try:
        names = sorted(
            entry.name
            for entry in folder.iterdir()
            if not entry.name.startswith((".", "~")) and entry.is_file() and inside(folder, entry)
        )
    except OSError as error:
        raise CohortError(
            f"{shown(folder.name)} cannot be opened; check the path and its permissions."
        ) from error
    if len(names) > MAX_FILES:
        raise CohortError(
            f"{shown(folder.name)} holds {len(names):,} files; a study has at most {MAX_FILES:,}."
        )
    return names


def _bounded(path: Path) -> bytes:
    data = read_file(path)
    if len(data) > _MAX_META_BYTES:
        raise CohortError(
            f"{shown(path.name)} is called a meta file but is larger than 1 MiB; is it data?"
        )
    return data


def _is_study(fields: Mapping[str, str]) -> bool:
    return "type_of_cancer" in fields and "data_filename" not in fields


def _check_identifiers(
    study_files: list[str], study: Mapping[str, str], metas: Mapping[str, Mapping[str, str]]
) -> None:
    """Refuse files of another study that were copied into the folder."""
    own = study.get("cancer_study_identifier")
    for name, fields in metas.items():
        other = fields.get("cancer_study_identifier")
        if own and other and other != own:
            raise CohortError(
                f"{shown(name)} belongs to the study {shown(other)}, but {shown(study_files[0])} "
                f"says {shown(own)}; remove the file or correct its cancer_study_identifier."
            )


def _inside(folder: Path, meta: str, name: str) -> Path:
    path = folder / name
    outside = PureWindowsPath(name).drive or "\x00" in name or Path(name).is_absolute()
    if not name or outside or not inside(folder, path):
        raise CohortError(
            f"{shown(meta)} names a data file outside the study's folder; give a file inside it in "
            "data_filename."
        )
    if not path.is_file():
        raise CohortError(
            f"{shown(meta)} names {shown(name)}, which is not in the folder; add the file or "
            "remove the meta file."
        )
    return path


def _without_meta(
    folder: Path, names: list[str], files: list[DataFile]
) -> tuple[list[DataFile], list[Issue]]:
    """Data files without a meta file, recognised by the names such files have."""
    taken = {file.path.name for file in files}
    roles = {file.role for file in files}
    found = [
        DataFile(role, folder / name, {})
        for name in names
        for pattern, role in _USUAL_NAMES
        if name not in taken and re.fullmatch(pattern, name.lower())
        and (role not in roles or role == "timeline")
    ]  # fmt: skip
    if not found:
        return [], []
    return found, [
        Issue(
            "info",
            f"{plural(len(found), 'file')} without a meta file were recognised by name: "
            f"{listed([file.name for file in found])}.",
            count=len(found),
            code="no_meta_file",
        )
    ]


def _one_each(files: list[DataFile]) -> list[DataFile]:
    for role in _SINGLE:
        same = [file.name for file in files if file.role == role]
        if len(same) > 1:
            raise CohortError(
                f"The study has {len(same)} files for the same kind of data ({listed(same)}); keep "
                "one and remove the meta files of the others."
            )
    return files
