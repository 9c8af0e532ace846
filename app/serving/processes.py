"""Several server processes behind one address.

One process computes for about 10 people at once and no quicker with more processors. HAProxy, a
package of Debian's, gives each browser to the process with the fewest, and later the same one again
(a cookie): a session lives in one process's memory. Where HAProxy is not installed one process
serves all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from app.serving.busy import busy_page
from data_loaders.settings import COMMON, GROUPS_HEADER, PROXIES, SHARED, USER_HEADER

SERVER = Path(__file__).resolve().parents[1] / "server.py"
_HERE = ("127.0.0.1", "localhost", "::1")
_LOOK_AGAIN_S = 0.5
_PATIENCE_S = 15
_COOKIE_SECRET = "STREAMLIT_SERVER_COOKIE_SECRET"  # noqa: S105  (a name)


def find_proxy() -> str | None:
    """HAProxy's program; Debian keeps it where only root's path leads."""
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")


def proxy_configuration(
    address: str, port: int, path: str, ports: Sequence[int], busy: Path
) -> str:
    """HAProxy's configuration.

    Parameters
    ----------
    address, port
        Where it listens.
    path
        Below which path the app stands; empty for none.
    busy
        File with the whole HTTP response where no process can take a request.
    """
    # The processes see this proxy only: whom it lets name a person is decided here.
    named = [one.read() for one in (USER_HEADER, GROUPS_HEADER) if one.read()]
    trusted = f" unless {{ src {' '.join(PROXIES.listed())} }}" if PROXIES.listed() else ""
    taken_away = "\n".join(f"    http-request del-header {name}{trusted}" for name in named)
    servers = "\n".join(
        f"    server p{number} 127.0.0.1:{one} cookie p{number} check inter 2s fall 3 rise 1"
        for number, one in enumerate(ports, start=1)
    )
    host = f"[{address}]" if ":" in address else address
    # Sessions and their files are in one process: only who opens a page may be sent to another.
    # A process closes connections that were idle for a while, a busy one in the very moment of a
    # request: none is used twice.
    # A login's claims come in cookies of 4 KiB each: headers of 32 KiB pass, longer ones do not.
    # A websocket is quiet between Streamlit's pings, of which there is one every 20 s.
    return f"""\
global
    maxconn 4096
    tune.bufsize 32768

defaults
    mode http
    timeout connect 5s
    timeout http-request 30s
    timeout client 60s
    timeout server 120s
    timeout queue 10s
    timeout tunnel 5m
    option forwardfor
    option redispatch 1
    option http-server-close
    retry-on conn-failure empty-response 503
    errorfile 502 {busy}
    errorfile 503 {busy}
    errorfile 504 {busy}

frontend everybody
    bind {host}:{port}
{taken_away}
    default_backend processes

backend processes
    balance leastconn
    http-request disable-l7-retry unless METH_GET {{ req.hdr(accept) -m sub text/html }}
    cookie calr_process insert indirect nocache httponly attr SameSite=Lax
    option httpchk GET {path and f"/{path}"}/api/ready
{servers}
"""


def serve_processes(count: int, address: str, port: int, path: str) -> None:
    """Serve with so many processes until this one is told to end.

    A process that ends is replaced; its sessions are lost, those of the others are not.
    """
    proxy = find_proxy()
    assert proxy is not None  # noqa: S101  (its caller has looked)
    path = path.strip("/")
    environment = dict(os.environ)
    environment.setdefault(_COOKIE_SECRET, secrets.token_hex(32))
    environment[PROXIES.name] = "127.0.0.1"
    if address not in _HERE:
        environment[SHARED.name] = "yes"
    ports = _free_ports(count)
    with tempfile.TemporaryDirectory(prefix="calr-explorer-") as name, _told_to_end():
        folder = Path(name)
        busy, configuration = folder / "busy.http", folder / "haproxy.cfg"
        common = folder / "common"
        common.mkdir(0o700)
        environment[COMMON.name] = str(common)
        busy.write_bytes(busy_page(response=True))
        configuration.write_text(proxy_configuration(address, port, path, ports, busy), "utf-8")
        commands = [[proxy, "-db", "-f", str(configuration)]]
        commands += [_server(one, path) for one in ports]
        running = [_started(command, environment) for command in commands]
        sys.stderr.write(f"{count} processes at http://{address}:{port}/{path}\n")
        try:
            while running[0].poll() is None:
                time.sleep(_LOOK_AGAIN_S)
                for number, process in enumerate(running[1:], start=1):
                    if process.poll() is not None:
                        sys.stderr.write(f"Process {number} ended and is replaced.\n")
                        running[number] = _started(commands[number], environment)
        except KeyboardInterrupt:
            pass
        finally:
            _end(running)


def _server(port: int, path: str) -> list[str]:
    # -P: a folder's own app and pages are not ours.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(SERVER)]
    options = {
        "server.address": "127.0.0.1", "server.port": port, "server.baseUrlPath": path,
        "logger.hideWelcomeMessage": "true",
    }  # fmt: skip
    return [*command, *(f"--{name}={value}" for name, value in options.items())]


def _started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment)  # noqa: S603  (our own commands)


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on; all different."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """Let a signal to end do what an interrupt from the keyboard does."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in running:
        process.terminate()
    deadline = time.monotonic() + _PATIENCE_S
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
