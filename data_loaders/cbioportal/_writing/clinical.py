"""The clinical tables of a written study: attributes, their names and their cells as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data_loaders.alterations.genes import read_feature_name
from data_loaders.cbioportal._writing.text import cleaned, unique_name
from data_loaders.meaning.vocabulary import human_label
from data_loaders.model import Cohort, Endpoint

_RESERVED = frozenset({"PATIENT_ID", "SAMPLE_ID", "MUTATION_COUNT", "FRACTION_GENOME_ALTERED"})
_STATUS_WORDS = {"os": ("LIVING", "DECEASED")}


@dataclass
class Sheet:
    """Columns of a clinical table beside its identifiers.

    Parameters
    ----------
    names, labels, descriptions, datatypes
        One a column, as the rows on top of the file have them.
    cells
        One sequence of texts a column.
    """

    names: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    datatypes: list[str] = field(default_factory=list)
    cells: list[Sequence[str]] = field(default_factory=list)

    def add(
        self, name: str, label: str, description: str, datatype: str, cells: Sequence[str]
    ) -> None:
        """Add a column."""
        self.names.append(name)
        self.labels.append(cleaned(label) or name)
        self.descriptions.append(cleaned(description) or cleaned(label) or name)
        self.datatypes.append(datatype)
        self.cells.append(cells)


def patient_sheet(cohort: Cohort, leave_out: str | None) -> Sheet:
    """The patients' attributes: outcomes as ``KEY_MONTHS`` and ``KEY_STATUS``, then the rest."""
    sheet, taken = Sheet(), set(_RESERVED)
    written = {leave_out}
    for endpoint in cohort.endpoints.values():
        _add_endpoint(sheet, cohort, endpoint, taken)
        written |= {endpoint.time, endpoint.event, endpoint.competing}
    for column in cohort.patients.columns:
        if column in written:
            continue
        variable = cohort.variables.get(column)
        label = variable.label if variable else human_label(str(column))
        description = variable.description if variable else ""
        if variable and variable.unit:
            label = label if variable.unit in label else f"{label} ({variable.unit})"
        binary = variable is not None and variable.kind == "binary"
        cells, number = texts_of(cohort.patients[column], answers=binary)
        name = unique_name(attribute_name(str(column)), taken)
        sheet.add(name, label, description, "NUMBER" if number else "STRING", cells)
    return sheet


def sample_sheet(cohort: Cohort, features: Sequence[str]) -> Sheet:
    """The samples' attributes: alterations that the genomic files have no place for."""
    sheet, taken = Sheet(), set(_RESERVED)
    for feature in features:
        states = cohort.feature_state(feature)
        cells = np.array(["No", "Yes", ""], dtype=object)[states].tolist()
        label = str(cohort.features.loc[feature, "label"])
        name = feature_attribute(feature, label, str(cohort.features.loc[feature, "kind"]))
        sheet.add(unique_name(name, taken), label, "", "STRING", cells)
    return sheet


def attribute_name(name: str) -> str:
    """A name in capitals, digits and underscores: ``del(5q)`` becomes ``DEL_5Q``."""
    signed = re.sub(r"^\s*-(?=[0-9XYxy])", "MINUS_", re.sub(r"^\s*\+", "PLUS_", name))
    signed = re.sub(
        r"^(\w{1,2}[pq])-$", r"DEL_\1", re.sub(r"^(\w{1,2}[pq])\+$", r"PLUS_\1", signed)
    )
    return re.sub(r"[^A-Z0-9]+", "_", signed.upper()).strip("_") or "ATTRIBUTE"


def texts_of(column: pd.Series, *, answers: bool = False) -> tuple[list[str], bool]:
    """The cells of a column as text, and whether they are numbers.

    Parameters
    ----------
    answers
        Whether 1 and 0 mean yes and no.
    """
    codes, entries = pd.factorize(column)  # each different value is put into words once
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        texts, number = [str(value)[:10] for value in entries], False
    elif not all(isinstance(v, float | int | np.number | np.bool_) for v in entries):
        texts, number = [cleaned(value) for value in entries], False
    elif answers and {float(v) for v in entries} <= {0.0, 1.0}:
        texts, number = ["Yes" if value else "No" for value in entries], False
    elif len(entries) and all(isinstance(v, bool | np.bool_) for v in entries):
        texts, number = [str(value) for value in entries], False
    else:
        texts, number = [_number(float(value)) for value in entries], True
    return np.array([*texts, ""], dtype=object)[codes].tolist(), number


def feature_attribute(feature: str, label: str, kind: str) -> str:
    """An attribute's name that is read as the same kind of alteration again, if there is one.

    ``20q-`` would become ``20Q``, which says nothing; its label gives ``DEL_20Q``.
    """
    names = [attribute_name(feature), attribute_name(label)]
    for name in names:
        known = read_feature_name(name)
        if known is not None and known.kind == kind:
            return name
    return names[0]


def _add_endpoint(sheet: Sheet, cohort: Cohort, endpoint: Endpoint, taken: set[str]) -> None:
    key = attribute_name(endpoint.key)
    cells, _ = texts_of(cohort.patients[endpoint.time])
    sheet.add(
        unique_name(f"{key}_MONTHS", taken), f"{endpoint.label} (months)",
        f"Months to {endpoint.event_label} or last follow-up", "NUMBER", cells,
    )  # fmt: skip
    no, yes = _STATUS_WORDS.get(
        endpoint.key, ("Censored", cleaned(endpoint.event_label) or "Event")
    )
    event = cohort.patients[endpoint.event]
    words = ["" if pd.isna(value) else f"1:{yes}" if value == 1 else f"0:{no}" for value in event]
    sheet.add(
        unique_name(f"{key}_STATUS", taken), f"{endpoint.label} status",
        f"Whether {endpoint.event_label} occurred", "STRING", words,
    )  # fmt: skip
    if endpoint.competing is not None:
        cells, _ = texts_of(cohort.patients[endpoint.competing], answers=True)
        sheet.add(
            unique_name(f"{key}_COMPETING", taken), f"{endpoint.label}: competing event",
            f"Whether the patient died without {endpoint.event_label}", "STRING", cells,
        )  # fmt: skip


def _number(number: float) -> str:
    if not np.isfinite(number):
        return ""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
