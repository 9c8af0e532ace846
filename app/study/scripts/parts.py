"""What every script to take away starts with: the data, the patients, their groups.

What comes from the data (names of files, columns, levels) stands in a script only as Python
literals and in comments of one line; no folder and no patient's value does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pprint import pformat

from app.cohort.filters import Filter
from app.cohort.groupings import FILTERS, SAVED, Arrangement, GroupingSpec
from app.study.files.software import product
from app.study.files.tables import source_line
from app.study.scripts.lists import IMPORT, ListFile, named_filters_literal, plain_literal
from app.study.scripts.loading import check_lines, loading_lines
from app.study.wording import listing
from data_loaders import Cohort

GROUPS_FILE, GROUPS_OF_OTHER_FILE = "groups.json", "groups_of_second.json"
GROUPS_OF_OTHER = f"And of {GROUPS_OF_OTHER_FILE}, groups saved of the second cohort."
READ_SAVED = "saved = saved_from_json(cohort, Path({file!r}).read_bytes())"
SAVED_GROUPS = READ_SAVED.format(file=GROUPS_FILE)
SELECTED = "selected"
_LISTS_APART = "Lists of patients are not part of a script: save these files beside it first."


def heading_part(
    title: str,
    cohort: Cohort,
    chosen: Filter,
    group: GroupingSpec | None = None,
    *,
    saved: bool = False,
) -> str:
    """The comment on top: what it reproduces, from which source, and how to run it.

    Parameters
    ----------
    saved
        Whether the script needs groups saved by name, whatever it is grouped by.
    """
    loading = loading_lines(cohort)
    beside = [*loading.beside, *[GROUPS_FILE] * (saved or _is_saved(group))]
    lists = [*plain_literal(chosen.to_dict(), SELECTED)[1], *_lists_of_groups(group)]
    beside += [held.name for held in lists]
    lines = [
        f"{title}: reproduces what {product()} showed.",
        f"Source: {source_line(cohort.provenance)}",
        f"Patients: {chosen.describe(cohort)}",
        "",
        *([*(held.sentence for held in lists), _LISTS_APART, ""] if lists else []),
        *loading.notes,
        f"Run it in the folder of {listing(beside)}:" if beside else "Run it with:",
        "  PYTHONPATH=folder/of/calr-explorer python this_script.py",
    ]
    return "\n".join(comment(line) for line in lines)


def imports_part(
    cohort: Cohort,
    imports: dict[str, set[str]],
    group: GroupingSpec | None = None,
    arrangement: Arrangement | None = None,
) -> str:
    """The imports: what every script uses, and the names by module asked for."""
    groupings = set[str]()
    if group is not None:
        groupings.add("saved_from_json" if _is_saved(group) else "GroupingSpec")
    if _is_arranged(arrangement):
        groupings |= {"Arrangement", "arranged"}
    needed = [
        ("app.cohort.filters", {"Filter"}),
        *[("app.cohort.groupings", groupings)] * bool(groupings),
        *[("pathlib", {"Path"})] * (_is_saved(group) or bool(_lists_of_groups(group))),
        *imports.items(),
        *loading_lines(cohort).imports.items(),
    ]
    wanted: dict[str, set[str]] = {}
    for module, names in needed:
        wanted.setdefault(module, set()).update(names)
    return import_lines(wanted)


def import_lines(wanted: Mapping[str, set[str]]) -> str:
    """Import statements, those of Python itself first.

    Parameters
    ----------
    wanted
        Names by module; a module without names is imported itself.
    """
    lines: dict[bool, list[str]] = {True: [], False: []}
    for module, names in sorted(wanted.items()):
        line = f"from {module} import {', '.join(sorted(names))}" if names else f"import {module}"
        if len(line) > 88:
            inner = "".join(f"    {name},\n" for name in sorted(names))
            line = f"from {module} import (\n{inner})"
        lines[module in sys.stdlib_module_names].append(line)
    return "\n\n".join("\n".join(block) for block in lines.values() if block)


def selection_part(cohort: Cohort, chosen: Filter, number: int = 1) -> str:
    """Loading the file, a word if it is another one, and the filter.

    Parameters
    ----------
    number
        Which cohort of the script it is, from 1.
    """
    plain, lists = plain_literal(chosen.to_dict(), SELECTED)
    start = f"{IMPORT}\n\n" if lists else ""
    return f"""\
{start}{loading_lines(cohort, number).lines}
{check_lines(cohort)}
chosen = Filter.from_dict(
{plain}
)
selection = chosen.apply(cohort)
print(f"{{selection.n}} of {{cohort.n}} patients selected")"""


def grouping_part(
    group: GroupingSpec | None, arrangement: Arrangement | None, file: str = GROUPS_FILE
) -> str:
    """The groups as they were shown, as ``grouping``.

    Parameters
    ----------
    file
        Which holds them where they were saved by name.
    """
    if group is None:
        return ""
    lines = [_built_part(group, file)]
    if arrangement is not None and _is_arranged(arrangement):
        plain = pformat(arrangement.to_dict(), sort_dicts=False)
        lines.append(f"grouping = arranged(grouping, Arrangement.from_dict({plain}))")
    return "\n".join(lines)


def comment(text: str) -> str:
    """A comment that stays one: what is not printable could end its line."""
    return f"# {''.join(letter if letter.isprintable() else ' ' for letter in text)}".rstrip()


def script_of(*parts: str) -> str:
    """The parts that hold anything, as one script."""
    return "\n\n".join(part for part in parts if part) + "\n"


def _is_saved(group: GroupingSpec | None) -> bool:
    return group is not None and group.kind == SAVED


def _lists_of_groups(group: GroupingSpec | None) -> list[ListFile]:
    """The lists of patients that saved filters compared with each other hold."""
    return named_filters_literal(group.filters)[1] if group is not None and group.filters else []


def _built_part(group: GroupingSpec, file: str) -> str:
    """The groups before they are arranged, as ``grouping``."""
    if group.kind == SAVED:
        return f"{READ_SAVED.format(file=file)}\ngrouping = saved.groupings[{group.name!r}]"
    if group.filters:
        plain, _ = named_filters_literal(group.filters)
        kind = "" if group.kind == FILTERS else f", {group.kind!r}"
        return (
            f"plain = (\n{plain}\n)\n"
            "filters = {name: Filter.from_dict(held) for name, held in plain.items()}\n"
            f"grouping = GroupingSpec.of_filters(filters{kind}).build(cohort, selection.mask)"
        )
    return f"grouping = GroupingSpec.parse({str(group)!r}).build(cohort, selection.mask)"


def _is_arranged(arrangement: Arrangement | None) -> bool:
    return arrangement is not None and not arrangement.is_empty
