"""Derived variables and endpoints: by hand with pandas, truth tables, and what is refused."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.derived import (
    Derived,
    DerivedEndpoint,
    DerivedError,
    definition_of,
    derived_as,
    derived_where_possible,
    preview,
    stated_derived,
    underived,
    with_derived,
)
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.outcomes import outcome_of
from data_loaders import Cohort, Endpoint, Variable, load_cohort
from data_loaders.cohort_folder import read_cohort, write_cohort
from data_loaders.loading import load_table_bytes
from tests.builders import AGE, DIAGNOSIS, OS, make_cohort
from tests.r_program import run_r

N = None


def numeric(name: str, label: str, unit: str | None = None) -> Variable:
    return Variable(name, label, "numeric", unit=unit, role="laboratory")


def a_cohort() -> Cohort:
    patients = {
        "age_years": [40.0, 60.0, 75.0, 80.0, np.nan],
        "hb": [100.0, 0.0, 150.0, np.nan, 90.0],
        "wbc": [5.0, 10.0, 0.0, 20.0, 8.0],
        "diagnosis": ["ET", "PV", "ET", N, "MF"],
        "spleen": [1.0, 0.0, np.nan, 1.0, 0.0],
        "first": pd.to_datetime(["2020-01-01", "2020-03-01", "2021-01-01", N, "2020-05-05"]),
        "second": pd.to_datetime(["2021-01-01", "2020-02-01", N, "2020-06-01", "2020-05-05"]),
        "os_months": [10.0, 20.0, 30.0, 40.0, 50.0],
        "os_event": [1.0, 0.0, 1.0, 0.0, np.nan],
    }
    variables = (
        AGE, DIAGNOSIS,
        numeric("hb", "Haemoglobin", "g/L"), numeric("wbc", "White cells", "10⁹/L"),
        Variable("spleen", "Palpable spleen", "binary", role="clinical"),
        Variable("first", "Date of visit", "date"), Variable("second", "Second visit", "date"),
    )  # fmt: skip
    alterations: dict[str, list[object]] = {
        "SRSF2": [True, True, False, N, N],
        "NPM1": [False, N, False, True, N],
        "del(5q)": [True, False, N, False, True],
    }
    return make_cohort(patients, alterations, variables, (OS,))


COHORT = a_cohort()


def values(formula: str, cohort: Cohort = COHORT, **said: object) -> list[object]:
    found = preview(cohort, Derived("new", formula, **said)).series  # type: ignore[arg-type]
    return [None if pd.isna(value) else value for value in found]


def refusal(formula: str, cohort: Cohort = COHORT, **said: object) -> DerivedError:
    started = time.process_time()
    with pytest.raises(DerivedError) as caught:
        preview(cohort, Derived("new", formula, **said))  # type: ignore[arg-type]
    assert time.process_time() - started < 0.5
    assert str(caught.value).count(". ") == 0, "one sentence"
    return caught.value


def days(first: str, second: str) -> float:
    return (pd.Timestamp(second) - pd.Timestamp(first)).days


def test_formulas_against_pandas():
    p = COHORT.patients
    w, age = p["wbc"], p["age_years"]
    by_hand = {
        "hb / wbc": (p["hb"] / w).where(w != 0),
        "log(wbc)": np.log(w.where(w > 0)),
        "log10(hb) + 2 * number(wbc) ** 2": np.log10(p["hb"].where(p["hb"] > 0)) + 2 * w**2,
        "-hb + round(hb, -1) * 2 - abs(hb)": -p["hb"] + p["hb"].round(-1) * 2 - p["hb"].abs(),
        'in_unit(hb, "g/dL")': p["hb"] / 10,
        "2 * spleen + (age_years >= 60)": 2 * p["spleen"] + (age >= 60).where(age.notna()),
        "max(hb, 95)": p["hb"].clip(lower=95).where(p["hb"].notna()),
        "coalesce(hb, 1)": p["hb"].fillna(1),
        "cut(age_years, 60, 75)": pd.cut(
            age, [0, 60, 75, 99], right=False,
            labels=["below 60", "60 to below 75", "75 or more"],
        ),
        'cut(age_years, 60, "young", "old")': [*np.where(age < 60, "young", "old")[:4].tolist(), N],
        'choose(diagnosis in ("ET", "PV"), "E/P", "o")': ["E/P", "E/P", "E/P", N, "o"],
        'choose(age_years < 50, hb)': [100.0, N, N, N, N],
        "60 <= age_years < 80": [0.0, 1.0, 1.0, 0.0, N],
        'diagnosis != "ET"': [0.0, 1.0, 0.0, N, 1.0],
        "known(hb)": [1.0, 1.0, 1.0, 0.0, 1.0],
        "SRSF2 and not NPM1": [1.0, N, 0.0, 0.0, N],
        "SRSF2 or `del(5q)`": [1.0, 1.0, N, N, 1.0],
        "count(SRSF2, NPM1)": [1.0, N, 0.0, N, N],
        "days(first, second)": [366.0, -29.0, N, N, 0.0],
        "months(first, second)": [366 * 12 / 365.25, -29 * 12 / 365.25, N, N, 0.0],
        "year(first) + 1": [2021.0, 2021.0, 2022.0, N, 2021.0],
        'first >= "2020-03-01"': [0.0, 1.0, 1.0, N, 1.0],
        "earliest(first, second)": p[["first", "second"]].min(axis=1),
        "`White cells` + WBC": 2 * w,
        "os_months * os_event": p["os_months"] * p["os_event"],
    }  # fmt: skip
    for formula, expected in by_hand.items():
        wanted = [None if pd.isna(value) else value for value in expected]
        got = values(formula)
        assert [v is None for v in got] == [v is None for v in wanted], formula
        assert all(
            a == b or (isinstance(a, float) and a == pytest.approx(b))
            for a, b in zip(got, wanted, strict=True)
        ), (formula, got)


def test_what_has_no_value_is_missing_counted_and_said():
    found = preview(COHORT, Derived("ratio", "log(hb) / wbc"))
    assert found.missing == 3
    assert found.needs == {"hb": 1, "wbc": 0}
    assert found.why_missing() == (
        "hb missing in 1; a logarithm of a value that is not above zero in 1 patient; "
        "a division by zero in 1 patient"
    )
    assert found.unit == "1 per 10⁹/L"
    cohort = with_derived(COHORT, [found.definition])
    assert [issue.count for issue in cohort.issues if issue.code == "derived"] == [1, 1]
    assert preview(COHORT, Derived("a", "coalesce(log(hb), 0)")).losses == {}


def test_missing_rule():
    assert values("cut(hb, 100)", missing="unknown")[3] == "unknown"
    assert values("hb", missing=-1)[3] == -1
    assert "not known is neither" in str(refusal("SRSF2 and NPM1", missing="no"))
    assert "a number" in str(refusal("hb", missing="no"))
    with pytest.raises(DerivedError, match="never wild type"):
        Derived("x", "SRSF2", kind="alteration", missing=0)


STATES = {True: 1, False: 0, None: -1}


@given(st.integers(0, 2**16), st.integers(1, 4))
def test_logic_is_three_valued(seed: int, depth: int):
    """Random formulas against Kleene's tables, over every combination of two alterations."""
    rng = np.random.default_rng(seed)
    rows = list(itertools.product([True, False, None], repeat=2))
    columns = zip(*rows, strict=True)
    cohort = make_cohort({"x": [0.0] * 9}, {n: list(c) for n, c in zip("AB", columns, strict=True)})

    def kleene_and(a: bool | None, b: bool | None) -> bool | None:
        return False if False in (a, b) else None if None in (a, b) else True

    def grown(level: int) -> tuple[str, list[bool | None]]:
        kind = rng.integers(3) if level else 3
        if kind == 3:
            at = int(rng.integers(2))
            return "AB"[at], [row[at] for row in rows]
        text, inner = grown(level - 1)
        if kind == 2:
            return f"not ({text})", [None if v is None else not v for v in inner]
        other, second = grown(level - 1)
        pairs = list(zip(inner, second, strict=True))
        if kind == 0:
            return f"({text}) and ({other})", [kleene_and(a, b) for a, b in pairs]
        flipped = [kleene_and(*(None if v is None else not v for v in pair)) for pair in pairs]
        return f"({text}) OR ({other})", [None if v is None else not v for v in flipped]

    text, expected = grown(depth)
    series = preview(cohort, Derived("f", text, kind="alteration")).series
    assert [None if np.isnan(v) else bool(v) for v in series] == expected, text


