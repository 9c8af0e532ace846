"""Runs scripts one after the other: as a program of its own, or in a process that is warm.

As a program it reads the scripts' paths from its input and prints what they said, both as JSON; it
imports nothing that a script might have forgotten to.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback


def run_each(paths: list[str]) -> dict[str, str]:
    """What each script printed; after ``FAILED``, how it ended where it did not end well."""
    said = {}
    for path in paths:
        folder, name = os.path.split(path)
        os.chdir(folder)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            try:
                runpy.run_path(name, run_name="__main__")
            except BaseException:  # noqa: BLE001  (also a script that exits is one that failed)
                output.write(f"FAILED {traceback.format_exc()}")
        said[path] = output.getvalue()
    return said


if __name__ == "__main__":
    # The folder of a script is on the path where it runs alone, the folder of this file is not.
    sys.path.pop(0)
    sys.stdout.write(f"{json.dumps(run_each(json.loads(sys.stdin.read())))}\n")
