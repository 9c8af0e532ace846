"""Shared fixtures: where the published cohorts and the R oracles are, if this machine has them."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from streamlit import config
from streamlit.components.v2 import manifest_scanner

from data_loaders.settings import STORE

# How fast an example runs depends on the machine and on who shares it; pytest's own limit holds.
settings.register_profile("whatever the machine", deadline=None, max_examples=20)
settings.load_profile("whatever the machine")

# Streamlit's AppTest reads the metadata of every installed package for each page that it opens, and
# collects garbage after each run: four fifths of the time of a test of a page.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
config.set_option("runner.postScriptGC", value=False)

# What tests keep, and servers that they start, never comes into the user's own workspace.
os.environ[STORE.name] = tempfile.mkdtemp(prefix="calr-test-store-")
atexit.register(shutil.rmtree, os.environ[STORE.name], ignore_errors=True)

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs ../shared, with the reason, where it is not there."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f"needs the published cohorts in {SHARED}, which is not here")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def public_cohorts() -> Path:
    """The folder of published cohorts."""
    return SHARED / "public-cohorts"


@pytest.fixture(scope="session")
def r_survival() -> dict[str, Any]:
    """What R's survival and cmprsk give on the published cohorts."""
    return json.loads((SHARED / "oracles" / "r_survival.json").read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def known_answers() -> list[dict[str, Any]]:
    """Published and recomputed figures of the public cohorts."""
    return json.loads((SHARED / "oracles" / "known_answers.json").read_text())  # type: ignore[no-any-return]
