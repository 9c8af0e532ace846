"""The app as a user starts it, on a free port, and the browser to look at it with."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
    # What an address bar would offer: a renderer of its own for every window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]


def find_browser() -> str | None:
    """The first Chromium on the path, None if there is none."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_app(
    log: Path, script: str = "app/server.py", port: int | None = None, **environment: str
) -> Iterator[str]:
    """Serve the app as ``make run`` does; yields its address, ends the server after."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    with running(command_of(port, script), address, log, environment=environment):
        yield address


def command_of(port: int, script: str = "app/server.py") -> list[str]:
    """What ``make run`` runs, on a port."""
    return [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    address: str,
    log: Path,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that serves the app at an address; yields its process, ends all after."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
            start_new_session=True,
        )
        try:
            wait_until_ready(address, process)
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_ready(address: str, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    """Wait until the warm-up is over and the port answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with code {process.returncode}.")
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as reply,  # noqa: S310
        ):
            if reply.read() == b"ok":
                return
        time.sleep(0.1)
    raise RuntimeError("The server was not ready in time.")
