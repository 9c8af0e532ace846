"""The results of the ordinary views from a tally: of counts what is computed of rows there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.associations import (
    frequencies_from_counts,
    pairs_from_counts,
    table_one_of_tally,
)
from app.analysis.event_tables import follow_up, groups_of
from app.analysis.survival import administrative_censoring
from app.analysis.survival_input import slack
from app.cohort.filters import Filter
from app.cohort.groupings import LEFT_OUT, MISSING, NOT_DRAWN, Grouping, GroupingSpec
from app.cohort.tally import PageTally, TallyError, TooFineError
from app.study.accounting import Accounting
from app.study.outcomes import EVERYONE, NOT_OBSERVED, Outcome
from app.views.cohort.overview.analysis import Categories, Histogram, categories_of, numbers_of
from app.views.cohort.overview.answer import MOST_ALTERATIONS, MOST_VARIABLES, Pictures
from app.views.compare.analysis import Comparison
from app.views.genomics.frequencies.analysis import GroupFrequencies, frequencies_of
from app.views.genomics.pairs.analysis import MIN_ALTERED, PairScreen
from app.views.home.analysis import Diseases, Glance, disease_variables
from app.views.survival.curves.analysis import GroupSurvival, survival_of
from app.views.survival.incidence.analysis import GroupIncidence, incidence_of
from app.views.survival.means.analysis import MeansOverTime, means_of
from data_loaders.endpoints.build import LONGEST_FOLLOW_UP
from data_loaders.model import CATEGORIES, FEATURE_KINDS
from data_loaders.wording import listing

MOST_PAIRED = 12
_DRAWN = frozenset({"numeric", *CATEGORIES})
_MISSING, _SMALLER = LEFT_OUT[MISSING], LEFT_OUT[NOT_DRAWN]
MONTHS = range(int(LONGEST_FOLLOW_UP) + 1)
BY_MONTH = (
    "Follow-up is counted by month, who leaves within one at its end: it has too many different "
    "times to be counted by each."
)
_LIFE_TABLE = (
    "Follow-up is known from a few months on, where events and numbers at risk are released "
    "rounded; who leaves between two of them is spread evenly over the time between, and what is "
    "hidden in the first months is taken for none."
)
OF_ROUNDED = "P-values and odds ratios are of rounded counts: read them to one digit."
NO_TEST = "No test is given: counts are rounded here."


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Who is followed in which groups, as counts, and what to know of it."""

    outcome: Outcome
    grouping: Grouping | None
    notes: tuple[str, ...]


def followed(
    tally: PageTally,
    selected: Filter,
    endpoint: str,
    spec: GroupingSpec | None = None,
    limit: float | None = None,
) -> FollowUp:
    """Ask a tally for the follow-up of an endpoint.

    Raises
    ------
    TallyError
        If it refuses, or nobody can be followed.
    """
    notes = [] if tally.exact else [_LIFE_TABLE]
    try:
        table = tally.events(selected, endpoint, spec)
    except TooFineError:
        table = tally.events(selected, endpoint, spec, MONTHS)
        notes.append(BY_MONTH)
    grouping = None if spec is None else tally.grouping(spec, selected)
    gone = table.attrs.get("not_drawn", [])
    if gone and grouping is not None:
        notes.append(f"Not drawn, too few numbers that may be shown: {listing(gone)}.")
        grouping = _only(grouping, [name for name in grouping.names if name not in gone])
    if grouping is not None and grouping.note:
        notes.append(grouping.note)
    if not len(table):
        raise TallyError("There is nobody to follow whose numbers are to be had: widen the filter.")
    data, cause = follow_up(table)
    groups, _ = groups_of(table)
    time = data.times[data.exit]
    entry = None if data.entry is None else np.maximum(data.times[data.entry], 0.0)
    copies = np.ones(len(time), dtype=np.int64) if data.copies is None else data.copies
    names = (EVERYONE,) if grouping is None else grouping.names
    place = {name: code for code, name in enumerate(names)}
    codes = np.array([place.get(str(label), 0) for label in groups.labels])[groups.codes]
    keep = np.ones(len(time), dtype=bool)
    left_out = dict(table.attrs["left_out"])
    if limit is not None:
        time, seen = administrative_censoring(time, cause > 0, limit)
        cause = np.where(seen == 1, cause, 0)
        keep = keep if entry is None else entry < time - slack(time)
        gone = int(copies[~keep].sum())
        left_out |= {NOT_OBSERVED: left_out.get(NOT_OBSERVED, 0) + gone} if gone else {}
    n = int(copies[keep].sum())
    outcome = Outcome(
        endpoint=tally.cohort.endpoints[endpoint],
        used=np.zeros(0, dtype=bool),
        time=time[keep].astype(np.float64),
        event=(cause[keep] == 1).astype(np.float64),
        cause=cause[keep].astype(np.int64),
        entry=None if entry is None else entry[keep],
        names=names,
        codes=codes[keep].astype(np.int16),
        selected=max(size_of(tally, selected), n),
        left_out=left_out,
        limit=limit,
        reference=0 if grouping is None else grouping.reference,
        copies=copies[keep],
    )
    return FollowUp(outcome, grouping, tuple(notes))


