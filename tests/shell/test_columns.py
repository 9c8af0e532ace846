"""Numbers in tables that no format does justice to."""

from __future__ import annotations

import math

from app.shell.columns import PRINTED


def test_tables_print_p_values_and_ratios_as_sentences_do():
    p_value, ratio = PRINTED["p_value"], PRINTED["odds_ratio"]
    assert [p_value(value) for value in (3.8e-86, 0.016, math.nan)] == ["< 0.0001", "0.016", "–"]
    assert [ratio(value) for value in (math.inf, 0.0, 1302.0, 0.101, math.nan)] == [
        "∞", "0", "> 1000", "0.10", "–",
    ]  # fmt: skip
