"""R, where this machine has it: what its own packages give on the same data."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def run_r(script: str | Path, *arguments: str, folder: Path) -> str:
    """Run a script, its text or its file, in the folder; what it prints.

    The test skips where there is no R, or R lacks a package that the script loads.
    """
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("Rscript is not installed here")
    if isinstance(script, str):
        path = folder / "script.R"
        path.write_text(script)
    else:
        path = script
    done = subprocess.run(  # noqa: S603  (R and a script of ours)
        [program, str(path), *arguments],
        cwd=folder, env=os.environ | {"LANGUAGE": "en"}, check=False, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    if "there is no package" in done.stderr:
        pytest.skip(f"R is here without a package: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout
