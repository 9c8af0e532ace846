"""Running an exported script as its reader would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def run(script: str, folder: Path) -> str:
    """What the script prints when it is run beside the cohort's file; a warning is an error."""
    path = folder / "reproduce.py"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run(  # noqa: S603  (our own script)
        [sys.executable, "-W", "error", path.name],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
