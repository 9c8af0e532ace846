"""The laws of the house (docs/ARCHITECTURE.md): floors, rooms, what may import what."""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from functools import cache
from itertools import chain
from pathlib import Path

from tests.conftest import ROOT

FLOORS = ("data_loaders", "app.cohort", "app.analysis", "app.study", "app.shell", "app.views")
# A room may import the rooms before it.
ROOMS = (
    "survival", "cohort", "genomics", "subgroups", "patient", "compare", "prognosis", "pooled",
    "transplant",
    "story", "data", "methods", "home", "tallied",
)  # fmt: skip
# Inside a room: what is computed, what is said of it, how it is drawn, the answer, the page.
FURNITURE = {"words": 1, "figures": 2, "answer": 3, "script": 3, "page": 4}
# And the pages of the rooms.
PLACES_OF_STREAMLIT = (
    "app.shell", "app.main", "app.server", "app.command", "app.serving", "pages",
)  # fmt: skip
_MADE = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# The launchers, beside the floors.
ON_TOP = ("app.main", "app.server", "app.worker", "app.command", "app.serving")
# Used by one module that stands elsewhere, so that it cannot be private, and why it is not merged.
FACES = {
    "data_loaders.endpoints.search": "what the tables are asked for their outcomes by",
    "data_loaders.joining.from_tables": "several tables made one cohort",
    "data_loaders.karyotype.copies": "the columns of copies, beside those of karyotypes",
    "data_loaders.karyotype.fish": "the columns of FISH, beside those of karyotypes",
    "data_loaders.demo.potential": "the planted truth, which the transplant page is held against",
    "app.views.pooled.rounds.live": "rounds carried by Flower, which only a command starts",
    "app.shell.watch.health": "what a probe is told, beside what the audit and the log are",
    "app.serving.assets": "a launcher's part: files of the browser",
    "app.serving.memory": "a launcher's part: memory given back",
    "app.serving.processes": "a launcher's part: several processes",
}
SOURCES = sorted(
    path for folder in ("app", "data_loaders", "pages") for path in (ROOT / folder).rglob("*.py")
)


def module(path: Path) -> str:
    name = path.relative_to(ROOT).as_posix().removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


MODULES = {module(path): path for path in SOURCES}


@cache
def nodes(name: str) -> tuple[ast.AST, ...]:
    """Every part of a module's source."""
    return tuple(ast.walk(ast.parse(MODULES[name].read_text())))


@cache
def imports(name: str) -> frozenset[str]:
    """Modules of the house that a module imports, wherever in it."""
    found: set[str] = set()
    for node in nodes(name):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{name}:{node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else node.module)
    return frozenset(found)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def on_top(name: str) -> bool:
    return name == "app" or any(inside(name, launcher) for launcher in ON_TOP)


def floor(name: str) -> int | None:
    if on_top(name):
        return None
    if inside(name, "pages"):
        return len(FLOORS)
    return next((i for i, package in enumerate(FLOORS) if inside(name, package)), None)


def room(name: str) -> str | None:
    return name.split(".")[2] if name.startswith("app.views.") else None


def furniture(name: str) -> int:
    """Place of a module of a room in the order within it; what is computed comes first."""
    return FURNITURE.get(name.rsplit(".", 1)[-1].split("_", maxsplit=1)[0], 0)


def furnishes(name: str) -> bool:
    """Whether a module is called by its place in a room."""
    return name.rsplit(".", 1)[-1].split("_", maxsplit=1)[0] in {"analysis", *FURNITURE}


def arrows() -> list[tuple[str, str]]:
    return [(name, other) for name in MODULES for other in imports(name) if other in MODULES]


def test_every_module_stands_on_a_floor():
    assert not [name for name in MODULES if floor(name) is None and not on_top(name)]
    assert {room(name) for name in MODULES} - {None} == set(ROOMS)


def test_arrows_go_down():
    upward = [
        f"{name} imports {other}"
        for name, other in arrows()
        if floor(name) is not None and (floor(other) is None or floor(other) > floor(name))
        if other != "app"
    ]
    assert not upward


def test_rooms_import_only_rooms_before_them():
    wrong = [
        f"{name} imports {other}"
        for name, other in arrows()
        if room(name) and room(other) and ROOMS.index(room(other)) > ROOMS.index(room(name))
    ]
    assert not wrong


