"""Findings that only the whole cohort can show: events out of order, doubles, gaps by centre."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats, Positions, States
from data_loaders.endpoints.contradictions import contradictions
from data_loaders.model import Cohort, Issue
from data_loaders.wording import at_rows, listed, plural

# A day: times converted from days and from months differ by rounding.
_TOLERANCE_MONTHS = 1.0 / 30.4375
_MOSTLY_MISSING = 0.5
_GAP = 0.6
_SMALLEST_CENTRE = 10
_KNOWN_TO_COMPARE = 4
_BATCH_NAMES = ("centre", "center", "site", "hospital", "institution", "study", "panel")


def quality_issues(cohort: Cohort) -> tuple[Issue, ...]:
    """What is odd about a cohort as a whole; nothing is changed.

    Parameters
    ----------
    cohort
        The cohort; rows are told by position (1 = first patient), never by identity.
    """
    return (
        *_out_of_order(cohort), *contradictions(cohort), *_doubles(cohort), *_gaps(cohort),
    )  # fmt: skip


def batch_columns(cohort: Cohort) -> list[str]:
    """Variables that say where or how a patient was recorded: centre, study, panel."""
    return [
        variable.name
        for variable in cohort.variables.values()
        if variable.kind in {"categorical", "binary", "ordinal"}
        and any(word in variable.name.lower().split("_") for word in _BATCH_NAMES)
    ]


def missingness(cohort: Cohort, by: str | None = None) -> pd.DataFrame:
    """Share of patients without a value, by variable.

    Parameters
    ----------
    by
        Variable whose values divide the patients, such as the centre; None for everyone only.

    Returns
    -------
    DataFrame
        Index the variables' labels, in the dictionary's order; one column a group with the share
        missing, the first ``Everyone``. ``attrs["n"]`` has the patients of each column.

    Raises
    ------
    CohortError
        If the cohort has no such variable.
    """
    names = [name for name in cohort.variables if name in cohort.patients.columns and name != by]
    absent = cohort.patients[names].isna()
    columns = {"Everyone": absent.mean()}
    sizes = {"Everyone": cohort.n}
    if by is not None:
        codes, values = cohort.factor(by)
        for code, value in enumerate(values):
            own = codes == code
            columns[str(value)] = absent[own].mean()
            sizes[str(value)] = int(np.count_nonzero(own))
    table = pd.DataFrame(columns)
    table.index = pd.Index([cohort.variables[name].label for name in names], name="Variable")
    table.attrs["n"] = sizes
    return table


def _out_of_order(cohort: Cohort) -> Iterable[Issue]:
    """Events and treatments later than the end of the overall follow-up."""
    survival = cohort.endpoints.get("os")
    if survival is None:
        return
    end = _numbers(cohort, survival.time)
    died = _numbers(cohort, survival.event) == 1
    later = end + _TOLERANCE_MONTHS
    for endpoint in cohort.endpoints.values():
        if endpoint.key == "os":
            continue
        when = _numbers(cohort, endpoint.time)
        happened = _numbers(cohort, endpoint.event) == 1
        yield from _late(endpoint.label, endpoint.time, happened & (when > later), died)
    for variable in cohort.variables.values():
        timed = variable.kind == "numeric" and variable.unit == "months"
        if timed and variable.role == "treatment" and variable.name in cohort.patients.columns:
            when = _numbers(cohort, variable.name)
            yield from _late(variable.label, variable.name, when > later, died)


def _late(label: str, column: str, late: Bools, died: Bools) -> Iterable[Issue]:
    for who, after in ((late & died, "after death"), (late & ~died, "after the last follow-up")):
        rows = (np.flatnonzero(who) + 1).tolist()
        if rows:
            yield Issue.at(
                "warning",
                f"{label} is recorded {after} in {plural(len(rows), 'patient')} "
                f"({at_rows(rows)}); the values are kept, check them.",
                rows,
                column,
                "out_of_order",
            )


def _doubles(cohort: Cohort) -> Iterable[Issue]:
    """Patients who are alike in everything known, and those alike in follow-up, age and genes."""
    if cohort.n < 2:
        return
    states = _profiles(cohort.states)
    whole = _alike(cohort.patients, states)
    if whole.any():
        rows = (np.flatnonzero(whole) + 1).tolist()
        yield Issue.at(
            "warning",
            f"{plural(len(rows), 'patient')} share every value and every alteration with another "
            f"under another identifier ({at_rows(rows)}); nobody was left out, check for doubles.",
            rows,
            None,
            "double",
        )
    telling = [name for name in _telling(cohort) if cohort.patients[name].nunique() > cohort.n / 10]
    if len(telling) < 2 or not any(name in telling for name in _times(cohort)):
        return
    known = cohort.patients[telling].notna().all(axis=1).to_numpy()
    near = _alike(cohort.patients[telling], states) & known & ~whole
    if near.any():
        rows = (np.flatnonzero(near) + 1).tolist()
        yield Issue.at(
            "info",
            f"{plural(len(rows), 'patient')} share {listed(telling)} and every alteration with "
            f"another ({at_rows(rows)}); they may be doubles.",
            rows,
            None,
            "near_double",
        )


def _profiles(states: States) -> Positions:
    """A number for each patient's whole row of alterations, the same for the same row."""
    if not states.shape[1]:
        return np.zeros(len(states), dtype=np.intp)
    packed = np.hstack([np.packbits(states == 1, axis=1), np.packbits(states < 0, axis=1)])
    rows = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    profiles: Positions = np.unique(rows, return_inverse=True)[1]
    return profiles


