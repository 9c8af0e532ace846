"""What two cohorts answer to the same question: words, survival, clinical, alterations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.associations import describable, table_one
from app.cohort.filters import Filter, Selection
from app.cohort.groupings import Arrangement, Grouping, GroupingSpec
from app.shell.columns import percent, pinned, two_digits
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import figure_with_downloads
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.outcomes import outcome_of
from app.study.wording import count
from app.views.compare.analysis import OTHERS, Enrichment, enrichment, made_of
from app.views.compare.match import Matching, shared
from app.views.compare.page_groups import Compared, draw_guard
from app.views.compare.two_cohorts.analysis import (
    clinical_replication,
    hazards_reading,
    replication,
    replication_reading,
)
from app.views.compare.two_cohorts.figures import clinical_replication_figure, replication_figure
from app.views.compare.two_cohorts.script import cohorts_script
from app.views.compare.words_methods import cohorts_methods
from app.views.genomics.frequencies.analysis import group_frequencies
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from app.views.survival.curves.figures import survival_alt, survival_figure
from app.views.survival.curves.words import numbers_table, reading, summary_sheet
from app.views.survival.curves.words_sheets import tests_sheet
from data_loaders import Cohort
from data_loaders.model import FeatureKind

_SHOWN = 15
# More bands than these hide each other.
_BANDS = 3


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two cohorts: whom it has selected, and the matched groups."""

    selection: Selection
    filter: Filter
    spec: GroupingSpec
    grouping: Grouping

    @property
    def cohort(self) -> Cohort:
        """The cohort."""
        return self.selection.source

    @property
    def made_of(self) -> set[str]:
        """Features that the groups are made of."""
        return made_of(self.cohort, self.spec, self.grouping.names)

    @property
    def kinds(self) -> list[FeatureKind]:
        """Kinds of alterations compared; empty for none."""
        return [kind for kind in self.cohort.feature_kinds if kind in ("gene", "cytogenetic")]


@dataclass(frozen=True, eq=False)
class Both:
    """The question asked in both cohorts, and what each part of the answer is."""

    compared: Compared
    matching: Matching
    sides: tuple[Side, Side]
    same: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the cohorts."""
        return [side.cohort.name for side in self.sides]

    @property
    def synthetic(self) -> bool:
        """Whether any of the data are simulated."""
        return any(side.cohort.provenance.synthetic for side in self.sides)

    @property
    def arrangement(self) -> Arrangement:
        """Names, colours and order as shown."""
        return self.compared.arrangement

    @property
    def exclusive(self) -> bool:
        """Whether overlapping filters were made into combinations."""
        return self.compared.exclusive

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that both have."""
        return self.sides[0].grouping.names

    @property
    def endpoint(self) -> str:
        """Key of the endpoint; empty where the second cohort lacks it."""
        key = self.compared.endpoint
        return key if key in self.sides[1].cohort.endpoints else ""

    @cached_property
    def variables(self) -> dict[str, str]:
        """Clinical variables that both have, the second's name by the first's; no centres."""
        theirs = set(describable(self.sides[1].cohort))
        asked = [
            name
            for name in self.compared.variables
            if self.sides[0].cohort.variables[name].role != "study"
        ]
        same = {name: self.matching.variables.get(name, "") for name in asked}
        return {name: other for name, other in same.items() if other in theirs}


