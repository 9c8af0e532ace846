"""The sentences of who is in a result are computed from its numbers."""

from __future__ import annotations

from app.study.accounting import Accounting


def test_everyone_is_in():
    whole = Accounting(1200, 1200)
    assert whole.caption() == "1,200 of 1,200 selected patients are analysed."
    assert whole.methods() == "All of them were analysed."


def test_who_is_left_out_and_why():
    part = Accounting(50, 45, {"not tested": 3, "value missing": 2}, 60.0, "are in the curves")
    assert part.caption() == (
        "45 of 50 selected patients are in the curves; left out: 3 not tested, 2 value missing. "
        "Follow-up ends at 5 years for every number here."
    )
    assert part.methods() == (
        "Of these, 45 were analysed; not analysed: 3 not tested and 2 value missing."
    )
