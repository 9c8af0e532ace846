"""How far an emulated trial can be trusted: weights, positivity, balance, other choices."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.analysis.cohort_screen import format_ratio
from app.analysis.transplant import Emulation, age_bands, positivity
from app.analysis.transplant.defaults import age_column
from app.ui.transplant_work import Work, sensitivity_job

_TABS = ["Assumptions", "Weights", "Positivity", "Balance", "Other choices", "E-value"]


def draw_diagnostics(work: Work, found: Emulation) -> None:
    """Tabs, of which only the open one is computed."""
    st.subheader("Can it be trusted?", anchor=False)
    places = st.tabs(_TABS, key="transplant_trust", on_change="rerun")
    for name, place in zip(_TABS, places, strict=True):
        if place.open:
            with place:
                _DRAW[name](work, found)


def _draw_assumptions(_: Work, found: Emulation) -> None:
    st.markdown("\n".join(f"- {note}" for note in found.notes[:_MOST_NOTES]))
    rest = found.notes[_MOST_NOTES:]
    if rest:
        with st.expander(f"{len(rest)} more, by strategy and class"):
            st.markdown("\n".join(f"- {note}" for note in rest))
    st.caption(f"{found.method}.")


_MOST_NOTES = 5


def _draw_weights(_: Work, found: Emulation) -> None:
    table = found.weights
    st.dataframe(
        pd.DataFrame(
            {
                "Strategy": table["strategy"],
                "Patients": table["state"],
                "n": table["n"],
                "Mean": table["mean"].round(2),
                "SD": table["sd"].round(2),
                "Median": table["median"].round(2),
                "99th percentile": table["p99"].round(2),
                "Largest": table["maximum"].round(1),
                "Effective n": table["effective"].round(0),
            }
        ),
        hide_index=True,
        key="transplant_weights",
    )
    st.caption(
        "Stabilised weights should average about 1. The effective number is how many equally "
        "weighted patients would say as much; where it is far below n, few patients decide."
    )
    st.dataframe(_ratios(found.adherence), hide_index=True, key="transplant_adherence")
    st.caption("The models behind the weights: who is transplanted, and who is lost.")


def _ratios(table: pd.DataFrame) -> pd.DataFrame:
    ratios = zip(table["hr"], table["lower"], table["upper"], strict=True)
    return pd.DataFrame(
        {
            "Model": table["model"],
            "Per standard deviation of": table["term"],
            "HR (95% CI)": ["–" if pd.isna(ratio[0]) else format_ratio(*ratio) for ratio in ratios],
            "Note": table["note"],
        }
    )


def _draw_positivity(work: Work, found: Emulation) -> None:
    cohort, data = work.looking.cohort, work.protocol.data
    strata = pd.DataFrame(index=range(data.n_given))
    column = age_column(cohort)
    if column is not None:
        years = cohort.patients[column].to_numpy(dtype=float, na_value=float("nan"))
        ages = pd.Series(float("nan"), index=range(data.n_given))
        ages.iloc[data.rows] = years[work.protocol.patients]
        strata["Age"] = age_bands(ages.to_numpy())
    if len(data.names) > 1:
        classes = pd.Series([None] * data.n_given, dtype=object)
        classes.iloc[data.rows] = [data.names[code] for code in data.groups]
        strata["Class"] = pd.Categorical(classes, categories=list(data.names), ordered=True)
    if strata.empty or not len(strata.columns):
        st.info("Without an age and without classes there is nothing to look at by.")
        return
    table = positivity(found, strata)
    table = table[table["n"] > 0]
    st.dataframe(
        pd.DataFrame(
            {
                **{name: table[name].astype(str) for name in strata.columns},
                "Strategy": table["strategy"],
                "Patients": table["n"],
                "Transplanted in its window": table["transplanted"],
                "Modelled chance": (100 * table["probability"]).round(1),
                "Share below 1%": (100 * table["near_zero"]).round(0),
                "Note": table["note"],
            }
        ),
        hide_index=True,
        key="transplant_positivity",
        column_config={
            "Modelled chance": st.column_config.NumberColumn(format="%.1f%%"),
            "Share below 1%": st.column_config.NumberColumn(format="%.0f%%"),
        },
    )
    st.caption(
        "Weights cannot make up for patients who are not there: where nobody, or next to nobody, "
        "could have followed a strategy, a narrower eligibility is the honest answer."
    )


def _draw_balance(_: Work, found: Emulation) -> None:
    table = found.balance
    st.dataframe(
        pd.DataFrame(
            {
                "Strategy": table["strategy"],
                "Against": table["reference"],
                "Month": table["at"].round(1),
                "Confounder": table["term"],
                "Before weighting": table["smd_before"].round(2),
                "After weighting": table["smd_after"].round(2),
            }
        ),
        hide_index=True,
        key="transplant_balance",
    )
    st.caption(
        "Differences in standard deviations between who follows the strategy and who follows the "
        "reference; below 0.1 after weighting is good, above 0.25 is a reason to doubt."
    )


def _draw_choices(work: Work, _: Emulation) -> None:
    job = sensitivity_job(work)
    if job.state == "refused":
        st.info(job.message)
    elif job.state != "done":
        st.skeleton(260)
    else:
        table = job.result
        table = table[(table["group"] == table["group"].iloc[0])]
        st.dataframe(
            pd.DataFrame(
                {
                    "Choice": table["choice"],
                    "Strategy": table["strategy"],
                    "Months of life": table["rmst_difference"].round(1),
                    "Survival, points": (100 * table["survival_difference"]).round(1),
                    "HR": table["hazard_ratio"].round(2),
                    "Note": table["note"],
                }
            ),
            hide_index=True,
            key="transplant_choices",
        )
        st.caption(
            "The same trial with another grace period, cut-off of the weights, spread of the "
            "transplants or handling of losses, everyone eligible. If the answer hangs on one of "
            "them, it is not an answer."
        )


def _draw_e_value(_: Work, found: Emulation) -> None:
    table = found.contrasts[found.contrasts["supported"]]
    if table.empty:
        st.info("There is no estimate that a hidden confounder could explain away.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                "Class": table["group"],
                "Strategy": table["strategy"],
                "Risk ratio": table["risk_ratio"].round(2),
                "E-value": table["e_value"].round(2),
                "E-value of the limit": table["e_value_limit"].round(2),
            }
        ),
        hide_index=True,
        key="transplant_e_values",
    )
    st.caption(
        "How strongly something not recorded here would have to be tied to both the transplant and "
        "the event, as a risk ratio, beyond the confounders, to explain the estimate away "
        "(VanderWeele and Ding 2017). A limit of 1: the interval already holds no difference."
    )


_DRAW = {
    "Assumptions": _draw_assumptions,
    "Weights": _draw_weights,
    "Positivity": _draw_positivity,
    "Balance": _draw_balance,
    "Other choices": _draw_choices,
    "E-value": _draw_e_value,
}
