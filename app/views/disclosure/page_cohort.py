"""Home and Cohort while disclosure control is on."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.cohort.disclosure import Disclosure, printed
from app.shell.controls.choice import choice
from app.shell.layout import draw_provenance
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.study.wording import mid_sentence
from app.views.disclosure.curves import released_curves
from app.views.disclosure.figures import released_bars, released_shares
from app.views.disclosure.page_parts import (
    Asked,
    asked_of,
    draw_released_grouping,
    released_downloads,
    released_figure,
)
from app.views.disclosure.tables import (
    alteration_tables,
    completeness_tables,
    frequency_frame,
    released_table,
    table_frame,
    table_one_frame,
    variables_of,
)

_ALTERATIONS = 12
_PICTURES, _TABLE, _KNOWN = "Who they are", "Table one", "Completeness"


def draw_home(looking: Looking, policy: Disclosure) -> None:
    """Tiles, disease and leading alterations."""
    asked = asked_of(looking, policy)
    _draw_tiles(asked)
    left, right = st.columns(2, gap="large")
    disease = next(iter(asked.release.published.of_kind("disease")), None)
    with left:
        if disease is None:
            st.info("No diagnosis that may be shown was recognised; the Data page says what is.")
        elif asked.may_ask(disease.name):
            _draw_picture(asked, disease.name)
        else:
            st.info(f"The filter fixes {mid_sentence(disease.label)}.")
    with right:
        _draw_alterations(asked)
    draw_provenance(looking)


def draw_cohort(looking: Looking, policy: Disclosure) -> None:
    """Distributions, table one, completeness."""
    if st.session_state.get("cohort_view") not in {_PICTURES, _TABLE, _KNOWN}:
        st.session_state.pop("cohort_view", None)
    view = choice("View", (_PICTURES, _TABLE, _KNOWN), "cohort_view", quiet=True)
    asked = asked_of(looking, policy)
    release, conditions = asked.release, asked.conditions
    if view == _TABLE:
        by = draw_released_grouping(asked)
        frame = table_one_frame(release, conditions, by)
        draw_table(frame, key="table_one", height=min(35 * (len(frame) + 1), 900))
        st.caption(
            "n (% of those known), all of rounded counts; hidden numbers of missing are taken for "
            "none. p to one digit, by chi-square of the rounded counts, only where no cell is "
            "hidden and each group has 10 patients."
        )
        released_downloads(asked, lambda: frame, key="table_one", name="table-one")
    elif view == _KNOWN:
        tables = completeness_tables(release, conditions)
        released_figure(
            asked, released_shares(tables, policy), f"Share with a known value, {asked.about}",
            partial(table_frame, tables),
            key="completeness", name="completeness", alt="Bars: share known of each variable.",
        )  # fmt: skip
    else:
        _draw_tiles(asked)
        names = [d.name for d in variables_of(release) if asked.may_ask(d.name)]
        left, right = st.columns(2, gap="large")
        for position, name in enumerate(names):
            with (left, right)[position % 2]:
                _draw_picture(asked, name)
        _draw_alterations(asked)
    st.caption(
        "A filter fixes the disease and at most two values, or one value and one alteration; what "
        "a filter has fixed is not shown again. Other filters, medians and single values cannot "
        "be answered safely."
    )


def _draw_tiles(asked: Asked) -> None:
    tiles = st.columns(3)
    looking = asked.looking
    tiles[0].metric("Patients, about", asked.policy.in_words(looking.selection.n), border=True)
    endpoint = next(iter(looking.cohort.endpoints.values()), None)
    curves = ()
    if endpoint is not None:
        curves = released_curves(endpoint, asked.release, asked.conditions).curves
    curve = curves[0] if curves else None
    median = "–" if curve is None else "not reached"
    if curve is not None and curve.median is not None:
        median = f"{curve.median / 12:.1f} years"
    label = "survival" if endpoint is None else mid_sentence(endpoint.label)
    tiles[1].metric(f"Median {label}", median, border=True)
    tiles[2].metric(
        "Events, about", "–" if curve is None else printed(curve.events), border=True
    )  # fmt: skip


def _draw_picture(asked: Asked, name: str) -> None:
    table = released_table(asked.release, asked.conditions, name)
    released_figure(
        asked, released_bars(table, asked.policy), f"{table.label}, {asked.about}",
        partial(table_frame, [table]),
        key=f"picture_{name}", name=name, alt=f"Bars: {table.label}.",
    )  # fmt: skip


def _draw_alterations(asked: Asked) -> None:
    tables = alteration_tables(asked.release, asked.conditions)[:_ALTERATIONS]
    if not tables:
        st.info("No alteration can be asked for under this filter.")
        return
    released_figure(
        asked, released_shares(tables, asked.policy),
        f"Most frequent alterations, {asked.about}", partial(frequency_frame, tables),
        key="alterations", name="alterations", alt="Bars: share altered of the tested.",
    )  # fmt: skip
