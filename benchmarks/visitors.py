"""Visitors without a browser: they speak the app's own protocol and draw nothing.

Ten browsers on the machine that also runs the server measure the browsers. A visitor here opens a
page, answers what the page asks of a browser (a fragment that is to run again after an interval)
and notes when which figure arrived.

``python -m benchmarks.visitors`` has a meeting of people on the survival page, each of whom changes
the diagnosis, looks at the result for about five seconds and changes it again; it prints how long
they wait, failures and memory, for one server process and for several behind a proxy, beside the
plain app of ``plain_app.py`` in the same run. Then many come who do nothing, and leave; and a
browser that was never here waits for its first figure. All of it takes about eleven minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from benchmarks.arrival import first_visit
from data_loaders.demo import load_demo
from tests.e2e.server import BROWSER_ARGUMENTS, find_browser, free_port, running, running_app

_LARGEST_MESSAGE = 64 * 1024 * 1024
_FIRST_S = 120
_LOOK_AGAIN_S = 0.5
# A server keeps the session of who went, here for a minute instead of a quarter of an hour, and
# collects its garbage every 15 s.
_KEPT = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "60"}
_GONE_S = 95


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
                    message = self.socket.recv(timeout=self._patience())
                    self._receive(ForwardMsg.FromString(message))
                for fragment in [f for f, due in self._due.items() if time.perf_counter() >= due]:
                    del self._due[fragment]
                    self.socket.send(self._ask(fragment))
                self._think()

    def wait_for_figure(self, seconds: float) -> bool:
        """Wait until the figure has come, at most so long; whether it has."""
        return self._drawn.wait(seconds)

    def begin_to_leave(self) -> None:
        """Have the session closed when its visitor looks up next."""
        self._closing.set()

    def leave(self) -> None:
        """Close the session."""
        self.begin_to_leave()
        self.join(10)

    def _patience(self) -> float:
        """Seconds until something is due: hundreds who look more often would be the load."""
        due = min(self._due.values(), default=float("inf")) - time.perf_counter()
        return min(max(due, 0.01), _LOOK_AGAIN_S)

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

    def _patience(self) -> float:
        return min(super()._patience(), max(self._next - time.perf_counter(), 0.01))

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


def leave_together(people: Sequence[Visitor]) -> None:
    """Close the sessions of all."""
    for one in people:
        one.begin_to_leave()
    for one in people:
        one.leave()


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
    leave_together(there)
    p50, p95 = np.percentile(waits, [50, 95]) if waits else (np.nan, np.nan)
    rate = sum(len(one.waits) for one in there) / seconds
    return (
        f"{people:>8} {rate:>8.1f}/s {p50:>7.2f} s {p95:>7.2f} s "
        f"{sum(one.failures for one in there) + lost:>8} {idle:>8.0f} {most:>8.0f} MiB"
    )


def come_and_go(address: str, page: str, leader: int, *, people: int) -> str:
    """A line on the memory before so many people came who only look, with them, and afterwards."""

    def come(number: int) -> int:
        there = [Participant(address, page, float("inf"), seed) for seed in range(number)]
        for one in there:
            one.start()
            time.sleep(0.2)
        deadline = time.perf_counter() + _FIRST_S
        while time.perf_counter() < deadline and not all(one.first for one in there):
            time.sleep(0.2)
        seen.append(memory_mib(leader))
        lost = sum(not one.is_alive() or one.first is None for one in there)
        leave_together(there)
        return lost

    seen: list[float] = []
    come(4)  # what everybody's first visit leaves behind is no memory of sessions
    lost, left = 0, []
    for _ in range(2):
        lost += come(people)
        time.sleep(_GONE_S)
        left.append(memory_mib(leader))
    before, first, again = seen
    return (
        f"{people} people who only look, twice: {before:.0f} MiB before, {first:.0f} with them, "
        f"{left[0]:.0f} when they had left; {again:.0f} with the next, then {left[1]:.0f} "
        f"({left[1] / left[0] - 1:+.0%}); {lost} failed"
    )


def first_figures(addresses: dict[str, str], repeats: int) -> str:
    """A line on how long a browser that was never here waits for its first figure, in turn."""
    if find_browser() is None:
        return "No Chromium: the time to the first figure was not measured."
    seen: dict[str, list[float]] = {label: [] for label in addresses}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_ARGUMENTS)
        for _ in range(repeats + 1):
            for label, address in addresses.items():
                seen[label].append(first_visit(browser, address, 0)[0])
        browser.close()
    ours, plain = (statistics.median(held[1:]) for held in seen.values())
    return (
        f"First figure in a browser that was never here, median of {repeats}: {ours:.2f} s, "
        f"plain app {plain:.2f} s, {ours / plain:.2f} times as long"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors")
    parser.add_argument("--people", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--think", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--idle", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
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
        address = f"http://127.0.0.1:{port}"
        started = partial(running, address=address, log=folder / "log", environment=environment)
        for label, page, command in servers:
            with started([sys.executable, *command]) as process:
                for people in asked.people:
                    said = meeting(
                        address, page, process.pid,
                        people=people, think=asked.think, seconds=asked.seconds,
                    )  # fmt: skip
                    print(f"{label:>16} {said}", flush=True)
        soon_gone = started([sys.executable, *serve, "2"], environment=environment | _KEPT)
        with soon_gone as process:
            print(come_and_go(address, "survival", process.pid, people=asked.idle), flush=True)
        os.environ |= environment
        with (
            running_app(folder / "a") as ours,
            running_app(folder / "b", "benchmarks/plain_app.py") as theirs,
        ):
            addresses = {"CALR Explorer": f"{ours}/survival", "plain app": theirs}
            print(first_figures(addresses, asked.repeats))


if __name__ == "__main__":
    main()
