"""What the curves of a score's classes say beside what was published."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import (
    TimeUnit,
    count,
    format_percent,
    format_percent_ci,
    format_time_ci,
    in_unit,
    mid_sentence,
)
from app.views.prognosis.single.analysis import ScoreSurvival, score_survival
from app.views.prognosis.telling import NO_ENTRY, measures_of
from app.views.survival.curves.figures import survival_figure
from app.views.survival.curves.words import numbers_table, summary_sheet
from app.views.survival.curves.words_methods import estimate_methods
from app.views.survival.curves.words_sheets import told
from data_loaders import Cohort

_MOST_READ = 7


def score_answer(cohort: Cohort, result: ScoreSurvival, *, unit: TimeUnit = "years") -> Answer:
    """The answer of survival by the classes of a score."""
    survival, scale = result.survival, result.scale
    sentences = _reading(result, unit)
    title = f"{survival.endpoint.label} by {scale.label}, {count(survival.analysed, 'patient')}"
    return Answer(
        key="prognosis_single",
        name=(survival.endpoint.key, scale.label),
        title=title,
        figures={"Figure": titled(cohort, title, _figure, result, unit)},
        numbers=partial(numbers_table, survival, unit),
        alt=f"{title}. Kaplan-Meier curves by class. {' '.join(sentences)}",
        accounting=Accounting.of(survival.outcome, "are in the curves"),
        tables=partial(_tables, result, unit),
        methods=[*estimate_methods(survival), _methods(result)],
        sentences=sentences,
        notes=[note for note in (*survival.notes, scale.note, _no_entry(result)) if note],
        told=told(survival.outcome, survival.label),
        footnote=_source(result),
    )


SINGLE = Analysis(score_survival, score_answer)


def classes_table(result: ScoreSurvival, unit: TimeUnit) -> pd.DataFrame:
    """One row a class, as printed: observed and published survival."""
    rows = []
    for row in result.classes.to_dict("records"):
        shown: dict[str, object] = {
            "Class": row["class"],
            "Patients": row["n"],
            "Events": row["events"],
            f"Median, {unit} (95% CI)": format_time_ci(
                row["median"], row["median_lower"], row["median_upper"], unit
            ),
        }
        if result.scale.stated and result.survival.endpoint.key == "os":
            shown["Published"] = result.scale.stated.get(row["class"], "–")
        if result.compared:
            shown["Expected then"] = format_percent(row["published"])
            shown["Observed then (95% CI)"] = format_percent_ci(
                row["observed"], row["lower"], row["upper"]
            )
        rows.append(shown)
    return pd.DataFrame(rows)


def _reading(result: ScoreSurvival, unit: TimeUnit) -> list[str]:
    sentences = []
    for row in result.classes.to_dict("records")[:_MOST_READ]:
        median = format_time_ci(row["median"], row["median_lower"], row["median_upper"], unit)
        words = f"{row['class']}: median {median}"
        words += f" {unit}" if median[:3] != "not" else ""
        if not np.isnan(row["observed"]):
            when = f"{in_unit(row['published_time'], unit):.3g} {unit}"
            event = result.survival.endpoint.event_label
            alive = format_percent_ci(row["observed"], row["lower"], row["upper"])
            expected = format_percent(row["published"])
            words += f"; at {when} {alive} without {event}, published {expected}"
        sentences.append(f"{words}.")
    for _, row in result.concordance.iterrows():
        told = ", ".join(f"{name} {figure}" for name, figure in measures_of(row).items())
        among = f" in {count(row['n'], 'patient')}" if len(set(result.concordance["n"])) > 1 else ""
        sentences.append(f"Of the {row['score']}{among}: {told}.")
    return sentences


def _figure(result: ScoreSurvival, unit: TimeUnit) -> go.Figure:
    """The curves, with a diamond where the published survival of each class lies."""
    figure = survival_figure(result.survival, unit, marks=False)
    colours = {curve.name: curve.colour for curve in result.survival.curves}
    last = result.survival.last_time
    known = [r for r in result.classes.to_dict("records") if r["published_time"] <= last]
    if known:
        figure.add_trace(
            go.Scatter(
                x=[in_unit(row["published_time"], unit) for row in known],
                y=[row["published"] for row in known],
                mode="markers",
                marker={
                    "symbol": "diamond",
                    "size": 11,
                    "color": [colours[row["class"]] for row in known],
                    "line": {"width": 1.5, "color": "#ffffff"},
                },
                customdata=[row["class"] for row in known],
                hovertemplate="%{customdata}, published: %{y:.0%} at %{x:.2g}<extra></extra>",
                name="published",
                legendgroup="published",
            )
        )
    return figure


def _tables(result: ScoreSurvival, unit: TimeUnit) -> dict[str, pd.DataFrame]:
    tables = {
        "Classes": result.classes,
        "Discrimination": result.concordance,
        "Summary": summary_sheet(result.survival, unit),
        "Curves": numbers_table(result.survival, unit),
    }
    return {name: table for name, table in tables.items() if len(table)}


def _methods(result: ScoreSurvival) -> str:
    scale = result.scale
    words = f"Patients were divided by {scale.label}"
    words += f" ({scale.source}; points {mid_sentence(scale.grade)})." if scale.grade else "."
    if scale.grade:
        words += " A class was given only where nothing that is missing could change it."
    if result.compared:
        words += (
            " Observed survival stands beside the published one at the published time, without a "
            "model."
        )
    if len(result.concordance):
        told = " and ".join(measures_of(result.concordance.iloc[0]))
        words += f" Discrimination is {told}, with infinitesimal-jackknife intervals"
        words += "." if result.survival.outcome.entry is None else ", from the times of entry on."
    return words


def _no_entry(result: ScoreSurvival) -> str:
    late = result.survival.outcome.entry is not None and len(result.concordance)
    return NO_ENTRY if late else ""


def _source(result: ScoreSurvival) -> str:
    scale = result.scale
    parts = [f"{scale.label}: {scale.source}." if scale.source else ""]
    parts.append(f"How well its points are documented: {scale.grade}." if scale.grade else "")
    if result.compared:
        parts.append("Diamonds: published survival of the class of the same colour.")
    return " ".join(filter(None, parts))
