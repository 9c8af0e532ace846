"""The same question in two cohorts: matched groups, axes and colours, and what is not shared."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app.analysis.associations_groups import GroupFrequencies, group_frequencies
from app.analysis.cohort_screen import kinds_of
from app.analysis.comparison import Enrichment, enrichment
from app.analysis.comparison_cohorts import matched, replication, replication_reading, shared
from app.analysis.comparison_overlap import exclusive_groups
from app.analysis.group_reading import numbers_table, reading
from app.analysis.group_survival import GroupSurvival, survival_by_group
from app.analysis.outcomes import outcome_of
from app.analysis.wording import count
from app.charts.compare import replication_figure
from app.charts.survival import survival_alt, survival_figure
from app.cohort.arrangement import arranged
from app.cohort.filters import FilterError, Selection
from app.cohort.groupings import Grouping, GroupingError
from app.cohort.named_filters import filters_from_text
from app.ui.compare import Compared, draw_guard
from app.ui.layout import figure_with_downloads
from app.ui.links import cohort_labels
from app.ui.session import open_cohort

OTHER = "other"
_SHOWN = 15


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two cohorts: whom it has selected, and the matched groups."""

    selection: Selection
    grouping: Grouping

    @property
    def name(self) -> str:
        return self.selection.source.name

    @property
    def synthetic(self) -> bool:
        return self.selection.source.provenance.synthetic


def draw_cohorts(compared: Compared) -> None:
    """The control of the second cohort, then survival and alterations side by side."""
    looking = compared.looking
    labels = {key: label for key, label in cohort_labels().items() if key != looking.key}
    if not labels:
        st.info("Load a second cohort on the Data page to ask the same question in both.")
        return
    key = st.selectbox(
        "Ask the same in",
        list(labels),
        index=_first_that_can(compared, list(labels)),
        format_func=lambda option: labels.get(option, option),
        key=OTHER,
        bind="query-params",
        help="Cohorts of this session: the simulated ones, uploads, and published cohorts that "
        "were opened on the Data page.",
    )
    try:
        sides = _sides(compared, key if key in labels else next(iter(labels)))
    except (FilterError, GroupingError, ValueError) as error:
        st.info(
            f"{error} So the question cannot be asked in {labels.get(key, key)}: choose another "
            "cohort, load one on the Data page, or compare by something that both hold."
        )
        return
    first, second = sides
    _draw_not_shared(compared, sides)
    _draw_survival(compared, sides)
    _draw_alterations(compared, sides)
    if first.synthetic or second.synthetic:
        st.caption("At least one of the two cohorts is simulated: what comes again proves nothing.")


def _sides(compared: Compared, key: str) -> tuple[_Side, _Side]:
    """Both cohorts with matched groups.

    Raises
    ------
    ValueError
        If the filter or the groups cannot be had in the second one.
    """
    looking, spec = compared.looking, compared.spec
    other = open_cohort(key)
    selection = looking.filter.apply(other)
    if spec is None or not selection.n:
        raise GroupingError(f"The filter selects nobody in {other.name}.")
    if compared.exclusive:
        theirs = exclusive_groups(other, filters_from_text(spec.name))
    else:
        theirs = arranged(spec.build(other, selection.mask), compared.arrangement)
    ours, theirs = matched(compared.grouping, theirs, (looking.selection.mask, selection.mask))
    return _Side(looking.selection, ours), _Side(selection, theirs)


def _first_that_can(compared: Compared, keys: list[str]) -> int:
    """Position of the first cohort that the question can be asked in; 0 where there is none."""
    for position, key in enumerate(keys):
        with contextlib.suppress(FilterError, GroupingError, ValueError):
            _sides(compared, key)
            return position
    return 0


def _draw_not_shared(compared: Compared, sides: tuple[_Side, _Side]) -> None:
    first, second = sides
    common = shared(first.selection.source, second.selection.source)
    sizes = [
        f"**{side.name}**: "
        + ", ".join(
            f"{name} {size:,}"
            for name, size in zip(
                side.grouping.names, side.grouping.sizes(side.selection.mask), strict=True
            )
        )
        for side in sides
    ]
    st.markdown("  \n".join(sizes))
    left = [name for name in compared.grouping.names if name not in first.grouping.names]
    said = common.sentences(first.name, second.name)
    if left:
        said.insert(0, f"Not in both, hence not shown: {', '.join(left)}.")
    if said:
        st.caption("**Not shared, hence not compared.** " + " ".join(said))


