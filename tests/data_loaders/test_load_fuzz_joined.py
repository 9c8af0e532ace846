"""No set of files whatever brings out anything but a cohort or a sentence."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, CohortError, load_files

QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
CLINICAL = b"ID\tos_days\tos_event\tage\nP1\t5\t0\t50\nP2\t100\t1\t60\nP3\t7\t1\t70\n"
MATRIX = b"ID,TP53,FLT3,FLT3_ITD,del5q\nP1,1,0,1,0\nP2,0,1,0,1\nP4,1,1,1,1\n"
VARIANTS = (
    b"Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\tt_vaf\n"
    b"TP53\tMissense_Mutation\tP1\tp.R175H\t0.4\nFLT3\tIn_Frame_Ins\tP1-01\tp.D600_L601insFREYEYD\t.\n"
    b"U2AF1\tMissense_Mutation\tP2\tp.S34F\t12\nTET2\tSilent\tP3\tp.L1L\t0.5\n"
)
FILES = {"a.tsv": CLINICAL, "b.csv": MATRIX, "v.maf.gz": gzip.compress(VARIANTS)}


def load_or_refuse(files: dict[str, bytes]) -> None:
    try:
        cohort = load_files(files)
    except CohortError as error:
        message = str(error)
    else:
        check_invariants(cohort)
        return
    assert message.endswith(".")


def check_invariants(cohort: Cohort) -> None:
    """What every analysis may rely on, of several tables and lists of variants."""
    assert cohort.n > 0
    assert set(cohort.variables) == set(cohort.patients.columns)
    assert cohort.alterations.columns.is_unique
    assert (cohort.alterations.dtypes == "boolean").all()
    assert set(cohort.features["kind"]) <= {"gene", "refinement", "cytogenetic"}
    assert not cohort.features["label"].isna().any()
    assert len(cohort.fingerprint) == 64
    mutations = cohort.mutations
    assert set(mutations["patient_id"]) <= set(cohort.patients.index)
    assert not mutations["gene"].isna().any()
    known = mutations["vaf"].dropna()
    assert ((known >= 0) & (known <= 1)).all()
    for name, row in cohort.features.iterrows():
        if row["kind"] != "refinement" or row["gene"] not in cohort.features.index:
            continue
        if str(row["source_column"]).startswith("v."):
            # Whoever has a part that was derived from the list has the gene.
            gene = cohort.feature_state(str(row["gene"]))
            assert (gene[cohort.feature_state(str(name)) == 1] == 1).all()
    for endpoint in cohort.endpoints.values():
        assert not (cohort.patients[endpoint.time].to_numpy() < 0).any()


IDS = st.sampled_from(["P1", "P2", "P3", "P1-01", "P2_T", "p1", "P9", "", "1", "NA", "-"])
GENES = st.sampled_from(["TP53", "FLT3", "CALR", "MLL", "ZZZ", "", "U2AF1", "x y", "7157", "CEBPA"])
EFFECTS = st.sampled_from(
    ["Missense_Mutation", "Silent", "ITD", "PTD", "purple", "", "frameshift", "In_Frame_Ins"]
)
CHANGES = st.sampled_from(
    ["p.V617F", "p.S34F", "p.L367fs*46", "p.600_601insDEYFFREYED", "p.", "p.?", "", "ITD",
     "p.D835Y", "p.9999999999999999999", "(", "p.()", "p.*1", "V617F", "p.K385fs", "\u2212"]
)  # fmt: skip
VAFS = st.sampled_from(["0.5", "45", "", "-1", "1e308", "NaN", "x", "100", "0", "٣"])
CELLS = st.sampled_from(["0", "1", "", "NA", "2", "yes", "no", "0.5", "x", "unknown", "TRUE"])
NAMES = st.sampled_from(
    ["TP53", "FLT3", "FLT3_ITD", "MLL", "MLL_PTD", "FLT3_other", "CEBPA", "age", "os_days", "sex",
     "U2AF1_S34", "KMT2A", "del5q", "class", "sequenced", "cuminc", "NPM1", "X7", "gene", "effect"]
)  # fmt: skip


@QUICK
@given(st.lists(st.tuples(GENES, EFFECTS, IDS, CHANGES, VAFS), max_size=8))
def test_any_list_of_variants(rows: list[tuple[str, ...]]) -> None:
    header = VARIANTS.split(b"\n", 1)[0]
    body = "\n".join("\t".join(row) for row in rows).encode()
    load_or_refuse({"a.tsv": CLINICAL, "b.csv": MATRIX, "v.maf": header + b"\n" + body})
    load_or_refuse({"a.tsv": CLINICAL, "v.maf": header + b"\n" + body})


@QUICK
@given(st.data())
def test_any_second_table(data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    width = len(names)
    ids = data.draw(st.lists(IDS, min_size=1, max_size=4))
    rows = [data.draw(st.lists(CELLS, min_size=width, max_size=width)) for _ in ids]
    lines = ["\t".join(["ID", *names])]
    lines += ["\t".join([i, *row]) for i, row in zip(ids, rows, strict=True)]
    table = "\n".join(lines).encode()
    load_or_refuse({"a.tsv": CLINICAL, "t.tsv": table})
    load_or_refuse({"a.tsv": CLINICAL, "b.csv": MATRIX, "t.tsv": table, "v.maf": VARIANTS})


def test_damaged_files() -> None:
    rng = random.Random(11)  # noqa: S311 - damage need not be secret
    load_or_refuse(FILES)
    for _ in range(80):
        files = dict(FILES)
        name = rng.choice(list(files))
        files[name] = damaged(files[name], rng)
        load_or_refuse(files)


def damaged(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed[: rng.choice([len(changed), rng.randrange(len(changed))])])


def test_damaged_r_data(tmp_path: Path) -> None:
    rdata = pytest.importorskip("rdata")
    frame = pd.DataFrame(
        {"ID": ["P1", "P2", "P3"], "OS": [1.0, 2.0, 3.0], "Status": np.array([0, 1, 1], np.int32)}
    )
    rdata.write_rda(tmp_path / "x.rda", {"d": frame}, compression=None)
    data = (tmp_path / "x.rda").read_bytes()
    load_or_refuse({"x.rda": data, "b.csv": MATRIX})
    rng = random.Random(13)  # noqa: S311
    for _ in range(200):
        load_or_refuse({"x.rda": damaged(data, rng), "b.csv": MATRIX})
