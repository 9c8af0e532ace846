"""The golden record: all that the app shows and gives away, so that moves change nothing.

``python tests/golden.py record FOLDER`` opens every view of every page on the three demos and
writes one JSON file each: words, widgets, tables and figures on screen, and what the downloads
hold. ``python tests/golden.py compare BEFORE AFTER`` says what differs and ends with 1 if anything
does; with ``--lost`` only what is gone or another: what was added is not looked at, nor where a
sentence stands. Everything is taken through the surface of the app, and views and tabs are found
there too, so one tool records trees whose modules have other names (``--root``). Nothing is timed:
work in the background is waited for until the page shows no progress.
"""

from __future__ import annotations

import argparse
import base64
import csv
import difflib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import streamlit as st
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

Json = Any
Query = dict[str, str | list[str]]

DEMOS = ("demo:mpn", "demo:mds", "demo:aml")
# About half of the patients: those of median age or older.
HALF = {"demo:mpn": ["58", "95"], "demo:mds": ["71", "96"], "demo:aml": ["53", "84"]}
GROUPED = {"survival", "genomics"}
GROUPING: Query = {"group": "alteration:TP53"}
# The controls that choose a page's view, by the parameter of the link.
CONTROLS = ("view", "genomics", "compare", "patients")
# What a view needs to be asked for anything.
NEEDS: dict[str, Query] = {
    "Two cohorts": {"group": "alteration:TP53", "other": "AML demo (synthetic)"},
    "Swimmer plot": {"group": "alteration:TP53"},
}
OTHER = {"demo:aml": {"other": "MDS demo (synthetic)"}}
# Scripts are run for one demo; the MPN cohort records no transplant and shares no driver.
RUN_ON = {"transplant": "demo:mds", "Two cohorts": "demo:mds"}
PATIENCE_SECONDS = 900
# A picture is the figure on screen; of other options the words are enough.
EVERYTHING, WORDS = r"\.(?!svg|png)\w+$", r"\.(py|txt)$"
ALLOWED = Path(__file__).with_name("golden_allowed.txt")
_VARIES = [
    (re.compile(r"\(source [0-9a-f]{12}\)"), "(source)"),
    (re.compile(rf"{date.today()}([ T]\d\d:\d\d(:\d\d)?)?|{datetime.now(UTC).date()}"), "<today>"),  # noqa: DTZ011
]
# Parts of a bundle that are the tree's own, or that name their elements at random.
_OF_THE_TREE = re.compile(
    r"^(source|environment)/|^(run\.py|plotly\.min\.js|ro-crate-metadata\.json)$|\.(html|svg)$"
)
# Where an element is kept and how wide it is drawn are not what a reader sees.
_UNSEEN = {
    "id", "formId", "url", "deferredFileId", "pageScriptHash", "setValue", "wrap", "elementType",
    "labelVisibility", "fragmentId", "spec", "config", "arrowData", "data", "columns", "isV1",
}  # fmt: skip


class Downloads:
    """What the page offers to download, made while the page runs and only where it is wanted.

    ``wanted`` is a pattern of file names; empty where nothing is.
    """

    def __init__(self) -> None:
        self.wanted = ""
        self.made: dict[str, Json] = {}
        self.scripts: dict[str, str] = {}
        method = DeltaGenerator.download_button

        def taken(offer: Callable[..., bool], *args: Any, **kwargs: Any) -> bool:
            self.take(*args, **kwargs)
            return offer(*args, **kwargs)

        def taken_from(container: DeltaGenerator, *args: Any, **kwargs: Any) -> bool:
            return taken(partial(method, container), *args, **kwargs)

        st.download_button = partial(taken, st.download_button)
        DeltaGenerator.download_button = taken_from

    def take(
        self,
        label: str,
        data: Any,
        file_name: str | None = None,
        mime: str | None = None,
        key: str | None = None,
        **_: object,
    ) -> None:
        """Keep one download by its key."""
        name = str(file_name)
        if not self.wanted or not re.search(self.wanted, name):
            return
        known = str(key or label)
        try:
            content = data() if callable(data) else data
        except Exception as error:  # noqa: BLE001  (a failure is a difference like others)
            content = f"FAILED {type(error).__name__}: {error}"
            print(f"{name}: {content}", flush=True)
        content = content.read() if hasattr(content, "read") else content
        self.made[known] = {"name": name, "mime": mime, "holds": content_of(name, content)}
        if name.endswith(".py"):
            self.scripts[known] = content if isinstance(content, str) else content.decode()


