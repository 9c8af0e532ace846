"""The control that chooses what patients are compared by, on every page that compares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.analysis.regression import Cutpoint, optimal_cutpoint
from app.cohort.filters import names_patients
from app.cohort.groupings import (
    CLINICAL,
    MEDIAN,
    MIN_GROUP_FOR_TEST,
    OPTIMAL,
    TYPED,
    Arrangement,
    Cut,
    Grouping,
    GroupingError,
    GroupingSpec,
    arranged,
    clinical_thresholds,
    readable_cut,
    small_groups,
    typed_values,
)
from app.shell.controls._arrangement import arrangement_of, draw_arrangement, keep_in_link
from app.shell.controls.choice import choice, pick, several, toggle
from app.shell.controls.grouping_parameters import (
    CUT,
    CUT_AT,
    CUT_RULE,
    FILTERS,
    FILTERS_CHOSEN,
    FILTERS_TEXT,
    GENE_A,
    GENE_B,
    GENE_ORDER,
    IN_ORDER,
    RULES,
    TWO_GENES,
    option_and_parameters,
)
from app.shell.links import EVERYONE, GROUP, feature_labels, group_labels, grouping_was_lost
from app.shell.memory import ask, remembered
from app.shell.saved_filters import draw_save_filter, saved_filters, take_over_filters
from app.shell.saved_groups import saved_groups
from app.shell.session import Looking, keep_in_address
from app.study.outcomes import outcome_of
from app.study.wording import format_p, listing, mid_sentence
from data_loaders import Cohort
from data_loaders.arrays import Bools

_MPN_DRIVERS = ("JAK2", "CALR", "MPL")
_IN_HIERARCHY = 3
_LEADING = 8
_ENOUGH = 10
_LINK_READ = "_filters_link_read"
SMALL_GROUPS = "small_groups"


@dataclass(frozen=True, eq=False)
class ChosenGrouping:
    """What patients are compared by.

    Attributes
    ----------
    spec
        How they are grouped, as plain data; None for everyone together.
    grouping
        The groups as they are shown: ``arranged(spec.build(cohort, mask), arrangement)``.
    arrangement
        What the user changed about the groups' names, colours and order, and which are set aside
        because they are small.
    note
        What a reader should know about the groups, as sentences that the control shows too; empty
        where there is nothing to say.
    """

    spec: GroupingSpec | None = None
    grouping: Grouping | None = None
    arrangement: Arrangement = field(default_factory=Arrangement)
    note: str = ""


@dataclass(frozen=True)
class _Asked:
    """Whom the grouping is for: the session's look and the endpoint it will be compared on."""

    looking: Looking
    endpoint: str
    limit: float | None

    @property
    def cohort(self) -> Cohort:
        return self.looking.cohort

    @property
    def followed(self) -> Bools:
        """Who of the selected has a time and an event of the endpoint; all without an endpoint."""
        endpoint, mask = self.cohort.endpoints.get(self.endpoint), self.looking.selection.mask
        if endpoint is None:
            return mask
        known = self.cohort.patients[[endpoint.time, endpoint.event]].notna().all(axis=1)
        return mask & known.to_numpy()


def draw_grouping(
    looking: Looking,
    endpoint: str,
    *,
    limit: float | None = None,
    below: DeltaGenerator | None = None,
    followed: bool = False,
) -> ChosenGrouping:
    """Draw the control and return what it asks for.

    A choice that makes no groups is answered with a sentence, and everyone is shown together.

    Parameters
    ----------
    endpoint
        Key of the endpoint that an optimal cut is searched for.
    limit
        Months at which follow-up ends, for that search.
    below
        Where to draw what a choice needs besides, such as the two genes; None for right below.
    followed
        Whether only patients with a known outcome count for whether a group is too small.
    """
    cohort = looking.cohort
    _take_over_settings()
    labels = group_labels(cohort)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        option = pick(
            "Compare by",
            labels,
            GROUP,
            default=default_group(cohort, list(labels)),
            labels=labels,
            on_change=_forget_typed_values,
        )
        place = st.empty()
    if option != FILTERS:
        keep_in_address(FILTERS_TEXT, "")
    if option == EVERYONE:
        keep_in_link(Arrangement())
        return ChosenGrouping()
    with below if below is not None else st.container():
        if grouping_was_lost():
            st.warning(
                "This link asks for groups, genes or values that are not to be had here, such as "
                "groups saved in another session: what is shown stands in for them."
            )
        try:
            asked = _Asked(looking, endpoint, limit)
            spec, note = _draw_parameters(asked, option)
            made = spec.build(cohort, looking.selection.mask, saved_groups(cohort))
        except GroupingError as error:
            st.info(str(error))
            return ChosenGrouping()
        note = " ".join(text for text in (made.note, note) if text)
        if note:
            st.caption(note)
        counted = asked.followed if followed else looking.selection.mask
        shown, arrangement = _arrange(looking, spec, made, counted)
    popover = place.popover(
        "Groups",
        icon=":material/palette:",
        key="groups",
        on_change="rerun",
        help="Rename, reorder, recolour or hide groups; choose the reference.",
    )
    if popover.open:
        with popover:
            draw_arrangement(looking, spec, made)
    return ChosenGrouping(spec, shown, arrangement, note)


