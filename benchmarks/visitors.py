"""Visitors without a browser: they speak the app's own protocol and draw nothing.

Ten browsers on the machine that also runs the server measure the browsers. A visitor here opens a
page, answers what the page asks of a browser (a fragment that is to run again after an interval)
and notes when which figure arrived.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

_LARGEST_MESSAGE = 64 * 1024 * 1024


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

    Attributes
    ----------
    seen
        Seconds after which the figure came, each time it was drawn.
    finished
        Whether the page asks for nothing more of its own accord.
    """

    def __init__(self, address: str, page: str, query: str, figure: str) -> None:
        super().__init__(daemon=True)
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
                max_size=_LARGEST_MESSAGE,
            ) as socket,
        ):
            socket.send(self._ask(""))
            while not self._closing.is_set():
                with suppress(TimeoutError):
                    self._receive(ForwardMsg.FromString(socket.recv(timeout=0.05)))
                for fragment in [f for f, due in self._due.items() if time.perf_counter() >= due]:
                    del self._due[fragment]
                    socket.send(self._ask(fragment))

    def wait_for_figure(self, seconds: float) -> bool:
        """Wait until the figure has come, at most so long; whether it has."""
        return self._drawn.wait(seconds)

    def leave(self) -> None:
        """Close the session."""
        self._closing.set()
        self.join(10)

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
