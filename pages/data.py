import streamlit as st

from app.cohort.escaping import literal
from app.shell.layout import page_header
from app.shell.session import cohort_keys, cohort_title
from app.views.data.corrections.page import draw_mapping_editor
from app.views.data.derive.page import draw_deriving
from app.views.data.page import (
    draw_alterations,
    draw_endpoints,
    draw_saving,
    draw_truths,
    draw_variables,
    open_in_callback,
)
from app.views.data.page_combining import draw_combining
from app.views.data.page_keeping import draw_question, draw_workspace
from app.views.data.page_loading import draw_loading
from app.views.data.page_quality import draw_quality
from app.views.home.page import draw_next
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

tabs = {
    "Findings": draw_quality,
    "Correct what was understood": draw_mapping_editor,
    "Derive": draw_deriving,
    "Endpoints": draw_endpoints,
    "Variables": draw_variables,
    "Alterations": draw_alterations,
} | ({"Planted truths": draw_truths} if provenance.truths else {})
# Once opened they stay, as what is typed there does, until another cohort is looked at: by name,
# since one that was corrected is still the same.
opened: set[str] = st.session_state.get("_data_tabs_opened", {}).get(cohort.name, set())
st.session_state["_data_tabs_opened"] = {cohort.name: opened}
places = st.tabs(list(tabs), key="data_tabs", on_change="rerun")
for place, (title, draw) in zip(places, tabs.items(), strict=True):
    if place.open:
        opened.add(title)
    if title in opened:
        with place:
            draw(looking)
