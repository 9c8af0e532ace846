"""Cox's model over sites: that of the pooled rows, by files; and what a site does not answer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analysis.competing_risks import cumulative_incidence, gray_test
from app.analysis.regression import after_rounds, cox
from app.analysis.survival import kaplan_meier, logrank_test
from app.cohort.filters import Filter
from app.cohort.tally import (
    ReleasePolicy,
    SiteRecord,
    TallyError,
    read_record,
    read_release,
    sealed,
    tally_of,
)
from app.cohort.tally._policy import HALF_YEARS
from app.command import main
from app.views.pooled.analysis import pooled_survival
from app.views.pooled.incidence import pooled_incidence
from app.views.pooled.rounds.coordinator import (
    AcrossSites,
    after_one_shot,
    after_replies,
    first_request,
    one_shot_request,
)
from app.views.pooled.rounds.files import Reply, Request, read_reply, read_request
from app.views.pooled.rounds.live import _reply as reply_of
from app.views.pooled.rounds.model import Covariate, Model, model_of
from app.views.pooled.rounds.site import RoundsPolicy, reply_to
from app.views.pooled.words import GROUPING_COSTS
from data_loaders import Cohort, load_cohort
from data_loaders.cohort_folder import write_cohort
from tests.r_program import run_r

NAMES = ("North", "South", "West")
POLICY = RoundsPolicy()
KEYS = {name: f"agreed by telephone, {name}" for name in NAMES}
REAL = {
    "mpn": ("mpn_grinfeld_2018/mpn_patients.csv", ["age_years", "sex", "ASXL1", "TET2"]),
    "mds": ("mds_iwg_2022/df_clinical.tsv", ["AGE", "SEX", "HB", "IPSSR"]),
    "aml": ("aml_papaemmanuil_2016/AMLSG_Clinical_Anon.RData", ["AOD", "wbc", "NPM1", "FLT3"]),
}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mds")


@pytest.fixture(scope="module")
def hospitals(cohort: Cohort) -> dict[str, Cohort]:
    return split(cohort)


@pytest.fixture(scope="module")
def model(cohort: Cohort) -> Model:
    return model_of(cohort, "os", ["age_years", "sex", "TP53"], per={"age_years": 10})


def split(cohort: Cohort) -> dict[str, Cohort]:
    third = np.arange(cohort.n) % 3
    return {name: cohort.subset(third == i, name) for i, name in enumerate(NAMES)}


def asked(
    request: Request, sites: dict[str, Cohort], records: dict[str, SiteRecord] | None = None
) -> list[Reply]:
    """Every site's reply, through signed files both ways."""
    records = {} if records is None else records
    replies = []
    for name, own in sites.items():
        text = request.to_text("the coordinator's key")
        opened = read_request(text, {"The group": "the coordinator's key"})
        assert opened.seal.checked
        held = records.get(name, SiteRecord())
        reply, records[name] = reply_to(opened, own, name, POLICY, held)
        replies.append(read_reply(reply.to_text(KEYS[name]), KEYS))
    return replies


def by_rounds(model: Model, sites: dict[str, Cohort]) -> AcrossSites:
    step: Request | AcrossSites = first_request(model, list(sites), "The group")
    records: dict[str, SiteRecord] = {}
    while isinstance(step, Request):
        step = after_replies(step, asked(step, sites, records))
    return step


def pooled_rows(model: Model, sites: dict[str, Cohort]) -> pd.DataFrame:
    parts = []
    for name, own in sites.items():
        _, time, event, entry, x = model.patients(own)
        assert entry is None
        columns = {f"x{i}": held for i, held in enumerate(x.T)}
        parts.append(pd.DataFrame({"time": time, "event": event, "site": name} | columns))
    return pd.concat(parts, ignore_index=True)


def covariates_of(rows: pd.DataFrame) -> list[str]:
    return [name for name in rows if name.startswith("x")]


