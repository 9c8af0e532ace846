"""Effects of several sites side by side: log hazard ratios and how far sites differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtri, stdtrit

from app.analysis.arrays import Floats
from app.analysis.competing_risks import group_cox_from_events
from app.analysis.event_tables import COUNTS

FEWEST_SITES = 3


@dataclass(frozen=True)
class PooledEffect:
    """Effects of sites taken together, on the scale they came in.

    Attributes
    ----------
    fixed, fixed_error
        Weighted by inverse variance: one effect that all sites share.
    random, random_error, random_limits
        Mean of effects that differ between sites (DerSimonian & Laird 1986), with its interval.
    q, df, p_value
        Cochran's test of heterogeneity.
    i_squared, tau
        Share of the variation that is more than chance (Higgins & Thompson 2002), and the standard
        deviation of the effects between sites.
    prediction
        Where the effect of another site lies with the level's probability (Higgins et al. 2009);
        NaN below three sites.
    n
        Sites with an effect.
    """

    fixed: float
    fixed_error: float
    random: float
    random_error: float
    random_limits: tuple[float, float]
    q: float
    df: int
    p_value: float
    i_squared: float
    tau: float
    prediction: tuple[float, float]
    n: int


def pooled_effect(effects: Floats, errors: Floats, conf_level: float = 0.95) -> PooledEffect:
    """Take the effects of sites together.

    Parameters
    ----------
    effects, errors
        Estimate and standard error of each site, shape (sites,); sites without one (NaN, or an
        error that is not positive) are passed over.

    Raises
    ------
    ValueError
        If no site has an effect.
    """
    known = np.isfinite(effects) & np.isfinite(errors) & (errors > 0)
    y, variance = np.asarray(effects)[known], np.asarray(errors)[known] ** 2
    if not len(y):
        raise ValueError("No site has an effect to pool.")
    weight = 1 / variance
    fixed = float(weight @ y / weight.sum())
    df = len(y) - 1
    q = float(weight @ (y - fixed) ** 2)
    scale = weight.sum() - (weight @ weight) / weight.sum()
    tau_squared = max(0.0, (q - df) / scale) if df else 0.0
    wider = 1 / (variance + tau_squared)
    mean = float(wider @ y / wider.sum())
    error = float(np.sqrt(1 / wider.sum()))
    z = float(ndtri(0.5 + conf_level / 2))
    prediction = (float("nan"), float("nan"))
    if len(y) >= FEWEST_SITES:
        half = float(stdtrit(df - 1, 0.5 + conf_level / 2)) * np.sqrt(tau_squared + error**2)
        prediction = (mean - half, mean + half)
    return PooledEffect(
        fixed=fixed,
        fixed_error=float(np.sqrt(1 / weight.sum())),
        random=mean,
        random_error=error,
        random_limits=(mean - z * error, mean + z * error),
        q=q,
        df=df,
        p_value=float(chdtrc(df, q)) if df else float("nan"),
        i_squared=max(0.0, (q - df) / q) if q > 0 else 0.0,
        tau=float(np.sqrt(tau_squared)),
        prediction=prediction,
        n=len(y),
    )


def cox_by_site(table: pd.DataFrame, reference: str = "", conf_level: float = 0.95) -> pd.DataFrame:
    """Hazard ratio of one group to another within each site (Cox's model, Efron ties).

    Parameters
    ----------
    table
        Event table of two groups with a column ``site``, as
        :meth:`app.cohort.tally.PooledTally.events` gives it.
    reference
        The group that the other is compared with; the first where there is none of this name.

    Returns
    -------
    DataFrame
        site, n, events, log_hr, std_error, hr, lower, upper; NaN where a site cannot compare, as
        with no event in one of its groups.

    Raises
    ------
    ValueError
        If there are not two groups.
    """
    used = table[table[list(COUNTS)].sum(axis=1) > 0]
    present = set(used["group"])
    if isinstance(table["group"].dtype, pd.CategoricalDtype):
        groups = [name for name in table["group"].cat.categories if name in present]
    else:
        groups = sorted(present)
    if len(groups) != 2:
        raise ValueError("A hazard ratio by site needs two groups.")
    base = groups[1] if groups[1] == reference else groups[0]
    z = float(ndtri(0.5 + conf_level / 2))
    rows = []
    for site, own in used.groupby("site", sort=False):
        n, events = int(own["entered"].sum()), int(own["events"].sum())
        effect = error = float("nan")
        held = own.groupby("group", observed=True)["events"].sum()
        if len(held) == 2 and held.all():
            model = group_cox_from_events(own.drop(columns="site"), base).summary.iloc[0]
            effect, error = float(model["coef"]), float(model["se"])
        rows.append((site, n, events, effect, error))
    found = pd.DataFrame(rows, columns=["site", "n", "events", "log_hr", "std_error"])
    half = z * found["std_error"]
    return found.assign(
        hr=np.exp(found["log_hr"]),
        lower=np.exp(found["log_hr"] - half),
        upper=np.exp(found["log_hr"] + half),
    )
