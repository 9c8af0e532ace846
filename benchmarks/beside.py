"""Pages and start-up beside an older commit, in one run.

``python -m benchmarks.beside [REVISION] [--rounds N]`` checks the commit out into a folder of its
own, opens the same views of both trees in turn, each round in a new process, and starts both
servers; the table has medians over the rounds. Both trees run in this environment.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_loaders.settings import STORE
from tests.e2e.server import free_port, running

ROOT = Path(__file__).resolve().parents[1]
BEFORE_THE_MOVES = "d3dd89e"
START_UP = "start-up"
# What both trees have, by page and what the link asks.
PLACES = (
    ("home", ""), ("cohort", ""), ("survival", ""), ("survival", "view=Competing risks"),
    ("survival", "view=Cox model"), ("survival", "view=Screen"), ("genomics", ""),
    ("genomics", "genomics=Oncoprint"), ("compare", ""), ("patient", ""), ("data", ""),
)  # fmt: skip
# Runs in either tree, so it knows only what a visitor does: pages, links and the filter.
_VISIT = """
import functools, gc, json, os, sys, time
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime import context
from streamlit.testing.v1 import AppTest, local_script_runner
import scipy.stats
# As a server: its libraries are loaded, components looked for and scripts compiled once, garbage is
# collected between runs, and what a browser sent is at hand; an AppTest makes mocks of the browser.
gc.disable()
context._get_client_context = lambda: None
scan = manifest_scanner.scan_component_manifests
manifest_scanner.scan_component_manifests = functools.cache(scan)
local_script_runner.ScriptCache = functools.cache(local_script_runner.ScriptCache)
config.set_option("runner.postScriptGC", False)
taken = {}
for page, query in json.loads(sys.argv[1]):
    at = AppTest.from_file(os.path.abspath("app/main.py"), default_timeout=300)
    if query:
        at.query_params.update([query.split("=")])
    if page != "home":
        at.switch_page(os.path.abspath(f"pages/{page}.py"))
    at.run()
    seconds = []
    for disease in ("ET", "MF", "PV", "ET"):
        at.multiselect(key="dx").set_value([disease])
        start = time.process_time()
        at.run()
        seconds.append(time.process_time() - start)
        assert not at.exception, at.exception
    taken[f"{page} {query.partition('=')[2]}".strip()] = sorted(seconds[1:])[1]
print(json.dumps(taken), flush=True)
os._exit(0)
"""


def visited(tree: Path, environment: dict[str, str]) -> dict[str, float]:
    """Seconds of the processor for a change of the filter, by view; the median of three."""
    done = subprocess.run(
        [sys.executable, "-c", _VISIT, json.dumps(PLACES)],
        cwd=tree,
        env=environment | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{tree}: {done.stderr[-2000:]}")
    taken: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return taken


def started(tree: Path, environment: dict[str, str]) -> float:
    """Seconds from the command until the port answers."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app/server.py", f"--server.port={port}"]
    start = time.perf_counter()
    with running(command, f"http://127.0.0.1:{port}", Path(os.devnull), tree, environment):
        return time.perf_counter() - start


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A commit in a folder of its own, for as long as it is needed."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("revision", nargs="?", default=BEFORE_THE_MOVES)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with checked_out(given.revision) as old, tempfile.TemporaryDirectory() as store:
        environment = os.environ | {STORE.name: store}
        taken: dict[Path, list[dict[str, float]]] = {old: [], ROOT: []}
        for _ in range(given.rounds):
            for tree, rounds in taken.items():
                rounds.append(visited(tree, environment) | {START_UP: started(tree, environment)})
    print(f"{'a change of the filter on':<28} {given.revision:>12} {'this tree':>12} {'ratio':>7}")
    for place in taken[ROOT][0]:
        before, now = (statistics.median(r[place] for r in taken[tree]) for tree in (old, ROOT))
        unit = "s until the port answers" if place == START_UP else "ms of the processor"
        scale = 1 if place == START_UP else 1000
        print(
            f"{place:<28} {before * scale:>12.4g} {now * scale:>12.4g} {now / before:>7.2f}  {unit}"
        )


if __name__ == "__main__":
    main()
