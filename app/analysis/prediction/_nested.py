"""What one score adds to another: nested Cox models by likelihood and AIC."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.regression import cox


def nested_cox(
    time: Any, event: Any, first: Any, second: Any, names: tuple[str, str], *, entry: Any = None
) -> pd.DataFrame:
    """Cox models of one score's classes, of the other's, and of both.

    Parameters
    ----------
    first, second
        Classes of each patient as texts, shape (n,).

    Returns
    -------
    DataFrame
        One row a model: model, parameters, log_likelihood, aic, added (what the model of both adds
        to this one), chi_squared, df, p_value of adding it (NaN in the model of both).

    Raises
    ------
    ValueError
        If a model cannot be fitted, as with a class without an event.
    """
    frame = pd.DataFrame({"time": np.asarray(time), "event": np.asarray(event),
                          "first": np.asarray(first, dtype=object),
                          "second": np.asarray(second, dtype=object)})  # fmt: skip
    if entry is not None:
        frame["entry"] = np.asarray(entry)
    late = None if entry is None else "entry"
    models = [
        cox(frame, "time", "event", covariates, entry=late, firth=False)
        for covariates in (["first"], ["second"], ["first", "second"])
    ]
    labels = [names[0], names[1], f"{names[0]} and {names[1]}"]
    sizes = [len(model.summary) for model in models]
    both, size = models[2].log_likelihood, sizes[2]
    rows = []
    for place, (label, model) in enumerate(zip(labels, models, strict=True)):
        gain, more = 2 * (both - model.log_likelihood), size - sizes[place]
        last = place == 2
        rows.append(
            {
                "model": label,
                "parameters": sizes[place],
                "log_likelihood": model.log_likelihood,
                "aic": 2 * sizes[place] - 2 * model.log_likelihood,
                "added": "" if last else names[1 - place],
                "chi_squared": np.nan if last else gain,
                "df": 0 if last else more,
                "p_value": np.nan if last or not more else float(chdtrc(more, max(gain, 0.0))),
            }
        )
    return pd.DataFrame(rows)