def tallied_survival(
    tally: PageTally,
    selected: Filter,
    endpoint: str,
    spec: GroupingSpec | None = None,
    limit: float | None = None,
) -> GroupSurvival:
    """Kaplan-Meier curves and their test, as :func:`survival_by_group` has them of rows.

    Raises
    ------
    TallyError
        As :func:`followed`.
    """
    held = followed(tally, selected, endpoint, spec, limit)
    result = survival_of(held.outcome, held.grouping)
    if not tally.exact:
        result = replace(result, test=None, trend=None, p_note=NO_TEST)
    return replace(result, notes=(*held.notes, *result.notes))


def tallied_means(
    tally: PageTally,
    selected: Filter,
    endpoint: str,
    spec: GroupingSpec | None = None,
    limit: float | None = None,
) -> MeansOverTime:
    """Restricted means over the horizon, as :func:`means_over_time` has them of rows.

    Raises
    ------
    TallyError
        As :func:`followed`.
    """
    result = means_of(tallied_survival(tally, selected, endpoint, spec, limit))
    if tally.exact:
        return result
    notes = (*result.notes, NO_TEST)
    return replace(result, table=result.table.assign(p_value=np.nan), notes=notes)


def tallied_incidence(
    tally: PageTally,
    selected: Filter,
    endpoint: str,
    spec: GroupingSpec | None = None,
    limit: float | None = None,
) -> GroupIncidence:
    """Cumulative incidences and Gray's tests, as :func:`incidence_by_group` has them of rows.

    Raises
    ------
    TallyError
        As :func:`followed`.
    """
    held = followed(tally, selected, endpoint, spec, limit)
    result = incidence_of(held.outcome, held.outcome, held.grouping)
    if not tally.exact:
        result = replace(result, gray_event=None, gray_competing=None, effects=None, p_note=NO_TEST)
    return replace(result, notes=(*held.notes, *result.notes))


def tallied_frequencies(
    tally: PageTally, selected: Filter, spec: GroupingSpec | None = None
) -> tuple[GroupFrequencies, tuple[str, ...]]:
    """Frequencies, as :func:`group_frequencies` has them of rows; and notes on what is hidden.

    Raises
    ------
    TallyError
        If the tally refuses, or no alteration can be asked for.
    """
    counted = tally.features(selected)
    features = tally.cohort.features
    # A refinement would repeat its gene.
    first = counted["kind"].isin(["gene", "cytogenetic"])
    counted = counted[first] if first.any() else counted
    shown = counted[(counted["altered"] >= 0) & (counted["tested"] > 0)]
    names = list(shown["feature"])
    sizes: dict[str, int] = {}
    left_out: dict[str, int] = {}
    grouping, groups = None, pd.DataFrame()
    if spec is not None:
        grouping = tally.grouping(spec, selected)
        groups = tally.features_by(selected, spec)
        sizes = {name: n for name, n in groups.attrs["sizes"].items() if n}
        left_out = groups.attrs["left_out"]
        names = [name for name in names if (groups["feature"] == name).any()]
    if not names:
        raise TallyError(
            "No alteration can be counted here: take a condition out in the sidebar, or compare by "
            "something else."
        )
    hidden = [
        str(features.loc[name, "label"])
        for name in ([] if tally.exact else counted["feature"])
        if name not in names or (len(groups) and _is_hidden(groups, name))
    ]
    table = shown.set_index("feature").loc[names]
    altered, tested = (
        np.array([_own(groups, kind, name, names) for name in sizes], dtype=np.int64).reshape(
            len(sizes), len(names)
        )
        for kind in ("altered", "tested")
    )
    tested[altered < 0] = 0
    altered = np.maximum(altered, 0)
    a = np.vstack([table["altered"].to_numpy() - altered.sum(axis=0), altered])
    t = np.vstack([table["tested"].to_numpy() - tested.sum(axis=0), tested])
    n = size_of(tally, selected)
    grouped = min(sum(sizes.values()), n) if sizes else n
    kinds = tuple(kind for kind in FEATURE_KINDS if (counted["kind"] == kind).any())
    result = frequencies_of(
        tally.cohort, names, a, t, sizes, grouping, kinds,
        Accounting(n, grouped, left_out, verb="are in the groups" if sizes else "are counted"),
    )  # fmt: skip
    notes = [f"Hidden, of everyone or of a group: {listing(hidden)}."] if hidden else []
    if not tally.exact and sizes:
        notes.append(OF_ROUNDED)
    return result, tuple(notes)


