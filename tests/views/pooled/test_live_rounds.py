"""Rounds by Flower: three sites on loopback, of which one dies and comes back."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from app.cohort.tally import read_record
from app.views.pooled.rounds.coordinator import AcrossSites, after_replies, first_request
from app.views.pooled.rounds.files import read_reply, read_request
from app.views.pooled.rounds.model import model_of
from data_loaders import load_cohort
from data_loaders.cohort_folder import write_cohort
from tests.views.pooled.test_cox_across_sites import KEYS, NAMES, by_rounds, split

ROOT = Path(__file__).resolve().parents[3]
PYTHON = Path(os.environ.get("FEDERATED_PYTHON", ROOT / ".venv-federated" / "bin" / "python"))
WAIT = 240
# What a process is that ends without a word before its third answer leaves.
DIES = """
import os
import app.views.pooled.rounds.live as live
from app.command import main
answered, reply_to = [], live.reply_to
def dying(*asked):
    answered.append(1)
    if len(answered) == 3:
        os._exit(9)
    return reply_to(*asked)
live.reply_to = dying
import sys
main(sys.argv[1:])
"""

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not PYTHON.exists(), reason="Flower is not installed (make federated)"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates"),
]


def certificates(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", "key.pem", "-out", "server.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def started(folder: Path, *words: str | Path, code: str | None = None) -> subprocess.Popen[str]:
    how = ["-m", "app.command"] if code is None else ["-c", code]
    return subprocess.Popen(
        [str(PYTHON), *how, *map(str, words)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_a_site_that_dies_and_comes_back_is_asked_again(tmp_path: Path):
    cohort = load_cohort("demo:mds")
    sites = split(cohort)
    model = model_of(cohort, "os", ["age_years", "sex", "TP53"], per={"age_years": 10})
    (tmp_path / "first.json").write_text(first_request(model, NAMES, "The group").to_text())
    certificates(tmp_path)
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    for name, own in sites.items():
        write_cohort(own, tmp_path / name)
        (tmp_path / f"{name}.key").write_text(KEYS[name])

    def joining(name: str) -> list[str]:
        return [
            "join", address, "first.json", name, "--site", name, "--authority", "server.pem",
            "--record", f"{name}.record.json", "--key-file", f"{name}.key",
        ]  # fmt: skip

    running = [
        started(tmp_path, "coordinate", "first.json", "--address", address, "--output", "out",
                "--authority", "server.pem", "--certificate", "server.pem", "--private-key",
                "key.pem", "--keys", "keys.json", "--seconds", str(WAIT)),
        *[started(tmp_path, *joining(name)) for name in NAMES[1:]],
    ]  # fmt: skip
    dying = started(tmp_path, *joining("North"), code=DIES)
    try:
        said = dying.communicate(timeout=WAIT)[0]
        assert dying.returncode == 9, said
        running.append(started(tmp_path, *joining("North")))
        outputs = [process.communicate(timeout=WAIT)[0] for process in running]
        assert [process.returncode for process in running] == [0, 0, 0, 0], outputs
    finally:
        for process in [*running, dying]:
            process.kill()
    expected = by_rounds(model, sites)
    request = read_request((tmp_path / "out" / "request.json").read_bytes())
    replies = [read_reply((tmp_path / "out" / f"{name}.json").read_bytes()) for name in NAMES]
    found = after_replies(request, replies)
    assert isinstance(found, AcrossSites)
    for column in ("coef", "se"):
        np.testing.assert_allclose(found.summary[column], expected.summary[column], atol=1e-9)
    assert f"Exact: {expected.rounds} rounds" in outputs[0]
    answered = re.findall(r"Round (\d+): (\w+) answered, signed, unaltered", outputs[0])
    assert len(answered) == 3 * expected.rounds
    told = read_record((tmp_path / "North.record.json").read_bytes()).told
    assert len(told) == expected.rounds, "what was told before it died is remembered"
