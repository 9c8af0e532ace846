"""The data page: corrections previewed and used, findings, missing values."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from app.ui.session import Source
from data_loaders.uploads import load_upload
from tests.conftest import ROOT
from tests.pages.conftest import figures, words

RNG = np.random.default_rng(6)
N = 40
TABLE = pd.DataFrame(
    {
        "patient_id": [f"P{i}" for i in range(N)],
        "centre": RNG.choice(["North", "South"], N),
        "age_years": [None if i < 9 else 40 + i for i in range(N)],
        "flag": RNG.integers(0, 2, N),
        "os_months": RNG.exponential(30, N).round(1) + 0.1,
        "os_event": RNG.integers(0, 2, N),
        "TP53": RNG.integers(0, 2, N),
    }
)
FILES = {"mine.csv": TABLE.to_csv(index=False).encode()}


def opened(mapping: dict | None = None) -> AppTest:
    cohort = load_upload(FILES, mapping)
    key = f"upload:{cohort.name}"
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.session_state["_uploads"] = {key: cohort}
    at.session_state["_upload_sources"] = {key: Source(FILES, mapping or {})}
    at.session_state["cohort"] = key
    at.switch_page(str(ROOT / "pages" / "data.py"))
    at.run()
    assert not at.exception, at.exception
    return at


def test_a_demo_cannot_be_corrected_and_says_so(open_app):
    at = open_app("data")
    assert any("once you have loaded" in element.value for element in at.info)


def test_missing_values_are_drawn_by_centre():
    at = opened()
    heat = next(f for f in figures(at) if f["data"][0]["type"] == "heatmap")
    assert [text.split(" (")[0] for text in heat["layout"]["xaxis"]["ticktext"]] == [
        "Everyone", *dict.fromkeys(TABLE["centre"]),
    ]  # fmt: skip
    at.selectbox(key="missing_by").set_value("").run()
    assert any(f["data"][0]["type"] == "bar" for f in figures(at))


def test_without_a_change_there_is_nothing_to_use():
    at = opened()
    assert at.button(key="use_mapping").disabled


def test_a_mapping_in_use_is_offered_for_download_unchanged():
    mapping = {"ignore": ["flag"]}
    at = opened(mapping)
    assert at.button(key="use_mapping").disabled
    assert "flag" not in at.session_state["_looking_at"].cohort.variables
    assert json.loads(json.dumps(mapping)) == mapping
    assert "Preview" not in words(at)
