"""An engine asked for counts: the same as of its rows, and nothing but counts leave it."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from urllib.parse import quote

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.analysis.associations import (
    alteration_frequencies,
    co_occurrence,
    frequencies_from_counts,
    pairs_from_counts,
    table_one,
    table_one_of_tally,
)
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingError, GroupingSpec
from app.cohort.tally import (
    EngineTally,
    ExposureColumns,
    RowTally,
    TallyError,
    TooFineError,
    connect,
    tally_of,
)
from app.cohort.tally import _engine as asking
from app.cohort.tally import _engine_reading as reading
from app.study.outcomes import NOT_OBSERVED, outcome_of
from app.views.tallied.analysis import followed
from data_loaders import load_cohort
from data_loaders.allowed import Allowed
from tests.data_loaders import postgres

pytest.importorskip("ibis", reason="Ibis is not installed (make engine)")

GROUPS = (
    None, "alteration:TP53", "variable:diagnosis", "variable:sex", "cut:hb@quartiles",
    "cut:age@median", "cut:age@clinical", "cut:platelets@100,450", "genes:TP53|ASXL1",
    "hierarchy:JAK2>TP53>ASXL1",
    str(GroupingSpec.of_filters({
        "old": Filter.from_dict({"column": "age", "between": [70, None]}),
        "ASXL1": Filter.from_dict({"altered": "ASXL1"}),
    })),
)  # fmt: skip


def registry(n: int, seed: int) -> pd.DataFrame:
    """Units, codes, gaps and spellings as a registry has them."""
    rng = np.random.default_rng(seed)
    os_days = rng.integers(1, 3000, n)
    table = pd.DataFrame(
        {
            "patient_id": [f"P{i:06d}" for i in rng.permutation(n)],
            "age": rng.normal(65, 12, n).round(0),
            "sex": rng.choice(["male", "female", None], n, p=[0.5, 0.4, 0.1]),
            "diagnosis": rng.choice(["ET", "PV", "PMF", "MPN-U"], n, p=[0.4, 0.3, 0.28, 0.02]),
            "hb": rng.normal(11, 2, n).round(1),
            "platelets": rng.integers(5, 900, n).astype(float),
            "TP53": rng.choice([0, 1, None], n, p=[0.7, 0.1, 0.2]),
            "ASXL1": rng.choice(["mutated", "wt", "not tested"], n),
            "JAK2": rng.choice(["V617F", "wild type", None], n),
            "os_days": os_days,
            "os_status": rng.choice(["0:LIVING", "1:DECEASED", None], n, p=[0.5, 0.45, 0.05]),
            "aml_days": np.minimum(os_days, rng.integers(1, 3000, n)),
            "aml_event": rng.choice([0, 1], n, p=[0.9, 0.1]),
        }
    )
    table["TP53"] = table["TP53"].astype("Int8")
    table.loc[rng.random(n) < 0.05, "platelets"] = np.nan
    table.loc[rng.random(n) < 0.05, "os_days"] = -9
    return table


def in_duckdb(table: pd.DataFrame, folder: Path) -> str:
    path = folder / "registry.duckdb"
    with duckdb.connect(path) as connection:
        connection.register("given", table)
        connection.execute("CREATE OR REPLACE TABLE patients AS SELECT * FROM given")
    return f"duckdb://{path}"


@pytest.fixture(scope="module", params=[1, 2])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[EngineTally, RowTally]:
    folder = tmp_path_factory.mktemp("registry")
    table = registry(400, request.param)
    table.to_parquet(folder / "patients.parquet")
    engine = connect(in_duckdb(table, folder), "patients")
    return engine, tally_of(load_cohort(folder / "patients.parquet"))


def endless(engine: EngineTally):
    """Every patient beside every other, again and again."""
    rows = engine._known.rows.select("patient_id")
    for _ in range(5):
        rows = rows.cross_join(rows.view()).select("patient_id")
    return rows.aggregate(n=rows.count())


def conditions() -> st.SearchStrategy[dict[str, object]]:
    genes = st.sampled_from(["TP53", "ASXL1", "JAK2"])
    one = st.one_of(
        st.builds(lambda gene: {"altered": gene}, genes),
        st.builds(lambda gene: {"tested": gene}, genes),
        st.builds(
            lambda column, ends: {"column": column, "between": ends},
            st.sampled_from(["age", "hb", "platelets"]),
            st.sampled_from([[60, None], [None, 11], [50, 70], [100, 400]]),
        ),
        st.builds(lambda column: {"known": column}, st.sampled_from(["platelets", "sex"])),
        st.builds(
            lambda values: {"column": "diagnosis", "in": values},
            st.lists(st.sampled_from(["ET", "PV", "nothing"]), min_size=1, max_size=2),
        ),
        st.builds(lambda value: {"column": "age", "in": [value, "60"]}, st.integers(50, 80)),
    )  # fmt: skip
    return st.recursive(
        one,
        lambda inner: st.one_of(
            st.builds(lambda held: {"not": held}, inner),
            st.builds(lambda held: {"all": held}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda held: {"any": held}, st.lists(inner, min_size=1, max_size=3)),
        ),
        max_leaves=5,
    )


def same_events(engine: EngineTally, rows: RowTally, *asked: object) -> None:
    try:
        expected = rows.events(*asked)
    except GroupingError as refused:  # such as nobody to be cut at a median
        said = str(refused)
        with pytest.raises(GroupingError, match=re.escape(said)):
            engine.events(*asked)
        return
    found = engine.events(*asked)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found.attrs == expected.attrs


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(conditions(), st.sampled_from(GROUPS), st.sampled_from(["os", "aml"]))
def test_whom_a_filter_selects_and_how_they_fare_is_as_of_rows(both, condition, group, endpoint):
    engine, rows = both
    chosen = Filter.from_dict(condition)
    assert engine.counts(chosen).equals(rows.counts(chosen))
    same_events(engine, rows, chosen, endpoint, group)


def test_every_group_count_and_sum_is_as_of_rows(both):
    engine, rows = both
    older = Filter.from_dict({"column": "age", "between": [60, None]})
    for group in GROUPS:
        for grid in ([*range(0, 132, 6)], [*range(132)], [*range(7, 132)]):
            same_events(engine, rows, older, "os", group, grid)
    assert set(engine.refused) <= {
        "os_days",
        "aml_days",
        "platelets_text",
    }  # as they stand in the file
    by = ["sex", "TP53", "cut:age@60,70"]
    pd.testing.assert_frame_equal(engine.counts(older, by), rows.counts(older, by))
    pd.testing.assert_frame_equal(engine.features(older), rows.features(older))
    asked = (older, ["age", "platelets"], {"age": [50, 60, 70]})
    pd.testing.assert_frame_equal(engine.moments(*asked), rows.moments(*asked), rtol=1e-12)


def test_table_one_and_pairs_are_as_of_rows(both):
    engine, rows = both
    older = Filter.from_dict({"column": "age", "between": [60, None]})
    mask = older.apply(rows.cohort).mask
    spec = GroupingSpec.parse("variable:diagnosis")
    features = ["TP53", "ASXL1"]
    found = table_one_of_tally(engine, spec, older, features=features)
    wanted = table_one(
        rows.cohort, spec.build(rows.cohort, mask), mask,
        variables=[row.name for row in found.rows if row.name not in features],
        features=features,
    )  # fmt: skip
    assert {"age", "sex", "hb", "platelets"} <= {row.name for row in found.rows}
    for own, expected in zip(found.rows, wanted.rows, strict=True):
        assert own.groups == expected.groups
        assert astuple(own.comparison) == pytest.approx(astuple(expected.comparison), nan_ok=True)
    assert (found.names, found.sizes, found.left_out) == (
        wanted.names, wanted.sizes, wanted.left_out,
    )  # fmt: skip
    genes = ["TP53", "ASXL1", "JAK2"]
    pairs = engine.pairs(older, genes)
    pd.testing.assert_frame_equal(pairs, rows.pairs(older, genes))
    matrix = older.apply(rows.cohort).cohort.alterations
    pd.testing.assert_frame_equal(pairs_from_counts(pairs), co_occurrence(matrix[genes]))
    pd.testing.assert_frame_equal(
        frequencies_from_counts(engine.features(older)), alteration_frequencies(matrix)
    )


def test_a_sample_is_a_cohort_that_says_so(both):
    engine, rows = both
    young = Filter.from_dict({"column": "age", "between": [None, 60]})
    cohort = engine.sample(50, seed=7, selected=young)
    assert cohort.n == 50
    assert set(cohort.patients.index) <= set(young.apply(rows.cohort).cohort.patients.index)
    assert engine.sample(50, seed=7, selected=young).fingerprint == cohort.fingerprint
    assert set(engine.sample(50, seed=8, selected=young).patients.index) != set(
        cohort.patients.index
    )
    assert cohort.name == "patients, sample of 50"
    assert "a random sample of 50 of" in cohort.provenance.source
    assert "Age at diagnosis 60 years or less" in cohort.provenance.note
    assert engine.sample(10_000).n == 400


def test_times_between_dates_and_late_entries_are_as_of_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_TOLD_APART", 100)
    rng = np.random.default_rng(5)
    n = 350
    day = pd.Timestamp("2015-03-01")
    start = day + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    end = start + pd.to_timedelta(rng.integers(60, 2500, n), unit="D")
    table = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "date_of_diagnosis": start.date,
            "date_of_last_follow_up": end.date,
            "status": rng.choice(["alive", "dead"], n),
            "sex": rng.choice(["m", "f"], n),
            "rfs_months": rng.uniform(3, 80, n).round(2),
            "rfs_event": rng.choice([0, 1], n),
            "days_to_referral": rng.integers(0, 120, n),
        }
    )
    mapping = {"endpoints": {"os": {"entry": "days_to_referral"}}}
    url = in_duckdb(table, tmp_path)
    engine = connect(url, "patients", mapping)
    rows = tally_of(load_cohort(url, table="patients", mapping=mapping))
    assert set(engine.cohort.endpoints) == set(rows.cohort.endpoints) >= {"os", "rfs"}
    for endpoint in engine.cohort.endpoints:
        for group in (None, "variable:sex"):
            same_events(engine, rows, None, endpoint, group)
            same_events(engine, rows, None, endpoint, group, [0, 1, 2, *range(6, 180, 6)])
    ended = followed(engine, Filter(), "os", limit=2.0).outcome
    of_rows = outcome_of(rows.cohort, np.ones(n, dtype=bool), "os", limit=2.0)
    assert ended.left_out[NOT_OBSERVED] > 0
    assert sum(ended.left_out.values()) == sum(of_rows.left_out.values()) == n - ended.n
    assert ended.n == of_rows.n
    assert ended.time.max() == 2.0
    monkeypatch.setattr(asking, "_MOST_CELLS", 300)
    with pytest.raises(TooFineError, match="more than 300 different times: count it on a grid"):
        engine.events(None, "os")
    by_month = followed(engine, Filter(), "os")
    assert by_month.outcome.n == rows.events(None, "os")["entered"].sum() < n
    assert "counted by month" in by_month.notes[0]
    assert engine.cohort.endpoints["os"].entry is not None


def test_what_a_sample_decides_holds_for_the_whole_table(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "SAMPLE", 500)
    table = registry(4000, 3)
    table.loc[17, ["diagnosis", "ASXL1", "platelets"]] = ["CMML", "unknown", 99999.0]
    for part, rows in enumerate((table[:1500], table[1500:3000], table[3000:])):
        rows.to_parquet(tmp_path / f"part{part}.parquet")
    engine = connect(str(tmp_path))
    table.to_csv(tmp_path / "whole.csv", index=False)
    whole = tally_of(load_cohort(tmp_path / "whole.csv"))
    assert engine.n == 4000
    assert engine.cohort.n == 0
    assert set(engine.refused) <= {
        "os_days",
        "aml_days",
        "platelets_text",
    }  # as they stand in the file
    for group in GROUPS:
        same_events(engine, whole, None, "aml", group)
    assert "CMML" in set(engine.counts(None, ["diagnosis"])["diagnosis"])
    for text in (repr(engine), str(vars(engine.cohort))):
        assert "P000" not in text


def same_switches(engine: EngineTally, duck: EngineTally) -> None:
    """Two times of the registry's 400 patients, exact and by month, are counted as in DuckDB."""
    came = ExposureColumns((("aml_months", 1.0),), "aml_event", (1.0,), always=True)
    for grid in (None, range(132)):
        there, here = (
            one.switches(None, "os", came, grid).astype(float).sort_values(by, ignore_index=True)
            for one in (engine, duck)
            for by in [["time", "event", "began", "unknown"]]
        )
        pd.testing.assert_frame_equal(there, here, check_dtype=False)
        assert there["n"].sum() == 400


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    if reason := postgres.why_not():
        pytest.skip(reason)
    with postgres.running() as running:
        yield running


