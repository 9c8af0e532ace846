"""Tables of German, Italian, French and Spanish hospitals: headers, dates, status, laboratory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_loaders import Cohort, load_table_bytes
from data_loaders.endpoints.date_pairs import date_label, date_roles
from data_loaders.files.tables import read_table
from data_loaders.meaning.event_codes import decode_events
from data_loaders.meaning.spelling import folded, glued
from data_loaders.meaning.vocabulary import term_of


def load(columns: dict[str, list[Any]]) -> Cohort:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"patient_id": [f"X{i}" for i in range(n)], **columns})
    return load_table_bytes("t.csv", frame.to_csv(index=False, sep=";").encode())


def codes(cohort: Cohort) -> set[str]:
    return {issue.code for issue in cohort.issues}


HEADERS = [
    ("Erstdiagnose am", "Letzter Kontakt", "Status", "Sterbedatum", "tot", "lebt"),
    ("ED", "letzte Vorstellung", "Überlebensstatus", "Tod", "verstorben", "am Leben"),
    ("Diagnosedatum", "Datum des letzten Kontakts", "Vitalstatus", "Todesdatum", "Verstorben",
     "Lebt"),
    ("Data di diagnosi", "Data ultimo contatto", "Stato vitale", "Data decesso", "deceduto",
     "vivente"),
    ("data_diagnosi", "Ultima visita", "Stato", "Data del decesso", "morta", "viva"),
    ("Date du diagnostic", "Date des dernières nouvelles", "Statut", "Date de décès", "décédée",
     "vivant"),
    ("date_diag", "DDN", "Statut vital", "date deces", "DCD", "en vie"),
    ("Fecha de diagnóstico", "Última visita", "Estado", "Fecha de defunción", "muerto", "vivo"),
    ("fecha_diagnostico", "fecha último contacto", "Estado vital", "Fecha de fallecimiento",
     "Éxitus", "viva"),
    ("date of dx", "date last seen alive", "vital status", "DOD", "dead of disease", "NED"),
]  # fmt: skip


@pytest.mark.parametrize("words", HEADERS, ids="+".join)
def test_dates_and_status_give_survival(words: tuple[str, ...]) -> None:
    zero, last, status, death, dead, alive = words
    table = {
        zero: ["01.01.2015", "02.02.2016", "03.03.2017"],
        last: ["01.01.2016", "02.02.2018", "03.03.2018"],
        status: [dead, alive, dead],
        death: ["31.12.2016", "", "03.06.2017"],
    }
    cohort = load(table)
    np.testing.assert_allclose(
        cohort.patients["os_months"], np.array([730, 731, 92]) / 30.4375, rtol=1e-12
    )
    assert cohort.patients["os_event"].tolist() == [1, 0, 1]
    assert [date_label(name) for name in (zero, death, last)] == [
        "Date of diagnosis", "Date of death", None if last == "DDN" else "Date of last follow-up",
    ]  # fmt: skip
    del table[death]
    table[last] = ["01.01.2016", "02.02.2018", "03.03.2018"]
    assert load(table).patients["os_event"].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Hämoglobin", "hb"), ("Haemoglobin (g/dl)", "hb"), ("Emoglobina", "hb"),
        ("hémoglobine", "hb"), ("Leukozyten (/nl)", "wcc"), ("Globuli bianchi", "wcc"),
        ("globules_blancs", "wcc"), ("Leucocitos", "wcc"), ("Thrombozyten", "platelets"),
        ("Piastrine", "platelets"), ("Plaquettes", "platelets"), ("plaquetas", "platelets"),
        ("Kreatinin", "creatinine"), ("Ferritina", "ferritin"), ("Blasten KM (%)", "bm_blasts"),
        ("Blasti midollari", "bm_blasts"), ("blastes médullaires", "bm_blasts"),
        ("Monozyten", "monocytes"), ("Neutrofili", "anc"), ("Neutrophile", "anc"),
        ("Alter bei Diagnose", "age"), ("Età alla diagnosi", "age"), ("Âge au diagnostic", "age"),
        ("Edad", "age"), ("Geschlecht", "sex"), ("Sesso", "sex"), ("Sexe", "sex"), ("sexo", "sex"),
        ("Diagnosi", "diagnosis"), ("Größe", "height"),
        ("Stammzelltransplantation", "transplant"), ("Trapianto", "transplant"),
    ],
)  # fmt: skip
def test_headers_of_common_variables(name: str, key: str) -> None:
    found = term_of(name)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    "name",
    ["last treatment", "letzte Therapie", "Date of last update", "ultima trasfusione", "data",
     "der", "mutation data"],
)  # fmt: skip
def test_other_last_things_are_no_follow_up(name: str) -> None:
    assert date_roles([name]).follow_up is None


def test_folding() -> None:
    assert folded("Überlebenszeit DÉCÈS Größe 血") == "uberlebenszeit deces grosse 血"
    assert glued("data del decesso") == glued("Data decesso".lower())


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["DOD", "DOC", "AWD", "NED"], [1, 1, 0, 0]),
        (["dead of disease", "Dead of other cause", "alive with disease", "alive"], [1, 1, 0, 0]),
        (["dead (relapse)", "alive, in CR", "u", "unk"], [1, 0, np.nan, np.nan]),
        (["décédé", "decede", "vivant", "perdu de vue"], [1, 1, 0, 0]),
        (
            ["morto per altra causa", "vivo con malattia", "perso al FU", "lost (moved)"],
            [1, 0, 0, 0],
        ),
        (["fallecida", "éxitus", "vive", "desconocido"], [1, 1, 0, np.nan]),
        (["nicht verstorben", "verstorben an Sepsis", "lebend", "unbekannt"], [0, 1, 0, np.nan]),
        (["1 = dead", "0 = alive", "9", "1 = dead"], [1, 0, np.nan, 1]),
        (["2: dead", "1: alive", "1: alive", "2: dead"], [1, 0, 0, 1]),
        ([0, 1, 9, 99], [0, 1, np.nan, np.nan]),
        ([1, 2, -9, 2], [0, 1, np.nan, 1]),
        (["0.0", "1.0", "999.0", "1.0"], [0, 1, np.nan, 1]),
    ],
)
def test_status_words_and_codes(words: list[object], values: list[float]) -> None:
    text = "x;os_status\n" + "\n".join(f'{i};"{word}"' for i, word in enumerate(words))
    column = read_table("s.csv", text.encode()).columns["os_status"]
    coding = decode_events(column)
    assert coding is not None
    np.testing.assert_array_equal(column.spread(coding.values), values)


def test_death_is_no_relapse_and_other_causes_are_no_death_of_disease() -> None:
    table = {
        "os_months": [5, 6, 7, 8, 9, 10], "os_status": ["DOD", "DOC", "NED", "AWD", "NED", "NED"],
        "relapse_months": [2, 6, 7, 3, 9, 10],
        "relapse_status": ["relapse", "DOC", "no", "relapse", "no", "no"],
        "dss_months": [5, 6, 7, 8, 9, 10], "dss_status": ["DOD", "DOC", "NED", "AWD", "NED", "NED"],
    }  # fmt: skip
    cohort = load(table)
    assert cohort.patients["os_event"].tolist() == [1, 1, 0, 0, 0, 0]
    assert np.isnan(cohort.patients["relapse_event"].iloc[1])
    assert cohort.patients["dss_event"].tolist() == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("code", ["9", "99", "-9", "unk"])
def test_an_unknown_status_is_neither_dead_nor_alive(code: str, mapped: bool) -> None:
    lines = ["patient_id,os_months,os_event", *(f"p{i},{i},{i % 2}" for i in range(1, 9))]
    lines += [f"q{i},{i},{code}" for i in range(3)]
    mapping = {"endpoints": {"os": {"time": "os_months", "event": "os_event", "event_value": 1}}}
    cohort = load_table_bytes("t.csv", "\n".join(lines).encode(), mapping if mapped else None)
    assert cohort.patients["os_event"].isna().tolist() == [False] * 8 + [True] * 3
    said = " ".join(issue.sentence for issue in cohort.issues)
    assert "rows 9, 10 and 11" in said


def test_dates_that_no_name_explains_are_asked_about() -> None:
    cohort = load(
        {"Datum A": ["01.01.2015", "02.02.2016"], "Datum B": ["01.01.2016", "02.02.2018"],
         "Befund": ["x", "y"]}
    )  # fmt: skip
    asked = next(issue for issue in cohort.issues if issue.code == "which_date")
    assert "Datum A and Datum B hold dates" in asked.sentence
    assert "which is which" in asked.sentence


def test_a_status_with_codes_not_known_is_asked_about() -> None:
    cohort = load(
        {"Data diagnosi": ["01.01.2015", "02.02.2016"], "Stato": ["rosso", "blu"],
         "Ultimo contatto": ["01.01.2016", "02.02.2018"]}
    )  # fmt: skip
    (asked,) = [issue for issue in cohort.issues if issue.code == "no_event_status"]
    assert "codes of Stato" in asked.sentence


@pytest.mark.parametrize(
    ("time", "event"),
    [("Überlebenszeit (Monate)", "verstorben"), ("OS_Monate", "OS_Status"),
     ("sopravvivenza_mesi", "decesso"), ("Survie (mois)", "décès"),
     ("Supervivencia (meses)", "Fallecido")],
)  # fmt: skip
def test_times_in_other_languages(time: str, event: str) -> None:
    cohort = load({time: [12, 7, 30], event: ["ja", "nein", "nein"], "Alter": [50, 60, 70]})
    assert cohort.patients["os_months"].tolist() == [12, 7, 30]
    assert cohort.patients["os_event"].tolist() == [1, 0, 0]
    assert "unit_guess" not in codes(cohort)


@pytest.mark.parametrize(
    ("status", "dead", "alive"),
    [
        ("Status (0=lebt, 1=tot)", 1, 0), ("Status (1=lebt, 2=tot)", 2, 1),
        ("Vitalstatus (1 = tot; 0 = lebt)", 1, 0), ("status [1: alive, 0: dead]", 0, 1),
        ("Verstorben (ja/nein)", "ja", "nein"),
        ("Statut aux dernières nouvelles", "décédé", "vivant"),
        ("Estado al último contacto", "fallecido", "vivo"),
        ("Stato all'ultimo follow-up", "morto", "vivo"),
        ("Status at last FU", "Dead", "Alive"), ("Lebt", "nein", "ja"), ("exitus", "sí", "no"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "end",
    ["Datum letzter Kontakt", "Date of death or last contact", "Data decesso o ultimo follow-up",
     "Date de décès ou des dernières nouvelles"],
)  # fmt: skip
def test_what_a_header_says_of_codes_and_of_two_things(
    status: str, dead: object, alive: object, end: str
) -> None:
    cohort = load(
        {"Erstdiagnose": ["01.01.2015", "02.02.2016", "03.03.2017"],
         end: ["31.12.2016", "02.02.2018", "03.06.2017"], status: [dead, alive, dead]}
    )  # fmt: skip
    assert cohort.patients["os_event"].tolist() == [1, 0, 1]
    np.testing.assert_allclose(cohort.patients["os_months"].iloc[0], 730 / 30.4375)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Geschlecht (1=w, 2=m)", ["Female", "Male"]), ("sex (1=M, 2=F)", ["Male", "Female"]),
     ("Sexe (1: homme; 2: femme)", ["Male", "Female"]), ("sex", ["Male", "Female"])],
)  # fmt: skip
def test_what_a_header_says_of_the_sexes(name: str, expected: list[str]) -> None:
    cohort = load({name: [1, 2], "Alter": [50, 60]})
    assert cohort.patients[name].tolist() == expected
    assert any(issue.code == "sex_coding" for issue in cohort.issues)


def test_age_comes_from_dates_where_no_column_gives_it() -> None:
    table = {
        "Geburtsdatum": ["01.01.1950", "02.03.1940", "01.01.2020"],
        "Erstdiagnose": ["31.12.2014", "02.03.2015", "03.03.2017"], "Befund": ["a", "b", "c"],
    }  # fmt: skip
    cohort = load(table)
    np.testing.assert_array_equal(cohort.patients["age_years"], [64, 75, np.nan])
    assert cohort.variables["age_years"].label == "Age at diagnosis"
    assert any("row 3" in i.sentence for i in cohort.issues if i.code == "implausible")
    assert "age_years" not in load({**table, "Alter": [64, 75, 50]}).variables


def test_days_that_stand_for_unknown_are_no_dates_of_death() -> None:
    cohort = load(
        {"Diagnosedatum": ["01.01.2015", "02.02.2016", "03.03.2017"],
         "Todesdatum": ["31.12.2016", "01.01.1900", "01.01.1900"],
         "Letzter Kontakt": ["01.12.2016", "02.02.2018", "03.06.2017"],
         "Status": ["tot", "lebt", "lebt"]}
    )  # fmt: skip
    assert cohort.patients["os_event"].tolist() == [1, 0, 0]
    np.testing.assert_allclose(
        cohort.patients["os_months"], np.array([730, 731, 92]) / 30.4375, rtol=1e-12
    )
    found = next(issue for issue in cohort.issues if issue.code == "unknown_code")
    assert "rows 2 and 3" in found.sentence


@pytest.mark.parametrize(("ddn", "birth"), [("03.02.1950", True), ("03.02.2019", False)])
def test_ddn_is_birth_or_last_news_by_its_dates(ddn: str, birth: bool) -> None:
    cohort = load(
        {"DDN": [ddn] * 3, "Date diagnostic": ["01.01.2015"] * 3,
         "Statut": ["DCD", "vivant", "vivant"],
         **({"Date dernières nouvelles": ["03.02.2019"] * 3} if birth else {})}
    )  # fmt: skip
    np.testing.assert_allclose(cohort.patients["os_months"], 1494 / 30.4375)
    assert ("age_years" in cohort.variables) == birth


@pytest.mark.parametrize(
    ("name", "alive", "dead", "third", "event"),
    [
        ("Stato in vita", "vivo", "deceduta", "perso al follow-up", 0.0),
        ("Situación", "viva", "exitus", "desconocido", np.nan),
        ("Etat aux DDN", "Vivant", "Décédé", "PDV", 0.0),
        ("Outcome at cut-off", "1 alive", "2 dead", "3 lost", 0.0),
    ],
)
def test_the_only_column_of_dead_and_alive_is_the_status(
    name: str, alive: str, dead: str, third: str, event: float
) -> None:
    dates = {"Diagnosedatum": [f"{d:02d}.01.2015" for d in range(10, 19)]}
    dates["Letzter Kontakt"] = [f"{d:02d}.01.2018" for d in range(10, 19)]
    cohort = load({**dates, name: [alive, dead, third] * 3})
    expected = [0.0, 1.0, event] * 3
    assert cohort.patients["os_event"].tolist() == pytest.approx(expected, nan_ok=True)
    assert dead in cohort.endpoints["os"].source
    timed = load({"follow-up (months)": list(range(9)), name: [alive, dead, third] * 3})
    assert timed.patients["os_event"].tolist() == pytest.approx(expected, nan_ok=True)
    # Two such columns are no answer, and a word that is no status makes it none.
    two = load({**dates, name: [alive, dead, third] * 3, "zweite": [alive, dead, dead] * 3})
    assert "os" not in two.endpoints
    assert "os" not in load({**dates, name: [alive, dead, "rezidiv?"] * 3}).endpoints


def test_the_question_names_the_words_that_are_not_known() -> None:
    cohort = load({"os_months": range(8), "os_status": ["alive", "dead", "withdrawn", "moved"] * 2})
    (issue,) = [issue for issue in cohort.issues if issue.code == "event_coding"]
    assert "(withdrawn and moved)" in issue.sentence
    numbers = load({"pfs_months": range(9), "pfs_status": [0, 1, 2] * 3})
    (issue,) = [issue for issue in numbers.issues if issue.code == "event_coding"]
    assert "(0, 1 and 2)" in issue.sentence


@pytest.mark.parametrize(
    "name", ["Pat.-Nr.", "Patienten-Nr", "Codice paziente", "N° patient", "Código paciente", "NHC"]
)
def test_identifiers_have_names_in_five_languages(name: str) -> None:
    cohort = load_table_bytes("t.csv", f"{name};Hb\n7;9,5\n8;10,1\n9;11,3\n".encode())
    assert cohort.patients.index.tolist() == ["7", "8", "9"]
    assert "id_guess" not in codes(cohort)


def test_homme_beside_femme_is_no_warning() -> None:
    def severity(*words: str) -> str:
        cohort = load({"Sexe": list(words) * 4})
        assert set(cohort.patients["Sexe"]) == {"Female", "Male"}
        return next(i.severity for i in cohort.issues if i.code == "spellings")

    assert severity("H", "F") == "info"
    assert severity("H", "M") == "warning"
