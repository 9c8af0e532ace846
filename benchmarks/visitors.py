"""Visitors without a browser: they speak the app's own protocol and draw nothing.

Ten browsers on the machine that also runs the server measure the browsers. A visitor here opens a
page, answers what the page asks of a browser (a fragment that is to run again after an interval)
and notes when which figure arrived.

``python -m benchmarks.visitors`` has a meeting of people on the survival page, each of whom changes
the diagnosis, looks at the result for about five seconds and changes it again; it prints how long
they wait, failures and memory, for one server process and for several behind a proxy, beside the
plain app of ``plain_app.py`` in the same run.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from data_loaders.demo import load_demo
from tests.e2e.server import free_port, running

_LARGEST_MESSAGE = 64 * 1024 * 1024
_FIRST_S = 120


class Visitor(threading.Thread):
    """One session on one page.

    Parameters
    ----------
    address
        Of the server: ``http://127.0.0.1:8501``.
    page, query
        Where the visitor goes: ``subgroups`` and ``seed=3``.
    figure
        Words of the alternative text of the figure that is waited for.
    cookie
        What the browser sends along, ``name=value``.

    Attributes
    ----------
    seen
        Seconds after which the figure came, each time it was drawn.
    finished
        Whether the page asks for nothing more of its own accord.
    """

    socket: ClientConnection

    def __init__(self, address: str, page: str, query: str, figure: str, cookie: str = "") -> None:
        super().__init__(daemon=True)
        self._headers = {"cookie": cookie} if cookie else {}
        self._address = address.replace("http", "ws", 1)
        self._page, self._query, self._figure = page, query, figure
        self._asked_for: dict[str, float] = {}
        self._hash = ""
        self._intervals: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._start = time.perf_counter()
        self._closing = threading.Event()
        self._drawn = threading.Event()
        self.seen: list[float] = []
        self.finished = False

    def run(self) -> None:
        """Visit until :meth:`leave`."""
        with (
            suppress(ConnectionClosed),
            connect(
                f"{self._address}/_stcore/stream",
                subprotocols=["streamlit"],
                additional_headers=self._headers,
                max_size=_LARGEST_MESSAGE,
            ) as self.socket,
        ):
            self.socket.send(self._ask(""))
            while not self._closing.is_set():
                with suppress(TimeoutError):
                    self._receive(ForwardMsg.FromString(self.socket.recv(timeout=0.05)))
                for fragment in [f for f, due in self._due.items() if time.perf_counter() >= due]:
                    del self._due[fragment]
                    self.socket.send(self._ask(fragment))
                self._think()

    def wait_for_figure(self, seconds: float) -> bool:
        """Wait until the figure has come, at most so long; whether it has."""
        return self._drawn.wait(seconds)

    def leave(self) -> None:
        """Close the session."""
        self._closing.set()
        self.join(10)

    def _think(self) -> None:
        """What a visitor does of its own accord: nothing."""

    def _ask(self, fragment: str) -> bytes:
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.page_name = "" if self._hash else self._page
        message.rerun_script.page_script_hash = self._hash
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = bool(fragment)
        return message.SerializeToString()

    def _receive(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._asked_for = {}
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "auto_rerun":
            self._asked_for[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "delta":
            if self._figure in message.delta.new_element.plotly_chart.alt:
                self.seen.append(time.perf_counter() - self._start)
                self._drawn.set()
        elif kind == "script_finished":
            # A run of the whole page says anew what is to run again; that of a part does not.
            if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._intervals, self._due = self._asked_for, {}
                self.finished = not self._intervals
            for fragment, interval in self._intervals.items():
                self._due.setdefault(fragment, time.perf_counter() + interval)


class Participant(Visitor):
    """One who changes the diagnosis, looks at the result for a while, and changes it again.

    Attributes
    ----------
    waits
        Seconds from a change until all of the page had arrived, of each.
    failures
        Runs that ended in an error.
    """

    def __init__(self, address: str, page: str, think: float, seed: int) -> None:
        super().__init__(address, page, "", figure="")
        self._thinks, self._random = think, random.Random(seed)  # noqa: S311  (nothing secret)
        self._widget, self._options = "", list[str]()
        self._asked_at = time.perf_counter()
        self._next = float("inf")
        self.first: float | None = None
        self.waits: list[float] = []
        self.failures = 0

    @property
    def waiting(self) -> float:
        """Seconds since a change that is not answered yet; 0 where none is open."""
        return time.perf_counter() - self._asked_at if self._next == float("inf") else 0.0

    def _think(self) -> None:
        if time.perf_counter() < self._next:
            return
        self._next = float("inf")
        message = BackMsg.FromString(self._ask(""))
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._widget
        several = self._random.sample(self._options, self._random.randint(1, len(self._options)))
        state.string_array_value.data.extend(several)
        self._asked_at = time.perf_counter()
        self.socket.send(message.SerializeToString())

    def _receive(self, message: ForwardMsg) -> None:
        super()._receive(message)
        kind = message.WhichOneof("type")
        if kind == "delta":
            element = message.delta.new_element
            if element.multiselect.label == "Diagnosis":
                self._widget, self._options = element.multiselect.id, element.multiselect.options
            self.failures += element.WhichOneof("type") == "exception"
        elif kind == "script_finished" and self._next == float("inf"):
            if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                return  # a rerun that was asked for follows
            took = time.perf_counter() - self._asked_at
            if self.first is None:
                self.first = took
            else:
                self.waits.append(took)
            self._next = time.perf_counter() + self._thinks * self._random.uniform(0.5, 1.5)


def memory_mib(leader: int) -> float:
    """Memory of all processes of a server, what they share counted once (Linux)."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(folder.name)) == leader:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def meeting(
    address: str, page: str, leader: int, *, people: int, think: float, seconds: float
) -> str:
    """A line on how long so many people wait, once all have their first figure."""
    idle = memory_mib(leader)
    there = [Participant(address, page, think, seed) for seed in range(people)]
    for one in there:
        one.start()
        time.sleep(0.05)
    deadline = time.perf_counter() + _FIRST_S
    while time.perf_counter() < deadline and not all(one.first for one in there):
        time.sleep(0.2)
    for one in there:
        one.waits.clear()
    time.sleep(seconds)
    most = memory_mib(leader)
    # Who still waits when the meeting ends has waited at least so long.
    waits = [wait for one in there for wait in (*one.waits, *([one.waiting] * (one.waiting > 0)))]
    lost = sum(not one.is_alive() or one.first is None for one in there)
    for one in there:
        one.leave()
    p50, p95 = np.percentile(waits, [50, 95]) if waits else (np.nan, np.nan)
    rate = sum(len(one.waits) for one in there) / seconds
    return (
        f"{people:>8} {rate:>8.1f}/s {p50:>7.2f} s {p95:>7.2f} s "
        f"{sum(one.failures for one in there) + lost:>8} {idle:>8.0f} {most:>8.0f} MiB"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors")
    parser.add_argument("--people", type=int, nargs="+", default=[10, 25, 50])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--think", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args(arguments)
    print(
        f"Each changes the diagnosis about every {asked.think:g} s; load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'':>16} {'people':>8} {'changes':>10} {'p50':>9} {'p95':>9} {'failed':>8} memory")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load_demo("mpn").patients.to_parquet(folder / "demo.parquet")
        environment = {"PLAIN_COHORT": str(folder / "demo.parquet")}
        port = str(free_port())
        plain = ["-m", "streamlit", "run", "benchmarks/plain_app.py", "--server.port", port]
        serve = ["-m", "app.command", "serve", "--port", port, "--processes"]
        servers = [("plain app", "", plain)]
        servers += [(f"{n} process(es)", "survival", [*serve, str(n)]) for n in asked.processes]
        for label, page, command in servers:
            address = f"http://127.0.0.1:{port}"
            with running(
                [sys.executable, *command], address, folder / "log", environment=environment
            ) as process:
                for people in asked.people:
                    said = meeting(
                        address, page, process.pid,
                        people=people, think=asked.think, seconds=asked.seconds,
                    )  # fmt: skip
                    print(f"{label:>16} {said}", flush=True)


if __name__ == "__main__":
    main()
