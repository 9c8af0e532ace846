"""Limits are stated, and a deployment may set them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from data_loaders import CohortError
from data_loaders.limits import limit
from data_loaders.settings import MAX_ROWS
from tests.conftest import ROOT


def test_a_limit_is_the_default_or_what_the_deployment_says(monkeypatch: pytest.MonkeyPatch):
    assert limit(MAX_ROWS) == 2_000_000
    monkeypatch.setenv("CALR_EXPLORER_MAX_ROWS", " 12 ")
    assert limit(MAX_ROWS) == 12


@pytest.mark.parametrize("text", ["0", "-3", "many", "1e6", "2.5"])
def test_what_is_no_limit_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("CALR_EXPLORER_MAX_ROWS", text)
    with pytest.raises(CohortError, match="needs a whole number above zero, such as 2000000"):
        limit(MAX_ROWS)


def test_a_table_beyond_the_limit_set_is_refused_and_the_limit_is_stated():
    program = (
        "from data_loaders import CohortError, load_table_bytes\n"
        "rows = 'patient_id,os_months,os_event\\n' + ''.join(f'P{i},{i},1\\n' for i in range(9))\n"
        "try: load_table_bytes('a.csv', rows.encode())\n"
        "except CohortError as error: print(error)\n"
    )
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"CALR_EXPLORER_MAX_ROWS": "5"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "rows; at most 5 are read" in done.stdout
