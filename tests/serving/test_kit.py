"""The deployment kit: its files name what is there, and the image's command needs little."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_loaders.settings import PROCESSES, SETTINGS, settings_table
from tests.conftest import ROOT

KIT = ROOT / "deploy"
DOCKERFILE = (KIT / "Dockerfile").read_text().replace("\\\n", " ")
# As the image's user would be: no name, no rights, nothing of its own.
NOBODY = 54321
UNPRIVILEGED = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs",
    "--inh-caps=-all", "--bounding-set=-all",
]  # fmt: skip


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name}\s+(.*)$", DOCKERFILE, re.MULTILINE)


def test_the_settings_that_the_kit_makes_are_declared_and_the_guide_lists_all():
    known = {one.name for one in SETTINGS}
    for file in KIT.iterdir():
        named = set(re.findall(r"CALR_EXPLORER_[A-Z0-9_]*[A-Z0-9]", file.read_text()))
        assert named <= known, file.name
    guide = (ROOT / "docs" / "DEPLOY.md").read_text()
    assert settings_table() in guide, "calr-explorer settings prints the table"


def test_the_image_is_made_of_what_is_there_and_runs_as_nobody():
    allowed = (KIT / "Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line[1:] for line in allowed if line.startswith("!")]
    for copied in instructions("COPY"):
        if "--from" in copied:
            continue
        for name in copied.split()[:-1]:
            assert (ROOT / name).exists()
            assert any(Path(name).match(pattern) for pattern in patterns), name
    assert all(":" in base and "latest" not in base for base in instructions("FROM"))
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.findall(r"^USER (\d+)$", last, re.MULTILINE)[-1] != "0"
    assert "/api/ready" in instructions("HEALTHCHECK")[0]
    assert "--require-hashes" in DOCKERFILE


def test_the_composition_reaches_nothing_outside_and_holds_no_secret():
    compose = (KIT / "compose.yml").read_text()
    app = compose.partition("\n  app:\n")[2].partition("\n  database:\n")[0]
    for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "[inside]"):
        assert line in app
    assert "inside: {internal: true}" in compose
    assert "ports:" not in app
    secrets = re.findall(r"(?i)^.*(?:password|secret).*:.*$", compose, re.MULTILINE)
    assert len(secrets) == 2
    assert all("${DATABASE_PASSWORD:?" in line for line in secrets)


@pytest.mark.parametrize("program", ["nginx", "caddy", "systemd-analyze"])
def test_examples_are_what_their_programs_read(program: str, tmp_path: Path):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found is None:
        pytest.skip(f"needs {program}")
    if program == "caddy":
        command = ["validate", "--adapter", "caddyfile", "--config", str(KIT / "Caddyfile")]
    elif program == "nginx":
        certificate(tmp_path)
        site = (KIT / "nginx.conf").read_text()
        site = re.sub(r"(ssl_certificate(_key)?\s+)\S+;", rf"\1{tmp_path}/pem;", site)
        folders = "".join(
            f"{name}_temp_path {tmp_path}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ {folders} {site} }}"
        (tmp_path / "conf").write_text(whole)
        command = ["-t", "-q", "-c", str(tmp_path / "conf")]
    else:
        unit = (KIT / "calr-explorer.service").read_text().replace("/opt/calr/bin/", "/usr/bin/")
        (tmp_path / "x.service").write_text(unit.replace("calr-explorer serve", "env serve"))
        command = ["verify", str(tmp_path / "x.service")]
    said = subprocess.run(
        [found, *command], env=os.environ | {"HOST": "localhost", "APP": "127.0.0.1:8501"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-days", "2", "-keyout", str(folder / "key"), "-out", str(folder / "crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "pem").write_text((folder / "key").read_text() + (folder / "crt").read_text())


def test_the_images_command_runs_without_rights_network_and_a_place_to_write(installed: Path):
    """As the container would: nothing can be written but /data and /tmp, nobody can be reached."""
    if not all(map(shutil.which, ("unshare", "setpriv"))) or os.geteuid() != 0:
        pytest.skip("needs root, unshare and setpriv to make a read-only root")
    place = installed.parent
    for name in ("data", "tmp"):
        (place / name).mkdir()
    environment = dict(re.findall(r"(\w+)=(\S+)", instructions("ENV")[-1]))
    environment |= {
        "PATH": f"{installed / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{installed}:{ROOT}",
        "TMPDIR": str(place / "tmp"),
        PROCESSES.name: "1",  # several are tested beside this
    }
    for name, value in re.findall(r"(\w+)=(/(?:data|tmp)\S*)", instructions("ENV")[-1]):
        environment[name] = f"{place}{value}"
    asked = {
        "entry": json.loads(instructions("ENTRYPOINT")[0]),
        "health": json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2]),
        "environment": environment,
        "folder": str(place / "data"),
    }
    hidden = next(
        (p for p in reversed(Path(sys.base_prefix).parents) if not p.stat().st_mode & 1), ""
    )
    inside = [
        "unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "sh",
        str(Path(__file__).with_name("container.sh")), str(place), str(hidden), sys.base_prefix,
        *UNPRIVILEGED, sys.executable, str(Path(__file__).with_name("in_container.py")),
        json.dumps(asked),
    ]  # fmt: skip
    said = subprocess.run(inside, capture_output=True, text=True, check=False, timeout=200)
    if "Operation not permitted" in said.stderr:
        pytest.skip("may not make a read-only root here")
    assert said.stdout.splitlines()[-1:] == ["healthy, drawn, ended"], said.stderr[-2000:]
