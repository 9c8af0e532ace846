"""Steps of correcting are functions of mappings, and do what they say once they are used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_loaders import Cohort, load_table_bytes
from data_loaders.cbioportal._writing.study import write_study
from data_loaders.mapping.column_uses import (
    ALTERATION,
    IDENTIFIER,
    LEFT_OUT,
    column_uses,
    stated_use,
)
from data_loaders.mapping.corrections import (
    as_inferred,
    coded_alteration,
    described_column,
    endpoint_added,
    endpoint_out,
    endpoint_parts,
    endpoint_said,
    has_to_be_whole,
    identified_by,
    in_words,
    named_alteration,
    usable,
    used_as,
)
from data_loaders.uploads import load_upload

RNG = np.random.default_rng(12)
N = 90
EVENT = RNG.choice([0, 1, 2], N)
FRAME = pd.DataFrame(
    {
        "ID": [f"P{i}" for i in range(N)],
        "nr": [f"X{i}" for i in range(N)],
        "age_years": RNG.integers(20, 90, N),
        "rfs_months": RNG.integers(1, 90, N),
        "rfs_event": (EVENT > 0).astype(int),
        "kind": EVENT,
        "TP53": RNG.integers(0, 2, N),
        "w": RNG.integers(0, 2, N),
        "band": RNG.choice(["seen", "not there", "bad sample"], N),
    }
)


def load(mapping: dict[str, Any] | None = None) -> Cohort:
    return load_table_bytes("t.csv", FRAME.to_csv(index=False).encode(), mapping)


def test_every_column_has_its_use() -> None:
    cohort = load({"ignore": ["nr"]})
    uses = column_uses(cohort)
    assert list(uses) == list(FRAME.columns)
    assert uses["ID"].use == IDENTIFIER
    assert uses["nr"].use == LEFT_OUT
    assert uses["TP53"].use == ALTERATION
    assert "time of" in uses["rfs_months"].use
    assert [name for name, use in uses.items() if use.unsure] == ["w"]


@pytest.mark.parametrize(
    ("change", "use"),
    [
        (lambda m: used_as(m, "w", LEFT_OUT), LEFT_OUT),
        (lambda m: used_as(m, "w", ALTERATION), ALTERATION),
        (lambda m: named_alteration(m, "w", "ASXL1"), ALTERATION),
        (lambda m: used_as(m, "w", "categories"), "categories"),
        (lambda m: described_column(m, "w", "label", "Word"), "yes or no"),
        (lambda m: as_inferred(used_as(m, "w", LEFT_OUT), "w"), "yes or no"),
    ],
)
def test_what_is_shown_before_use_is_what_it_is_after(change: Any, use: str) -> None:
    before = load()
    for start in ({}, {"alterations": ["w"]}, {"ignore": ["w"]}, {"columns": {"w": {"unit": "x"}}}):
        kept = dict(start)
        mapping = change(start)
        assert start == kept  # a step back is still there
        if start and use == "yes or no":
            continue
        shown = stated_use(column_uses(before)["w"], mapping, before.file_columns["w"])
        after = column_uses(load(mapping))["w"]
        assert shown.use == use == after.use
        assert shown.alteration in {"", after.alteration}  # without a name its own is kept


def test_the_label_of_a_column_is_taken_back_by_an_empty_one() -> None:
    said = described_column({}, "w", "label", "Word")
    assert described_column(said, "w", "label", "") == {}
    levels = described_column({}, "band", "levels", ["bad sample", "not there", "seen"])
    assert load(levels).variables["band"].levels == ("bad sample", "not there", "seen")
    assert load(levels).variables["band"].kind == "ordinal"


def test_an_endpoint_that_follows_from_causes_is_stated_whole() -> None:
    cohort = load()
    endpoint = cohort.endpoints["relapse"]
    assert has_to_be_whole(cohort, endpoint)
    assert not has_to_be_whole(cohort, cohort.endpoints["rfs"])
    whole = endpoint_parts(cohort, endpoint)
    assert whole["codes"] == {"0": "censored", "1": "event", "2": "competing"}
    base = {part: whole[part] for part in ("time", "event", "codes")}
    mapping = endpoint_said({}, "relapse", "label", "Back again", base)
    again = load(mapping)
    assert again.endpoints["relapse"].label == "Back again"
    for column in ("relapse_event", "relapse_competing", "relapse_months"):
        assert again.patients[column].equals(cohort.patients[column])
    assert "relapse" not in load(endpoint_out({}, "relapse", known=True)).endpoints


def test_what_is_unfinished_waits_and_the_rest_counts() -> None:
    cohort = load()
    mapping = used_as(endpoint_added({}, "os"), "band", ALTERATION)
    mapping = described_column(mapping, "age_years", "label", "Age")
    ready, waiting = usable(mapping, cohort)
    assert ready == {"columns": {"age_years": {"label": "Age"}}}
    assert len(waiting) == 2
    assert all(sentence.endswith(".") for sentence in waiting)
    codes = {"seen": "altered", "not there": "not altered", "bad sample": "not tested"}
    ready, waiting = usable(coded_alteration(mapping, "band", shown=codes, said={}), cohort)
    assert ready["alterations"] == {"band": {"codes": codes}}
    assert len(waiting) == 1
    assert load(ready).alterations["band"].isna().sum() == (FRAME["band"] == "bad sample").sum()


def test_the_identifier_and_the_words() -> None:
    mapping = identified_by(named_alteration({}, "w", "JAK2 V617F"), "nr")
    assert list(load(mapping).patients.index) == FRAME["nr"].tolist()
    assert in_words(endpoint_out(mapping, "rfs", known=True)) == [
        "patients by nr", "w is JAK2 V617F", "no endpoint rfs",
    ]  # fmt: skip


def test_the_columns_of_a_study_are_corrected_like_those_of_a_table(tmp_path: Any) -> None:
    study = write_study(load(), tmp_path / "study")
    files = {
        f"study/{path.relative_to(study)}": path.read_bytes()
        for path in study.rglob("*")
        if path.is_file() and "calr_explorer" not in path.parts
    }
    cohort = load_upload(files)
    name = next(name for name in column_uses(cohort) if name.lower() == "band")
    after = load_upload(files, used_as({}, name, LEFT_OUT))
    assert len(after.variables) == len(cohort.variables) - 1
    assert column_uses(after)[name].use == LEFT_OUT
