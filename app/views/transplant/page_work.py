"""What the transplant page computes: estimates at once, intervals and sensitivity in the worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

import pandas as pd
import streamlit as st

from app.analysis.transplant import (
    Emulation,
    EmulationSettings,
    Microsimulation,
    MicrosimulationSettings,
    Occupancy,
    SameTerms,
    TransitionModels,
    emulate,
    microsimulate,
    same_terms,
    timed_cox,
    transition_models,
)
from app.shell.memory import ask, remembered
from app.shell.session import Looking
from app.shell.work.background import ask_worker, draw_interruption, draw_progress, interrupted
from app.shell.work.jobs import BACKGROUND, Job
from app.study.wording import count
from app.views.transplant.answer import emulation_settings, other_choices
from app.views.transplant.answer_views import states_of
from app.views.transplant.benefits.analysis import (
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
from app.views.transplant.protocol.analysis import Protocol, write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.tasks import (
    BENEFIT,
    DELAYS,
    INTERVALS,
    PROFILE,
    SAME_TERMS,
    SENSITIVITY,
)

T = TypeVar("T")
DRAWS = 1_000
# Of the simulation of delays, whose draws are smoother and cost more.
_DELAY_DRAWS, _SAME_DRAWS = 400, 300
_STATUS_HEIGHT = 50
_STOPPED = "You stopped the computation of the intervals."


@dataclass(frozen=True, eq=False)
class Work:
    """A trial on a cohort, and the jobs that were asked for it.

    Attributes
    ----------
    jobs
        Filled as views ask: what the status line follows.
    """

    looking: Looking
    trial: TargetTrial
    protocol: Protocol
    jobs: list[Job]

    @property
    def group(self) -> str:
        """The same text for everyone who asks the same."""
        return json.dumps(["transplant", self.looking.cohort.fingerprint, self.trial.to_json()])

    @property
    def progression(self) -> str | None:
        """Name of the onset of progression in the data; None where it is not recorded."""
        return next(iter(self.protocol.data.onsets), None)

    @property
    def settings(self) -> EmulationSettings:
        """How the trial is emulated, without draws."""
        return emulation_settings(self.trial, self.protocol)

    def remembered(self, name: str, make: Callable[[], T], *also: object) -> T:
        """A result of this trial, and of what else it depends on, that the session keeps."""
        settings = {"trial": self.trial.to_json(), "also": also}
        return remembered(ask(self.looking, name, settings), make)

    @property
    def delays(self) -> MicrosimulationSettings:
        """How life by delay is simulated, without draws: the middle of each half year."""
        return delay_settings(horizon_of(self))


def start_work(looking: Looking, trial: TargetTrial) -> Work:
    """Lay the trial beside the cohort.

    Raises
    ------
    ValueError
        If these patients cannot be in such a trial.
    """
    protocol = remembered(
        ask(looking, "transplant protocol", {"trial": trial.to_json()}),
        partial(write_protocol, looking.cohort, trial),
    )
    return Work(looking, trial, protocol, [])


def emulated(work: Work) -> Emulation:
    """The emulated trial: its estimates at once, its intervals as soon as they are there.

    Raises
    ------
    ValueError
        If there is nothing to emulate.
    """
    data, strategies = work.protocol.compared, work.trial.strategies
    point = work.remembered(
        "transplant estimates", partial(emulate, data, strategies, work.settings)
    )
    settings = replace(work.settings, draws=DRAWS)
    job = _job(work, INTERVALS, data=data, strategies=strategies, settings=settings)
    return replace(point, **job.result) if job.state == "done" else point


def same_answers(work: Work, landmarks: Sequence[float]) -> SameTerms:
    """The answers on the same terms: estimates at once, intervals from the background."""
    make = partial(same_terms, emulated(work), landmarks)
    point = work.remembered("transplant same terms", make)
    job = _job(
        work,
        SAME_TERMS,
        rank=BACKGROUND,
        data=work.protocol.compared,
        strategies=work.trial.strategies,
        settings=work.settings,
        landmarks=tuple(landmarks),
        draws=_SAME_DRAWS,
    )
    return cast("SameTerms", job.result) if job.state == "done" else point


def horizon_of(work: Work) -> float:
    """The horizon that the data support, or what was asked for where nothing can be emulated."""
    try:
        return emulated(work).settings.horizon
    except ValueError:
        return work.trial.horizon_months


def timed(work: Work) -> pd.DataFrame:
    """Mortality early and late after a transplant."""
    return work.remembered("transplant timed", partial(timed_cox, work.protocol.compared))


def unknown_cases(work: Work) -> dict[str, Emulation]:
    """The trial with those of whom progression is not known, counted one way and the other."""
    found = {}
    settings = replace(work.settings, horizon=horizon_of(work), effective=0.0)
    for name, data in work.protocol.unknown.items():
        make = partial(emulate, data, work.trial.strategies, settings)
        try:
            found[name] = work.remembered("transplant unknown", make, name)
        except ValueError:
            continue
    return found


def sensitivity_job(work: Work) -> Job:
    """The same trial under other choices, in the background."""
    return _job(
        work,
        SENSITIVITY,
        rank=BACKGROUND,
        **other_choices(work.trial, work.protocol, horizon_of(work)),
    )


def fitted_transitions(work: Work) -> TransitionModels:
    """The models of all transitions.

    Raises
    ------
    ValueError
        If a part of the model cannot be estimated.
    """
    make = partial(transition_models, work.protocol.data, work.progression)
    return work.remembered("transplant transitions", make)


def delays(work: Work) -> Microsimulation:
    """Life by class and delay.

    Raises
    ------
    ValueError
        If a part of the model cannot be estimated.
    """
    return _simulated(work, DELAYS, partial(microsimulate, fitted_transitions(work), work.delays))


def benefits(work: Work, age: str | None, alterations: tuple[str, ...]) -> Benefit:
    """Gain by class, by age (a column, None without one), and by each of the alterations."""
    strata = strata_of(work.looking.cohort, work.protocol, age=age, alterations=alterations)
    make = partial(benefit, work.protocol.data, strata, work.delays, progression=work.progression)
    return _simulated(work, BENEFIT, make, json.dumps(alterations), strata=strata)


def profiled(work: Work, profile: Profile, age: str | None) -> ProfileAnswer:
    """Life of patients like a profile, beside the real ones near it.

    Raises
    ------
    ValueError
        If the models say nothing of such patients, or cannot be estimated.
    """
    cohort, trial, protocol = work.looking.cohort, work.trial, work.protocol
    alike = patients_alike(cohort, trial, protocol, profile, age)
    make = partial(life_of, fitted_transitions(work), alike.data, work.delays)
    found = _simulated(work, PROFILE, make, alike.words, alike=alike.data)
    return explore_profile(cohort, trial, protocol, profile, found, age=age)


def states(work: Work) -> Occupancy:
    """The share of patients in each state over time.

    Raises
    ------
    ValueError
        If nobody changed state.
    """
    return work.remembered("transplant states", partial(states_of, work.trial, work.protocol))


def has_intervals(work: Work) -> bool:
    """Whether the intervals of the emulated trial are there by now."""
    return any(job.task == INTERVALS and job.state == "done" for job in work.jobs)


def draw_status(work: Work) -> None:
    """One line, in a place of fixed height: what is under way, or what there is."""
    jobs = work.jobs
    broken = interrupted(jobs)
    with st.container(height=_STATUS_HEIGHT, border=False, key="transplant_status"):
        if broken is not None:
            draw_interruption(
                work.group,
                jobs,
                broken,
                shown=" The estimates without intervals are shown.",
                again_key="transplant_again",
            )
        elif all(job.finished for job in jobs):
            refused = next((job.message for job in jobs if job.state == "refused"), "")
            st.caption(
                refused
                or f"Intervals: 95%, from {DRAWS:,} bootstrap draws of "
                f"{count(work.protocol.compared.n, 'patient')}."
            )
        else:
            draw_progress(work.group, jobs, _in_words, stop_key="transplant_stop")


_WORDS = {
    INTERVALS: "The estimates stand; intervals",
    DELAYS: "Intervals of life by delay",
    BENEFIT: "Intervals of who benefits",
    PROFILE: "Intervals of patients of a kind",
    SENSITIVITY: "The trial under other choices",
    SAME_TERMS: "Intervals of the other estimators",
}


def _in_words(job: Job) -> str:
    return f"{_WORDS[job.task]}: {job.stage[:1].lower()}{job.stage[1:]}"


def _simulated(work: Work, task: str, make: Callable[[], T], also: str = "", **sent: Any) -> T:
    """What the delays give: estimates at once, with intervals as soon as they are there."""
    point = work.remembered(task, make, also)
    settings = replace(work.delays, draws=_DELAY_DRAWS)
    job = _job(work, task, also, progression=work.progression, settings=settings, **sent)
    return cast("T", job.result) if job.state == "done" else point


def _job(work: Work, task: str, also: str = "", *, rank: int = 1, **sent: Any) -> Job:
    job = ask_worker(
        f"{task} {work.group}{also}",
        task,
        lambda: {"data": work.protocol.data, **sent},
        group=work.group,
        rank=rank,
        stopped=_STOPPED,
    )
    work.jobs.append(job)
    return job
