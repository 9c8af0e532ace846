"""The protocol of the target trial, and what of it these data can follow (Hernán & Robins 2016)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant import (
    EFFECTIVE,
    FEWEST_OF_A_CENTRE,
    Kinds,
    TrialData,
    kinds_of,
    trial_data,
    without_kinds,
)
from app.study.adjustment import age_column
from app.study.exposures import ExposureTimes, exposure_times
from app.study.transplants.confounders import (
    centre_column,
    other_treatments,
    timeless_treatments,
    transplant_versions,
    what_is_left,
)
from app.study.transplants.kinds import ALLOGENEIC, AUTOLOGOUS, transplant_kinds
from app.views.survival.cox.frame import ENTRY, EVENT, TIME, Covariate, model_frame
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort
from data_loaders.wording import listing, mid_sentence, plural

# The clock of a file starts where its survival times do; few files say where that is.
_STANDS_FOR_DIAGNOSIS = (
    "the start of follow-up in these data stands for diagnosis: where it is the taking of a sample "
    "or the referral, who died or was transplanted before it is not here; "
)


@dataclass(frozen=True, eq=False)
class Protocol:
    """A trial beside the data that shall emulate it.

    Attributes
    ----------
    table
        element, protocol, data: one row an element of the target trial.
    steps
        step, n, left_out, transplanted, events: from everyone to the analysed, the last two by the
        horizon where the time is known.
    arms
        strategy, n (clones), followed (transplanted in the window, or never transplanted), events
        (of clones that follow the strategy until then), deviated, lost (censored before deciding).
    patients
        Position in the cohort of each of them, in the order of ``data``.
    kinds, compared, compared_patients
        Kinds of patients by age and class, and the patients of those that can be compared, on whom
        the trial is emulated.
    unknown
        The same with those of whom progression is not known: counted as never, as from the start;
        empty where it is known of all.
    higher
        Classes of higher risk.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    arms: pd.DataFrame
    data: TrialData
    patients: Ints
    kinds: Kinds
    compared: TrialData
    compared_patients: Ints
    unknown: dict[str, TrialData]
    higher: tuple[str, ...]


def write_protocol(cohort: Cohort, trial: TargetTrial) -> Protocol:
    """Lay the target trial beside a cohort, and prepare the eligible patients.

    Raises
    ------
    ValueError
        If nobody is eligible, the cohort lacks something the trial names, or in the endpoint death
        is a competing event.
    """
    _check(cohort, trial)
    selection = trial.eligibility.apply(cohort)
    if not selection.n:
        raise ValueError(f"Nobody is eligible ({selection.sentence}): widen the eligibility.")
    wanted = list(trial.confounders)
    if trial.classes is not None and trial.classes not in wanted:
        wanted.append(trial.classes)
    model = model_frame(cohort, selection.mask, trial.endpoint, wanted)
    frame = model.frame.sort_index()
    used = np.flatnonzero(model.outcome.used)
    if not len(used):
        raise ValueError("Nobody eligible has a known outcome: choose another endpoint.")
    given = exposure_times(cohort, trial.treatment, trial.endpoint)
    given, ends, kinds = _of_kind(cohort, trial, given, model.outcome.used)
    given, ends, versions = _of_version(cohort, trial, (given, ends), model.outcome.used)
    zero: Floats = np.zeros(cohort.n)
    if trial.time_zero is not None:
        zero = exposure_times(cohort, trial.time_zero, trial.endpoint).months
    known = np.isfinite(zero[used])
    used, frame, start = used[known], frame.loc[known], zero[used[known]]
    if not len(used):
        raise ValueError("Nobody eligible reached time zero: choose another time zero.")
    onsets: dict[str, Floats] = {}
    unknown: dict[str, Bools] = {}
    if trial.progression is not None:
        event = exposure_times(cohort, trial.progression, trial.endpoint)
        onsets[event.exposure.label] = event.months[used] - start
        unknown[event.exposure.label] = (event.undated | event.unknown)[used]
    names = [_at_baseline(cohort, c) for c in model.covariates]
    entry = None
    if model.entry is not None:
        late = frame[ENTRY].to_numpy() - start
        entry = np.where(late > 0, late, -np.inf)
    centre = centre_column(cohort)
    at = None if trial.classes is None else wanted.index(trial.classes)
    classes = None if at is None else frame[names[at]].reset_index(drop=True)
    time, event = frame[TIME].to_numpy(), frame[EVENT].to_numpy()
    prepared = partial(
        trial_data,
        np.minimum(time, ends[used]) - start,
        np.where(ends[used] < time, 0.0, event),
        given.months[used] - start,
        frame[names].reset_index(drop=True),
        groups=classes,
        centres=None if centre is None else cohort.patients[centre].iloc[used].to_numpy(object),
        entry=entry,
        undated=given.undated[used],
    )
    of_kinds = partial(_kinds, cohort, trial, used, next(iter(onsets), None))
    data = prepared(onsets=onsets, unknown=unknown)
    found = of_kinds(data)
    compared = without_kinds(data, found)
    cases = {name: prepared(onsets=values) for name, values in _cases(onsets, unknown)}
    cases = {name: without_kinds(case, of_kinds(case)) for name, case in cases.items()}
    steps = _steps(cohort, trial, model.outcome.used, known, (used, data, given.months))
    origin, stands = _origin(cohort, trial)
    words = {
        "eligible": selection.sentence,
        "origin": origin,
        "stands for": stands,
        "endpoint": cohort.endpoints[trial.endpoint].label,
        "confounders": listing([mid_sentence(name) for name in (*names, *onsets)]) or "none",
        "centres": _centres_in_words(cohort, centre, data),
        "transplant": f"{given.exposure.noun}{kinds}{versions}",
        "left": "; ".join(
            text
            for text in (
                timeless_treatments(cohort, trial.confounders),
                what_is_left(
                    cohort, [*trial.confounders, str(trial.classes), f"variable:{centre}"]
                ),
            )
            if text
        ),
    }
    words["kinds"] = f"; left out as {found.words}: {found.left_out:,}" if found.left_out else ""
    arms = _arms(data, trial, next(iter(onsets), None))
    return Protocol(
        _table(trial, data, arms, words),
        steps,
        arms,
        data,
        used[data.rows],
        found,
        compared,
        used[compared.rows],
        cases,
        _higher(trial, classes),
    )


