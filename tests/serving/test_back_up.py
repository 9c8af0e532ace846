"""What the guide says of back-ups is done word by word: a kept cohort comes back elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from app.study.workspace import Original
from app.study.workspace._store import Workspace
from data_loaders import Cohort
from data_loaders.settings import STORE
from data_loaders.uploads import load_upload
from tests.conftest import ROOT
from tests.data_loaders import postgres

ME, KEY = "ada", "upload:0123456789"
SENT = {"mine.csv": b"id,age,os_months,os_event,TP53\na,60,10,1,0\nb,61,20,0,1\nc,59,5,1,1\n"}
PASSWORD = "long-and-of-letters-and-digits-1"  # noqa: S105  (of a database of the test's own)
DATABASE = "docker compose -f deploy/compose.yml exec -T database "
# What a server with this store shows its users, in a process that was never here.
AGAIN = """
from app.shell.watch.health import checked
from app.study.workspace import opened
store = opened()
cohort, _ = store.open("ada", "upload:0123456789")
saved = store.saved("ada", "upload:0123456789", "filter")
print(cohort.fingerprint, list(saved), checked()["store"])
"""


def blocks() -> list[list[str]]:
    """The commands of the guide: of a folder, of a database, of its restoring."""
    guide = (ROOT / "docs" / "DEPLOY.md").read_text()
    part = guide.partition("\n## Back up and restore\n")[2].partition("\n## ")[0]
    found = [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", part, re.DOTALL)]
    assert len(found) == 3
    return found


def keep(store: Workspace) -> Cohort:
    cohort = load_upload(SENT, {}, "Mine")
    store.keep(ME, KEY, cohort, Original({}, "Mine", "d" * 64, SENT))
    store.save(ME, KEY, "filter", {"Mutated": {"all": ["TP53"]}})
    return cohort


def seen_elsewhere(where: str | Path, home: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-c", AGAIN], env=environment | {STORE.name: str(where)}, cwd=home,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    return said.stdout


def done(lines: list[str], **environment: str) -> None:
    command = ["bash", "-euo", "pipefail", "-c", "\n".join(lines)]
    said = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr


def test_a_folder_that_is_copied_while_it_is_used_comes_back_on_another_machine(tmp_path: Path):
    for program in ("rsync", "sqlite3"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    store, copy, machine = (tmp_path / name for name in ("store", "backup", "machine"))
    copy.mkdir()
    machine.mkdir()
    with closing(Workspace(store)) as used:
        cohort = keep(used)
        lines = [
            line.replace("/var/lib/calr-explorer/store", str(store)).replace("/backup", str(copy))
            for line in blocks()[0]
        ]
        done(lines)
        used.delete(ME, KEY)
    shutil.rmtree(store)
    shutil.copytree(copy, machine / "store")
    seen = seen_elsewhere(machine / "store", machine)
    assert cohort.fingerprint in seen
    assert "Mutated" in seen
    assert "'works': True" in seen


@contextmanager
def database() -> Iterator[tuple[str, dict[str, str]]]:
    """A server as the composition's is made: its address, and how its programs reach it."""
    with postgres.running() as server:
        login = f"host=127.0.0.1 port={server.port} dbname=postgres user={postgres.OWNER}"
        with psycopg.connect(login, password=postgres.OWNER_PASSWORD, autocommit=True) as line:
            line.execute(f"CREATE ROLE calr SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
            line.execute("CREATE DATABASE calr OWNER calr")
        reached = {
            "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGPASSWORD": PASSWORD,
            "PATH": f"{server.binaries}:{os.environ['PATH']}",
        }  # fmt: skip
        yield f"postgresql://calr:{PASSWORD}@127.0.0.1:{server.port}/calr", reached


def test_a_database_comes_back_in_a_new_one(tmp_path: Path):
    if reason := postgres.why_not():
        pytest.skip(reason)
    _, dump, restore = blocks()
    inside = [
        [line.removeprefix(DATABASE) for line in lines if line.startswith(DATABASE)]
        for lines in (dump, restore)
    ]
    assert [len(lines) for lines in inside] == [1, 1]
    # What is left out starts containers: the database alone before, all of them after.
    assert [line.partition(".yml ")[2] for line in restore if not line.startswith(DATABASE)] == [
        "up --detach database", "up --detach",
    ]  # fmt: skip
    with database() as (address, reached), closing(Workspace(address)) as used:
        cohort = keep(used)
        done([f"cd {tmp_path}", *inside[0]], **reached)
    with database() as (address, reached):
        done([f"cd {tmp_path}", *inside[1]], **reached)
        seen = seen_elsewhere(address, tmp_path)
    assert cohort.fingerprint in seen
    assert "Mutated" in seen
    assert "'works': True" in seen