def test_units_are_kept():
    for formula, unit in {
        "hb / wbc": "g/L per 10⁹/L",
        "hb / hb": "",
        "hb * hb": "(g/L)^2",
        "sqrt(hb * hb)": "g/L",
        "hb + 10": "g/L",
        'in_unit(age_years, "months") + os_months': "months",
        "log(hb)": "",
    }.items():
        assert preview(COHORT, Derived("new", formula)).unit == unit, formula
    assert preview(COHORT, Derived("new", "hb / 10", unit="g/dL")).unit == "g/dL"
    assert str(refusal("hb + wbc")) == (
        "hb is in g/L and wbc is in 10⁹/L, which cannot be added: number(…) leaves a unit away "
        "where that is meant (position 6 of the formula)."
    )
    assert 'in_unit(os_months, "years")' in str(refusal("age_years > os_months"))
    assert "cannot be turned into m" in str(refusal('in_unit(hb, "m")'))


def test_refusals_name_the_place_and_the_nearest_name():
    said = {
        "1 + hbb": ("did you mean hb", 5),
        "`del(5)` and SRSF2": ("did you mean `del(5q)`", 1),
        'diagnosis == "PVV"': ("did you mean “PV”", 14),
        "lgo(hb)": ("did you mean log", 1),
        "hb and SRSF2": ("compare it, as in hb > 10", 1),
        "second - first": ("months(first, second)", 1),
        "hb = 3": ("Write == to compare", 4),
        "(hb + 1": ("no partner", 1),
        "hb +": ("ends too early", 5),
        "`Palpable µ` + x": ("no Palpable µ", 1),
        "os + 1": ("it is an endpoint", 1),
        "3 + 4": ("names nothing of the cohort", None),
        "date(\"2020-02-30\") < first": ("is no date", 6),
        "cut(hb, 10, 5)": ("that rise", 1),
        "diagnosis > \"ET\"": ("have no order", 13),
    }  # fmt: skip
    for formula, (words, position) in said.items():
        error = refusal(formula)
        assert words in str(error), (formula, str(error))
        assert error.position == position, (formula, str(error))


