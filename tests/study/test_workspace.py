"""What is kept: cohorts exactly, every saved thing in versions, and nothing of what is deleted."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import math
import mmap
import os
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.study.workspace import (
    Original,
    WorkspaceError,
    _mapped,
    from_archive,
    opened,
    share,
    shared_with,
    shares,
    to_archive,
)
from app.study.workspace._folders import FILES
from app.study.workspace._schema import _MIGRATIONS as MIGRATIONS
from app.study.workspace._schema import REVISION, metadata
from app.study.workspace._store import DATABASE_FILE, Workspace
from data_loaders import Cohort
from data_loaders.settings import COMMON, STORE
from data_loaders.uploads import load_upload
from tests.data_loaders import postgres

ME, OTHER, KEY = "local", "other", "upload:0123456789"
PATIENT = "Zaphod-4711"
RNG = np.random.default_rng(20)
N = 40
TABLE = pd.DataFrame(
    {
        "patient_id": [PATIENT, *(f"P{i}" for i in range(1, N))],
        "age_years": [None if i < 3 else 40.5 + i for i in range(N)],
        "diagnosis": RNG.choice(["PV", "ET", None], N),
        "sampled": ["2020-03-01"] * N,
        "os_months": RNG.exponential(30, N).round(1) + 0.1,
        "os_event": RNG.integers(0, 2, N),
        "kind": RNG.choice([0, 1, 2, 9], N),
        "TP53": RNG.integers(0, 2, N),
        "hb": RNG.normal(11, 1, N).round(1),
    }
)
SENT = {"mine.csv": TABLE.to_csv(index=False).encode()}
MAPPING = {"ignore": ["kind"], "scores": {"hb": {"column": "hb", "unit": "g/dL"}}}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_upload(SENT, MAPPING, "Mine")


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    if reason := postgres.why_not():
        pytest.skip(reason)
    with postgres.running() as server:
        yield sa.URL.create(
            "postgresql", postgres.OWNER, postgres.OWNER_PASSWORD, "127.0.0.1", server.port,
            "postgres",
        ).render_as_string(hide_password=False)  # fmt: skip


@pytest.fixture(params=["folder", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    folder = request.param == "folder"
    where = tmp_path / "store" if folder else request.getfixturevalue("database")
    with closing(Workspace(where)) as store:
        yield store
        if not folder:
            store.delete(ME, KEY)


def original() -> Original:
    return Original(MAPPING, "Mine", "d" * 64, SENT)


def same(a: Cohort, b: Cohort) -> None:
    assert a.fingerprint == b.fingerprint
    assert (a.name, a.provenance, a.issues) == (b.name, b.provenance, b.issues)
    assert a.provenance.loaded == b.provenance.loaded
    assert a.file_columns == b.file_columns
    pd.testing.assert_frame_equal(a.patients, b.patients)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_cohort_comes_back_equal_and_can_be_read_again(store: Workspace, cohort: Cohort):
    store.keep(ME, KEY, cohort, original())
    (head,) = store.cohorts(ME)
    assert (head.key, head.name, head.patients) == (KEY, "Mine", N)
    back, held = store.open(ME, KEY)
    same(back, cohort)
    assert held is not None
    assert (dict(held.mapping), held.name) == (MAPPING, "Mine")
    files = store.originals(ME, KEY)
    assert files == SENT
    same(load_upload(files, held.mapping, held.name), cohort)
    assert (store.cohorts(OTHER), store.latest(OTHER)) == ([], {})
    with pytest.raises(WorkspaceError, match="not kept"):
        store.open(OTHER, KEY)


def test_processes_share_the_numbers_of_a_cohort_and_none_writes_into_anothers(
    store: Workspace, cohort: Cohort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    common = tmp_path / "common"
    common.mkdir()
    monkeypatch.setenv(COMMON.name, str(common))
    store.keep(ME, KEY, cohort, original())
    assert not store.open(ME, KEY)[0].n >= _mapped._LEAST
    assert not list(common.iterdir())
    monkeypatch.setattr(_mapped, "_LEAST", N)
    one, other = (store.open(ME, KEY)[0] for _ in range(2))
    (file,) = common.iterdir()
    before = file.read_bytes()
    for opened_one in (one, other):
        same(opened_one, cohort)
        assert Cohort.fingerprint.func(opened_one) == cohort.fingerprint  # of what is there now
        assert _in_a_file(opened_one.patients["os_months"].to_numpy())
        assert _in_a_file(opened_one.alterations["TP53"].array._data)
    one.patients["os_months"].to_numpy()[:] = 0.0
    assert other.patients["os_months"].equals(cohort.patients["os_months"])
    assert file.read_bytes() == before
    store.delete(ME, KEY)
    assert not list(common.iterdir())


def _in_a_file(array: np.ndarray) -> bool:
    while array.base is not None and not isinstance(array, np.memmap):
        array = array.base
    return isinstance(array, np.memmap | mmap.mmap)


def test_a_correction_takes_the_place_of_what_was_kept(store: Workspace, cohort: Cohort):
    store.keep(ME, KEY, cohort, original())
    corrected = load_upload(SENT, {"ignore": ["TP53"]}, "Mine")
    store.keep(ME, KEY, corrected, Original({"ignore": ["TP53"]}, "Mine", "d" * 64))
    back, held = store.open(ME, KEY)
    same(back, corrected)
    assert held is not None
    assert dict(held.mapping) == {"ignore": ["TP53"]}
    assert store.originals(ME, KEY) == SENT
    assert [one.fingerprint for one in store.cohorts(ME)] == [corrected.fingerprint]


def test_what_is_saved_has_versions_and_what_was_dropped_comes_back(store: Workspace):
    before = store.latest(ME)
    hostile = "'); DROP TABLE saved; --"
    store.save(ME, hostile, hostile, {hostile: hostile}, about=(hostile,))
    assert [one.content for one in store.versions(ME, hostile)] == [hostile]
    store.delete(ME, hostile)
    first, number = store.save(ME, KEY, "filter", {"Old": {"a": 1}, "Young": {"b": [1, None, "é"]}})
    assert store.latest(ME) == before | {(KEY, "filter"): number}
    store.save(ME, KEY, "filter", {"Old": {"a": 2}})
    assert {n: one.content for n, one in store.saved(ME, KEY, "filter").items()} == {
        "Old": {"a": 2}, "Young": {"b": [1, None, "é"]},
    }  # fmt: skip
    between, after = store.save(ME, KEY, "filter", {"Old": None})
    assert first < number < between < after
    assert list(store.saved(ME, KEY, "filter")) == ["Young"]
    assert store.saved(OTHER, KEY, "filter") == store.saved(ME, "upload:x", "filter") == {}
    old = [one for one in store.versions(ME, KEY) if one.name == "Old"]
    assert [(one.version, one.content) for one in old] == [(1, {"a": 1}), (2, {"a": 2}), (3, None)]
    for number in range(60):
        store.save(ME, KEY, "filter", {"Old": {"a": number}})
    kept = [one.version for one in store.versions(ME, KEY) if one.name == "Old"]
    assert kept == list(range(14, 64))


def test_writers_at_a_time_lose_nothing_of_each_other(store: Workspace):
    def write(who: int) -> None:
        for number in range(5):
            store.save(ME, KEY, "filter", {"one": [who, number], f"own {who}": number})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    versions = store.versions(ME, KEY, ("filter",))
    assert [one.version for one in versions if one.name == "one"] == list(range(1, 21))
    held = {name: one.content for name, one in store.saved(ME, KEY, "filter").items()}
    held.pop("one")
    assert held == {f"own {who}": 4 for who in range(4)}


def test_without_room_nothing_is_lost_and_it_is_said(tmp_path: Path, cohort: Cohort):
    with closing(Workspace(tmp_path)) as store:
        store.keep(ME, KEY, cohort, original())
        corrected = load_upload(SENT, {"ignore": ["TP53"]}, "Mine")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))  # as a disk that is full
        try:
            with pytest.raises(WorkspaceError, match=r"cannot be (kept|written)"):
                store.keep(ME, KEY, corrected)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        same(store.open(ME, KEY)[0], cohort)
        assert len(list((tmp_path / "cohorts").iterdir())) == 1
        store.keep(ME, KEY, corrected)


def test_a_database_that_is_away_is_said_and_not_waited_for_at_every_click(
    monkeypatch: pytest.MonkeyPatch, database: str
):
    monkeypatch.setenv(STORE.name, database)
    assert opened() is opened()
    opened().close()
    monkeypatch.setenv(STORE.name, "postgresql://nobody@127.0.0.1:9/none")
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(WorkspaceError, match="database answers"):
            opened()
    assert time.monotonic() - started < 0.01


def test_the_page_is_come_back_to_and_the_cohort_used_last_is_first(
    store: Workspace, cohort: Cohort
):
    store.keep(ME, KEY, cohort)
    store.keep(ME, "demo:mpn", cohort)
    store.came_by(ME, KEY, "survival", {"view": {"group": "x"}})
    store.came_by(OTHER, KEY, "cohort", {})
    assert store.place(ME, KEY) == {"view": {"group": "x"}}
    assert store.place(ME, "demo:mpn") is None
    assert {one.key: (one.page, one.has_data) for one in store.cohorts(ME)} == {
        KEY: ("survival", True), "demo:mpn": ("", False),
    }  # fmt: skip
    store.delete(ME, "demo:mpn")


def test_a_cohort_is_shared_with_a_person_or_a_group_and_taken_back(
    store: Workspace, cohort: Cohort
):
    bob, others = ("person:bob", "group:registry"), ("person:eve", "group:readers")
    store.keep(ME, KEY, cohort, original())
    assert not shared_with(store, bob)
    share(store, ME, KEY, "group:registry", "read")
    assert shared_with(store, bob)[KEY].may == "read"
    share(store, ME, KEY, "person:bob", "edit")
    one = shared_with(store, bob)[KEY]
    assert (one.owner, one.may) == (ME, "edit")
    assert (one.kept.name, one.kept.patients) == (cohort.name, N)
    assert not shared_with(store, others)
    assert not shared_with(store, ())
    assert shares(store, ME, KEY) == {"group:registry": "read", "person:bob": "edit"}
    # Sharing is of the cohort's owner; a correction by who may edit does not end it.
    with pytest.raises(WorkspaceError, match="not kept"):
        share(store, OTHER, KEY, "person:eve", "edit")
    store.keep(ME, KEY, cohort, original())
    assert len(shares(store, ME, KEY)) == 2
    share(store, ME, KEY, "person:bob", None)
    assert shared_with(store, bob)[KEY].may == "read"
    store.delete(ME, KEY)
    assert not shared_with(store, bob)
    assert not shares(store, ME, KEY)


def test_deleted_means_gone(tmp_path: Path, cohort: Cohort):
    folder = tmp_path / "store"
    with closing(Workspace(folder)) as store:
        store.keep(ME, KEY, cohort, original())
        store.keep(ME, KEY, cohort, original())
        store.save(ME, KEY, "filter", {"A list": {"patients": [PATIENT, "P3"]}})
        store.save(ME, "", "story", {"story": {"of": PATIENT}}, about=("demo:mpn", KEY))
        store.save(ME, "", "story", {"another": {"of": "nobody"}}, about=("demo:mpn",))
        store.came_by(ME, KEY, "patient", {"patient": PATIENT})
        assert PATIENT.encode() in everything_in(folder)
        assert not [p for p in folder.rglob("*") if p.stat().st_mode & 0o077 and p.is_dir()]
        store.delete(ME, KEY)
        assert list(store.saved(ME, "", "story")) == ["another"]
        assert [path.name for path in (folder / "cohorts").iterdir()] == []
        left = everything_in(folder)
    assert not [word for word in (PATIENT, KEY) if word.encode() in left]


def test_what_others_saved_goes_with_the_last_who_keeps_the_cohort(
    store: Workspace, cohort: Cohort
):
    for owner in (ME, OTHER):
        store.keep(owner, KEY, cohort)
        store.save(owner, KEY, "filter", {"One": {}})
        store.save(owner, "", "story", {"Mixed": {}}, about=("demo:mpn", KEY))
    store.save("third", KEY, "filter", {"Of a reader": {}})
    store.keep(ME, "demo:mpn", cohort)
    store.delete(ME, "demo:mpn")
    assert list(store.saved(ME, "", "story")) == ["Mixed"]
    store.delete(ME, KEY)
    assert store.latest(ME) == {}
    assert set(store.latest(OTHER)) == {(KEY, "filter"), ("", "story")}
    assert set(store.latest("third")) == {(KEY, "filter")}
    store.delete(OTHER, KEY)
    assert store.latest(OTHER) == store.latest("third") == {}


def test_a_workspace_is_one_file_and_comes_back_from_it(
    store: Workspace, cohort: Cohort, tmp_path: Path
):
    store.keep(ME, KEY, cohort, original())
    store.save(ME, KEY, "filter", {"Old": {"a": 1}}, fingerprint=cohort.fingerprint)
    store.save(ME, KEY, "filter", {"Old": {"a": 2}}, fingerprint=cohort.fingerprint)
    store.save(ME, "", "story", {"Mine": {"steps": []}}, about=(KEY, "demo:mpn"))
    store.save(ME, "", "story", {"Another's": {}}, about=("upload:another",))
    archive = to_archive(store, ME, (KEY,))
    store.delete(ME, "upload:another")
    with closing(Workspace(tmp_path / "elsewhere")) as there:
        for _ in range(2):  # the second time there is nothing new in it
            assert from_archive(there, OTHER, archive) == (KEY,)
            same(there.open(OTHER, KEY)[0], cohort)
            assert there.originals(OTHER, KEY) == SENT
            old = [(one.version, one.content) for one in there.versions(OTHER, KEY)]
            assert old == [(1, {"a": 1}), (2, {"a": 2})]
            assert list(there.saved(OTHER, "", "story")) == ["Mine"]
        there.keep(OTHER, KEY, load_upload(SENT, {"ignore": ["TP53"]}, "Mine"))
        with pytest.raises(WorkspaceError, match="with other content"):
            from_archive(there, OTHER, archive)


def rewritten(archive: bytes, change: Callable[[dict, dict[str, bytes]], None]) -> bytes:
    """An archive with its manifest and files changed."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    said = json.loads(files.pop("workspace.json"))
    change(said, files)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, content in {**files, "workspace.json": json.dumps(said).encode()}.items():
            made.writestr(name, content)
    return held.getvalue()


