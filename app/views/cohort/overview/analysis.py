"""What is in a selection, variable by variable: the telling ones first, each with its n known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.cohort.groupings import by_levels
from app.cohort.number_colours import number_colours
from data_loaders import Cohort, Variable
from data_loaders.arrays import Ints
from data_loaders.model import CATEGORIES
from data_loaders.once import once_per_value
from data_loaders.wording import mid_sentence

MOST_LEVELS = 8
_MOST_BINS = 24
# Told in decades by everyone who measures it.
_IN_LOGS = "BCR::ABL1 (international scale)"
_WHOLE_NUMBERS = 12
# What a haematologist asks first; outcomes have pages of their own.
_BY_ROLE = {
    "disease": 1.0,
    "demographic": 0.9,
    "laboratory": 0.7,
    "clinical": 0.6,
    "treatment": 0.45,
    "other": 0.35,
    "study": 0.2,
}
# Names that lead within their role: what it is, how bad, who; then what is measured in everyone.
_LEADING = (
    (("diagnosis", "disease"), 0.40),
    (("ipssm", "ipssr", "eln", "dipss", "mipss", "risk"), 0.35),
    (("age",), 0.42),
    (("driver",), 0.34),
    (("sex", "gender"), 0.38),
    (("hb", "haemoglobin", "hemoglobin", "platelets", "wbc", "blasts"), 0.15),
)
_REPEATS = ("detail", "score")


@dataclass(frozen=True)
class RankedVariable:
    """A variable and why it stands where it stands.

    Parameters
    ----------
    score
        Role and name, times completeness, times information; higher comes first.
    completeness
        Share of the patients with a value.
    information
        0 where everyone has the same value, 1 where the values spread evenly.
    """

    variable: Variable
    score: float
    completeness: float
    information: float


@dataclass(frozen=True, eq=False)
class Categories:
    """How many patients have each value, in the selection and in the whole cohort.

    ``names``, ``values`` (as the filter takes them), ``colours``, ``counts`` and ``everyone`` have
    one entry a level; ``others`` counts the selected patients of levels that are not listed.
    """

    variable: Variable
    names: tuple[str, ...]
    values: tuple[tuple[str | float, ...], ...]
    colours: tuple[str, ...]
    counts: Ints
    everyone: Ints
    n: int
    known: int
    known_of_everyone: int
    others: int


@dataclass(frozen=True, eq=False)
class Histogram:
    """A number's distribution over bins that the whole cohort fixes.

    ``edges`` has one entry more than ``counts`` and ``everyone``; the first and the last bin take
    what lies beyond them. ``lows`` and ``highs`` are the smallest and largest value within each
    bin (NaN where it is empty), so that a filter on a bin keeps exactly its patients. ``quartiles``
    are of the selection, NaN where nobody has a value. Where ``logarithmic``, the edges are powers
    of ten, and what is not above zero stands in the first bin.
    """

    variable: Variable
    edges: Floats
    lows: Floats
    highs: Floats
    counts: Ints
    everyone: Ints
    n: int
    known: int
    known_of_everyone: int
    quartiles: tuple[float, float, float]
    logarithmic: bool = False


@once_per_value
def ranked_variables(cohort: Cohort) -> list[RankedVariable]:
    """Variables worth a picture, the most telling first: never the file's order.

    The score is the weight of the variable's role and name, times the share of patients with a
    value, times (half of it at least) how much the values tell apart. Outcomes, text, dates,
    identifiers, and variables with one value only are left out.

    Parameters
    ----------
    cohort
        The cohort; the whole of it decides, so that the order does not jump as one filters.
    """
    found = []
    for variable in cohort.variables.values():
        if variable.role == "outcome" or variable.name in cohort.endpoint_columns:
            continue
        if variable.name not in cohort.patients.columns:
            continue
        if variable.kind != "numeric" and variable.kind not in CATEGORIES:
            continue
        completeness, information = _tells(cohort, variable)
        if information > 0:
            score = _weight(variable) * completeness * (0.5 + 0.5 * information)
            found.append(RankedVariable(variable, score, completeness, information))
    return sorted(found, key=lambda ranked: -ranked.score)


def distribution(cohort: Cohort, name: str, mask: Bools) -> Categories | Histogram:
    """The distribution of one variable among the selected patients and in the whole cohort.

    Parameters
    ----------
    name
        A variable that :func:`ranked_variables` lists.

    Returns
    -------
    Categories or Histogram
        Numbers with few distinct whole values, such as a performance status, are categories.

    Raises
    ------
    ValueError
        If the variable is neither a number nor a set of categories.
    """
    variable = cohort.variables[name]
    if variable.kind in CATEGORIES:
        return _categories(cohort, variable, mask)
    if variable.kind != "numeric":
        raise ValueError(f"{variable.label} is neither a number nor a set of categories.")
    return _numbers(cohort, variable, mask)


def numbers_behind(found: Categories | Histogram) -> pd.DataFrame:
    """The numbers behind a picture: variable, value, selected, known, everyone, known_everyone."""
    if isinstance(found, Categories):
        values = list(found.names)
    else:
        values = [
            "" if np.isnan(low) else f"{low:g} to {high:g}"
            for low, high in zip(found.lows, found.highs, strict=True)
        ]
    return pd.DataFrame(
        {
            "variable": labelled(found.variable),
            "value": values,
            "selected": found.counts,
            "selected_known": found.known,
            "everyone": found.everyone,
            "everyone_known": found.known_of_everyone,
        }
    )


def selected_alterations(cohort: Cohort, mask: Bools, most: int = 15) -> pd.DataFrame:
    """The most frequent alterations among the selected patients, each of those tested for it.

    Parameters
    ----------
    most
        How many at most; refinements of a gene are left out, they would repeat it.

    Returns
    -------
    DataFrame
        feature, label, altered, tested, frequency, everyone_altered, everyone_tested: the most
        frequent first; alterations that nobody of the cohort has are left out.
    """
    names = cohort.features_of_kind(["gene", "cytogenetic"])
    columns = cohort.alterations.columns.get_indexer(names)
    states = cohort.states[:, columns]
    whole = bool(mask.all())
    inside = states if whole else states[mask]
    table = pd.DataFrame(
        {
            "feature": cohort.alterations.columns[columns],
            "label": cohort.features["label"].to_numpy()[columns],
            "altered": np.count_nonzero(inside == 1, axis=0),
            "tested": np.count_nonzero(inside >= 0, axis=0),
            "everyone_altered": cohort.altered_counts[columns],
            "everyone_tested": cohort.tested_counts[columns],
        }
    )
    table["frequency"] = table["altered"] / table["tested"].where(table["tested"] > 0)
    table = table[table["everyone_altered"] > 0]
    order = ["altered", "everyone_altered", "label"]
    return table.sort_values(order, ascending=[False, False, True], ignore_index=True).head(most)


def completeness(cohort: Cohort, mask: Bools) -> pd.DataFrame:
    """How many of the selected patients have a value, for every variable and for the alterations.

    Returns
    -------
    DataFrame
        name, label, role, known, n, share; the least complete first, then by label. Alterations
        stand in one row, ``All alterations``: a patient counts where every one was tested.
    """
    n = int(np.count_nonzero(mask))
    variables = [v for v in cohort.variables.values() if v.name in cohort.patients.columns]
    held = cohort.patients[[v.name for v in variables]]
    known = (held if mask.all() else held[mask]).notna().sum().to_numpy(dtype=np.int64)
    rows: list[tuple[str, str, str, int, int]] = [
        (variable.name, variable.label, variable.role, int(count), n)
        for variable, count in zip(variables, known, strict=True)
    ]
    if cohort.alterations.shape[1]:
        tested = (cohort.states[mask] >= 0).all(axis=1)
        rows.append(("", "All alterations", "alteration", int(np.count_nonzero(tested)), n))
    table = pd.DataFrame(rows, columns=["name", "label", "role", "known", "n"])
    table["share"] = table["known"] / max(n, 1)
    return table.sort_values(["share", "label"], ignore_index=True)


def labelled(variable: Variable) -> str:
    """Label with its unit: ``Haemoglobin, g/L``."""
    return f"{variable.label}, {variable.unit}" if variable.unit else variable.label


def in_words(found: Categories | Histogram) -> str:
    """One line for those who do not see the picture."""
    label = mid_sentence(found.variable.label)
    if isinstance(found, Histogram):
        q1, median, q3 = found.quartiles
        if np.isnan(median):
            return f"nobody selected has a value of {label}"
        unit = f" {found.variable.unit}" if found.variable.unit else ""
        return f"median {median:.4g}{unit}, quartiles {q1:.4g} and {q3:.4g}"
    listed = [
        f"{name} {count:,}" for name, count in zip(found.names, found.counts, strict=True) if count
    ]
    return ", ".join(listed) or f"nobody selected has a value of {label}"


def _weight(variable: Variable) -> float:
    name = variable.name.lower()
    weight = _BY_ROLE.get(variable.role, 0.3)
    if variable.role not in {"study", "treatment", "other"}:
        words = {name.split("_")[0], variable.label.lower().split(" ")[0]}
        weight += max(
            (extra for known, extra in _LEADING if any(_leads(word, known) for word in words)),
            default=0.0,
        )
    # What says again in other words what leads already comes after it.
    return weight - 0.65 if any(name.endswith(ending) for ending in _REPEATS) else weight


def _leads(word: str, known: tuple[str, ...]) -> bool:
    return any(word == lead or (len(lead) > 3 and word.startswith(lead)) for lead in known)


def _tells(cohort: Cohort, variable: Variable) -> tuple[float, float]:
    """Share of patients with a value, and how evenly the values spread."""
    if variable.kind == "numeric":
        values = cohort.numbers(variable.name)
        known = values[np.isfinite(values)]
        if not len(known) or known.min() == known.max():
            return len(known) / max(cohort.n, 1), 0.0
        lower, upper = np.percentile(known, [5, 95])
        counts = np.histogram(known, bins=10, range=(lower, upper) if upper > lower else None)[0]
        return len(known) / cohort.n, _evenness(counts)
    codes, levels = cohort.factor(variable.name)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    known_share = counts.sum() / max(cohort.n, 1)
    # A value of one's own for nearly everyone is a name, not a category.
    named = len(levels) > MOST_LEVELS and counts.max() <= 2
    return float(known_share), 0.0 if named else _evenness(counts)


def _evenness(counts: Ints) -> float:
    """Shannon's entropy of the counts over its maximum."""
    shares = counts[counts > 0] / max(counts.sum(), 1)
    if len(shares) < 2:
        return 0.0
    return float(-(shares * np.log(shares)).sum() / np.log(len(shares)))