HOSTILE = [
    "().__class__.__bases__[0].__subclasses__()", "__import__('os').system('id')",
    "hb.__class__", "getattr(hb, 'x')", "exec('1')", "(lambda: hb)()", "[hb for hb in hb]",
    "{hb: 1}", "f'{hb}'", "hb[0]", "*hb", "hb := 3", "yield hb", "await hb", "print(hb)",
    "log(hb, base=2)", "log(*hb)", "9**9**9**9", "hb ** 1000000", "2 ** hb", "hb << 10000",
    "1" * 5000, "9" * 999, "1e400 * hb", "1j * hb", "hb" + "+hb" * 400,
    "(" * 900 + "hb" + ")" * 900, "hb @ wbc",
    "(" * 150 + "hb" + ")" * 150 + "!", "-" * 990 + "hb", "not " * 240 + "SRSF2",
    "hb" + " < hb" * 190 + " <", "'" * 999, "`" * 999, "hb # comment", "hb\\\n", "hb; hb", "\x00",
    "hb == 'a\x00b'", "hb is None", "None", "True", "...", "b'x' == hb", "log" , "if hb: pass",
    "[" * 600, "lambda " * 140, "round(hb, 1e300)" + " ** 11", "\ud800", "",
]  # fmt: skip


@pytest.mark.parametrize("formula", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_formulas_are_refused_quickly_and_never_run(formula: str):
    refusal(formula)


@given(st.text("hbwc()`'\" +-*/<>=,.0123 andotr_[]{}µ\u0661\n", max_size=200))
def test_any_text_is_a_formula_or_one_sentence(text: str):
    with contextlib.suppress(DerivedError):
        preview(COHORT, Derived("new", text))


def test_work_does_not_double_with_depth():
    """Chains in chains: each part is worked out once."""
    formula = "hb"
    for _ in range(20):
        formula = f"0 < ({formula}) < 200"
    started = time.process_time()
    assert len(values(formula)) == 5
    assert time.process_time() - started < 1


def test_a_derived_cohort_is_a_cohort_like_any_other(tmp_path: Path):
    definitions = [
        Derived("LDH-like ratio", "hb / wbc", description="A test."),
        Derived("Ratio class", "cut(`LDH-like ratio`, 5, 15)", missing="unknown"),
        Derived("SRSF2 without NPM1", "SRSF2 and not NPM1", kind="alteration"),
        DerivedEndpoint("Death, from month 5", "os", start="5"),
    ]
    cohort = with_derived(COHORT, definitions)
    assert COHORT.fingerprint == underived(cohort).fingerprint != cohort.fingerprint
    assert with_derived(cohort, definitions) is cohort
    plain = json.loads(json.dumps([one.to_dict() for one in definitions]))
    assert [definition_of(one) for one in plain] == definitions
    assert derived_as(COHORT, plain).fingerprint == cohort.fingerprint
    assert "A test. Derived: hb / wbc." in cohort.variables["LDH-like ratio"].description
    assert cohort.variables["Ratio class"].levels == (
        "below 5", "5 to below 15", "15 or more", "unknown",
    )  # fmt: skip
    assert cohort.features.loc["SRSF2 without NPM1", "kind"] == "combination"
    chosen = Filter.from_dict({"altered": "SRSF2 without NPM1"}).apply(cohort)
    assert (chosen.n, chosen.n_missing) == (1, 2)
    grouping = GroupingSpec.parse("variable:Ratio class").build(cohort, np.ones(5, dtype=bool))
    assert sum(grouping.sizes()) == 5
    assert outcome_of(cohort, np.ones(5, dtype=bool), "death_from_month_5").n == 4
    for made in (cohort, derived_as(cohort, plain[:2])):
        stored = read_cohort(write_cohort(made, tmp_path / made.fingerprint[:8]))
        assert stored.fingerprint == made.fingerprint
        assert derived_as(stored, made.provenance.derived) is stored
        assert underived(stored).fingerprint == COHORT.fingerprint
    other = with_derived(COHORT, [Derived("LDH-like ratio", "wbc / hb")])
    assert other.fingerprint != with_derived(COHORT, definitions[:1]).fingerprint
    with pytest.raises(DerivedError, match="has LDH-like ratio already"):
        with_derived(cohort, [Derived("LDH-like ratio", "wbc / hb")])
    kept, refused = derived_where_possible(COHORT, [definitions[1], *definitions[2:]])
    assert list(refused) == ["Ratio class"]
    assert len(kept.provenance.derived) == 2


def test_what_follows_from_later_is_no_baseline_variable():
    cohort = with_derived(
        load_cohort("demo:aml"),
        [
            Derived("Early transplant", "transplant_months < 6"),
            Derived("Years followed", 'in_unit(os_months, "years")'),
            Derived("Old", "age_years >= 65"),
        ],
    )
    roles = [cohort.variables[name].role for name in ("Early transplant", "Years followed", "Old")]
    assert roles == ["treatment", "outcome", "demographic"]
    refused = refusal("transplant_months < 6 and SRSF2", load_cohort("demo:aml"), kind="alteration")
    assert "what comes later" in str(refused)


TABLE = b"""ID,Diagnosis date,CR date,Transplant date,Relapse date,Death date,Last contact,TP53
A,2010-01-01,2010-02-01,,2011-02-01,2012-02-01,2012-02-01,1
B,2010-01-01,2010-03-01,2010-06-01,,,2015-03-01,0
C,2010-01-01,,,,2010-01-31,2010-01-31,0
D,2010-01-01,2010-03-01,2010-09-01,2010-12-01,,2013-01-01,
E,2010-01-01,2010-03-01,,2010-02-01,,2013-01-01,0
F,2010-01-01,2010-03-01,,,2010-03-01,2010-03-01,1
"""


def test_endpoints_from_dates_by_hand():
    """Remission to relapse: death competes, transplant censors, one relapse is before remission."""
    definition = DerivedEndpoint(
        "Relapse from remission",
        "`Relapse date`",
        start="`CR date`",
        competing="`Death date`",
        censor_at="`Transplant date`",
        follow_up="`Last contact`",
    )
    table = load_table_bytes("x.csv", TABLE, {"derived": [definition.to_dict()]})
    assert stated_derived(table) == (definition,)
    cohort = with_derived(table, stated_derived(table))
    endpoint = cohort.endpoints["relapse_from_remission"]
    by_hand = pd.DataFrame(
        {
            "A": [days("2010-02-01", "2011-02-01"), 1, 0],
            "B": [days("2010-03-01", "2010-06-01"), 0, 0],
            "C": [np.nan, np.nan, np.nan],
            "D": [days("2010-03-01", "2010-09-01"), 0, 0],
            "E": [np.nan, np.nan, np.nan],
            "F": [0, 0, 1],
        },
        index=["time", "event", "competing"],
    ).T
    found = cohort.patients[[endpoint.time, endpoint.event, endpoint.competing]].to_numpy(float)
    found[:, 0] *= 365.25 / 12
    assert found == pytest.approx(by_hand.to_numpy(float), nan_ok=True)
    assert endpoint.notes == (
        "1 patient without time zero and 1 patient with an event before time zero were left out.",
        "2 patients were censored at Transplant date.",
    )
    assert (endpoint.source, endpoint.event_label) == (definition.formula, "relapse")
    with pytest.raises(DerivedError, match=r"Time zero: dates need one"):
        preview(table, DerivedEndpoint("x", "`Death date`", follow_up="`Last contact`"))
    with pytest.raises(DerivedError, match="Followed to: say when"):
        preview(table, DerivedEndpoint("x", "`Death date`", start="`Diagnosis date`"))
    with pytest.raises(DerivedError, match="did you mean `Death date`"):
        preview(table, DerivedEndpoint("x", "`Death dat`", start="`Diagnosis date`"))
    with pytest.raises(DerivedError, match="all of them as dates or all as months"):
        preview(table, DerivedEndpoint("x", "`Death date`", start="3", follow_up="`Last contact`"))


RELAPSE = Endpoint("relapse", "Relapse", "rel_t", "rel_e", "rel_c", event_label="relapse")


def simulated() -> Cohort:
    rng = np.random.default_rng(3)
    n = 300
    death, last = rng.exponential(40, n).round(1), rng.uniform(0, 60, n).round(1)
    relapse = rng.exponential(30, n).round(1)
    os, dead = np.minimum(death, last), (death <= last).astype(float)
    rel_t = np.minimum(relapse, os)
    rel_e = ((relapse <= last) & (relapse < death)).astype(float)
    patients = {
        "os_months": os, "os_event": dead, "rel_t": rel_t, "rel_e": rel_e,
        "rel_c": ((rel_e == 0) & (dead == 1)).astype(float),
        "hct": np.where(rng.random(n) < 0.3, rng.uniform(0, 30, n).round(1), np.nan),
        "cause": np.where(rng.random(n) < 0.5, "leukaemia", "other"),
    }  # fmt: skip
    variables = (
        Variable("hct", "Transplant", "numeric", unit="months", role="treatment"),
        Variable("cause", "Cause", "categorical", role="outcome"),
    )
    return make_cohort(
        {name: list(column) for name, column in patients.items()}, {}, variables, (OS, RELAPSE)
    )


def test_endpoints_from_endpoints_by_hand_and_r(tmp_path: Path):
    cohort = with_derived(
        simulated(),
        [
            DerivedEndpoint("First", "relapse, os"),
            DerivedEndpoint("Censored", "relapse, os", censor_at="hct"),
            DerivedEndpoint("Later", "os", start="6"),
            DerivedEndpoint("Cause", 'event(os_months, os_event and cause == "leukaemia")',
                            competing='event(os_months, os_event and cause != "leukaemia")',
                            follow_up="os"),
            DerivedEndpoint("Relapse alone", "relapse", start="2"),
            DerivedEndpoint("After relapse", "os", start="relapse"),
            DerivedEndpoint("Until relapse", "os", censor_at="relapse, hct"),
        ],
    )  # fmt: skip
    p = cohort.patients
    both = ((p["rel_e"] == 1) | (p["os_event"] == 1)).astype(float)
    os, rel, hct = p["os_months"], p["rel_t"], p["hct"].fillna(np.inf)
    # On the day of the transplant an event still counts.
    by_hand = {
        "first": (p["rel_t"], both),
        "censored": (np.minimum(p["rel_t"], hct), both * (p["rel_t"] <= hct)),
        "later": ((os - 6).where(os >= 6), p["os_event"].where(os >= 6)),
        "cause": (p["os_months"], p["os_event"] * (p["cause"] == "leukaemia")),
        "after_relapse": ((os - rel).where(p["rel_e"] == 1), p["os_event"].where(p["rel_e"] == 1)),
        "until_relapse": (
            np.minimum(np.where(p["rel_e"] == 1, rel, os), hct),
            p["os_event"] * ((p["rel_e"] == 0) | (os <= rel)) * (os <= hct),
        ),
        "relapse_alone": ((rel - 2).where(rel >= 2), p["rel_e"].where(rel >= 2)),
    }  # fmt: skip
    for key, (at, event) in by_hand.items():
        endpoint = cohort.endpoints[key]
        assert p[endpoint.time].to_numpy() == pytest.approx(np.asarray(at), nan_ok=True), key
        assert p[endpoint.event].to_numpy() == pytest.approx(event.to_numpy(), nan_ok=True), key
    other = cohort.numbers("cause_competing")
    assert (other == p["os_event"] * (p["cause"] == "other")).all()
    carried = cohort.numbers("relapse_alone_competing")
    assert np.nansum(carried) == (p["rel_c"] * (p["rel_t"] >= 2)).sum() > 0
    assert cohort.endpoints["first"].event_label == "relapse or death"
    with pytest.raises(DerivedError, match="whether or not it happened: write os instead"):
        preview(cohort, DerivedEndpoint("x", "relapse", start="os_months"))
    p.to_csv(tmp_path / "data.csv")
    printed = run_r(
        """
        d <- read.csv("data.csv")
        t <- pmin(ifelse(d$rel_e == 1, d$rel_t, Inf), ifelse(d$os_event == 1, d$os_months, Inf))
        end <- pmin(d$rel_t, d$os_months, d$hct, na.rm = TRUE)
        cat(sum(pmin(t, end)), sum(t <= end))
        """,
        folder=tmp_path,
    )
    sums = [p["censored_months"].sum(), p["censored_event"].sum()]
    assert [float(word) for word in printed.split()] == pytest.approx(sums)
