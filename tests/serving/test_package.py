"""What is installed from the wheel is whole: it checks files and serves pages, from anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from importlib.metadata import Distribution
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from streamlit.file_util import get_static_dir
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from benchmarks.visitors import Visitor
from data_loaders.settings import MAX_SESSIONS
from tests.conftest import ROOT
from tests.e2e.server import free_port, running

PAGE = {"accept": "text/html,*/*"}
TABLE = "id,age,sex,os_days,os_event,TP53\na,60,M,100,1,0\nb,61,F,200,0,1\nc,59,F,-5,1,\n"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder whose own ``app`` and ``pages`` must not be taken for ours."""
    for name in ("app", "pages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('not ours')")
    (tmp_path / "patients.csv").write_text(TABLE)
    return tmp_path


def command(installed: Path, *arguments: str) -> dict[str, object]:
    return {
        "args": [sys.executable, str(installed / "bin" / "calr-explorer"), *arguments],
        "env": os.environ | {"PYTHONPATH": str(installed)},
    }


def test_a_file_is_checked(installed: Path, elsewhere: Path):
    asked = command(installed, "check", "patients.csv")
    said = subprocess.run(**asked, cwd=elsewhere, capture_output=True, text=True, check=True)
    lines = said.stdout.splitlines()
    assert lines[0] == "patients: 3 patients, 6 variables, 1 alteration, 0 listed variants"
    assert "column age: numeric (years); why: the name (Age at diagnosis); years as usual" in lines
    assert "genes: TP53" in lines
    assert any(line.startswith("warning: Overall survival: 1 patient had a neg") for line in lines)


def test_what_cannot_be_done_is_one_sentence(installed: Path, elsewhere: Path):
    for arguments in (("check", "no.csv"), ("serve", "--processes", "none")):
        asked = command(installed, *arguments)
        said = subprocess.run(**asked, cwd=elsewhere, capture_output=True, text=True, check=False)
        assert said.returncode == 1
        assert not said.stdout
        assert said.stderr.count("\n") == 1
        assert said.stderr.endswith(".\n")


def test_pages_are_served_from_any_folder(installed: Path, elsewhere: Path):
    port = free_port()
    asked = command(installed, "serve", "--path", "explorer", "--port", str(port))
    address = f"http://127.0.0.1:{port}/explorer"
    environment = asked["env"] | {MAX_SESSIONS.name: "1"}
    with running(asked["args"], address, elsewhere / "log", elsewhere, environment):
        visitor = Visitor(address, "survival", "", figure="Overall survival")
        visitor.start()
        assert visitor.wait_for_figure(120)
        assert httpx.get(f"{address}/api/ready").json() == {"status": "ready"}
        files_come_compressed(f"{address}/survival")
        # Streamlit's way for programs to drive an app stays shut.
        assert httpx.post(f"{address}/_stcore/agent/interact", json={}).status_code == 403
        the_next_is_told(f"{address}/survival")
        visitor.leave()
        # Who came with the page that was refused has no place either, whoever leaves has none.
        assert httpx.get(f"{address}/survival", headers=PAGE).status_code == 200


def the_next_is_told(page: str) -> None:
    """A server with as many visitors as it takes says so, to who opens a page or connects."""
    refused = httpx.get(page, headers=PAGE)
    assert refused.status_code == 503
    assert "tries again" in refused.text
    assert int(refused.headers["retry-after"]) > 0
    with pytest.raises(InvalidStatus):
        connect(f"{page.replace('http', 'ws', 1).rpartition('/')[0]}/_stcore/stream")


def files_come_compressed(page: str) -> None:
    """What the page asks a browser to fetch early, as a browser and as others ask for it."""
    with httpx.Client() as client:
        named = re.match(
            r"<(\S+PlotlyChart\S+)>; rel=modulepreload", client.get(page).headers["link"]
        )
        script = urljoin(page, named[1])
        there = Path(get_static_dir()) / "static" / "js" / script.rpartition("/")[2]
        asked_until = time.monotonic() + 120  # the server compresses beside its first visitors
        while "content-encoding" not in client.get(script).headers:
            assert time.monotonic() < asked_until
        packed, plain, part = (
            client.get(script, headers=asked)
            for asked in (
                {"accept-encoding": "br, gzip"},
                {"accept-encoding": "identity"},
                {"accept-encoding": "gzip", "range": "bytes=0-9"},
            )
        )
    assert packed.content == plain.content == there.read_bytes()
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < there.stat().st_size / 3
    for header in ("content-type", "cache-control"):
        assert packed.headers[header] == plain.headers[header]
    assert packed.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in plain.headers
    assert part.content == plain.content[:10]


@pytest.mark.parametrize("extra", ["", "serve", "engine"])
def test_what_it_needs_is_what_the_project_pins(installed: Path, extra: str):
    file = ROOT / f"requirements{'-' * bool(extra)}{extra}.txt"
    pins = {line.split("#")[0].strip() for line in file.read_text().splitlines() if "==" in line}
    needed = [one.split("; extra == ") for one in Distribution.at(metadata(installed)).requires]
    assert pins == {pin for pin, *only in needed if only == [f"'{extra}'"] * bool(extra)}


def metadata(installed: Path) -> Path:
    return next(installed.glob("*.dist-info"))
