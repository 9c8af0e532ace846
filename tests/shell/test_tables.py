"""Names that differ only at their end stay apart in a table."""

from __future__ import annotations

import json

import pandas as pd
from streamlit.testing.v1 import AppTest

from app.shell.tables import names_on_phone, names_width

LONG = ["Myelofibrotic transformation, months", "Myelofibrotic transformation, event"]


def _page() -> None:
    import pandas as pd
    import streamlit as st

    from app.shell.columns import columns
    from app.shell.tables import draw_table

    names = ["CALR type 1", "CALR type 2"]
    draw_table(pd.DataFrame({"Group": names, "n": [5, 6], "note": ["a", "b"]}), key="plain")
    pairs = pd.DataFrame({"A": names, "B": names[::-1], "p": ["0.2", "0.3"]})
    draw_table(pairs, key="pairs")
    config = {"label": st.column_config.TextColumn("Alteration", pinned=True)}
    draw_table(pd.DataFrame({"n": [1], "label": ["del(5q), isolated"]}), key="own",
               column_config=config)  # fmt: skip
    draw_table(pd.DataFrame({"n": []}), key="empty")
    counts = {"n": [1234, 5], "years": [2019, 2020], "hr": [1234.5, 2.0], "label": ["a", "b"]}
    counts |= {"events": [2000.0, float("nan")], "share": [0.0765, None], "p": [1000, 2]}
    counts |= {"q_value": [3.8e-86, 0.2]}
    config = columns("q_value", events="Events", n=st.column_config.Column("Patients", pinned=True))
    config |= {"share": st.column_config.NumberColumn(format="percent")}
    draw_table(pd.DataFrame(counts), key="counts", column_config=config, printed={"p": str})


def test_columns_of_names_are_as_wide_as_the_longest_name():
    at = AppTest.from_function(_page).run()
    assert not at.exception
    plain, pairs, own, *_ = [json.loads(table.proto.columns) for table in at.dataframe]
    room = names_width("Group", ["CALR type 2"])
    assert room > 7 * len("CALR type 2")
    assert plain["Group"]["width"] == room
    assert plain["Group"]["pinned"]
    assert "note" not in plain
    assert pairs["A"]["width"] == pairs["B"]["width"] == room
    assert own["label"]["width"] == names_width("Alteration", ["del(5q), isolated"])


def test_a_column_of_names_leaves_room_for_numbers():
    assert names_width("Variable", ["x" * 500]) <= 320
    assert names_width("n", pd.Series([], dtype=object)) >= 80
    assert names_width("Variable", LONG) > 7 * len(LONG[0])


def test_names_leave_room_for_numbers_on_a_phone_and_stay_apart():
    bcr = [f"BCR::ABL1 (international scale) at {month} months, %" for month in (3, 6, 12)]
    short = names_on_phone([*bcr, *LONG, "Sex", "Sex"])
    assert list(short) == [*bcr, *LONG, "Sex"]
    assert max(map(len, short.values())) <= 20
    assert len(set(short.values())) == 6
    assert short["Sex"] == "Sex"


def test_counts_shares_and_p_values_are_printed_as_in_sentences():
    table = AppTest.from_function(_page).run().dataframe[-1].proto
    shown = json.loads(table.columns)
    formats = {name: held.get("type_config", {}).get("format") for name, held in shown.items()}
    assert {name for name, how in formats.items() if how == "localized"} == {"n", "events"}
    assert (shown["n"]["label"], shown["n"]["pinned"]) == ("Patients", True)
    assert shown["events"]["label"] == "Events"
    printed = table.arrow_data.styler.display_values
    assert b"< 0.0001" in printed
    assert b"7.6%" in printed
    assert b"7.65%" not in printed
    assert formats["q_value"] is formats["share"] is None, "a format would print them again"
