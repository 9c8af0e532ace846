"""Figures of the genomics page: every mark stands for what it says, and payloads stay small."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.analysis.associations import co_occurrence
from app.cohort.groupings import by_variable
from app.study.figures.legend import legend_below
from app.study.figures.theme import BY_WIDTH, SYNTHETIC_MARK, WIDE, framed
from app.views.genomics.allele_fractions.answer import reads_high
from app.views.genomics.allele_fractions.figures import order_figure, vaf_figure
from app.views.genomics.frequencies.analysis import group_frequencies
from app.views.genomics.frequencies.figures import frequency_alt, frequency_figure
from app.views.genomics.oncoprint.analysis import NOT_ALTERED, NOT_TESTED, oncoprint
from app.views.genomics.oncoprint.figures import oncoprint_alt, oncoprint_figure
from app.views.genomics.pairs.analysis import about_reading, pair_reading, pair_screen
from app.views.genomics.pairs.figures import co_occurrence_figure
from app.views.genomics.variants.analysis import acquisition_order, gene_variants, vaf_summary
from app.views.genomics.variants.figures import lollipop_figure
from app.views.genomics.variants.proteins import protein_axis
from data_loaders import Cohort, load_cohort
from data_loaders.demo import load_demo
from tests.builders import DIAGNOSIS, make_cohort


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


def test_bars_are_the_shares_of_the_tested(mds: Cohort):
    found = group_frequencies(mds, everyone(mds), ["gene", "cytogenetic"])
    features = found.overall["feature"].head(8).tolist()
    figure = framed(frequency_figure(found, features), "Shown", synthetic=True)
    states = {name: mds.feature_state(name) for name in features}
    drawn = {
        features[place]: share
        for trace in figure.data
        for place, share in zip(trace.y, trace.x, strict=True)
    }
    for name, state in states.items():
        assert drawn[name] == pytest.approx((state == 1).sum() / (state >= 0).sum())
    assert SYNTHETIC_MARK in figure.to_json()
    assert frequency_alt("Shown", found, features).startswith("Shown. Overall: ")


def test_each_group_has_a_trace_in_its_colour(mds: Cohort):
    grouping = by_variable(mds, "sex")
    found = group_frequencies(mds, everyone(mds), ["gene"], grouping=grouping)
    features = found.overall["feature"].head(5).tolist()
    figure = framed(frequency_figure(found, features), "Shown")
    assert [trace.marker.color for trace in figure.data] == list(grouping.colours)
    clear = set(found.differences.loc[found.differences["q_value"] < 0.05, "label"])
    marked = {t.removesuffix(" *") for t in figure.layout.yaxis.ticktext if t.endswith(" *")}
    assert marked == {found.overall.set_index("feature").loc[f, "label"] for f in features} & clear


def test_the_triangle_shows_each_pair_once_with_its_counts(mds: Cohort):
    screen = pair_screen(mds, everyone(mds), ["gene", "cytogenetic"], 12)
    figure = framed(co_occurrence_figure(screen.table, screen.features), "Shown")
    heat = figure.data[0]
    z = np.asarray(heat.z, dtype=float)
    assert np.count_nonzero(~np.isnan(z)) == len(screen.table) == 66
    names = list(screen.features)
    for row in screen.table.head(10).itertuples():
        one, two = sorted((names.index(row.a), names.index(row.b)))
        said = heat.customdata[two - 1][one]
        for number in (row.both, row.a_only, row.b_only, row.neither):
            assert f" {number:,}" in said
        assert np.sign(z[two - 1, one]) == np.sign(np.log(row.odds_ratio))
        assert (heat.text[two - 1][one] == "●") == (row.q_value < 0.05)
    assert str(pair_reading(screen)).count("Strongest") == 2


def test_no_joint_case_is_no_exclusivity_where_almost_none_is_expected():
    """0 joint of 0.3 expected is pale; 0 joint of 10 expected is not."""
    rare, common = np.zeros((2, 200), dtype=bool), np.zeros((2, 200), dtype=bool)
    rare[0, :12], rare[1, 12:17] = True, True
    common[0, :50], common[1, 50:90] = True, True
    frame = pd.DataFrame(np.vstack([rare, common]).T, columns=list("abcd")).astype("boolean")
    pairs = co_occurrence(frame)
    figure = framed(co_occurrence_figure(pairs, {n: n for n in frame.columns}), "Shown")
    z = np.asarray(figure.data[0].z, dtype=float)
    assert pairs.loc[(pairs["a"] == "a") & (pairs["b"] == "b"), "odds_ratio"].item() == 0
    assert -0.1 < z[0, 0] <= 0
    assert z[2, 2] == -4


def test_one_alteration_is_read_from_its_own_side(mds: Cohort):
    screen = pair_screen(mds, everyone(mds), ["gene"], 15)
    about = screen.about("SF3B1")
    assert (about["a"] == "SF3B1").all()
    assert len(about) == 14
    sf3b1, other = mds.feature_state("SF3B1"), mds.feature_state(about.loc[0, "b"])
    assert about.loc[0, "a_only"] == ((sf3b1 == 1) & (other == 0)).sum()
    goes, avoids = about_reading(screen, "SF3B1")
    assert goes.startswith("Goes with SF3B1: ")
    assert "SRSF2" in avoids


def test_a_gene_and_its_refinement_are_no_pair(mds: Cohort):
    screen = pair_screen(mds, everyone(mds), ["gene", "refinement"], 40)
    pairs = set(zip(screen.table["a"], screen.table["b"], strict=True))
    assert ("TP53", "TP53_multi_hit") not in pairs
    assert ("TP53_multi_hit", "TP53") not in pairs
    assert screen.own > 0


def test_the_oncoprint_is_one_heatmap_of_the_cells(mds: Cohort):
    made = oncoprint(mds, everyone(mds), ["gene", "cytogenetic"], 20, tracks=["sex", "age_years"])
    figure = framed(oncoprint_figure(made), "Shown", synthetic=True)
    heats = [trace for trace in figure.data if trace.type == "heatmap"]
    assert len(heats) == 1
    z = np.asarray(heats[0].z)
    assert z.shape == (22, mds.n)
    assert not figure.layout.shapes
    rows = z[2:]
    assert ((rows == 1) == (made.cells == NOT_TESTED)).all()
    assert ((rows == 2) == (made.cells == NOT_ALTERED)).all()
    words = np.asarray(heats[0].customdata, dtype=object)
    assert (words[0] == mds.patients["sex"].iloc[made.patients].to_numpy()).all()
    assert oncoprint_alt("Shown", made).count("%") == 5
    # The colour of a code lies in the middle of its own step of the scale.
    scale = [place for place, _ in heats[0].colorscale]
    assert scale == sorted(scale)
    assert scale[0] == 0
    assert scale[-1] == 1


def test_two_thousand_patients_and_forty_genes_stay_small():
    cohort = load_demo("mds", n=3_000)
    made = oncoprint(
        cohort, everyone(cohort), ["gene", "cytogenetic"], 40,
        grouping=by_variable(cohort, "sex"), tracks=["sex", "age_years"],
    )  # fmt: skip
    figure = framed(oncoprint_figure(made), "Shown")
    assert len(figure.to_json()) < 1_500_000
    assert len([trace for trace in figure.data if trace.type == "heatmap"]) == 1


def test_lollipops_stand_at_their_residue_and_hang_for_the_second_group(mds: Cohort):
    grouping = by_variable(mds, "sex")
    first, second = grouping.names[:2]
    found = gene_variants(mds, everyone(mds), "TP53", grouping=grouping, groups=[first, second])
    furthest = found.table["position"].max()
    figure = framed(lollipop_figure(found, protein_axis("TP53", furthest)), "Shown")
    heads = [t for t in figure.data if t.mode == "markers" and t.marker.symbol is None]
    heights = np.concatenate([np.asarray(t.y, dtype=float) for t in heads])
    places = np.concatenate([np.asarray(t.x, dtype=float) for t in heads])
    table = found.table
    above = table.loc[table["group"] == first, "share"].sum()
    below = table.loc[table["group"] == second, "share"].sum()
    # The protein lies in a gap on both sides of zero: no head stands in it.
    gap = min(tick for tick in figure.layout.yaxis.tickvals if tick > 0)
    assert (heights[heights > 0] - gap).sum() == pytest.approx(above)
    assert (-heights[heights < 0] - gap).sum() == pytest.approx(below)
    assert all(max(abs(s.y0), abs(s.y1)) < gap for s in figure.layout.shapes)
    assert sorted(places) == sorted(table["position"])
    assert "UniProt P04637" in figure.to_json()
    bare = framed(lollipop_figure(found, None), "Shown")
    assert "range observed" in bare.to_json()


@pytest.mark.parametrize("most", [1, 2, 3, 7, 19, 66, 412])
def test_patients_are_counted_in_whole_numbers_and_the_protein_hides_no_variant(most: int):
    n = most + 5
    cohort = make_cohort({"x": [1] * n}, {"TP53": [1] * n})
    changes = ["p.R175H"] * most + ["p.T125T", "p.H179R", "p.R326C", "p.R110L", "p.Y220C"]
    mutations = pd.DataFrame(
        {
            "patient_id": cohort.patients.index,
            "gene": "TP53",
            "protein_change": changes,
            "variant_class": "missense",
            "vaf": np.nan,
        }
    )
    found = gene_variants(replace(cohort, mutations=mutations), everyone(cohort), "TP53")
    figure = framed(lollipop_figure(found, protein_axis("TP53", 326)), "Shown")
    ticks = figure.layout.yaxis.tickvals
    assert list(ticks) == sorted({int(tick) for tick in ticks})
    assert 2 <= len(ticks) <= 9
    assert all(shape.y1 < 0 for shape in figure.layout.shapes)
    assert figure.layout.yaxis.range[0] < min(shape.y0 for shape in figure.layout.shapes)


def test_a_gene_without_placed_variants_makes_an_empty_figure(mds: Cohort):
    empty = gene_variants(replace(mds, mutations=mds.mutations.iloc[:0]), everyone(mds), "TP53")
    assert empty.altered == {"": 0}
    assert framed(lollipop_figure(empty, None), "Shown").layout.height > 0


def test_allele_fractions_and_order(mds: Cohort):
    summary = vaf_summary(mds, everyone(mds), 10)
    figure = framed(vaf_figure(summary), "Shown", synthetic=True)
    medians = figure.data[-1]
    np.testing.assert_allclose(medians.x, summary.table["median"])
    pairs = acquisition_order(mds, everyone(mds)).head(5)
    bars = framed(order_figure(pairs), "Shown")
    stacked = sum(np.asarray(trace.x, dtype=float) for trace in bars.data)
    np.testing.assert_allclose(stacked, 1.0)
    assert len(json.loads(figure.to_json())["data"][0]["y"]) <= 10_000


def test_points_of_many_variants_are_a_sample():
    cohort = load_demo("mpn", n=6_000)
    summary = vaf_summary(cohort, everyone(cohort), 20)
    assert len(summary.points) > 2_000
    assert len(framed(vaf_figure(summary), "Shown").data[0].x) == 2_000
    assert isinstance(summary.table, pd.DataFrame)


def test_a_narrow_group_of_an_oncoprint_is_named_whole_without_its_size():
    n = 240
    cohort = make_cohort(
        {"diagnosis": ["CLL"] * 230 + ["MCL"] * 10}, {"TP53": [0, 1] * 120},
        variables=(DIAGNOSIS,),
    )  # fmt: skip
    grouping = by_variable(cohort, "diagnosis")
    made = oncoprint(cohort, np.ones(n, dtype=bool), ["gene"], 5, grouping=grouping)
    figure = oncoprint_figure(made)
    heads = [str(note.text) for note in figure.layout.annotations]
    assert {"CLL (230)", "MCL"} <= set(heads)
    # A phone has no room for three letters above 4% of its columns: the legend names the groups.
    assert figure.layout.meta[BY_WIDTH][1] == WIDE
    assert {"CLL (230)", "MCL (10)"} <= {trace.name for trace in figure.data}
    halves = replace(made, groups={"CLL": 120, "MCL": 120})
    assert oncoprint_figure(halves).layout.meta[BY_WIDTH][1] == 0


def test_a_wider_oncoprint_frees_a_line_of_its_legend_at_a_time():
    names = ["missense", "truncating", "not altered", "not tested"]
    lines, freed = legend_below(names, 100)
    assert lines == 4
    assert freed == sorted(freed)
    for width in range(100, 1000, 25):
        empty = sum(width >= start for start in freed)
        assert lines - empty == legend_below(names, width)[0]


@pytest.mark.parametrize(
    ("genes", "said"),
    [
        (["NRAS", "JAK2"], " (JAK2 with 9p UPD reads high)"),
        (["SF3B1", "TP53"], " (TP53 beside a lost 17p reads high)"),
        (["SF3B1"], ""),
    ],
)
def test_the_example_of_a_high_allele_fraction_is_of_a_gene_shown(genes: list[str], said: str):
    assert reads_high(pd.Series(genes)) == said