def default_group(cohort: Cohort, options: list[str]) -> str:
    """The comparison a page opens on: the driver, else the disease, else what leads the list.

    Where nearly all who were followed are in one group of it, the next variable that divides them.
    """
    usual = next(
        (f"variable:{n}" for n in ("driver", "diagnosis") if f"variable:{n}" in options), options[0]
    )
    variables = [option for option in options if option.startswith("variable:")]
    return next((o for o in (usual, *variables) if _divides(cohort, o)), usual)


def _divides(cohort: Cohort, option: str) -> bool:
    """Whether two groups of a variable have enough patients whose first endpoint is known."""
    kind, _, name = option.partition(":")
    endpoint = next(iter(cohort.endpoints.values()), None)
    if kind != "variable" or endpoint is None or name not in cohort.variables:
        return False
    known = ~np.isnan(cohort.numbers(endpoint.time)) & ~np.isnan(cohort.numbers(endpoint.event))
    codes = cohort.factor(name)[0][known]
    return int((np.bincount(codes[codes >= 0]) >= MIN_GROUP_FOR_TEST).sum()) > 1


def _take_over_settings() -> None:
    """Turn a whole grouping that a saved view put into the session into option and parameters."""
    found = option_and_parameters(str(st.session_state.get(GROUP, "")))
    if found is not None:
        st.session_state[GROUP] = found[0]
        for key, value in found[1].items():
            st.session_state[key] = value


def _forget_typed_values() -> None:
    """Values typed for one number mean nothing for another."""
    st.session_state[CUT_AT] = ""


def _arrange(
    looking: Looking, spec: GroupingSpec, made: Grouping, counted: Bools
) -> tuple[Grouping, Arrangement]:
    arrangement = arrangement_of(looking, spec)
    keep_in_link(arrangement)
    small = small_groups(made, arrangement, counted)
    if small and not _draw_small(made, arrangement, small, counted):
        arrangement = replace(arrangement, aside=small)
    try:
        return arranged(made, arrangement), arrangement
    except GroupingError as error:
        st.info(f"{error} Until then the groups are shown as they were made.")
        return made, Arrangement()


def _draw_small(
    made: Grouping,
    arrangement: Arrangement,
    small: tuple[str, ...],
    counted: Bools,
) -> bool:
    """List the groups that are set aside; whether they are wanted back."""
    sizes = dict(zip(made.names, made.sizes(counted), strict=True))
    called = dict(arrangement.names)
    listed = listing([f"{called.get(name, name)} ({sizes[name]})" for name in small])
    return toggle(
        f"Show groups of fewer than {MIN_GROUP_FOR_TEST} patients: {listed}",
        SMALL_GROUPS,
        help="They are set aside so that the others can be compared: too few to draw or to test. "
        "Shown, they are drawn and counted, and still in no test.",
    )


def _draw_parameters(asked: _Asked, option: str) -> tuple[GroupingSpec, str]:
    """Draw what the option needs besides; returns the grouping and what to say about it."""
    if option == TWO_GENES:
        return _draw_two_genes(asked.cohort), ""
    if option == IN_ORDER:
        return _draw_hierarchy(asked.cohort), ""
    if option == FILTERS:
        return _draw_filters(asked.looking), ""
    if option.startswith(CUT):
        return _draw_cut(asked, option.removeprefix(CUT))
    return GroupingSpec.parse(option), ""


def _draw_two_genes(cohort: Cohort) -> GroupingSpec:
    options, labels = _features(cohort)
    if len(options) < 2:
        raise GroupingError("This cohort has no two altered genes to compare.")
    chosen = []
    columns = st.columns(2)
    for column, title, key, name in zip(
        columns, ("Gene A", "Gene B"), (GENE_A, GENE_B), _telling_pair(cohort, options), strict=True
    ):
        with column:
            chosen.append(pick(title, options, key, default=name, labels=labels))
    return GroupingSpec.of_genes(*chosen)


def _draw_hierarchy(cohort: Cohort) -> GroupingSpec:
    options, labels = _features(cohort)
    if not options:
        raise GroupingError("Nobody in this cohort has an alteration.")
    drivers = list(_MPN_DRIVERS)
    chosen = several(
        "Genes in order: the first altered one counts",
        options,
        GENE_ORDER,
        default=(
            drivers if set(drivers) <= set(options) else _genes(cohort, options, _IN_HIERARCHY)
        ),
        labels=labels,
        placeholder="Choose in order of precedence",
    )
    return GroupingSpec.of_hierarchy(chosen)