@pytest.mark.shared
@pytest.mark.parametrize("disease", REAL)
def test_rounds_give_the_stratified_model_of_published_rows(disease: str, public_cohorts: Path):
    file, names = REAL[disease]
    whole = load_cohort(public_cohorts / file)
    sites = split(whole)
    asked_model = model_of(whole, "os", names)
    found = by_rounds(asked_model, sites)
    rows = pooled_rows(asked_model, sites)
    expected = cox(rows, "time", "event", covariates_of(rows), strata="site")
    for column in ("coef", "se"):
        np.testing.assert_allclose(found.summary[column], expected.summary[column], atol=1e-9)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-5)
    assert (found.n, found.events) == (expected.n, expected.events)
    start = one_shot_request(asked_model, NAMES, "The group", sites["North"])
    shot = after_one_shot(start, asked(start, sites), sites["North"], "North")
    error = np.abs(shot.summary["coef"] - found.summary["coef"]) / found.summary["se"]
    assert not shot.exact
    # In standard errors; the lead site alone is off by one to three.
    assert error.max() < 0.03


@pytest.mark.shared
@pytest.mark.parametrize("disease", REAL)
def test_exact_releases_pool_to_published_rows_on_the_grid(disease: str, public_cohorts: Path):
    loaded, column = load_cohort(public_cohorts / REAL[disease][0]), REAL[disease][1][0]
    whole = replace(
        loaded,
        patients=loaded.patients.assign(AGE=loaded.numbers(column)),
        variables=dict(loaded.variables) | {"AGE": replace(loaded.variables[column], name="AGE")},
    )
    files = [
        tally_of(own).release(
            ReleasePolicy(1, 1), site=name, made=date(2026, 11, 30), groups=["cut:AGE@65"]
        )
        for name, own in split(whole).items()
    ]
    grid = np.array(max((f.content["policy"]["grid"] for f in files), key=len), dtype=float)
    months, event = whole.numbers("os_months"), whole.numbers("os_event")
    age = whole.numbers("AGE")
    known = ~(np.isnan(months) | np.isnan(event) | np.isnan(age))
    time = grid[np.searchsorted(grid, months[known])]
    old, site = age[known] > 65, (np.arange(whole.n) % 3)[known]
    found = pooled_survival(files, "os", "cut:AGE@65")
    assert found.test is not None
    assert found.means is not None
    expected = logrank_test(time, event[known], old, strata=site)
    assert found.test.statistic == pytest.approx(expected.statistic, rel=1e-12)
    tau = found.means["tau"].iloc[0]
    for curve, who in zip(found.curves.values(), (~old, old), strict=True):
        rows = kaplan_meier(time[who], event[known][who])
        pd.testing.assert_frame_equal(curve.table, rows.table, rtol=1e-12)
        assert float(curve.rmst(tau)) == pytest.approx(float(rows.rmst(tau)), rel=1e-12)
    if "aml" not in whole.endpoints:
        return
    months, event = whole.numbers("aml_months"), whole.numbers("aml_event")
    known = ~(np.isnan(months) | np.isnan(event) | np.isnan(age))
    cause = np.where(event == 1, 1, np.where(whole.numbers("aml_competing") == 1, 2, 0))[known]
    time, old = grid[np.searchsorted(grid, months[known])], age[known] > 65
    pooled = pooled_incidence(files, "aml", "cut:AGE@65")
    gray = gray_test(time, cause, old, strata=(np.arange(whole.n) % 3)[known])
    assert pooled.test is not None
    assert pooled.test.statistic == pytest.approx(gray.statistic, rel=1e-10)
    for curve, who in zip(pooled.curves.values(), (~old, old), strict=True):
        expected = cumulative_incidence(time[who], cause[who]).curves[1].incidence
        np.testing.assert_allclose(curve.curves[1].incidence, expected, rtol=1e-12)


