"""No bytes whatever bring out anything but a cohort or a sentence."""

from __future__ import annotations

import gzip
import io
import random

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, CohortError, load_table_bytes

FRAME = pd.DataFrame(
    {
        "patient_id": ["a", "b", "c"],
        "diagnosis": ["ET", "PV", "Ümläut"],
        "os_days": [5, 100, None],
        "os_event": [0, 1, None],
        "aml_days": [5, 90, 3],
        "aml_event": [0, 0, 1],
        "JAK2": [1, 0, None],
        "hb": [12.5, None, 9],
    }
)
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _saved(extension: str) -> bytes:
    buffer = io.BytesIO()
    if extension == "xlsx":
        FRAME.to_excel(buffer, index=False)
    else:
        FRAME.to_parquet(buffer, index=False)
    return buffer.getvalue()


SEEDS = [
    FRAME.to_csv(index=False).encode(),
    FRAME.to_csv(index=False, sep=";", decimal=",", quoting=1).encode("utf-16"),
    gzip.compress(FRAME.to_csv(index=False, sep="\t").encode()),
    _saved("xlsx"),
    _saved("parquet"),
]


def load_or_refuse(data: bytes, filename: str = "fuzz.csv") -> None:
    try:
        cohort = load_table_bytes(filename, data)
    except CohortError as error:
        message = str(error)
    else:
        check_invariants(cohort)
        return
    assert message.endswith(".")


def check_invariants(cohort: Cohort) -> None:
    """What every analysis may rely on."""
    assert cohort.n > 0
    assert set(cohort.variables) == set(cohort.patients.columns)
    assert cohort.alterations.columns.is_unique
    assert cohort.patients.columns.is_unique
    assert len(cohort.fingerprint) == 64
    for endpoint in cohort.endpoints.values():
        time = cohort.patients[endpoint.time].to_numpy()
        assert not (time < 0).any()
        assert not np.isinf(time).any()
        for column in filter(None, (endpoint.event, endpoint.competing)):
            assert set(cohort.patients[column].dropna()) <= {0.0, 1.0}
    for variable in cohort.variables.values():
        if variable.levels:
            assert set(cohort.patients[variable.name].dropna()) <= set(variable.levels)


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    load_or_refuse(data)


@QUICK
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    load_or_refuse(text.encode("utf-8", "replace"))


NAMES = st.sampled_from(
    ["os_days", "OS_STATUS", "os_event", "time", "status", "aml_months", "aml_event",
     "aml_competing", "os_months", "sex", "age", "hb_g_per_l", "JAK2", "CALR", "MPL", "MLL3",
     "KMT2C", "9pUPD", "driver", "hb_text", "hb", "", "x", "IPSSM", "days_to_death", "cr_months",
     "{patients}", "year", "survival", "death", "ZZ9", "%"]
)  # fmt: skip
CELLS = st.sampled_from(
    ["", "0", "1", "2", "-1", "3.5", "1e308", "-1e308", "inf", "NaN", "NA", "yes", "no", "Dead",
     "Alive", "1:DECEASED", "> 5", "unknown", "12,5",
     "M", "F", "Low", "2020-01-31", "9999-99-99", "a b",
     "1e-320", "٣", "\u2212", "0x1", "TRUE", "{rows}"]
)  # fmt: skip


@settings(QUICK, max_examples=200)
@given(st.data())
def test_any_table_of_telling_names_and_awkward_cells(data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=7, unique=True))
    rows = data.draw(
        st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=1, max_size=6)
    )
    lines = ["\t".join(["patient_id", *names])]
    lines += ["\t".join([f"p{i}", *row]) for i, row in enumerate(rows)]
    # With identifiers and names there is no reason to refuse: a finding has to be enough.
    check_invariants(load_table_bytes("fuzz.tsv", "\n".join(lines).encode()))


def test_damaged_files() -> None:
    rng = random.Random(7)  # noqa: S311 - damage need not be secret
    for seed in SEEDS:
        load_or_refuse(seed)
        for _ in range(40):
            damaged = bytearray(seed)
            for _ in range(rng.randint(1, 6)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            cut = rng.choice([len(damaged), rng.randrange(len(damaged))])
            load_or_refuse(bytes(damaged[:cut]))
