"""Reading from a DuckDB file: opened read-only and shut off from everything but itself."""

from __future__ import annotations

import contextlib
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from data_loaders.databases.address import Address
from data_loaders.databases.result import BATCH, Collected, Kind, Request
from data_loaders.files.formats import MAX_FILE_BYTES
from data_loaders.files.tables import RawTable
from data_loaders.model import CohortError
from data_loaders.wording import listed, shown

LONGEST_TEXT = 32_767  # bytes of a cell, as much as Excel's hold
_FEWEST_ROWS = 512
_TOO_LONG = "calr-text-too-long"
_MAGIC, _AT = b"DUCK", 8
SHUT_OFF: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",  # no other file, no address, no extension from the network
    "python_enable_replacements": "false",  # no variable of this process
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
    "memory_limit": "4GB",
}
# An instant's text depends on the time zone, which is known only once the database is open.
IN_UTC, LOCKED = "SET TimeZone = 'UTC'", "SET lock_configuration = true"
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_TABLES = (
    "SELECT CASE table_schema WHEN 'main' THEN '' ELSE table_schema || '.' END || table_name "
    "FROM information_schema.tables ORDER BY 1 LIMIT 100"
)
_MISSING = re.compile(r'(\w+) with name "?([^"]{1,60}?)"? does not exist')
_MISSING_COLUMN = re.compile(r'Referenced column "([^"]{1,60})" not found')
_BLANK = re.compile(r"(?:[\s;]|--[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)


def read_duckdb(address: Address, request: Request) -> RawTable:
    """The table of a request.

    Raises
    ------
    CohortError
        With one sentence, whatever went wrong.
    """
    with _opened(address) as connection:
        watch = threading.Timer(request.seconds, connection.interrupt)
        watch.start()
        try:
            return _read(connection, request)
        except duckdb.Error as error:
            raise _query_error(error, request, connection) from None
        except (pa.ArrowException, OSError, MemoryError):
            raise _too_wide(request) from None
        finally:
            watch.cancel()
            watch.join()


def tables_of_duckdb(address: Address) -> list[str]:
    """Names of the tables and views.

    Raises
    ------
    CohortError
        If the file cannot be opened.
    """
    with _opened(address) as connection:
        return _table_names(connection)


def checked_file(address: Address) -> Path:
    """The path of a DuckDB file, which is one.

    Raises
    ------
    CohortError
        If it cannot be opened or is none.
    """
    path = Path(address.settings["path"])
    file = shown(path.name)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for ever
            raise CohortError(
                f"{file} cannot be opened: it is no file but a folder, device or pipe; give a file."
            )
        with path.open("rb") as stream:
            head = stream.read(_AT + len(_MAGIC))
    except FileNotFoundError:
        raise CohortError(f"{file} cannot be found; check the path.") from None
    except OSError:
        raise CohortError(f"{file} cannot be opened; check the path and its permissions.") from None
    if head[_AT:] != _MAGIC:
        raise CohortError(f"{file} is no DuckDB database; if it is a table, give its path alone.")
    return path


@contextlib.contextmanager
def _opened(address: Address) -> Iterator[duckdb.DuckDBPyConnection]:
    path = checked_file(address)
    try:
        connection = duckdb.connect(str(path), read_only=True, config=SHUT_OFF)
        connection.execute(IN_UTC)
        connection.execute(LOCKED)
    except duckdb.Error as error:
        raise not_opened(path, error) from None
    try:
        yield connection
    finally:
        connection.close()


def not_opened(path: Path, error: duckdb.Error) -> CohortError:
    """The sentence for a file that DuckDB does not open."""
    file = shown(path.name)
    if "lock" in str(error):
        return CohortError(f"{file} is open for writing in another program; close it there first.")
    return CohortError(
        f"{file} cannot be opened: it is damaged, from another version of DuckDB, or in use by "
        "this program; copy it and try again."
    )


def _read(connection: duckdb.DuckDBPyConnection, request: Request) -> RawTable:
    statements = connection.extract_statements(request.statement)
    if len(statements) > 1:
        raise CohortError("The query holds several statements; give one SELECT statement alone.")
    if not statements or statements[0].type != duckdb.StatementType.SELECT:
        raise CohortError("The query is not one SELECT statement; nothing else is run.")
    statement = _unended(connection, request.statement)
    # What parses as one statement alone is one inside the brackets, too; a comment ends its line.
    original = connection.sql(statement)
    kinds: list[Kind] = ["instant" if str(kind) == _INSTANT else "other" for kind in original.types]
    collected = Collected(request, original.columns, kinds)
    as_text = (
        f"SELECT CASE WHEN strlen(COLUMNS(*)::VARCHAR) > {LONGEST_TEXT} THEN error('{_TOO_LONG}') "  # noqa: S608
        f"ELSE COLUMNS(*)::VARCHAR END FROM (\n{statement}\n) AS result"
    )
    text = connection.sql(as_text)
    # Fewer rows at once the more columns there are, since each cell may be as long as is allowed.
    fitting = MAX_FILE_BYTES // (LONGEST_TEXT * max(len(original.columns), 1))
    rows = min(BATCH, max(_FEWEST_ROWS, fitting))
    for batch in text.to_arrow_reader(rows):
        collected.add([column.cast(pa.string()) for column in batch.columns])
    return collected.table()


def _too_wide(request: Request) -> CohortError:
    return CohortError(
        f"{request.label} holds a text of more than {LONGEST_TEXT:,} characters, or more than is "
        "read at once; leave such columns out or shorten them."
    )


def _unended(connection: duckdb.DuckDBPyConnection, statement: str) -> str:
    """One statement without the semicolon that ends it and what may follow, which is comments."""
    for end in re.finditer(";", statement):
        if _BLANK.fullmatch(statement, end.end()):
            # Inside a string it ends nothing, and what stands before it is no statement.
            with contextlib.suppress(duckdb.ParserException):
                connection.extract_statements(statement[: end.start()])
                return statement[: end.start()]
    return statement


def _table_names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    with contextlib.suppress(duckdb.Error):
        return [name for (name,) in connection.sql(_TABLES).fetchall()]
    return []


def _query_error(
    error: duckdb.Error, request: Request, connection: duckdb.DuckDBPyConnection
) -> CohortError:
    """A sentence for a query that failed; DuckDB's own words may repeat patients' values."""
    text = str(error)
    line = _LINE.search(text)
    place = f" (line {line[1]})" if line and not request.table else ""
    if isinstance(error, duckdb.InterruptException):
        return request.too_slow()
    if isinstance(error, duckdb.ParserException):
        return CohortError(
            f"The query is not valid SQL{place}; check it, and give one SELECT statement."
        )
    if isinstance(error, duckdb.CatalogException):
        tables = _table_names(connection)
        missing = _MISSING.search(text)
        what = f"{missing[1].lower()} {shown(missing[2])}" if missing else "such table"
        if request.table:
            what = f"table {request.label}"
        has = f"it has {listed(tables)}" if tables else "it has no tables at all"
        return CohortError(f"The database has no {what}{place}; {has}.")
    if isinstance(error, duckdb.BinderException):
        column = _MISSING_COLUMN.search(text)
        what = f"a column {shown(column[1])} that does not exist" if column else "what does not fit"
        return CohortError(f"The query names {what}{place}; check it.")
    if isinstance(error, duckdb.PermissionException):
        return CohortError(
            "The query reaches for something outside the database file, which is not allowed; load "
            "that file by itself."
        )
    if _TOO_LONG in text:
        return _too_wide(request)
    if isinstance(error, duckdb.OutOfMemoryException):
        return CohortError(f"{request.label} needs more memory than is given to it; ask for less.")
    if "read-only" in text:
        return CohortError("The query changes the database; give one SELECT statement alone.")
    return CohortError(
        f"The query cannot be carried out on these data{place}: a conversion or calculation is not "
        "possible, a value was left open, or the file is damaged; check it."
    )
