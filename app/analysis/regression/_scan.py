"""Screening every alteration against an endpoint: one Cox model a feature, fast.

Without covariates a model of one 0/1 variable needs no patients, only how many of each kind are at
risk at each event; with covariates the vectorised core of :mod:`app.analysis.regression` is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import erfc, ndtri

from app.analysis.arrays import Bools, Floats
from app.analysis.likelihood import (
    InfiniteCoefficientError,
    RiskSets,
    build_design,
    firth_cox,
    maximise,
)
from app.analysis.multiplicity import adjust_p_values
from app.analysis.survival_input import (
    Groups,
    SurvivalData,
    group_codes,
    same_patients,
    survival_data,
)

KEPT_PATTERNS = 8
FIRTH_NOTE = "Firth's correction: the likelihood is monotone, the ratio without it 0 or infinite."


def survival_scan(
    time: Any,
    event: Any,
    alterations: pd.DataFrame,
    adjust: pd.DataFrame | pd.Series | None = None,
    min_altered: int = 10,
    *,
    entry: Any = None,
    strata: Any = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Fit one Cox model for every alteration: altered against not altered.

    Parameters
    ----------
    time, event, entry
        As in :func:`app.analysis.survival.kaplan_meier`, one value for each row of alterations;
        patients lacking one are left out.
    alterations
        Patients x features, 0/1 or boolean; NA = not tested, left out for that feature only.
    adjust
        Covariates of every model, same index; patients lacking one are left out.
    min_altered
        Features altered in fewer of the patients tested are not modelled.

    Returns
    -------
    DataFrame
        feature, n (patients tested), altered, events, events_altered, hr, lower, upper, p_value
        (Wald, as lifelines and R; likelihood ratio where Firth's correction was needed), q_value
        (Benjamini-Hochberg over all features modelled), note; by p-value. ``attrs`` has
        ``n_features``, ``n_tested`` (features modelled), ``n_patients``, ``n_left_out``,
        ``min_altered``, ``not_tested`` (feature to reason) and ``method``.

    Raises
    ------
    ValueError
        If nobody is complete, there is no event, or a covariate of ``adjust`` is constant or
        collinear.
    """
    values = _zero_one(alterations)
    same_patients(
        {
            "The alterations": alterations,
            "Follow-up times": time,
            "The events": event,
            "Entry times": entry,
            "Strata": strata,
        }
    )
    z, kept = _covariates(adjust, alterations, time, event, entry, strata)
    layers = None if strata is None else group_codes(np.asarray(strata)[kept], int(kept.sum()))
    chosen = [
        None if column is None else np.asarray(column)[kept] for column in (time, event, entry)
    ]
    data = survival_data(*chosen)
    if not data.event.any():
        raise ValueError("No event was observed, so there is no hazard to compare.")
    values = values[kept]
    screen = _Screen(data, layers, z, conf_level)
    rows: list[dict[str, Any]] = []
    not_tested: dict[str, str] = {}
    for position, feature in enumerate(alterations.columns):
        column = values[:, position]
        tested = ~np.isnan(column)
        altered = int(np.nansum(column))
        reason = _reason(int(tested.sum()), altered, min_altered)
        if reason:
            not_tested[str(feature)] = reason
            continue
        rows.append({"feature": feature, **screen.fit(column, tested)})
    columns = ["feature", "n", "altered", "events", "events_altered", "hr", "lower", "upper"]
    frame = pd.DataFrame(rows, columns=[*columns, "p_value", "note"])
    frame.insert(len(columns) + 1, "q_value", adjust_p_values(frame["p_value"].to_numpy(float)))
    frame = frame.sort_values("p_value", kind="stable", ignore_index=True)
    covariates = "" if adjust is None else ", adjusted for " + ", ".join(_names(adjust))
    frame.attrs = {
        "n_features": len(alterations.columns),
        "n_tested": int(frame["p_value"].notna().sum()),
        "n_patients": data.n,
        "n_left_out": int((~kept).sum()),
        "min_altered": min_altered,
        "not_tested": not_tested,
        "method": f"Cox model for each alteration (Efron ties){covariates}; Benjamini-Hochberg",
    }
    return frame


