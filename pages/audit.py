import time

import pandas as pd
import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.shell.accounts import end_logins, may, person
from app.shell.tables import draw_table
from app.shell.watch.audit import last_notes, note, noted_people
from data_loaders.settings import AUDIT, AUDIT_DAYS

st.title("Audit", anchor=False)
if not may("administer"):
    st.warning("This page is for administrators.")
    st.stop()
st.markdown("Who opened, filtered and took away what, the newest first; no value of a patient.")
with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = st.selectbox(
        "Person", noted_people(), index=None, placeholder="everybody", key="audit_person", width=320
    )
    ends = chosen is not None and st.button(
        "End every login",
        icon=":material/logout:",
        help="In all browsers, at once; the next login has the groups that the provider then says.",
    )
if ends and chosen is not None:
    end_logins(chosen, time.time())
    note(person(), "end_logins", what=chosen)
    st.success(f"Every login of {markdown_escaped(chosen)} has ended.")
notes, stored = last_notes(chosen)
if notes:
    table = pd.DataFrame(notes)
    table["at"] = pd.to_datetime(table["at"]).dt.strftime("%Y-%m-%d %H:%M:%S")
    table.columns = ["At (UTC)", "Person", "Role", "Action", "Cohort", "Filter", "n", "What"]
    table["Cohort"] = table["Cohort"].str[:12]
    table["Action"] = table["Action"].str.replace("_", " ")
    words = ["Role", "Cohort", "Filter", "What"]
    table[words] = table[words].fillna("–")
    patients = {"n": lambda n: "–" if pd.isna(n) else f"{n:,.0f}"}
    draw_table(table, key="audit_notes", printed=patients)
else:
    st.info("Nothing was noted since this server started.")
told = (
    f"The last 2,000 lines of all processes; the store keeps all of {AUDIT_DAYS.read()} days."
    if stored
    else "What this process noted last, at most 2,000 lines: the store cannot be read."
)
st.caption(f"{told} All of it is in {AUDIT.read()}." if AUDIT.read() else told)