@pytest.mark.shared
def test_what_the_page_says_that_grouping_costs_is_what_it_costs(public_cohorts: Path):
    grid = np.array([*HALF_YEARS, *range(492, 1200, 12)], dtype=float)
    off: dict[str, list[float]] = {"survival": [], "ratio": [], "mean": [], "difference": []}
    for file, names in REAL.values():
        whole = load_cohort(public_cohorts / file)
        rows = pd.DataFrame({"time": whole.numbers("os_months"), "event": whole.numbers("os_event"),
                             "old": whole.numbers(names[0])}).dropna()  # fmt: skip
        rows = rows.assign(
            old=(rows["old"] > 65).astype(float), grouped=grid[np.searchsorted(grid, rows["time"])]
        )
        curves = [
            [kaplan_meier(own[column], own["event"]) for _, own in rows.groupby("old")]
            for column in ("time", "grouped")
        ]
        at = [[km.at([12, 24, 60])["survival"] for km in pair] for pair in curves]
        off["survival"].append(100 * float(np.abs(np.array(at[0]) - np.array(at[1])).max()))
        means = np.array([[float(km.rmst(60)) for km in pair] for pair in curves])
        off["mean"] += list(means[1] - means[0])
        off["difference"].append(float(abs(np.diff(means[1] - means[0])[0])))
        exact, near = (
            cox(rows, column, "event", ["old"]).summary.iloc[0] for column in ("time", "grouped")
        )
        off["ratio"].append(abs(exact["coef"] - near["coef"]) / exact["se"])
        for one, other in zip(*curves, strict=True):
            place = np.searchsorted(grid, one.median)
            assert other.median in grid[place : place + 2]
    assert min(off["mean"]) > 0
    found = {name: f"{max(values):.1f}" for name, values in off.items()}
    assert (
        f"survival at 1, 2 and 5 years up to {found['survival']} percentage points, a hazard ratio "
        f"up to {found['ratio']} standard errors, restricted means to 5 years up to "
        f"{found['mean']} months too long and their difference up to {found['difference']}"
    ) in GROUPING_COSTS


def test_rounds_give_what_r_gives(model: Model, hospitals: dict[str, Cohort], tmp_path: Path):
    rows = pooled_rows(model, hospitals)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    printed = run_r(
        "library(survival); d <- read.csv('rows.csv')\n"
        "m <- coxph(Surv(time, event) ~ x0 + x1 + x2 + strata(site), d)\n"
        "cat(sprintf('%.12g', c(coef(m), sqrt(diag(vcov(m))))))",
        folder=tmp_path,
    )
    expected = np.array(printed.split(), dtype=float)
    found = by_rounds(model, hospitals).summary
    np.testing.assert_allclose([*found["coef"], *found["se"]], expected, atol=1e-6)


def test_sites_with_other_names_and_units_mean_the_same(
    cohort: Cohort, hospitals: dict[str, Cohort]
):
    asked_model = model_of(cohort, "os", ["age_years", "hb_g_per_l", "sex"])
    other = hospitals["West"]
    named = other.patients.rename(columns={"hb_g_per_l": "HB", "sex": "GENDER"})
    named = named.assign(HB=named["HB"] / 10, GENDER=named["GENDER"].map({"F": "w", "M": "male"}))
    variables = dict(other.variables)
    variables["HB"] = replace(variables.pop("hb_g_per_l"), name="HB", unit="g/dL")
    variables["GENDER"] = replace(variables.pop("sex"), name="GENDER")
    elsewhere = replace(other, patients=named, variables=variables)
    found = by_rounds(asked_model, hospitals | {"West": elsewhere})
    expected = by_rounds(asked_model, hospitals)
    np.testing.assert_allclose(found.summary["coef"], expected.summary["coef"], rtol=1e-8)
    strange = Covariate("karyotype_group", "IPSS-R karyotype group", "levels", levels=("a", "b"))
    with pytest.raises(TallyError, match="5 values in West that the request does not list"):
        replace(asked_model, covariates=(strange,)).patients(other)


def refusal(request: Request, own: Cohort, record: SiteRecord | None = None) -> str:
    with pytest.raises(TallyError) as caught:
        reply_to(request, own, "North", POLICY, record or SiteRecord())
    said = str(caught.value)
    assert said.count(".") <= 2, "one sentence"
    return said


