"""Cohorts from databases: DuckDB files, and a PostgreSQL server started for these tests."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import re
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_loaders import CohortError, load_table_bytes
from data_loaders.databases import is_address, load_database
from data_loaders.databases._loading import _read, _request
from data_loaders.databases.address import parse_address
from tests.data_loaders import postgres

ROOT = Path(__file__).resolve().parents[2]

# What both databases hold, and the file that says the same.
PATIENTS = """
CREATE TABLE patients (
    patient_id varchar, sex varchar, age_years decimal(5, 1), hb_g_per_l double precision,
    born date, transplanted boolean, os_months double precision, os_event integer,
    "ASXL1" boolean, "JAK2" smallint);
INSERT INTO patients VALUES
    ('007', 'F', 61.5, 98.25, DATE '1950-02-03', true, 12.5, 1, true, 1),
    ('008', 'M', 70.0, 101, DATE '1944-12-31', false, 30, 0, false, 0),
    ('009', 'F', NULL, 0.1, NULL, NULL, 7.25, 1, NULL, 1),
    ('010', 'M', 44.0, 120, DATE '1999-01-01', false, 48.125, 0, true, 0);
CREATE TABLE one_column (a integer);
CREATE TABLE nobody (patient_id varchar, os_months integer);
CREATE SCHEMA trial;
CREATE TABLE trial."Odd ""name" AS SELECT * FROM patients;
CREATE VIEW young AS SELECT * FROM patients WHERE age_years < 65;
"""
CSV = b"""patient_id,sex,age_years,hb_g_per_l,born,transplanted,os_months,os_event,ASXL1,JAK2
007,F,61.5,98.25,1950-02-03,true,12.5,1,true,1
008,M,70.0,101,1944-12-31,false,30,0,false,0
009,F,,0.1,,,7.25,1,,1
010,M,44.0,120,1999-01-01,false,48.125,0,true,0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "registry.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(PATIENTS)
    return path


