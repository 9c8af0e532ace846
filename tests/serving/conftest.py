"""What is installed from the wheel, for tests of the command and of the deployment kit."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="session")
def installed() -> Iterator[Path]:
    """A folder with the wheel's content, for everybody; what it needs is in this environment."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("needs hatchling to build the wheel: make test installs it")
    with tempfile.TemporaryDirectory(prefix="calr-installed-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run(
            [*pip, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-w", name],
            check=True,
        )
        wheel = next(folder.glob("*.whl"))
        subprocess.run(
            [*pip, "install", str(wheel), "--no-deps", "--no-index", "--target", f"{name}/at"],
            check=True,
        )
        yield folder / "at"
