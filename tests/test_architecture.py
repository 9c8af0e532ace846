"""The arrows of the house: packages import only to their left, and few import streamlit."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_imports_go_left(path: Path):
    name = ids(path)
    if name in ENTRYPOINTS or name == "app/__init__.py":
        return
    own = package(name.removesuffix(".py").replace("/", "."))
    assert own is not None, f"{name} belongs to no package of the house"
    for other in filter(None, map(package, imported(path))):
        allowed = ORDER.index(other) <= ORDER.index(own) or (own, other) in ALSO
        assert allowed, f"{name} imports {other}"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_streamlit_stays_in_the_interface(path: Path):
    uses = any(name == "streamlit" or name.startswith("streamlit.") for name in imported(path))
    assert not uses or ids(path).startswith(STREAMLIT)


@pytest.mark.parametrize("path", [p for p in SOURCES if "multiselect(" in p.read_text()], ids=ids)
def test_enter_in_a_list_takes_the_one_match_typed(path: Path):
    """Streamlit's first entry would be "Select 3 matches": TP53 and its refinements at once."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "multiselect":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            assert isinstance(given.get("select_all"), ast.Constant), f"{ids(path)}:{node.lineno}"


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
