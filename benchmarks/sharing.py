"""Memory of processes that open the same large kept cohort, on their own and with a common file.

``python -m benchmarks.sharing [patients]`` keeps a demo cohort of 1,000,000 patients in a folder of
its own, has one, two and four processes open it, and prints what they take together: proportional
set size, which counts once what they share (Linux). With a busy machine it takes minutes.
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa

from app.study.workspace import opened
from data_loaders.demo import load_demo
from data_loaders.settings import COMMON, STORE

_OWNER, _KEY = "local", "upload:0123456789"
_COUNTS = (1, 2, 4)


def memory_mib(process: int) -> float:
    """Proportional set size of a process."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def hold() -> None:
    """Open the cohort, read all of its numbers once, say so, and wait."""
    store = opened()
    assert store is not None  # noqa: S101  (main has made it)
    cohort, _ = store.open(_OWNER, _KEY)
    cohort.patients.select_dtypes("number").sum()
    for name in cohort.alterations:
        cohort.alterations[name].sum()
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    print("held", flush=True)
    sys.stdin.readline()


def main() -> None:
    """Measure and print."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as common:
        os.environ[STORE.name] = folder
        store = opened(make=True)
        assert store is not None  # noqa: S101
        store.keep(_OWNER, _KEY, load_demo("mpn", n=patients))
        print(f"{patients:,} patients; MiB of {', '.join(map(str, _COUNTS))} processes")
        for label, place in (("each on its own", ""), ("common file", common)):
            command = [sys.executable, "-m", "benchmarks.sharing", "hold"]
            there: list[subprocess.Popen[str]] = []
            for count in _COUNTS:
                while len(there) < count:
                    one = subprocess.Popen(
                        command, env=os.environ | {COMMON.name: place}, text=True,
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    )  # fmt: skip
                    there.append(one)
                    assert one.stdout is not None  # noqa: S101  (it is a pipe)
                    one.stdout.readline()
                taken = sum(memory_mib(one.pid) for one in there)
                print(f"{label:>16} {count} {taken:>8.0f}", flush=True)
            for one in there:
                one.communicate("\n")


if __name__ == "__main__":
    hold() if sys.argv[1:] == ["hold"] else main()
