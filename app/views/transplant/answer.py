"""The emulated trial as an answer: asked by a story, and told without a page."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import plotly.graph_objects as go

from app.analysis.transplant import (
    EFFECTIVE,
    Emulation,
    EmulationSettings,
    emulate,
    timed_cox,
)
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import count, mid_sentence
from app.views.transplant.figures import strategy_figure
from app.views.transplant.protocol.analysis import Protocol, write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.words import (
    HYPOTHESES,
    arms_in_words,
    axis_words,
    by_class,
    caution,
    headline,
    heavy_in_words,
)
from app.views.transplant.words_methods import protocol_sheets, transplant_paragraphs
from data_loaders import Cohort
from data_loaders.arrays import Bools

NO_INTERVALS = (
    "These are estimates without intervals; the Transplant page has them, from bootstrap draws."
)


@dataclass(frozen=True, eq=False)
class EmulatedTrial:
    """A trial emulated on a cohort, without intervals.

    Attributes
    ----------
    group
        Whose curves are shown: everyone's, or those of a class.
    """

    trial: TargetTrial
    protocol: Protocol
    emulation: Emulation
    selected: int
    group: str


def emulated_trial(
    cohort: Cohort, mask: Bools, *, trial: str, group: str | None = None
) -> EmulatedTrial:
    """Emulate a target trial of transplant timing, without bootstrap draws.

    Parameters
    ----------
    cohort, mask
        The cohort before the filter, and the patients selected; who takes part the trial says
        itself, whose eligibility holds the filter.
    trial
        As JSON, see :meth:`app.views.transplant.protocol.trial.TargetTrial.to_json`.
    group
        The class whose curves are shown; None for everyone eligible, or the
        first who can be told of.

    Raises
    ------
    ValueError
        If the trial cannot be read, or these patients cannot be in it.
    """
    asked = TargetTrial.from_dict(json.loads(trial))
    protocol = write_protocol(cohort, asked)
    found = emulate(protocol.compared, asked.strategies, emulation_settings(asked, protocol))
    told = found.estimates[found.estimates["supported"]]["group"].tolist()
    first = next((name for name in found.groups if name in told), found.groups[0])
    shown = first if group is None else group
    if shown not in found.groups:
        raise ValueError(f"The trial has no class “{shown}”.")
    return EmulatedTrial(asked, protocol, found, int(mask.sum()), shown)


def emulation_settings(trial: TargetTrial, protocol: Protocol) -> EmulationSettings:
    """How a trial is emulated, without draws."""
    return EmulationSettings(
        horizon=trial.horizon_months,
        grace=trial.grace_months,
        progression=next(iter(protocol.data.onsets), None),
        draws=0,
        higher=protocol.higher,
        effective=EFFECTIVE,
    )


def other_choices(trial: TargetTrial, protocol: Protocol, horizon: float) -> dict[str, Any]:
    """Keywords of :func:`app.analysis.transplant.sensitivity`, for a horizon that is supported."""
    grace = trial.grace_months
    return {
        "data": protocol.compared,
        "strategies": trial.strategies,
        "settings": replace(emulation_settings(trial, protocol), horizon=horizon, effective=0.0),
        "graces": (grace / 2, grace * 1.5),
    }


def emulated_answer(cohort: Cohort, result: EmulatedTrial) -> Answer:
    """The answer of an emulated trial: survival under each strategy, and what it is not."""
    trial, found, data = result.trial, result.emulation, result.protocol.compared
    rows = found.estimates.loc[found.estimates["group"] == result.group, "n"]
    title = f"Emulated trial: {mid_sentence(result.group)}, {count(int(rows.iloc[0]), 'patient')}"
    said = [*headline(found, timed_cox(data)), by_class(found), *arms_in_words(found, result.group)]
    sentences = [sentence for sentence in said if sentence]
    others = {"not eligible": result.selected - data.n_given}
    left_out = {**others, **data.left_out}
    selection = trial.eligibility.apply(cohort)
    return Answer(
        key="transplant_emulated",
        name=("transplant", "emulated"),
        title=title,
        figures={"Figure": titled(cohort, title, _figure, cohort, result)},
        numbers=lambda: found.curves,
        alt=f"Survival curves. {title}. {sentences[0]}",
        accounting=Accounting(
            result.selected, data.n, {why: n for why, n in left_out.items() if n > 0}
        ),
        tables=lambda: {
            **protocol_sheets(result.protocol),
            "Estimates": found.estimates,
            "Contrasts": found.contrasts,
        },
        methods=transplant_paragraphs(trial, result.protocol, selection, emulation=found),
        sentences=sentences,
        notes=[NO_INTERVALS],
        cautions=[words for words in (caution(found), heavy_in_words(found), HYPOTHESES) if words],
    )


EMULATED = Analysis(emulated_trial, emulated_answer)


def _figure(cohort: Cohort, result: EmulatedTrial) -> go.Figure:
    axis = axis_words(cohort, result.trial)
    return strategy_figure(result.emulation, result.group, axis=axis)