def test_a_coordinator_who_singles_patients_out_gets_no_answer(
    model: Model, hospitals: dict[str, Cohort]
):
    north = hospitals["North"]
    request = first_request(model, NAMES, "The group")
    # A covariate that one patient has.
    target = int(np.flatnonzero(north.numbers("os_event") == 1)[3])
    alone = np.where(np.arange(north.n) == target, "a", "b").astype(object)
    variables = dict(north.variables) | {"rare": replace(north.variables["sex"], name="rare")}
    marked = replace(north, patients=north.patients.assign(rare=alone), variables=variables)
    one = Covariate("rare", "Rare", "levels", levels=("b", "a"))
    asks = replace(request, model=replace(model, covariates=(one,)), beta=(0.0,))
    # Without a policy the attack succeeds: the score is the patient's event less the hazard until
    # then, so that both whether and when they died can be read from it.
    open_site = RoundsPolicy(minimum=1, events_per_term=1)
    score = float(reply_to(asks, marked, "North", open_site, SiteRecord())[0].likelihood.score[0])
    died = score > 0
    km = kaplan_meier(north.numbers("os_months"), north.numbers("os_event"))
    hazard = np.cumsum(km.n_event / km.n_risk)
    months = km.time[np.argmin(np.abs(hazard - (died - score)))]
    assert died
    assert months == pytest.approx(north.numbers("os_months")[target], abs=0.5)
    assert "have, or lack, rare=a" in refusal(asks, marked)
    # A number in which one patient lies far from all others.
    far = north.patients.assign(age_years=north.patients["age_years"].where(
        np.arange(north.n) > 0, 1e6
    ))  # fmt: skip
    assert "single out" in refusal(request, replace(north, patients=far))
    # Two covariates whose difference is one patient.
    first = (np.arange(north.n) % 2).astype(float)
    second = first.copy()
    second[0] = 1 - second[0]
    both = north.patients.assign(one=first, two=second)
    variables = dict(north.variables)
    for name in ("one", "two"):
        variables[name] = replace(variables["age_years"], name=name, label=name, unit=None)
    pair = tuple(Covariate(name, name, "number") for name in ("one", "two"))
    assert "single out" in refusal(
        replace(request, model=replace(model, covariates=pair), beta=(0.0, 0.0)),
        replace(north, patients=both, variables=variables),
    )
    # A selection of few.
    few = Filter.from_dict({"column": "age_years", "between": [None, 40]})
    narrow = replace(request, model=replace(model, selected=few))
    assert "fewer than 30 events" in refusal(narrow, north)


def test_a_coordinator_who_chooses_coefficients_gets_no_answer(
    model: Model, hospitals: dict[str, Cohort]
):
    north = hospitals["North"]
    request = first_request(model, NAMES, "The group")
    # With a large one the sums are those of the oldest patient.
    assert "would outweigh" in refusal(replace(request, beta=(30.0, 0.0, 0.0)), north)
    assert "Newton's method" in refusal(replace(request, beta=(0.1, 0.0, 0.0)), north)
    second = after_replies(request, asked(request, hospitals))
    assert isinstance(second, Request)
    moved = replace(second, beta=tuple(np.array(second.beta) + 0.01))
    assert "Newton's method" in refusal(moved, north)
    # Rounds before that are none of the method.
    held = second.history[0]
    bent = replace(held, likelihood=replace(held.likelihood, beta=np.array([0.3, 0.0, 0.0])))
    assert "are not those of Newton's method" in refusal(replace(second, history=(bent,)), north)
    # Sums that lead where the coordinator likes, but cannot hold the site's own.
    less = replace(
        held.likelihood,
        information=held.likelihood.information / 10,
        score=held.likelihood.score / 11,
    )
    led = after_rounds([less], 824, model.names)
    steered = replace(held, likelihood=less)
    bent = replace(second, history=(steered,), beta=tuple(np.asarray(led)))
    assert "cannot hold this site's own" in refusal(bent, north)
    # One shot may start anywhere, but once.
    shot = one_shot_request(model, NAMES, "The group", hospitals["South"])
    _, record = reply_to(shot, north, "North", POLICY, SiteRecord())
    again = replace(shot, beta=tuple(np.array(shot.beta) * 1.1))
    assert "first and once" in refusal(again, north, record)
    assert reply_to(shot, north, "North", POLICY, record)[1] == record, "the same tells nothing new"


def test_what_is_told_in_all_rounds_is_limited(model: Model, hospitals: dict[str, Cohort]):
    """Reconstruction: as many sums about the same patients as it takes to have their rows."""
    north = hospitals["North"]
    record, told, said = SiteRecord(), 0, ""
    for year in range(400):
        # Each another model, of everyone all the same, so that its rounds start anew.
        everyone = Filter.from_dict({"column": "age_years", "between": [-year, None]})
        request = first_request(replace(model, selected=everyone), NAMES, "The group")
        try:
            _, record = reply_to(request, north, "North", POLICY, record)
        except TallyError as error:
            said = str(error)
            break
        told += 1 + 3 + 6
    assert "rows be put together again" in said
    assert 0 < told <= POLICY.told * model.patients(north)[-1].size
    assert len(record.sets) == 1