@pytest.fixture
def embedded(file: Path) -> str:
    return f"duckdb://{file}"


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    if reason := postgres.why_not():
        pytest.skip(reason)
    with postgres.running() as running:
        with psycopg.connect(owner_url(running, "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {postgres.DATABASE}")
        with psycopg.connect(owner_url(running)) as connection:
            connection.execute(PATIENTS)
            connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
        yield running


def owner_url(server: postgres.Server, database: str = postgres.DATABASE) -> str:
    password = quote(postgres.OWNER_PASSWORD, safe="")
    return f"postgresql://{postgres.OWNER}:{password}@127.0.0.1:{server.port}/{database}"


@pytest.fixture
def url(server: postgres.Server) -> str:
    return owner_url(server)


@pytest.fixture(params=["duckdb", "postgresql"])
def either(request: pytest.FixtureRequest) -> str:
    name = "embedded" if request.param == "duckdb" else "url"
    return str(request.getfixturevalue(name))


def refusal(url: str, **named: object) -> str:
    with pytest.raises(CohortError) as caught:
        load_database(url, **named)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert re.fullmatch(r"[A-Z\w].*\.", sentence), sentence
    assert "\n" not in sentence
    everything = "".join(traceback.format_exception(caught.value))
    for secret in (postgres.OWNER_PASSWORD, quote(postgres.OWNER_PASSWORD, safe=""), "hunter2"):
        assert secret not in everything
    return sentence


def test_a_table_is_what_the_same_file_is(either: str):
    cohort = load_database(either, table="patients")
    assert cohort.fingerprint == load_table_bytes("patients.csv", CSV).fingerprint
    assert cohort.n == 4
    assert list(cohort.patients.index) == ["007", "008", "009", "010"]
    assert list(cohort.endpoints) == ["os"]
    assert list(cohort.feature_state("ASXL1")) == [1, 0, -1, 1]
    assert cohort.name == "patients"


def test_a_query_is_run(either: str):
    cohort = load_database(
        either,
        "WITH old AS (SELECT * FROM patients WHERE age_years > 50)\n"
        'SELECT patient_id, os_months, os_event, "JAK2" FROM old; -- those over 50',
        name="Over 50",
    )
    assert list(cohort.patients.index) == ["007", "008"]
    assert cohort.name == "Over 50"


@pytest.mark.parametrize(
    "ending",
    [";", " ; ", ";;", "; -- a; b", "; /* a; b */ ;\n-- c", "-- a;", " WHERE sex <> ';--'"],
)
def test_a_query_may_end_as_it_likes(either: str, ending: str):
    query = "SELECT * FROM patients"
    assert load_database(either, query + ending).n == 4


def test_schemas_views_and_quotes_in_names(either: str):
    assert load_database(either, table='trial.Odd "name').n == 4
    assert load_database(either, table="young").n == 2


@pytest.mark.parametrize(
    "name", ["patients; DROP TABLE patients", 'patients" WHERE false --', "patients WHERE 1=1"]
)
def test_a_table_name_is_nothing_but_a_name(either: str, name: str):
    assert "patients" in refusal(either, table=name)
    assert load_database(either, table="patients").n == 4


def test_values_come_as_exact_text(either: str):
    hugest = "170141183460469231731687303715884105727"
    query = (
        "SELECT 'a' AS id, true AS b, false AS c, DATE '0999-01-02' AS d, "
        "CAST('12.50' AS DECIMAL(6, 2)) AS e, CAST(0.1 AS DOUBLE PRECISION) AS f, "
        "CAST(1e300 AS DOUBLE PRECISION) AS g, CAST(NULL AS INTEGER) AS h, "
        f"CAST('{hugest}' AS DECIMAL(39, 0)) AS i, "
        if "postgresql" in either
        else "SELECT 'a' AS id, true AS b, false AS c, DATE '0999-01-02' AS d, "
        "CAST('12.50' AS DECIMAL(6, 2)) AS e, CAST(0.1 AS DOUBLE PRECISION) AS f, "
        f"CAST(1e300 AS DOUBLE PRECISION) AS g, CAST(NULL AS INTEGER) AS h, {hugest} AS i, "
    ) + (
        "TIMESTAMP '2020-01-31 23:30:00' AS j, "
        "CAST('2020-02-01 00:30:00+01' AS TIMESTAMP WITH TIME ZONE) AS k, "
        "'  spaced ' AS l, '' AS m, 'true' AS n, 'a+00' AS o, 0.0000001 AS p"
    )
    address = parse_address(either)
    raw = _read(address, _request(address, query, None, 10.0))
    cells = {name: column.objects()[0] for name, column in raw.columns.items()}
    assert cells["b"] == "true"
    assert cells["c"] == "false"
    assert cells["d"] == "0999-01-02"
    assert Decimal(cells["e"]) == Decimal("12.50")
    assert cells["e"] == "12.50"
    assert float(cells["f"]) == 0.1
    assert float(cells["g"]) == 1e300
    assert cells["h"] is None
    assert cells["i"] == hugest
    assert cells["j"] == cells["k"] == "2020-01-31 23:30:00"
    assert cells["l"] == "spaced"
    assert cells["m"] is None
    assert cells["n"] == "true"
    assert cells["o"] == "a+00"
    assert float(cells["p"]) == 1e-7


def test_instants_are_utc_whatever_the_zone_of_the_machine(embedded: str):
    code = (
        "import sys; from data_loaders.databases import load_database\n"
        "query = \"SELECT 'a' AS patient_id, TIMESTAMPTZ '2020-02-01 00:30:00+01' AS seen, "
        '1 AS os_months, 1 AS os_event"\n'
        f"cohort = load_database({embedded!r}, query)\n"
        "print(cohort.patients['seen'].iloc[0])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"TZ": "America/New_York", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("2020-01-31 23:30")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM patients; DROP TABLE patients",
        "SELECT 1 AS a, 2 AS b; SELECT 3 AS c, 4 AS d",
        "DROP TABLE patients",
        "INSERT INTO patients (patient_id) VALUES ('011')",
        "UPDATE patients SET sex = 'F' RETURNING *",
        "CREATE TABLE copy AS SELECT * FROM patients",
        "COPY patients TO 'stolen.csv'",
        "EXPLAIN SELECT * FROM patients",
        "SET memory_limit = '1TB'",
        "SELECT * FROM patients) TO PROGRAM 'touch stolen.csv' --",
        "SELECT * FROM patients) UNION (SELECT * FROM patients",
        "WITH gone AS (DELETE FROM patients RETURNING *) SELECT * FROM gone",
        "COMMIT",
        "-- nothing",
    ],
)
def test_only_one_select_is_run(
    either: str, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    sentence = refusal(either, query=query)
    assert "SELECT" in sentence
    assert not (tmp_path / "stolen.csv").exists()
    assert load_database(either, table="patients").n == 4


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT *\nFORM patients", "line 2"),
        ("SELECT * FROM pateints", "it has"),
        ("SELECT haemoglobin, sex FROM patients", "column"),
        ("SELECT sex, CAST(patient_id || 'x' AS integer) FROM patients", "conversion"),
        ("SELECT sex FROM patients", "1 column"),
        ("SELECT sex, sex FROM patients", "more than one column: sex"),
        ("SELECT * FROM nobody", "no rows"),
        ("SELECT patient_id, sex FROM patients WHERE false", "no rows"),
    ],
)
def test_a_query_that_fails_is_explained(either: str, query: str, words: str):
    sentence = refusal(either, query=query)
    assert re.search(words, sentence), sentence
    assert "007" not in sentence


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({}, "Name a table or a query.*patients.*young"),
        ({"table": "patients", "query": "SELECT 1"}, "name one of them"),
        ({"table": "pateints"}, r"no table pateints; .*patients.*trial\.Odd"),
        ({"table": "one_column"}, "1 column"),
        ({"table": "nobody"}, "no rows"),
        ({"table": "pat\x00ients"}, "no text that a database takes"),
        ({"table": "patients", "mapping": {"patient_id": "nope"}}, "mapping names columns"),
        ({"table": "patients", "seconds": 0}, "more than 0 seconds"),
    ],
)
def test_a_table_that_cannot_be_is_explained(either: str, named: dict[str, object], words: str):
    sentence = refusal(either, **named)
    assert re.search(words, sentence), sentence