def _cases(
    onsets: dict[str, Floats], unknown: dict[str, Bools]
) -> list[tuple[str, dict[str, Floats]]]:
    """The two ways to count an onset of which it is not known whether or when it came."""
    cases = []
    for name, lacking in unknown.items():
        if lacking.any():
            there = np.where(lacking, 0.0, onsets[name])
            cases.append((f"{mid_sentence(name)} counted as never", onsets))
            cases.append((f"{mid_sentence(name)} from the start", {**onsets, name: there}))
    return cases


def _kinds(
    cohort: Cohort, trial: TargetTrial, used: Ints, progression: str | None, data: TrialData
) -> Kinds:
    """Kinds by age and class, where the cohort knows the age."""
    column = age_column(cohort)
    age = None if column is None else cohort.numbers(column)[used[data.rows]]
    return kinds_of(data, trial.primary, age, grace=trial.grace_months, progression=progression)


def _origin(cohort: Cohort, trial: TargetTrial) -> tuple[str, str]:
    """What starts the clock in the trial, and what in these data stands for it."""
    if trial.time_zero is None:
        return "diagnosis", _STANDS_FOR_DIAGNOSIS
    return exposure_times(cohort, trial.time_zero, trial.endpoint).exposure.noun, ""


def _centres_in_words(cohort: Cohort, centre: str | None, data: TrialData) -> str:
    """What the weights do with the centre."""
    strata = len(np.unique(data.centres))
    if centre is None or strata < 2:
        return ""
    return (
        f", and by {mid_sentence(cohort.variables[centre].label)} ({strata} strata; centres with "
        f"fewer than {FEWEST_OF_A_CENTRE} transplanted or {FEWEST_OF_A_CENTRE} other patients are "
        "one)"
    )


def _higher(trial: TargetTrial, classes: pd.Series | None) -> tuple[str, ...]:
    """The classes of higher risk: from the one named on, or the upper half of all levels."""
    if classes is None:
        return ()
    ordered = isinstance(classes.dtype, pd.CategoricalDtype)
    levels = list(
        map(str, classes.cat.categories if ordered else sorted(classes.dropna().unique()))
    )
    start = (len(levels) + 1) // 2
    if trial.higher_from in levels:
        start = levels.index(trial.higher_from)
    return tuple(levels[start:])


