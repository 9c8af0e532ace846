"""How often alterations occur and which occur together, always of the patients tested."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from app.analysis.arrays import Bools, Floats
from app.analysis.multiplicity import adjust_p_values
from app.analysis.two_by_two import (
    conditional_odds_ratios,
    fisher_p_values,
    sample_odds_ratios,
)

Integers = npt.NDArray[np.int64]
States = npt.NDArray[np.int8]


def wilson_interval(
    successes: npt.ArrayLike, n: npt.ArrayLike, conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """Confidence interval of a proportion by Wilson's score method (1927), without correction.

    Parameters
    ----------
    successes, n
        Counts; the limits are NaN where ``n`` is 0.

    Returns
    -------
    tuple of arrays
        Lower and upper limits.
    """
    z = float(ndtri(0.5 + conf_level / 2))
    k, size = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / size
        centre = (p + z**2 / (2 * size)) / (1 + z**2 / size)
        half = z / (1 + z**2 / size) * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def alteration_frequencies(alterations: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """Frequency of every alteration among the patients tested for it.

    Parameters
    ----------
    alterations
        Patients x features; NA = not tested.

    Returns
    -------
    DataFrame
        feature, altered, tested, frequency, lower, upper; the most frequent first, then by name.
        Frequency and limits are NaN for a feature tested in nobody.

    Raises
    ------
    ValueError
        If a value is neither 0, 1 nor missing.
    """
    states = states_of(alterations)
    counts = pd.DataFrame(
        {
            "feature": [str(name) for name in alterations.columns],
            "altered": (states == 1).sum(axis=0),
            "tested": (states >= 0).sum(axis=0),
        }
    )
    return frequencies_from_counts(counts, conf_level)


def frequencies_from_counts(counts: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """The same from counts, as a tally gives them.

    Parameters
    ----------
    counts
        feature, altered, tested.
    """
    altered, tested = counts["altered"].to_numpy(), counts["tested"].to_numpy()
    lower, upper = wilson_interval(altered, tested, conf_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        frequency = altered / tested
    table = pd.DataFrame(
        {
            "feature": counts["feature"].to_numpy(),
            "altered": altered,
            "tested": tested,
            "frequency": frequency,
            "lower": lower,
            "upper": upper,
        }
    )
    return table.sort_values(["frequency", "feature"], ascending=[False, True], ignore_index=True)


def states_of(alterations: pd.DataFrame) -> States:
    """Alterations as a compact matrix: 1 altered, 0 not altered, -1 not tested.

    Parameters
    ----------
    alterations
        Patients x features, 0/1 or boolean; NA = not tested.

    Raises
    ------
    ValueError
        If a value is neither 0, 1 nor missing.
    """
    refusal = "Alterations must hold only 0 (no), 1 (yes) or nothing (not tested)."
    try:
        values = alterations.to_numpy(dtype=np.float32, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(refusal) from error
    if not (np.isnan(values) | (values == 0) | (values == 1)).all():
        raise ValueError(refusal)
    states: States = np.nan_to_num(values, nan=-1.0).astype(np.int8)
    return states


def co_occurrence(alterations: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """Which alterations occur together more or less often than chance would have it.

    Each pair is judged in the patients tested for both. The p-value is Fisher's exact test, two
    sided; the odds ratio is the conditional maximum likelihood estimate with its exact interval,
    as R's ``fisher.test`` gives them, and ``sample_odds_ratio`` the plain cross-product.

    Parameters
    ----------
    alterations
        Patients x features, 0/1 or boolean; NA = not tested, left out of that feature's pairs only.

    Returns
    -------
    DataFrame
        One row a pair in the order of the columns: a, b, tested, both, a_only, b_only, neither,
        odds_ratio, lower, upper, sample_odds_ratio, p_value, q_value (Benjamini-Hochberg over the
        pairs that can be tested). Where nobody or everybody tested is altered in one of the two,
        nothing can be learned: p and q are 1 and the ratio is NaN. ``attrs["n_tested"]`` counts the
        pairs that can be tested.

    Raises
    ------
    ValueError
        If a value is neither 0, 1 nor missing.
    """
    names = [str(name) for name in alterations.columns]
    return pair_table(states_of(alterations), names, conf_level=conf_level)


def pair_table(
    states: States,
    names: list[str],
    *,
    leave_out: Bools | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """The pairs of :func:`co_occurrence` from a compact matrix.

    Parameters
    ----------
    states
        Patients x features: 1 altered, 0 not altered, -1 not tested.
    names
        One a feature.
    leave_out
        Features x features, symmetric: pairs that are not to be tested, such as a gene and its own
        refinement; None for all.

    Returns
    -------
    DataFrame
        As :func:`co_occurrence`.
    """
    first, second = np.triu_indices(states.shape[1], 1)
    if leave_out is not None:
        kept = ~leave_out[first, second]
        first, second = first[kept], second[kept]
    # Sums of products of 0/1 below 2**24 are exact in single precision, and fast.
    altered, wild = (states == 1).astype(np.float32), (states == 0).astype(np.float32)
    crossed = altered.T @ wild
    both = (altered.T @ altered)[first, second].astype(np.int64)
    a_only = crossed[first, second].astype(np.int64)
    b_only = crossed[second, first].astype(np.int64)
    neither = (wild.T @ wild)[first, second].astype(np.int64)
    labels = np.array(names, dtype=object)
    return pairs_from_counts(
        pd.DataFrame(
            {
                "a": labels[first], "b": labels[second], "both": both, "a_only": a_only,
                "b_only": b_only, "neither": neither,
            }
        ),
        conf_level,
    )  # fmt: skip


def pairs_from_counts(counts: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """The same from counts, as a tally gives them.

    Parameters
    ----------
    counts
        a, b, both, a_only, b_only, neither: a row a pair, of the patients tested for both.

    Returns
    -------
    DataFrame
        As :func:`co_occurrence`.
    """
    a, b, c, d = (
        counts[name].to_numpy(np.int64) for name in ("both", "a_only", "b_only", "neither")
    )
    odds, lower, upper = conditional_odds_ratios(a, b, c, d, conf_level=conf_level)
    p_values, q_values, possible = _exact_tests(a, b, c, d)
    table = pd.DataFrame(
        {
            "a": counts["a"].to_numpy(),
            "b": counts["b"].to_numpy(),
            "tested": a + b + c + d,
            "both": a,
            "a_only": b,
            "b_only": c,
            "neither": d,
            "odds_ratio": odds,
            "lower": lower,
            "upper": upper,
            "sample_odds_ratio": sample_odds_ratios(a, b, c, d),
            "p_value": p_values,
            "q_value": q_values,
        }
    )
    table.attrs["n_tested"] = int(possible.sum())
    return table


def _exact_tests(
    a: Integers, b: Integers, c: Integers, d: Integers
) -> tuple[Floats, Floats, Bools]:
    """Fisher's p, q over the tables that can be filled in more than one way, and which those are.

    Adjusted over the possible ones only: a table that can come out in one way is no test.
    """
    possible = (a + b > 0) & (c + d > 0) & (a + c > 0) & (b + d > 0)
    p_values: Floats = fisher_p_values(a, b, c, d)
    q_values = adjust_p_values(np.where(possible, p_values, np.nan))
    q_values[~possible] = 1.0
    return p_values, q_values, possible
