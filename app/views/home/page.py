"""The parts of the home page."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.cohort.colours import BLUE, colour_of
from app.cohort.groupings import MISSING
from app.shell import navigation as pages
from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.sidebar import show_view
from app.study.figures.bars import share_bars
from app.study.figures.theme import framed
from app.study.wording import count, format_percent, listing
from app.views.home.analysis import gene_frequencies, leading_diseases
from app.views.home.page_questions import questions

_MOST_BARS = 10


def draw_diseases(looking: Looking) -> None:
    """Bars of the variables that say which disease it is."""
    diseases, n = leading_diseases(looking.selection.cohort), looking.selection.n
    if not diseases:
        st.info("No diagnosis column was recognised; the Data page lists what was read.")
    for position, grouping in enumerate(diseases):
        sizes = grouping.sizes()
        # Shares are of all with a value, those in smaller groups that have no bar among them.
        missing = int((grouping.codes == MISSING).sum())
        known = n - missing
        title = f"{grouping.label}, {count(known, 'patient')}"
        figure = framed(
            share_bars(
                grouping.names, sizes, [known] * len(sizes), grouping.colours, of="patients"
            ),
            title,
            synthetic=looking.synthetic,
        )
        numbers = {"group": grouping.names, "n": sizes, "of": [known] * len(sizes)}
        listed = ", ".join(
            f"{name} {size}" for name, size in zip(grouping.names, sizes, strict=True)
        )
        figure_with_downloads(
            figure,
            partial(pd.DataFrame, numbers),
            key=f"disease_{position}",
            name=(grouping.label,),
            alt=f"Bars. {title}: {listed}",
        )
        left_out = [f"{number:,} {why}" for why, number in grouping.left_out().items()]
        if left_out:
            st.caption(f"Of {count(n, 'patient')}, without a bar: {listing(left_out)}.")


def draw_alterations(looking: Looking) -> None:
    """Bars of the most frequent alterations, each of the patients tested."""
    frequencies, n = gene_frequencies(looking.selection.cohort), looking.selection.n
    top = frequencies[frequencies["altered"] > 0].head(_MOST_BARS)
    if top.empty:
        st.info("No alteration was found in these patients.")
        return
    labels = [str(looking.cohort.features.loc[name, "label"]) for name in top["feature"]]
    fewest, most = int(top["tested"].min()), int(top["tested"].max())
    tested = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    everyone = count(n, "patient")
    title = "Most frequent alterations, " + (
        everyone if fewest == n else f"{tested} of {everyone} tested"
    )
    figure = framed(
        share_bars(
            labels,
            top["altered"].tolist(),
            top["tested"].tolist(),
            [colour_of(label) or BLUE for label in labels],
            of="tested",
        ),
        title,
        synthetic=looking.synthetic,
    )
    alt = f"Bars. {title}: " + ", ".join(
        f"{label} {format_percent(share)}"
        for label, share in zip(labels, top["frequency"], strict=True)
    )
    figure_with_downloads(
        figure, lambda: frequencies, key="alterations", name=("alterations",), alt=alt
    )


def draw_questions(looking: Looking) -> None:
    """Cards that open a page with everything set."""
    cards = questions(looking.key, looking.cohort)
    columns = st.container(key="small_charts_questions").columns(3)
    for position, question in enumerate(cards):
        with columns[position % 3].container(border=True, height="stretch"):
            st.markdown(f"**{question.title}**")
            st.caption(question.answer_with)
            view = question.view
            if not looking.filter.is_empty and view.filter != looking.filter:
                st.caption(f"Replaces your filter by: {view.filter.describe(looking.cohort)}.")
            if st.button(
                "Show me",
                key=f"question_{position}",
                icon=":material/arrow_forward:",
                on_click=show_view,
                args=(view.cohort, view.filter, view.settings),
            ):
                # Nothing is passed on: the widgets write themselves into the new address.
                st.switch_page(_PAGES[view.page], query_params={})


_PAGES = {
    "compare": pages.COMPARE,
    "patient": pages.PATIENT,
    "prognosis": pages.PROGNOSIS,
    "survival": pages.SURVIVAL,
    "subgroups": pages.SUBGROUPS,
    "transplant": pages.TRANSPLANT,
}
