"""What further views of a trial say: who could follow, other choices, a kind, the planted truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from app.analysis.transplant import Emulation
from app.study.figures.theme import titled
from app.study.wording import count, mid_sentence
from app.views.transplant.answers.analysis import Followed
from app.views.transplant.answers.figures_trust import positivity_figure, sensitivity_figure
from app.views.transplant.benefits.profile import ProfileAnswer
from app.views.transplant.figures_gain import life_figure
from app.views.transplant.learning.figures import truth_figure
from app.views.transplant.learning.planted import truth_reading
from app.views.transplant.protocol.analysis import Protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.words_trust import choices_reading, positivity_reading
from data_loaders import Cohort


@dataclass(frozen=True, eq=False)
class Choices:
    """A class of an emulated trial under other choices; ``table`` as ``sensitivity`` gives it."""

    emulation: Emulation
    table: pd.DataFrame
    group: str


@dataclass(frozen=True, eq=False)
class Truth:
    """An emulated trial beside the planted truth; ``table`` as ``planted_truth`` gives it."""

    emulation: Emulation
    table: pd.DataFrame


Further = Followed | Choices | ProfileAnswer | Truth


@dataclass(frozen=True, eq=False)
class Told:
    """What differs from view to view."""

    name: str
    title: str
    figures: Mapping[str, Callable[[], go.Figure]]
    tables: Mapping[str, pd.DataFrame]
    sentences: Sequence[str]
    n: int


def told_further(cohort: Cohort, result: Further, trial: TargetTrial, protocol: Protocol) -> Told:
    """Title, figures, tables and sentences of such a view, of a trial on ``protocol``."""
    if isinstance(result, ProfileAnswer):
        near = count(int(result.support["n"].iloc[-1]), "patient")
        title = f"Life by delay: {result.words}; {near} near"
        return Told(
            "profile", title,
            {"Figure": titled(cohort, title, life_figure, result.simulation)},
            {"Profile life": result.simulation.cells, "Profile support": result.support},
            result.reading, protocol.data.n,
        )  # fmt: skip
    if isinstance(result, Truth):
        title = f"Planted truth and estimates, {count(result.emulation.n, 'patient')}"
        return Told(
            "truth", title, {"Figure": titled(cohort, title, truth_figure, result.table)},
            {"Planted truth": result.table}, truth_reading(result.table), result.emulation.n,
        )  # fmt: skip
    if isinstance(result, Followed):
        what, n, table = "Who could follow it", result.emulation.n, result.table
        figures = {
            strategy: titled(
                cohort, _strategy_title(what, strategy, n),
                positivity_figure, table, strategy, result.down, result.across,
            )
            for strategy in table["strategy"].unique()
        }  # fmt: skip
        reading = positivity_reading(protocol.kinds, trial.primary.label)
        tables = {"Positivity": table}
        return Told("positivity", f"{what}, {count(n, 'patient')}", figures, tables, [reading], n)
    found, table = result.emulation, result.table
    own = table[table["group"] == result.group]
    n = int(found.estimates.loc[found.estimates["group"] == result.group, "n"].iloc[0])
    what = f"Other choices, {mid_sentence(result.group)}"
    figures = {
        strategy: titled(
            cohort, _strategy_title(what, strategy, n),
            sensitivity_figure, table, result.group, strategy,
        )
        for strategy in own.loc[own["varied"] == "as set", "strategy"]
    }  # fmt: skip
    return Told(
        "choices", f"{what}, {count(n, 'patient')}", figures, {"Other choices": own},
        [choices_reading(own)], n,
    )  # fmt: skip


def _strategy_title(what: str, strategy: str, n: int) -> str:
    """Title of a figure of one strategy."""
    return f"{what}: {mid_sentence(strategy)}, {count(n, 'patient')}"