def _draw_survival(compared: Compared, sides: tuple[_Side, _Side]) -> None:
    first, second = sides
    other = second.selection.source
    if compared.endpoint not in other.endpoints or not compared.endpoint:
        st.info(f"{other.name} does not have the endpoint chosen; choose one that both have.")
        return
    later = [side.grouping for side in sides if side.grouping.after_baseline]
    draw_guard(compared, next(iter(later), first.grouping))
    # One axis for both: follow-up ends where the shorter one does.
    limit = min(_last_time(side, compared.endpoint) for side in sides)
    results = [_survival(side, compared.endpoint, limit) for side in sides]
    for position, (column, side, result) in enumerate(
        zip(st.columns(2, gap="large"), sides, results, strict=True)
    ):
        title = f"{result.endpoint.label}, {side.name}, {count(result.analysed, 'patient')}"
        sentences = reading(result)
        with column:
            figure_with_downloads(
                survival_figure(result, title=title, synthetic=side.synthetic),
                partial(numbers_table, result, "years"),
                key=f"cohorts_km_{position}",
                name=("compare", side.name, result.endpoint.key),
                alt=survival_alt(title, result, sentences),
            )
            st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    st.caption(
        f"Same groups, colours and axes. Follow-up ends at {limit / 12:.1f} years in both, where "
        "that of the shorter cohort ends, for every number here."
    )


def _last_time(side: _Side, endpoint: str) -> float:
    """End of the longest follow-up in months; 0 where nobody is followed."""
    time = outcome_of(side.selection.source, side.selection.mask, endpoint, side.grouping).time
    return float(time.max(initial=0.0))


def _survival(side: _Side, endpoint: str, limit: float) -> GroupSurvival:
    return survival_by_group(
        side.selection.source, side.selection.mask, endpoint, side.grouping, limit=limit
    )


def _draw_alterations(compared: Compared, sides: tuple[_Side, _Side]) -> None:
    found = [_enrichment(compared, side) for side in sides]
    first, second = found
    if first is None or second is None:
        st.info("One of the two cohorts has no alterations to compare.")
        return
    names = [side.name for side in sides]
    table = replication(first, second)
    if table.empty:
        st.info("No alteration is frequent enough in both cohorts to be compared.")
        return
    title = (
        f"Alterations, {first.group} against {first.others}: {first.n + first.n_others:,} and "
        f"{second.n + second.n_others:,} patients"
    )
    said = replication_reading(table, *names)
    figure_with_downloads(
        replication_figure(
            table, names, title=title, synthetic=any(side.synthetic for side in sides), most=_SHOWN
        ),
        lambda: table,
        key="cohorts_alterations",
        name=("compare", "two cohorts", "alterations"),
        alt=f"{title}. {said}",
    )
    st.markdown(f"- {said}")
    number = st.column_config.NumberColumn
    shown = table.drop(columns="feature")
    config = {"label": st.column_config.TextColumn("Alteration", pinned=True), "agrees": "Same way"}
    for side, name in enumerate(names, start=1):
        config |= {
            f"difference_{side}": number(f"{name}: difference", format="percent"),
            f"odds_ratio_{side}": number(f"{name}: odds ratio", format="%.2g"),
            f"lower_{side}": number("95% from" + " " * side, format="%.2g"),
            f"upper_{side}": number("to" + " " * side, format="%.2g"),
            f"p_value_{side}": number(f"{name}: p", format="%.2g"),
            f"q_value_{side}": number(f"{name}: q", format="%.2g"),
        }
    st.dataframe(shown, hide_index=True, key="cohorts_table", column_config=config)


def _enrichment(compared: Compared, side: _Side) -> Enrichment | None:
    cohort = side.selection.source
    kinds = [kind for kind in kinds_of(cohort) if kind in ("gene", "cytogenetic")]
    if not kinds:
        return None
    found: GroupFrequencies = group_frequencies(
        cohort, side.selection.mask, kinds, grouping=side.grouping
    )
    if len(found.groups) < 2:
        return None
    return enrichment(found, next(iter(found.groups)), compared.made_of)
