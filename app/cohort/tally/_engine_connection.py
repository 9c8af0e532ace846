"""The connection to an engine: opened read-only, asked within a time limit, and interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pandas as pd

from app.cohort.tally._engine_spark import Spark
from app.cohort.tally._tally import TallyError
from data_loaders import CohortError
from data_loaders.allowed import Allowed
from data_loaders.databases.address import is_address, parse_address
from data_loaders.wording import shown

SECONDS = 60.0
_AGAIN = 0.05
_EXAMPLES = "duckdb:///folder/file.duckdb, postgresql://user@host/database or a folder of Parquet"


@dataclass(frozen=True, eq=False)
class Engine:
    """Where questions are answered; what was needed to get in is kept by its connection alone.

    Attributes
    ----------
    label
        What it is called, without user, password or folder.
    seconds
        How long one statement may run.
    """

    label: str
    table: str
    seconds: float
    _backend: Any = field(repr=False)
    _interrupt: Callable[[], object] = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    def rows(self) -> Any:
        """The table as an Ibis expression.

        Raises
        ------
        TallyError
            If there is no such table.
        """
        schema, _, name = self.table.rpartition(".")
        with self._lock:
            try:
                return self._backend.table(name, database=schema or None)
            except Exception:  # noqa: BLE001  (each engine has errors of its own)
                raise TallyError(
                    f"{self.label} has no table {shown(self.table)} that can be read; check its "
                    "name."
                ) from None

    def ask(self, expression: Any) -> Any:
        """The rows that an expression gives, as an Arrow table.

        Raises
        ------
        TallyError
            If it takes longer than is allowed, is interrupted, or the engine refuses it.
        """
        with self._lock, self._in_time() as late:
            try:
                return self._backend.to_pyarrow(_in_doubles(self._backend, expression))
            except Exception as error:  # noqa: BLE001  (each engine has errors of its own)
                # Not chained, and nothing of it repeated: it may hold a password or a value.
                raise self._refusal(type(error).__name__, late=late.is_set()) from None

    @contextmanager
    def _in_time(self) -> Iterator[threading.Event]:
        """Interrupt what runs within when its time is over, or when it is cancelled.

        Again and again until it ends: an engine that has not yet begun would miss the first time.
        """
        self._cancelled.clear()
        late, done = threading.Event(), threading.Event()
        end = monotonic() + self.seconds

        def watch() -> None:
            while not done.wait(_AGAIN):
                if monotonic() >= end:
                    late.set()
                if late.is_set() or self._cancelled.is_set():
                    with suppress(Exception):  # it is tried again
                        self._interrupt()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield late
        finally:
            done.set()
            watcher.join()

    def frame(self, expression: Any) -> pd.DataFrame:
        """The same as a DataFrame."""
        return self.ask(expression).to_pandas()

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._backend.disconnect()

    def cancel(self) -> None:
        """Interrupt the statement that runs, from another thread."""
        self._cancelled.set()

    def _refusal(self, name: str, *, late: bool) -> TallyError:
        if self._cancelled.is_set():
            return TallyError("The question was cancelled.")
        if late or name in {"QueryCanceled", "InterruptException"}:
            return TallyError(
                f"{self.label} did not answer within {self.seconds:g} seconds: ask for fewer "
                "patients, or allow more time."
            )
        if name == "OutOfMemoryException":
            return TallyError(f"{self.label} has too little memory for this question.")
        return TallyError(f"{self.label} cannot carry out this question ({name}).")


def _in_doubles(backend: Any, expression: Any) -> Any:
    """Numbers as such: PostgreSQL makes decimal ones of constants, as of the states of an event."""
    if getattr(backend, "name", "") != "postgres" or not hasattr(expression, "schema"):
        return expression
    nothing = _ibis().literal(0).cast("float64")
    kinds = expression.schema().items()
    numbers = {name: expression[name] + nothing for name, kind in kinds if kind.is_floating()}
    return expression.mutate(**numbers) if numbers else expression


def open_engine(url: str, table: str | None, seconds: float, allowed: Allowed) -> Engine:
    """Open an engine read-only.

    Parameters
    ----------
    url
        Address of a database, or a folder of Parquet files.
    table
        Name of the table, its schema in front if need be; a folder needs none.
    seconds
        How long one statement may run.
    allowed
        Which folders and hosts may be read.

    Raises
    ------
    TallyError
        With one sentence that never holds a password.
    """
    ibis = _ibis()
    if not seconds > 0:
        raise TallyError("The time that a question may take needs to be more than 0 seconds.")
    try:
        if is_address(url):
            allowed.check_database(url)
            return _database(ibis, url, _named(table), seconds)
        if "://" in url:
            return _other(ibis, url, _named(table), seconds, allowed)
        allowed.check_path(url)
        return _folder(ibis, Path(url), table, seconds)
    except CohortError as error:
        raise TallyError(str(error)) from None


def _ibis() -> ModuleType:
    try:
        import ibis
    except ImportError:
        raise TallyError(
            "Asking an engine needs Ibis, which is not installed here: install it with make engine."
        ) from None
    return ibis  # type: ignore[no-any-return]


def _named(table: str | None) -> str:
    if not (table or "").strip():
        raise TallyError("Name the table that holds the patients, one row each.")
    return str(table).strip()


def _database(ibis: Any, url: str, table: str, seconds: float) -> Engine:
    address = parse_address(url)
    if address.kind == "duckdb":
        from data_loaders.databases.embedded import checked_file

        path = checked_file(address)
        return _embedded(ibis, path, address.label, table, seconds)
    from data_loaders.databases.postgresql import open_postgresql

    post = open_postgresql(address)
    post.autocommit = True  # no transaction is left open between two questions
    post.execute("SET default_transaction_read_only = on")
    post.execute(f"SET statement_timeout = {int(seconds * 1000)}")
    backend = ibis.postgres.from_connection(post)
    return Engine(address.label, table, seconds, backend, post.cancel)


def _folder(ibis: Any, folder: Path, table: str | None, seconds: float) -> Engine:
    if not (folder.is_dir() and any(folder.glob("*.parquet"))):
        raise TallyError(
            f"{shown(folder.name)} is no folder of Parquet files; give one, or an address such as "
            f"{_EXAMPLES}."
        )
    label = f"Parquet files {shown(folder.name)}"
    return _embedded(ibis, folder.resolve(), label, table or folder.name, seconds)


def _embedded(ibis: Any, source: Path, label: str, table: str, seconds: float) -> Engine:
    """DuckDB in this process, which reads one file or folder and reaches for nothing else.

    The file is attached to a database of this engine's own: others may have it open meanwhile.
    """
    import duckdb

    from data_loaders.databases.embedded import IN_UTC, LOCKED, SHUT_OFF, not_opened

    duck = duckdb.connect(":memory:", config={**SHUT_OFF, "enable_external_access": "true"})
    try:
        duck.execute(IN_UTC)
        if source.is_dir():
            # No SQL but that of this package reaches the connection, and it only selects.
            duck.execute(f"SET allowed_directories = [{_quoted(f'{source}/')}]")
            files = _quoted(f"{source}/*.parquet")
            named = '"' + table.replace('"', '""') + '"'
            duck.execute(f"CREATE VIEW {named} AS SELECT * FROM read_parquet({files})")  # noqa: S608
        else:
            duck.execute(f"ATTACH {_quoted(str(source))} AS registry (READ_ONLY)")
            duck.execute("USE registry")
        duck.execute("SET enable_external_access = false")
        backend = ibis.duckdb.from_connection(duck)
        duck.execute(LOCKED)
    except duckdb.Error as error:
        duck.close()
        if source.is_dir():
            raise TallyError(
                f"The Parquet files of {shown(source.name)} cannot be read together: they are "
                "damaged, or have different columns."
            ) from None
        raise not_opened(source, error) from None
    return Engine(label, table, seconds, backend, duck.interrupt)


def _other(ibis: Any, url: str, table: str, seconds: float, allowed: Allowed) -> Engine:
    scheme = url.partition("://")[0].strip().lower()
    open_one = {"spark": _spark, "pyspark": _spark, "clickhouse": _clickhouse}.get(scheme)
    if open_one is None:
        raise TallyError(f"No engine answers at that kind of address; give {_EXAMPLES}.")
    try:
        parts = urlsplit(url.strip())
        folder = unquote(parts.path).rstrip("/") if open_one is _spark else ""
        if parts.hostname or not folder:
            allowed.check_web(url)
        if folder:
            allowed.check_path(folder)
        return open_one(ibis, url.strip(), table, seconds)
    except (CohortError, TallyError):
        raise
    except Exception:  # noqa: BLE001  (its words may repeat the password)
        label, target = (
            ("Apache Spark", "spark") if open_one is _spark else ("ClickHouse", "engine")
        )
        raise TallyError(
            f"{label} cannot be connected to: check the address, and that its client is installed "
            f"(make {target})."
        ) from None


def _spark(ibis: Any, url: str, table: str, seconds: float) -> Engine:
    parts = urlsplit(url)
    master = f"spark://{parts.hostname}:{parts.port or 7077}" if parts.hostname else ""
    spark = Spark(ibis, master, unquote(parts.path))
    return Engine("Apache Spark", table, seconds, spark, spark.interrupt)


def _clickhouse(ibis: Any, url: str, table: str, seconds: float) -> Engine:
    mark = uuid4().hex
    limits = {"max_execution_time": ceil(seconds), "log_comment": mark}
    backend = ibis.connect(url, settings=limits)
    # A question is stopped from beside it: its own connection is waiting for the answer.
    beside = ibis.connect(url)
    kill = f"KILL QUERY WHERE Settings['log_comment'] = '{mark}' ASYNC"
    return Engine("ClickHouse", table, seconds, backend, lambda: beside.con.command(kill))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
