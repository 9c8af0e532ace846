"""Table one of a tally, from how many patients of each group have each value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.associations._table_one import (
    HIDDEN,
    LEFT_OUT_ROLES,
    MOST_LEVELS,
    REST,
    Levels,
    NumberTest,
    TableOne,
    VariableRow,
    levels_of_feature,
    levels_row,
    number_row,
    with_q_values,
)
from app.cohort.colours import BLUE
from app.cohort.filters import Filter
from app.cohort.groupings import LEFT_OUT, NOT_DRAWN, Grouping, GroupingSpec, by_levels
from app.cohort.tally import PageTally, TallyError
from data_loaders import Variable
from data_loaders.model import CATEGORIES

Ints = npt.NDArray[np.int64]
_EVERYONE = Grouping("Everyone", ("All patients",), np.empty(0, dtype=np.int16), (BLUE,))


def table_one_of_tally(
    tally: PageTally,
    spec: GroupingSpec | None,
    selected: Filter | None = None,
    *,
    variables: Sequence[str] | None = None,
    features: Sequence[str] = (),
    number_test: NumberTest = "rank",
) -> TableOne:
    """Describe and compare groups of patients whose rows are out of reach.

    Parameters
    ----------
    tally
        Their counts; a variable with a hidden one is in no test.
    spec
        The groups; patients in none are left out and counted. None for everyone together.
    variables, features, number_test
        As in :func:`table_one`; of variables those that can be counted.

    Raises
    ------
    TallyError
        If the engine cannot count by these groups.
    """
    grouping = _EVERYONE if spec is None else tally.grouping(spec, selected)
    held = tally.cohort.variables
    wanted = list(variables or [])
    if variables is None:
        wanted = [
            name
            for name in tally.columns
            if name not in tally.cohort.endpoint_columns
            and held[name].role not in LEFT_OUT_ROLES
            and held[name].kind in {"numeric", *CATEGORIES}
            and held[name].label != grouping.label
        ]
    by = [spec.name] if spec is not None and spec.kind in {"variable", "alteration"} else []
    counted = {
        name: tally.values(selected, name, spec)
        for name in (*wanted, *features)
        if tally.may_ask(selected, name, *by)
    }
    if not counted:
        raise TallyError("No variable can be counted by these groups: compare by something else.")
    everyone = next(iter(counted.values()))
    told = everyone.attrs.get("sizes")
    by_code = everyone.groupby("group")["n"].sum() if told is None else pd.Series(told)
    sizes = [int(by_code.get(code, 0)) for code in range(len(grouping.names))]
    present = [code for code, size in enumerate(sizes) if size]
    many = np.array([sizes[code] for code in present], dtype=np.int64)
    rows: list[VariableRow] = []
    for name, table in counted.items():
        known = table[table["group"].isin(present) & table["value"].notna()]
        groups = np.searchsorted(present, known["group"].to_numpy())
        if name in features:
            places = np.where(known["value"].to_numpy(dtype=bool), 0, 1)
            cells = _cells(known, groups, places, 2, len(present))
            what = levels_of_feature(tally.cohort, name)
            rows.append(levels_row(what, cells, many, _known(table, present)))
        elif held[name].kind == "numeric":
            steps, places = np.unique(
                known["value"].to_numpy(dtype=np.float64), return_inverse=True
            )
            cells = _cells(known, groups, places, len(steps), len(present))
            rows.append(number_row(held[name], steps, cells, many, number_test))
        else:
            rows.append(_category(tally, held[name], known, groups, many, _known(table, present)))
    left_out = {words: int(by_code.get(code, 0)) for code, words in LEFT_OUT.items()}
    return TableOne(
        label=grouping.label,
        names=tuple(grouping.names[code] for code in present),
        sizes=tuple(sizes[code] for code in present),
        empty=tuple(n for n, size in zip(grouping.names, sizes, strict=True) if not size),
        n=sum(sizes),
        left_out={words: n for words, n in left_out.items() if n},
        rows=with_q_values(tally.cohort, grouping, rows),
        number_test=number_test,
    )


def _known(table: pd.DataFrame, present: Sequence[int]) -> Ints | None:
    """Patients of each group with a value, where they are told apart from the counts."""
    told = table.attrs.get("known")
    return None if told is None else np.array([told[code] for code in present], dtype=np.int64)


def _category(  # noqa: PLR0917
    tally: PageTally,
    variable: Variable,
    counted: pd.DataFrame,
    groups: Ints,
    many: Ints,
    known: Ints | None,
) -> VariableRow:
    counts = tally.levels(variable.name)
    levels, codes = by_levels(tally.cohort, variable.name, counts, MOST_LEVELS)
    names = (*levels.names, REST) if NOT_DRAWN in codes else levels.names
    place = {v: len(names) - 1 if c == NOT_DRAWN else c for v, c in zip(counts, codes, strict=True)}
    places = np.array([place[value] for value in counted["value"]], dtype=np.int64)
    what = Levels(variable.name, variable.label, variable.kind, names)
    return levels_row(what, _cells(counted, groups, places, len(names), len(many)), many, known)


def _cells(known: pd.DataFrame, groups: Ints, places: Ints, width: int, k: int) -> Ints:
    """Patients by group and level."""
    width = max(width, 1)
    cell, n = groups * width + places, known["n"].to_numpy()
    flat = np.bincount(cell, np.maximum(n, 0), minlength=k * width)
    flat[cell[n < 0]] = HIDDEN
    return flat.reshape(k, width).astype(np.int64)
