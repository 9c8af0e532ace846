"""Planted attackers against releases: what each would learn without the policy, and not with it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.tally import (
    Release,
    ReleasePolicy,
    SiteRecord,
    TallyError,
    digest_of,
    pool,
    read_record,
    read_release,
    tally_of,
)
from data_loaders import Cohort, load_cohort

MADE = date(2026, 11, 30)
EXACT, POLICY = ReleasePolicy(1, 1), ReleasePolicy()
ENDS = ["events", "competing", "censored"]


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mds").subset(np.arange(1500) < 600, "Hospital")


def released(cohort: Cohort, policy: ReleasePolicy, **more: Any) -> Release:
    return tally_of(cohort).release(policy, site=more.pop("site", "H"), made=MADE, **more)


def left(release: Release, group: str | None = None, name: str | None = None) -> pd.DataFrame:
    """Who left at each point of the grid, and how."""
    table = release.events(None, "os", group)
    chosen = table if name is None else table[table["group"] == name]
    grid = release.content["policy"]["grid"]
    return chosen.groupby("time")[ENDS].sum().reindex(grid, fill_value=0)


def test_two_releases_that_differ_by_one_patient(cohort: Cohort):
    """The attacker takes one release from the other: what is left is one patient's outcome."""
    without = cohort.subset(np.arange(cohort.n) > 0)
    attack = left(released(cohort, EXACT)) - left(released(without, EXACT))
    assert attack.to_numpy().sum() == 1, "with exact counts the attack succeeds"
    caught = attack.index[attack.sum(axis=1) == 1][0]
    assert caught - 12 <= cohort.numbers("os_months")[0] <= caught
    # The site's record refuses the second release, in a later session too.
    record = SiteRecord()
    first = released(cohort, POLICY, record=record)
    everyone = np.ones(cohort.n, dtype=bool)
    record = record.noted(cohort, everyone, digest_of(first.content))
    record = read_record(record.to_text())
    with pytest.raises(TallyError, match="fewer than 5: the difference would tell about them"):
        released(without, POLICY, record=record)
    # A filter does it too.
    oldest = np.nanmax(cohort.numbers("age_years"))
    rest = Filter.from_dict({"column": "age_years", "between": [None, oldest - 1e-6]})
    with pytest.raises(TallyError, match="the difference would tell about them"):
        released(cohort, POLICY, selected=rest, record=record)
    assert released(cohort, POLICY, record=record), "the same patients again tell nothing new"
    assert released(cohort.subset(np.arange(cohort.n) > 50), POLICY, record=record)
    with pytest.raises(TallyError, match="not a record of a site"):
        read_record(first.to_text())


def with_few(cohort: Cohort) -> Cohort:
    """Three patients are of a type of their own."""
    kind = np.where(np.arange(cohort.n) < 3, "rare", "usual").astype(object)
    variables = dict(cohort.variables) | {
        "type": replace(cohort.variables["sex"], name="type", label="Type", levels=())
    }
    return replace(cohort, patients=cohort.patients.assign(type=kind), variables=variables)


def test_a_small_group_taken_from_everyone(cohort: Cohort):
    """The coordinator asks for groups of which one is small, and takes the large from the whole."""
    few = with_few(cohort)
    exact = released(few, EXACT, groups=["variable:type"])
    attack = left(exact) - left(exact, "variable:type", "usual")
    assert attack.to_numpy().sum() == 3, "with exact counts the three are laid open"
    safe = released(few, POLICY, groups=["variable:type"])
    assert not len(safe.events(None, "os", "variable:type")), "the others are left out with them"
    levels = safe.counts(None, ["variable:type"])
    assert "rare" not in set(levels["variable:type"])
    with pytest.raises(TallyError, match="follows from finer ones by subtraction"):
        ReleasePolicy(minimum=5, rounding=1)


def test_groups_that_are_nearly_the_same(cohort: Cohort):
    """The coordinator asks for two cuts with one patient between them."""
    values = cohort.patients["hb_g_per_l"].value_counts()
    alone = float(values.index[values < 5][0])
    groups = [f"cut:hb_g_per_l@{alone - 0.01:.2f}", f"cut:hb_g_per_l@{alone + 0.01:.2f}"]
    with pytest.raises(TallyError, match="differ by fewer than 5 patients"):
        released(cohort, POLICY, groups=groups)
    assert released(cohort, POLICY, groups=["cut:age_years@60", "cut:age_years@75"])


