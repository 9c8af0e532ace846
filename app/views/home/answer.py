"""A cohort at a glance, as an answer: its diseases and its leading alterations."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, colour_of
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.bars import share_bars
from app.study.figures.theme import titled
from app.study.wording import count, format_percent
from app.views.home.analysis import Diseases, Glance, glance
from data_loaders import Cohort

ALTERATIONS = "Alterations"


def glance_answer(cohort: Cohort, result: Glance) -> Answer:
    """The answer of a glance: bars of each variable of the disease, and of the alterations."""
    figures = {
        grouping.label: titled(cohort, _disease_title(grouping), _diseases, grouping)
        for grouping in result.diseases
    }
    sentences = [f"{_disease_title(g)}: {_disease_words(g)}." for g in result.diseases]
    top = result.leading
    if len(top):
        title = _alterations_title(result)
        figures[ALTERATIONS] = titled(cohort, title, _alterations, cohort, result)
        sentences.append(f"{_alterations_title(result)}: {_alterations_words(cohort, result)}.")
    return Answer(
        key="glance",
        name=("at a glance",),
        title=f"{cohort.name} at a glance",
        figures=figures,
        numbers=partial(disease_numbers, result.diseases[0])
        if result.diseases else lambda: result.frequencies,
        alt=" ".join(sentences),
        accounting=Accounting(result.n, result.n, verb="are counted"),
        tables=lambda: {
            **{grouping.label: disease_numbers(grouping) for grouping in result.diseases},
            "Alterations": result.frequencies,
        },
        methods=["Frequencies of alterations are of the patients tested, with Wilson's intervals."],
        sentences=sentences,
    )  # fmt: skip


GLANCE = Analysis(glance, glance_answer)


def _disease_title(grouping: Diseases) -> str:
    """What the bars of a disease are of: shares are of all with a value, bar or not."""
    return f"{grouping.label}, {count(grouping.known, 'patient')}"


def _disease_words(grouping: Diseases) -> str:
    """The groups with their sizes."""
    sizes = zip(grouping.names, grouping.sizes, strict=True)
    return ", ".join(f"{name} {size:,}" for name, size in sizes)


def disease_numbers(grouping: Diseases) -> pd.DataFrame:
    """The numbers behind the bars of a disease: group, n, of."""
    return pd.DataFrame({"group": grouping.names, "n": grouping.sizes, "of": grouping.known})


def _alterations_title(result: Glance) -> str:
    """What the bars of alterations are of: how many were tested."""
    top = result.leading
    fewest, most = int(top["tested"].min()), int(top["tested"].max())
    tested = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    everyone = count(result.n, "patient")
    return "Most frequent alterations, " + (
        everyone if fewest == result.n else f"{tested} of {everyone} tested"
    )


def _alterations_words(cohort: Cohort, result: Glance) -> str:
    """The leading alterations with their shares."""
    top = result.leading
    return ", ".join(
        f"{label} {format_percent(share)}"
        for label, share in zip(_labels(cohort, top), top["frequency"], strict=True)
    )


def _labels(cohort: Cohort, top: pd.DataFrame) -> list[str]:
    places = cohort.features.index.get_indexer(top["feature"])
    return [str(label) for label in cohort.features["label"].to_numpy()[places]]


def _diseases(grouping: Diseases) -> go.Figure:
    known = [grouping.known] * len(grouping.sizes)
    return share_bars(grouping.names, grouping.sizes, known, grouping.colours, of="patients")


def _alterations(cohort: Cohort, result: Glance) -> go.Figure:
    top = result.leading
    labels = _labels(cohort, top)
    return share_bars(
        labels, top["altered"].tolist(), top["tested"].tolist(),
        [colour_of(label) or BLUE for label in labels], of="tested",
    )  # fmt: skip