def test_a_list_of_variants_is_no_cohort(either: str):
    query = (
        'SELECT patient_id AS "Tumor_Sample_Barcode", \'ASXL1\' AS "Hugo_Symbol", '
        "'p.G646fs' AS \"HGVSp_Short\", 'Frame_Shift_Ins' AS \"Variant_Classification\" "
        "FROM patients"
    )
    assert "lists variants" in refusal(either, query=query)


def test_a_slow_query_is_stopped(either: str):
    slow = (
        "SELECT 'a' AS patient_id, count(*) AS n FROM "
        "generate_series(1, 100000) AS a(x), generate_series(1, 100000) AS b(y) WHERE x <> y"
    )
    begin = time.monotonic()
    assert "longer than 0.5 seconds" in refusal(either, query=slow, seconds=0.5)
    assert time.monotonic() - begin < 5


def test_too_many_rows_are_refused_before_they_are_all_read(
    either: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("data_loaders.databases.result.MAX_ROWS", 50_000)
    query = "SELECT x AS patient_id, x AS os_months FROM generate_series(1, 300000) AS t(x)"
    begin = time.monotonic()
    assert "more than 50,000 rows" in refusal(either, query=query, seconds=30)
    assert time.monotonic() - begin < 10


def test_too_many_columns_are_refused(either: str):
    query = "SELECT " + ", ".join(f"1 AS c{i}" for i in range(1_600))
    assert load_columns(either, query) == 1_600
    if either.startswith("duckdb"):
        more = "SELECT " + ", ".join(f"1 AS c{i}" for i in range(20_001))
        with pytest.raises(CohortError, match=r"more than 20,000 columns|no text"):
            load_columns(either, more)


def load_columns(url: str, query: str) -> int:
    address = parse_address(url)
    return len(_read(address, _request(address, query, None, 30.0)).columns)


def test_provenance_says_where_but_not_who(either: str):
    cohort = load_database(either, table="patients")
    assert "patients" in cohort.provenance.source
    assert dt.datetime.now(tz=dt.UTC).date().isoformat() in cohort.provenance.version
    queried = load_database(either, "SELECT * FROM patients WHERE patient_id <> '010'")
    assert "010" not in repr(queried.provenance)
    assert re.search(r"SHA-256 of the query [0-9a-f]{64}", queried.provenance.version)
    for text in (repr(cohort.provenance), repr(queried.provenance)):
        assert postgres.OWNER_PASSWORD not in text
        assert f"{postgres.OWNER}:" not in text


def test_rows_come_in_many_batches(either: str):
    query = (
        "SELECT 'P' || x AS patient_id, x % 97 AS age_years, x * 0.25 AS os_months, "
        'x % 2 AS os_event, x % 3 = 0 AS "TET2" FROM generate_series(1, 45000) AS t(x) ORDER BY x'
    )
    cohort = load_database(either, query)
    assert cohort.n == 45_000
    numbers = np.arange(1, 45_001)
    np.testing.assert_array_equal(cohort.patients["os_months"], numbers * 0.25)
    np.testing.assert_array_equal(cohort.feature_state("TET2"), (numbers % 3 == 0).astype(int))


# DuckDB


def test_duckdb_reaches_for_nothing_but_its_file(embedded: str, file: Path, tmp_path: Path):
    secret = tmp_path / "secret.csv"
    secret.write_text("patient_id,os_months\n1,2\n")
    other = tmp_path / "other.duckdb"
    duckdb.connect(other).close()
    local_frame = pd.DataFrame({"patient_id": ["1"], "os_months": [1]})
    assert len(local_frame) == 1
    for query in (
        f"SELECT * FROM read_csv('{secret}')",  # noqa: S608
        f"SELECT * FROM '{secret}'",  # noqa: S608
        f"SELECT * FROM read_text('{secret}')",  # noqa: S608
        f"SELECT * FROM glob('{tmp_path}/*')",  # noqa: S608
        "SELECT * FROM local_frame",
        "SELECT * FROM read_parquet('https://example.org/a.parquet')",
    ):
        sentence = refusal(embedded, query=query)
        assert "outside the database" in sentence or "has no table" in sentence, sentence
    for query in (f"ATTACH '{other}'", "INSTALL httpfs", "LOAD httpfs"):
        assert "SELECT" in refusal(embedded, query=query)
    before = file.read_bytes()
    load_database(embedded, table="patients")
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".wal")] == []


