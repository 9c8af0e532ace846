"""Groups renamed, reordered, recoloured, hidden: the patients stay where they are."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.groupings import MISSING, Arrangement, Grouping, GroupingError, arranged

NAMES = ("Low", "Mid", "High")
COLOURS = ("#111111", "#222222", "#333333")
CODES = np.array([0, 1, 1, 2, MISSING, 2, 2], dtype=np.int16)
RISK = Grouping("Risk", NAMES, CODES, COLOURS, ordered=True, note="A note.")

words = st.sampled_from([*NAMES, "Other"])
arrangements = st.builds(
    Arrangement,
    names=st.dictionaries(words, st.text(max_size=8), max_size=3).map(lambda d: tuple(d.items())),
    order=st.lists(words, max_size=5).map(tuple),
    colours=st.dictionaries(words, st.sampled_from(["#abcdef", "red", ""])).map(
        lambda d: tuple(d.items())
    ),
    hidden=st.lists(words, max_size=4, unique=True).map(tuple),
    reference=st.none() | words,
)


def members(grouping: Grouping, name: str) -> list[int]:
    return np.flatnonzero(grouping.codes == grouping.names.index(name)).tolist()


def test_an_empty_arrangement_changes_nothing():
    assert arranged(RISK, Arrangement()) is RISK
    assert arranged(RISK, Arrangement(order=NAMES)).names == NAMES


def test_groups_are_renamed_reordered_recoloured_and_hidden():
    shown = arranged(
        RISK,
        Arrangement(
            names=(("High", "  Poor\n risk "), ("Nobody", "x")),
            order=("High", "Low"),
            colours=(("High", "#ff0000"), ("Low", "blue")),
            hidden=("Mid", "Absent"),
        ),
    )
    assert shown.names == ("Poor risk", "Low")
    assert shown.colours == ("#ff0000", "#111111")
    assert members(shown, "Poor risk") == [3, 5, 6]
    assert members(shown, "Low") == [0]
    assert shown.left_out() == {"in a hidden group": 2, "with a value missing": 1}
    assert (shown.label, shown.note) == ("Risk", "A note.")


def test_the_reference_goes_first():
    assert arranged(RISK, Arrangement(reference="Mid")).names == ("Mid", "Low", "High")
    assert arranged(RISK, Arrangement(reference="Mid", hidden=("Mid",))).names == ("Low", "High")


@pytest.mark.parametrize(
    ("arrangement", "ordered"),
    [
        (Arrangement(order=("High", "Mid", "Low")), True),
        (Arrangement(hidden=("Mid",)), True),
        (Arrangement(reference="Mid"), False),
    ],
)
def test_a_scale_stays_one_only_in_its_order(arrangement: Arrangement, ordered: bool):
    assert arranged(RISK, arrangement).ordered is ordered


def test_two_groups_of_one_name_and_none_shown_are_refused_in_a_sentence():
    with pytest.raises(GroupingError, match="Two groups are called High"):
        arranged(RISK, Arrangement(names=(("Low", "High"),)))
    with pytest.raises(GroupingError, match="Every group is hidden"):
        arranged(RISK, Arrangement(hidden=NAMES))


@given(arrangements)
def test_it_reads_back_from_plain_data_and_from_text(arrangement: Arrangement):
    assert Arrangement.from_dict(json.loads(json.dumps(arrangement.to_dict()))) == arrangement
    assert Arrangement.from_text(arrangement.to_text()) == arrangement


@pytest.mark.parametrize("text", ["{", "[]", '{"names": 3}', '{"order": [1]}', '{"reference": 2}'])
def test_what_is_no_arrangement_is_refused(text: str):
    with pytest.raises(GroupingError):
        Arrangement.from_text(text)


@given(arrangements)
def test_every_patient_stays_in_their_group_or_is_counted(arrangement: Arrangement):
    try:
        shown = arranged(RISK, arrangement)
    except GroupingError:
        return
    visible = [name for name in NAMES if name not in arrangement.hidden]
    assert sorted(shown.sizes()) == sorted(RISK.sizes()[NAMES.index(n)] for n in visible)
    assert sum(shown.sizes()) + sum(shown.left_out().values()) == len(CODES)
    together = shown.codes[:, None] == shown.codes
    before = RISK.codes[:, None] == RISK.codes
    drawn = np.flatnonzero(shown.codes >= 0)
    assert (together[np.ix_(drawn, drawn)] == before[np.ix_(drawn, drawn)]).all()


@given(st.permutations(NAMES), st.lists(words, max_size=2).map(tuple))
def test_hiding_and_showing_again_gives_the_groups_back(order: list[str], hidden: tuple[str, ...]):
    plain = Arrangement(order=tuple(order))
    hiding = replace(plain, hidden=hidden)
    if set(hidden) & set(NAMES):
        assert len(arranged(RISK, hiding).names) < len(NAMES)
    again = arranged(RISK, replace(hiding, hidden=()))
    assert again.names == arranged(RISK, plain).names == tuple(order)
    assert again.codes.tolist() == arranged(RISK, plain).codes.tolist()
    assert RISK.codes.tolist() == CODES.tolist(), "the grouping itself is never written into"
