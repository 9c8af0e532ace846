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

    def do_GET(self) -> None:
        said = (self.headers.get("X-Forwarded-User") or "nobody").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("proxies", "taken"), [("127.0.0.0/8,fd00::/8", "ada"), ("10.0.0.5", "nobody")]
)
def test_only_a_proxy_names_a_person(
    proxies: str, taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if find_proxy() is None:
        pytest.skip("needs HAProxy: apt-get install haproxy")
    monkeypatch.setenv(USER_HEADER.name, "X-Forwarded-User")
    monkeypatch.setenv(PROXIES.name, proxies)
    busy, configuration = tmp_path / "busy.http", tmp_path / "haproxy.cfg"
    busy.write_bytes(busy_page(response=True))
    port = free_port()
    with ThreadingHTTPServer(("127.0.0.1", 0), Told) as behind:
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        configuration.write_text(
            proxy_configuration("127.0.0.1", port, "", [behind.server_port], busy)
        )
        process = subprocess.Popen([find_proxy(), "-db", "-f", str(configuration)])
        try:
            deadline = time.monotonic() + 120
            while True:
                with contextlib.suppress(httpx.ConnectError):
                    said = httpx.get(
                        f"http://127.0.0.1:{port}/", headers={"X-Forwarded-User": "ada"}
                    )
                    break
                assert time.monotonic() < deadline
        finally:
            process.kill()
            process.wait()
            behind.shutdown()
    assert said.text == taken