def _check(cohort: Cohort, trial: TargetTrial) -> None:
    endpoint = cohort.endpoints.get(trial.endpoint)
    if endpoint is not None and endpoint.competing is not None:
        raise ValueError(
            f"In '{endpoint.label}' death is a competing event, so the share without it is not a "
            "survival: choose an endpoint that counts death as an event."
        )
    if not trial.horizon_months > 0:
        raise ValueError("The horizon must be a positive number of months.")


def _of_kind(
    cohort: Cohort, trial: TargetTrial, given: ExposureTimes, used: Bools
) -> tuple[ExposureTimes, Floats, str]:
    """Transplants of the kind asked for, when one of the other ends a follow-up, and in words."""
    if not trial.kind:
        return given, np.full(cohort.n, np.inf), ""
    kinds = transplant_kinds(cohort)
    if kinds is None or trial.kind not in (ALLOGENEIC, AUTOLOGOUS):
        raise ValueError(
            f"This cohort does not tell {trial.kind} transplants from others; it needs a column "
            "with their kind, such as transplant_type with allogeneic and autologous."
        )
    dated = np.isfinite(given.months)
    other = kinds.other_than(trial.kind) & dated
    own = used & dated & ~other
    unknown = int((own & ~kinds.allogeneic & ~kinds.autologous).sum())
    name = AUTOLOGOUS if trial.kind == ALLOGENEIC else ALLOGENEIC
    words = (
        f", {trial.kind} alone: {int(own.sum()):,} of the eligible"
        + (f", of whom {unknown:,} without a known kind" if unknown else "")
        + f"; {int((used & other).sum()):,} {name} transplants end the follow-up at their time"
    )
    ends = np.where(other, given.months, np.inf)
    return replace(given, months=np.where(other, np.nan, given.months)), ends, words


def _of_version(
    cohort: Cohort, trial: TargetTrial, found: tuple[ExposureTimes, Floats], used: Bools
) -> tuple[ExposureTimes, Floats, str]:
    """Transplants done as the trial asks, when one done otherwise ends a follow-up, and in words.

    One of which it is not known how it was done counts as done otherwise.
    """
    given, ends = found
    words = ""
    for column, level in trial.versions:
        if column not in transplant_versions(cohort):
            raise ValueError(
                f"This cohort does not tell by {column} how a transplant was done; choose another "
                "version of the transplant."
            )
        dated = np.isfinite(given.months)
        asked = cohort.patients[column].astype("string").eq(level).to_numpy(bool, na_value=False)
        other = dated & ~asked
        label = mid_sentence(cohort.variables[column].label)
        words += (
            f", {label} {level} alone: {int((used & dated & asked).sum()):,} of the eligible; "
            f"{int((used & other).sum()):,} with another or an unknown one end the follow-up at "
            "their time"
        )
        ends = np.where(other, given.months, ends)
        given = replace(given, months=np.where(other, np.nan, given.months))
    return given, ends, words


def _at_baseline(cohort: Cohort, covariate: Covariate) -> str:
    treatments = {f"variable:{name}" for name in other_treatments(cohort)}
    if covariate.after_baseline and covariate.spec not in treatments:
        raise ValueError(
            f"{covariate.name} is known only after time zero, so it cannot be a confounder at "
            "baseline."
        )
    return covariate.name


def _steps(
    cohort: Cohort,
    trial: TargetTrial,
    outcome_known: Bools,
    reached: Bools,
    analysed: tuple[Any, TrialData, Floats],
) -> pd.DataFrame:
    """Patients, transplants and events left after every step."""
    used, data, treated = analysed
    endpoint = cohort.endpoints[trial.endpoint]
    event = cohort.numbers(endpoint.event) == 1
    inside = np.ones(cohort.n, dtype=bool)
    rows: list[dict[str, object]] = []

    def note(step: str, mask: Bools) -> None:
        before = int(rows[-1]["n"]) if rows else cohort.n  # type: ignore[call-overload]
        n = int(mask.sum())
        rows.append(
            {
                "step": step,
                "n": n,
                "left_out": before - n,
                "transplanted": int((mask & np.isfinite(treated)).sum()),
                "events": int((mask & event).sum()),
            }
        )

    note("All patients", inside)
    for clause in trial.eligibility.steps:
        inside = inside & (clause.evaluate(cohort) == 1)
        note(clause.describe(cohort), inside)
    note("With a known outcome", outcome_known)
    if trial.time_zero is not None:
        there = np.zeros(cohort.n, dtype=bool)
        there[np.flatnonzero(outcome_known)[reached]] = True
        note("Reached time zero", there)
    left = np.zeros(cohort.n, dtype=bool)
    left[used] = True
    for position, reason in enumerate(data.left_out):
        left[used[data.reason == position]] = False
        note(f"Without those {reason}", left)
    steps = pd.DataFrame(rows)
    within = data.time <= trial.horizon_months
    final = {
        "step": f"Analysed, by {trial.horizon_months:g} months",
        "n": data.n,
        "left_out": 0,
        "transplanted": int((data.treated <= trial.horizon_months).sum()),
        "events": int((data.event & within).sum()),
    }
    return pd.concat([steps, pd.DataFrame([final])], ignore_index=True)


