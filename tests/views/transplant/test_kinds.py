"""Allogeneic and autologous transplants apart; confounders; what a trial is not weighted for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.analysis.transplant import Strategy
from app.cohort.filters import Filter
from app.study.transplants.confounders import (
    confounder_options,
    transplant_versions,
    what_is_left,
)
from app.study.transplants.kinds import transplant_kinds
from app.views.transplant.defaults import suggest
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort, Variable
from tests.builders import OS, make_cohort

N = 120
STRATEGIES = (Strategy("within", 6.0), Strategy("never"))


def cohort(kinds: tuple[str | None, ...] = ("allogen MUD", "autolog", "haploident", "?")) -> Cohort:
    rng = np.random.default_rng(4)
    given = np.arange(N) % 2 == 0
    kind = [kinds[(i // 2) % len(kinds)] if given[i] else None for i in range(N)]
    return make_cohort(
        {
            "age_years": list(rng.normal(55, 8, N)),
            "hb": list(rng.normal(9, 1, N)),
            "ward": list(rng.choice(["A", "B"], N)),
            "azacitidine": list((rng.random(N) < 0.4).astype(float)),
            "relapsed": list((rng.random(N) < 0.4).astype(float)),
            "transplant": list(given.astype(float)),
            "transplant_months": [4.0 if g else None for g in given],
            "transplant_type": kind,
            "os_months": list(rng.uniform(10, 80, N)),
            "os_event": list((rng.random(N) < 0.6).astype(float)),
        },
        variables=(
            Variable("age_years", "Age", "numeric", "years", role="demographic"),
            Variable("hb", "Haemoglobin", "numeric", "g/dL", role="laboratory"),
            Variable("ward", "Ward", "categorical"),
            Variable("azacitidine", "Azacitidine", "binary", role="treatment"),
            Variable("relapsed", "relapsed", "binary", role="clinical"),
            Variable("transplant", "Transplant", "binary", role="treatment"),
            Variable("transplant_months", "Time to transplant", "numeric", "months", "treatment"),
            Variable("transplant_type", "Transplant type", "categorical", role="treatment"),
        ),
        endpoints=(OS,),
    )


@pytest.mark.parametrize(
    "words",
    [
        ("ALLO", "AUTO"),
        ("Fremdspender", "Autolog"),
        ("matched unrelated donor", "autologous"),
        ("HAPLO", "auto-SCT"),
        ("allogénique", "autogreffe"),
        ("MUD", "autotrapianto"),
    ],
)
def test_kinds_are_read_as_people_write_them(words: tuple[str, str]):
    found = transplant_kinds(cohort(words))
    assert found is not None
    assert found.allogeneic.sum() == found.autologous.sum() == N // 4


def test_nothing_is_told_apart_where_one_kind_alone_is_recorded():
    assert transplant_kinds(cohort(("MUD", "sibling"))) is None
    assert transplant_kinds(cohort(("none", "AUTO"))) is None


def test_allogeneic_is_the_default_and_the_other_kind_ends_the_follow_up():
    made = cohort()
    assert suggest(made, Filter()).trial.kind == "allogeneic"
    assert suggest(cohort(("MUD", "sibling")), Filter()).trial.kind == ""
    trial = TargetTrial(strategies=STRATEGIES, kind="allogeneic")
    protocol = write_protocol(made, trial)
    auto = transplant_kinds(made).autologous[protocol.patients]
    assert auto.sum() == 15
    np.testing.assert_allclose(protocol.data.time[auto], 4.0)
    assert not protocol.data.event[auto].any()
    assert not protocol.data.ever_treated[auto].any()
    assert protocol.data.ever_treated.sum() == 45
    told = protocol.table.set_index("element").loc["Treatment strategies", "data"]
    assert "allogeneic alone: 45 of the eligible, of whom 15 without a known kind" in told
    assert "15 autologous transplants end the follow-up" in told
    everyone = write_protocol(made, replace(trial, kind=""))
    assert everyone.data.ever_treated.sum() == 60
    other = write_protocol(made, replace(trial, kind="autologous"))
    assert other.data.ever_treated.sum() == 15
    assert TargetTrial.from_dict(trial.to_dict()) == trial


def test_a_kind_that_is_not_recorded_is_refused_with_what_to_do():
    trial = TargetTrial(strategies=STRATEGIES, kind="autologous")
    with pytest.raises(ValueError, match="it needs a column with their kind"):
        write_protocol(cohort(("MUD", "sibling")), trial)


def test_confounders_are_everything_of_time_zero_and_other_treatments():
    options = confounder_options(cohort())
    assert options[0] == "variable:age_years"
    assert {"variable:hb", "variable:ward", "variable:azacitidine"} <= set(options)
    assert not {"variable:relapsed", "variable:transplant", "variable:transplant_type"} & set(
        options
    )
    trial = TargetTrial(
        strategies=STRATEGIES, confounders=("variable:age_years", "variable:azacitidine")
    )
    told = write_protocol(cohort(), trial).table.set_index("element").loc["Assignment", "data"]
    assert "azacitidine is a treatment whose time is not used" in told
    assert "recorded and not weighted for: haemoglobin and ward" in told
    with pytest.raises(ValueError, match="only after time zero"):
        write_protocol(cohort(), replace(trial, confounders=("variable:transplant",)))


def test_what_is_not_known_is_computed_from_what_the_file_holds():
    made = cohort()
    told = what_is_left(made, [])
    assert "not recorded in these data: performance status, comorbidity, a donor" in told
    assert "the date of referral, conditioning, the centre" in told
    assert "treatment before it" not in told, "azacitidine is recorded"
    patients = made.patients.assign(ecog=1.0)
    held = replace(
        made,
        patients=patients,
        variables={**made.variables, "ecog": Variable("ecog", "ECOG", "ordinal")},
    )
    assert "not recorded in these data: comorbidity, a donor" in what_is_left(held, [])


def test_donor_and_conditioning_are_versions_of_the_transplant_and_no_confounders():
    made = cohort()
    given = made.patients["transplant_months"].notna().to_numpy()
    rng = np.random.default_rng(5)
    patients = made.patients.assign(
        donor=np.where(given, rng.choice(["MSD", "MUD"], N), None),
        conditioning=np.where(given, rng.choice(["RIC", "MAC"], N), None),
        donor_found=rng.choice(["yes", "no"], N),
        hct_ci=rng.integers(0, 6, N).astype(float),
    )
    more = {
        name: Variable(name, label, kind)
        for name, label, kind in (
            ("donor", "Donor", "categorical"),
            ("conditioning", "Conditioning", "categorical"),
            ("donor_found", "Donor found", "categorical"),
            ("hct_ci", "HCT ci", "numeric"),
        )
    }
    made = replace(made, patients=patients, variables={**made.variables, **more})
    assert transplant_versions(made) == ["donor", "conditioning"]
    options = confounder_options(made)
    # In everybody: whether a donor was found, and comorbidity, which is no transplant.
    assert {"variable:donor_found", "variable:hct_ci"} <= set(options)
    assert not {"variable:donor", "variable:conditioning"} & set(options)
    absent = what_is_left(made, []).partition("not recorded in these data: ")[2]
    assert "performance status" in absent
    assert not any(word in absent for word in ("donor", "conditioning", "comorbidity"))

    trial = TargetTrial(strategies=STRATEGIES, versions=(("donor", "MUD"),))
    assert TargetTrial.from_dict(trial.to_dict()) == trial
    protocol = write_protocol(made, trial)
    other = (given & (patients["donor"] == "MSD").to_numpy())[protocol.patients]
    assert other.any()
    assert (protocol.data.time[other] == 4.0).all()
    assert not protocol.data.event[other].any()
    assert np.isinf(protocol.data.treated[other]).all()
    told = protocol.table.set_index("element").loc["Treatment strategies", "data"]
    assert "donor MUD alone" in told
    assert f"{other.sum()} with another or an unknown one end the follow-up" in told
    with pytest.raises(ValueError, match="does not tell by ward"):
        write_protocol(made, replace(trial, versions=(("ward", "A"),)))
    with pytest.raises(ValueError, match="cannot be read"):
        TargetTrial.from_dict({"versions": ["MUD"]})