def scrubbed(text: str) -> str:
    """The text without what is meant to vary."""
    for pattern, word in _VARIES:
        text = pattern.sub(word, text)
    return text


def plain(value: Any, digits: int) -> Json:
    """A value as JSON, its numbers rounded to significant digits."""
    if isinstance(value, Mapping):
        typed = "bdata" in value and "dtype" in value
        if typed:
            array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
            shape = [int(n) for n in str(value.get("shape", array.size)).split(",")]
            return plain(array.reshape(shape).tolist(), digits)
        return {str(name): plain(value[name], digits) for name in sorted(value, key=str)}
    if isinstance(value, (list, tuple, set, np.ndarray)):
        return [plain(part, digits) for part in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        rounded = float(f"{float(value):.{digits}g}")
        return rounded if np.isfinite(rounded) else str(rounded)
    return scrubbed(str(value))


def number_or_text(text: str) -> Json:
    """A cell of a CSV file."""
    try:
        return plain(float(text) if re.search(r"[.eEn]", text) else int(text), 9)
    except ValueError:
        return scrubbed(text)


def content_of(name: str, content: str | bytes) -> Json:
    """What a file holds: sheets of a workbook, rows of a CSV, lines of a text."""
    raw = content.encode() if isinstance(content, str) else bytes(content)
    if name.endswith(".xlsx") and raw[:2] == b"PK":
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True)
        sheets = {s.title: [list(row) for row in s.iter_rows(values_only=True)] for s in book}
        return plain(sheets, 9)
    if raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [part for part in archive.namelist() if not _OF_THE_TREE.search(part)]
            return {part: content_of(part, archive.read(part)) for part in names}
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return hashlib.sha256(raw).hexdigest()
    if name.endswith((".csv", ".tsv")):
        lines = csv.reader(io.StringIO(text), delimiter="\t" if name.endswith("tsv") else ",")
        return [[number_or_text(cell) for cell in row] for row in lines]
    return scrubbed(text).splitlines()


# The page -----------------------------------------------------------------------------------------


def nodes(node: Any) -> Iterator[Any]:
    """Every part of the page in the order in which it stands there."""
    children = getattr(node, "children", None) or {}
    for position in sorted(children):
        yield children[position]
        yield from nodes(children[position])


def key_of(node: Any) -> str:
    """The key that the app gave a widget or a container; empty where it gave none."""
    known = getattr(node, "_block_id", "") or getattr(getattr(node, "proto", None), "id", "")
    parts = str(known).split("-", 2)
    return parts[2] if len(parts) == 3 and parts[2] != "None" else ""


def lines_of(value: Json, path: str) -> Iterator[str]:
    """What a message holds, a line for each text and number."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in _UNSEEN:
                yield from lines_of(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for part in value:
            yield from lines_of(part, path)
    elif isinstance(value, str):
        yield from (f"{path}: {line}" for line in value.splitlines())
    else:
        yield f"{path}: {value}"


def table_of(frame: pd.DataFrame) -> Json:
    """A table on screen: headings and rows."""
    data = frame.data if hasattr(frame, "data") else frame
    counted = isinstance(data.index, pd.RangeIndex)
    shown = data if counted else data.reset_index(allow_duplicates=True)
    rows = shown.astype(object).to_numpy().tolist()
    return {"columns": [str(name) for name in shown.columns], "rows": plain(rows, 9)}


def read_page(at: AppTest) -> dict[str, Json]:
    """Words and widgets, tables and figures of the page as it stands."""
    read: dict[str, Any] = {"words": [], "sidebar": [], "tables": {}, "figures": {}}
    for place in (0, 1):
        said = read["sidebar" if place else "words"]
        for node in nodes(at._tree.children[place]):
            proto, kind, key = getattr(node, "proto", None), node.type, key_of(node)
            if not isinstance(proto, Message) or kind in ("column", "flex_container", "html"):
                continue
            fields = plain(MessageToDict(proto), 6)
            said += [f"[{kind} {key}]", *(f"  {line}" for line in lines_of(fields, ""))]
            if kind == "plotly_chart":
                name = unused(key or "figure", read["figures"])
                read["figures"][name] = figure_of(proto)
            elif kind in ("arrow_data_frame", "arrow_table", "dataframe", "table"):
                name = unused(key or kind, read["tables"])
                given = json.loads(getattr(proto, "columns", "") or "{}")
                read["tables"][name] = table_of(node.value) | {"shown_as": plain(given, 6)}
    read["link"] = plain({name: at.query_params[name] for name in at.query_params}, 9)
    return read


def unused(name: str, held: Mapping[str, object]) -> str:
    """The name, numbered where it is taken."""
    return name if name not in held else unused(f"{name}'", held)


def figure_of(proto: Any) -> Json:
    """A figure without the colours of Plotly's own template."""
    spec = json.loads(proto.spec)
    spec.get("layout", {}).pop("template", None)
    return plain(spec | {"config": json.loads(proto.config or "{}")}, 6)


