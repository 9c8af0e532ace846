"""Who gains from a transplant, and when: by risk class, age and alterations, with interactions.

Every division of the patients has its own transition models, in which what divides them acts on
each transition separately: how they die without a transplant, and how after one. The gain of each
part is simulated from these, and parts are compared draw by draw of the same parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.analysis.progress import Progress, portion, untold
from app.analysis.transplant import (
    NEVER,
    Microsimulation,
    MicrosimulationSettings,
    TrialData,
    age_bands,
    band,
    microsimulate,
    restratified,
    transition_models,
)
from app.study.wording import signed
from app.views.transplant.protocol.analysis import Protocol
from app.views.transplant.words import gain_words
from data_loaders import Cohort
from data_loaders.wording import listing, plural

RISK, AGE = "Risk class", "Age"
PENDING = "the intervals are still being computed"
_LATEST_DELAY, _DELAY_STEP, _NEAR = 60.0, 6.0, 3.0
_INTERACTION = ["by", "group", "against", "delay", "difference", "lower", "upper", "supported"]


@dataclass(frozen=True, eq=False)
class Benefit:
    """Gain in life by delay in the parts of several divisions of the patients.

    Attributes
    ----------
    parts
        By division, such as ``Age``: life by part and delay.
    interactions
        Difference between the gains of each part and the first that the data support: by, group,
        against, delay, difference, lower, upper (missing without draws), supported.
    support
        by, group, n, transplanted, deaths, deaths_after (a transplant).
    left_out
        By division: patients not divided by it, such as who was not tested.
    why_not
        By division: why it has no answer.
    """

    parts: dict[str, Microsimulation]
    interactions: pd.DataFrame
    support: pd.DataFrame
    left_out: dict[str, int]
    why_not: dict[str, str]

    @property
    def reading(self) -> tuple[str, ...]:
        """What the divisions say, one sentence each."""
        return tuple(
            [*(_sentence(self, by) for by in self.parts)]
            + [f"{by}: {reason}" for by, reason in self.why_not.items()]
        )


def delay_settings(horizon: float) -> MicrosimulationSettings:
    """How life by delay is simulated, without draws: the middle of each half year."""
    latest = min(_LATEST_DELAY, horizon - _DELAY_STEP)
    steps = int(max(latest - _NEAR, 0.0) // _DELAY_STEP) + 1
    delays = tuple(_NEAR + _DELAY_STEP * i for i in range(steps))
    if delays[-1] >= horizon:
        delays = (horizon / 2,)
    return MicrosimulationSettings(horizon=horizon, delays=delays, near=_NEAR, draws=0)


def strata_of(
    cohort: Cohort,
    protocol: Protocol,
    *,
    age: str | None = None,
    alterations: Sequence[str] = (),
) -> dict[str, pd.Series]:
    """Divisions of a trial's patients: by its classes, by age band, by each alteration.

    Parameters
    ----------
    age
        Column of the age; None for no division by it.
    alterations
        Alterations; who was not tested for one is left out of its division.
    """
    data, rows = protocol.data, protocol.patients
    strata: dict[str, pd.Series] = {}
    if len(data.names) > 1:
        classes = pd.Categorical.from_codes(data.groups, list(data.names), ordered=True)
        strata[RISK] = pd.Series(classes)
    if age is not None:
        years = cohort.numbers(age)[rows]
        strata[AGE] = pd.Series(age_bands(years))
    for name in alterations:
        label = str(cohort.features.loc[name, "label"]) if name in cohort.features.index else name
        state = cohort.alterations[name].iloc[rows].reset_index(drop=True)
        levels = [f"{label} absent", f"{label} present"]
        words = state.map({False: levels[0], True: levels[1]})
        strata[label] = pd.Series(pd.Categorical(words, categories=levels, ordered=True))
    return strata


def benefit(
    data: TrialData,
    strata: Mapping[str, pd.Series],
    settings: MicrosimulationSettings,
    *,
    progression: str | None = None,
    progress: Progress = untold,
) -> Benefit:
    """Simulate the gain of every part of every division under every delay.

    Parameters
    ----------
    strata
        Divisions: name to one label a row of ``data``, in the order of its rows.
    progression
        As in :func:`app.analysis.transplant.transition_models`.

    Raises
    ------
    Cancelled
        If ``progress`` raises it.
    """
    parts: dict[str, Microsimulation] = {}
    why_not: dict[str, str] = {}
    left_out: dict[str, int] = {}
    tables, support = [], []
    for number, (by, labels) in enumerate(strata.items()):
        part = portion(
            progress, number / len(strata), (number + 1) / len(strata), "Drawing parameters"
        )
        try:
            own = restratified(data, labels, by, model=by not in (AGE, RISK))
            models = transition_models(own, progression)
            found = microsimulate(models, settings, progress=part)
        except ValueError as error:
            why_not[by] = str(error)
            continue
        parts[by] = found
        left_out[by] = data.n - own.n
        support.append(_support(own, by))
        tables.append(_interactions(found, by))
    progress("Done", 1.0)
    columns = ["by", "group", "n", "transplanted", "deaths", "deaths_after"]
    return Benefit(
        parts=parts,
        interactions=pd.concat(tables, ignore_index=True)
        if tables
        else pd.DataFrame(columns=_INTERACTION),
        support=pd.concat(support, ignore_index=True) if support else pd.DataFrame(columns=columns),
        left_out=left_out,
        why_not=why_not,
    )


def support_of(data: TrialData, here: Bools) -> dict[str, int]:
    """What part of the patients rests on: n, transplanted, deaths, deaths_after (a transplant)."""
    given, died = here & data.ever_treated, here & data.event
    counted = {"n": here, "transplanted": given, "deaths": died, "deaths_after": given & died}
    return {name: int(np.count_nonzero(who)) for name, who in counted.items()}


def _support(data: TrialData, by: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"by": by, "group": name, **support_of(data, data.groups == group)}
            for group, name in enumerate(data.names)
        ]
    )


def _interactions(found: Microsimulation, by: str) -> pd.DataFrame:
    """Gain of each part against that of the first supported one, at each delay."""
    drawn = found.draws - found.draws[..., -1:]
    shape = (len(found.groups), len(found.delays))
    gain = found.cells["gain"].to_numpy().reshape(shape)
    supported = found.cells["supported"].to_numpy().reshape(shape)
    events = found.cells["events"].to_numpy().reshape(shape)
    rows, draws, behind = [], [], []
    for position, delay in enumerate(found.delays):
        if delay == NEVER:
            continue
        usable = np.flatnonzero(supported[:, position] & supported[:, -1])
        against = int(usable[0]) if len(usable) else 0
        for group, name in enumerate(found.groups):
            if group == against:
                continue
            fine = group in usable and against in usable
            apart = drawn[:, group, position] - drawn[:, against, position]
            difference = gain[group, position] - gain[against, position]
            row = (by, name, found.groups[against], delay, difference, np.nan, np.nan, fine)
            rows.append(row)
            draws.append(apart)
            behind.append(min(events[group, position], events[against, position]))
    table = pd.DataFrame(rows, columns=_INTERACTION)
    fine = table["supported"].to_numpy(dtype=bool)
    if fine.any() and len(drawn):
        limits = band(
            table.loc[fine, "difference"].to_numpy(),
            np.column_stack(draws)[:, fine],
            found.settings.conf_level,
            np.array(behind)[fine],
        )
        table.loc[fine, ["lower", "upper"]] = np.column_stack(limits)
    return table


def _sentence(found: Benefit, by: str) -> str:
    """Whether the gain differs between the parts of a division, said with its interval."""
    own = found.interactions[(found.interactions["by"] == by) & found.interactions["supported"]]
    if own.empty:
        few = found.support[found.support["by"] == by].sort_values("transplanted").iloc[0]
        return (
            f"{by}: too few transplants in some parts to compare their gains ({few['group']}: "
            f"{plural(int(few['transplanted']), 'transplant')} in {int(few['n']):,})."
        )
    known = own[own["lower"].notna()]
    if known.empty:
        row = own.loc[own["difference"].abs().idxmax()]
        return (
            f"{by}: the gain of {row['group']} differs from that of {row['against']} by "
            f"{signed(row['difference'])} months at a delay of {row['delay']:g}; {PENDING}."
        )
    apart = known[(known["lower"] > 0) | (known["upper"] < 0)]
    if apart.empty:
        row = known.loc[known["difference"].abs().idxmax()]
        return (
            f"{by}: these data do not tell whether the gain differs (largest difference "
            f"{gain_words(row['difference'], row['lower'], row['upper'])}, {row['group']} against "
            f"{row['against']}, delay {row['delay']:g})."
        )
    row = apart.loc[apart["difference"].abs().idxmax()]
    names = listing(list(dict.fromkeys(map(str, apart["group"]))))
    tested = len(known[["group", "delay"]].drop_duplicates())
    together = f"; the intervals of all {tested} comparisons hold together" if tested > 1 else ""
    return (
        f"{by}: the gain of {names} differs from that of {row['against']}, most at a delay of "
        f"{row['delay']:g} months: {gain_words(row['difference'], row['lower'], row['upper'])} in "
        f"{row['group']}{together}."
    )
