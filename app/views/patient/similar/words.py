"""Why patients are alike, in words and tables; and what may be said of one patient by others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.study.wording import count, format_percent, listing, mid_sentence, number_in_words
from app.views.patient.analysis import patient_name, value_in_words
from app.views.patient.similar.analysis import MOST_REFERENCES, SimilarPatients
from app.views.patient.similar.outcomes import what_happened
from data_loaders import Cohort
from data_loaders.arrays import Floats, Positions
from data_loaders.wording import with_range

# Values this near, in shares of the cohort's ranks, are named as reasons.
_CLOSE = 0.1
_MOST_REASONS = 4
_MOST_NAMED = 5
_COMMON = 0.2
_MOST = 0.5
# Beyond it two patients are nearer to nothing in common than to alike.
_ALIKE = 0.5


def shared_table(cohort: Cohort, mask: Bools, found: SimilarPatients) -> pd.DataFrame:
    """What the nearest patients share with the patient, beside everyone selected.

    Returns
    -------
    DataFrame
        what, patient, neighbours, selected, as words: first the alterations that the patient or a
        fifth of its neighbours have, then the clinical variables.
    """
    rows = [
        *(_alteration_rows(cohort, mask, found) if "alterations" in found.parts else ()),
        *(_value_rows(cohort, mask, found) if "clinical" in found.parts else ()),
    ]
    return pd.DataFrame(rows, columns=["what", "patient", "neighbours", "selected"])


def neighbour_table(
    cohort: Cohort, found: SimilarPatients, endpoint_key: str | None
) -> pd.DataFrame:
    """One row a nearest patient: who, how near, why, and what happened on an endpoint, if any."""
    profiles, own = found.profiles, found.position
    labels = np.array(_labels(cohort, profiles.features), dtype=object)
    mine = profiles.altered[own] == 1
    rows = []
    near = _closeness(found, found.neighbours)
    for place, neighbour in enumerate(found.neighbours):
        theirs = profiles.altered[neighbour] == 1
        joint = (profiles.tested[neighbour] == 1) & (profiles.tested[own] == 1)
        rows.append(
            {
                "Patient": patient_name(int(neighbour)),
                "Distance": float(found.distance[place]),
                "Shared alterations": ", ".join(labels[mine & theirs]) or "none",
                "In one of the two": ", ".join(labels[(mine != theirs) & joint]) or "none",
                "Close values": _close_values(cohort, found, int(neighbour), near[place]),
            }
        )
    table = pd.DataFrame(rows)
    if endpoint_key is not None:
        table["What happened"] = what_happened(cohort, found, endpoint_key)
    return table


def similarity_reading(cohort: Cohort, found: SimilarPatients) -> list[str]:
    """Who the nearest patients are, why they are near, and how typical the patient is."""
    name = patient_name(found.position)
    nearest = patient_name(int(found.neighbours[0]))
    scale = f"(distance {found.distance[0]:.2f}, from 0 alike in everything compared to 1)"
    sentences = [
        f"{nearest} is most like {mid_sentence(name)} {scale}, of {found.compared:,} compared."
        if found.distance[0] <= _ALIKE
        else f"Nobody of {found.compared:,} compared is much like {mid_sentence(name)}: the "
        f"nearest is {mid_sentence(nearest)} {scale}."
    ]
    reasons = _shared_alterations(cohort, found)
    if reasons:
        sentences.append(reasons)
    if "clinical" in found.parts:
        sentences.append(_close_variables(cohort, found))
    sentences += [*_missing_parts(found), *_typical(found)]
    if found.tied:
        is_are = "is" if found.tied == 1 else "are"
        sentences.append(
            f"{count(found.tied, 'more patient')} {is_are} exactly as near as the last of these "
            f"{len(found.neighbours)}; the first in the cohort's order are taken."
        )
    if found.not_comparable:
        sentences.append(
            f"{count(found.not_comparable, 'patient')} could not be compared: too little was "
            "tested or recorded."
        )
    return sentences


def weights_in_words(found: SimilarPatients) -> str:
    """What the distance is made of, with its weights."""
    share = found.settings.alterations
    weights = {
        "alterations": (
            f"alterations ({100 * share:.0f}%; Jaccard over {len(found.profiles.features)})"
        ),
        "clinical": (
            f"clinical profile ({100 * (1 - share):.0f}%; Gower over "
            f"{len(found.profiles.variables)}, each alike)"
        ),
    }
    if len(found.parts) == 1:
        return f"only the {weights[found.parts[0]].split(' (')[0]}"
    return listing([weights[part] for part in found.parts])


def _typical(found: SimilarPatients) -> list[str]:
    """How typical the patient is, against the others' own neighbours; nothing where not known."""
    typical = found.typicality
    if np.isnan(typical.share):
        return []
    middle = float(np.median(typical.of_others))
    judged = len(typical.of_others)
    drawn = f" ({judged:,} drawn evenly)" if judged >= MOST_REFERENCES else ""
    return [
        f"As typical as {format_percent(typical.share)} of the selected patients{drawn}: the "
        f"median distance to its nearest {len(found.neighbours)} is {typical.median:.2f}; for the "
        f"patient in the middle of the cohort it is {middle:.2f}."
    ]


def _missing_parts(found: SimilarPatients) -> list[str]:
    wanted = {
        "alterations": found.settings.alterations > 0,
        "clinical": found.settings.alterations < 1,
    }
    words = {"alterations": "alterations tested", "clinical": "clinical values known"}
    return [
        f"Too few {words[part]} in this patient: they took no part."
        for part, asked in wanted.items()
        if asked and part not in found.parts
    ]


def _labels(cohort: Cohort, features: Sequence[str]) -> list[str]:
    return [str(label) for label in cohort.features.loc[list(features), "label"]]


