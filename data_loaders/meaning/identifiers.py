"""Which column identifies the patients, and whether it does."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from data_loaders.alterations.genes import read_feature_name
from data_loaders.files.columns import TextColumn
from data_loaders.files.tables import RawTable
from data_loaders.meaning.spelling import folded
from data_loaders.meaning.vocabulary import term_of
from data_loaders.model import CohortError, Issue
from data_loaders.wording import at_rows, listed, plural, shown

# Names of identifier columns without separators, the surest first.
_NAMES = (
    "patientid", "patid", "patientidentifier", "patientennummer", "patientno", "patientnr",
    "patientnumber", "patient", "ptid",
    "pdid", "pid", "subjectid", "subject", "caseid", "case", "participantid", "individualid",
    "usubjid", "mrn", "upn", "recordid", "id", "sampleid", "sample", "samplename",
    "tumorsamplebarcode", "submitterid", "bcrpatientbarcode", "barcode", "rowname", "rownames",
    "donorid", "donor", "patnr", "patno", "patnummer", "patientennr", "patientenid", "fallnummer",
    "fallnr", "pseudonym", "npatient", "nopatient", "numeropatient", "numpatient", "idpatient",
    "codepatient", "codicepaziente", "idpaziente", "paziente", "codigopaciente", "idpaciente",
    "npaciente", "paciente", "nhc",
)  # fmt: skip
# A study's own numbers identify patients only where they differ: elsewhere all have its name.
_OF_STUDY = ("studyid", "studyno", "studynr", "studynumber", "studynum", "studiennummer",
             "studiennr", "trialid", "trialno", "registryid", "codicestudio")  # fmt: skip
_HOW = 'name it patient_id, or name the column in a mapping ({"patient_id": "..."})'


def with_patient_ids(table: RawTable, column: str | None) -> tuple[RawTable, str]:
    """The table with one row a patient, and the name of its identifier column.

    Rows that repeat another row in every cell are dropped and counted in the issues.

    Parameters
    ----------
    column
        The column that a mapping names; None to infer it.

    Raises
    ------
    CohortError
        If no column identifies the patients, an identifier is blank, or several rows share one.
    """
    file = shown(table.filename)
    name = column or _named(table)
    issues: tuple[Issue, ...] = ()
    if name is None:
        name = _first_unique(table)
        if name is None:
            raise CohortError(
                f"{file} has no column that identifies the patients among "
                f"{listed(list(table.columns))}; {_HOW}."
            )
        issues = (
            Issue(
                "warning",
                f"{shown(name)} was taken for the patients' identifier because it comes first and "
                "differs in every row. A mapping can name another column.",
                name,
                code="id_guess",
            ),
        )
    table = _without_copies(table)
    ids = table.columns[name]
    blank = table.rows[~ids.filled]
    if len(blank):
        raise CohortError(
            f"{file} has {plural(len(blank), 'row')} without a patient identifier in "
            f"{shown(name)} ({at_rows(blank.tolist())}); fill them in or delete the rows."
        )
    repeated = table.rows[pd.Series(ids.codes).duplicated(keep=False).to_numpy()]
    if len(repeated):
        raise CohortError(
            f"{file} has {plural(len(repeated), 'row')} that share a patient identifier with "
            f"another row in {shown(name)} ({at_rows(repeated.tolist())}); keep one row a patient."
        )
    merged = RawTable(table.filename, table.columns, table.rows, (*table.issues, *issues))
    return merged, name


def looks_like_identifier(name: str, column: TextColumn) -> bool:
    """Whether a column may identify patients or their samples: by its name and its values."""
    return re.sub(r"[\W_]", "", folded(name)) in _NAMES and not column.is_binary


def _named(table: RawTable) -> str | None:
    found = {re.sub(r"[\W_]", "", folded(name)): name for name in reversed(table.columns)}
    candidates = [found[key] for key in _NAMES if key in found]
    # A sample column may identify the rows where the patient column does not exist; a column of
    # 0/1 or of measurements called "case" or "sample" does not.
    of_study = [found[key] for key in _OF_STUDY if key in found]
    candidates += [name for name in of_study if _all_different(table.columns[name])]
    return next((name for name in candidates if not table.columns[name].is_binary), None)


def _first_unique(table: RawTable) -> str | None:
    """The first column, if it differs in every row and is nothing else that is known."""
    name, column = next(iter(table.columns.items()))
    if term_of(name) or read_feature_name(name) or not _all_different(column):
        return None
    numbers = column.numbers
    fractions = bool((~np.isnan(numbers) & (numbers % 1 != 0)).any())
    return None if fractions or column.is_dates else name


def _all_different(column: TextColumn) -> bool:
    return bool(column.filled.all()) and len(column.texts) == len(column) > 1


def _without_copies(table: RawTable) -> RawTable:
    if any(_all_different(column) for column in table.columns.values()):
        return table
    codes = pd.DataFrame({i: column.codes for i, column in enumerate(table.columns.values())})
    copies = codes.duplicated().to_numpy()
    if not copies.any():
        return table
    rows = table.rows[copies].tolist()
    issue = Issue.at(
        "warning",
        f"{plural(len(rows), 'row')} repeated another row in every cell ({at_rows(rows)}) and "
        "were left out."
        if len(rows) > 1
        else f"1 row repeated another row in every cell ({at_rows(rows)}) and was left out.",
        rows,
        None,
        "duplicate_rows",
    )
    return table.keep(~copies, issue)
