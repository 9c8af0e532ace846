"""Run every script of this bundle and compare what it prints with the numbers of the bundle.

Needs Python and the packages of environment/requirements.lock, nothing else. It is no part of the
app: a bundle holds a copy of it.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import runpy
import shutil
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent
# Another machine may differ in the last digits.
_CLOSE = 1e-6


def same(told: str, printed: str) -> bool:
    """Whether two tables as text hold the same words and, to six digits, the same numbers."""
    words, others = told.split(), printed.split()
    return len(words) == len(others) and all(map(_alike, words, others))


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=_CLOSE, abs_tol=1e-12)
    except ValueError:
        return False


def differing(expected: dict[str, object], printed: str) -> list[str]:
    """Names of the tables that a script did not print as the bundle has them."""
    tables = expected["tables"]
    assert isinstance(tables, dict)  # noqa: S101  (we wrote it)
    found = []
    for name, text in tables.items():
        _, _, rest = printed.partition(f"\n{name}\n")
        if not same(text, "\n".join(rest.split("\n")[: text.count("\n") + 1])):
            found.append(name)
    return found


def run(script: Path) -> str:
    """What a script prints; how it failed, where it did."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            runpy.run_path(str(script), run_name="__main__")
        except BaseException:  # noqa: BLE001  (also a script that exits is one that failed)
            said.write(f"\nFAILED\n{traceback.format_exc()}")
    return said.getvalue()


def main() -> int:
    """Run all; the exit code says whether every step gave its numbers."""
    sys.path.insert(0, str(ROOT / "source"))
    (ROOT / "data").mkdir(exist_ok=True)
    os.chdir(ROOT / "data")
    wrong = 0
    for folder in sorted((ROOT / "steps").iterdir()):
        if not (folder / "script.py").is_file():
            continue
        for held in folder.glob("beside/*"):  # another step may have other ones of that name
            shutil.copy(held, ROOT / "data")
        printed = run(folder / "script.py")
        (folder / "printed.txt").write_text(printed, encoding="utf-8")
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        off = ["all"] if "\nFAILED\n" in printed else differing(expected, printed)
        wrong += bool(off)
        told = f"differs in {', '.join(off)}: see printed.txt" if off else "the same numbers"
        sys.stdout.write(f"{folder.name}: {told}\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
