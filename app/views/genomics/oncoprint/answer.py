"""What the oncoprint says: who carries what, patient by patient."""

from __future__ import annotations

import pandas as pd

from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import count, format_percent, mid_sentence
from app.views.genomics.oncoprint.analysis import MOST_COLUMNS, Oncoprint, oncoprint
from app.views.genomics.oncoprint.figures import oncoprint_alt, oncoprint_figure
from app.views.genomics.words import by_groups, kinds_sentence
from data_loaders import Cohort

_PIXELS = 600


def oncoprint_answer(cohort: Cohort, result: Oncoprint) -> Answer:
    """The answer of the oncoprint, ``cohort`` before the filter."""
    rows = count(len(result.labels), "alteration")
    analysed = result.accounting.analysed
    patients = count(analysed, "patient")
    title = f"Oncoprint{by_groups(result.label)}, {rows} in {patients}"
    return Answer(
        key="genomics_oncoprint",
        of_patients=frozenset({"Figure"}),
        name=("oncoprint",),
        title=title,
        figures={"Figure": titled(cohort, title, oncoprint_figure, result)},
        numbers=result.table,
        alt=oncoprint_alt(title, result),
        accounting=result.accounting,
        tables=lambda: _tables(result),
        tests=dict,
        methods=[_methods(result)],
        sentences=[
            f"{result.any_altered:,} of {patients} "
            f"({format_percent(result.any_altered / analysed)}) carry at least one of these {rows}."
        ],
        footnote=_footnote(result),
    )


ONCOPRINT = Analysis(oncoprint, oncoprint_answer)


def _footnote(result: Oncoprint) -> str:
    analysed = result.accounting.analysed
    text = (
        "A column is a patient, sorted row by row: altered, not altered, not tested. Percentages "
        "are of the patients tested."
    )
    if result.cells.shape[1] > _PIXELS:
        text += (
            " Where patients are more than the screen's pixels, neighbours share one and a rare "
            "alteration can be hidden: zoom in with the figure's toolbar, or filter."
        )
    if result.every > 1:
        text += (
            f" Of {analysed:,} sorted patients every {result.every}th is drawn, at most "
            f"{MOST_COLUMNS:,}; percentages count all."
        )
    if result.accounting.left_out:
        text += (
            f" Percentages are of the {analysed:,} patients in the groups, so they may differ from "
            "those of the whole selection."
        )
    return text


def _tables(result: Oncoprint) -> dict[str, pd.DataFrame]:
    counts = pd.DataFrame(
        {"alteration": result.labels, "altered": result.altered, "tested": result.tested}
    )
    anyone = pd.DataFrame(
        {"analysed": [result.accounting.analysed], "with any of these": [result.any_altered]}
    )
    return {"Counts": counts, "Patients": anyone, "Cells": result.table()}


def _methods(result: Oncoprint) -> str:
    """What the oncoprint shows, and how it is sorted."""
    within = f", within {mid_sentence(result.label)}" if result.label else ""
    every = f" Every {result.every}th of the sorted patients is drawn." if result.every > 1 else ""
    return (
        f"{result.accounting.methods()} {kinds_sentence(result.kinds)} The oncoprint shows "
        f"{len(result.labels)} of them by their frequency among the patients tested. Patients are "
        "sorted row by row, altered before not altered before not "
        f"tested{within}.{every}"
    )