def test_duckdb_files_that_are_none(tmp_path: Path, file: Path):
    assert "cannot be found" in refusal(f"duckdb://{tmp_path}/nope.duckdb", table="patients")
    assert "cannot be opened" in refusal(f"duckdb://{tmp_path}", table="patients")
    table = tmp_path / "table.csv"
    table.write_bytes(CSV)
    assert "no DuckDB database" in refusal(f"duckdb://{table}", table="patients")
    for cut in (3, 20, 5_000):
        damaged = tmp_path / f"damaged{cut}.duckdb"
        damaged.write_bytes(file.read_bytes()[:cut])
        assert "DuckDB" in refusal(f"duckdb://{damaged}", table="patients")
    assert "names no file" in refusal("duckdb:///", table="patients")


def test_duckdb_open_elsewhere_for_writing(file: Path, embedded: str):
    code = (
        "import duckdb, sys\n"
        f"connection = duckdb.connect({str(file)!r})\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        assert "open for writing in another program" in refusal(embedded, table="patients")
        process.communicate()
    assert load_database(embedded, table="patients").n == 4


# PostgreSQL


def test_postgresql_that_cannot_be_connected_to(server: postgres.Server):
    at, password = f"127.0.0.1:{server.port}", quote(postgres.OWNER_PASSWORD, safe="")
    owner = f"{postgres.OWNER}:{password}"
    for address, words in (
        (f"postgresql://{postgres.OWNER}:hunter2@{at}/registry", "does not accept this user"),
        (f"postgresql://nobody:hunter2@{at}/registry", "does not accept this user"),
        (f"postgresql://{postgres.OWNER}@{at}/registry", "asks for a password"),
        (f"postgresql://{owner}@{at}/nope", "There is no PostgreSQL database nope"),
        (f"postgresql://{owner}@127.0.0.1:1/registry", "Nothing answers"),
        (f"postgresql://{owner}@/registry?host=/nowhere", "Nothing answers"),
        (f"postgresql://{owner}@no.such.host.invalid/registry", "no host of that name"),
        (f"postgresql://{owner}@{at}/registry?sslmode=require", "encrypted"),
    ):
        assert words in refusal(address, table="patients"), address


def test_postgresql_over_its_socket(server: postgres.Server):
    password = quote(postgres.OWNER_PASSWORD, safe="")
    url = f"postgres://{postgres.OWNER}:{password}@:{server.port}/registry?host={server.folder}"
    assert load_database(url, table="patients").n == 4


def test_postgresql_that_does_not_answer(monkeypatch: pytest.MonkeyPatch):
    import socket

    monkeypatch.setattr("data_loaders.databases.postgresql._CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        sentence = refusal(f"postgresql://u:hunter2@127.0.0.1:{port}/registry", table="patients")
    assert "does not answer within 2 seconds" in sentence


def test_postgresql_rights(server: postgres.Server):
    stranger = f"postgresql://stranger:stranger@127.0.0.1:{server.port}/registry"
    assert "right to SELECT" in refusal(stranger, table="patients")
    assert "it has none that this user may see" in refusal(stranger, table="nope")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nextval('counter') AS patient_id, 1 AS os_months",
        "SELECT lo_create(0) AS patient_id, 1 AS os_months",
        "SELECT set_config('transaction_read_only', 'off', false) AS patient_id, "
        "lo_create(0) AS os_months",
        "SELECT * FROM patients FOR UPDATE",
    ],
)
def test_postgresql_functions_change_nothing(server: postgres.Server, query: str):
    with psycopg.connect(owner_url(server)) as connection:
        connection.execute("CREATE SEQUENCE IF NOT EXISTS counter")
    # Some functions write in a read-only transaction all the same; it is never committed.
    with contextlib.suppress(CohortError):
        load_database(owner_url(server), query)
    with psycopg.connect(owner_url(server)) as connection:
        objects = connection.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone()
        counter = connection.execute("SELECT is_called FROM counter").fetchone()
    assert objects == (0,)
    assert counter == (False,)