def settled(at: AppTest, until: Callable[[AppTest], bool]) -> AppTest:
    """The page when nothing of it is computed in the background any more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while at.get("progress") or not until(at):
        if time.monotonic() > deadline:
            raise TimeoutError("the page still shows progress")
        time.sleep(0.5)
        at.run()
    return at


def wants_more(page: str) -> Callable[[AppTest], bool]:
    """Whether the page has all that it waits for; of most pages it has."""
    if page != "subgroups":
        return lambda _: True
    return lambda at: any("quality, seed" in part.value for part in at.markdown) or bool(at.info)


def open_page(root: Path, page: str, query: Query) -> AppTest:
    """A new visitor who follows a link."""
    at = AppTest.from_file(str(root / "app" / "main.py"), default_timeout=PATIENCE_SECONDS)
    for name, value in query.items():
        at.query_params[name] = value
    if page != "home":
        at.switch_page(str(root / "pages" / f"{page}.py"))
    return settled(at.run(), wants_more(page))


def views_of(at: AppTest) -> tuple[str, list[str]]:
    """The control that chooses the page's view and the views it offers; none where it has one."""
    for node in nodes(at._tree.children[0]):
        if node.type == "button_group" and key_of(node) in CONTROLS:
            return key_of(node), list(node.options)
    return "", [""]


def closed_tabs(at: AppTest) -> Iterator[tuple[str, str]]:
    """Key and label of each tab that is drawn only when it is opened, the open one not among."""
    for node in nodes(at._tree.children[0]):
        if node.type == "tab_container" and key_of(node):
            for tab in list(node.children.values()):
                if not tab.children:
                    yield key_of(node), tab.label


def choices(at: AppTest) -> Iterator[tuple[str, str]]:
    """Parameter and option of each segmented control, what is chosen and the views not among."""
    for node in nodes(at._tree.children[0]):
        name = getattr(node.proto, "query_param_key", "") if node.type == "button_group" else ""
        if name and name not in CONTROLS and isinstance(node.value, str):
            chosen = set(node.formatted_values)
            yield from ((name, option) for option in node.options if option not in chosen)


# Recording ----------------------------------------------------------------------------------------


def variants(page: str, demo: str) -> dict[str, Query]:
    """What the links ask beside cohort and view, by name."""
    asked: dict[str, Query] = {"all": {}, "half": {"age": HALF[demo]}}
    if page in GROUPED:
        asked["grouped"] = GROUPING
    return asked


def run_scripts(scripts: Mapping[str, str], root: Path) -> dict[str, Json]:
    """What each script prints; all in one interpreter, next to nothing but the tree it is of."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603  (the app's own scripts)
            [sys.executable, "-c", _RUNNER],
            input=json.dumps(dict(scripts)),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=True,
        )
    return {name: printed(text, root) for name, text in json.loads(done.stdout).items()}


def printed(text: str, root: Path) -> list[str]:
    """The lines of what was printed, without paths, numbers rounded, runs of blanks as one."""
    text = scrubbed(text.replace(str(root), "<root>"))
    text = re.sub(r"-?\d+\.\d+(e[+-]?\d+)?", lambda n: f"{float(n[0]):.9g}", text)
    return [" ".join(line.split()) for line in text.splitlines()]


_RUNNER = """
import contextlib, io, json, sys
printed = {}
for name, script in json.load(sys.stdin).items():
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            exec(compile(script, name, "exec"), {"__name__": "__main__"})
        except (Exception, SystemExit) as error:
            print("FAILED", type(error).__name__, error)
    printed[name] = output.getvalue()