def draw_answer(both: Both) -> None:
    """What both cohorts say, in words, figures and to take away."""
    first, second = both.sides
    survival = _survivals(both)
    clinical = clinical_replication(
        *(
            table_one(side.cohort, side.grouping, side.selection.mask, variables=list(names))
            for side, names in zip(
                both.sides, (both.variables, both.variables.values()), strict=True
            )
        ),
        both.variables,
    )
    found = [_enrichment(side) for side in both.sides]
    alterations = pd.DataFrame()
    if found[0] is not None and found[1] is not None:
        alterations = replication(found[0], found[1], both.matching.alterations)
    told = {
        "Clinical": replication_reading(clinical, *both.names, "variable"),
        "Alterations": replication_reading(alterations, *both.names),
    }
    said = [told[what] for what, table in (("Clinical", clinical), ("Alterations", alterations))
            if len(table)]  # fmt: skip
    if survival is not None:
        later = [side.grouping for side in both.sides if side.grouping.after_baseline]
        draw_guard(both.compared, next(iter(later), first.grouping))
        said.insert(0, hazards_reading(*survival, both.names))
    _draw_words(both, said)
    figures: dict[str, go.Figure] = {}
    if survival is not None:
        figures |= _draw_survival(both, survival)
    else:
        st.info(f"{second.cohort.name} does not have the endpoint chosen; choose one of both.")
    figures |= _draw_clinical(both, clinical, told["Clinical"])
    figures |= _draw_alterations(both, alterations, told["Alterations"])
    _draw_not_shared(both)
    draw_take_away(
        both.compared.looking,
        TakeAway(
            key="cohorts",
            name=("compare", "two cohorts", both.compared.grouping.label),
            figures=figures,
            sheets=partial(_sheets, clinical, alterations, survival or ()),
            methods=cohorts_methods(
                [(side.selection, side.grouping) for side in both.sides],
                survival,
                (len(clinical), len(alterations)),
            ),
            script=partial(
                cohorts_script, both, None if survival is None else survival[0].outcome.limit
            ),
        ),
    )


def _sheets(
    clinical: pd.DataFrame, alterations: pd.DataFrame, survival: Sequence[GroupSurvival]
) -> dict[str, pd.DataFrame]:
    sheets = {"Clinical": clinical, "Alterations": alterations}
    for place, result in enumerate(survival, start=1):
        sheets |= {
            f"Survival {place}": summary_sheet(result, "years"),
            f"Tests {place}": tests_sheet(result),
            f"Curves {place}": numbers_table(result, "years"),
        }
    return sheets


def _draw_words(both: Both, said: list[str]) -> None:
    sizes = [
        f"**{side.cohort.name}**: "
        + ", ".join(
            f"{name} {size:,}"
            for name, size in zip(
                side.grouping.names, side.grouping.sizes(side.selection.mask), strict=True
            )
        )
        for side in both.sides
    ]
    st.markdown("  \n".join(sizes))
    left = [name for name in both.compared.grouping.names if name not in both.groups]
    if left:
        st.caption(f"Not in both, hence not shown: {', '.join(left)}.")
    st.subheader("Is it the same in both?", anchor=False)
    st.markdown("\n".join(f"- {sentence}" for sentence in said))
    if both.synthetic:
        st.caption("At least one of the two cohorts is simulated: what comes again proves nothing.")


def _survivals(both: Both) -> tuple[GroupSurvival, GroupSurvival] | None:
    """Survival in both, followed for as long as the shorter follow-up: one axis for both."""
    if not both.endpoint:
        return None
    limit = min(_last_time(side, both.endpoint) for side in both.sides)
    first, second = (
        survival_by_group(
            side.cohort, side.selection.mask, both.endpoint, side.grouping, limit=limit, pairs=False
        )
        for side in both.sides
    )
    return first, second


def _last_time(side: Side, endpoint: str) -> float:
    """End of the longest follow-up in months; 0 where nobody is followed."""
    time = outcome_of(side.cohort, side.selection.mask, endpoint, side.grouping).time
    return float(time.max(initial=0.0))


def _draw_survival(
    both: Both, results: tuple[GroupSurvival, GroupSurvival]
) -> dict[str, go.Figure]:
    figures = {}
    columns = st.container()
    until = draw_axis_end(
        max(result.supported_until for result in results),
        max(result.last_time for result in results),
    )
    for place, (column, side, result) in enumerate(
        zip(columns.columns(2, gap="large"), both.sides, results, strict=True)
    ):
        name = side.cohort.name
        title = f"{result.endpoint.label}, {name}, {count(result.analysed, 'patient')}"
        sentences = reading(result)
        figure = framed(
            survival_figure(result, band=len(result.drawn) <= _BANDS, until=until),
            title,
            synthetic=side.cohort.provenance.synthetic,
        )
        figures[f"Survival {place + 1}"] = figure
        with column:
            figure_with_downloads(
                figure,
                partial(numbers_table, result, "years"),
                key=f"cohorts_km_{place}",
                name=("compare", name, result.endpoint.key),
                alt=survival_alt(title, result, sentences),
            )
            st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    limit = results[0].outcome.limit or 0
    st.caption(
        f"Same groups, colours and axes. Follow-up ends at {limit / 12:.1f} "
        "years in both, where that of the shorter cohort ends, for every number here."
    )
    return figures


