"""The arrows of the house: packages import only to their left, and few import streamlit."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

ORDER = [
    "data_loaders",
    "app.cohort",
    "app.analysis",
    "app.study",
    "app.charts",
    "app.export",
    "app.ui",
    "pages",
]
# Until those modules of app.analysis that speak have moved up into rooms, and what the views of
# app.export share has moved into app.study.
ALSO = {("app.analysis", "app.study"), ("app.study", "app.export")}
ENTRYPOINTS = {"app/main.py", "app/server.py"}
STREAMLIT = ("app/ui/", "pages/", "app/main.py", "app/server.py")
SOURCES = sorted(
    path for folder in ("app", "data_loaders", "pages") for path in (ROOT / folder).rglob("*.py")
)


@cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def package(name: str) -> str | None:
    return next((p for p in ORDER if name == p or name.startswith(f"{p}.")), None)


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_go_left():
    wrong = []
    for path in SOURCES:
        name = ids(path)
        if name in ENTRYPOINTS or name == "app/__init__.py":
            continue
        own = package(name.removesuffix(".py").replace("/", "."))
        assert own is not None, f"{name} belongs to no package of the house"
        others = filter(None, map(package, imported(path)))
        wrong += [
            f"{name} imports {other}"
            for other in others
            if ORDER.index(other) > ORDER.index(own) and (own, other) not in ALSO
        ]
    assert not wrong


def test_streamlit_stays_in_the_interface():
    uses = [
        ids(path)
        for path in SOURCES
        if any(name == "streamlit" or name.startswith("streamlit.") for name in imported(path))
    ]
    assert uses, "Streamlit is what the pages are made of"
    assert not [name for name in uses if not name.startswith(STREAMLIT)]


def test_enter_in_a_list_takes_the_one_match_typed():
    """Streamlit's first entry would be "Select 3 matches": TP53 and its refinements at once."""
    calls = [
        (f"{ids(path)}:{node.lineno}", {keyword.arg: keyword.value for keyword in node.keywords})
        for path in SOURCES
        if "multiselect(" in path.read_text()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "multiselect"
    ]
    assert calls
    assert not [
        place for place, given in calls if not isinstance(given.get("select_all"), ast.Constant)
    ]


def test_nothing_in_app_shadows_a_library():
    """``streamlit run`` puts app/ first on the path."""
    known = set(sys.stdlib_module_names) | {
        line.split("==")[0].strip().replace("-", "_")
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    names = {p.stem for p in (ROOT / "app").iterdir() if not p.name.startswith("__")}
    assert not names & known


def test_streamlit_finds_no_pages_folder_of_its_own():
    assert not (ROOT / "app" / "pages").exists()
    assert not list(ROOT.glob("*.py")), "an entrypoint at the root lets a page run without it"


def test_modules_stay_one_idea():
    long = {ids(p): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 500}
    assert not long
