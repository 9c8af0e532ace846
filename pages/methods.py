import streamlit as st

from app.ui.layout import page_header
from app.ui.methods import REFERENCES, version_table

page_header("Methods", "How each number comes about, for the reader who will be asked.")

data, survival, subgroups, versions, references = st.tabs(
    ["Data", "Survival", "Subgroups", "Versions", "References"]
)
with data:
    st.markdown(
        """
**Patients and times.** One row a patient. Times become months once, when a file is read
(1 month = 30.4375 days, 12 months = 365.25 days), and pages show years or months.

**Tested, altered, not tested.** An alteration is altered, not altered or *not tested*. Not tested
is never wild type: every frequency is of the patients tested, with Wilson's 95% interval [1].

**Filters.** A patient is kept where every condition is known to hold. Where a value is missing or
a gene was not tested the patient is left out, also under "none of these", and counted as not known
beside each step.

**Gene names.** Former symbols become today's (MLL3 is KMT2C); each change is listed on the Data
page. What a file holds and the app does not know is kept as an ordinary column.

**Demo cohorts** are simulated. Frequencies, co-occurrence and hazard ratios follow published
figures; the Data page lists each with its source. No patient stands behind any row.
        """
    )
with survival:
    st.markdown(
        """
**Curves.** Kaplan-Meier's product-limit estimate [2] with Greenwood's variance. The 95% interval is
taken on the log-log scale unless another is chosen: R's `survfit` prints the log scale unless told
`conf.type = "log-log"`. Where the estimate is still 100% an interval is not defined.

**Numbers at risk** at time *t* are the patients whose follow-up reaches *t*. The table stands under
the same ticks as the axis [3].

**Median** is the first time at which the curve is at or below one half; "not reached" where it
never is. Its interval is where the limits of the band cross one half.

**Follow-up** is the median by reverse Kaplan-Meier [4]: deaths count as the end of observation.

**Comparison.** The log-rank test [5] over all groups with patients; every pair with Holm's
adjustment [6]. Below 10 patients in a group no p-value is given. A p-value is printed as
p < 0.0001 when it is smaller.

**Follow-up limit.** A limit is administrative censoring: every number on the page follows it.

**Competing events.** For endpoints such as AML transformation, deaths without the event are
censored on this page, so one minus the curve is not the share of patients who will have the event.
        """
    )
with subgroups:
    st.markdown(
        """
**Features** tested in every selected patient and altered in at least 0.5% of them (5 patients, or 3
below 300) are used. Patients without any of them form a group of their own, outside the map.

**The map.** Patients with the same alterations are one point for the method. Between the distinct
profiles the Jaccard distance is exact; UMAP [7] lays them out in two dimensions. On the figure
those who share a profile are spread around their point, so that many are seen as many. Distances
between far islands mean nothing.

**The groups.** HDBSCAN [8] runs over a grid of settings on several maps; the small clusters of each
run are merged while a penalised likelihood of the alterations improves; the consensus of all runs
gives the groups. A patient's confidence is how often the runs agree; below 0.6 it is drawn as
uncertain. The same data, settings and seed give the same groups, whatever the order of the rows.

**Names** come from the alterations that define a group: carried by at least half of it and
enriched (Fisher's exact test, false discovery rate below 5% [9]).

**Survival of subgroups** is described, not confirmed: the groups were found in the same patients.
        """
    )
with versions:
    st.dataframe(version_table(), hide_index=True, key="versions")
with references:
    st.markdown("\n".join(f"{i}. {text}" for i, text in enumerate(REFERENCES, start=1)))