def _draw_clinical(both: Both, table: pd.DataFrame, told: str) -> dict[str, go.Figure]:
    if not len(table):
        st.info("The cohorts have no clinical variable in common.")
        return {}
    two = len(both.groups) == 2
    title = _title(both, "Clinical differences")
    figure = framed(
        clinical_replication_figure(
            table, both.names, higher_in=both.groups[0] if two else "", most=_SHOWN
        ),
        title,
        synthetic=both.synthetic,
    )
    figure_with_downloads(
        figure,
        lambda: table,
        key="cohorts_clinical",
        name=("compare", "two cohorts", "clinical"),
        alt=f"{title}. {told}",
    )
    config = _config(both, "Variable", "smd", "SMD") | {
        f"missing_{side}": st.column_config.NumberColumn(f"{name}: missing")
        for side, name in enumerate(both.names, 1)
    }
    draw_table(
        table.drop(columns=["variable", "directed"]),
        key="cohorts_clinical_table",
        column_config=config,
    )
    st.caption(
        "SMD: standardised mean difference"
        + (f", positive where higher or more frequent in {both.groups[0]}, with " if two else "; ")
        + ("95% interval. " if two else "the largest of any two groups. ")
        + "q (Benjamini-Hochberg) over the variables that both have."
    )
    return {"Clinical": figure}


def _draw_alterations(both: Both, table: pd.DataFrame, told: str) -> dict[str, go.Figure]:
    if not len(table):
        st.info("No alteration is frequent enough in both cohorts to be compared.")
        return {}
    against = both.groups[1] if len(both.groups) == 2 else OTHERS
    title = _title(both, f"Alterations, {both.groups[0]} against {against}")
    figure = framed(
        replication_figure(table, both.names, most=_SHOWN), title, synthetic=both.synthetic
    )
    figure_with_downloads(
        figure,
        lambda: table,
        key="cohorts_alterations",
        name=("compare", "two cohorts", "alterations"),
        alt=f"{title}. {told}",
    )
    config = _config(both, "Alteration", "odds_ratio", "odds ratio") | {
        f"difference_{side}": percent(f"{name}: difference")
        for side, name in enumerate(both.names, 1)
    }
    draw_table(table.drop(columns="feature"), key="cohorts_table", column_config=config)
    return {"Alterations": figure}


def _config(both: Both, what: str, column: str, called: str) -> dict[str, Any]:
    """Headings of a table with the same columns of either cohort."""
    config: dict[str, Any] = {
        "label": pinned(what),
        "agrees": "Same direction",
    }
    for side, name in enumerate(both.names, start=1):
        config |= {
            f"{column}_{side}": two_digits(f"{name}: {called}"),
            f"lower_{side}": two_digits("95% from" + " " * side),
            f"upper_{side}": two_digits("to" + " " * side),
            f"p_value_{side}": two_digits(f"{name}: p"),
            f"q_value_{side}": two_digits(f"{name}: q"),
        }
    return config


def _draw_not_shared(both: Both) -> None:
    said = shared(both.matching).sentences(*both.names)
    if said:
        with st.expander("What only one of the cohorts has, hence is not compared"):
            st.markdown("\n".join(f"- {sentence}" for sentence in said))


def _enrichment(side: Side) -> Enrichment | None:
    if not side.kinds:
        return None
    found = group_frequencies(side.cohort, side.selection.mask, side.kinds, grouping=side.grouping)
    if len(found.groups) < 2:
        return None
    return enrichment(found, next(iter(found.groups)), side.made_of)


def _title(both: Both, what: str) -> str:
    sizes = [f"{sum(side.grouping.sizes(side.selection.mask)):,}" for side in both.sides]
    return f"{what}: {' and '.join(sizes)} patients"
