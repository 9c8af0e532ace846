"""What a database's counts say of one endpoint: curves, tests and effects of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from app.analysis.associations import frequencies_from_counts, pairs_from_counts
from app.analysis.competing_risks import (
    CumulativeIncidence,
    GrayTest,
    GroupModel,
    cumulative_incidence_from_events,
    gray_test_from_events,
    group_cox_from_events,
)
from app.analysis.survival import (
    Curves,
    KaplanMeier,
    LogrankResult,
    kaplan_meier_from_events,
    logrank_from_events,
    longest_common_time,
    rmst_differences,
)
from app.cohort.filters import Filter
from app.cohort.groupings import CUT, MEDIAN, MIN_GROUP_FOR_TEST, QUARTILES, Cut, GroupingSpec
from app.cohort.tally import EngineTally, TooFineError
from app.study.outcomes import EVERYONE
from data_loaders import Endpoint
from data_loaders.endpoints.build import LONGEST_FOLLOW_UP

_GROUPED = frozenset({"categorical", "ordinal", "binary"})
_PAIRS_OF = 12
_BY_MONTH = (
    "Follow-up is counted by month, who leaves within one at its end: it has too many different "
    "times to be counted by each."
)
_MONTHS = range(int(LONGEST_FOLLOW_UP) + 1)


@dataclass(frozen=True, eq=False)
class DatabaseOutcome:
    """An endpoint in a database's patients.

    Attributes
    ----------
    endpoint
        What was followed.
    curves
        Kaplan-Meier curves by group, competing events censored.
    incidences
        Cumulative incidence by group; empty where nothing competes.
    colours
        By group.
    label
        What the groups are; empty without groups.
    reference
        The group that the others are compared with; empty without groups.
    ordered, note
        Of the groups.
    logrank, gray, cox, rmst
        Tests and effects of the groups of at least 10 patients; None where there is none.
    tau
        Months of the restricted means.
    left_out
        Why others selected are in no curve: reason to number.
    selected
        Patients selected.
    """

    endpoint: Endpoint
    curves: Mapping[str, KaplanMeier]
    incidences: Mapping[str, CumulativeIncidence]
    colours: Mapping[str, str]
    label: str
    reference: str
    note: str
    logrank: LogrankResult | None
    gray: GrayTest | None
    cox: GroupModel | None
    rmst: pd.DataFrame | None
    tau: float
    left_out: Mapping[str, int]
    selected: int

    @property
    def n(self) -> int:
        """Patients analysed."""
        return sum(curve.n for curve in self.curves.values())


def database_outcome(
    tally: EngineTally, chosen: Filter, endpoint: str, spec: GroupingSpec | None, colour: str
) -> DatabaseOutcome:
    """Ask for follow-up once, and work out the rest here.

    Parameters
    ----------
    colour
        Of the curve where there are no groups.

    Raises
    ------
    TallyError
        If the engine refuses, or nobody can be analysed.
    """
    by_month = ""
    try:
        table = tally.events(chosen, endpoint, spec)
    except TooFineError:
        table = tally.events(chosen, endpoint, spec, _MONTHS)
        by_month = (
            "Follow-up is counted by month, who leaves within one at its end: it has too many "
        )
        by_month += "different times to be counted by each."
    left_out = table.attrs["left_out"]
    names = [str(name) for name in table["group"].cat.categories]
    parts = {name: table[table["group"] == name] for name in names}
    curves = {n: kaplan_meier_from_events(part) for n, part in parts.items() if len(part)}
    ends = tally.cohort.endpoints[endpoint]
    incidences = {}
    if ends.competing is not None:
        incidences = {
            name: cumulative_incidence_from_events(part)
            for name, part in parts.items()
            if part[["events", "competing"]].to_numpy().sum()
        }
    label, note, reference, colours = "", "", "", {EVERYONE: colour}
    if spec is None:
        curves = dict(zip([EVERYONE], curves.values(), strict=True))
        incidences = dict(zip([EVERYONE], incidences.values(), strict=False))
    else:
        grouping = tally.grouping(spec, chosen)
        label, note, reference = grouping.label, grouping.note, table.attrs["reference"]
        colours = dict(zip(grouping.names, grouping.colours, strict=True))
    large = [name for name, curve in curves.items() if curve.n >= MIN_GROUP_FOR_TEST]
    logrank = gray = cox = rmst = None
    tau = float("nan")
    if len(large) > 1:
        tested = table[table["group"].isin(large)]
        logrank = logrank_from_events(tested)
        late = ends.entry is not None
        gray = gray_test_from_events(tested) if incidences and not late else None
        with_events = [name for name in large if curves[name].events]
        if len(with_events) > 1:
            cox = group_cox_from_events(tested[tested["group"].isin(with_events)], reference)
        against = reference if reference in large else large[0]
        among: Curves = {name: curves[name] for name in large}
        tau = longest_common_time(among)
        rmst = rmst_differences(among, tau, against) if tau > 0 and not incidences else None
    return DatabaseOutcome(
        endpoint=ends, curves=curves, incidences=incidences, colours=colours, label=label,
        reference=reference, note=" ".join(filter(None, (note, by_month))),
        logrank=logrank, gray=gray, cox=cox, rmst=rmst, tau=tau,
        left_out=left_out,
        selected=sum(curve.n for curve in curves.values()) + sum(left_out.values()),
    )  # fmt: skip


def database_groupings(tally: EngineTally) -> list[GroupingSpec]:
    """What the patients can be compared by: categories, alterations, numbers cut at quantiles."""
    held = tally.cohort.variables
    open_ = [held[name] for name in tally.columns if held[name].role != "outcome"]
    specs = [GroupingSpec("variable", v.name) for v in open_ if v.kind in _GROUPED]
    specs += [GroupingSpec("alteration", name) for name in tally.alterations]
    for rule in (MEDIAN, QUARTILES):
        specs += [GroupingSpec(CUT, str(Cut(v.name, rule))) for v in open_ if v.kind == "numeric"]
    return specs


def grouping_words(tally: EngineTally, spec: GroupingSpec) -> str:
    """A grouping as a choice: ``Diagnosis``, ``TP53``, ``Age at diagnosis, quartiles``."""
    cohort = tally.cohort
    if spec.kind == "alteration":
        return str(cohort.features.loc[spec.name, "label"])
    if spec.kind == CUT:
        cut = Cut.parse(spec.name)
        return f"{cohort.variables[cut.column].label}, {cut.rule}"
    return cohort.variables[spec.name].label


@dataclass(frozen=True, eq=False)
class DatabaseAlterations:
    """How often alterations occur, and which occur together.

    Attributes
    ----------
    frequencies, pairs
        As :func:`app.analysis.associations.alteration_frequencies` and ``co_occurrence``; pairs of
        the most frequent alterations.
    labels
        By alteration.
    """

    frequencies: pd.DataFrame
    pairs: pd.DataFrame
    labels: Mapping[str, str]


def database_alterations(tally: EngineTally, chosen: Filter) -> DatabaseAlterations:
    """Count alterations, and pairs of the most frequent genes and events.

    Raises
    ------
    TallyError
        If the engine refuses.
    """
    counts = tally.features(chosen)
    table = frequencies_from_counts(counts)
    kinds = dict(zip(counts["feature"], counts["kind"], strict=True))
    often = [
        name
        for name in table.loc[table["altered"] > 0, "feature"]
        if kinds[name] != "refinement"  # a gene with its own refinement is no pair
    ][:_PAIRS_OF]
    pairs = pairs_from_counts(tally.pairs(chosen, often))
    return DatabaseAlterations(table, pairs, _labels(tally, counts["feature"].tolist()))


def _labels(tally: EngineTally, names: Sequence[str]) -> dict[str, str]:
    return {name: str(tally.cohort.features.loc[name, "label"]) for name in names}
