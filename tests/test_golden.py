"""The golden record says what changed, where, and nothing else."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from tests.golden import compare, content_of, differences, plain


def test_numbers_are_rounded_and_arrays_decoded():
    array = np.array([1.23456789, np.nan])
    typed = {"dtype": "f8", "bdata": base64.b64encode(array.tobytes()).decode()}
    assert plain({"x": typed, "n": 3}, 6) == {"n": 3, "x": [1.23457, "nan"]}


def test_files_are_read_into_what_they_hold():
    book, held = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["n", 1 / 3])
    book.save(held)
    assert content_of("a.xlsx", held.getvalue()) == {"Sheet": [["n", 0.333333333]]}
    assert content_of("a.csv", "group,n\nMF,0.10\n") == [["group", "n"], ["MF", 0.1]]
    assert content_of("a.txt", "CALR (source 0123456789ab)\n") == ["CALR (source)"]


def test_a_line_put_in_is_one_difference():
    assert list(differences(["a", "b"], ["a", "new", "b"])) == [("/1", [], ["new"])]
    assert list(differences({"n": [1, 2]}, {"n": [1, 3]})) == [("/n/1", 2, 3)]


def test_what_is_allowed_is_told_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for side, n in (("before", 1), ("after", 2)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "page.json").write_text(json.dumps({"n": n}))
    allow = tmp_path / "allowed.txt"
    sides = tmp_path / "before", tmp_path / "after"
    assert compare(*sides, "", allow, 9) == 1
    assert "page.json:/n" in capsys.readouterr().out
    allow.write_text("# none\npage.json:/n 1 -> 2$ ## counted anew\n")
    assert compare(*sides, "", allow, 9) == 0
    assert "allowed 1: counted anew" in capsys.readouterr().out
    assert compare(*sides, "no such page", allow, 9) == 1, "nothing compared is nothing held"


def test_what_was_added_or_stands_elsewhere_is_not_lost(tmp_path: Path):
    before = {
        "words": ["[caption ]", "  body: Median 3 years. 64 left out."],
        "downloads": {"take": {"holds": ["A method. Another."]}},
        "figures": {"km": {"data": [{"x": [1, 2]}]}},
    }
    after = {
        "words": ["[caption ]", "  body: 64 left out.", "  help: New.", "  body: Median 3 years."],
        "downloads": {"take": {"holds": ["Another.", "A method."]}, "slide": {"holds": []}},
        "figures": {"km": {"data": [{"x": [1, 2], "legendgroup": "0"}]}},
    }
    assert found(tmp_path, before, after, lost=True) == 0
    assert found(tmp_path, before, after, lost=False) == 1
    for path, wrong in (
        ("words", ["[caption ]", "  body: Median 3 years. 65 left out."]),
        ("downloads", {"take": {"holds": ["A method."]}}),
        ("figures", {"km": {"data": [{"x": [1, 3]}]}}),
        ("figures", {}),
    ):
        assert found(tmp_path, before, after | {path: wrong}, lost=True) == 1


def found(folder: Path, before: object, after: object, *, lost: bool) -> int:
    """Whether a comparison finds a difference."""
    for side, record in (("before", before), ("after", after)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / "page.json").write_text(json.dumps(record))
    sides = folder / "before", folder / "after"
    return compare(*sides, "", folder / "none.txt", 9, lost=lost)
