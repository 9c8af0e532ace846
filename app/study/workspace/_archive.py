"""A workspace as one file: a ZIP archive with the tables as they stand in the store, and the rest.

``workspace.json`` lists the cohorts, their files with their SHA-256, and what is saved with its
versions; ``cohorts/0/...`` are the files of the first cohort. What is read in is anybody's file:
nothing of it is taken before all of it was checked, and no path in it is followed.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.study.workspace._folders import FILES as FILE_NAMES
from app.study.workspace._folders import ORIGINAL, original_files, read_files
from app.study.workspace._records import (
    KeptCohort,
    Original,
    Saved,
    WorkspaceError,
)
from app.study.workspace._schema import COHORTS
from app.study.workspace._store import Workspace
from data_loaders import Cohort
from data_loaders.files.folder import MAX_FOLDER_BYTES
from data_loaders.loading import is_everybodys

_FORMAT, _VERSION = "calr-explorer workspace", 1
_MANIFEST = "workspace.json"
_AGAIN = "export it again"
# Keys stand in addresses and in the keys of widgets.
_KEY = re.compile(r"(upload|demo|catalogue):[\w-]{1,80}", re.ASCII)
# Of a JSON file: each takes 60 bytes of memory or more, however short it is written.
_MOST_VALUES = 20_000_000
_TEXTS = ("scope", "kind", "name", "fingerprint")


def to_archive(store: Workspace, owner: str, keys: Sequence[str]) -> bytes:
    """Cohorts of an owner and all that is saved with them, and what is saved of the workspace.

    Raises
    ------
    WorkspaceError
        If one of them is damaged.
    """
    held = io.BytesIO()
    cohorts = []
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, store.reading() as db:
        for place, key in enumerate(keys):
            row = db.execute(
                sa.select(COHORTS).where(COHORTS.c.owner == owner, COHORTS.c.key == key)
            ).one()
            said = {"key": key, "name": row.name, "fingerprint": row.fingerprint}
            files = {}
            if row.folder:
                with store.folder(db, row) as folder:
                    for path in sorted(folder.iterdir()):
                        content = path.read_bytes()
                        files[path.name] = hashlib.sha256(content).hexdigest()
                        archive.writestr(f"cohorts/{place}/{path.name}", content)
            cohorts.append({**said, "patients": row.patients, "files": files})
        saved = [
            {**{name: getattr(one, name) for name in _TEXTS}, "content": one.content,
             "about": list(one.about)}
            for scope in (*keys, "")
            for one in store.versions(owner, scope)
            if set(one.about) <= set(keys) | {k for k in one.about if is_everybodys(k)}
        ]  # fmt: skip
        said_of_all = {
            "format": _FORMAT, "version": _VERSION, "cohorts": cohorts, "saved": saved,
            "note": "This file holds patients' data and identifiers; treat it as patient data.",
        }  # fmt: skip
        archive.writestr(_MANIFEST, json.dumps(said_of_all))
    return held.getvalue()


def from_archive(store: Workspace, owner: str, content: bytes) -> tuple[str, ...]:
    """Take the cohorts of an archive and what is saved with them into an owner's workspace.

    What is saved under a name that the workspace has becomes its newest version.

    Raises
    ------
    WorkspaceError
        If the file is none, is damaged, was written by a newer version, or holds a cohort that the
        workspace has with other content; then nothing is changed.
    """
    refusal = WorkspaceError(f"This file is no workspace, or it is damaged: {_AGAIN}.")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="calr-workspace-") as holder,
            zipfile.ZipFile(io.BytesIO(content)) as archive,
        ):
            said = _manifest(archive)
            _unpack(archive, said, Path(holder))
            cohorts = [
                _checked(one, Path(holder) / str(at)) for at, one in enumerate(said["cohorts"])
            ]
            saved = [_thing(one) for one in said["saved"]]
            _take(store, owner, cohorts, saved)
    except WorkspaceError:
        raise
    except (
        zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError,
        OSError, KeyError, TypeError, AttributeError, OverflowError,
    ) as error:  # fmt: skip
        raise refusal from error
    return tuple(one.key for one, *_ in cohorts)


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """What an archive says it holds, if it holds just that."""
    said = json.loads(_content(archive, _MANIFEST, MAX_FOLDER_BYTES))
    if said["format"] != _FORMAT:
        raise ValueError(said["format"])
    if said["version"] > _VERSION:
        raise WorkspaceError(
            "This workspace was written by a newer version of CALR Explorer; open it with that."
        )
    cohorts = said["cohorts"]
    if len({one["key"] for one in cohorts}) < len(cohorts):
        raise ValueError(cohorts)
    listed = {f"cohorts/{at}/{name}" for at, one in enumerate(cohorts) for name in one["files"]}
    names = [member.filename for member in archive.infolist()]
    if any(set(one["files"]) - set(FILE_NAMES) for one in cohorts) or (
        sorted(names) != sorted({*listed, _MANIFEST})
    ):
        raise WorkspaceError(
            "This file is not as a workspace is written: it holds or names files that are none of "
            f"it; nothing was taken, {_AGAIN}."
        )
    return said  # type: ignore[no-any-return]


def _content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as stream:
        content = stream.read(most + 1)  # what the archive says of its sizes is not believed
    if len(content) > most:
        raise WorkspaceError(
            f"This file unpacks to more than {MAX_FOLDER_BYTES // 2**20} MiB, the most that is "
            "read."
        )
    if name.endswith(".json") and content.count(b",") > _MOST_VALUES:
        raise WorkspaceError(
            f"This file lists more than {_MOST_VALUES:,} values beside its tables, which no "
            "workspace does; nothing was taken."
        )
    return content


def _unpack(archive: zipfile.ZipFile, said: Mapping[str, Any], holder: Path) -> None:
    """Write the files of each cohort into a folder by its number, if they are as it is said."""
    left = MAX_FOLDER_BYTES
    for at, one in enumerate(said["cohorts"]):
        (holder / str(at)).mkdir()
        for file, digest in one["files"].items():
            content = _content(archive, f"cohorts/{at}/{file}", left)
            left -= len(content)
            if hashlib.sha256(content).hexdigest() != digest:
                raise WorkspaceError(
                    f"The file {file} of {one['name']} is not the one that was exported: {_AGAIN}."
                )
            (holder / str(at) / file).write_bytes(content)


def _checked(
    said: Mapping[str, Any], folder: Path
) -> tuple[KeptCohort, Cohort | None, Original | None]:
    """A cohort of an archive, read from its files."""
    key, name = str(said["key"]), str(said["name"])
    content, patients = str(said["fingerprint"]), int(said["patients"])
    head = KeptCohort(key, name, content, patients, "", bool(said["files"]), "", "")
    if not _KEY.fullmatch(key) or not 0 <= patients < 2**31 or head.has_data == is_everybodys(key):
        raise KeyError(key)
    if not head.has_data:
        return head, None, None
    cohort, original = read_files(folder, name)
    if (cohort.fingerprint, cohort.n) != (content, patients):
        raise WorkspaceError(f"{name} has other content than the export says: {_AGAIN}.")
    if original is not None and ORIGINAL in said["files"]:
        files = original_files((folder / ORIGINAL).read_bytes(), name)
        original = Original(original.mapping, original.name, original.digest, files)
    return head, cohort, original


def _thing(said: Mapping[str, Any]) -> Saved:
    """One version of a saved thing, as the archive lists them."""
    texts = {name: said[name] for name in _TEXTS}
    about = tuple(said["about"])
    if not all(isinstance(text, str) for text in (*texts.values(), *about)):
        raise TypeError("names are texts")
    return Saved(**texts, version=0, at="", about=about, content=said["content"])


def _take(
    store: Workspace,
    owner: str,
    cohorts: Sequence[tuple[KeptCohort, Cohort | None, Original | None]],
    saved: Sequence[Saved],
) -> None:
    """Keep all of it, or nothing."""
    held = {one.key: one for one in store.cohorts(owner)}
    for one, *_ in cohorts:
        if one.key in held and held[one.key].fingerprint != one.fingerprint:
            raise WorkspaceError(
                f"The workspace has {held[one.key].name} with other content (fingerprint "
                f"{held[one.key].fingerprint[:12]}, in the file {one.fingerprint[:12]}): export "
                "and delete that first; nothing was taken."
            )
    scopes = {one.key for one, *_ in cohorts} | {""}
    newest = {
        (scope, one.kind, one.name): one.content
        for scope in scopes
        for one in store.versions(owner, scope)
    }
    last = {(one.scope, one.kind, one.name): one.content for one in saved}
    with store.writing() as db:
        for head, cohort, original in cohorts:
            if head.key not in held:
                store.keep_within(db, owner, head, cohort, original)
        for thing in saved:
            named = (thing.scope, thing.kind, thing.name)
            if thing.scope in scopes and newest.get(named) != last[named]:
                store.save_within(
                    db, owner, thing.scope, thing.kind, {thing.name: thing.content},
                    fingerprint=thing.fingerprint, about=thing.about,
                )  # fmt: skip