def tallied_pairs(tally: PageTally, selected: Filter) -> PairScreen:
    """Pairs of the most frequent genes and events, as :func:`pair_screen` has them of rows.

    Raises
    ------
    TallyError
        If the tally refuses, or fewer than two alterations are frequent enough.
    """
    counted = tally.features(selected)
    # A gene with its own refinement is no pair.
    counted = counted[(counted["kind"] != "refinement") & (counted["altered"] >= MIN_ALTERED)]
    counted = counted.sort_values("altered", ascending=False, kind="stable")
    names = list(counted["feature"])[:MOST_PAIRED]
    if len(names) < 2:
        raise TallyError(f"Fewer than two alterations are in at least {MIN_ALTERED} patients.")
    labels = {name: str(tally.cohort.features.loc[name, "label"]) for name in names}
    table = pairs_from_counts(tally.pairs(selected, names))
    table.insert(2, "label_a", table["a"].map(labels))
    table.insert(3, "label_b", table["b"].map(labels))
    kinds = tuple(kind for kind in FEATURE_KINDS if (counted["kind"] == kind).any())
    return PairScreen(
        table=table.sort_values("p_value", kind="stable", ignore_index=True),
        features=labels,
        kinds=kinds,
        min_altered=MIN_ALTERED,
        n_features=len(counted),
        own=0,
        selected=size_of(tally, selected),
    )


def _only(grouping: Grouping, names: list[str]) -> Grouping:
    kept = [place for place, name in enumerate(grouping.names) if name in names]
    return replace(
        grouping,
        names=tuple(grouping.names[place] for place in kept),
        colours=tuple(grouping.colours[place] for place in kept),
        reference=0,
    )


def _own(groups: pd.DataFrame, kind: str, group: str, names: list[str]) -> list[int]:
    own = groups[groups["group"] == group].set_index("feature")[kind]
    return [int(own.get(name, 0)) for name in names]


def _is_hidden(groups: pd.DataFrame, feature: str) -> bool:
    own = groups[groups["feature"] == feature]
    return bool(len(own)) and bool((own["altered"] < 0).any())


def tallied_glance(tally: PageTally, selected: Filter) -> Glance:
    """A cohort at a glance, as :func:`app.views.home.analysis.glance` has it of rows."""
    counted = tally.features(selected)
    chosen = counted["kind"].isin(["gene", "cytogenetic"]) & (counted["altered"] >= 0)
    names = [n for n in disease_variables(tally.cohort) if tally.may_ask(selected, n)]
    found = (_categories(tally, selected, name) for name in names if name in tally.columns)
    diseases = tuple(
        Diseases(
            one.variable.label, one.names, tuple(map(int, one.counts)), one.colours, one.known,
            {why: n for why, n in ((_MISSING, one.n - one.known), (_SMALLER, one.others)) if n > 0},
        )
        for one in found
    )  # fmt: skip
    return Glance(size_of(tally, selected), diseases, frequencies_from_counts(counted[chosen]))


