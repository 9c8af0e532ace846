"""Effects of sites: against a published example, R's arithmetic, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.analysis.competing_risks import group_cox
from app.analysis.pooling import cox_by_site, pooled_effect
from app.cohort.tally import event_table


def test_the_vaccine_trials_of_bcg():
    """Thirteen trials of BCG (Colditz 1994), as metafor's documentation analyses them by DL."""
    tables = np.array(
        [
            (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
            (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619),
            (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
            (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
        ], dtype=float,
    )  # fmt: skip
    a, b, c, d = tables.T
    effects = np.log(a / (a + b)) - np.log(c / (c + d))
    errors = np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    found = pooled_effect(effects, errors)
    assert found.q == pytest.approx(152.233, abs=5e-3)
    assert found.tau**2 == pytest.approx(0.3088, abs=5e-5)
    assert found.random == pytest.approx(-0.7141, abs=5e-5)
    assert found.random_error == pytest.approx(0.1787, abs=5e-5)
    assert found.fixed == pytest.approx(-0.4303, abs=5e-5)
    assert found.i_squared == pytest.approx(0.9212, abs=5e-5)


def test_a_single_site_and_sites_that_agree():
    one = pooled_effect(np.array([0.5, np.nan]), np.array([0.1, np.nan]))
    assert (one.n, one.fixed, one.random, one.i_squared) == (1, 0.5, 0.5, 0.0)
    assert np.isnan(one.p_value)
    assert np.isnan(one.prediction[0])
    same = pooled_effect(np.array([0.5, 0.5, 0.5]), np.array([0.1, 0.2, 0.3]))
    assert same.tau == 0
    assert same.prediction[0] < 0.5 < same.prediction[1]
    with pytest.raises(ValueError, match="No site"):
        pooled_effect(np.array([np.nan]), np.array([1.0]))


def test_ratios_by_site_are_of_the_rows_and_find_the_planted_effect():
    draw = np.random.default_rng(0)
    parts = []
    for site in ("A", "B", "C"):
        second = draw.random(3000) < 0.5
        time = draw.exponential(np.where(second, 10.0, 14.0))
        event = time < 24
        groups = pd.Categorical(np.where(second, "mutated", "wild type"), ["wild type", "mutated"])
        table = event_table(np.minimum(time, 24), event, groups=groups)
        parts.append(table.assign(site=site))
        if site == "A":
            model = group_cox(np.minimum(time, 24), event, groups).summary.iloc[0]
    found = cox_by_site(pd.concat(parts, ignore_index=True))
    assert found.loc[0, ["log_hr", "std_error"]].tolist() == pytest.approx(
        model[["coef", "se"]].tolist(), rel=1e-12
    )
    turned = cox_by_site(pd.concat(parts, ignore_index=True), "mutated")
    np.testing.assert_allclose(turned["log_hr"], -found["log_hr"], rtol=1e-9)
    whole = pooled_effect(found["log_hr"].to_numpy(), found["std_error"].to_numpy())
    assert whole.fixed == pytest.approx(np.log(1.4), abs=3 * whole.fixed_error)
    assert found["n"].tolist() == [3000] * 3
    with pytest.raises(ValueError, match="two groups"):
        cox_by_site(parts[0].assign(group="one"))