def test_postgresql_counts_the_same_and_cannot_be_written_to(server, tmp_path):
    table = registry(400, 1)
    password = quote(postgres.OWNER_PASSWORD, safe="")
    url = f"postgresql://{postgres.OWNER}:{password}@127.0.0.1:{server.port}/postgres"
    kinds = {"O": "text", "f": "double precision", "i": "integer"}
    columns = ", ".join(f'"{name}" {kinds[kind.kind]}' for name, kind in table.dtypes.items())
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE patients ({columns})")
        with cursor.copy("COPY patients FROM STDIN") as copy:
            for row in table.astype(object).where(table.notna(), None).itertuples(index=False):
                copy.write_row(row)
    table.to_parquet(tmp_path / "patients.parquet")
    rows = tally_of(load_cohort(tmp_path / "patients.parquet"))
    engine = connect(url, "patients", seconds=5)
    assert set(engine.refused) <= {
        "os_days",
        "aml_days",
        "platelets_text",
    }  # as they stand in the file
    for group in GROUPS:
        same_events(engine, rows, Filter.from_dict({"not": {"altered": "TP53"}}), "aml", group)
    for grid in (None, [*range(132)], [*range(0, 132, 6)]):
        same_events(engine, rows, None, "os", "variable:sex", grid)
    beside = connect(in_duckdb(table, tmp_path), "patients")
    same_switches(engine, beside)
    pd.testing.assert_frame_equal(engine.features(None), rows.features(None))
    backend = engine._engine._backend
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        backend.raw_sql("DELETE FROM patients")
    slow = endless(engine)
    stop = threading.Timer(0.3, engine.cancel)
    stop.start()
    with pytest.raises(TallyError, match="was cancelled"):
        engine._engine.ask(slow)
    engine.close()
    short = connect(url, "patients", seconds=0.4)
    with pytest.raises(TallyError, match=r"did not answer within 0\.4 seconds"):
        short._engine.ask(endless(short))
    short.close()
    with pytest.raises(TallyError, match="no table nothing") as refusal:
        connect(url, "nothing")
    for text in (str(refusal.value), repr(refusal.value), repr(engine), engine.source):
        assert postgres.OWNER_PASSWORD not in text
        assert password not in text
        assert refusal.value.__cause__ is None


