"""Table one of a table in an engine, from how many patients of each group have each value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.associations._table_one import (
    CATEGORIES,
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
from app.cohort.filters import Filter
from app.cohort.groupings import LEFT_OUT, NOT_DRAWN, GroupingSpec, by_levels
from app.cohort.tally import EngineTally
from data_loaders import Variable

Ints = npt.NDArray[np.int64]


def table_one_of_tally(
    tally: EngineTally,
    spec: GroupingSpec,
    selected: Filter | None = None,
    *,
    variables: Sequence[str] | None = None,
    features: Sequence[str] = (),
    number_test: NumberTest = "rank",
) -> TableOne:
    """Describe and compare groups of patients whose rows stay in an engine.

    Parameters
    ----------
    tally
        The engine's table.
    spec
        The groups; patients in none are left out and counted.
    selected
        The selected patients; None for everyone.
    variables, features, number_test
        As in :func:`table_one`; of variables those that can be counted.

    Returns
    -------
    TableOne
        The same as of the rows.

    Raises
    ------
    TallyError
        If the engine cannot count by these groups.
    """
    grouping = tally.grouping(spec, selected)
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
    counted = {name: tally.values(selected, name, spec) for name in (*wanted, *features)}
    everyone = next(iter(counted.values()))
    by_code = everyone.groupby("group")["n"].sum()
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
            rows.append(levels_row(levels_of_feature(tally.cohort, name), cells, many))
        elif held[name].kind == "numeric":
            ordered = known.assign(place=groups).sort_values("value")
            copies = ordered["n"].to_numpy()
            values = np.repeat(ordered["value"].to_numpy(dtype=np.float64), copies)
            of = np.repeat(ordered["place"].to_numpy(dtype=np.int16), copies)
            rows.append(number_row(held[name], values, of, many, number_test))
        else:
            rows.append(_category(tally, held[name], known, groups, many))
    left_out = {words: int(by_code.get(code, 0)) for code, words in LEFT_OUT.items()}
    return TableOne(
        label=grouping.label,
        names=tuple(grouping.names[code] for code in present),
        sizes=tuple(sizes[code] for code in present),
        empty=tuple(n for n, size in zip(grouping.names, sizes, strict=True) if not size),
        n=sum(sizes),
        left_out={words: n for words, n in left_out.items() if n},
        rows=with_q_values(rows),
        number_test=number_test,
    )


def _category(
    tally: EngineTally, variable: Variable, known: pd.DataFrame, groups: Ints, many: Ints
) -> VariableRow:
    counts = tally.levels(variable.name)
    levels, codes = by_levels(tally.cohort, variable.name, counts, MOST_LEVELS)
    names = (*levels.names, REST) if NOT_DRAWN in codes else levels.names
    place = {v: len(names) - 1 if c == NOT_DRAWN else c for v, c in zip(counts, codes, strict=True)}
    places = np.array([place[value] for value in known["value"]], dtype=np.int64)
    what = Levels(variable.name, variable.label, variable.kind, names)
    return levels_row(what, _cells(known, groups, places, len(names), len(many)), many)


def _cells(known: pd.DataFrame, groups: Ints, places: Ints, width: int, k: int) -> Ints:
    """Patients by group and level."""
    width = max(width, 1)
    flat = np.bincount(groups * width + places, known["n"].to_numpy(), minlength=k * width)
    return flat.reshape(k, width).astype(np.int64)
