"""The other views of the transplant page as answers: the flow, the states, the delays, the parts.

What the page draws with intervals from its background stands here without them where a story asks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.transplant import (
    NEVER,
    Emulation,
    Microsimulation,
    Occupancy,
    SameTerms,
    emulate,
    microsimulate,
    occupancy,
    paths_of,
    same_terms,
    sensitivity,
    transition_models,
    weight_histogram,
)
from app.study.accounting import Accounting
from app.study.adjustment import age_column
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.attrition import attrition_flow, attrition_in_words
from app.study.figures.theme import titled
from app.study.wording import capitalised, count, format_percent, format_years, mid_sentence
from app.views.survival.during.analysis import DuringFollowUp
from app.views.transplant.answer import NO_INTERVALS, emulation_settings, other_choices
from app.views.transplant.answer_told import Choices, Further, Told, Truth, told_further
from app.views.transplant.answers.analysis import (
    USUAL_LANDMARK,
    Followed,
    four_answers,
    landmarks_of,
    who_could_follow,
)
from app.views.transplant.answers.figures_compared import compared_figures
from app.views.transplant.answers.figures_trust import balance_figure, weight_figure
from app.views.transplant.answers.words import (
    same_terms_reading,
    side_by_side,
    side_by_side_reading,
)
from app.views.transplant.benefits.analysis import (
    PENDING,
    Benefit,
    benefit,
    delay_settings,
    strata_of,
)
from app.views.transplant.benefits.profile import (
    Profile,
    ProfileAnswer,
    explore_profile,
    life_of,
    patients_alike,
)
from app.views.transplant.figures import delay_heatmap, states_figure
from app.views.transplant.figures_gain import life_figure
from app.views.transplant.learning.planted import planted_truth
from app.views.transplant.protocol.analysis import Protocol, write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.words import HYPOTHESES, axis_words, delays_in_words
from app.views.transplant.words_methods import (
    answers_sheets,
    protocol_sheets,
    transplant_paragraphs,
)
from app.views.transplant.words_trust import balance_reading, weight_reading
from data_loaders import Cohort
from data_loaders.arrays import Bools

FLOW, STATES, DELAYS, PARTS = "flow", "states", "delays", "parts"
COMPARED, TRUST = "compared", "trust"
POSITIVITY, CHOICES, PROFILE, TRUTH = "positivity", "choices", "profile", "truth"
WEIGHTS, BALANCE = "Weights", "Balance of the confounders"
_POINTS = 97


@dataclass(frozen=True, eq=False)
class Compared:
    """The naive comparison and those that respect time, beside the emulated trial."""

    naive: DuringFollowUp
    emulation: Emulation
    same: SameTerms
    group: str


Viewed = Occupancy | Microsimulation | Benefit | Compared | Emulation | Further | None


@dataclass(frozen=True, eq=False)
class TrialView:
    """A view of a trial on a cohort.

    Attributes
    ----------
    found
        What the view is of; None for the flow of patients.
    """

    trial: TargetTrial
    protocol: Protocol
    selected: int
    found: Viewed = None
    by: str = ""


def trial_view(
    cohort: Cohort,
    mask: Bools,
    *,
    trial: str,
    view: str,
    by: str = "",
    alterations: Sequence[str] = (),
    group: str | None = None,
    drawn: float = USUAL_LANDMARK,
    profile: Mapping[str, Any] | None = None,
) -> TrialView:
    """A view of a target trial of transplant timing, without bootstrap draws.

    Parameters
    ----------
    trial
        As JSON, see :meth:`app.views.transplant.protocol.trial.TargetTrial.to_json`.
    view
        ``flow``, ``states``, ``delays``, ``parts``, ``compared``, ``trust``, ``positivity``,
        ``choices``, ``profile`` or ``truth``.
    by, alterations
        Of the parts: by what the patients are divided, and which alterations may.
    group, drawn
        Of the comparison: whose emulated trial is beside it, and the landmark that is drawn; of
        other choices: whose.
    profile
        What is stated of a kind of patients: the fields of
        :class:`app.views.transplant.benefits.profile.Profile`.

    Raises
    ------
    ValueError
        If the trial cannot be read, or these patients do not allow it.
    """
    asked = TargetTrial.from_dict(json.loads(trial))
    protocol = write_protocol(cohort, asked)
    made = partial(TrialView, asked, protocol, int(mask.sum()))
    if view == FLOW:
        return made()
    if view == STATES:
        return made(states_of(asked, protocol))
    found = emulate(protocol.compared, asked.strategies, emulation_settings(asked, protocol))
    named = found.groups[0] if group is None else group
    if view == TRUST:
        return made(found)
    if view in (POSITIVITY, CHOICES, TRUTH):
        return made(_of_trust(cohort, asked, protocol, found, view=view, group=named))
    if view == COMPARED:
        landmarks = landmarks_of(protocol)
        naive = four_answers(cohort, asked, protocol, landmarks=landmarks, drawn=drawn)
        return made(Compared(naive, found, same_terms(found, landmarks), named))
    progression = next(iter(protocol.data.onsets), None)
    settings = delay_settings(found.settings.horizon)
    if view in (DELAYS, PROFILE):
        models = transition_models(protocol.data, progression)
        if view == DELAYS:
            return made(microsimulate(models, settings))
        kind, age = Profile(**(profile or {})), age_column(cohort)
        life = life_of(models, patients_alike(cohort, asked, protocol, kind, age).data, settings)
        return made(explore_profile(cohort, asked, protocol, kind, life, age=age))
    strata = strata_of(cohort, protocol, age=age_column(cohort), alterations=alterations)
    parts = benefit(protocol.data, strata, settings, progression=progression)
    if by not in parts.parts:
        raise ValueError(parts.why_not.get(by, f"These patients cannot be divided by {by}."))
    return made(parts, by=by)


def _of_trust(
    cohort: Cohort,
    trial: TargetTrial,
    protocol: Protocol,
    found: Emulation,
    *,
    view: str,
    group: str,
) -> Followed | Choices | Truth:
    """Who could follow, other choices, or the planted truth of an emulated trial."""
    if view == POSITIVITY:
        return who_could_follow(cohort, trial, protocol, found)
    if view == CHOICES:
        if group not in found.groups:
            raise ValueError(f"The trial has no class “{group}”.")
        varied = sensitivity(**other_choices(trial, protocol, found.settings.horizon))
        return Choices(found, varied, group)
    planted = None if trial.time_zero else planted_truth(cohort, protocol, found)
    if planted is None:
        raise ValueError("Only the simulated MDS cohort knows the truth planted in it.")
    return Truth(found, planted)


def states_of(trial: TargetTrial, protocol: Protocol) -> Occupancy:
    """The share of a trial's patients in each state over time.

    Raises
    ------
    ValueError
        If nobody changed state.
    """
    times = np.linspace(0.0, trial.horizon_months, _POINTS)
    return occupancy(paths_of(protocol.data, next(iter(protocol.data.onsets), None)), times)


def view_answer(cohort: Cohort, result: TrialView) -> Answer:
    """The answer of a view of the trial."""
    told = _told(cohort, result)
    trial, given = result.trial, result.found
    emulated = (
        given.emulation if isinstance(given, Compared | Followed | Choices | Truth) else given
    )
    emulated = emulated if isinstance(emulated, Emulation) else None
    data = result.protocol.data if emulated is None else result.protocol.compared
    left_out = {"not eligible": result.selected - data.n_given, **data.left_out}
    left_out["in no part that is shown"] = result.selected - sum(left_out.values()) - told.n
    return Answer(
        key=f"transplant_{told.name}",
        name=("transplant", told.name),
        title=told.title,
        figures=told.figures,
        numbers=lambda: next(iter(told.tables.values())),
        alt=f"{told.title}. {' '.join(told.sentences)}".replace("**", ""),
        accounting=Accounting(
            result.selected, told.n, {why: n for why, n in left_out.items() if n > 0}
        ),
        tables=lambda: {**protocol_sheets(result.protocol), **told.tables},
        methods=transplant_paragraphs(
            trial, result.protocol, trial.eligibility.apply(cohort),
            simulation=given.simulation if isinstance(given, ProfileAnswer)
            else given if isinstance(given, Microsimulation) else None,
            emulation=emulated,
        ),
        sentences=told.sentences,
        notes=[NO_INTERVALS] if result.found is not None else [],
        cautions=[HYPOTHESES],
    )  # fmt: skip


VIEWS = Analysis(trial_view, view_answer)


def _told(cohort: Cohort, result: TrialView) -> Told:
    """Title, figures, tables and sentences of the view that the result is of."""
    trial, data, given = result.trial, result.protocol.data, result.found
    patients, axis = count(data.n, "patient"), axis_words(cohort, trial)
    if isinstance(given, Followed | Choices | ProfileAnswer | Truth):
        return told_further(cohort, given, trial, result.protocol)
    if given is None:
        steps = _flow_of(result.protocol)
        return Told(
            "flow", f"Who is in the trial, {patients}",
            {"Figure": partial(attrition_flow, steps, synthetic=cohort.provenance.synthetic)},
            {"Flow": steps}, [f"{capitalised(attrition_in_words(steps))}."], data.n,
        )  # fmt: skip
    if isinstance(given, Occupancy):
        title = f"Where {count(given.n, 'patient')} are over time"
        return Told(
            "states", title,
            {"Figure": titled(cohort, title, states_figure, given, axis=axis)},
            {"States": given.table, "Transitions": given.counts},
            states_reading(given, trial.horizon_months), given.n,
        )  # fmt: skip
    if isinstance(given, Microsimulation):
        month = f"month {given.settings.horizon:g}"
        title = f"Life gained by {month}, {patients}"
        life = f"Life until {month} by delay, {patients}"
        return Told(
            "delays", title,
            {
                "Figure": titled(cohort, title, delay_heatmap, given),
                "Curves": titled(cohort, life, life_figure, given, _supported_classes(given)),
            },
            {"Life by delay": given.cells, "Differences": given.differences},
            delays_in_words(given), data.n,
        )  # fmt: skip
    if isinstance(given, Benefit):
        simulation, by = given.parts[result.by], result.by
        month, n = f"month {simulation.settings.horizon:g}", data.n - given.left_out[by]
        title = f"Life gained by {month}, by {mid_sentence(by)} and delay, {count(n, 'patient')}"
        return Told(
            "benefit", title, {"Figure": titled(cohort, title, delay_heatmap, simulation)},
            {"Gain": simulation.cells, "Support": given.support},
            [
                said.replace(PENDING, "without intervals here")
                for said in given.reading
                if said.startswith(f"{by}: ")
            ],
            n,
        )  # fmt: skip
    if isinstance(given, Emulation):
        patients, balance = count(given.n, "patient"), given.balance
        title = f"Stabilised weights, {patients}"
        figures = {WEIGHTS: titled(cohort, title, lambda: weight_figure(weight_histogram(given)))}
        for strategy in balance["strategy"].unique():
            named = f"{BALANCE}: {mid_sentence(strategy)}"
            figures[named] = titled(
                cohort, f"{named}, {patients}", balance_figure, balance, strategy
            )
        return Told(
            "trust", title, figures, {"Weights": given.weights, "Balance": balance},
            [weight_reading(given.weights), balance_reading(balance)], given.n,
        )  # fmt: skip
    naive, found = given.naive, given.emulation
    table = side_by_side(naive, found)
    return Told(
        "compared", f"The naive answer and those that respect time, {count(naive.n, 'patient')}",
        compared_figures(cohort, trial, naive, found, given.same, given.group),
        answers_sheets(table, found, naive.landmarks, given.same),
        [
            *side_by_side_reading(table, found.settings.horizon),
            *same_terms_reading(given.same, found),
        ],
        found.n,
    )  # fmt: skip


def _flow_of(protocol: Protocol) -> pd.DataFrame:
    """The steps to the trial's patients as an attrition: clause, n, excluded, missing."""
    steps = protocol.steps
    clauses = [
        f"{row.step}: {row.transplanted:,} transplants, {row.events:,} events"
        for row in steps.itertuples()
    ]
    left = {"clause": clauses, "n": steps["n"], "excluded": steps["left_out"], "missing": 0}
    return pd.DataFrame(left)


def _supported_classes(found: Microsimulation) -> tuple[str, ...] | None:
    """The classes in which the data support a delay; None where in none."""
    cells = found.cells
    told = set(cells.loc[(cells["delay"] != NEVER) & cells["supported"], "group"])
    return tuple(name for name in found.groups if name in told) or None


def states_reading(found: Occupancy, horizon: float) -> list[str]:
    """The states at half and at the end of the horizon, in one sentence each."""
    sentences = []
    times = found.table["time"].unique()
    for at in (horizon / 2, horizon):
        time = times[abs(times - at).argmin()]
        here = found.table[found.table["time"] == time]
        parts = [
            f"{format_percent(row.probability)} {mid_sentence(row.state)}"
            for row in here.itertuples()
        ]
        sentences.append(f"At {format_years(time)}: {'; '.join(parts)}.")
    return sentences
