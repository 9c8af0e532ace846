"""One patient: what is altered, what was not tested, and where each value stands in a selection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.study.wording import number_in_words
from app.views.genomics.frequencies.analysis import feature_positions
from app.views.genomics.variants.analysis import counted_variants
from app.views.patient.similar.profiles import is_recognised
from data_loaders import Cohort, CohortError, Variable
from data_loaders.alterations.mutation_rule import aside_in_words, counts
from data_loaders.arrays import Positions
from data_loaders.wording import with_range

_ROLES = ("disease", "demographic", "laboratory", "clinical", "study", "other")
_KINDS = ("numeric", "ordinal", "categorical", "binary")
_TRUE = {"1", "1.0", "true", "yes"}
_OF_KIND = {
    "gene": "gene",
    "refinement": "part of a gene",
    "cytogenetic": "cytogenetic",
    "combination": "combination",
}


@dataclass(frozen=True, eq=False)
class PatientAlterations:
    """What was found in a patient, and what was looked for.

    Attributes
    ----------
    table
        One row a variant, or an alteration without one: alteration, kind, change, variant_class,
        vaf (0 to 1, NaN where not measured), altered, tested (in the selection), share.
    absent
        Labels of the alterations tested for and not found.
    not_tested
        Labels of those the patient was not tested for.
    """

    table: pd.DataFrame
    absent: tuple[str, ...]
    not_tested: tuple[str, ...]


def patient_name(position: int) -> str:
    """What a patient is called on screen: its place in the cohort's order, from 1."""
    return f"Patient {position + 1}"


def evenly(positions: Positions, most: int) -> Positions:
    """At most so many of the positions, at even steps of their order."""
    if len(positions) <= most:
        return positions
    return positions[np.linspace(0, len(positions) - 1, most).round().astype(np.intp)]


def patient_alterations(cohort: Cohort, mask: Bools, position: int) -> PatientAlterations:
    """The alterations of one patient with their variants.

    Parameters
    ----------
    mask
        The patients selected, shape (cohort.n,): the frequencies are theirs.

    Raises
    ------
    CohortError
        If the cohort has no such patient.
    """
    _check(cohort, position)
    order = list(feature_positions(cohort, cohort.feature_kinds)) if len(cohort.features) else []
    labels = cohort.features["label"].astype(str).to_numpy()
    states = cohort.states[position]
    own = mask & (np.arange(cohort.n) == position)
    variants = counted_variants(cohort, own) if len(cohort.mutations) else _NO_VARIANTS
    rows = []
    for column in order:
        if states[column] != 1:
            continue
        feature = cohort.features.iloc[column]
        selected = cohort.states[mask, column]
        altered, tested = int((selected == 1).sum()), int((selected >= 0).sum())
        found = variants[(variants["gene"] == feature["gene"]) & (feature["kind"] == "gene")]
        cells = [
            (variant.protein_change, variant.variant_class, variant.vaf)
            for variant in found.itertuples()
        ] or [(None, None, np.nan)]
        for change, variant_class, vaf in cells:
            rows.append(
                {
                    "alteration": labels[column],
                    "kind": _OF_KIND[feature["kind"]],
                    "change": change,
                    "variant_class": variant_class,
                    "vaf": float(vaf),
                    "altered": altered,
                    "tested": tested,
                    "share": altered / tested if tested else np.nan,
                }
            )
    return PatientAlterations(
        table=pd.DataFrame(rows, columns=_COLUMNS),
        absent=tuple(str(labels[column]) for column in order if states[column] == 0),
        not_tested=tuple(str(labels[column]) for column in order if states[column] < 0),
    )


_COLUMNS = ["alteration", "kind", "change", "variant_class", "vaf", "altered", "tested", "share"]
_NO_VARIANTS = pd.DataFrame({"gene": [], "protein_change": [], "variant_class": [], "vaf": []})


def set_aside_variants(cohort: Cohort, position: int) -> tuple[int, str]:
    """Variants of a patient that do not count as mutations, and why, in words."""
    own = cohort.mutations["patient_id"] == cohort.patients.index[position]
    mutations = cohort.mutations[own]
    return int((~counts(mutations)).sum()), aside_in_words(mutations)


def clinical_values(cohort: Cohort, mask: Bools, position: int) -> pd.DataFrame:
    """Each known value of a patient and where it stands among the patients selected.

    A number's centile is the share of the known values below it, ties counting half, in percent.

    Returns
    -------
    DataFrame
        variable (column), label, role, recognised (whether it is certain what the column means),
        value (in words), known (selected patients with a value), centile (numbers; NaN for
        others), quartiles (numbers, in words), alike (selected patients with the same value, else
        NaN). Outcomes, treatments, dates, text and identifiers are left out.

    Raises
    ------
    CohortError
        If the cohort has no such patient.
    """
    _check(cohort, position)
    rows = []
    for variable in _told(cohort):
        value = cohort.patients[variable.name].iloc[position]
        if pd.isna(value):
            continue
        row = {
            "variable": variable.name,
            "label": variable.label,
            "role": variable.role,
            "recognised": variable.role != "other" and is_recognised(variable),
            "value": value_in_words(variable, value),
        }
        rows.append(row | _standing(cohort, variable, mask, position))
    columns = [
        "variable", "label", "role", "recognised", "value", "known", "centile", "quartiles",
        "alike",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def value_in_words(variable: Variable, value: object) -> str:
    """A value as it stands on screen: ``98 g/L``, ``yes``, ``PMF``."""
    if variable.kind == "numeric":
        number = number_in_words(float(str(value)))
        if variable.unit == "%":
            return f"{number}%"
        if variable.unit and variable.unit.startswith("10"):
            return f"{number} × {variable.unit}"
        return f"{number} {variable.unit}" if variable.unit else number
    if variable.kind == "binary":
        return "yes" if str(value).lower() in _TRUE else "no"
    return str(value)


def _told(cohort: Cohort) -> list[Variable]:
    """Variables that say something of a patient, by role."""
    found = [
        variable
        for variable in cohort.variables.values()
        if variable.role in _ROLES
        and variable.kind in _KINDS
        and variable.name in cohort.patients.columns
        and variable.name not in cohort.endpoint_columns
    ]
    return sorted(found, key=lambda variable: _ROLES.index(variable.role))


def _standing(
    cohort: Cohort, variable: Variable, mask: Bools, position: int
) -> dict[str, float | str]:
    if variable.kind == "numeric":
        values = cohort.numbers(variable.name)
        own, known = values[position], values[mask & np.isfinite(values)]
        if not len(known):
            return {"known": 0, "centile": np.nan, "quartiles": "", "alike": np.nan}
        below = np.count_nonzero(known < own) + 0.5 * np.count_nonzero(known == own)
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        return {
            "known": len(known),
            "centile": 100.0 * below / len(known),
            "quartiles": with_range(*map(number_in_words, (middle, low, high))),
            "alike": np.nan,
        }
    codes, _ = cohort.factor(variable.name)
    return {
        "known": int(np.count_nonzero(codes[mask] >= 0)),
        "centile": np.nan,
        "quartiles": "",
        "alike": int(np.count_nonzero(codes[mask] == codes[position])),
    }


def _check(cohort: Cohort, position: int) -> None:
    if not 0 <= position < cohort.n:
        raise CohortError(f"This cohort has patients 1 to {cohort.n:,}; choose one of them.")
