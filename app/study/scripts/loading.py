"""The lines of a script that load the data again, whatever way they came.

A script says what has to lie beside it, names files without their folders, and holds neither
credentials, which it asks the environment for, nor a patient's values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pprint import pformat
from textwrap import indent
from typing import Any

from app.cohort.scores import scores_among
from data_loaders import Cohort
from data_loaders.mapping.record import MAPPING_ENDING
from data_loaders.model import Loading, Provenance

DATABASE_ADDRESS = "CALR_EXPLORER_DATABASE"
PORTAL_TOKEN = "CALR_EXPLORER_TOKEN"  # noqa: S105  (a variable's name)
QUERY_FILE = "query.sql"
_STUDY_PARTS = {"meta_study.txt", "data_clinical_sample.txt", "cohort.json"}
_WIDTH = 100
_LITERALS = re.compile(r"'((?:[^']|'')*)'|(?<![\w.])(\d+)(?![\w.])")


@dataclass(frozen=True)
class LoadingLines:
    """How a script loads a cohort.

    Parameters
    ----------
    lines
        Python that leaves the cohort in ``cohort``.
    imports
        Names that they need by module; a module without names is imported itself.
    beside
        Files and folders that lie beside the script.
    notes
        Sentences for its head: what has to be set or given.
    """

    lines: str
    imports: Mapping[str, set[str]]
    beside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def loading_lines(cohort: Cohort, number: int = 1) -> LoadingLines:
    """The lines that load a cohort as it was loaded, corrections of its columns included.

    The one place that writes them: every script takes them from here.

    Parameters
    ----------
    number
        Which cohort of the script it is, from 1; what is asked of the environment for a further
        one has its number at the end.
    """
    lines = _with_derived(cohort, _loading_lines(cohort, "" if number == 1 else f"_{number}"))
    computed = scores_among(cohort)
    if not computed:
        return lines
    return replace(
        lines,
        lines=f"{lines.lines}\ncohort = with_scores(cohort, {list(computed)})",
        imports={**lines.imports, "app.cohort.scores": {"with_scores"}},
    )


def _with_derived(cohort: Cohort, lines: LoadingLines) -> LoadingLines:
    """The same, and what was derived of other columns, where anything was or was stated to be."""
    definitions = list(cohort.provenance.derived)
    if not definitions:
        return lines
    plain = indent(pformat(definitions, width=88, sort_dicts=False), "    ")
    told = f"# What was derived of other columns.\nderived = (\n{plain}\n)"
    return replace(
        lines,
        lines=f"{lines.lines}\n{told}\ncohort = derived_as(cohort, derived)",
        imports={**lines.imports, "app.cohort.derived": {"derived_as"}},
    )


def _loading_lines(cohort: Cohort, ending: str) -> LoadingLines:
    loaded = cohort.provenance.loaded
    if loaded is None:
        return _given_on_the_command_line(int(ending[1:] or 1))
    if loaded.way == "combined":
        return _combined(cohort, loaded, ending)
    if loaded.way == "database":
        return _database(cohort, loaded, ending)
    if loaded.way == "api":
        return _portal(loaded, ending)
    if loaded.way == "archive" or _is_upload_of_a_folder(loaded) or _is_plain_files(loaded):
        return _uploads(loaded)
    beside = () if loaded.way in {"demo", "catalogue"} else loaded.files
    asked = [repr(loaded.files[0]), *_keywords(loaded.arguments)]
    return _called("load_cohort", asked, loaded, beside)


def check_lines(cohort: Cohort) -> str:
    """A word in the script's output if it reads other data than those of the result."""
    return (
        f"if cohort.fingerprint != {cohort.fingerprint!r}:\n"
        '    print("Note: the data are not those that the result was made of.")'
    )


def _is_upload_of_a_folder(loaded: Loading) -> bool:
    """Whether a study or stored cohort came as single files rather than as a folder's path."""
    return loaded.way in {"study", "stored"} and (
        len(loaded.files) > 1 or loaded.files[0].rsplit("/", 1)[-1] in _STUDY_PARTS
    )


def _is_plain_files(loaded: Loading) -> bool:
    return loaded.way == "files" and not set(loaded.arguments) - {"clinical"}


def _uploads(loaded: Loading) -> LoadingLines:
    # What a mapping's file said stands in the script, perhaps corrected since.
    files = [name for name in loaded.files if not name.endswith(MAPPING_ENDING)]
    in_folders = any("/" in name for name in files)
    function = "load_files" if loaded.way == "files" and not in_folders else "load_upload"
    called = _called(function, ["files", *_keywords(loaded.arguments)], loaded)
    imports = {"data_loaders.uploads": {"read_beside"}}
    module = "data_loaders" if function == "load_files" else "data_loaders.uploads"
    imports[module] = imports.get(module, set()) | {function}
    listed = pformat(files, width=84)
    return LoadingLines(
        f"files = read_beside(\n{indent(listed, '    ')}\n)\n{called.lines}",
        imports,
        tuple(dict.fromkeys(name.split("/")[0] for name in files)),
    )


