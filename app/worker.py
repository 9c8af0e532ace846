"""The worker process: long computations run here, warm, one at a time.

UMAP may abort a process in which two of them run at once, so it never runs in the server. The
server starts ``python -m app.worker`` and the two exchange pickled messages over the
worker's standard input and output, a pipe that no other program can reach.

Messages to the worker: ``("run", job, task, payload)`` and ``("cancel", job)``.
Messages from it: ``("ready",)``, ``("progress", job, stage, fraction)``, ``("done", job, result)``,
``("cancelled", job)``, ``("refused", job, sentence)`` and ``("failed", job, sentence)``.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from app.analysis.progress import Cancelled
from app.analysis.subgroups import (
    SubgroupError,
    find_subgroups,
    structure_evidence,
    subgroup_stability,
    warm_up,
)
from app.views.transplant.tasks import TRIAL_TASKS, TrialError

# By name, what takes the keywords of a payload, and ``progress``.
TASKS: Mapping[str, Callable[..., object]] = {
    "subgroups": find_subgroups,
    "evidence": structure_evidence,
    "stability": subgroup_stability,
    **TRIAL_TASKS,
}


class _Worker:
    def __init__(self, messages_in: BinaryIO, messages_out: BinaryIO) -> None:
        self._in = messages_in
        self._out = messages_out
        self._jobs: queue.SimpleQueue[tuple[str, str, Mapping[str, Any]]] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._lock = threading.Lock()

    def send(self, *message: object) -> None:
        data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self._out.write(data)
            self._out.flush()

    def listen(self) -> None:
        """Read messages until the server goes away, then end the process."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                message = pickle.load(self._in)  # noqa: S301  (our own pipe, not user data)
                if message[0] == "run":
                    # A stop that came too late for the last run must not stop this one.
                    self._cancelled.discard(message[1])
                    self._jobs.put(message[1:])
                else:
                    self._cancelled.add(message[1])
        os._exit(0)

    def serve(self) -> None:
        """Run the jobs one after the other, for ever."""
        warm_up()
        self.send("ready")
        while True:
            job, task, payload = self._jobs.get()
            self._run(job, task, payload)
            self._cancelled.discard(job)

    def _run(self, job: str, task: str, payload: Mapping[str, Any]) -> None:
        def progress(stage: str, fraction: float) -> None:
            if job in self._cancelled:
                raise Cancelled
            self.send("progress", job, stage, fraction)

        try:
            result = TASKS[task](**payload, progress=progress)
            self.send("done", job, result)
        except Cancelled:
            self.send("cancelled", job)
        except (SubgroupError, TrialError) as error:
            self.send("refused", job, str(error))
        except Exception:  # noqa: BLE001  (whatever went wrong, the worker must go on)
            # The trace names code and types only; values may be a patient's.
            frames = traceback.extract_tb(sys.exc_info()[2])
            where = " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames[-4:])
            sys.stderr.write(f"worker: {sys.exc_info()[0]} at {where}\n")
            self.send("failed", job, "The computation failed on this data; the others go on.")


def main() -> None:
    """Serve jobs on standard input and output until the server closes the pipe."""
    messages_out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not end up between the messages.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = _Worker(sys.stdin.buffer, messages_out)
    threading.Thread(target=worker.listen, daemon=True).start()
    worker.serve()


if __name__ == "__main__":
    main()
