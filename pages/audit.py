import pandas as pd
import streamlit as st

from app.shell.accounts import may
from app.shell.tables import draw_table
from app.shell.watch.audit import last_notes
from data_loaders.settings import AUDIT

st.title("Audit", anchor=False)
if not may("administer"):
    st.warning("This page is for administrators.")
    st.stop()
st.markdown("Who opened, filtered and took away what, the newest first; no value of a patient.")
notes = last_notes()
if notes:
    table = pd.DataFrame(notes)
    table["at"] = pd.to_datetime(table["at"]).dt.strftime("%Y-%m-%d %H:%M:%S")
    table.columns = ["At (UTC)", "Person", "Role", "Action", "Cohort", "Filter", "n", "What"]
    table["Cohort"] = table["Cohort"].str[:12]
    table["Action"] = table["Action"].str.replace("_", " ")
    words = ["Role", "Cohort", "Filter", "What"]
    table[words] = table[words].fillna("–")
    draw_table(table, key="audit_notes")
else:
    st.info("Nothing was noted since this server started.")
st.caption(
    f"What this process noted last, at most 2,000 lines. All of it is in {AUDIT.read()}."
    if AUDIT.read()
    else f"What this process noted last, at most 2,000 lines; it is kept nowhere: {AUDIT.name} "
    "names no file."
)
