"""The script of a question: the very calls that the page made, and the tables of its workbook."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pprint import pformat
from textwrap import indent
from typing import Any

from app.study.analyses import analysis_of, second_of
from app.study.files.software import product
from app.study.question import OTHER, SAVED_OF_OTHER, Question
from app.study.scripts.loading import check_lines, loading_lines
from app.study.scripts.parts import (
    GROUPS_OF_OTHER,
    GROUPS_OF_OTHER_FILE,
    SAVED_GROUPS,
    comment,
    grouping_part,
    heading_part,
    import_lines,
    imports_part,
    script_of,
    selection_part,
)
from app.study.wording import listing
from data_loaders import Cohort

PRINT_TABLES = """\
print(answer.accounting.caption())
for name, table in answer.tables().items():
    print(f"\\n{name}")
    print(table.to_string(index=False, float_format="%.12g".__mod__))"""


def question_script(
    question: Question, cohort: Cohort, title: str, other: Cohort | None = None
) -> str:
    """The script, as text to be saved in UTF-8; it is run next to the cohort's file.

    Settings that are a function's defaults are not written.

    Parameters
    ----------
    other
        A second cohort that the question names; None where everybody has it.
    """
    analysis = analysis_of(question)
    asked, imports = dict[str, str](), dict[str, set[str]]()
    for function in (analysis.function, analysis.answer):
        imports.setdefault(function.__module__, set()).add(function.__name__)
    groups = question.grouping
    if groups is not None:
        asked["grouping"] = "grouping"
    if question.saved_in_settings:
        asked["saved"] = "saved.groupings"
        imports |= {"app.cohort.groupings": {"saved_from_json"}, "pathlib": {"Path"}}
    asked |= _written(analysis.function, question.settings)
    heading = [
        heading_part(title, cohort, question.filter, groups, saved=question.saved_in_settings)
    ]
    second = second_of(question) if other is None else other
    loading = ""
    if second is not None:
        asked[OTHER] = "other"
        lines = loading_lines(second, number=2)
        for module, names in lines.imports.items():
            imports[module] = imports.get(module, set()) | names
        heading += map(comment, lines.notes)
        if lines.beside:
            beside = listing(list(lines.beside))
            heading.append(comment(f"And in the folder of {beside}, for the second cohort."))
        loading = f"{lines.lines}\n{check_lines(second)}\nother = cohort"
        if question.second is not None and question.second.saved:
            file = GROUPS_OF_OTHER_FILE
            heading.append(comment(GROUPS_OF_OTHER))
            asked[SAVED_OF_OTHER] = "saved_of_other.groupings"
            read = f"saved_from_json(other, Path({file!r}).read_bytes())"
            loading += f"\n{SAVED_OF_OTHER} = {read}"
    calls = [
        _call("result", analysis.function, ["cohort", "selection.mask"], asked),
        _call("answer", analysis.answer, ["cohort", "result"],
              _written(analysis.answer, question.shown)),
    ]  # fmt: skip
    grouped = grouping_part(groups, question.arrangement)
    return script_of(
        "\n".join(heading),
        imports_part(cohort, imports, groups, question.arrangement),
        loading,
        selection_part(cohort, question.filter),
        SAVED_GROUPS if question.saved_in_settings and SAVED_GROUPS not in grouped else "",
        grouped,
        "\n".join([*calls, PRINT_TABLES]),
    )


def script_alone(question: Question, title: str) -> str:
    """The script of a question of no cohort."""
    analysis, imports = analysis_of(question), dict[str, set[str]]()
    for function in (analysis.function, analysis.answer):
        imports.setdefault(function.__module__, set()).add(function.__name__)
    calls = [
        _call("result", analysis.function, [], _written(analysis.function, question.settings)),
        _call("answer", analysis.answer, ["result"], _written(analysis.answer, question.shown)),
    ]
    return script_of(
        comment(f"{title}: reproduces what {product()} showed, of no cohort."),
        import_lines(imports),
        "\n".join([*calls, PRINT_TABLES]),
    )


def _written(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as literals, those that are the function's defaults left out."""
    known = inspect.signature(function).parameters
    return {
        name: pformat(value, width=84, sort_dicts=False)
        for name, value in settings.items()
        if name not in known or known[name].default != value
    }


def _call(name: str, function: Callable[..., Any], given: list[str], asked: dict[str, str]) -> str:
    arguments = [*given, *(f"{keyword}={value}" for keyword, value in asked.items())]
    line = f"{name} = {function.__name__}({', '.join(arguments)})"
    if len(line) <= 88 and "\n" not in line:
        return line
    inner = "".join(f"{indent(argument, '    ')},\n" for argument in arguments)
    return f"{name} = {function.__name__}(\n{inner})"
