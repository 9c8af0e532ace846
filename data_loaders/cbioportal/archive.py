"""A study in one file: the ZIP of a folder, or the tar.gz that portals offer for download.

Unpacked to a folder that lives as long as the reading. Only regular files are taken, under names
below that folder; their number and size are bounded before and while they are written, whatever the
archive claims.
"""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from data_loaders.cbioportal.meta import MAX_FILES, looks_like_study
from data_loaders.cbioportal.study import load_study
from data_loaders.folder import MAX_FOLDER_BYTES
from data_loaders.formats import MAX_FILE_BYTES
from data_loaders.mapping import TableMapping
from data_loaders.model import Cohort, CohortError
from data_loaders.wording import shown

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_NAMES = re.compile(r"\.(zip|tar|tar\.gz|tgz)$", re.IGNORECASE)
_CHUNK = 2**20
# Expression, methylation and segments are large and are not read.
_NOT_READ = re.compile(
    r"(^|/)(data|meta)_(mrna|rna_seq|expression|methylation|log2|linear|rppa|protein|gsva|micro)|"
    r"\.seg$|(^|/)[._]",
    re.IGNORECASE,
)


def looks_like_study_archive(filename: str) -> bool:
    """Whether a file's name is that of an archive that may hold a study."""
    return _NAMES.search(filename) is not None


def load_study_archive(
    filename: str, data: bytes, name: str | None = None, mapping: TableMapping | None = None
) -> Cohort:
    """Load a study from the bytes of a ZIP or tar.gz archive.

    Parameters
    ----------
    filename
        For messages.
    data
        The archive.
    name, mapping
        As in :func:`data_loaders.cbioportal.load_study`.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    with tempfile.TemporaryDirectory(prefix="study_") as place:
        root = Path(place)
        _unpack(filename, data, root)
        return load_study(_study_folder(filename, root), name, mapping)


def _unpack(filename: str, data: bytes, root: Path) -> None:
    file = shown(filename)
    if len(data) > MAX_FOLDER_BYTES:
        raise CohortError(
            f"{file} is larger than {MAX_FOLDER_BYTES // 2**30} GiB, the most that is read."
        )
    try:
        members = _zip_members(data) if data.startswith(_ZIP) else _tar_members(data)
        total = 0
        for count, (path, stream) in enumerate(members, 1):
            if count > MAX_FILES:
                raise CohortError(f"{file} holds more than {MAX_FILES:,} files; is it a study?")
            total += _write(file, root, path, stream, MAX_FOLDER_BYTES - total)
    except (
        tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError,
        RuntimeError, ValueError,
    ) as error:  # fmt: skip
        if isinstance(error, CohortError):
            raise
        raise CohortError(
            f"{file} is no archive that can be unpacked (ZIP or tar.gz), or it is damaged or "
            "protected by a password; download it again, or give the unpacked folder."
        ) from error


def _zip_members(data: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            link = (member.external_attr >> 16) & 0o170000 == 0o120000
            if not member.is_dir() and not link:
                with archive.open(member) as stream:
                    yield member.filename, stream


def _tar_members(data: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    mode = "r|gz" if data.startswith(_GZIP) else "r|"
    with tarfile.open(fileobj=io.BytesIO(data), mode=mode) as archive:  # type: ignore[call-overload]
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield member.name, stream


def _write(file: str, root: Path, name: str, stream: IO[bytes], left: int) -> int:
    """Write a member below the folder; its size."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0].startswith("/") or ":" in parts[0] or "\0" in name:
        raise CohortError(
            f"{file} holds a path that leads out of it; it is not unpacked. Give the folder itself."
        )
    if _NOT_READ.search("/".join(parts)):
        return 0
    target = root.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > min(left, MAX_FILE_BYTES):
                raise CohortError(
                    f"{file} holds more than is read once unpacked: {MAX_FILE_BYTES // 2**20} MiB "
                    f"a file and {MAX_FOLDER_BYTES // 2**30} GiB in all; leave out what is not "
                    "needed."
                )
            out.write(chunk)
    return size


def _study_folder(filename: str, root: Path) -> Path:
    """The folder of the study: the archive itself or one inside it."""
    folders = [root, *sorted(path for path in root.glob("*") if path.is_dir())]
    found = [folder for folder in folders if looks_like_study(folder)]
    if len(found) != 1:
        reason = "no study" if not found else f"{len(found)} studies"
        raise CohortError(
            f"{shown(filename)} holds {reason} (a folder with meta_study.txt and "
            "data_clinical_sample.txt); give an archive of one study."
        )
    return found[0]