def tallied_pictures(tally: PageTally, selected: Filter) -> Pictures:
    """Distributions of the leading variables, as :func:`pictured` has them of rows."""
    held = tally.cohort.variables
    names = [
        name
        for name in tally.columns
        if held[name].role != "outcome"
        and name not in tally.cohort.endpoint_columns
        and held[name].kind in _DRAWN
        and tally.may_ask(selected, name)
    ][:MOST_VARIABLES]
    found = tuple(
        _number(tally, selected, name)
        if held[name].kind == "numeric"
        else _categories(tally, selected, name)
        for name in names
    )
    features = tally.cohort.features
    inside = tally.features(selected)
    outside = inside if selected.is_empty else tally.features()
    table = inside.merge(outside, on=["feature", "kind"], suffixes=("", "_everyone"))
    table = table[(table["kind"] != "refinement") & (table["altered"] >= 0)]
    table = table[(table["altered_everyone"] > 0) & (table["tested"] > 0)]
    alterations = pd.DataFrame(
        {
            "feature": table["feature"],
            "label": features["label"].reindex(table["feature"]).to_numpy(),
            "altered": table["altered"],
            "tested": table["tested"],
            "everyone_altered": table["altered_everyone"],
            "everyone_tested": table["tested_everyone"],
            "frequency": table["altered"] / table["tested"],
        }
    ).sort_values(["altered", "label"], ascending=[False, True], ignore_index=True)
    return Pictures(
        tuple(one for one in found if len(one.counts)),
        alterations.head(MOST_ALTERATIONS),
        size_of(tally, selected),
        not selected.is_empty,
    )


def tallied_completeness(tally: PageTally, selected: Filter) -> pd.DataFrame:
    """Who has a value, variable by variable, as it is had of rows."""
    n = size_of(tally, selected)
    rows = []
    for name in tally.columns:
        if tally.may_ask(selected, name):
            variable = tally.cohort.variables[name]
            known = _known(tally.values(selected, name))
            rows.append((name, variable.label, variable.role, min(known, n), n))
    table = pd.DataFrame(rows, columns=["name", "label", "role", "known", "n"])
    table["share"] = table["known"] / max(n, 1)
    return table.sort_values(["share", "label"], ignore_index=True)


def size_of(tally: PageTally, selected: Filter) -> int:
    """Patients selected.

    Raises
    ------
    TallyError
        If the tally refuses.
    """
    return int(tally.counts(selected)["n"].iloc[0])


def _known(values: pd.DataFrame) -> int:
    told = values.attrs.get("known")
    return int(values.loc[values["value"].notna(), "n"].sum()) if told is None else int(sum(told))


def _categories(tally: PageTally, selected: Filter, name: str) -> Categories:
    """One variable's values; those whose number is hidden are left out."""
    everyone = tally.levels(name)
    inside = tally.values(selected, name)
    counts = dict(zip(inside["value"], inside["n"], strict=True))
    shown = [v for v, n in everyone.items() if n >= 0 and counts.get(v, 0) >= 0]
    found = categories_of(
        tally.cohort,
        tally.cohort.variables[name],
        shown,
        np.array([counts.get(value, 0) for value in shown], dtype=np.int64),
        np.array([everyone[value] for value in shown], dtype=np.int64),
        size_of(tally, selected),
    )
    return replace(found, known=_known(inside), known_of_everyone=_known(tally.values(None, name)))


def _number(tally: PageTally, selected: Filter, name: str) -> Categories | Histogram:
    def values(of: Filter) -> Floats:
        table = tally.values(of, name).dropna()
        return np.repeat(table["value"].to_numpy(np.float64), table["n"].to_numpy(np.int64))

    everyone = values(Filter())
    chosen = everyone if selected.is_empty else values(selected)
    return numbers_of(tally.cohort.variables[name], everyone, chosen, size_of(tally, selected))


def tallied_comparison(
    tally: PageTally, selected: Filter, spec: GroupingSpec, endpoint: str = ""
) -> Comparison:
    """Groups side by side, as :func:`compare_groups` has them of rows.

    Raises
    ------
    TallyError
        If the tally cannot count by these groups.
    """
    grouping = tally.grouping(spec, selected)
    nobody = np.zeros(0, dtype=bool)
    result = Comparison(tally.cohort, nobody, grouping, (), endpoint)
    found = None
    if tally.alterations:
        found, _ = tallied_frequencies(tally, selected, spec)
    table = table_one_of_tally(tally, spec, selected)
    sizes = dict(zip(table.names, table.sizes, strict=True))
    # What is worked out of rows when somebody asks for it is known of counts.
    vars(result).update(
        table=replace(table, rows=tuple(r for r in table.rows if r.name != grouping.column)),
        frequencies=found,
        sizes=tuple(sizes.get(name, 0) for name in grouping.names),
        survival=tallied_survival(tally, selected, endpoint, spec) if endpoint else None,
    )
    return result