@dataclass
class _Screen:
    """What the models of a screen share; risk sets are kept for each pattern of who was tested."""

    data: SurvivalData
    strata: Groups | None
    z: Floats | None
    conf_level: float

    def __post_init__(self) -> None:
        self._kept: dict[bytes, tuple[RiskSets, Floats]] = {}

    def _risk_sets(self, tested: Bools) -> tuple[RiskSets, Floats]:
        """Risk sets of the patients tested, and the number at risk at each event."""
        key = np.packbits(tested).tobytes()
        if key not in self._kept:
            data, strata = self.data, self.strata
            if not tested.all():
                data = data.subset(tested)
                strata = None if strata is None else Groups(strata.labels, strata.codes[tested])
            sets = RiskSets(data, strata)
            if len(self._kept) >= KEPT_PATTERNS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = sets, sets.event_sum(np.ones(sets.n))
        return self._kept[key]

    def fit(self, column: Floats, tested: Bools) -> dict[str, Any]:
        """Model one feature."""
        sets, at_risk = self._risk_sets(tested)
        x = column[tested]
        row: dict[str, Any] = {
            "n": sets.n,
            "altered": int(x.sum()),
            "events": int(sets.event.sum()),
            "events_altered": int(x[sets.event].sum()),
            "note": "",
        }
        nothing = {name: float("nan") for name in ("hr", "lower", "upper", "p_value")}
        if not row["events"]:
            return row | nothing | {"note": "No event among the patients tested."}
        try:
            if self.z is None:
                coef, se = _two_group_cox(x, sets, at_risk)
            else:
                coef, se = self._adjusted(x, sets, tested)
        except InfiniteCoefficientError:
            return row | self._firth(x, sets, tested) | {"note": FIRTH_NOTE}
        except ValueError as error:
            return row | nothing | {"note": str(error)}
        half = float(ndtri(0.5 + self.conf_level / 2)) * se
        return row | {
            "hr": np.exp(coef),
            "lower": np.exp(coef - half),
            "upper": np.exp(coef + half),
            "p_value": float(erfc(abs(coef) / se / np.sqrt(2))),
        }

    def _design(self, x: Floats, tested: Bools) -> tuple[Floats, float]:
        """Standardised matrix with the feature first, and the feature's scale."""
        matrix = x[:, None] if self.z is None else np.column_stack([x, self.z[tested]])
        scale = matrix.std(axis=0)
        if (scale == 0).any():
            raise ValueError("A covariate is the same in all patients tested for this feature.")
        return (matrix - matrix.mean(axis=0)) / scale, float(scale[0])

    def _adjusted(self, x: Floats, sets: RiskSets, tested: Bools) -> tuple[float, float]:
        matrix, scale = self._design(x, tested)

        def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
            at = sets.evaluate(matrix, beta)
            return at.log_likelihood, at.score, at.information

        names = ["feature", *("covariate" for _ in range(matrix.shape[1] - 1))]
        top = maximise(evaluate, sets.reach(matrix), names)
        covariance = np.linalg.inv(top.information)
        return float(top.beta[0]) / scale, float(np.sqrt(covariance[0, 0])) / scale

    def _firth(self, x: Floats, sets: RiskSets, tested: Bools) -> dict[str, float]:
        matrix, scale = self._design(x, tested)
        fit = firth_cox(sets, matrix, self.conf_level, columns=[0])
        return {
            "hr": float(np.exp(fit.beta[0] / scale)),
            "lower": float(np.exp(fit.lower[0] / scale)),
            "upper": float(np.exp(fit.upper[0] / scale)),
            "p_value": float(fit.p_value[0]),
        }


def _two_group_cox(x: Floats, sets: RiskSets, at_risk: Floats) -> tuple[float, float]:
    """Log hazard ratio of a 0/1 variable and its standard error, from counts at risk.

    Raises
    ------
    InfiniteCoefficientError
        If the likelihood has no maximum.
    ValueError
        If no altered patient was ever at risk together with another at an event.
    """
    altered = sets.event_sum(x)
    others = at_risk - altered
    # Efron's fractions can leave rounding dust where one side has nobody at risk.
    both = (altered > 1e-9) & (others > 1e-9)
    deaths = float(x[sets.event].sum() - np.count_nonzero(others <= 1e-9))
    altered, others = altered[both], others[both]
    if not len(altered):
        raise ValueError("No altered and unaltered patient were at risk together at an event.")
    if not 0 < deaths < len(altered):
        raise InfiniteCoefficientError("The hazard ratio is infinite or zero.", [0])
    coef = 0.0
    for _ in range(100):
        share = altered / (altered + others * np.exp(-coef))
        information = float(share @ (1 - share))
        step = (deaths - float(share.sum())) / information
        coef += float(np.clip(step, -2, 2))
        if abs(step) < 1e-10:
            break
    return coef, 1 / float(np.sqrt(information))


def _zero_one(alterations: pd.DataFrame) -> Floats:
    """Alterations as floats with NaN for not tested."""
    values = alterations.to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise ValueError("Alterations must hold only 0 (no), 1 (yes) or nothing (not tested).")
    return np.asarray(values)


def _covariates(
    adjust: pd.DataFrame | pd.Series | None, alterations: pd.DataFrame, *columns: Any
) -> tuple[Floats | None, Bools]:
    """Design matrix of the covariates and who is complete in everything but the alterations."""
    n = len(alterations)
    known = np.ones(n, dtype=np.bool_)
    for column in columns:
        if column is None:
            continue
        if len(column) != n:
            raise ValueError(f"Outcomes have {len(column)} values where {n} patients are given.")
        known &= ~pd.isna(np.asarray(column))
    if adjust is None:
        if not known.any():
            raise ValueError("There is no patient with a known outcome to analyse.")
        return None, known
    frame = adjust.to_frame() if isinstance(adjust, pd.Series) else adjust
    if not frame.index.equals(alterations.index):
        raise ValueError("The covariates must be of the same patients in the same order.")
    design = build_design(frame.loc[known], list(frame.columns), [])
    kept = known.copy()
    kept[known] = design.kept
    return design.matrix, kept


def _reason(tested: int, altered: int, min_altered: int) -> str:
    if altered < max(min_altered, 1):
        return f"altered in {altered} of {tested} tested, fewer than {max(min_altered, 1)}"
    if altered == tested:
        return f"altered in all {tested} tested, so there is nobody to compare with"
    return ""


def _names(adjust: pd.DataFrame | pd.Series) -> list[str]:
    frame = adjust.to_frame() if isinstance(adjust, pd.Series) else adjust
    return [str(name) for name in frame.columns]
