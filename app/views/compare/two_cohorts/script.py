"""The Python script that reproduces a comparison of the same groups in two cohorts."""

from __future__ import annotations

from pprint import pformat

from app.cohort.groupings import SAVED
from app.study.scripts.loading import loading_lines
from app.study.scripts.parts import (
    GROUPS_FILE,
    GROUPS_OF_OTHER,
    GROUPS_OF_OTHER_FILE,
    comment,
    grouping_part,
    heading_part,
    imports_part,
    script_of,
    selection_part,
)
from app.study.scripts.question import PRINT_TABLES
from app.study.wording import listing
from app.views.compare.two_cohorts.analysis import TwoCohorts
from app.views.compare.two_cohorts.asking import AskedInBoth

_ROOM = "app.views.compare"
_CALLS = """\
masks = (selections[0].mask, selections[1].mask)
groupings = matched(groupings[0], groupings[1], masks, {same!r})
groupings = tuple(only_groups(held, {groups!r}) for held in groupings)
asked = {asked}
result = compare_cohorts(tuple(selections), groupings, **asked)
answer = cohorts_answer(result)
print("\\n".join(answer.sentences))"""


def cohorts_script(result: TwoCohorts, asked: AskedInBoth) -> str:
    """The script, to be saved in UTF-8 and run next to the files of both cohorts."""
    first, second = (side.cohort for side in result.sides)
    loading = loading_lines(second, number=2)
    imports = {
        f"{_ROOM}.match": {"matched"},
        f"{_ROOM}.two_cohorts.analysis": {"compare_cohorts"},
        f"{_ROOM}.two_cohorts.answer": {"cohorts_answer"},
        "app.cohort.groupings": {"only_groups"},
    }
    for module, names in loading.imports.items():
        imports[module] = imports.get(module, set()) | names
    heading = [
        heading_part("The same groups in two cohorts", first, asked.filters[0], asked.specs[0])
    ]
    heading += map(comment, loading.notes)
    if loading.beside:
        beside = listing(list(loading.beside))
        heading.append(comment(f"And in the folder of {beside}, for the second cohort."))
    if asked.specs[1].kind == SAVED:
        heading.append(comment(GROUPS_OF_OTHER))
        imports["app.cohort.groupings"].add("saved_from_json")
        imports["pathlib"] = imports.get("pathlib", set()) | {"Path"}
    parts = []
    files = (GROUPS_FILE, GROUPS_OF_OTHER_FILE)
    for number, cohort in enumerate((first, second)):
        parts += [
            selection_part(cohort, asked.filters[number], number=number + 1),
            grouping_part(asked.specs[number], asked.arrangement, files[number]),
            "selections.append(selection)\ngroupings.append(grouping)",
        ]
    calls = _CALLS.format(
        same=dict(asked.same),
        groups=list(result.groups),
        asked=pformat(dict(asked.settings), compact=True, sort_dicts=False),
    )
    return script_of(
        "\n".join(heading),
        imports_part(first, imports, asked.specs[0], asked.arrangement),
        "selections, groupings = [], []",
        *parts,
        f"{calls}\n{PRINT_TABLES}",
    )