def _telling(cohort: Cohort) -> list[str]:
    """Times of follow-up and the age: what two people rarely share."""
    age = ["age_years"] if "age_years" in cohort.patients.columns else []
    return [*dict.fromkeys(_times(cohort)), *age]


def _times(cohort: Cohort) -> list[str]:
    return [endpoint.time for endpoint in cohort.endpoints.values()][:1]


def _alike(frame: pd.DataFrame, states: Positions) -> Bools:
    """Who has a twin in the columns and the states; rows with little known have none."""
    if frame.shape[1] == 0:
        return np.zeros(len(frame), dtype=bool)
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    twins = pd.DataFrame({"values": hashes, "states": states}).duplicated(keep=False).to_numpy()
    enough = frame.notna().sum(axis=1).to_numpy() >= min(_KNOWN_TO_COMPARE, frame.shape[1])
    return np.asarray(twins & enough)


def _gaps(cohort: Cohort) -> Iterable[Issue]:
    """Variables that most patients lack, and variables that one centre hardly recorded."""
    names = [
        name
        for name, variable in cohort.variables.items()
        if name in cohort.patients.columns
        and variable.role not in {"treatment", "outcome"}
        # What a column of numbers held besides numbers is sparse by its nature.
        and not (variable.source_column and name == f"{variable.source_column}_text")
    ]
    absent = cohort.patients[names].isna()
    share = absent.mean()
    sparse = [name for name in names if _MOSTLY_MISSING < share[name] < 1]
    if sparse:
        yield Issue(
            "info",
            f"{plural(len(sparse), 'variable is', 'variables are')} missing in more than half of "
            f"the patients: {listed([cohort.variables[name].label for name in sparse])}.",
            sparse[0] if len(sparse) == 1 else None,
            len(sparse),
            code="sparse",
        )
    for by in batch_columns(cohort):
        codes, values = cohort.factor(by)
        size = np.bincount(codes + 1, minlength=len(values) + 1)[1:]
        lacks = np.array(
            [
                np.bincount(codes[missing & (codes >= 0)], minlength=len(values))
                for missing in absent.to_numpy().T
            ]
        ).reshape(len(names), len(values))
        rest = absent.to_numpy().sum(axis=0)[:, None] - lacks
        for code, value in enumerate(values):
            if size[code] < _SMALLEST_CENTRE or size[code] == size.sum():
                continue
            gap = lacks[:, code] / size[code] - rest[:, code] / (cohort.n - size[code])
            lacking = [name for name, g in zip(names, gap, strict=True) if name != by and g > _GAP]
            if lacking:
                yield Issue(
                    "warning",
                    f"{cohort.variables[by].label} {value} hardly recorded "
                    f"{listed([cohort.variables[name].label for name in lacking])}, which the "
                    "others did: an analysis that needs it leaves these patients out.",
                    by,
                    len(lacking),
                    code="gap",
                )


def _numbers(cohort: Cohort, column: str) -> Floats:
    values: Floats = cohort.patients[column].to_numpy(dtype=float, na_value=np.nan)
    return values
