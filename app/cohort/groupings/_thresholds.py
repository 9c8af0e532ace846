"""Thresholds that published scores and classifications use, each with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data_loaders import Variable


@dataclass(frozen=True)
class Threshold:
    """A value to cut at, and on which side of it a patient with exactly this value falls."""

    value: float
    equal_above: bool = False


@dataclass(frozen=True)
class ClinicalThresholds:
    """Where a measurement is cut, by whom.

    Attributes
    ----------
    labels
        Names the measurement has in data dictionaries.
    thresholds
        Ascending, in the first unit.
    units
        Unit to the factor that turns a threshold into it; empty for a number without unit.
    """

    labels: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    source: str
    units: Mapping[str, float] = field(default_factory=dict)


def _from(*values: float) -> tuple[Threshold, ...]:
    return tuple(Threshold(value, equal_above=True) for value in values)


def _up_to(*values: float) -> tuple[Threshold, ...]:
    return tuple(Threshold(value) for value in values)


_CELLS = {"10⁹/L": 1.0, "/µL": 1000.0}
_IPSS_R = "IPSS-R (Greenberg 2012)"
_TABLE = (
    ClinicalThresholds(
        ("Age", "Age at diagnosis"),
        (Threshold(60, equal_above=True), Threshold(65)),
        "60 years or more in IPSET-survival (Passamonti 2012), above 65 years in DIPSS "
        "(Passamonti 2010)",
        {"years": 1.0},
    ),
    ClinicalThresholds(("Haemoglobin",), _from(80, 100), _IPSS_R, {"g/L": 1.0, "g/dL": 0.1}),
    ClinicalThresholds(("Platelets",), _from(50, 100), _IPSS_R, _CELLS),
    ClinicalThresholds(("Neutrophils",), _from(0.8), _IPSS_R, _CELLS),
    ClinicalThresholds(
        ("White cell count",),
        (Threshold(11, equal_above=True), Threshold(25)),
        "11 × 10⁹/L or more in IPSET-survival (Passamonti 2012), above 25 × 10⁹/L in DIPSS "
        "(Passamonti 2010)",
        _CELLS,
    ),
    ClinicalThresholds(
        ("Marrow blasts", "Bone marrow blasts"),
        _from(5, 10, 20),
        "WHO 2022 (increased blasts 1 from 5%, 2 from 10%, leukaemia from 20%)",
        {"%": 1.0},
    ),
    ClinicalThresholds(
        ("Circulating blasts", "Peripheral blood blasts"),
        _from(1),
        "DIPSS (Passamonti 2010)",
        {"%": 1.0},
    ),
    ClinicalThresholds(("Marrow fibrosis grade",), _from(2), "MIPSS70 (Guglielmelli 2018)"),
    ClinicalThresholds(("IPSS-M score",), _up_to(-1.5, -0.5, 0, 0.5, 1.5), "IPSS-M (Bernard 2022)"),
    ClinicalThresholds(("IPSS-R score",), _up_to(1.5, 3, 4.5, 6), _IPSS_R),
    ClinicalThresholds(
        ("Beta-2 microglobulin",), _up_to(3.5), "CLL-IPI (2016), ISS (Greipp 2005)", {"mg/L": 1.0}
    ),
    ClinicalThresholds(
        ("LDH, multiple of the upper limit",),
        _up_to(1, 3),
        "IPI (1993), and 3 in the NCCN-IPI (Zhou 2014)",
        {"× ULN": 1.0},
    ),
    ClinicalThresholds(("Ki-67",), _from(30), "MIPI-c (Hoster 2016)", {"%": 1.0}),
    ClinicalThresholds(("Extranodal sites",), _from(2), "IPI (1993)"),
    ClinicalThresholds(("Nodal areas",), _from(5), "FLIPI (Solal-Céligny 2004)"),
    ClinicalThresholds(
        ("IGHV identity to germline",), _from(98), "ERIC (Rosenquist 2017)", {"%": 1.0}
    ),
    ClinicalThresholds(
        ("IGHV difference from germline",), _up_to(2), "ERIC (Rosenquist 2017)", {"%": 1.0}
    ),
    ClinicalThresholds(
        tuple(f"BCR::ABL1 (international scale) at {month} months" for month in (3, 6, 12, 18, 24)),
        _up_to(0.1, 1, 10),
        "ELN 2020 (Hochhaus 2020)",
        {"%": 1.0},
    ),
)
_BY_LABEL = {label: entry for entry in _TABLE for label in entry.labels}


def clinical_thresholds(variable: Variable) -> tuple[tuple[Threshold, ...], str] | None:
    """Thresholds in the variable's own unit and their source; None where none is known.

    Parameters
    ----------
    variable
        The data dictionary's entry; its label says what was measured.
    """
    entry = _BY_LABEL.get(variable.label)
    if entry is None:
        return None
    factor = entry.units.get(variable.unit or "") if entry.units else 1.0
    if factor is None:
        return None
    scaled = tuple(
        Threshold(round(step.value * factor, 6), step.equal_above) for step in entry.thresholds
    )
    return scaled, entry.source