def test_an_exact_count_from_a_mean(cohort: Cohort):
    """The sum of whole numbers is whole: the attacker tries which counts make it so."""
    whole = cohort.patients.assign(age_years=np.round(cohort.numbers("age_years")))
    own = replace(cohort, patients=whole).subset(np.arange(cohort.n) < 597)

    def fitting(release: Release) -> list[int]:
        row = release.moments(None, ["age_years"]).iloc[0]
        mean = row["sum"] / row["n"]
        tried = range(int(row["n"]) - 3, int(row["n"]) + 4)
        # What is told of the mean leaves a span in which the sum must be whole.
        digits = len(f"{mean:.10g}".replace(".", ""))
        half = 0.5 * 10.0 ** (len(str(int(mean))) - digits)
        return [n for n in tried if np.floor((mean + half) * n) >= np.ceil((mean - half) * n)]

    assert fitting(released(own, EXACT)) == [597]
    assert len(fitting(released(own, POLICY))) == 7


def test_the_pooled_counts_without_ones_own(cohort: Cohort):
    """A site takes its own exact counts from those of three: no count of the others is small."""
    third = np.arange(cohort.n) % 3
    hospitals = [cohort.subset(third == i) for i in range(3)]
    sites = [
        read_release(released(own, POLICY, site=f"H{i}", groups=["alteration:TP53"]).to_text())
        for i, own in enumerate(hospitals)
    ]
    whole = pool(sites)
    table = whole.events(None, "os", "alteration:TP53")
    own = sites[0].events(None, "os", "alteration:TP53")
    keys = ["group", "time"]
    both = table.astype({"group": str}).set_index(keys)[ENDS]
    rest = both.sub(own.astype({"group": str}).set_index(keys)[ENDS], fill_value=0)
    assert (rest.to_numpy() % 5 == 0).all()
    features = whole.features().merge(sites[0].features(), on="feature", suffixes=("", "_own"))
    for column in ("tested", "altered"):
        assert ((features[column] - features[f"{column}_own"]) % 5 == 0).all()


FEATURES, GROUPED = ("features", 0, "table"), ("events", 1, "table")
LIES: dict[str, dict[tuple[str | int, ...], float]] = {
    "groups of more than everyone": {
        (*GROUPED, "entered", 0): 5000, (*GROUPED, "censored", 0): 5000,
    },
    "a variance below zero": {("moments", 0, "table", "sum_squares", 0): 1.0},
    "a mean that is none": {("moments", 0, "table", "sum", 0): float("inf")},
    "more altered than tested": {(*FEATURES, "altered", 0): 9999},
    "more tested than there are": {(*FEATURES, "tested", 0): 9999},
    "a count below zero": {("counts", 1, "table", "n", 0): -5},
    "more followed than there are": {("counts", 0, "table", "n", 0): 50},
}  # fmt: skip


def changed(release: Release, values: dict[tuple[str | int, ...], float]) -> Release:
    content = json.loads(json.dumps(release.content))
    for path, value in values.items():
        place = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    return Release(content)


def test_a_site_that_lies_about_its_counts(cohort: Cohort):
    """What no patients can have is refused; a lie that is possible is not found."""
    honest = released(cohort, POLICY, groups=["alteration:TP53"])
    for lie in LIES.values():
        with pytest.raises(TallyError, match="counts that cannot be"):
            read_release(changed(honest, lie).to_text())
    altered = honest.features()["altered"].iloc[0]
    possible = changed(honest, {(*FEATURES, "altered", 0): int(altered) - 5})
    found = read_release(possible.to_text()).features()["altered"].iloc[0]
    assert found == altered - 5, "the Methods page says so"


def test_a_release_made_to_break_its_reader(cohort: Cohort):
    honest = released(cohort, POLICY)
    huge = changed(honest, {("counts", 0, "table", "n", 0): 10**40})
    for text in ("[" * 100_000, huge.to_text()):
        with pytest.raises(TallyError, match=r"not a release|cannot be"):
            read_release(text)


def test_a_release_that_is_changed_on_the_way(cohort: Cohort):
    key = "agreed by telephone"
    honest = released(cohort, POLICY, site="North")
    assert read_release(honest.to_text(key), {"North": key}).seal.words == "signed, unaltered"
    assert read_release(honest.to_text(key)).seal.words == "signed, no key here to check it"
    assert read_release(honest.to_text()).seal.words == "not signed"
    # Whoever changes it can make the hash anew, but not the signature; nor take it off.
    forged = changed(honest, {(*FEATURES, "altered", 0): 5})
    assert read_release(forged.to_text())
    signature = json.loads(honest.to_text(key))["signature"]
    moved = json.dumps(json.loads(forged.to_text()) | {"signature": signature})
    for text, said in (
        (moved, "does not fit"),
        (forged.to_text("a key of another hospital"), "does not fit"),
        (forged.to_text(), "signs its files and this one is not signed"),
    ):
        with pytest.raises(TallyError, match=said):
            read_release(text, {"North": key})
    # Signed by one and told as another's.
    other = json.loads(honest.to_text(key)) | {"signature": signature | {"by": "South"}}
    with pytest.raises(TallyError, match="not signed"):
        read_release(json.dumps(other), {"North": key})