def _draw_filters(looking: Looking) -> GroupingSpec:
    asked = st.session_state.pop(FILTERS_TEXT, None) or _filters_of_link()
    if asked:
        st.session_state[FILTERS_CHOSEN] = list(take_over_filters(looking, asked))
    held = saved_filters(looking)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.multiselect(
            "Saved filters",
            list(held),
            key=FILTERS_CHOSEN,
            placeholder="Two or more",
            disabled=not held,
            select_all=False,
        )
        draw_save_filter(looking)
    if len(chosen) < 2:
        raise GroupingError(
            "Save at least two filters to compare them: narrow the selection in the sidebar, save "
            "it here, and once more. Then clear the sidebar's filter."
        )
    picked = {name: held[name] for name in chosen}
    spec = GroupingSpec.of_filters(picked)
    if any(names_patients(held.root) for held in picked.values()):
        st.caption("A filter holds a list of patients, which never goes into a link.")
        keep_in_address(FILTERS_TEXT, "")
    else:
        st.query_params[FILTERS_TEXT] = spec.name
    return spec


def _filters_of_link() -> str:
    """The filters that the link names, on the first run that could use them."""
    if _LINK_READ in st.session_state:
        return ""
    st.session_state[_LINK_READ] = True
    return st.query_params.get(FILTERS_TEXT, "")


def _draw_cut(asked: _Asked, column: str) -> tuple[GroupingSpec, str]:
    variable = asked.cohort.variables[column]
    rules = [
        label
        for rule, label in RULES.items()
        if rule != CLINICAL or clinical_thresholds(variable) is not None
    ]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = choice(f"Cut {mid_sentence(variable.label)} at", rules, CUT_RULE, wrap=True)
        rule = next(rule for rule, label in RULES.items() if label == chosen)
        text = ""
        if rule == TYPED:
            text = st.text_input(
                f"Values{f', {variable.unit}' if variable.unit else ''}",
                key=CUT_AT,
                bind="query-params",
                placeholder="such as 40, 60",
                width=200,
            )
    if rule == OPTIMAL:
        return _optimal(asked, column)
    if rule != TYPED:
        return GroupingSpec.of_cut(Cut(column, rule)), ""
    if not text.strip():
        return GroupingSpec.of_cut(Cut(column, MEDIAN)), "Type the values to cut at instead."
    return GroupingSpec.of_cut(Cut(column, TYPED, typed_values(text))), ""


def _optimal(asked: _Asked, column: str) -> tuple[GroupingSpec, str]:
    settings = {"endpoint_key": asked.endpoint, "column": column, "limit": asked.limit}
    question = ask(asked.looking, "grouping.cut", settings)
    try:
        best, next_value = remembered(
            question, partial(_best_cut, asked, column), "Searching for the best cut"
        )
    except ValueError as error:
        st.info(f"{error} It is cut at the median instead.")
        return GroupingSpec.of_cut(Cut(column, MEDIAN)), ""
    cut = Cut(column, OPTIMAL, (readable_cut(best.cut, next_value),))
    return GroupingSpec.of_cut(cut), _optimism(best, asked.cohort.endpoints[asked.endpoint].label)


def _best_cut(asked: _Asked, column: str) -> tuple[Cutpoint, float]:
    """The best cut and the next higher value; raises ValueError where there is none."""
    cohort, mask = asked.cohort, asked.looking.selection.mask
    values = cohort.numbers(column)
    outcome = outcome_of(cohort, mask & ~np.isnan(values), asked.endpoint, limit=asked.limit)
    known = values[outcome.used]
    best = optimal_cutpoint(outcome.time, outcome.event, known, entry=outcome.entry)
    return best, float(known[known > best.cut].min())


def _optimism(best: Cutpoint, endpoint: str) -> str:
    left = (
        f"cross-validation leaves {best.cross_validated_hr:.2f} "
        f"({best.cross_validated_lower:.2f} to {best.cross_validated_upper:.2f})"
        if np.isfinite(best.cross_validated_hr)
        else "cross-validation leaves nothing that can be estimated"
    )
    return (
        f"Of {len(best.profile):,} cuts this one separates {mid_sentence(endpoint)} most "
        f"(maximally selected log-rank statistic): {format_p(best.p_value)} corrected for the "
        f"search. Its hazard ratio of {best.hr:.2f}, above against up to the cut, is optimistic: "
        f"{left}."
    )


def _features(cohort: Cohort) -> tuple[list[str], dict[str, str]]:
    """Alterations that somebody has, from the most frequent down, and the labels of all."""
    counts = cohort.altered_counts
    order = np.argsort(-counts, kind="stable")
    names = [str(cohort.alterations.columns[i]) for i in order if counts[i]]
    return names, feature_labels(cohort)


def _telling_pair(cohort: Cohort, options: list[str]) -> list[str]:
    """The most frequent two genes that occur together and apart; else the most frequent two."""
    leading = _genes(cohort, options, _LEADING)
    altered = {name: cohort.feature_state(name) == 1 for name in leading}
    for first, second in combinations(leading, 2):
        a, b = altered[first], altered[second]
        if min(map(np.count_nonzero, (a & b, a & ~b, b & ~a))) >= _ENOUGH:
            return [first, second]
    return leading[:2]


def _genes(cohort: Cohort, options: list[str], number: int) -> list[str]:
    """The most frequent genes; other alterations where there are too few."""
    genes = set(cohort.features_of_kind(["gene"]))
    return sorted(options, key=lambda name: name not in genes)[:number]