def test_postgresql_locked_table_is_given_up(server: postgres.Server, monkeypatch):
    monkeypatch.setattr("data_loaders.databases.postgresql._LOCK_SECONDS", 1)
    with psycopg.connect(owner_url(server)) as connection:
        connection.execute("LOCK TABLE patients IN ACCESS EXCLUSIVE MODE")
        assert "locked" in refusal(owner_url(server), table="patients")


def test_postgresql_that_breaks_off(server: postgres.Server):
    slow = "SELECT 'a' AS patient_id, pg_sleep(20) AS os_months"
    caught: list[str] = []
    thread = threading.Thread(
        target=lambda: caught.append(refusal(owner_url(server), query=slow, seconds=30))
    )
    thread.start()
    end = time.monotonic() + 10
    with psycopg.connect(owner_url(server), autocommit=True) as connection:
        stop = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'FETCH%' AND pid <> pg_backend_pid()"
        )
        while not connection.execute(stop).fetchall() and time.monotonic() < end:
            time.sleep(0.05)
    thread.join(15)
    assert len(caught) == 1
    assert "broke off" in caught[0]


def test_postgresql_leaves_no_connection_behind(url: str):
    load_database(url, table="patients")
    refusal(url, table="nope")
    refusal(url, query="SELECT 1; SELECT 2")
    with psycopg.connect(url) as connection:
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'calr-explorer'"
        end = time.monotonic() + 5
        while connection.execute(count).fetchone() != (0,) and time.monotonic() < end:
            time.sleep(0.05)
            connection.rollback()
        assert connection.execute(count).fetchone() == (0,)


def test_the_password_is_not_logged(url: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        load_database(url, table="patients")
        refusal(url, table="nope")
    assert postgres.OWNER_PASSWORD not in caplog.text
    assert quote(postgres.OWNER_PASSWORD, safe="") not in caplog.text


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql://user:hunter2@host",
        "postgresql://user:hunter2@host/",
        "postgresql://user:hunter2/x@host/db",
        "postgresql://user:hunter2#x@host/db",
        "postgresql://user:12/hunter2@host/db",
        "postgresql://user:12?hunter2@host/db",
        "postgresql://user:12#hunter2@host/db",
        "postgresql://user:hunter2@host/db?hunter2=1",
        "postgresql://user:hunter2@host:port/db",
        "postgresql://user:hunter2@[host/db",
        "postgresql://user:hunter2@host/db?options=-c%20statement_timeout=0",
        "postgresql://user:hunter2@host/db?passfile=/etc/passwd",
        "postgresql://user:hunter2@host/d%00b",
        "mysql://user:hunter2@host/db",
        "duckdb:",
        "duckdb://",
        "duckdb:///%00",
        "",
        "patients.csv",
    ],
)
def test_addresses_that_are_none(url: str):
    assert "ddress" in refusal(url, table="patients")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_password_goes_nowhere_however_it_is_written(text: str):
    for password in (f"hunter2{text}", f"{text}hunter2", f"12/{text}hunter2"):
        try:
            address = parse_address(f"postgresql://user:{password}@host/db")
        except CohortError as error:
            said = "".join(traceback.format_exception(error))
        else:
            said = repr(address)
            assert "hunter2" in address.settings["password"]
        assert "hunter2" not in said


def test_addresses_taken_apart():
    address = parse_address("postgresql://u%40x:hunter%2F2@Db.Hospital.org:6543/a%20b")
    assert dict(address.settings) == {
        "host": "db.hospital.org",
        "port": "6543",
        "user": "u@x",
        "password": "hunter/2",
        "dbname": "a b",
        "sslmode": "require",
    }
    assert "hunter" not in repr(address)
    assert "u@x" not in repr(address)
    assert parse_address("postgres://h/d?sslmode=verify-full").settings["sslmode"] == "verify-full"
    assert parse_address("postgres://localhost/d").settings["sslmode"] == "prefer"
    assert parse_address("duckdb:///a/b%20c.duckdb").settings["path"] == "/a/b c.duckdb"
    assert parse_address("duckdb://b.duckdb").settings["path"] == "b.duckdb"
    assert is_address("PostgreSQL://h/d")
    assert is_address("duckdb:///a")
    assert not is_address("catalogue:mds_iwg_2022")
    assert not is_address("/data/postgresql/patients.csv")
