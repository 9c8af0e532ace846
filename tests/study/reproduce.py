"""Running exported scripts as their reader would."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from app.study.answer import Answer
from tests.conftest import ROOT
from tests.study import runner

# What scripts import is loaded once, in a process of its own that runs nothing; every script gets
# a copy of it. Loading takes ten times as long as most scripts do.
_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["tests.study.every_view", __name__])


def run(script: str, folder: Path) -> str:
    """What the script prints when it is run beside the cohort's file; a warning is an error."""
    printed = run_warm({"reproduce": script}, folder)["reproduce"]
    assert "FAILED" not in printed, printed
    return printed


def check_tables(printed: str, answer: Answer) -> None:
    """The script prints who is in it and every table of the workbook, to the twelfth digit."""
    assert "Note:" not in printed
    assert f"\n{answer.accounting.caption()}\n" in printed
    tables = answer.tables()
    assert tables
    for name, table in tables.items():
        text = table.to_string(index=False, float_format="%.12g".__mod__)
        assert f"\n{name}\n{text}\n" in printed, name


def run_alone(scripts: dict[str, str], folder: Path, **environment: str) -> dict[str, str]:
    """What each script prints, all in one interpreter that starts from nothing."""
    done = subprocess.run(  # noqa: S603  (our own scripts)
        [sys.executable, "-W", "error", runner.__file__],
        input=json.dumps(_written(scripts, folder)),
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(scripts, said.values(), strict=True))


def run_warm(scripts: dict[str, str], folder: Path, **environment: str) -> dict[str, str]:
    """What each script prints, all in one copy of the process where everything is loaded."""
    receiver, sender = _WARM.Pipe(duplex=False)
    process = _WARM.Process(target=_run, args=(_written(scripts, folder), environment, sender))
    # A page that ran as a script in this process has left itself as the main module, which the copy
    # would run first.
    with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        process.start()
    sender.close()
    try:
        assert receiver.poll(280), "the scripts did not end"
        said = receiver.recv()
    finally:
        process.kill()
        process.join()
    return dict(zip(scripts, said.values(), strict=True))


def _written(scripts: dict[str, str], folder: Path) -> list[str]:
    for name, script in scripts.items():
        (folder / f"{name}.py").write_text(script, encoding="utf-8")
    return [str(folder / f"{name}.py") for name in scripts]


def _run(paths: list[str], environment: dict[str, str], sender: Connection) -> None:
    os.environ.update(environment)
    warnings.simplefilter("error")
    sender.send(runner.run_each(paths))