def _alteration_rows(cohort: Cohort, mask: Bools, found: SimilarPatients) -> list[dict[str, str]]:
    profiles, near = found.profiles, found.neighbours
    mine = profiles.altered[found.position] == 1
    altered, tested = profiles.altered[near].sum(axis=0), profiles.tested[near].sum(axis=0)
    shown = np.flatnonzero(mine | (altered >= _COMMON * np.maximum(tested, 1)) & (altered > 0))
    everyone = profiles.altered[mask].sum(axis=0), profiles.tested[mask].sum(axis=0)
    order = sorted(shown, key=lambda i: (not mine[i], -altered[i]))
    labels = _labels(cohort, profiles.features)
    untested = profiles.tested[found.position] == 0
    return [
        {
            "what": labels[i],
            "patient": "not tested" if untested[i] else "altered" if mine[i] else "not altered",
            "neighbours": _of(altered[i], tested[i]),
            "selected": _of(everyone[0][i], everyone[1][i]),
        }
        for i in order
    ]


def _of(part: float, whole: float) -> str:
    if not whole:
        return "not tested"
    return f"{int(part):,} of {int(whole):,} ({format_percent(part / whole)})"


def _value_rows(cohort: Cohort, mask: Bools, found: SimilarPatients) -> list[dict[str, str]]:
    rows = []
    for name in found.profiles.variables:
        variable, column = cohort.variables[name], cohort.patients[name]
        own = column.iloc[found.position]
        groups = found.neighbours, mask
        if variable.kind == "numeric":
            values = cohort.numbers(name)
            told = [_spread(values[group]) for group in groups]
        elif pd.isna(own):
            told = ["", ""]
        else:
            codes = cohort.factor(name)[0]
            mine = codes[found.position]
            told = [_of((codes[g] == mine).sum(), (codes[g] >= 0).sum()) for g in groups]
        rows.append(
            {
                "what": f"{variable.label}, {variable.unit}" if variable.unit else variable.label,
                "patient": "not known" if pd.isna(own) else _bare(cohort, name, own),
                "neighbours": told[0],
                "selected": told[1],
            }
        )
    return rows


def _bare(cohort: Cohort, name: str, value: object) -> str:
    """A value without the unit that stands beside it."""
    words = value_in_words(cohort.variables[name], value)
    return words.split(" ")[0].rstrip("%") if cohort.variables[name].kind == "numeric" else words


def _spread(values: Floats) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "not known"
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return with_range(*map(number_in_words, (middle, low, high)))


def _shared_alterations(cohort: Cohort, found: SimilarPatients) -> str:
    if "alterations" not in found.parts:
        return ""
    profiles, n = found.profiles, len(found.neighbours)
    own = profiles.altered[found.position] == 1
    # What everybody has, such as BCR::ABL1 in CML, makes nobody alike.
    mine = np.flatnonzero(own & (profiles.altered < profiles.tested).any(axis=0))
    if own.any() and not len(mine):
        return ""
    if not len(mine):
        none = int((profiles.altered[found.neighbours].sum(axis=1) == 0).sum())
        return f"No alteration was found in this patient, nor in {none} of these {n}."
    altered = profiles.altered[found.neighbours].sum(axis=0)
    labels = _labels(cohort, profiles.features)
    order = sorted(mine, key=lambda i: -altered[i])[:_MOST_NAMED]
    told = [f"{labels[i]} ({int(altered[i])} of {n})" for i in order if altered[i] > _MOST * n]
    if told:
        return f"Most of them share the alteration{'s' * (len(told) > 1)} {listing(told)}."
    if not altered[mine].any():
        return f"None of these {n} shares {listing([labels[i] for i in order])}."
    fewer = [f"{labels[i]} ({int(altered[i])} of {n})" for i in order]
    return f"Most of them share none of its alterations: {listing(fewer)}."


def _close_variables(cohort: Cohort, found: SimilarPatients) -> str:
    """The variables in which more than half of the nearest are close to the patient."""
    near = _closeness(found, found.neighbours)
    known = np.isfinite(near).sum(axis=0)
    close = np.nansum(near <= _CLOSE, axis=0)
    shares = np.where(known > 0, close / np.maximum(known, 1), -1.0)
    shares[~np.isfinite(found.profiles.measured[found.position])] = -1.0
    order = np.argsort(-shares, kind="stable")[:_MOST_REASONS]
    told = [
        f"{mid_sentence(cohort.variables[found.profiles.variables[i]].label)} "
        f"({int(close[i])} of {int(known[i])})"
        for i in order
        if shares[i] > _MOST
    ]
    if not told:
        return "In no clinical value are most of them close to this patient."
    return f"Most of them are close in {listing(told)}."


def _close_values(cohort: Cohort, found: SimilarPatients, neighbour: int, near: Floats) -> str:
    """The neighbour's values that are nearest to the patient's, numbers before classes."""
    close = [i for i in np.argsort(near, kind="stable") if near[i] <= _CLOSE]
    close.sort(key=lambda i: bool(found.profiles.nominal[i]))
    told = []
    for i in close[:_MOST_REASONS]:
        variable = cohort.variables[found.profiles.variables[i]]
        value = cohort.patients[variable.name].iloc[neighbour]
        told.append(f"{mid_sentence(variable.label)} {value_in_words(variable, value)}")
    return ", ".join(told) or "none"


def _closeness(found: SimilarPatients, others: Positions) -> Floats:
    """Difference of each variable from the patient's, shape (others, variables); NaN unknown."""
    values, nominal = found.profiles.measured, found.profiles.nominal
    difference = np.abs(values[others] - values[found.position])
    different = np.where(np.isnan(difference), np.nan, difference > 0)
    return np.where(nominal, different, difference).astype(np.float64)