def test_duckdb_is_interrupted_and_reads_nothing_else(tmp_path):
    url = in_duckdb(registry(50, 1), tmp_path)
    engine = connect(url, "patients", seconds=0.3)
    backend = engine._engine._backend
    slow = endless(engine)
    with pytest.raises(TallyError, match=r"did not answer within 0\.3 seconds"):
        engine._engine.ask(slow)
    assert int(engine.counts(None)["n"].iloc[0]) == 50
    second = connect(url, "patients")  # as another session would, beside the first
    assert load_cohort(url, table="patients").n == second.n == 50
    for statement in ("DELETE FROM patients", f"COPY patients TO '{tmp_path}/out.csv'"):
        with pytest.raises(duckdb.Error):
            backend.raw_sql(statement)


def test_what_cannot_be_asked_is_said(tmp_path, monkeypatch, both):
    table = registry(50, 1)
    url = in_duckdb(table, tmp_path)
    twice = in_duckdb(pd.concat([table, table.head(3).assign(age=1)]), tmp_path / "..")
    nobody = Allowed(("/srv/registry", "db.example"))
    engine, _ = both
    for ask, said in (
        (lambda: connect(url), "Name the table"),
        (lambda: connect(url, "other"), "no table other"),
        (lambda: connect(url, "patients", {"columns": {"nothing": {}}}), "nothing"),
        (lambda: connect(twice, "patients"), "share a patient identifier"),
        (lambda: connect(str(tmp_path / "no")), "is no folder of Parquet files"),
        (lambda: connect("mysql://u:hunter2@db/x", "t"), "No engine answers"),
        (lambda: connect(url, "patients", allowed=nobody), "reads only from the folders"),
        (lambda: connect(str(tmp_path), allowed=nobody), "reads only from the folders"),
        (lambda: connect("clickhouse://u:hunter2@x/d", "t", allowed=nobody), "reads only from"),
        (lambda: connect("clickhouse://u:hunter2@127.0.0.1/d", "t"), "cannot be connected to"),
        (lambda: engine.events(None, "nothing"), "no endpoint called nothing; it has os"),
        (lambda: engine.counts(None, ["age"]), "is a number: count it in ranges"),
        (lambda: engine.counts(None, ["nothing"]), "no variable or alteration called nothing"),
        (lambda: engine.moments(None, ["sex"]), "no numeric variable called sex"),
        (lambda: engine.events(None, "os", "burden:"), "ask on a sample"),
        (lambda: engine.counts(Filter.from_dict({"patients": ["P1"]})), "ask on a sample"),
    ):
        with pytest.raises(TallyError, match=said) as refusal:
            ask()
        assert "hunter2" not in repr(refusal.value)
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(TallyError, match="install it with make engine"):
        connect(url, "patients")
