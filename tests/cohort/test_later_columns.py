"""Columns that tell what happened after time zero, by name, by the event they follow, by time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import by_variable
from app.cohort.later_columns import comes_later, later_columns, why_later
from data_loaders import Cohort, Endpoint, Variable, load_cohort
from tests.builders import OS, make_cohort

LATER = (
    "Best response", "TPL_Art", "allo", "HSCT", "Rezidiv", "Rückfall", "relapse_type",
    "Post_Induction_Remission", "CR1", "Rfsstat", "EFSstat allo", "Ereignisart", "Todesursache",
    "cause_of_death", "vital status", "Last follow-up status", "Letzter Kontakt", "Risposta",
    "recidiva", "trapianto", "Esito", "Réponse", "rechute", "Greffe", "Décès",
    "dernières nouvelles",
    "Respuesta", "recaída", "trasplante", "fallecido", "último contacto", "progression",
    "GvHD grade", "MRD after cycle 2", "Ansprechen", "remissionStatus", "Outcome", "event type",
)  # fmt: skip
EARLY = (
    "Prior transplant", "previous response", "Vorherige Therapie", "relapse risk score",
    "post_pv_mf", "Post-ET myelofibrosis", "Diagnosis", "Study arm", "age group", "ECOG",
    "centre", "Splenomegaly", "TRANSF_PLT100", "Mutation status", "KMT2A_PTD", "FLT3_ITD_status",
    "family history of death", "Osteoporosis", "Preleukaemia", "Donor eligible", "allele ratio",
    "Crohn", "karyotype", "antecedent haematological disorder", "mortgage",
)  # fmt: skip


def cohort_with(n: int = 200, **columns: list[object]) -> Cohort:
    rng = np.random.default_rng(5)
    event = (np.arange(n) % 2).astype(float)
    patients = {
        "os_months": list(rng.exponential(30, n) + 0.5),
        "os_event": list(event),
        **columns,
    }
    return make_cohort(
        patients,
        variables=tuple(Variable(name, name, "categorical", role="other") for name in columns),
        endpoints=(OS,),
    )


@pytest.mark.parametrize("name", LATER)
def test_names_of_what_happens_later(name: str):
    assert comes_later(cohort_with(**{name: ["a", "b"] * 100}), name)


@pytest.mark.parametrize("name", EARLY)
def test_names_of_what_is_known_at_time_zero(name: str):
    assert not comes_later(cohort_with(**{name: ["a", "a", "b", "b"] * 50}), name)


def test_a_variable_whose_role_is_known_is_not_judged_by_its_name():
    cohort = make_cohort(
        {"x_relapse": ["a", "b"] * 20},
        variables=(Variable("x_relapse", "Relapsed disease", "categorical", role="disease"),),
    )
    assert not comes_later(cohort, "x_relapse")


@pytest.mark.parametrize("absent", ["none", None])
def test_a_category_that_follows_from_an_event(absent: str | None):
    kinds = ["K1", "K2", "K3"]
    column = [absent if i % 2 == 0 else kinds[i % 3] for i in range(200)]
    cohort = cohort_with(klasse=column, stage=[kinds[i % 3] for i in range(200)])
    assert "free of it has one value" in why_later(cohort, "klasse")
    assert by_variable(cohort, "klasse").after_baseline
    assert not by_variable(cohort, "stage").after_baseline


def test_a_strong_marker_of_time_zero_is_not_taken_for_an_event():
    rng = np.random.default_rng(9)
    # Nearly all carriers die, yet most who die are no carriers; and a marker that is never alone.
    rare = ["yes" if i % 2 and i % 10 == 1 else "no" for i in range(200)]
    strong = ["yes" if rng.random() < (0.7 if i % 2 else 0.05) else "no" for i in range(200)]
    cohort = cohort_with(rare=rare, strong=strong)
    assert not comes_later(cohort, "rare")
    assert not comes_later(cohort, "strong")


def test_a_class_of_risk_without_events_is_of_time_zero():
    # Nobody of low risk dies, all who die are of high risk, as are some of those alive.
    risk = ["high" if i % 2 or i % 8 == 0 else "low" for i in range(200)]
    cohort = cohort_with(risk_group_x=risk)
    variables = {"risk_group_x": Variable("risk_group_x", "Class", "ordinal", role="disease")}
    held = replace(cohort, variables=variables)
    assert not comes_later(held, "risk_group_x")
    assert not comes_later(cohort_with(lamp=risk), "lamp")


def test_the_time_of_an_endpoint_in_another_unit():
    plain = cohort_with()
    patients = plain.patients.assign(
        laufzeit=plain.patients["os_months"] * 30.4375, weight=np.linspace(50, 90, 200)
    )
    cohort = make_cohort(
        {name: list(values) for name, values in patients.items()},
        variables=tuple(Variable(n, n, "numeric") for n in ("laufzeit", "weight")),
        endpoints=(OS,),
    )
    assert "time of Overall survival" in why_later(cohort, "laufzeit")
    assert not comes_later(cohort, "weight")


def test_dates_after_diagnosis():
    start = pd.Timestamp("2010-01-01")
    day = [start + pd.Timedelta(days=17 * i) for i in range(40)]
    cohort = make_cohort(
        {
            "diagnosis_date": day,
            "visit_7": [d + pd.Timedelta(days=200) for d in day],
            "sampled": [d + pd.Timedelta(days=3) for d in day],
        },
        variables=tuple(Variable(n, n, "date") for n in ("diagnosis_date", "visit_7", "sampled")),
    )
    assert why_later(cohort, "visit_7") == "its dates lie after diagnosis"
    assert not comes_later(cohort, "sampled")
    known = Filter.from_dict({"known": "visit_7"})
    assert later_columns(cohort, [known]) == ["visit_7"]


@pytest.mark.parametrize("key", ["demo:mpn", "demo:mds", "demo:aml"])
def test_no_variable_of_the_demos_but_treatments_and_outcomes_comes_later(key: str):
    cohort = load_cohort(key)
    others = [v for v in cohort.variables.values() if v.role not in {"treatment", "outcome"}]
    assert [v.name for v in others if comes_later(cohort, v.name)] == []


def test_the_competing_event_counts_for_no_event_free_patient():
    n = 120
    event = [1.0 if i % 3 == 1 else 0.0 for i in range(n)]
    competing = [1.0 if i % 3 == 2 else 0.0 for i in range(n)]
    how = ["none" if i % 3 == 0 else f"way {i % 4}" for i in range(n)]
    cohort = make_cohort(
        {"t": [float(i % 50 + 1) for i in range(n)], "e": event, "c": competing, "how": how},
        variables=(Variable("how", "how", "categorical"),),
        endpoints=(Endpoint("aml", "AML", "t", "e", "c", event_label="AML"),),
    )
    assert comes_later(cohort, "how")
