"""Run inside the read-only root: start what the image starts, and be its first visitor."""

import json
import os
import signal
import subprocess
import sys
import time


def main() -> None:
    """Say how it went on standard output."""
    asked = json.loads(sys.argv[1])
    environment = asked["environment"]
    with open(f"{environment['TMPDIR']}/log", "wb") as log:  # noqa: PTH123
        server = subprocess.Popen(
            asked["entry"], env=environment, cwd=asked["folder"], stdout=log, stderr=log
        )

    def healthy() -> bool:
        return subprocess.run(asked["health"], env=environment, check=False).returncode == 0

    deadline = time.monotonic() + 120
    while not healthy():
        if server.poll() is not None or time.monotonic() > deadline:
            with open(f"{environment['TMPDIR']}/log") as log:  # noqa: PTH123
                sys.exit(f"not healthy: {log.read()}")
        time.sleep(0.2)
    sys.path.insert(0, environment["PYTHONPATH"].rpartition(":")[2])
    from benchmarks.visitors import Visitor

    visitor = Visitor("http://127.0.0.1:8501", "survival", "", figure="Overall survival")
    visitor.start()
    drawn = visitor.wait_for_figure(120)
    visitor.leave()
    server.send_signal(signal.SIGTERM)
    server.wait(30)
    assert os.getuid() != 0
    print("healthy, drawn, ended" if drawn else "healthy, not drawn")  # noqa: T201


if __name__ == "__main__":
    main()