def _categories(cohort: Cohort, variable: Variable, mask: Bools) -> Categories:
    codes, values = cohort.factor(variable.name)
    counts = np.bincount(codes[mask & (codes >= 0)], minlength=len(values))
    everyone = np.bincount(codes[codes >= 0], minlength=len(values))
    return categories_of(cohort, variable, values, counts, everyone, int(np.count_nonzero(mask)))


def categories_of(  # noqa: PLR0917
    cohort: Cohort,
    variable: Variable,
    values: Sequence[Any],
    counts: Ints,
    everyone: Ints,
    n: int,
) -> Categories:
    """Categories of which it is known how many patients have each value.

    Parameters
    ----------
    cohort
        What the values are called; its patients do not matter.
    counts, everyone
        Of the selection and of the whole cohort, one a value.
    """
    held = dict(zip(values, everyone.tolist(), strict=True))
    grouping, places = by_levels(cohort, variable.name, held, MOST_LEVELS)
    group_of = np.array(places, dtype=np.int64)
    levels = range(len(grouping.names))
    return Categories(
        variable=variable,
        names=grouping.names,
        values=tuple(
            tuple(_plain(value) for value, at in zip(values, places, strict=True) if at == level)
            for level in levels
        ),
        colours=grouping.colours,
        counts=np.array([counts[group_of == level].sum() for level in levels], dtype=np.int64),
        everyone=np.array([everyone[group_of == level].sum() for level in levels], dtype=np.int64),
        n=n,
        known=int(counts.sum()),
        known_of_everyone=int(everyone.sum()),
        others=int(counts[group_of < 0].sum()),
    )


