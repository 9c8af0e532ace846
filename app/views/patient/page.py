"""One patient: course, alterations, clinical values, place on the subgroup map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from app.cohort.scores import SCORES, computed_by, offered_scores
from app.shell.controls.choice import pick
from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.study.figures.theme import framed
from app.study.wording import count, format_percent, mid_sentence
from app.views.patient._scores import classes_of_patient, score_in_parts, scores_of_patient
from app.views.patient.analysis import (
    clinical_values,
    patient_alterations,
    patient_name,
    set_aside_variants,
)
from app.views.patient.figures import timeline_alt, timeline_figure
from app.views.patient.page_choice import draw_patient_choice, draw_patient_line
from app.views.patient.page_map import draw_place_on_map
from app.views.patient.similar.page import draw_similar
from app.views.patient.timeline import (
    histories,
    never_events,
    patient_events,
    treatments_recorded,
    undated_events,
)

UNIT = "years"


def draw_one_patient(looking: Looking) -> None:
    """Draw the choice of a patient, its course, and what there is to know in tabs."""
    position = draw_patient_choice(looking)
    draw_patient_line(looking, position)
    _draw_course(looking, position)
    places = st.tabs(list(TABS), key="patient_tabs", on_change="rerun")
    for place, draw in zip(places, TABS.values(), strict=True):
        if place.open:
            with place:
                draw(looking, position)


def _draw_course(looking: Looking, position: int) -> None:
    found = histories(looking.cohort)
    if found is None:
        st.info(
            "This cohort has no endpoint, so there is no course to draw: it needs a time and an "
            "event, such as os_months and os_event."
        )
    else:
        events = patient_events(found, position)
        name = patient_name(position)
        if len(events) > 1:
            title = f"Course of {mid_sentence(name)}, {count(len(events), 'event')}"
            figure_with_downloads(
                framed(timeline_figure(events, UNIT), title, synthetic=looking.synthetic),
                lambda: events,
                key="patient_timeline",
                name=("patient", str(position + 1), "course"),
                alt=timeline_alt(title, events, UNIT),
            )
        else:
            st.info(f"No follow-up is recorded for {mid_sentence(name)}, nor any dated event.")
        notes = []
        undated = undated_events(found, position)
        # Of whom nothing was followed nothing can be missed.
        never = never_events(found, position) if len(events) > 1 else []
        if undated:
            notes.append(f"At an unknown time: {', '.join(undated)}.")
        if never:
            notes.append(f"Not seen during follow-up: {', '.join(never)}.")
        if notes:
            st.caption(" ".join(notes))
    given = treatments_recorded(looking.cohort, position)
    if given:
        told = ", ".join(f"{label} ({value})" for label, value in given)
        st.caption(f"Treatments recorded without a time: {told}.")


def _draw_alterations(looking: Looking, position: int) -> None:
    cohort, mask = looking.cohort, looking.selection.mask
    if not len(cohort.features):
        st.info("This cohort has no alterations.")
        return
    found = patient_alterations(cohort, mask, position)
    if len(found.absent) + len(found.table) == 0:
        st.info("Nothing was tested in this patient: nothing can be said of its alterations.")
        return
    if len(found.table):
        draw_table(
            _alteration_table(found.table),
            key="patient_alterations",
            column_config={
                "Allele fraction": st.column_config.ProgressColumn(
                    format="percent", min_value=0.0, max_value=1.0
                )
            },
        )
    else:
        st.info("No alteration was found in this patient, among those tested.")
    aside, why = set_aside_variants(cohort, position)
    if aside:
        st.caption(f"{count(aside, 'variant')} not counted as mutations: {why}.")
    st.markdown(f"**Tested and not found ({len(found.absent)})**")
    st.caption(", ".join(found.absent) or "none")
    st.markdown(f"**Not tested ({len(found.not_tested)})**")
    st.caption(", ".join(found.not_tested) or "none: this patient was tested for everything")


def _alteration_table(table: pd.DataFrame) -> pd.DataFrame:
    common = [
        f"{row.altered:,} of {row.tested:,} tested ({format_percent(row.share)})"
        if row.tested
        else "nobody selected was tested"
        for row in table.itertuples()
    ]
    return (
        pd.DataFrame(
            {
                "Alteration": table["alteration"],
                "Kind": table["kind"],
                "Change": table["change"],
                "Class": table["variant_class"],
                "Allele fraction": table["vaf"].round(3),
                "In the selection": common,
            }
        )
        .dropna(axis="columns", how="all")
        .fillna({"Change": "", "Class": ""})
    )


def _draw_values(looking: Looking, position: int) -> None:
    values = clinical_values(looking.cohort, looking.selection.mask, position)
    known = values[values["recognised"]]
    others = values[~values["recognised"]]
    if known.empty and others.empty:
        st.info("No clinical value of this patient is recorded.")
        return
    if len(known):
        _draw_value_table(known, key="patient_values")
        st.caption(
            "Centile: the share of the selected patients with a known value who lie below this "
            "patient, ties counting half."
        )
    if len(others):
        with st.expander(f"Further columns of the data ({len(others)})"):
            _draw_value_table(others, key="patient_other_values")


def _draw_value_table(values: pd.DataFrame, *, key: str) -> None:
    standing = [
        f"median {row.quartiles} of {row.known:,}"
        if np.isfinite(row.centile)
        else f"{row.alike:,.0f} of {row.known:,} have the same"
        if np.isfinite(row.alike)
        else "not known of anybody selected"
        for row in values.itertuples()
    ]
    table = pd.DataFrame(
        {
            "What": values["label"],
            "This patient": values["value"],
            "Centile": values["centile"],
            "Among those selected": standing,
        }
    )
    config = st.column_config.ProgressColumn(format="%.0f", min_value=0.0, max_value=100.0)
    draw_table(table, key=key, column_config={"Centile": config})


def _draw_scores(looking: Looking, position: int) -> None:
    keys = offered_scores(looking.cohort)
    classes = classes_of_patient(looking.cohort, position)
    if keys or classes:
        st.caption("Computed from the cohort's columns, for research: not a diagnosis.")
    for label, verdict, evidence in classes:
        st.markdown(f"**{label}**: {verdict}")
        st.caption("Evidence: " + "; ".join(evidence) + ".")
    if not keys:
        st.info("No score can be computed from this cohort's columns.")
        return
    draw_table(scores_of_patient(looking.cohort, keys, position), key="patient_scores")
    labels = {key: SCORES[key].label for key in keys}
    key = pick("What one is made of", keys, "patient_score", labels=labels)
    draw_table(score_in_parts(looking.cohort, key, position), key="patient_score_parts")
    st.caption(f"{computed_by(SCORES[key])} {SCORES[key].note}".strip())


TABS = {
    "Patients like this one": draw_similar,
    "Alterations": _draw_alterations,
    "Clinical values": _draw_values,
    "Scores": _draw_scores,
    "Subgroup map": draw_place_on_map,
}
