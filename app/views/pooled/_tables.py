"""Table one and frequencies of alterations, site by site and together, from releases."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.analysis.associations import wilson_interval
from app.cohort.groupings import LEFT_OUT, MISSING
from app.cohort.tally import Release, TallyError, moments_table, pool
from app.study.wording import format_percent, format_percent_ci
from app.views.pooled.analysis import common_filter
from data_loaders.meaning.alike import same_word

ALL, HIDDEN = "All sites", "hidden"
_ANSWERS = {"1.0": "yes", "0.0": "no"}
_LARGE = 100


def table_by_site(releases: Sequence[Release]) -> pd.DataFrame:
    """What the patients are, a row a variable or a level, a column a site and one for all.

    Numbers are given as mean (standard deviation), levels as count (share of those known). What a
    site does not release is empty, a count that it hides is none in the sum; what the sites have in
    different units is not taken together.

    Returns
    -------
    DataFrame
        Variable (with the level, or what is told of a number), a column a site, ``All sites``.
    """
    names = [release.name for release in releases]
    rows = []
    for name in _variables(releases):
        held = [release.content["variables"].get(name) for release in releases]
        known = [one for one in held if one is not None]
        same = len({(one["kind"], one["unit"]) for one in known}) == 1
        label = str(known[0]["label"])
        if known[0]["kind"] == "numeric":
            cells = [_mean([release], name) for release in releases]
            whole = _mean([r for r, c in zip(releases, cells, strict=True) if c], name)
            unit = f", {known[0]['unit']}" if known[0]["unit"] and same else ""
            rows.append([f"{label}{unit}, mean (SD)", *cells, whole if same else ""])
            continue
        counts = [_levels(release, name) for release in releases]
        spelt: dict[str, str] = {}
        for level in dict.fromkeys(level for one in counts for level in one):
            spelt.setdefault(same_word(level), level)
        own = [{same_word(level): n for level, n in one.items()} for one in counts]
        sums = {word: sum(max(0, one.get(word, 0)) for one in own) for word in spelt}
        for word, level in spelt.items():
            shares = [_share(one, word) for one in own]
            rows.append([f"{label}: {_ANSWERS.get(level, level)}", *shares, _share(sums, word)])
    return pd.DataFrame(rows, columns=["Variable", *names, ALL])


def frequencies_by_site(releases: Sequence[Release]) -> pd.DataFrame:
    """How often alterations are among those tested: a column a site, and all with Wilson's limits.

    Returns
    -------
    DataFrame
        Alteration, a column a site, ``All sites``, frequency (a share); most frequent first.
    """
    selected = common_filter(releases)
    by_site = {r.name: r.features(selected).set_index("feature") for r in releases}
    whole = pool(releases).features(selected)
    lower, upper = wilson_interval(whole["altered"].to_numpy(), whole["tested"].to_numpy())
    rows = []
    for place, row in enumerate(whole.itertuples()):
        cells = [
            _of(int(own.loc[row.feature, "altered"]), int(own.loc[row.feature, "tested"]))
            if row.feature in own.index
            else ""
            for own in by_site.values()
        ]
        share = row.altered / row.tested if row.tested else math.nan
        told = f"{format_percent_ci(share, lower[place], upper[place])} of {row.tested:,}"
        rows.append([row.feature, *cells, told, share])
    table = pd.DataFrame(rows, columns=["Alteration", *by_site, ALL, "frequency"])
    return table.sort_values("frequency", ascending=False, kind="stable", ignore_index=True)


def _variables(releases: Sequence[Release]) -> list[str]:
    """Variables that at least two sites describe, in the order of the first that does."""
    held = [list(release.content.get("variables", {})) for release in releases]
    names = dict.fromkeys(name for own in held for name in own)
    return [name for name in names if sum(name in own for own in held) > 1]


def _mean(releases: Sequence[Release], name: str) -> str:
    """Mean and standard deviation of several sites; empty where they do not tell."""
    try:
        moments = pool(releases).moments(common_filter(releases), [name])
    except TallyError:
        return ""
    row = moments_table(moments).iloc[0]
    return "" if np.isnan(row["mean"]) else f"{_short(row['mean'])} ({_short(row['sd'])})"


def _short(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= _LARGE else f"{value:.3g}"


def _levels(release: Release, name: str) -> dict[str, int]:
    """Counts by level, -1 where hidden; without those whose value is missing."""
    for held in release.content["counts"]:
        if held["by"] == [name]:
            table = pd.DataFrame(held["table"])
            counts = dict(zip(table[name].astype(str), table["n"].astype(int), strict=True))
            counts.pop(LEFT_OUT[MISSING], None)
            return counts
    return {}


def _share(counts: dict[str, int], level: str) -> str:
    if level not in counts:
        return ""
    known = sum(max(0, n) for n in counts.values())
    return HIDDEN if counts[level] < 0 else _of(counts[level], known)


def _of(n: int, known: int) -> str:
    return f"{n:,} ({format_percent(n / known if known else math.nan)})"
