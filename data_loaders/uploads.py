"""Files that a browser sent, whatever they are together: a table, tables, a study, an archive."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from data_loaders.cbioportal import load_study, looks_like_study
from data_loaders.cohort_folder import is_stored_cohort, loaded_from_folder
from data_loaders.files.folder import read_file
from data_loaders.files.formats import MAX_FILE_BYTES
from data_loaders.loading import judged, load_files, load_table_bytes, with_mapping_named
from data_loaders.mapping.record import MAPPING_ENDING, TableMapping
from data_loaders.model import Cohort, CohortError, Loading
from data_loaders.wording import listed, shown

_ARCHIVE = ".zip"
_LONGEST_PART = 255  # bytes of a name that file systems take
_MAX_ARCHIVE_FILES = 2_000


def load_upload(
    files: Mapping[str, bytes],
    mapping: Mapping[str, Any] | None = None,
    name: str | None = None,
) -> Cohort:
    """Load a cohort from what was uploaded together.

    One table, several tables joined on the patient, a list of variants with its clinical table, the
    files of a cBioPortal study, or those that this product saved; any of it may come in a ZIP
    archive. A file that ends in ``.mapping.json`` says what the columns are.

    Parameters
    ----------
    files
        Content by name; a name may begin with folders.
    mapping
        What the columns are, in place of a mapping among the files.
    name
        Name of the cohort; default the file's, folder's or study's.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    data = unpacked(files)
    cohort = _from_files(data, mapping_among(data) if mapping is None else dict(mapping), name)
    loaded = cohort.provenance.loaded
    if loaded is not None:
        # As the user has them: within the folder that was sent, archives closed.
        way = loaded.way if set(data) == set(files) else "archive"
        names = tuple(path for path in files if not path.endswith(MAPPING_ENDING))
        cohort = cohort.loaded_by(replace(loaded, way=way, files=names))
    if name and cohort.name != name:
        cohort = replace(cohort, name=name)
    found = [path for path in data if path.endswith(MAPPING_ENDING)] if mapping is None else []
    return with_mapping_named(cohort, PurePosixPath(found[0]).name) if found else cohort


def _from_files(data: Mapping[str, bytes], stated: dict[str, Any], name: str | None) -> Cohort:
    tables = {path: content for path, content in data.items() if not path.endswith(MAPPING_ENDING)}
    if not tables:
        raise CohortError("Only a mapping was given; load the table that it is about with it.")
    if _is_folder(tables):
        return _from_folder(tables, name, TableMapping.read(stated) if stated else None)
    if len(tables) == 1:
        ((path, content),) = tables.items()
        return load_table_bytes(PurePosixPath(path).name, content, stated or None, name)
    flat = {PurePosixPath(path).name: content for path, content in tables.items()}
    if len(flat) < len(tables):
        raise CohortError("Two of the files bear the same name; load one folder at a time.")
    return load_files(flat, mapping=stated or None, name=name)


def read_beside(names: Iterable[str], folder: str | Path = ".") -> dict[str, bytes]:
    """The content of files in a folder, by name, as :func:`load_upload` takes it.

    Parameters
    ----------
    names
        Relative to the folder.
    folder
        Default the current one, such as that of a script.

    Raises
    ------
    CohortError
        If some are not there; all of them are named.
    """
    paths = {name: Path(folder) / name for name in names}
    absent = [shown(name) for name, path in paths.items() if not path.is_file()]
    if absent:
        raise CohortError(f"{listed(absent)} cannot be found; put it into the current folder.")
    return {name: read_file(path) for name, path in paths.items()}


