"""Long computations: one warm worker process, one job for all who ask the same, fair queueing."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[3]
State = Literal["queued", "running", "done", "refused", "failed", "cancelled"]
_MAX_DEATHS_AT_START = 3
_NO_WORKER = (
    "The process for long computations does not start on this machine; the other pages still work."
)
_FINISHED = ("done", "refused", "failed", "cancelled")
_STOPPED = "The computation was stopped."
# Jobs of this rank and above give way to those below it.
BACKGROUND = 2


@dataclass
class Job:
    """One computation: its state, progress and, when done, its result.

    ``message`` is a sentence for the user where the job was refused, failed or cancelled; ``rank``
    says how long it can wait (0 first).
    """

    key: str
    task: str
    payload: Mapping[str, Any] | None
    rank: int = 0
    owners: set[str] = field(default_factory=set)
    state: State = "queued"
    stage: str = "Waiting for its turn"
    fraction: float = 0.0
    result: Any = None
    message: str = ""
    gives_way: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in _FINISHED


class JobService:
    """Runs jobs in the worker process, one at a time, by rank and then in the order of asking.

    Two who ask for the same key share one job. An owner (a session) that asks for something new
    gives up what it asked for before, and a job that nobody waits for any more is cancelled. A
    background job under way gives way to another one's and starts over afterwards.

    Parameters
    ----------
    keep
        How many finished results are kept, the least recently used going first.
    """

    def __init__(self, keep: int = 48) -> None:
        self._keep = keep
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._running: Job | None = None
        self._change = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = False
        self._ready = threading.Event()
        self._deaths_at_start = 0
        self._start_worker()

    # The public face -----------------------------------------------------------------------

    def submit(
        self,
        key: str,
        task: str,
        payload: Mapping[str, Any],
        owner: str,
        group: str = "",
        *,
        rank: int = 0,
    ) -> Job:
        """Ask for a computation; the job of an equal ``key`` is shared.

        Parameters
        ----------
        key
            What is asked for: cohort, filter and settings.
        task
            Name of the task in the worker.
        payload
            Its input; must pickle.
        group
            The owner's unfinished jobs of another group are given up.
        rank
            How long it can wait: 0 first; from ``BACKGROUND`` on it gives way to what cannot.
        """
        with self._change:
            self._give_up(owner, group)
            job = self._jobs.get(key)
            if job is None or job.state in ("failed", "cancelled"):
                job = Job(key, task, payload, rank)
                self._jobs[key] = job
            if job.finished:
                self._jobs.move_to_end(key)
            else:
                job.owners.add(f"{owner}\x00{group}")
            self._forget_old()
            self._dispatch()
            return job

    def get(self, key: str) -> Job | None:
        """The job of this key, if it was asked for and is remembered."""
        with self._change:
            return self._jobs.get(key)

    def cancel(self, key: str) -> None:
        """Stop the job for everyone who waits for it."""
        with self._change:
            job = self._jobs.get(key)
            if job is not None and not job.finished:
                self._cancel(job)

    def withdraw(self, owner: str) -> None:
        """Stop waiting for anything: jobs that nobody else waits for are stopped."""
        with self._change:
            self._give_up(owner, None)

    def forget(self, key: str) -> None:
        """Drop a finished job, so that asking again computes again."""
        with self._change:
            job = self._jobs.get(key)
            if job is not None and job.finished:
                del self._jobs[key]

    def wait(self, job: Job, seconds: float) -> bool:
        """Wait until the job is finished, at most so long; whether it is."""
        with self._change:
            return self._change.wait_for(lambda: job.finished, timeout=seconds)

    @property
    def alive(self) -> bool:
        """Whether the worker's process runs."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def unfinished(self) -> int:
        """How many jobs are under way or wait for their turn."""
        with self._change:
            return sum(not job.finished for job in self._jobs.values())

    def close(self) -> None:
        """End the worker."""
        with self._change:
            self._closing = True
            process = self._process
        if process is not None:
            process.kill()
            process.wait(10)
            _close_pipes(process)

    # The worker ------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        self._ready.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        stream = process.stdout
        if stream is None:
            return
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                self._receive(pickle.load(stream))  # noqa: S301  (our own pipe)
        process.kill()
        process.wait()
        with self._change:
            if self._closing:
                return
            _close_pipes(process)
            self._deaths_at_start = 0 if self._ready.is_set() else self._deaths_at_start + 1
            if self._running is not None:
                self._finish(
                    self._running,
                    "failed",
                    "The computation was interrupted and its process replaced; start it again.",
                )
            if self._deaths_at_start < _MAX_DEATHS_AT_START:
                self._start_worker()
            else:
                self._process = None
            self._dispatch()

    def _receive(self, message: tuple[Any, ...]) -> None:
        kind = message[0]
        if kind == "ready":
            self._ready.set()
            return
        with self._change:
            job = self._running
            if job is None or job.key != message[1]:
                return
            if kind == "progress":
                job.stage, job.fraction = message[2], float(message[3])
                self._change.notify_all()
                return
            if kind == "done":
                job.result = message[2]
                self._finish(job, "done", "")
            elif kind == "cancelled" and job.owners:
                # It only gave way, or somebody asked for it while it was stopping.
                self._put_back(job)
            elif kind == "cancelled":
                self._finish(job, "cancelled", _STOPPED)
            else:
                self._finish(job, kind, message[2])
            self._dispatch()

    def _send(self, *message: object) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.closed:
            return
        # A broken pipe is the listener's to notice: it replaces the worker.
        with contextlib.suppress(OSError):
            pickle.dump(message, process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()

    # Bookkeeping, always called with the lock held ---------------------------------------------

    def _dispatch(self) -> None:
        waiting = [job for job in self._jobs.values() if job.state == "queued"]
        job = min(waiting, key=lambda job: job.rank, default=None)
        if job is None:
            return
        if self._running is not None:
            if self._running.rank >= BACKGROUND > job.rank and not self._running.gives_way:
                self._running.gives_way = True
                self._send("cancel", self._running.key)
            return
        if self._process is None:
            self._finish(job, "failed", _NO_WORKER)
            return
        job.state, job.stage = "running", "Starting"
        self._running = job
        self._send("run", job.key, job.task, job.payload)

    def _finish(self, job: Job, state: State, message: str) -> None:
        job.state, job.message, job.payload, job.fraction = state, message, None, 1.0
        job.owners.clear()
        if self._running is job:
            self._running = None
        self._change.notify_all()

    def _cancel(self, job: Job) -> None:
        job.owners.clear()
        if job.state == "queued":
            self._finish(job, "cancelled", _STOPPED)
        else:
            job.stage = "Stopping"
            self._send("cancel", job.key)

    def _put_back(self, job: Job) -> None:
        job.state, job.stage, job.fraction = "queued", "Waiting for its turn", 0.0
        job.gives_way = False
        self._running = None
        self._change.notify_all()

    def _give_up(self, owner: str, group: str | None) -> None:
        for job in self._jobs.values():
            if job.finished:
                continue
            stale = {o for o in job.owners if o.startswith(f"{owner}\x00")} - {
                f"{owner}\x00{group}"
            }
            if stale:
                job.owners -= stale
                if not job.owners:
                    self._cancel(job)

    def _forget_old(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.finished]
        for key in finished[: max(0, len(finished) - self._keep)]:
            del self._jobs[key]


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            # Unsent data to a process that is gone cannot be flushed.
            with contextlib.suppress(OSError):
                stream.close()
