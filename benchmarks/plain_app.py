"""The baseline: what one writes in an afternoon with streamlit, lifelines and plotly.

One script, one filter, one Kaplan-Meier curve a group with its band, log-rank, numbers at risk.
Reads the cohort named by the environment variable PLAIN_COHORT (Parquet).
"""

import os

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test


@st.cache_data
def load(path: str) -> pd.DataFrame:
    """Read the table once."""
    return pd.read_parquet(path)


frame = load(os.environ["PLAIN_COHORT"])
st.title("Survival")
chosen = st.multiselect("Diagnosis", sorted(frame["diagnosis"].unique()), key="dx")
if chosen:
    frame = frame[frame["diagnosis"].isin(chosen)]
figure = go.Figure()
for name, group in frame.groupby("driver", observed=True):
    fit = KaplanMeierFitter().fit(group["os_months"], group["os_event"], label=str(name))
    band = fit.confidence_interval_survival_function_
    figure.add_scatter(x=band.index, y=band.iloc[:, 1], line={"shape": "hv", "width": 0})
    figure.add_scatter(
        x=band.index, y=band.iloc[:, 0], fill="tonexty", line={"shape": "hv", "width": 0}
    )
    curve = fit.survival_function_
    figure.add_scatter(x=curve.index, y=curve.iloc[:, 0], name=str(name), line={"shape": "hv"})
    st.write(name, fit.median_survival_time_, fit.event_table["at_risk"].iloc[::50].tolist())
test = multivariate_logrank_test(frame["os_months"], frame["driver"], frame["os_event"])
st.write("log-rank p", test.p_value)
st.plotly_chart(figure, key="km")