def _plain(value: object) -> str | float:
    """A value as JSON and the filter hold it."""
    return float(value) if isinstance(value, int | float | np.number) else str(value)


def _numbers(cohort: Cohort, variable: Variable, mask: Bools) -> Categories | Histogram:
    values = cohort.numbers(variable.name)
    finite = np.isfinite(values)
    known, inside = values[finite], mask[finite]
    return numbers_of(variable, known, known[inside], int(np.count_nonzero(mask)))


def numbers_of(variable: Variable, known: Floats, chosen: Floats, n: int) -> Categories | Histogram:
    """The distribution of a number; of few whole numbers each is a category.

    Parameters
    ----------
    known, chosen
        Values of the whole cohort and of the selection, none missing.
    """
    numbers, everyone = np.unique(known, return_counts=True)
    if 1 < len(numbers) <= _WHOLE_NUMBERS and (numbers == np.round(numbers)).all():
        counts = np.bincount(np.searchsorted(numbers, chosen), minlength=len(numbers))
        return Categories(
            variable=variable,
            names=tuple(f"{number:g}" for number in numbers),
            values=tuple((float(number),) for number in numbers),
            colours=number_colours(len(numbers)),
            counts=counts.astype(np.int64),
            everyone=everyone.astype(np.int64),
            n=n,
            known=len(chosen),
            known_of_everyone=len(known),
            others=0,
        )
    logarithmic = variable.label.startswith(_IN_LOGS) and bool((known > 0).any())
    least = known[known > 0].min() if logarithmic else 0.0

    def placed(values: Floats) -> Floats:
        return np.log10(np.maximum(values, least)) if logarithmic else values

    edges = _edges(placed(known))
    bins = len(edges) - 1

    def bin_of(values: Floats) -> Ints:
        return np.clip(np.searchsorted(edges, placed(values), side="right") - 1, 0, bins - 1)

    position = bin_of(known)
    lows, highs = np.full(bins, np.inf), np.full(bins, -np.inf)
    np.minimum.at(lows, position, known)
    np.maximum.at(highs, position, known)
    quartiles = np.percentile(chosen, [25, 50, 75]) if len(chosen) else [np.nan] * 3
    return Histogram(
        variable=variable,
        edges=edges,
        lows=np.where(np.isfinite(lows), lows, np.nan),
        highs=np.where(np.isfinite(highs), highs, np.nan),
        counts=np.bincount(bin_of(chosen), minlength=bins).astype(np.int64),
        everyone=np.bincount(position, minlength=bins).astype(np.int64),
        n=n,
        known=len(chosen),
        known_of_everyone=len(known),
        quartiles=(float(quartiles[0]), float(quartiles[1]), float(quartiles[2])),
        logarithmic=logarithmic,
    )


def _edges(known: Floats) -> Floats:
    """Round, even bin edges over all but the farthest 1%: the end bins take what lies beyond."""
    lowest, highest = float(known.min()), float(known.max())
    start, end = np.percentile(known, [0.5, 99.5]) if len(known) > 200 else (lowest, highest)
    if end <= start:
        start, end = lowest, highest
    rough = (end - start) / (_MOST_BINS - 4)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
    if (known == np.round(known)).all():
        step = max(1.0, np.ceil(step))
    first, last = np.floor(start / step), np.floor(end / step) + 1
    edges: Floats = np.arange(first, last + 1) * step
    return edges
