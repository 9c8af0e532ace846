"""What comes of event tables is what comes of the rows of their patients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.competing_risks import cumulative_incidence, cumulative_incidence_from_events
from app.analysis.survival import (
    kaplan_meier,
    kaplan_meier_from_events,
    logrank_from_events,
    logrank_test,
)
from app.cohort.tally import event_table

PATIENTS = st.lists(
    st.tuples(
        st.integers(0, 12),  # entry
        st.integers(1, 15),  # time under observation
        st.sampled_from([0, 1, 1, 2]),
        st.sampled_from("abc"),
        st.sampled_from("xy"),
    ),
    min_size=2,
    max_size=60,
)


def columns(rows: list[Any], *, late: bool) -> dict[str, Any]:
    came, stay, cause, group, site = (np.array(column) for column in zip(*rows, strict=True))
    entry = came / 2 if late else np.zeros(len(rows))
    return {
        "entry": entry if late and entry.any() else None,
        "time": entry + stay / 2, "cause": cause, "group": group,
        "site": site,
    }  # fmt: skip


def table_of(data: dict[str, Any], who: Any = slice(None), **more: Any) -> pd.DataFrame:
    cause = data["cause"][who]
    entry = None if data["entry"] is None else data["entry"][who]
    return event_table(
        data["time"][who], cause == 1, cause == 2, entry, pd.Categorical(data["group"][who]), **more
    )  # fmt: skip


@given(PATIENTS, st.booleans(), st.sampled_from(["log-log", "log", "plain"]))
def test_curves_are_those_of_the_rows(rows: list[Any], late: bool, conf_type: Any):
    data = columns(rows, late=late)
    expected = kaplan_meier(data["time"], data["cause"] == 1, data["entry"], conf_type)
    found = kaplan_meier_from_events(table_of(data), conf_type)
    pd.testing.assert_frame_equal(found.table, expected.table, rtol=1e-12)
    assert (found.n, found.events, found.method) == (expected.n, expected.events, expected.method)
    for one, other in (
        (found.median_ci, expected.median_ci),
        (found.rmst(5), expected.rmst(5)),
        (found.rmst(5).std_error, expected.rmst(5).std_error),
        (found.median_followup, expected.median_followup),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    pd.testing.assert_frame_equal(found.at([1, 4.5, 9]), expected.at([1, 4.5, 9]))


@given(PATIENTS, st.booleans(), st.sampled_from(["logrank", "peto-peto"]), st.booleans())
def test_tests_are_those_of_the_rows(rows: list[Any], late: bool, weights: Any, by_site: bool):
    data = columns(rows, late=late)
    if len(set(data["group"])) < 2:
        return
    strata = data["site"] if by_site else None
    expected = logrank_test(
        data["time"], data["cause"] == 1, data["group"], data["entry"], strata, weights=weights
    )
    table = table_of(data)
    if by_site:
        sites = {site: table_of(data, data["site"] == site) for site in sorted(set(data["site"]))}
        table = pd.concat([part.assign(site=site) for site, part in sites.items()])
    found = logrank_from_events(table.sample(frac=1, random_state=0), weights=weights)
    np.testing.assert_allclose(found.statistic, expected.statistic, rtol=1e-9)
    assert (found.df, found.n, found.events) == (expected.df, expected.n, expected.events)
    assert found.method == expected.method
    pd.testing.assert_frame_equal(found.table, expected.table, rtol=1e-9)


@given(PATIENTS, st.booleans())
def test_incidences_are_those_of_the_rows(rows: list[Any], late: bool):
    data = columns(rows, late=late)
    if not data["cause"].any():
        return
    expected = cumulative_incidence(data["time"], data["cause"], data["entry"])
    found = cumulative_incidence_from_events(table_of(data))
    pd.testing.assert_frame_equal(found.table, expected.table, rtol=1e-10)
    assert found.events == expected.events


def test_on_a_grid_who_leaves_between_two_points_leaves_at_the_later():
    table = event_table(np.array([1, 3, 6, 6.5]), np.array([True, False] * 2), grid=[0, 6, 12])
    assert table["time"].tolist() == [0, 6, 12]
    assert table["entered"].tolist() == [4, 0, 0]
    assert table["events"].tolist() == [0, 2, 0]
    assert table["censored"].tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="grid ends at 5"):
        event_table(np.array([1.0, 6]), np.array([True, False]), grid=[0, 5])


def test_impossible_tables_are_refused_in_a_sentence():
    fine = event_table(np.array([1.0, 2]), np.array([True, False]))
    for broken, said in (
        (fine.drop(columns="events"), "no column 'events'"),
        (fine.assign(events=fine["events"] - 0.5), "whole numbers"),
        (fine.assign(entered=fine["entered"] + 1), "5 patients enter and 2 leave"),
        (fine.assign(events=0, censored=0, entered=0), "no patient"),
        (fine.assign(entered=fine["entered"].to_numpy()[::-1]), "before they have entered"),
    ):
        with pytest.raises(ValueError, match=said):
            kaplan_meier_from_events(broken)
    with pytest.raises(ValueError, match="only one"):
        logrank_from_events(fine)