def test_inside_a_room_pages_draw_figures_that_draw_what_is_said_of_what_is_computed():
    wrong = [
        f"{name} imports {other}"
        for name, other in arrows()
        if room(name) and MODULES[name].parent == MODULES[other].parent
        if furniture(other) > furniture(name)
    ]
    assert not wrong


def test_streamlit_stays_in_the_shell_and_in_pages():
    users = [name for name in MODULES if any(inside(other, "streamlit") for other in imports(name))]
    assert not [
        name
        for name in users
        if not any(inside(name, place) for place in PLACES_OF_STREAMLIT)
        if not (room(name) and furniture(name) == FURNITURE["page"])
    ]


def test_private_parts_are_imported_by_their_own_package():
    wrong = []
    for name, other in arrows():
        parts = other.split(".")
        private = next((i for i, part in enumerate(parts) if part.startswith("_")), None)
        if private is not None and not inside(name, ".".join(parts[:private])):
            wrong.append(f"{name} imports {other}")
    assert not wrong


def defined(name: str) -> set[str]:
    """Names that a module makes, or says in ``__all__`` that it offers."""
    made = {part.name for part in nodes(name) if isinstance(part, _MADE)}
    for part in nodes(name):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            made.add(part.id)
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "__all__":
            made |= set(ast.literal_eval(part.value))
    return made


def test_a_name_comes_from_where_it_is_made_or_from_a_face():
    wrong = [
        f"{name}: {alias.name} of {part.module}"
        for name in MODULES
        for part in nodes(name)
        if isinstance(part, ast.ImportFrom) and part.module in MODULES
        if MODULES[part.module].name != "__init__.py"
        for alias in part.names
        if alias.name not in defined(part.module)
    ]
    assert not wrong


def test_a_face_offers_what_somebody_takes():
    """In the product or in its tests; or what it uses itself."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "tests").rglob("*.py")]
    taken = {
        (part.module, alias.name)
        for part in chain(*map(nodes, MODULES), *map(ast.walk, trees))
        if isinstance(part, ast.ImportFrom)
        for alias in part.names
    }
    idle = [
        f"{name}: {alias.name}"
        for name, path in MODULES.items()
        if path.name == "__init__.py" and name != "data_loaders"
        for part in nodes(name)
        if isinstance(part, ast.ImportFrom) and part.module in MODULES
        for alias in part.names
        if (name, alias.name) not in taken
        if not any(isinstance(own, ast.Name) and own.id == alias.name for own in nodes(name))
    ]
    assert not idle


def test_folders_have_an_inside():
    """A folder that holds more than about fifteen modules is divided."""
    held = Counter(path.parent for path in SOURCES if path.name != "__init__.py")
    assert not {str(folder.relative_to(ROOT)): n for folder, n in held.items() if n > 16}


def test_what_only_one_module_uses_is_its_private_part():
    """A room's furniture is used by the page of its room, and is not private."""
    users = defaultdict(set)
    for name, other in arrows():
        users[other].add(name)
    alone = {
        name: next(iter(users[name]))
        for name, path in MODULES.items()
        if path.name != "__init__.py" and len(users[name]) == 1
        if not any(part.startswith("_") for part in name.split("."))
        if not (room(name) and furnishes(name))
    }
    assert alone.keys() == FACES.keys()
    assert not [name for name in FACES if inside(alone[name], name.rsplit(".", 1)[0])], (
        "what its own package alone uses can be private"
    )


def test_modules_stay_one_idea():
    assert not {
        name: lines
        for name, path in MODULES.items()
        if (lines := len(path.read_text().splitlines())) > 500
    }


def test_enter_in_a_list_takes_the_one_match_typed():
    """Streamlit's first entry would be "Select 3 matches": TP53 and its refinements at once."""
    for name in MODULES:
        for node in nodes(name):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "multiselect":
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                assert isinstance(given.get("select_all"), ast.Constant), f"{name}:{node.lineno}"


def test_nothing_in_app_shadows_a_library():
    """``streamlit run`` puts app/ first on the path."""
    known = set(sys.stdlib_module_names) | {
        line.split("==")[0].strip().replace("-", "_")
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    names = {path.stem for path in (ROOT / "app").iterdir() if not path.name.startswith("__")}
    assert not names & known


def test_streamlit_finds_no_pages_folder_of_its_own():
    assert not (ROOT / "app" / "pages").exists()
    assert not list(ROOT.glob("*.py")), "an entrypoint at the root lets a page run without it"