def _arms(data: TrialData, trial: TargetTrial, progression: str | None) -> pd.DataFrame:
    rows = []
    never_treated = ~data.ever_treated
    for arm in trial.strategies:
        if arm.kind == "never":
            opens = closes = np.full(data.n, np.inf)
        else:
            window = arm.window(data, trial.grace_months, progression)
            opens, closes = window.opens, window.closes
        done = data.ever_treated & (data.treated >= opens) & (data.treated <= closes)
        early = data.ever_treated & (data.treated < opens)
        late = ~early & ~done & (np.minimum(data.time, data.treated) > closes)
        waiting = ~early & ~late & never_treated
        followed = waiting if arm.kind == "never" else done
        by_horizon = data.event & (data.time <= trial.horizon_months)
        rows.append(
            {
                "strategy": arm.label,
                "n": data.n,
                "followed": int(followed.sum()),
                "events": int((by_horizon & (done | waiting)).sum()),
                "deviated": int((early | late).sum()),
                "lost": int((waiting & ~data.event).sum()) if arm.kind != "never" else 0,
            }
        )
    return pd.DataFrame(rows)


def _table(
    trial: TargetTrial, data: TrialData, arms: pd.DataFrame, words: dict[str, str]
) -> pd.DataFrame:
    n = plural(data.n, "patient")
    left_out = "; ".join(f"{number:,} {reason}" for reason, number in data.left_out.items())
    followed = "; ".join(
        f"{mid_sentence(a.strategy)}: {a.followed:,} followed it" for a in arms.itertuples()
    )
    strategies = "; ".join(mid_sentence(arm.label) for arm in trial.strategies)
    if any(arm.kind in ("delayed", "progression") for arm in trial.strategies):
        strategies += f"; a delayed transplant may take place within {trial.grace_months:g} months"
    events = int((data.event & (data.time <= trial.horizon_months)).sum())
    rows = [
        (
            "Eligibility",
            f"{words['eligible']}, alive and not transplanted at time zero",
            f"{n} eligible" + (f"; left out: {left_out}" if left_out else ""),
        ),
        (
            "Treatment strategies",
            strategies,
            f"date of {words['transplant']}; {followed}",
        ),
        (
            "Assignment",
            "at random, not blinded",
            "not random: weighted by a model of transplant with "
            f"{words['confounders']}{words['centres']}; {words['left']}",
        ),
        (
            "Time zero",
            f"{words['origin']}, when eligible and assigned",
            f"{words['stands for']}every patient enters every arm as a clone at the same time zero"
            + (
                "; some come under observation later (delayed entry)"
                if np.isfinite(data.entry).any()
                else ""
            ),
        ),
        (
            "Follow-up",
            f"until the event, loss or {trial.horizon_months:g} months",
            "the same, and estimates end where an arm has an effective number below "
            f"{EFFECTIVE:g}; a clone is censored when the patient departs from its strategy",
        ),
        (
            "Outcome",
            words["endpoint"],
            f"{plural(events, 'event')} by {trial.horizon_months:g} months",
        ),
        (
            "Causal contrast",
            "per protocol: survival and restricted mean survival under each strategy",
            "the same, if the confounders suffice, among patients of the kinds that could follow "
            f"each strategy{words['kinds']}",
        ),
        (
            "Analysis",
            "survival curves by arm",
            "inverse-probability-weighted curves of the clones, intervals by bootstrap over "
            "patients",
        ),
    ]
    return pd.DataFrame(rows, columns=["element", "protocol", "data"])