def _combined(cohort: Cohort, loaded: Loading, ending: str) -> LoadingLines:
    """Every part as it was loaded, then the combining."""
    lines, imports, made = list[str](), {"data_loaders": {"combine"}}, list[str]()
    beside, notes = list[str](), list[str]()
    for number, data in enumerate(loaded.arguments["parts"], start=1):
        held = Loading(**{**data["loaded"], "files": tuple(data["loaded"]["files"])})
        where = Provenance(data["source"], loaded=held, derived=tuple(data["derived"]))
        part = replace(cohort, provenance=where)
        own = f"{ending}_part{number}"
        one = _with_derived(part, _loading_lines(part, own))
        made.append(own.strip("_"))
        lines.append(f"{one.lines}\n{made[-1]} = cohort")
        for module, names in one.imports.items():
            imports[module] = imports.get(module, set()) | names
        beside += one.beside
        notes += one.notes
    asked = [f"[{', '.join(made)}]", f"names={loaded.arguments['names']!r}"]
    asked += [f"name={loaded.arguments['name']!r}"] * bool(loaded.arguments["name"])
    call = _called("combine", asked, loaded)
    return LoadingLines(
        "\n".join([*lines, call.lines]), imports, tuple(dict.fromkeys(beside)),
        tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _portal(loaded: Loading, ending: str) -> LoadingLines:
    token = f"{PORTAL_TOKEN}{ending.upper()}"
    asked = [repr(loaded.files[0]), repr(loaded.arguments["study"])]
    asked.append(f"os.environ.get({token!r})")
    called = _called("load_from_api", asked, loaded)
    note = (
        f"The study is asked of {loaded.files[0]}; where that needs a data access token, set it as "
        f"the environment variable {token}."
    )
    imports = {"os": set[str](), "data_loaders.cbioportal.api": {"load_from_api"}}
    return LoadingLines(called.lines, imports, notes=(note,))


def _database(cohort: Cohort, loaded: Loading, ending: str) -> LoadingLines:
    variable, beside = f"{DATABASE_ADDRESS}{ending.upper()}", tuple[str, ...]()
    file = QUERY_FILE.replace(".", f"{ending}.")
    asked = [f"os.environ[{variable!r}]"]
    imports = {"os": set[str](), "data_loaders": {"load_cohort"}}
    arguments = dict(loaded.arguments)
    query = arguments.pop("query", None)
    asked += _keywords(arguments)
    if query is not None and _names_a_patient(str(query), cohort):
        asked.append(f"query=Path({file!r}).read_text(encoding='utf-8')")
        imports["pathlib"] = {"Path"}
        beside = (file,)
    elif query is not None:
        asked.append(f"query={query!r}")
    called = _called("load_cohort", asked, loaded)
    notes = [
        f"The data are read from: {cohort.provenance.source}. Set the database's address, with "
        f"user and password, as the environment variable {variable}."
    ]
    if beside:
        notes.append(
            f"The query names a patient and is therefore no part of this script: save it as "
            f"{file} beside it first."
        )
    return LoadingLines(called.lines, imports, beside, tuple(notes))


def _names_a_patient(query: str, cohort: Cohort) -> bool:
    """Whether a text or number of a query is a patient's identifier."""
    said = {text.replace("''", "'") or number for text, number in _LITERALS.findall(query)}
    ids = list(map(str, cohort.patients.index))
    # Of combined cohorts some have the name of their cohort in front.
    return not said.isdisjoint([*ids, *(name.partition(":")[2] for name in ids)])


def _given_on_the_command_line(number: int) -> LoadingLines:
    return LoadingLines(
        f"cohort = load_cohort(sys.argv[{number}])",
        {"sys": set(), "data_loaders": {"load_cohort"}},
        notes=("The cohort was made by a program: give the path of its data after the script.",),
    )


def _keywords(arguments: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value!r}" for name, value in arguments.items()]


def _called(
    function: str, asked: list[str], loaded: Loading, beside: tuple[str, ...] = ()
) -> LoadingLines:
    """A call, with the mapping as a literal before it where there is one."""
    before = ""
    # What is derived stands behind the loading, as the cohort has it now; a stored cohort says
    # itself what its columns are, stated inputs of scores with them.
    mapping = {key: value for key, value in loaded.mapping.items() if key != "derived"}
    if mapping and loaded.way != "stored":
        plain = indent(pformat(mapping, sort_dicts=False), "    ")
        before = f"# What was stated of the columns.\nmapping = (\n{plain}\n)\n"
        asked = [*asked, "mapping=mapping"]
    elif loaded.way in {"file", "archive"}:
        # Else a mapping that was saved beside the file meanwhile, or lies within, would be taken.
        asked = [*asked, "mapping={}"]
    line = f"cohort = {function}({', '.join(asked)})"
    if len(line) > _WIDTH:
        line = f"cohort = {function}(\n" + "".join(f"    {one},\n" for one in asked) + ")"
    return LoadingLines(before + line, {"data_loaders": {function}}, beside)
