"""The patient table of Grinfeld 2018 from its authors' R workspace.

The workspace is that of the authors' calculator. Its table ``MPNinput`` scales what the models
take: ages by 10, haemoglobin and white cells by 100, platelets by 1000 (``server.R`` beside it
multiplies by these to show them). Four rows, marked ``New``, are the calculator's blank forms. The
names of the genetic events are those of the workspace's own table of labels, ``variables``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import numpy as np
import pandas as pd

from data_loaders.catalogue._workspace import workspace_table
from data_loaders.model import CohortError
from data_loaders.wording import shown

_CLINICAL: Mapping[str, str] = {
    "patient_id": "id",
    "diagnosis": "Diag",
    "diagnosis_detail": "Diag3",
    "driver": "Driver",
    "cohort": "Cohort",
    "sex": "Gender",
    "age_years": "Age",
    "hb_g_per_l": "Hb",
    "wcc_1e9_per_l": "WCC",
    "platelets_1e9_per_l": "Pl",
    "splenomegaly": "Splen",
    "prior_thrombosis": "PriorThrom",
    "os_days": "Death",
    "os_event": "DeathC",
    "aml_days": "AMLT",
    "aml_event": "AMLTC",
    "mf_days": "MFT",
    "mf_event": "MFTC",
    "pv_days": "PVT",
    "pv_event": "PVTC",
    "thrombosis_days": "Throm",
    "thrombosis_event": "ThromC",
    "any_transformation_days": "Trans",
    "any_transformation_event": "TransC",
}
_SCALES: Mapping[str, int] = {"Age": 10, "Hb": 100, "WCC": 100, "Pl": 1000}
_FIRST, _LAST = "JAK2", "C20"  # the genetic events stand together
_LABELS: Mapping[str, str] = {
    "CALR1": "CALR_Type_1",
    "CALR2": "CALR_Type_2",
    "C1p": "1pUPD",
    "C1q": "1q+",
    "C4": "4qUPD",
    "C5": "5q-",
    "C7": "7q-",
    "C8": "8+",
    "C9U": "9pUPD",
    "C9g": "9+",
    "C11": "11q-",
    "C12": "12pUPD",
    "C13": "13pUPD",
    "C14": "14qUPD",
    "C17": "17pUPD_del",
    "C18": "18qUPD",
    "C19": "19pUPD",
    "C20": "20q-",
}


def mpn_table(filename: str, data: bytes) -> tuple[str, bytes]:
    """The name and content of a CSV file with one row a patient, from the workspace.

    Raises
    ------
    CohortError
        If it is not that workspace.
    """
    table = workspace_table(filename, data, "MPNinput")
    table.columns = [str(name) for name in table.columns]
    events = list(table.loc[:, _FIRST:_LAST]) if {_FIRST, _LAST} <= set(table.columns) else []
    if not events or not {*_CLINICAL.values(), "New"} <= set(table.columns):
        raise CohortError(f"{shown(filename)} is not the workspace of Grinfeld 2018.")
    table = table[table["New"] == 0]
    columns = {name: _cells(table, source) for name, source in _CLINICAL.items()}
    columns.update({_LABELS.get(event, event): _cells(table, event) for event in events})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return "mpn_patients.csv", text.getvalue().encode()


def _cells(table: pd.DataFrame, column: str) -> list[str]:
    """A column in natural units, as text; empty where missing."""
    values = table[column]
    if column in _SCALES:
        # 6 decimals: what scaling leaves in the last bits is no measurement.
        values = (values.astype(np.float64) * _SCALES[column]).round(6)
    return ["" if pd.isna(value) else _text(value) for value in values]


def _text(value: object) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