def _outside(said: dict, files: dict[str, bytes]) -> None:
    said["cohorts"][0]["files"]["../../../escaped"] = hashlib.sha256(b"x").hexdigest()
    files["cohorts/0/../../../escaped"] = b"x"


def _unlisted(_said: dict, files: dict[str, bytes]) -> None:
    files["../escaped"] = b"x"


def _another_file(_said: dict, files: dict[str, bytes]) -> None:
    files["cohorts/0/patients.parquet"] += b"x"


def _another_cohort(said: dict, files: dict[str, bytes]) -> None:
    text = files["cohorts/0/cohort.json"].replace(b"P11", b"Q11")
    files["cohorts/0/cohort.json"] = text
    said["cohorts"][0]["files"]["cohort.json"] = hashlib.sha256(text).hexdigest()


def _twice(said: dict, _files: dict[str, bytes]) -> None:
    said["cohorts"].append(said["cohorts"][0] | {"files": {}})


def _a_demos_data(said: dict, _files: dict[str, bytes]) -> None:
    said["cohorts"][0]["key"] = "demo:mpn"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_outside, "files that are none of it"),
        (_unlisted, "files that are none of it"),
        (_another_file, "is not the one that was exported"),
        (_another_cohort, "changed or damaged"),
        (_twice, "no workspace, or it is damaged"),
        (lambda said, _: said["cohorts"][0].update(key="upload:<b>"), "no workspace"),
        (lambda said, _: said["cohorts"][0].update(patients=math.inf), "no workspace"),
        (lambda said, _: said["cohorts"][0].update(patients=10**30), "no workspace"),
        (lambda said, _: said["cohorts"][0].update(patients=7), "other content"),
        (_a_demos_data, "no workspace, or it is damaged"),
        (lambda said, _: said.update(version=2), "newer version"),
        (lambda said, _: said.update(saved=[{"scope": 3}]), "no workspace, or it is damaged"),
        (lambda said, _: said.update(format="x"), "no workspace, or it is damaged"),
        (lambda said, _: said["cohorts"][0].update(patients=10**40), "no workspace"),
    ],
)
def test_a_file_that_is_not_what_was_exported_is_refused_in_a_sentence(
    change: Callable[[dict, dict[str, bytes]], None], told: str, cohort: Cohort, tmp_path: Path
):
    with closing(Workspace(tmp_path / "store")) as store:
        store.keep(ME, KEY, cohort, original())
        archive = rewritten(to_archive(store, ME, (KEY,)), change)
        before = set(tmp_path.parent.rglob("*"))
        with pytest.raises(WorkspaceError, match=told) as refused:
            from_archive(store, OTHER, archive)
        assert str(refused.value).count(". ") == 0
        assert (store.cohorts(OTHER), store.latest(OTHER)) == ([], {})
        assert set(tmp_path.parent.rglob("*")) == before
    for content in (b"", b"PK", archive[: len(archive) // 2]):
        with pytest.raises(WorkspaceError, match="no workspace"):
            from_archive(store, OTHER, content)


def test_what_unpacks_to_more_than_is_read_is_refused(
    tmp_path: Path, cohort: Cohort, monkeypatch: pytest.MonkeyPatch
):
    with closing(Workspace(tmp_path)) as store:
        store.keep(ME, KEY, cohort, original())
        archive = to_archive(store, ME, (KEY,))
        monkeypatch.setattr("app.study.workspace._archive.MAX_FOLDER_BYTES", 10_000)
        with pytest.raises(WorkspaceError, match="unpacks to more"):
            from_archive(store, OTHER, archive)
        monkeypatch.setattr("app.study.workspace._archive.MAX_FOLDER_BYTES", 2**20)
        monkeypatch.setattr("app.study.workspace._archive._MOST_VALUES", 1_000)
        many = rewritten(archive, lambda said, _: said.update(more=[0] * 1_001))
        with pytest.raises(WorkspaceError, match="more than 1,000 values"):
            from_archive(store, OTHER, many)
        monkeypatch.setattr("app.study.workspace._folders.MAX_FOLDER_BYTES", 1_000)
        with pytest.raises(WorkspaceError, match="hold more"):
            store.originals(ME, KEY)


def test_damage_is_said_and_nothing_else_is_lost(tmp_path: Path, cohort: Cohort):
    with closing(Workspace(tmp_path)) as store:
        store.keep(ME, KEY, cohort, original())
        (folder,) = (tmp_path / "cohorts").iterdir()
        for name in FILES:
            content = (folder / name).read_bytes()
            (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            with pytest.raises(WorkspaceError, match="changed or damaged"):
                (store.originals if name == "original.zip" else store.open)(ME, KEY)
            (folder / name).write_bytes(content)
        same(store.open(ME, KEY)[0], cohort)


def test_migrations_make_the_tables_and_a_newer_schema_is_refused(store: Workspace):
    with store._engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
        assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == REVISION
    where = store._root or store._engine.url.render_as_string(hide_password=False).replace(
        "+psycopg", ""
    )
    stamp = "UPDATE alembic_version SET version_num = '{}'"
    with store.writing() as db:
        db.exec_driver_sql(stamp.format("9999"))
    with pytest.raises(WorkspaceError, match="newer version"):
        Workspace(where)
    with store.writing() as db:
        db.exec_driver_sql(stamp.format(REVISION))


def test_a_workspace_of_the_first_version_is_opened_by_this_one(tmp_path: Path, cohort: Cohort):
    with closing(Workspace(tmp_path)) as store:
        store.keep(ME, KEY, cohort, original())
        store.save(ME, KEY, "filter", {"Old": {"a": 1}})
        with store.writing() as db:
            for since in ("share", "audit", "login"):
                metadata.tables[since].drop(db)
            db.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with closing(Workspace(tmp_path)) as store:
        same(store.open(ME, KEY)[0], cohort)
        assert list(store.saved(ME, KEY, "filter")) == ["Old"]
        with store.reading() as db:
            assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_nothing_is_written_where_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cohort: Cohort
):
    folder = tmp_path / "store"
    monkeypatch.setenv(STORE.name, str(folder))
    assert opened() is None
    assert not folder.exists()
    store = opened(make=True)
    assert store is not None
    store.keep(ME, KEY, cohort)
    assert opened() is store
    store.close()


# A writer is killed at any point: what it had confirmed is there, whole, and nothing else is.

KILLS = 200
LONGEST = 0.02  # seconds after what was confirmed last


def _write_until_killed(folder: Path, versions: list[Cohort], seed: int, confirmed: int) -> None:
    """Keep, save and delete without end, telling what was done by a byte each."""
    rng = np.random.default_rng(seed)
    with closing(Workspace(folder)) as store:
        os.write(confirmed, b"o")
        for number in itertools.count(1):
            which = int(rng.integers(3))
            store.save(ME, KEY, "filter", {"now": [seed, number]})
            os.write(confirmed, b"s")
            if which == 2:
                store.delete(ME, "upload:other")
            else:
                store.keep(ME, "upload:other", versions[which], original())
            os.write(confirmed, b"012"[which : which + 1])


def test_a_crash_loses_nothing_that_was_confirmed(
    tmp_path: Path, cohort: Cohort, request: pytest.FixtureRequest
):
    # In memory where there is some: a process is killed, and a busy disk would take minutes.
    memory = Path("/dev/shm")  # noqa: S108
    place = tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path)
    request.addfinalizer(partial(shutil.rmtree, place))
    folder = Path(place) / "store"
    versions = [cohort, load_upload(SENT, {"ignore": ["TP53"]}, "Mine")]
    prints = [one.fingerprint for one in versions]
    with closing(Workspace(folder)) as store:
        store.keep(ME, KEY, cohort, original())
    rng = np.random.default_rng(20)
    held, done, begun = None, 0, 0
    for kill in range(KILLS):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            with contextlib.suppress(BaseException):
                _write_until_killed(folder, versions, kill, writing)
            os._exit(3)
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            told = "".join(pipe.read(1).decode() for _ in range(1 + int(rng.integers(3))))
            time.sleep(rng.uniform(0, LONGEST))
            os.kill(child, signal.SIGKILL)
            assert os.waitpid(child, 0)[1] == signal.SIGKILL
            told = (told + pipe.read().decode()).removeprefix("o")
        begun += len(list((folder / "cohorts").iterdir())) > 1 + (held is not None)
        with closing(Workspace(folder)) as store:
            done += len(told)
            newest = store.saved(ME, KEY, "filter").get("now")
            saved = told.count("s")
            if saved:
                assert newest is not None
                assert newest.content in ([kill, saved], [kill, saved + 1])
            kept = {one.key: one.fingerprint for one in store.cohorts(ME)}
            assert kept.pop(KEY) == cohort.fingerprint
            others = told.replace("s", "")
            if others:
                held = None if others[-1] == "2" else prints[int(others[-1])]
            now = kept.get("upload:other")
            if now != held:  # the last was done, and the word of it was not
                assert told.endswith("s")
                assert now in (None, *prints)
                held = now
            if now is not None:
                assert store.open(ME, "upload:other")[0].fingerprint == now
            assert len(list((folder / "cohorts").iterdir())) == 1 + (now is not None)
    assert (done > KILLS, begun > 3) == (True, True), "it was not killed while it wrote"
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with closing(Workspace(folder)) as store:
        same(store.open(ME, KEY)[0], cohort)
