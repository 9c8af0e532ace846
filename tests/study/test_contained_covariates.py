"""Which covariates contain others, in demo and hand-made cohorts."""

from __future__ import annotations

import numpy as np
import pytest

from app.cohort.filters import Filter
from app.study.answer import methods_text
from app.study.contained_covariates import contained_in
from app.views.survival.cox.analysis import fit_models
from app.views.survival.cox.words import notes
from app.views.survival.cox.words_methods import models_methods
from app.views.survival.screen.analysis import screen_cohort, screen_notes
from app.views.survival.screen.answer import screen_answer
from data_loaders import Variable
from data_loaders.demo import load_demo
from tests.builders import make_cohort


@pytest.fixture(scope="module")
def mds():
    return load_demo("mds")


def told(cohort, *specs):
    return contained_in(cohort, [(spec, spec.partition(":")[2]) for spec in specs])


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        ("variable:ipssm", "alteration:TP53"),
        ("variable:ipssm_score", "alteration:TP53_multi_hit"),
        ("variable:ipssm_score", "variable:hb_g_per_l"),
        ("variable:ipssr", "variable:karyotype_group"),
        ("variable:ipssr", "alteration:del(5q)"),
        ("variable:ipssr_score", "variable:blasts_bm_percent"),
        ("alteration:TP53", "alteration:TP53_multi_hit"),
        ("variable:karyotype_group", "alteration:del(5q)"),
        ("variable:diagnosis", "alteration:SF3B1"),
        ("variable:diagnosis", "variable:blasts_bm_percent"),
    ],
)
def test_a_whole_and_its_part_are_said_in_any_order(mds, whole, part):
    for specs in ((whole, part), (part, whole)):
        (sentence,) = told(mds, *specs)
        kind, _, name = part.partition(":")
        assert sentence.startswith(f"{whole.partition(':')[2]} contains ")
        assert (mds.features.loc[name, "label"] if kind == "alteration" else name) in sentence


@pytest.mark.parametrize(
    "specs",
    [
        ("variable:ipssm", "variable:age_years", "variable:sex"),
        ("variable:ipssr", "alteration:TP53"),
        ("variable:ipssr", "variable:wbc_1e9_per_l"),
        ("alteration:TP53", "alteration:ASXL1"),
        ("alteration:U2AF1_S34", "alteration:U2AF1_Q157"),
        ("alteration:TP53",),
    ],
)
def test_what_contains_nothing_is_not_said_to(mds, specs):
    assert told(mds, *specs) == ()


def test_a_score_and_its_classes_are_the_same(mds):
    assert "the same score" in told(mds, "variable:ipssm", "variable:ipssm_score")[0]


@pytest.mark.parametrize(
    ("name", "label", "part"),
    [
        ("dipss_plus", "DIPSS-plus category", "age_years"),
        ("DIPSS", "Risk", "wbc"),
        ("risk", "MIPSS70+ v2.0", "hb"),
        ("ELN_2017", "ELN 2017 risk", "alteration:NPM1"),
        ("driver", "Driver mutation", "alteration:CALR"),
        ("cut:IPSS_RA@3", "Age-adjusted IPSS-R score", "age_years"),
    ],
)
def test_scores_are_known_by_name_or_label(name, label, part):
    column = name.removeprefix("cut:").partition("@")[0]
    names = {"age_years": "Age", "wbc": "White cell count", "hb": "Haemoglobin"}
    cohort = make_cohort(
        {column: [1.0, 2.0], **{other: [1.0, 2.0] for other in names}},
        {"NPM1": [True, False], "CALR": [True, False]},
        (
            Variable(column, label, "numeric", role="disease"),
            *(Variable(other, text, "numeric") for other, text in names.items()),
        ),
    )
    whole = name if ":" in name else f"variable:{name}"
    part = part if ":" in part else f"variable:{part}"
    assert len(told(cohort, whole, part)) == 1


def test_models_and_screens_say_it_on_the_page_and_in_the_methods(mds):
    everyone = np.ones(mds.n, dtype=bool)
    asked = ("variable:ipssm_score", "alteration:TP53_multi_hit", "variable:age_years")
    models = fit_models(mds, everyone, "os", asked)
    sentence = (
        "IPSS-M score contains TP53 multi-hit: the effect shown for it is only what the score "
        "leaves over."
    )
    assert sentence in notes(models)
    selection = Filter().apply(mds)
    assert sentence in models_methods(models, concordance=False)[-1]
    alone = fit_models(mds, everyone, "os", asked, kinds="univariable")
    assert sentence not in notes(alone)
    screen = screen_cohort(mds, everyone, "os", ["ipssm_score"])
    (told_of,) = screen.contained
    assert told_of.startswith("IPSS-M score contains")
    assert "SRSF2" in told_of
    assert told_of in screen_notes(screen)
    assert told_of in methods_text(screen_answer(mds, screen), selection)
    assert screen_cohort(mds, everyone, "os", ["age_years"]).contained == ()
