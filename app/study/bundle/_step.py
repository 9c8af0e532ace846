"""The files of one step of a bundle: figures, tables, words, question, script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.study.answer import Answer, methods_text
from app.study.figures.escaped import escaped
from app.study.figures.theme import plotly_config
from app.study.files.figures import FIGURE_KINDS, ExportError, export_available, figure_bytes
from app.study.files.tables import names_patients, to_csv
from app.study.files.workbook import to_xlsx
from app.study.question import Question, QuestionError
from app.study.scripts.question import question_script, script_alone
from app.study.story import KEPT, Answered, kept_picture
from data_loaders import Cohort

PLOTLY = "plotly.min.js"
_ONLY_ON_HOVER = ("customdata", "hovertemplate", "hovertext", "ids", "selectedpoints", "meta")


def step_files(
    told: Answered, cohort: Cohort | None, other: Cohort | None = None
) -> Iterator[tuple[str, bytes | str]]:
    """Name and content of each file; of a step that cannot be answered its question and why.

    Parameters
    ----------
    cohort, other
        What the script loads: the cohort in the bundle, where the data are in it, and a second one.
    """
    question, answer, selection = told.standing.question, told.answer, told.selection
    yield "question.json", _question(question or told.step.question)
    if question is not None and answer is not None and question.of_no_cohort:
        yield from _alone(told, question, answer)
        return
    if question is None or answer is None or selection is None or cohort is None:
        yield "not_answered.txt", told.said
        return
    provenance = selection.source.provenance
    ids = frozenset(str(name) for held in told.cohorts for name in held.patients.index)
    tables = {
        name: table for name, table in answer.tables().items() if not names_patients(table, ids)
    }
    methods = methods_text(answer, selection)
    yield "answer.json", _words(answer, told)
    yield "methods.txt", methods
    yield "script.py", question_script(question, cohort, answer.title, other)
    yield "expected.json", _expected(tables)
    for name, table in tables.items():
        yield f"tables/{_file(name)}.csv", to_csv(table, provenance)
    about = {"Fingerprint": selection.source.fingerprint, **answer.told, "Methods": methods}
    yield "tables.xlsx", to_xlsx(tables, provenance, selection.sentence, about)
    escapes = told.escapes()
    for name, draw in answer.figures.items():
        yield from _figure(answer, name, escaped(draw(), escapes))


def _alone(told: Answered, question: Question, answer: Answer) -> Iterator[tuple[str, bytes | str]]:
    """The files of a question of no cohort; a kept picture has no script, and says so."""
    tables = answer.tables()
    yield "answer.json", _words(answer, told)
    yield "methods.txt", "\n\n".join(answer.methods)
    if question.analysis == KEPT:
        yield "not_computed_again.txt", kept_picture(**question.settings).said
    else:
        yield "script.py", script_alone(question, answer.title)
        yield "expected.json", _expected(tables)
    for name, table in tables.items():
        yield f"tables/{_file(name)}.csv", table.to_csv(index=False)
    for name, draw in answer.figures.items():
        yield from _figure(answer, name, draw())


def _expected(tables: Mapping[str, pd.DataFrame]) -> str:
    held = {name: printed(table) for name, table in tables.items()}
    return json.dumps({"tables": held}, ensure_ascii=False)


def printed(table: pd.DataFrame) -> str:
    """A table as the scripts print it."""
    text: str = table.to_string(index=False, float_format="%.12g".__mod__)
    return text


def _question(question: Question) -> str:
    try:
        return json.dumps(question.to_dict(), indent=1, ensure_ascii=False)
    except QuestionError as error:
        return json.dumps({"left_out": str(error)}, ensure_ascii=False)


def _words(answer: Answer, told: Answered) -> str:
    said: Mapping[str, Any] = {
        "title": answer.title,
        "caption": told.step.caption,
        "note": told.step.note,
        "sentences": list(answer.sentences),
        "notes": list(answer.notes),
        "cautions": list(answer.cautions),
        "selected": answer.accounting.selected,
        "analysed": answer.accounting.analysed,
        "left_out": dict(answer.accounting.left_out),
        "alternative_text": answer.alt,
        "changed": told.said,
    }
    return json.dumps({name: held for name, held in said.items() if held}, indent=1,
                      ensure_ascii=False)  # fmt: skip


def _figure(answer: Answer, name: str, figure: go.Figure) -> Iterator[tuple[str, bytes | str]]:
    """A figure as data and as a page that shows it, and as pictures where they can be made."""
    stem = f"figures/{_file(name)}"
    if not answer.of_patients:
        plain = _without_hover(figure)
        yield f"{stem}.json", plain.to_json()
        yield (
            f"{stem}.html",
            plain.to_html(include_plotlyjs=f"../../../{PLOTLY}", config=plotly_config(_file(name))),
        )
    if not export_available()[0]:
        return
    for kind in FIGURE_KINDS:
        try:
            yield f"{stem}.{kind}", figure_bytes(figure, kind)
        except ExportError as error:
            yield f"{stem}_{kind}_missing.txt", str(error)


def _without_hover(figure: go.Figure) -> go.Figure:
    """The figure without what only pointing at it tells, which may name patients."""
    plain = json.loads(figure.to_json())
    for trace in plain["data"]:
        for part in _ONLY_ON_HOVER:
            trace.pop(part, None)
        silent = "text" not in str(trace.get("mode", "text" if trace["type"] == "bar" else ""))
        if silent and "texttemplate" not in trace:
            trace.pop("text", None)
    return go.Figure(plain, _validate=False)


def _file(name: str) -> str:
    """A name that every system takes for a file's."""
    return (
        "".join(letter if letter.isalnum() else "_" for letter in name).strip("_")[:60] or "table"
    )
