"""Karyotypes that are columns of lesions alone: what follows, and what stays open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.cohort.scores import score
from app.cohort.scores._karyotype import TIERS, tier_of
from app.cohort.scores._score import _finder
from data_loaders import Cohort, load_table_bytes
from data_loaders.karyotype import parse_karyotype

_COLUMNS = ("del5q", "-7", "del7q", "+8", "del20q", "-Y", "inv(3)", "del12p", "del11q", "complex")
_WRITTEN = {
    "del5q": "del(5)(q13q33)", "-7": "-7", "del7q": "del(7)(q22)", "+8": "+8",
    "del20q": "del(20)(q11)", "-Y": "-Y", "inv(3)": "inv(3)(q21q26)", "del12p": "del(12)(p13)",
    "del11q": "del(11)(q23)", "": "add(9)(p24)", "unseen": "+21",
}  # fmt: skip


def _cohort(rows: list[dict[str, object]]) -> Cohort:
    """Patients who are alike but for their lesions; NaN where nobody looked."""
    same = {"diagnosis": "MDS", "hb": 9.0, "platelets": 80, "anc": 1.2, "bm_blasts": 3.0}
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).assign(**same)
    table.insert(0, "patient", [f"P{i}" for i in range(len(rows))])
    return load_table_bytes("lesions.csv", table.to_csv(index=False).encode())


_NONE = dict.fromkeys(_COLUMNS, 0)
_SAID: dict[str, tuple[dict[str, object], tuple[float, float]]] = {
    "no more than two, none of them looked for": (_NONE, (1, 2)),
    "del(5q), with another or not": (_NONE | {"del5q": 1}, (1, 1)),
    "the same, nobody looked for -7": (_NONE | {"del5q": 1, "-7": np.nan}, (1, 3)),
    "the same, nobody counted": (_NONE | {"del5q": 1, "complex": np.nan}, (1, 4)),
    "-7": (_NONE | {"-7": 1}, (3, 3)),
    "-7 and +8, of one clone or of two": (_NONE | {"-7": 1, "+8": 1}, (2, 3)),
    "complex, of three or more": (_NONE | {"complex": 1, "-7": 1}, (3, 4)),
    "four lesions": (_NONE | dict.fromkeys(("complex", "-7", "+8", "del5q", "del20q"), 1), (4, 4)),
    "three, and said not to be complex": (_NONE | dict.fromkeys(("-7", "+8", "del5q"), 1), (0, 4)),
    "nobody looked": (dict.fromkeys(_COLUMNS, np.nan), (0, 4)),
}


def test_the_group_follows_where_what_was_looked_for_decides_it() -> None:
    held = _finder(_cohort([row for row, _ in _SAID.values()]), None).evidence("cyto_ipssr")
    found = dict(zip(_SAID, zip(held.low, held.high, strict=True), strict=True))
    assert found == {name: said for name, (_, said) in _SAID.items()}
    assert (held.column, "may be" in held.conversion) == ("9 columns of lesions", True)


def test_a_class_is_certain_only_where_it_follows() -> None:
    cohort = _cohort([row for row, _ in _SAID.values()])
    table = score(cohort, "ipss_r").table.set_axis(list(_SAID))
    assert table.loc["-7", "category"] == "High"
    assert pd.isna(table.loc["nobody looked", "category"])
    assert table.loc["the same, nobody looked for -7", "possible"] == ("Int", "High")
    assert "cyto_ipssr" in table.loc["the same, nobody looked for -7", "missing"]


@pytest.mark.parametrize("key", TIERS)
def test_what_is_possible_holds_the_truth_whatever_was_not_looked_for(key: str) -> None:
    """Random karyotypes of one clone, written out, against columns of which some are empty."""
    rng = np.random.default_rng(3)
    rows: list[dict[str, object]] = []
    truth = []
    for _ in range(300):
        lesions = rng.choice(list(_WRITTEN), rng.integers(0, 5), replace=False)
        row: dict[str, object] = {name: int(name in lesions) for name in _COLUMNS}
        row["complex"] = int(len(lesions) > 2)
        for name in rng.choice(_COLUMNS, rng.integers(0, 4), replace=False):
            row[name] = np.nan
        rows.append(row)
        text = ",".join(["46,XY", *(_WRITTEN[name] for name in lesions)])
        truth.append(tier_of(parse_karyotype(text), key))
    held = _finder(_cohort(rows), None).evidence(key)
    low, high = np.array(truth).T
    sure = low == high
    assert (held.low[sure] <= low[sure]).all()
    assert (held.high[sure] >= high[sure]).all()
    assert sure.mean() > 0.3
    assert (held.low == held.high).any()
