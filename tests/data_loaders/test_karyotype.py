"""Karyotypes in the nomenclature of ISCN: what they say, how they are written, what follows."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_loaders.karyotype import IPSSR_GROUPS, parse_karyotype


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("46,XY,del(7)(q22q34)[9]/46,XY[11]", ["del(7q)"]),
        ("44,XX,-7,-18[20]", ["-7", "-18"]),
        ("48,XY,+8,+21[6]", ["+8", "+21"]),
        ("46,XX,t(9;22)(q34;q11.2)[20]", ["t(9;22)"]),
        ("46,XX,t(22;9)(q11;q34)", ["t(9;22)"]),
        ("46,XY,t(8;21;14)(q22;q22;q24)", ["t(8;21)"]),
        ("46,XY,inv(16)(p13.1q22)", ["inv(16)"]),
        ("46,XY,i(17)(q10)", ["i(17q)"]),
        ("46,XY,iso(17q)", ["i(17q)"]),
        ("47,X,idic(X)(q13),+21", ["idic(X)", "+21"]),
        ("46,XX,add(12)(p12)", ["add(12p)"]),
        ("45,XY,der(17)t(5;17)(p11;p11),-5", ["der(17)t(5;17)", "-5"]),
        ("46,XY,+1,der(1;7)(q10;p10)", ["+1", "der(1;7)"]),
        ("45,XX,dic(5;17)(q11;p11)", ["dic(5;17)"]),
        ("46,XX,ins(2;4)(p13;q21q25)", ["ins(2;4)"]),
        ("46,XX,dup(1)(q21q32),trp(3)(q21q26),r(7)(p22q36)", ["dup(1q)", "trp(3q)", "r(7)"]),
        ("47,XX,+mar,dmin", ["+mar", "dmin"]),
        ("45,X,-Y", ["-Y"]),
        ("46,XX,del(5)(q?)", ["del(5q)"]),
        ("46,XX,del(7)(q22orq31)", ["del(7q)"]),
        ("46,XX,del(13)(q12~14q21)", ["del(13q)"]),
        ("46,XX,del(6)(q13,q22)", ["del(6q)"]),
        ("46,xy,5q-", ["del(5q)"]),
        ("del(20q)", ["del(20q)"]),
        ("trisomy 8", ["+8"]),
        ("Monosomie 7", ["-7"]),
        ("45,XX,-5,+der(5)t(5;8)(q13;q11)", ["der(5)t(5;8)"]),  # as before ISCN 1991
        ("46 XY del(20)(q11)", ["del(20q)"]),
        ("47,XX+8,del(5)(q13q33)", ["+8", "del(5q)"]),
        ("46,XY,-7+mar", ["-7", "+mar"]),
        ("46,XX,del(11)(q13q23[4]/46,XX[3]", ["del(11q)"]),
        ("46,_XX,_del(5)(q14q34)[24]", ["del(5q)"]),
        ("46,XY,del(5)(q13)[9]46,XY[2]", ["del(5q)"]),
        ("46,XY,+8[12]; 46,XY[8]", ["+8"]),
        ("46,XX,−7,+8", ["-7", "+8"]),
    ],
)
def test_events_have_the_names_people_use(text: str, events: list[str]) -> None:
    found = parse_karyotype(text)
    assert list(found.events) == events
    assert not found.problems


def test_clones_say_what_they_hold() -> None:
    first, second, third, normal = parse_karyotype(
        "46,XX,del(5)(q13q33)[8]/47,sl,+8[cp4]/48,sdl1,+21[3]/46,XX[5]"
    ).clones
    assert (first.modal, first.sex, first.events, first.cells) == ((46, 46), "XX", ("del(5q)",), 8)
    assert (second.inherits, second.composite, second.cells) == ("sl", True, 4)
    assert second.events == ("del(5q)", "+8")
    assert third.events == ("del(5q)", "+8", "+21")
    assert (normal.events, normal.cells) == ((), 5)


def test_a_minus_in_a_later_clone_takes_back_what_the_stem_gained() -> None:
    found = parse_karyotype("47,XX,+8,del(12)(p12)[6]/46,idem,-8[5]/45,idem,-8,-7[4]")
    assert found.events == ("+8", "del(12p)", "-7")
    assert found.clones[1].events == ("del(12p)",)


@pytest.mark.parametrize(
    ("text", "events", "few"),
    [
        ("47,XX,+8[1]/46,XX[19]", (), ("+8",)),
        ("47,XX,+8[2]/46,XX[18]", ("+8",), ()),
        ("45,XX,-7[2]/46,XX[18]", (), ("-7",)),
        ("45,XX,-7[3]/46,XX[17]", ("-7",), ()),
        ("46,XX,del(5)(q13)[1]/47,idem,+8[1]/46,XX[9]", ("del(5q)",), ("+8",)),
        ("45,XX,-7", ("-7",), ()),
        ("44~46,XY,-5,-7,+mar[cp2]", ("-5", "-7", "+mar"), ()),
    ],
)
def test_a_clone_is_two_cells_or_three_for_a_loss(
    text: str, events: tuple[str, ...], few: tuple[str, ...]
) -> None:
    found = parse_karyotype(text)
    assert (found.events, found.not_clonal) == (events, few)


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("46,XX[20]", 0), ("48,XX,+8,+8", 2), ("48,XX,+8x2", 2), ("48,XY,+2x8", 2),
        ("46,XX,add(3)(p11)*2", 2), ("46,XX,2xadd(21)(p11)", 2), ("48,XX,+2mar", 2),
        ("46,XX,+1-3mar", 3), ("46,XX,del(5)(q13q33)[4]/47,XX,del(5)(q?),+8[5]", 2),
        ("46,XX,del(5)(q13)[4]/47,XX,+8[5]", 2), ("92,XXYY[6]/46,XY[14]", 1),
        ("46,XY,+1,der(1;7)(q10;p10)", 2), ("47,XY,+21c,+8[5]", 1), ("46,XX,inv(9)(p12q13)c", 0),
        ("46,XX,9qh+,21ps+", 0), ("47,XXY", 0), ("45,X,-Y", 1), ("47,XX,+mar[3]/48,XX,+2mar[4]", 2),
    ],
)  # fmt: skip
def test_abnormalities_are_counted_as_the_working_group_does(text: str, n: int) -> None:
    found = parse_karyotype(text)
    assert found.n_abnormalities == n
    assert found.complex is (n >= 3)


GROUPS = {
    "very good": ["45,X,-Y", "46,XX,del(11)(q14q23)"],
    "good": [
        "46,XX", "normal", "N", "46,XY,del(5)(q13q33)", "46,XY,del(12)(p12p13)",
        "46,XX,del(20)(q11)",
        "47,XX,del(5)(q13q33),+8", "46,XY,inv(9)(p12q13)c", "45,X,-Y[1]/46,XY[19]",
    ],
    "intermediate": [
        "46,XX,del(7)(q22)", "47,XY,+8", "47,XY,+19", "46,XY,i(17)(q10)", "46,XX,t(1;7)(p22;q22)",
        "48,XX,+8,+21", "45,X,-Y,del(20)(q11)", "46,XX,inv(3)(p12q13)",
        "46,XX,del(5)(q13q33)[9]/47,XX,+8[3]",  # double independent clones
    ],
    "poor": [
        "45,XY,-7", "46,XX,inv(3)(q21q26.2)", "46,XX,t(3;3)(q21;q26)", "46,XX,t(3;21)(q26;q22)",
        "46,XY,del(3)(q21q26)", "46,XX,-7,+8", "46,XX,del(7)(q22),del(20)(q11)",
        "46,XX,del(5)(q13q33),del(7)(q22)", "46,XY,+1,der(1;7)(q10;p10)", "49,XX,+8,+9,+21",
    ],
    "very poor": ["44,XX,del(5)(q15q33),-7,der(17)t(5;17)(p11;p11),-18", "50,XX,+8,+9,+21,+22"],
}  # fmt: skip


@pytest.mark.parametrize(("group", "text"), [(g, text) for g in GROUPS for text in GROUPS[g]])
def test_the_ipssr_group_follows_the_publication(group: str, text: str) -> None:
    assert parse_karyotype(text).ipssr_group == group
    assert tuple(GROUPS) == IPSSR_GROUPS


@pytest.mark.parametrize(
    ("text", "monosomal"),
    [
        ("44,XX,-7,-18", True), ("45,XX,-7", False), ("45,XX,-7,del(5)(q13)", True),
        ("46,XX,-7,+mar", True), ("44,X,-X,-7", False), ("46,XX,-7,+8", False),
        ("45,XX,-7,inv(16)(p13q22)", False), ("90<4n>,XXXX,-7,-18,del(5)(q13)", False),
        ("45,XX,-5,+der(5)t(5;8)(q13;q11)", False),
    ],
)  # fmt: skip
def test_monosomal_by_breems(text: str, monosomal: bool) -> None:
    assert parse_karyotype(text).monosomal is monosomal


@pytest.mark.parametrize(
    "text",
    ["no metaphases", "failure", "Failed", "nicht auswertbar", "keine Metaphasen",
     "culture failure", "not done", "NA", "n.d.", "", " ", None, "?",
     "no metaphases/ FISH: t(15;17)", "échec", "insufficient material", "unbekannt"],
)  # fmt: skip
def test_a_failed_karyotype_is_no_normal_one(text: str | None) -> None:
    found = parse_karyotype(text)
    assert found.failed
    assert not found.readable
    assert (found.events, found.complex, found.ipssr_group, found.problems) == ((), None, None, ())


def test_what_was_not_read_is_named_and_makes_unknown_what_depends_on_it() -> None:
    found = parse_karyotype("47,XY,+8,qwerty(9)[10]")
    assert found.events == ("+8",)
    assert [problem.token for problem in found.problems] == ["qwerty(9)"]
    assert (found.n_abnormalities, found.complex, found.ipssr_group) == (1, False, None)
    assert parse_karyotype("47,XX,+8,+9,zzz").complex is None
    assert parse_karyotype("49,XX,+8,+9,+21,+22,zzz").ipssr_group == "very poor"
    assert parse_karyotype("45,XX,-7,inc[9]").ipssr_group is None
    for text in ("the quick brown fox", "//46,XY[20]", "5" * 3000):
        assert not parse_karyotype(text).readable
        assert parse_karyotype(text).problems


def test_words_of_a_complex_karyotype_say_that_and_no_more() -> None:
    for text in ("complex", "komplexer Karyotyp", "complex karyotype"):
        found = parse_karyotype(text)
        assert (found.complex, found.ipssr_group, found.events) == (True, None, ())
        assert found.problems


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("46,XX,add(3)(q21) 14/46,XX6", "46,XX,add(3)(q21)[14]/46,XX[6]"),
        ("46,XY,del(7)(q22)12/46,XY8", "46,XY,del(7)(q22)[12]/46,XY[8]"),
        ("45,XY,-83/46,XY17", "45,XY,-8[3]/46,XY[17]"),
        ("46,XX,25", "46,XX[25]"),
        ("46,XX,del(1298p12p13)[9]", "46,XX,del(12)(p12p13)[9]"),
        ("4346,XY,-5,-7,add(3)(q21),+mar[cp8]", "43~46,XY,-5,-7,add(3)(q21),+mar[cp8]"),
        ("46,XX,80~92<4n>,XXXX[6]/46,XX[9]", "46,XX/80~92<4n>,XXXX[6]/46,XX[9]"),
        ("47,XX,idem,+8[5]/46,XX,del(20)(q11)[9]",
         "47,XX,del(20)(q11),+8[5]/46,XX,del(20)(q11)[9]"),
        ("46,XY,TET2 mutation[20]", "46,XY[20]"),
        ("46,XX[18]/46,XX,single cell aberrations[2]", "46,XX[20]"),
        ("47,XXY[20].Klinefelter", "47,XXYc[20]"),
    ],
)  # fmt: skip
def test_slips_of_the_pen_are_what_was_meant(text: str, meant: str) -> None:
    found, right = parse_karyotype(text), parse_karyotype(meant)
    assert not found.problems
    assert found.ipssr_group == right.ipssr_group is not None
    assert set(found.events) == set(right.events)
    assert (found.n_abnormalities, found.not_clonal) == (right.n_abnormalities, right.not_clonal)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("46,XX,del(7)(q22)12/46,XX[8]", [None, 8]),
        ("46,XX,-83", [None]),
        ("45,XX,-12/46,XX9", [None, None]),
    ],
)
def test_counts_are_not_made_of_numbers_that_may_be_something_else(
    text: str, cells: list[int | None]
) -> None:
    assert [clone.cells for clone in parse_karyotype(text).clones] == cells


def test_what_one_cell_shows_is_not_clonal_even_if_it_cannot_be_read() -> None:
    found = parse_karyotype("46,XX,+glorp[1]/46,XX[19]")
    assert (found.problems, found.ipssr_group, found.not_clonal) == ((), "good", ("+glorp",))
    twice = parse_karyotype("46,XX,+glorp[1]/45,XX,+glorp,-7[1]/46,XX[18]")
    assert (twice.ipssr_group, len(twice.problems)) == (None, 2)


def test_a_translocation_of_unknown_chromosomes_has_a_group_only_where_any_would_do() -> None:
    assert parse_karyotype("46,XX,t(q26;q22)[9]").ipssr_group is None, "may be of 3q"
    assert parse_karyotype("47,XX,+8,t(q26;q22)[9]").ipssr_group == "intermediate"


def test_numbers_that_nothing_explains_are_said() -> None:
    assert parse_karyotype("47,XY[11]/46,XY[9]").ipssr_group is None
    assert parse_karyotype("45,X[20]").ipssr_group is None
    assert parse_karyotype("45,X[20]", sex="male").ipssr_group == "very good"
    assert parse_karyotype("45,X[12]/46,XY[8]").events == ("-Y",)
    assert parse_karyotype("46,XX,del(20)").ipssr_group is None, "which arm decides"
    assert not parse_karyotype("46,X,t(X;14)(p11;q32)").problems


def test_fish_stands_apart() -> None:
    found = parse_karyotype("46,XX[20].nuc ish(D7Z1x1)[150/200]")
    assert (found.events, found.ipssr_group) == ((), "good")
    assert found.apart.startswith("nuc ish")
    assert parse_karyotype("46,XX / FISH: t(15;17)").events == ()


def test_doubt_before_an_event_is_kept() -> None:
    found = parse_karyotype("46,XX,?del(5)(q13),+?8,del(7)(q?22)")
    assert found.uncertain == ("del(5q)", "+8")
    assert found.events == ("del(5q)", "+8", "del(7q)")


_PIECES = st.sampled_from(
    ["46", "45~47", ",", "XX", "X", "/", "//", "[", "]", "cp", "12", "(", ")", ";", "del", "der",
     "t", "(5)", "(q13q33)", "+8", "-7", "idem", "sdl3", "x9", "+", "-", "?", " ", "or", "mar",
     "<4n>", "c", "inc", "ish", "~", ".", "::", "99", "q", "p10", "é"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_said(text: str) -> None:
    found = parse_karyotype(text)
    assert found.text == text
    assert found.readable or found.failed or found.problems
    assert found == parse_karyotype(text)
    if found.readable:
        assert (found.complex is True) == (found.n_abnormalities >= 3)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["+8", "-7", "del(5)(q13q33)", "t(1;3)(p36;q21)", "add(17)(p11)", "+mar"]),
        unique=True, min_size=1,
    ),
    st.integers(3, 30),
)  # fmt: skip
def test_spaces_small_letters_and_a_normal_clone_change_nothing(
    events: list[str], cells: int
) -> None:
    plain = parse_karyotype(f"46,XX,{','.join(events)}[{cells}]")
    loose = parse_karyotype(f" 46, xx, {' , '.join(events).lower()} [{cells}] / 46, xx [2]")
    assert plain.n_abnormalities == len(events)
    for field in ("events", "n_abnormalities", "complex", "monosomal", "ipssr_group", "problems"):
        assert getattr(plain, field) == getattr(loose, field)


@pytest.mark.parametrize(
    "text",
    ["(" * 1999, "46,XX," + "del(" * 480, "+8" * 990, "[1]" * 660, "/" * 1999, "46,xx/" * 330,
     "t(1;2)" * 330, "46,XX,+8/" + "46,sdl9x9/" * 190, "?" * 1999, "no" + " " * 1990, "or" * 990,
     "46,XX,der(" + "1;" * 990, "<" * 1999, "46,XX," + "del(5)(q13q33)," * 130],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    parse_karyotype(text)
    assert time.process_time() - start < 1
