"""What a user states overrides what the loader infers; a wrong statement gets its sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_loaders import CohortError, load_cohort, load_table_bytes

TABLE = (
    b"who;when;what;HB;FLAG;TP53;note;arm\n"
    b"007;365.25;dead;12,5;1;0;x;1\n"
    b"010;730.5;alive;9,25;0;1;y;2\n"
    b"011;30.4375;lost;131;0;;z;2\n"
)
FULL: dict[str, Any] = {
    "patient_id": "who",
    "columns": {
        "HB": {"role": "clinical", "unit": "g/dL", "label": "Blood", "description": "At entry."},
        "arm": {"kind": "ordinal", "levels": ["2", "1"], "role": "treatment"},
    },
    "endpoints": {
        "pfs": {"time": "when", "unit": "days", "event": "what", "event_value": ["dead", "lost"]}
    },
    "alterations": ["FLAG"],
    "ignore": ["note"],
}


def test_every_part_of_a_mapping() -> None:
    cohort = load_table_bytes("t.csv", TABLE, FULL, name="Mine")
    assert cohort.name == "Mine"
    assert list(cohort.patients.index) == ["007", "010", "011"]
    np.testing.assert_allclose(cohort.patients["pfs_months"], [12, 24, 1])
    assert cohort.patients["pfs_event"].tolist() == [1, 0, 1]
    hb = cohort.variables["HB"]
    assert (hb.label, hb.unit, hb.role, hb.description) == (
        "Blood",
        "g/dL",
        "clinical",
        "At entry.",
    )
    arm = cohort.variables["arm"]
    assert (arm.kind, arm.levels, arm.role) == ("ordinal", ("2", "1"), "treatment")
    assert list(cohort.features.index) == ["FLAG", "TP53"]
    assert cohort.states.tolist() == [[1, 0], [0, 1], [0, -1]]
    assert "note" not in cohort.patients
    (issue,) = [issue for issue in cohort.issues if issue.code == "ignored"]
    assert "note" in issue.sentence


def test_a_mapping_file_is_the_same_as_plain_data(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(TABLE)
    (tmp_path / "mapping.json").write_text(json.dumps(FULL), encoding="utf-8-sig")
    plain = load_cohort(tmp_path / "table.csv", mapping=FULL)
    for path in (tmp_path / "mapping.json", str(tmp_path / "mapping.json")):
        assert load_cohort(tmp_path / "table.csv", mapping=path).fingerprint == plain.fingerprint


def test_a_column_with_a_stated_role_is_no_alteration_and_no_endpoint() -> None:
    data = b"patient_id,TP53,os_months,os_event\na,0,1,0\nb,1,2,1\n"
    columns = {"TP53": {"role": "laboratory"}, "os_event": {"role": "clinical"}}
    cohort = load_table_bytes("t.csv", data, {"columns": columns})
    assert not len(cohort.features)
    assert not cohort.endpoints
    assert cohort.variables["TP53"].role == "laboratory"


def test_labels_and_units_of_an_endpoint() -> None:
    stated = {"os": {"time": "when", "event": "what", "event_value": "dead", "unit": "weeks",
                     "label": "Life", "event_label": "end"}}  # fmt: skip
    cohort = load_table_bytes("t.csv", TABLE, {"patient_id": "who", "endpoints": stated})
    endpoint = cohort.endpoints["os"]
    assert (endpoint.label, endpoint.event_label) == ("Life", "end")
    np.testing.assert_allclose(cohort.patients["os_months"].iloc[0], 365.25 * 7 / 30.4375)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"patient": "who"}, "unknown entry patient; known are patient_id, columns"),
        ({"patient_id": 3}, '"patient_id" in the mapping needs to be a text'),
        ({"patient_id": "nobody"}, "columns that the table does not have: nobody"),
        ({"patient_id": "who", "ignore": ["gone", "lost"]}, "does not have: gone and lost"),
        ({"patient_id": "who", "ignore": "note"}, '"ignore" in the mapping needs a list'),
        ({"patient_id": "who", "alterations": [3]}, '"alterations" in the mapping needs a list'),
        ({"patient_id": "who", "alterations": ["what"]}, "what an alteration, but it is not"),
        ({"patient_id": "who", "columns": ["HB"]}, '"columns" in the mapping needs an object'),
        ({"patient_id": "who", "columns": {"HB": {"colour": "red"}}}, "HB has an unknown entry"),
        ({"patient_id": "who", "columns": {"HB": {"role": "king"}}}, '"role" of HB .* demographic'),
        ({"patient_id": "who", "columns": {"HB": {"kind": "big"}}}, '"kind" of HB .* numeric'),
        ({"patient_id": "who", "columns": {"HB": {"unit": 5}}}, '"unit of HB" .* a text'),
        ({"patient_id": "who", "columns": {"what": {"kind": "numeric"}}}, "what numeric, but it"),
        ({"patient_id": "who", "columns": {"HB": {"kind": "binary"}}}, "HB binary, but it is not"),
        ({"patient_id": "who", "endpoints": {"os": "when"}}, '"endpoints: os" .* an object'),
        ({"patient_id": "who", "endpoints": {"os": {"time": "when"}}}, 'os .* "time" and "event"'),
        ({"patient_id": "who", "endpoints": {"os": {"time": "when", "event": "what",
          "unit": "fortnights"}}}, "days, weeks, months or years"),
        ({"patient_id": "who", "endpoints": {"os": {"time": "note", "event": "what"}}},
         "does not hold numbers"),
        ({"patient_id": "who", "endpoints": {"os": {"time": "when", "event": "note"}}},
         "coding of note is not understood"),
        ({"patient_id": "who", "endpoints": {"os": {"time": "when", "event": "who"}}},
         "who for the endpoint os, but it is the patients' identifier"),
        ({"patient_id": "who", "endpoints": {key: {"time": "when", "event": "what",
          "event_value": "dead"} for key in ("os", "OS")}}, "one endpoint twice"),
        ("nowhere.json", "mapping nowhere.json cannot be found"),
        ([1, 2], "The mapping needs to be"),
    ],
)  # fmt: skip
def test_wrong_mappings_get_one_sentence(mapping: Any, words: str) -> None:
    with pytest.raises(CohortError, match=words) as caught:
        load_table_bytes("t.csv", TABLE, mapping)
    message = str(caught.value)
    assert message.endswith(".")
    assert ". " not in message


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b'{"patient_id": "a"' * 3])
def test_mapping_files_that_are_not_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mapping.json").write_bytes(content)
    with pytest.raises(CohortError, match=r"mapping\.json (is not valid JSON|needs to hold)"):
        load_table_bytes("t.csv", TABLE, tmp_path / "mapping.json")