def test_two_selections_that_differ_by_one_patient_are_not_both_answered(
    model: Model, hospitals: dict[str, Cohort]
):
    north = hospitals["North"]
    request = first_request(model, NAMES, "The group")
    _, record = reply_to(request, north, "North", POLICY, SiteRecord())
    record = read_record(record.to_text())
    without = north.subset(np.arange(north.n) > 0)
    assert "differ from those of an earlier answer" in refusal(
        replace(request, coordinator="Another"), without, record
    )
    # One more death among the same patients is a difference too.
    event = north.patients["os_event"].copy()
    event.iloc[int(np.argmin(event.to_numpy()))] = 1.0
    later = replace(north, patients=north.patients.assign(os_event=event))
    assert "differ from those" in refusal(replace(request, coordinator="Another"), later, record)
    many = north.subset(np.arange(north.n) > 20)
    assert reply_to(replace(request, coordinator="Another"), many, "North", POLICY, record)


def test_replies_that_cannot_be_true_are_refused(model: Model, hospitals: dict[str, Cohort]):
    request = first_request(model, NAMES, "The group")
    replies = asked(request, hospitals)
    honest = replies[0].likelihood
    for lie in (
        {"likelihood": replace(honest, information=-honest.information)},
        {"likelihood": replace(honest, information=honest.information * [[1, 9, 1]])},
        {"likelihood": replace(honest, log_likelihood=5.0)},
        {"likelihood": replace(honest, log_likelihood=-1e9)},
        {"likelihood": replace(honest, score=honest.score * 1e4)},
        {"counts": replace(replies[0].counts, events=10**6)},
    ):
        with pytest.raises(TallyError, match="North holds sums that no"):
            after_replies(request, [replace(replies[0], **lie), *replies[1:]])
    for wrong, said in (
        (replies[:2], "reply of West to round 1 is missing"),
        ([*replies, replies[0]], "replied twice"),
        ([replace(replies[0], request="x"), *replies[1:]], "is to another request"),
    ):
        with pytest.raises(TallyError, match=said):
            after_replies(request, wrong)
    second = after_replies(request, replies)
    assert isinstance(second, Request)
    others = asked(second, hospitals)
    grown = replace(others[0], counts=replace(others[0].counts, n=others[0].counts.n + 1))
    with pytest.raises(TallyError, match="data of North changed between the rounds"):
        after_replies(second, [grown, *others[1:]])
    # What is possible and untrue is not found: the Methods page says so.
    plausible = replace(honest, score=honest.score * 1.1)
    assert after_replies(request, [replace(replies[0], likelihood=plausible), *replies[1:]])


def test_live_what_is_not_signed_by_a_site_changes_nothing(
    model: Model, hospitals: dict[str, Cohort]
):
    """Whoever reaches the coordinator's port can answer, and refuse, in a site's name."""
    request = first_request(model, NAMES, "The group")
    reply = asked(request, hospitals)[0]
    heard: list[str] = []

    def taken(said: str) -> Reply | None:
        return reply_of(said, request, KEYS, heard.append)

    refusal = {"kind": "calr-cox-refusal", "version": 1, "site": "North", "said": "Not today."}
    false = "nobody agreed on this key"
    for said in (
        reply.to_text(), reply.to_text(false), sealed(refusal, "North"),
        sealed(refusal, "North", false), "{}",
    ):  # fmt: skip
        assert taken(said) is None
    assert [said.startswith("Not taken") for said in heard] == [True] * 5
    assert taken(replace(reply, request="another").to_text(KEYS["North"])) is None
    found = taken(reply.to_text(KEYS["North"]))
    assert found is not None
    assert found.seal.checked
    with pytest.raises(TallyError, match=r"North refuses: Not today\."):
        taken(sealed(refusal, "North", KEYS["North"]))


