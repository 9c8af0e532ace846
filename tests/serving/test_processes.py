"""Two server processes behind one address, as ``calr-explorer serve`` runs them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from app.serving.busy import busy_page
from app.serving.processes import find_proxy, proxy_configuration
from benchmarks.visitors import Visitor
from data_loaders.settings import MAX_SESSIONS, PROXIES, USER_HEADER
from tests.e2e.server import free_port, running

PAGE = {"accept": "text/html,*/*"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, Path]]:
    if find_proxy() is None:
        pytest.skip("needs HAProxy: apt-get install haproxy")
    port, log = free_port(), tmp_path_factory.mktemp("processes") / "log"
    command = [sys.executable, "-m", "app.command", "serve", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with running(
        [*command, "--processes", "2"], address, log, environment={MAX_SESSIONS.name: "1"}
    ) as process:
        while log.read_text().count("is UP") < 2:
            time.sleep(0.1)
        yield address, process.pid, log


def children(leader: int) -> list[int]:
    return list(map(int, Path(f"/proc/{leader}/task/{leader}/children").read_text().split()))


def test_each_browser_has_its_process_and_the_last_is_told(served: tuple[str, int, Path]):
    address, leader, log = served
    with httpx.Client(headers=PAGE) as one, httpx.Client(headers=PAGE) as other:
        first, second = one.get(address), other.get(address)
        assert first.status_code == second.status_code == 200
        given = {reply.headers["set-cookie"].partition(";")[0] for reply in (first, second)}
        assert given == {"calr_process=p1", "calr_process=p2"}
        assert "set-cookie" not in one.get(f"{address}/api/ready").headers
        # Both have all they take, and neither hangs.
        third = httpx.get(address, headers=PAGE)
    assert third.status_code == 503
    assert "tries again" in third.text
    # One of the two connects with what its browser was given, and gets its page.
    visitor = Visitor(address, "survival", "", figure="Overall survival", cookie=min(given))
    visitor.start()
    assert visitor.wait_for_figure(120)
    # Another process ends without a word: it is replaced, and who is in the first stays.
    before = children(leader)
    os.kill(before[2], signal.SIGKILL)
    deadline = time.monotonic() + 120
    # It may be back before HAProxy has missed it, so what counts is that it answers again.
    again = {"cookie": "calr_process=p2"} | PAGE
    while httpx.get(address, headers=again, timeout=120).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert "Process 2 ended and is replaced." in log.read_text()
    assert visitor.is_alive()
    assert len(set(children(leader)) & set(before)) == 2
    visitor.leave()


class Told(BaseHTTPRequestHandler):
    """Answers with what was said of a person."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        said = (self.headers.get("X-Forwarded-User") or "nobody").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Silent(Told):
    """Tells its readiness, hears everything else and hangs up."""

    heard: list[str]

    def do_GET(self) -> None:
        if self.path == "/api/ready":
            super().do_GET()
        else:
            self._hang_up()

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._hang_up()

    def _hang_up(self) -> None:
        self.heard.append(f"{self.command} {self.path}")
        self.close_connection = True


@contextlib.contextmanager
def proxied(folder: Path, *behind: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A proxy before servers that answer so; yields its address once all of them are known."""
    if find_proxy() is None:
        pytest.skip("needs HAProxy: apt-get install haproxy")
    busy, configuration = folder / "busy.http", folder / "haproxy.cfg"
    busy.write_bytes(busy_page(response=True))
    port = free_port()
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), one)) for one in behind
        ]
        for server in servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        ports = [server.server_port for server in servers]
        configuration.write_text(proxy_configuration("127.0.0.1", port, "", ports, busy))
        process = subprocess.Popen([find_proxy(), "-db", "-f", str(configuration)])
        stack.callback(process.wait)
        stack.callback(process.kill)
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(httpx.ConnectError):
                httpx.get(f"{address}/api/ready")
                break
            assert time.monotonic() < deadline
        yield address


@pytest.mark.parametrize(
    ("proxies", "taken"), [("127.0.0.0/8,fd00::/8", "ada"), ("10.0.0.5", "nobody")]
)
def test_only_a_proxy_names_a_person(
    proxies: str, taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(USER_HEADER.name, "X-Forwarded-User")
    monkeypatch.setenv(PROXIES.name, proxies)
    with proxied(tmp_path, Told) as address:
        said = httpx.get(f"{address}/", headers={"X-Forwarded-User": "ada"})
    assert said.text == taken


def test_what_belongs_to_a_session_never_goes_to_another_process(tmp_path: Path):
    """A process that hangs up has its pages opened by the other one; a file is not sent there."""
    heard: list[str] = []
    elsewhere: list[str] = []
    silent = type("First", (Silent,), {"heard": heard})
    other = type("Second", (Silent,), {"heard": elsewhere})
    first = {"cookie": "calr_process=p1"}
    upload = "/_stcore/upload_file/a-session/a-file"
    with proxied(tmp_path, silent, other) as address:
        assert httpx.put(address + upload, content=b"x", headers=first).status_code == 503
        assert httpx.get(f"{address}/media/a.csv", headers=first).status_code == 503
        assert heard == [f"PUT {upload}", "GET /media/a.csv"]
        assert elsewhere == []
        httpx.get(f"{address}/survival", headers=first | PAGE)
    assert "GET /survival" in elsewhere


def test_no_connection_to_a_process_is_used_twice(tmp_path: Path):
    """One that was idle may be closed by the process in the very moment of a request."""
    asked: list[object] = []

    class Counted(Told):
        def do_GET(self) -> None:
            super().do_GET()
            if self.path != "/api/ready":
                asked.append(self)

    with proxied(tmp_path, Counted) as address, httpx.Client() as client:
        for _ in range(5):
            assert client.get(f"{address}/media/a.csv").status_code == 200
    assert len(asked) == 5
    assert len(set(map(id, asked))) == 5
