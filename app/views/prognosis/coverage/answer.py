"""How far scores reach in a cohort: what can be computed, and what would help most."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.bars import share_bars
from app.study.figures.theme import titled
from app.study.wording import count, format_percent, mid_sentence
from app.views.prognosis.coverage.analysis import Coverage, score_coverage
from data_loaders import Cohort
from data_loaders.wording import listing

_MOST_READ = 6


def coverage_answer(cohort: Cohort, result: Coverage) -> Answer:
    """The answer of what can be computed."""
    table = result.table
    some = int((table["certain"] > 0).sum())
    title = f"Scores with a certain class: {some} of {count(len(table), 'score')}"
    sentences = _reading(table)
    others = result.selected - result.concerned
    return Answer(
        key="prognosis_coverage",
        name=("scores", "coverage"),
        title=title,
        figures={"Figure": titled(cohort, title, _figure, result)},
        numbers=partial(coverage_table, result),
        alt=f"{title}. Share of patients of each score's disease. {' '.join(sentences)}",
        accounting=Accounting(
            result.selected,
            result.concerned,
            {"of a disease that no score is made for": others} if others else {},
            verb="are of a disease that a score is made for",
        ),
        tables=lambda: {"Scores": coverage_table(result)},
        methods=[
            "A score's class counted as certain where nothing that was missing could change it; "
            "missing items were never taken as zero."
        ],
        sentences=sentences,
        footnote="The share is of the patients with the disease that a score was made for.",
    )


COVERAGE = Analysis(score_coverage, coverage_answer)


def coverage_table(result: Coverage) -> pd.DataFrame:
    """One row a score, as printed."""
    rows = [
        {
            "Score": row["label"],
            "Made for": row["disease"],
            "Patients": row["patients"],
            "Class certain": row["certain"],
            "Share": format_percent(row["certain"] / row["patients"], 1),
            "Would help most": f"{row['helps_most']} (+{row['n_more']:,})" if row["n_more"] else "",
            "Known in nobody": listing(list(row["lacking"])) if row["lacking"] else "",
            "Evidence": row["grade"],
            "Source": row["source"],
        }
        for row in result.table.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _reading(table: pd.DataFrame) -> list[str]:
    sentences = []
    for row in table.head(_MOST_READ).to_dict("records"):
        share = format_percent(row["certain"] / row["patients"])
        words = f"{row['label']}: {row['certain']:,} of {row['patients']:,} ({share})"
        if row["n_more"]:
            words += f"; {mid_sentence(row['helps_most'])} would help most, +{row['n_more']:,}"
        elif row["lacking"] and not row["certain"]:
            words += f"; known in nobody: {listing([mid_sentence(x) for x in row['lacking']])}"
        sentences.append(f"{words}.")
    if len(table) > _MOST_READ:
        sentences.append(f"The other {len(table) - _MOST_READ} are in the table.")
    return sentences


def _figure(result: Coverage) -> go.Figure:
    table = result.table
    return share_bars(
        list(table["label"]), list(table["certain"]), list(table["patients"]),
        [BLUE] * len(table), of="patients of its disease",
    )  # fmt: skip