def mapping_among(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The mapping among uploaded files; empty where there is none.

    Raises
    ------
    CohortError
        If it is not JSON, or there are two.
    """
    found = [path for path in files if path.endswith(MAPPING_ENDING)]
    if len(found) > 1:
        raise CohortError("There are two mappings among the files; load one of them.")
    if not found:
        return {}
    try:
        stated = json.loads(files[found[0]].decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CohortError(
            f"The mapping {shown(PurePosixPath(found[0]).name)} is not valid JSON; save it again "
            "on the Data page."
        ) from error
    if not isinstance(stated, dict):
        raise CohortError("The mapping needs to hold one JSON object.")
    return stated


def unpacked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with archives opened, to a limit.

    Raises
    ------
    CohortError
        If an archive is damaged, encrypted, holds too much, or names a file outside itself.
    """
    data: dict[str, bytes] = {}
    for path, content in files.items():
        if path.lower().endswith(_ARCHIVE):
            data |= _opened(shown(path), content)
        else:
            data[path] = content
    return data


def _opened(archive: str, content: bytes) -> dict[str, bytes]:
    data: dict[str, bytes] = {}
    left = MAX_FILE_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            members = [m for m in opened.infolist() if not m.is_dir() and _is_content(m.filename)]
            if len(members) > _MAX_ARCHIVE_FILES:
                raise CohortError(f"{archive} holds more than {_MAX_ARCHIVE_FILES:,} files.")
            for member in members:
                with opened.open(member) as stream:
                    # What the archive says of its sizes is not believed.
                    piece = stream.read(left + 1)
                left -= len(piece)
                if left < 0:
                    raise CohortError(
                        f"{archive} unpacks to more than {MAX_FILE_BYTES // 2**20} MiB, the most "
                        "that is read."
                    )
                data[_inside(archive, member.filename)] = piece
    except (
        zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError,
        OSError,
    ) as error:  # fmt: skip
        if isinstance(error, CohortError):
            raise
        raise CohortError(
            f"{archive} cannot be unpacked: it is damaged or encrypted; make it again."
        ) from error
    if not data:
        raise CohortError(f"{archive} holds no file.")
    return data


def _is_content(name: str) -> bool:
    """Not what macOS adds to an archive, nor a hidden file."""
    parts = PurePosixPath(name).parts
    return not any(part.startswith((".", "__MACOSX")) for part in parts if part != "..")


def _inside(archive: str, name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        raise CohortError(f"{archive} names a file outside itself; it was not opened.")
    odd = not path.parts or "\0" in name
    if odd or any(len(part.encode("utf-8", "replace")) > _LONGEST_PART for part in path.parts):
        raise CohortError(
            f"{archive} holds a file with no name, or one that no folder can hold; name the files "
            "anew and make it again."
        )
    return str(path)


def _is_folder(files: Mapping[str, bytes]) -> bool:
    names = {PurePosixPath(path).name for path in files}
    return bool(names & {"meta_study.txt", "data_clinical_sample.txt", "cohort.json"})


def _from_folder(
    files: Mapping[str, bytes], name: str | None, stated: TableMapping | None
) -> Cohort:
    """Write the files to a folder of their own, read it, and remove it."""
    with tempfile.TemporaryDirectory(prefix="calr-upload-") as holder:
        root = Path(holder) / "upload"
        for path, content in files.items():
            target = root / _inside("The upload", path)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError as error:
                raise CohortError(
                    f"The upload uses {shown(path)} as a file and as a folder, or there is no room "
                    "for it; name the files anew."
                ) from error
        folder = next(
            (f for f in sorted([root, *root.rglob("*")]) if f.is_dir() and _holds_cohort(f)), root
        )
        names = tuple(files)
        if is_stored_cohort(folder):
            if stated is not None:
                raise CohortError(
                    "A saved cohort says itself what its columns are; load it without a mapping."
                )
            return loaded_from_folder(folder, names)
        said = {} if stated is None else stated.to_dict()
        cohort = judged(load_study(folder, name, stated))
        return cohort.loaded_by(Loading("study", names, mapping=said))


def _holds_cohort(folder: Path) -> bool:
    return looks_like_study(folder) or is_stored_cohort(folder)
