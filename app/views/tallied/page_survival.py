"""Survival from a tally: curves, competing risks and restricted means by group."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.shell.controls.choice import pick
from app.shell.controls.curve_options import draw_time_options
from app.shell.controls.time_axis import draw_axis_end, draw_read_at
from app.shell.links import ENDPOINT, endpoint_labels
from app.shell.show import frame
from app.shell.tables import draw_table
from app.shell.work.engine import engine_answer
from app.study.analyses import REGISTRY
from app.views.survival.curves.answer import survival_answer
from app.views.survival.curves.page_ratios import draw_ratios
from app.views.survival.curves.shape import ratios_from_counts
from app.views.survival.curves.words import summary_table
from app.views.survival.during.answer import during_answer
from app.views.survival.during.page import (
    draw_during,
    draw_during_options,
    draw_exposure,
    draw_landmarks,
    say_none,
)
from app.views.survival.incidence.answer import incidence_answer
from app.views.survival.incidence.estimates import competing_endpoints
from app.views.survival.incidence.words import summary_table as incidence_table
from app.views.survival.means.answer import means_answer, means_table
from app.views.tallied._during import Switch, Switches, switched, switches_of, tallied_during
from app.views.tallied.analysis import tallied_incidence, tallied_means, tallied_survival
from app.views.tallied.answer import as_told
from app.views.tallied.page_parts import (
    Asked,
    draw_groups,
    draw_view,
    show_answer,
    take_away_counts,
)

CURVES, INCIDENCE, MEANS, DURING = COUNTED = tuple(
    REGISTRY[f"survival.{name}"].label for name in ("curves", "incidence", "means", "during")
)
# No released count tells two times of a patient.
_RELEASED = (CURVES, INCIDENCE, MEANS)


def draw_survival(asked: Asked) -> None:
    """Curves, cumulative incidence or restricted means by group, and their numbers."""
    cohort = asked.tally.cohort
    if not cohort.endpoints:
        st.info("This cohort has no endpoint: the Data page says what was read.")
        return
    view = draw_view(asked, "survival", _RELEASED)
    labels = endpoint_labels(cohort)
    options = competing_endpoints(cohort) if view == INCIDENCE else list(labels)
    if not options:
        st.info("No endpoint of this cohort knows its competing event.")
        return
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        if st.session_state.get(ENDPOINT) not in options:
            st.session_state.pop(ENDPOINT, None)
        endpoint = pick("Endpoint", options, ENDPOINT, labels=labels)
    if view == DURING:
        _draw_during(asked, endpoint, middle, right)
        return
    with right.popover("Options", icon=":material/tune:", width="stretch"):
        time = draw_time_options()
        read_at = draw_read_at()
    with middle:
        spec = draw_groups(asked)
    said = {"unit": time.unit, "read_at": read_at}
    if view == CURVES:
        curves = asked.ask(
            ("curves", endpoint, spec, time.limit),
            lambda tally: tallied_survival(tally, asked.filter, endpoint, spec, time.limit),
        )
        place = frame()
        with place.below:
            until = draw_axis_end(curves.supported_until, curves.last_time, time.unit)
        answer = survival_answer(cohort, curves, **said, until=until, marks=asked.tally.exact)
        table = summary_table(curves, time.unit, read_at)
    elif view == MEANS:
        means = asked.ask(
            ("means", endpoint, spec, time.limit),
            lambda tally: tallied_means(tally, asked.filter, endpoint, spec, time.limit),
        )
        place = frame()
        answer = means_answer(cohort, means, unit=time.unit)
        table = means_table(means, time.unit)
    else:
        risks = asked.ask(
            ("incidence", endpoint, spec, time.limit),
            lambda tally: tallied_incidence(tally, asked.filter, endpoint, spec, time.limit),
        )
        place = frame()
        with place.below:
            until = draw_axis_end(risks.supported_until, risks.last_time, time.unit)
        answer = incidence_answer(cohort, risks, **said, until=until)
        table = incidence_table(risks, read_at)
    show_answer(asked, answer, place=place)
    st.subheader("In numbers", anchor=False)
    draw_table(table, key=f"{answer.key}_summary")
    ratios = ratios_from_counts(curves) if view == CURVES and asked.tally.exact else None
    if ratios is not None:
        draw_ratios(ratios)


def _draw_during(
    asked: Asked, endpoint: str, middle: DeltaGenerator, right: DeltaGenerator
) -> None:
    """An event during follow-up as an exposure, of a database."""
    cohort = asked.tally.cohort
    found: list[Switch] = engine_answer(
        ("switches of", endpoint), lambda tally: switches_of(tally, endpoint)
    )
    if not found:
        say_none(cohort.endpoints[endpoint])
        return
    with middle:
        key = draw_exposure([one.exposure for one in found])
    with right.popover("Options", icon=":material/tune:", width="stretch", key="during_options"):
        time, start = draw_during_options()
        st.caption("A model with covariates needs rows: the view “Cox model” has a sample.")
    switch = next(one for one in found if one.exposure.key == key)
    held: Switches = engine_answer(
        ("switched", asked.filter, endpoint, key, time.limit),
        lambda tally: switched(tally, asked.filter, endpoint, switch, time.limit),
    )
    landmarks, drawn = draw_landmarks(held.usual)
    result, notes = engine_answer(
        ("during", asked.filter, endpoint, key, time.limit, tuple(landmarks), drawn, start),
        lambda tally: tallied_during(tally, held, landmarks, drawn, start),
    )
    answer = as_told(during_answer(cohort, result, unit=time.unit), asked.tally, notes)
    draw_during(answer, result)
    take_away_counts(asked, answer)