def test_files_that_are_none_or_ask_what_cannot_be_are_refused(
    model: Model, hospitals: dict[str, Cohort]
):
    for sites, said in (
        (("A", "B"), "at least 3"),
        (("A", "B", "B"), "the same name"),
    ):
        with pytest.raises(TallyError, match=said):
            first_request(model, sites, "The group")
    request = first_request(model, NAMES, "The group")
    content = request.content
    for change in (
        {"beta": [0.0]}, {"beta": [0.0, 0.0, float("inf")]}, {"sites": ["A", "B"]}, {"round": 2},
        {"model": {}}, {"history": [{}]}, {"purpose": "a look"},
    ):  # fmt: skip
        with pytest.raises(TallyError, match="asks what cannot be"):
            read_request(sealed(content | change, "The group"))
    text = request.to_text(KEYS["North"])
    keys = {"The group": KEYS["North"]}
    changed = json.loads(text) | {"sites": [*NAMES, "East"]}
    for broken, said in (
        ("{}", "not a request for a Cox model"),
        (json.dumps(changed), "was changed after it was written"),
        (request.to_text(), "signs its files and this one is not signed"),
        (request.to_text(KEYS["South"]), "does not fit"),
        (sealed(content | {"sites": [*NAMES, "East"]}, "The group", KEYS["West"]), "does not fit"),
    ):
        with pytest.raises(TallyError, match=said):
            read_request(broken, keys)
    assert read_request(text).seal.words == "signed, no key here to check it"
    with pytest.raises(TallyError, match="at least 16 characters"):
        request.to_text("short")
    with pytest.raises(TallyError, match="use the name by which it knows"):
        reply_to(request, hospitals["North"], "Elsewhere", POLICY, SiteRecord())


def test_an_effect_that_is_infinite_is_said(hospitals: dict[str, Cohort], model: Model):
    history = after_replies(
        (request := first_request(model, NAMES, "The group")), asked(request, hospitals)
    )
    assert isinstance(history, Request)
    held = history.history[0].likelihood
    flat = replace(held, information=held.information * [[1, 1, 1], [1, 1, 1], [1, 1, 0]])
    with pytest.raises(ValueError, match="does not vary"):
        after_rounds([flat], 500, model.names)


def test_releases_and_rounds_go_by_the_command(
    model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def said(*words: str | Path) -> tuple[int, str]:
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        return code, told.out + told.err

    record, key = tmp_path / "record.json", tmp_path / "key"
    key.write_text(f"{KEYS['North']}\n")
    request, reply = tmp_path / "request.json", tmp_path / "reply.json"
    request.write_text(first_request(model, NAMES, "The group").to_text())
    site = ("--site", "North", "--record", record, "--key-file", key)
    code, told = said("answer", request, "demo:mds", *site, "--output", reply)
    assert code == 0
    assert "for round 1" in told
    assert read_reply(reply.read_text(), KEYS).seal.checked
    release = tmp_path / "release.json"
    assert said("release", "demo:mds", *site, "--output", release)[0] == 0
    assert len(read_record(record.read_text()).told) == 2
    parquet = tmp_path / "release.parquet"
    assert said("release", "demo:mds", *site, "--output", parquet)[0] == 0
    both = [read_release(path.read_bytes(), KEYS) for path in (release, parquet)]
    assert both[0].content == both[1].content
    assert len(read_record(record.read_text()).told) == 2, "the same is told once"
    cohort = load_cohort("demo:mds")
    fewer = write_cohort(cohort.subset(np.arange(cohort.n) > 0), tmp_path / "fewer")
    code, told = said("release", fewer, *site, "--output", tmp_path / "second.json")
    assert code == 1
    assert "the difference would tell about them" in told
    assert not (tmp_path / "second.json").exists()
    # What the record cannot hold is not told.
    unread = tmp_path / "third.json"
    lost = ("--site", "North", "--record", tmp_path / "nowhere" / "record.json")
    assert said("release", "demo:mds", *lost, "--output", unread)[0] == 1
    assert not unread.exists()
    assert record.stat().st_mode & 0o077 == 0
    for words, wrong in (
        (("answer", request, "demo:mds", "--site", "Nowhere"), "use the name by which it knows"),
        (("answer", release, "demo:mds", *site), "not a request for a Cox model"),
        (("release", "demo:mds", "--site", "A", "--record", release), "not a record of a site"),
    ):
        code, told = said(*words)
        assert code == 1
        assert wrong in told
