import streamlit as st

from app.cohort.escaping import literal
from app.shell.layout import page_header
from app.shell.session import cohort_keys, cohort_title
from app.views.data.corrections.page import draw_mapping_editor
from app.views.data.derive.page import draw_deriving
from app.views.data.page import (
    draw_saving,
    endpoint_table,
    feature_table,
    open_in_callback,
    truth_table,
    variable_table,
)
from app.views.data.page_combining import draw_combining
from app.views.data.page_keeping import draw_question, draw_workspace
from app.views.data.page_loading import draw_loading
from app.views.data.page_quality import draw_quality
from app.views.home.page import draw_next
from data_loaders.alterations.mutation_rule import rule_in_words
from data_loaders.mapping.corrections import in_words

looking = page_header("Data", "What is loaded, what was understood, and what was found wrong.")
cohort = looking.cohort

draw_loading()
draw_question(looking)
draw_next(looking)
with st.container(horizontal=True):
    for key in cohort_keys():
        st.button(
            cohort_title(key),
            key=f"open_{key}",
            on_click=open_in_callback,
            args=(key,),
            type="primary" if key == looking.key else "secondary",
            icon=":material/check:" if key == looking.key else ":material/folder_open:",
        )
draw_combining()

st.subheader(cohort.name, anchor=False)
provenance = cohort.provenance
lines = [
    provenance.note,
    provenance.citation,
    provenance.licence and f"Licence: {provenance.licence}",
]
st.markdown("  \n".join(line for line in lines if line) or f"Read from {provenance.source}.")
st.caption(f"Source: {provenance.source} · content fingerprint {cohort.fingerprint[:12]}")

draw_saving(looking)
draw_workspace(looking)

loaded = provenance.loaded
if loaded is not None and loaded.mapping_file:
    st.caption(f"Columns are as stated in the file {literal(loaded.mapping_file)}.")
elif loaded is not None and loaded.mapping:
    st.caption("Columns are as you stated: " + literal("; ".join(in_words(loaded.mapping))) + ".")

titles = ["Findings", "Correct what was understood", "Derive", "Endpoints", "Variables"]
titles += ["Alterations", *(["Planted truths"] if provenance.truths else [])]
tabs = st.tabs(titles, key="data_tabs")
findings, correct, derive, endpoints, variables, alterations, *truths = tabs
with findings:
    draw_quality(looking)
with correct:
    draw_mapping_editor(looking)
with derive:
    draw_deriving(looking)
with endpoints:
    if cohort.endpoints:
        st.dataframe(endpoint_table(cohort), hide_index=True, key="endpoints")
    else:
        st.info("No pair of a time and an event column was found, so survival cannot be shown.")
with variables:
    st.dataframe(
        variable_table(cohort),
        hide_index=True,
        key="variables",
        column_config={"Known": st.column_config.NumberColumn(format="percent")},
    )
with alterations:
    rule = rule_in_words(cohort.mutations)
    if rule:
        st.caption(rule)
    if cohort.alterations.shape[1]:
        st.dataframe(feature_table(cohort), hide_index=True, key="alterations")
    else:
        st.info("No 0/1 column was recognised as a gene or a cytogenetic event.")
for tab in truths:
    with tab:
        st.caption("This cohort is simulated. These are the values it was made with.")
        st.dataframe(truth_table(cohort), hide_index=True, key="truths")