print(json.dumps(printed))
"""


class Recorder:
    """Walks one tree and writes what it shows into a folder."""

    def __init__(self, root: Path, folder: Path, wanted: str) -> None:
        self.root, self.folder, self.wanted = root, folder, re.compile(wanted)
        self.downloads = Downloads()

    def record(self, at: AppTest, name: str, wanted: str = EVERYTHING) -> None:
        """Write the file of the page as it stands, with what is drawn only when it is opened."""
        start = time.monotonic()
        self.downloads.made, self.downloads.scripts = {}, {}
        for node in nodes(at._tree):
            if node.type == "popover" and key_of(node):
                at.session_state[key_of(node)] = True
        self.downloads.wanted = wanted
        at.run()
        self.downloads.wanted = ""
        self.write(name, read_page(at) | {"downloads": self.downloads.made})
        print(f"{name}  {time.monotonic() - start:.1f} s", flush=True)

    def write(self, name: str, held: Json) -> None:
        """Write one file of the record."""
        path = self.folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(held, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    def walk(self, page: str, demo: str) -> None:
        """Every view and tab of a page on a demo; on one demo its options and scripts as well."""
        scripts: dict[str, str] = {}
        first = open_page(self.root, page, {"cohort": demo})
        control, views = views_of(first)
        for view in views:
            for variant, asked in variants(page, demo).items():
                name = f"{page}/{demo.removeprefix('demo:')}/{slug(view) or 'page'}.{variant}"
                if not self.wanted.search(name):
                    continue
                query = {"cohort": demo} | needs(view, demo) | asked
                if view:
                    query[control] = view
                at = open_page(self.root, page, query)
                full = variant == "all" and demo == RUN_ON.get(view, RUN_ON.get(page, DEMOS[0]))
                tabs, options = list(closed_tabs(at)), list(choices(at))
                self.record(at, name)
                if full:
                    made = self.downloads.scripts.items()
                    scripts |= {f"{name}.printed_{slug(key)}": text for key, text in made}
                for key, tab in tabs:
                    at.session_state[key] = tab
                    settled(at.run(), wants_more(page))
                    self.record(at, f"{name}.{slug(tab)}")
                for parameter, option in options if full else ():
                    chosen = open_page(self.root, page, query | {parameter: option})
                    self.record(chosen, f"{name}.{slug(parameter)}_{slug(option)}", WORDS)
        if scripts:
            for name, lines in run_scripts(scripts, self.root).items():
                self.write(name, lines)


def needs(view: str, demo: str) -> Query:
    """What a view on a demo has to be asked."""
    asked = NEEDS.get(view, {})
    return asked | OTHER[demo] if "other" in asked and demo in OTHER else asked


def slug(words: str) -> str:
    """Words as part of a file's name."""
    return re.sub(r"\W+", "_", words.lower()).strip("_")


def record(root: Path, folder: Path, match: str, pages: list[str], demos: list[str]) -> int:
    """Record pages on demos, of them the views whose name the pattern finds; 1 if one broke."""
    recorder, broken = Recorder(root, folder, match), 0
    for page in pages or sorted(path.stem for path in (root / "pages").glob("*.py")):
        for demo in demos or DEMOS:
            try:
                recorder.walk(page, demo if ":" in demo else f"demo:{demo}")
            except (RuntimeError, TimeoutError) as error:
                print(f"BROKEN {page} {demo}: {error}", flush=True)
                broken = 1
    return broken


# Comparing ----------------------------------------------------------------------------------------


def differences(before: Json, after: Json, path: str = "") -> Iterator[tuple[str, Json, Json]]:
    """Path, value before and value after of all that is not the same."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            gone = "<absent>"
            yield from differences(before.get(name, gone), after.get(name, gone), f"{path}/{name}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _differences_of_lists(before, after, path)
    else:
        yield path, before, after


def _differences_of_lists(
    before: Sequence[Json], after: Sequence[Json], path: str
) -> Iterator[tuple[str, Json, Json]]:
    if len(before) == len(after) and not any(isinstance(part, str) for part in before):
        for position, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}/{position}")
        return
    old, new = ([json.dumps(part, ensure_ascii=False) for part in side] for side in (before, after))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what != "equal":
            yield f"{path}/{a}", before[a:b], after[c:d]


def what_is_left(before: Json, after: Json, path: str = "") -> Json:
    """The later record for the question what was lost: without what only it has."""
    told = path in ("words", "sidebar", "holds") and isinstance(before, list)
    if told and all(isinstance(line, str) for line in [*before, *after]):
        said = sentences(after)
        return [line for line in before if sentences([line]) <= said]
    if isinstance(before, dict) and isinstance(after, dict):
        return {n: what_is_left(before[n], held, n) for n, held in after.items() if n in before}
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [what_is_left(*pair) for pair in zip(before, after, strict=True)]
    return after


def sentences(lines: Sequence[str]) -> set[str]:
    """What a page says, sentence by sentence, wherever it says it."""
    told = (re.split(r"(?<=[.;])\s+", re.sub(r"^\s*[\w.]+: ", "", line)) for line in lines)
    return {part.strip(" -.;") for parts in told for part in parts}


def allowed(path: Path) -> list[tuple[re.Pattern[str], str]]:
    """What may differ, and why: lines of a pattern, `` ## `` and a reason.

    The pattern is looked for in ``file:/path before -> after``, values as JSON.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    told = [line.partition(" ## ") for line in lines if line.strip() and line[0] != "#"]
    return [(re.compile(pattern.strip()), reason.strip()) for pattern, _, reason in told]


