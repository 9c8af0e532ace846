"""The Prognosis page: its numbers, its sentences, its script, and what each demo opens on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.analysis.regression import concordance_index
from app.cohort.classification import classify
from app.cohort.filters import Filter
from app.cohort.scores import offered_scores, score
from app.study.analyses import answer_of, answer_to, compute, views_of
from app.study.question import Question
from app.study.scripts.question import question_script
from app.views.patient._scores import classes_of_patient
from app.views.prognosis.classes.analysis import UNDECIDED, who_against_icc
from app.views.prognosis.coverage.analysis import score_coverage
from app.views.prognosis.pair.analysis import disagreements, score_against_score
from app.views.prognosis.pair.words import concordance_table, models_table
from app.views.prognosis.scales import plain_class, same_score, scale_of, scale_options
from app.views.prognosis.single.analysis import score_survival
from app.views.prognosis.single.answer import classes_table
from data_loaders import Cohort, CohortError, load_cohort, load_table_bytes
from tests.pages.conftest import calm, open_upload, words
from tests.pages.test_odd_cohorts import TABLES
from tests.study.reproduce import check_tables, run

PAIR = {"first": "score:ipss_r", "second": "score:ipss_m", "endpoint_key": "os"}


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


def everyone(cohort: Cohort) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.ones(len(cohort), dtype=bool)


def test_cml_opens_on_the_score_that_eln_prefers():
    assert list(offered_scores(load_cohort("demo:cml"))) == ["elts", "sokal", "eutos"]


def test_published_medians_stand_beside_what_is_observed(mds: Cohort):
    result = score_survival(mds, everyone(mds), "score:ipss_m", "os")
    classes = result.classes.set_index("class")
    assert list(classes["published_time"]) == pytest.approx(
        [12 * y for y in (10.6, 6.0, 4.6, 2.8, 1.7, 1.0)]
    )
    assert (classes["published"] == 0.5).all()
    curve = result.survival.by_name["High"]
    row = curve.at([12 * 1.7]).iloc[0]
    assert classes.loc["High", "observed"] == row["survival"]
    table = classes_table(result, "years").set_index("Class")
    assert table.loc["High", "Published"] == "1.7 years"
    assert table.loc["High", "Observed then (95% CI)"].startswith(f"{row['survival']:.0%}")
    outcome = result.survival.outcome
    value = score(mds, "ipss_m").table["value"].to_numpy(float)[outcome.used]
    known = ~np.isnan(value)
    for place, (whom, of) in enumerate(((slice(None), outcome.codes), (known, value))):
        row = result.concordance.iloc[place]
        own = concordance_index(outcome.time[whom], outcome.event[whom], of[whom])
        assert (row["harrell"], row["harrell_lower"]) == (float(own), own.lower)
    assert result.concordance["score"].tolist() == ["classes", "value"]
    assert result.concordance["n"].tolist() == [outcome.n, known.sum()]
    assert not score_survival(mds, everyone(mds), "score:ipss_m", "aml").compared


def test_two_scores_crossed_moved_and_compared(mds: Cohort):
    result = score_against_score(mds, everyone(mds), **PAIR, by="variable:sex")
    tables = [score(mds, key).table["category"] for key in ("ipss_r", "ipss_m")]
    both = tables[0].notna() & tables[1].notna()
    pd.testing.assert_frame_equal(
        result.crossed, pd.crosstab(tables[0][both], tables[1][both]).loc[
            list(result.crossed.index), list(result.crossed.columns)],
        check_names=False,
    )  # fmt: skip
    counts = result.crossed.to_numpy()
    assert result.moved == counts.sum() - counts.max(axis=1).sum() == result.worse + result.better
    assert result.both + sum(result.left_out.values()) == result.selected == len(mds)
    found = result.discrimination
    assert found is not None
    assert found.difference["lower"].gt(0).all(), "IPSS-M tells better, as planted"
    assert result.groups["n"].sum() == result.outcome.n
    answer = answer_of(Question("demo:mds", "f", "prognosis.pair"), mds, result)
    share = f"{result.moved / result.both:.0%}"
    assert f"{result.moved:,} of {result.both:,} ({share})" in answer.sentences[0]
    gain = f"{found.difference['difference'].iloc[0]:+.3f}"
    assert any(gain in sentence for sentence in answer.sentences)
    assert concordance_table(result)["Score"].tolist() == [
        f"{name}, {of}"
        for of in ("classes", "values")
        for name in ("IPSS-R", "IPSS-M", "Difference")
    ]
    assert len(models_table(result)) == 3
    patients = set(mds.patients.index)
    for table in answer.tables().values():
        assert not patients & set(table.astype(str).to_numpy().ravel()), "no row of a patient"


def test_entry_times_count_and_what_knows_none_is_not_given(mds: Cohort):
    entry = mds.patients["os_months"] * np.random.default_rng(0).uniform(0, 0.9, len(mds))
    late = replace(
        mds,
        patients=mds.patients.assign(os_entry=entry),
        endpoints={"os": replace(mds.endpoints["os"], entry="os_entry")},
    )
    result = score_against_score(late, everyone(late), **PAIR, by="variable:sex")
    outcome, found = result.outcome, result.discrimination
    assert found is not None
    assert outcome.entry is not None
    codes = scale_of(late, "score:ipss_m").grouping.codes[outcome.used]
    own = concordance_index(outcome.time, outcome.event, codes, outcome.entry)
    assert found.concordance["harrell"].iloc[1] == float(own)
    assert found.concordance["uno"].isna().all()
    assert (found.difference["measure"].tolist(), len(found.auc)) == (["harrell"], 0)
    assert result.brier is None
    answer = answer_of(Question("x", "f", "prognosis.pair"), late, result)
    assert any("know no entry times" in note for note in answer.notes)
    assert "from their times of entry on" in answer.methods[0]
    assert not any("Uno" in line for line in answer.sentences)
    plain = score_against_score(late, everyone(late), **PAIR, truncated=False)
    assert plain.discrimination is not None
    assert plain.discrimination.concordance["uno"].notna().all()
    single = score_survival(late, everyone(late), "score:ipss_m", "os")
    assert single.concordance["uno"].isna().all()


def test_the_script_gives_the_tables_of_the_answer(mds: Cohort, tmp_path):
    old = Filter.from_dict({"column": "age_years", "between": [75, None]})
    question = Question(
        "demo:mds", mds.fingerprint, "prognosis.pair", old, settings=PAIR, shown={"unit": "months"}
    )
    answer = answer_to(question, mds)
    check_tables(run(question_script(question, mds, answer.title), tmp_path), answer)


def test_a_score_of_the_file_against_the_computed_one(mds: Cohort):
    assert same_score(mds, "column:ipssm") == "score:ipss_m"
    file, computed = scale_of(mds, "column:ipssm"), scale_of(mds, "score:ipss_m")
    table = disagreements(mds, everyone(mds), file, computed)
    both = (file.grouping.codes >= 0) & (computed.grouping.codes >= 0)
    assert (file.grouping.codes == computed.grouping.codes)[both].all()
    alone = (file.grouping.codes >= 0) ^ (computed.grouping.codes >= 0)
    assert set(table.index) == set(mds.patients.index[alone])
    changed = mds.patients.copy()
    first = changed.index[both & (file.grouping.codes == 0)][0]
    changed.loc[first, "ipssm"] = "High"
    other = replace(mds, patients=changed)
    found = disagreements(
        other, everyone(other), scale_of(other, "column:ipssm"), scale_of(other, "score:ipss_m")
    )
    assert found.loc[first].tolist() == ["High", "Very Low", "Very Low", ""]
    open_ = table[table.iloc[:, 1] == ""]
    assert open_["Missing"].ne("").all(), "every disagreement has its reason"
    assert plain_class("Int") == plain_class("Intermediate") != plain_class("Int-1")


def test_scores_count_in_their_own_disease_alone():
    mpn = load_cohort("demo:mpn")
    scale = scale_of(mpn, "score:dipss")
    fibrosis = (mpn.patients["diagnosis"] == "MF").to_numpy()
    assert not (scale.grouping.codes[~fibrosis] >= 0).any()
    table = score_coverage(mpn, everyone(mpn)).table.set_index("key")
    assert "ipss_m" not in table.index
    assert table.loc["dipss", "patients"] == fibrosis.sum()
    assert table.loc["dipss", "certain"] == (scale.grouping.codes >= 0).sum()
    assert "score:ipss_m" not in scale_options(mpn)


def test_who_against_icc(mds: Cohort):
    some = everyone(mds)
    some[::3] = False
    result = who_against_icc(mds, some)
    who, icc = (classify(mds, key).table["entity"][some] for key in ("who_2022", "icc_2022"))
    assert result.crossed.to_numpy().sum() == some.sum()
    assert result.crossed.loc[UNDECIDED].sum() == who.isna().sum()
    assert result.decided(result.icc) == icc.notna().sum()
    pair = result.other.iloc[0]
    assert pair["n"] == ((who == pair["who"]) & (icc == pair["icc"])).sum()
    evidence = result.evidence[result.evidence["entity"].str.contains("SF3B1")]
    facts = evidence[evidence["evidence"].str.contains("SF3B1 mutated")]
    assert facts["patients"].iloc[0] == who.str.contains("SF3B1").sum()
    assert result.missing["patients"].ge(result.missing["alone"]).all()


def test_what_cannot_be_asked_is_refused_in_a_sentence(mds: Cohort):
    with pytest.raises(CohortError, match="both are the same"):
        score_against_score(mds, everyone(mds), "score:ipss_m", "score:ipss_m", "os")
    with pytest.raises(CohortError, match="no score or classification called"):
        scale_of(mds, "column:nothing")
    nobody = compute(
        Question("demo:mds", mds.fingerprint, "prognosis.pair", settings=PAIR), mds.subset(
            np.arange(len(mds)) < 3)
    )  # fmt: skip
    assert nobody.discrimination is None
    assert nobody.models is None


@pytest.mark.parametrize("demo", ["mpn", "mds", "aml"])
def test_the_page_opens_on_something_on_every_demo(open_app: Callable[..., AppTest], demo: str):
    at = calm(open_app("prognosis", cohort=f"demo:{demo}"))
    assert at.get("plotly_chart")
    assert words(at).count("not a diagnosis") == 1


@pytest.mark.parametrize("view", views_of("prognosis"))
@pytest.mark.parametrize("name", ["no_alteration", "a_group_of_one", "no_endpoint"])
def test_views_say_calmly_what_they_cannot(name: str, view: str):
    cohort = load_table_bytes(f"{name}.csv", TABLES[name])
    at = calm(open_upload(cohort, "prognosis", query={"view": view}))
    assert at.get("plotly_chart") or at.info


def test_a_patient_has_its_entity_its_evidence_or_what_would_decide(mds: Cohort):
    table = classify(mds, "who_2022").table
    decided = int(np.flatnonzero(table["entity"].notna())[0])
    label, verdict, evidence = classes_of_patient(mds, decided)[0]
    assert (label, verdict) == ("WHO 2022", f"{table['entity'].iloc[decided]}.")
    assert evidence == table["evidence"].iloc[decided]
    open_ = int(np.flatnonzero(table["entity"].isna())[0])
    verdict = classes_of_patient(mds, open_)[0][1]
    assert verdict.startswith("not decided: ")
    assert all(entity in verdict for entity in table["possible"].iloc[open_])
    assert "decided by blasts" in verdict
    assert classes_of_patient(load_cohort("demo:cll"), 0) == []
