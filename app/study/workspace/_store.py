"""The store of workspaces: SQLite with a folder of Parquet files, or a PostgreSQL with both in it.

Whatever a method returns from is on the disk: a process that is killed a moment later, and a
machine that loses its power, lose nothing of it. What a killed process had begun to write is
removed when the workspace is opened next.
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.study.workspace._folders import (
    ORIGINAL,
    check_file,
    digest_of,
    original_files,
    read_files,
    write_files,
)
from app.study.workspace._mapped import forget, in_common
from app.study.workspace._records import (
    KeptCohort,
    Original,
    Saved,
    WorkspaceError,
    now,
)
from app.study.workspace._schema import COHORTS, FILES, SAVED, migrated
from data_loaders import Cohort
from data_loaders.loading import is_everybodys

DATABASE_FILE = "workspace.sqlite3"
_FOLDERS = "cohorts"
_MOST_VERSIONS = 50
_PATIENCE = 30.0  # seconds that a writer waits for another
_CONNECTING = 5  # seconds that a page waits for PostgreSQL
_NOT_OPENED = (
    "The workspace cannot be opened: check that its folder can be written and has room, or that "
    "its database answers."
)


class Workspace:
    """What the owners of one store keep; every method is for one owner and safe between threads.

    Parameters
    ----------
    where
        A folder, which is made where it is not there, or the address of a PostgreSQL database.

    Raises
    ------
    WorkspaceError
        If it cannot be opened, or a newer version of the product wrote it.
    """

    def __init__(self, where: Path | str) -> None:
        self._root = where if isinstance(where, Path) else None
        try:
            self._engine = _engine(where)
        except (sa.exc.SQLAlchemyError, OSError, ValueError) as error:
            raise WorkspaceError(_NOT_OPENED) from error
        try:
            with self._engine.execution_options(writing=True).begin() as db:
                migrated(db)
                self._sweep(db)
        except WorkspaceError:
            self.close()
            raise
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self.close()
            raise WorkspaceError(_NOT_OPENED) from error

    def close(self) -> None:
        """End the connections."""
        self._engine.dispose()

    # Cohorts ---------------------------------------------------------------------------------

    def cohorts(self, owner: str) -> list[KeptCohort]:
        """Cohorts of an owner without their data, the one used last first."""
        c = COHORTS.c
        asked = (
            sa.select(c.key, c.name, c.fingerprint, c.patients, c.kept, c.folder, c.page, c.used)
            .where(c.owner == owner)
            .order_by(c.used.desc(), c.id.desc())
        )
        with self.reading() as db:
            return [
                KeptCohort(*row[:5], has_data=bool(row[5]), page=row[6], used=row[7])
                for row in db.execute(asked)
            ]

    def keep(self, owner: str, key: str, cohort: Cohort, original: Original | None = None) -> None:
        """Keep a cohort, in place of the one that its key had before.

        Of a cohort that everybody has, only what is saved with it is kept.

        Parameters
        ----------
        original
            What it was read from, where that is files.

        Raises
        ------
        WorkspaceError
            If it cannot be written; what was kept before then still is.
        """
        data = None if is_everybodys(key) else cohort
        head = KeptCohort(
            key, cohort.name, cohort.fingerprint, cohort.n, "", data is not None, "", ""
        )
        with self.writing() as db:
            gone = self.keep_within(db, owner, head, data, original)
        self._remove(gone)

    def keep_within(
        self,
        db: sa.Connection,
        owner: str,
        head: KeptCohort,
        cohort: Cohort | None,
        original: Original | None,
    ) -> str:
        """:meth:`keep` within a transaction; returns the folder to remove once it is committed."""
        asked = sa.select(COHORTS.c.id, COHORTS.c.folder).where(of_owner(COHORTS, owner, head.key))
        held = db.execute(asked).first()
        said = {
            "name": head.name, "fingerprint": head.fingerprint, "patients": head.patients,
            "folder": "" if cohort is None else secrets.token_hex(12),
        }  # fmt: skip
        before = None
        if held is None:
            fresh = {"owner": owner, "key": head.key, "kept": now(), "page": "", "used": now()}
            made = db.execute(sa.insert(COHORTS).values(**said, **fresh).returning(COHORTS.c.id))
            number = made.scalar_one()
        else:
            number = held.id
            before = self._file(db, number, held.folder, ORIGINAL)
            db.execute(sa.update(COHORTS).where(COHORTS.c.id == number).values(**said))
            db.execute(sa.delete(FILES).where(FILES.c.cohort_id == number))
        if cohort is not None:
            with self._new_folder(str(said["folder"])) as folder:
                write_files(cohort, original, before, folder)
                for path in sorted(folder.iterdir()):
                    digest, size = digest_of(path)
                    file = {"name": path.name, "sha256": digest, "bytes": size}
                    content = path.read_bytes() if self._root is None else None
                    db.execute(sa.insert(FILES).values(cohort_id=number, content=content, **file))
        return "" if held is None else str(held.folder)

    def open(self, owner: str, key: str) -> tuple[Cohort, Original | None]:
        """A kept cohort as it was, and what is known of its original files, without these.

        Raises
        ------
        WorkspaceError
            If it is not kept, or its files were changed or damaged.
        """
        tried = ""
        while True:
            with self.reading() as db:
                row = self.row(db, owner, key)
                try:
                    with self.folder(db, row, without=ORIGINAL) as folder:
                        cohort, original = read_files(folder, row.name)
                        return in_common(cohort, row.folder), original
                except WorkspaceError:
                    if row.folder == tried:
                        raise
                    tried = row.folder  # once more: it may have been replaced meanwhile

    def originals(self, owner: str, key: str) -> dict[str, bytes]:
        """The files that a kept cohort was read from, by name.

        Raises
        ------
        WorkspaceError
            If there are none, or they were changed or damaged.
        """
        with self.reading() as db:
            row = self.row(db, owner, key)
            archive = self._file(db, row.id, row.folder, ORIGINAL)
        if archive is None:
            raise WorkspaceError(f"The files that {row.name} was read from were not kept.")
        return original_files(archive, row.name)

    def delete(self, owner: str, key: str) -> None:
        """Delete a cohort, its files, and every version of all that was saved about it.

        Where nobody keeps the cohort any longer, also what others saved whom it was shared with.
        Of a cohort that everybody has, stories that tell of it among others stay.
        """
        with self.writing() as db:
            row = db.execute(sa.select(COHORTS).where(of_owner(COHORTS, owner, key))).first()
            if row is not None:
                db.execute(sa.delete(COHORTS).where(COHORTS.c.id == row.id))
            gone = SAVED.c.scope == key
            if not is_everybodys(key):
                gone = sa.or_(gone, SAVED.c.about.contains(f"\n{key}\n", autoescape=True))
            kept = db.execute(sa.select(COHORTS.c.id).where(COHORTS.c.key == key)).first()
            if is_everybodys(key) or kept is not None:
                gone = sa.and_(gone, SAVED.c.owner == owner)
            db.execute(sa.delete(SAVED).where(gone))
        self._remove("" if row is None else row.folder)
        if self._root is not None:
            # The log still holds what the tables do not.
            with self._engine.connect() as db:
                db.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                )

    def came_by(self, owner: str, key: str, page: str, place: Any) -> None:
        """Remember which page shows a cohort, and its settings as plain data."""
        with self.writing() as db:
            db.execute(
                sa.update(COHORTS)
                .where(of_owner(COHORTS, owner, key))
                .values(page=page, used=now(), place=_packed(place))
            )

    def place(self, owner: str, key: str) -> Any:
        """The settings of the page that showed a cohort last; None where none did."""
        with self.reading() as db:
            held = db.execute(
                sa.select(COHORTS.c.place).where(of_owner(COHORTS, owner, key))
            ).scalar()
        return None if held is None else _unpacked(held)

    # Saved things ----------------------------------------------------------------------------

    def save(
        self,
        owner: str,
        scope: str,
        kind: str,
        things: Mapping[str, Any],
        *,
        fingerprint: str = "",
        about: tuple[str, ...] = (),
    ) -> tuple[int, int]:
        """Save things as their newest versions; those before stay, to a number.

        Parameters
        ----------
        scope
            Key of the cohort that they belong to; empty for the workspace.
        things
            Plain data by name; None drops the thing, and its versions stay.
        about
            Keys of the cohorts that they say something of, besides the scope.

        Returns
        -------
        tuple of int
            What :meth:`latest` said of the scope and kind before, and what it says now.
        """
        with self.writing() as db:
            which = of_owner(SAVED, owner, scope, kind)
            before = db.execute(sa.select(sa.func.max(SAVED.c.id)).where(which)).scalar()
            number = self.save_within(
                db, owner, scope, kind, things, fingerprint=fingerprint, about=about
            )
        return before or 0, number

    def save_within(
        self,
        db: sa.Connection,
        owner: str,
        scope: str,
        kind: str,
        things: Mapping[str, Any],
        *,
        fingerprint: str = "",
        about: tuple[str, ...] = (),
    ) -> int:
        """:meth:`save` within a transaction."""
        number = 0
        for name, content in things.items():
            own = of_owner(SAVED, owner, scope, kind, name)
            newest = db.execute(
                sa.select(sa.func.max(SAVED.c.version)).where(own)
            ).scalar()  # None where it is new
            made = db.execute(
                sa.insert(SAVED)
                .values(
                    owner=owner, scope=scope, kind=kind, name=name, version=(newest or 0) + 1,
                    at=now(), fingerprint=fingerprint,
                    about="".join(f"\n{key}\n" for key in about),
                    content=None if content is None else _packed(content),
                )
                .returning(SAVED.c.id)
            )  # fmt: skip
            number = made.scalar_one()
            oldest = (newest or 0) + 1 - _MOST_VERSIONS
            db.execute(sa.delete(SAVED).where(own, SAVED.c.version <= oldest))
        return number

    def latest(self, owner: str) -> dict[tuple[str, str], int]:
        """A number for every scope and kind that grows whenever something of it is saved."""
        s = SAVED.c
        asked = (
            sa.select(s.scope, s.kind, sa.func.max(s.id))
            .where(s.owner == owner)
            .group_by(s.scope, s.kind)
        )
        with self.reading() as db:
            return {(scope, kind): number for scope, kind, number in db.execute(asked)}

    def saved(self, owner: str, scope: str, kind: str) -> dict[str, Saved]:
        """The newest versions of things by name, in the order in which these were first saved."""
        newest: dict[str, Saved] = {}
        for one in self._saved(of_owner(SAVED, owner, scope, kind)):
            newest[one.name] = one
        return {name: one for name, one in newest.items() if one.content is not None}

    def versions(self, owner: str, scope: str, kinds: Collection[str] = ()) -> list[Saved]:
        """Every version of all things of a scope, the oldest first, dropped ones too.

        Parameters
        ----------
        kinds
            Of these kinds only, where any are named.
        """
        which = of_owner(SAVED, owner, scope)
        return self._saved(sa.and_(which, SAVED.c.kind.in_(kinds)) if kinds else which)

    def _saved(self, which: sa.ColumnElement[bool]) -> list[Saved]:
        s = SAVED.c
        asked = (
            sa.select(s.scope, s.kind, s.name, s.version, s.at, s.fingerprint, s.about, s.content)
            .where(which)
            .order_by(s.id)
        )
        with self.reading() as db:
            return [
                Saved(
                    *row[:6],
                    about=tuple(row.about.split()),
                    content=None if row.content is None else _unpacked(row.content),
                )
                for row in db.execute(asked)
            ]

    # Within ----------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that writes nothing.

        Raises
        ------
        WorkspaceError
            If the store does not answer.
        """
        try:
            with self._engine.connect() as db:
                yield db
        except sa.exc.SQLAlchemyError as error:
            raise WorkspaceError("The workspace does not answer; try again.") from error

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction of the only writer.

        Raises
        ------
        WorkspaceError
            If it cannot be written; then nothing was.
        """
        try:
            with self._engine.execution_options(writing=True).begin() as db:
                yield db
        except sa.exc.SQLAlchemyError as error:
            raise WorkspaceError(
                "The workspace cannot be written: check the room on its disk, or its database; "
                "what was kept before still is."
            ) from error

    def row(self, db: sa.Connection, owner: str, key: str) -> Any:
        row = db.execute(sa.select(COHORTS).where(of_owner(COHORTS, owner, key))).first()
        if row is None or not row.folder:
            raise WorkspaceError("This cohort is not kept any more; load it again.")
        return row

    def _file(self, db: sa.Connection, cohort: int, folder: str, name: str) -> bytes | None:
        """The content of one file, checked; None where it is not kept."""
        asked = sa.select(FILES).where(FILES.c.cohort_id == cohort, FILES.c.name == name)
        row = db.execute(asked).first()
        if row is None:
            return None
        if self._root is None:
            return bytes(row.content)
        path = self._root / _FOLDERS / folder / name
        check_file(path, row.sha256, name)
        return path.read_bytes()

    @contextmanager
    def folder(self, db: sa.Connection, row: Any, without: str = "") -> Iterator[Path]:
        """The files of a cohort in a folder, checked."""
        columns = [FILES.c.name, FILES.c.sha256]
        columns += [FILES.c.content] * (self._root is None)
        asked = sa.select(*columns).where(FILES.c.cohort_id == row.id, FILES.c.name != without)
        with tempfile.TemporaryDirectory(prefix="calr-workspace-") as holder:
            folder = Path(holder) if self._root is None else self._root / _FOLDERS / row.folder
            for file in db.execute(asked):
                if self._root is None:
                    (folder / file.name).write_bytes(file.content)
                check_file(folder / file.name, file.sha256, row.name)
            yield folder

    @contextmanager
    def _new_folder(self, name: str) -> Iterator[Path]:
        if self._root is not None:
            yield self._root / _FOLDERS / name
            return
        with tempfile.TemporaryDirectory(prefix="calr-workspace-") as holder:
            yield Path(holder) / name

    def _remove(self, folder: str) -> None:
        forget(folder)
        if self._root is not None and folder:
            shutil.rmtree(self._root / _FOLDERS / folder, ignore_errors=True)

    def _sweep(self, db: sa.Connection) -> None:
        """Remove what a process that was killed had begun: nobody else writes now."""
        if self._root is None:
            return
        held = set(db.execute(sa.select(COHORTS.c.folder)).scalars())
        for folder in (self._root / _FOLDERS).iterdir():
            if folder.name not in held:
                shutil.rmtree(folder, ignore_errors=True)


def _engine(where: Path | str) -> sa.Engine:
    if isinstance(where, str):
        address = sa.make_url(where).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(
            address, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECTING}
        )
    else:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        where.chmod(0o700)
        (where / _FOLDERS).mkdir(mode=0o700, exist_ok=True)
        path = where / DATABASE_FILE
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": _PATIENCE}
        )
        sa.event.listen(engine, "connect", _prepared)
    sa.event.listen(engine, "begin", _begun)
    return engine


def _prepared(connection: Any, _record: Any) -> None:
    """Set up a connection to SQLite: we begin transactions, not the driver."""
    connection.isolation_level = None
    for setting in (
        "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON",
    ):  # fmt: skip
        connection.execute(f"PRAGMA {setting}")


def _begun(connection: sa.Connection) -> None:
    """Begin a transaction; one writer at a time, from its first statement on."""
    writing = connection.get_execution_options().get("writing", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    elif writing:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(211746818)")


def of_owner(table: sa.Table, owner: str, *parts: str) -> sa.ColumnElement[bool]:
    """Rows of an owner: by the key of a cohort, or scope, kind and name of what is saved."""
    names = ("key",) if table is COHORTS else ("scope", "kind", "name")
    equal = [table.c[name] == part for name, part in zip(names, parts, strict=False)]
    return sa.and_(table.c.owner == owner, *equal)


def _packed(content: Any) -> bytes:
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 6)


def _unpacked(content: bytes) -> Any:
    return json.loads(zlib.decompress(content))
