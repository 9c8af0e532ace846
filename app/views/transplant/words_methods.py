"""Methods of transplant timing: the target trial, its emulation, the multistate model."""

from __future__ import annotations

import pandas as pd

from app.analysis.transplant import (
    FEWEST_DEATHS,
    FEWEST_FOR_AN_ESTIMATE,
    Emulation,
    Microsimulation,
    SameTerms,
    Strategy,
)
from app.cohort.filters import Selection
from app.study.methods import endpoint_sentence, view_methods
from app.study.wording import count, listing, mid_sentence
from app.views.transplant.protocol.analysis import Protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.words_trust import support_reading

NOT_CAUSAL = (
    "A causal reading needs every common cause of transplant timing and survival among the "
    "confounders and a chance of each strategy for every kind of patient; fitness, donor and wish "
    "were not recorded. The results generate hypotheses and do not advise on a patient."
)
_REFERENCES = (
    "Target trials: Hernán & Robins 2016, Am J Epidemiol 183:758; clones and weights: Cain 2010, "
    "Int J Biostat 6:18, Maringe 2020, Int J Epidemiol 49:1719; multistate models: Putter 2007, "
    "Stat Med 26:2389; E-value: VanderWeele & Ding 2017, Ann Intern Med 167:268."
)


def transplant_methods(
    trial: TargetTrial,
    protocol: Protocol,
    selection: Selection,
    *,
    emulation: Emulation | None = None,
    simulation: Microsimulation | None = None,
) -> str:
    """Everything that was done, ready for a manuscript; what was not done is not mentioned."""
    parts = transplant_paragraphs(
        trial, protocol, selection, emulation=emulation, simulation=simulation
    )
    return view_methods(selection, protocol.data.n, parts)


def transplant_paragraphs(
    trial: TargetTrial,
    protocol: Protocol,
    selection: Selection,
    *,
    emulation: Emulation | None = None,
    simulation: Microsimulation | None = None,
) -> list[str]:
    """The paragraphs of :func:`transplant_methods`, without their frame."""
    parts = [_trial(trial, protocol, selection)]
    if emulation is not None:
        parts.append(_emulation(emulation))
    if simulation is not None:
        parts.append(_simulation(simulation))
    return [*parts, NOT_CAUSAL, _REFERENCES]


def protocol_sheets(protocol: Protocol) -> dict[str, pd.DataFrame]:
    """The tables that every workbook of the page begins with; none holds a patient's row."""
    return {
        "Protocol": protocol.table,
        "Steps": protocol.steps,
        "Arms": protocol.arms,
        "Notes": _notes(protocol.data.notes),
    }


def answers_sheets(
    answers: pd.DataFrame,
    emulation: Emulation,
    landmarks: pd.DataFrame,
    same: SameTerms | None = None,
) -> dict[str, pd.DataFrame]:
    """The answers side by side, and what is behind the emulated one.

    Parameters
    ----------
    answers
        From :func:`app.views.transplant.answers.words.side_by_side`.
    landmarks
        Every landmark, one row each.
    same
        The answers on the same terms.
    """
    sheets = {
        "Answers": answers,
        "Estimates": emulation.estimates,
        "Contrasts": emulation.contrasts,
        "Horizons": emulation.horizons,
        "Classes compared": emulation.tests,
        "Differences over time": emulation.differences,
        "Without one patient": emulation.influence,
        "Curves": emulation.curves,
        "Adherence models": emulation.adherence,
        "Weights": emulation.weights,
        "Balance": emulation.balance,
        "Landmarks": landmarks,
        "Notes": _notes(emulation.notes),
    }
    if same is not None:
        sheets |= {"Same terms": same.means, "Ratios": same.ratios}
    return {name: table for name, table in sheets.items() if len(table.columns)}


def _notes(notes: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({"note": list(dict.fromkeys(notes))})


def _trial(trial: TargetTrial, protocol: Protocol, selection: Selection) -> str:
    data = protocol.data
    rows = protocol.table.set_index("element")
    endpoint = selection.source.endpoints[trial.endpoint]
    events = int((data.event & (data.time <= trial.horizon_months)).sum())
    out = listing([f"{number:,} {reason}" for reason, number in data.left_out.items()])
    arms = listing([_arm(arm, trial.grace_months) for arm in trial.strategies])
    words = (
        f"A target trial was specified and emulated. Eligible were patients with: "
        f"{rows.loc['Eligibility', 'protocol']} ({count(data.n, 'patient')}"
        + (f"; left out: {out}" if out else "")
        + f"). Strategies: {arms}. Time zero: {rows.loc['Time zero', 'protocol']}. "
        f"{endpoint_sentence(endpoint, events, data.n, None)} Events, and survival compared, are "
        f"those by {trial.horizon_months:g} months from time zero."
    )
    named = [*data.confounders.columns, *data.onsets]
    words += f" Confounders: {listing([mid_sentence(str(name)) for name in named]) or 'none'}."
    return words


def _arm(arm: Strategy, grace: float) -> str:
    words = mid_sentence(arm.label)
    return words if arm.kind in ("within", "never") else f"{words}, then within {grace:g} months"


def _emulation(found: Emulation) -> str:
    left = [name for name in found.groups if name not in _supported(found)]
    words = (
        f"{found.method}. {found.treated:,} were transplanted and {found.events:,} had the event "
        f"by the horizon; strategies were compared with {mid_sentence(found.reference)}."
    )
    if left:
        words += (
            f" Nothing was estimated in {listing(left)}, where fewer than {FEWEST_FOR_AN_ESTIMATE} "
            "followed a strategy, or at the horizon an arm had an effective number below "
            f"{found.settings.effective:g} or fewer than {FEWEST_DEATHS} deaths."
        )
    careful = found.estimates.loc[found.estimates["supported"], "note"]
    limits = [*support_reading(found), *dict.fromkeys(note for note in careful if note)]
    return f"{words} {' '.join(limits)}"


def _supported(found: Emulation) -> set[str]:
    rows = found.contrasts
    return set(rows.loc[rows["supported"], "group"])


def _simulation(found: Microsimulation) -> str:
    how = found.settings
    return (
        f"{found.method}, over {how.horizon:g} months, with the transplant at "
        f"{listing([f'{delay:g}' for delay in how.delays])} months or never; a cell was not "
        f"supported with fewer than {how.min_patients} transplants within {how.near:g} months of "
        f"the delay or fewer than {how.min_events} deaths after one in the class."
    )