def compare(
    before: Path, after: Path, match: str, allow: Path, most: int, *, lost: bool = False
) -> int:
    """Print what differs, the same difference once; 1 if anything does, else 0.

    Parameters
    ----------
    lost
        Whether only what is gone or another differs.
    """
    names = {
        path.relative_to(folder).as_posix()
        for folder in (before, after)
        for path in folder.rglob("*.json")
    }
    names = {name for name in names if re.search(match, name.removesuffix(".json"))}
    grouped: dict[str, list[tuple[str, Json, Json]]] = defaultdict(list)
    excused: Counter[str] = Counter()
    reasons = allowed(allow)
    for name in sorted(names):
        if lost and not (before / name).exists():
            continue
        if not ((before / name).exists() and (after / name).exists()):
            where = "before" if (before / name).exists() else "after"
            grouped[f"only {where}"].append((name, "", ""))
            continue
        sides = [json.loads((side / name).read_text(encoding="utf-8")) for side in (before, after)]
        sides[1] = what_is_left(*sides) if lost else sides[1]
        for path, old, new in differences(*sides):
            told = f"{name}:{path} {in_line(old)} -> {in_line(new)}"
            why = next((why for rule, why in reasons if rule.search(told)), None)
            if why is None:
                grouped[re.sub(r"/\d+", "/*", path)].append((f"{name}:{path}", old, new))
            else:
                excused[why] += 1
    for path, found in sorted(grouped.items(), key=lambda item: -len(item[1]))[:most]:
        files = len({where.split(":")[0] for where, _, _ in found})
        print(f"\n{path}: {len(found)} in {files} files")
        for where, old, new in found[:2]:
            print(f"  {where}\n    before {short(old)}\n    after  {short(new)}")
    if len(grouped) > most:
        print(f"\nand {len(grouped) - most} other paths (--most {len(grouped)})")
    for why, number in excused.items():
        print(f"allowed {number}: {why}")
    print(f"\n{len(names)} files, {sum(map(len, grouped.values()))} differences")
    return int(bool(grouped) or not names)


def in_line(value: Json) -> str:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False)


def short(value: Json) -> str:
    """A value on one line of the screen."""
    text = in_line(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"


def main() -> int:
    """Record or compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    acts = parser.add_subparsers(dest="act", required=True)
    recording = acts.add_parser("record")
    recording.add_argument("folder", type=Path)
    recording.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    recording.add_argument("--page", action="append", default=[], help="survival; may be repeated")
    recording.add_argument("--demo", action="append", default=[], help="mpn; may be repeated")
    comparing = acts.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--allow", type=Path, default=ALLOWED)
    comparing.add_argument("--most", type=int, default=40, help="how many paths are printed")
    comparing.add_argument("--lost", action="store_true", help="only what is gone or another")
    for part in (recording, comparing):
        part.add_argument("--match", default="", help="pattern of names: survival/mpn/cox")
    given = parser.parse_args()
    if given.act == "compare":
        about = given.match, given.allow, given.most
        return compare(given.before, given.after, *about, lost=given.lost)
    root = given.root.resolve()
    # The tree that is recorded, not the one that this file is of.
    sys.path[0] = str(root)
    return record(root, given.folder.resolve(), given.match, given.page, given.demo)


if __name__ == "__main__":
    # The worker of the app and its threads would keep the process.
    code = main()
    sys.stdout.flush()
    os._exit(code)
