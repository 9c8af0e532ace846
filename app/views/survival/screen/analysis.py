"""Every alteration of a cohort against an endpoint: who is tested, what stands out, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.analysis.multiplicity import adjust_p_values
from app.analysis.regression import survival_scan
from app.cohort.overlapping import overlap_families
from app.study.accounting import Accounting
from app.study.adjustment import covariate_frame
from app.study.contained_covariates import contained_in
from app.study.outcomes import Outcome, outcome_of
from app.study.wording import SIGNIFICANT, format_q, format_ratio
from data_loaders import Cohort
from data_loaders.model import FeatureKind
from data_loaders.wording import listing, mid_sentence, plural

MIN_ALTERED = 10
ScreenAdjustment = Literal["bh", "holm"]
ADJUSTMENTS: dict[ScreenAdjustment, str] = {"bh": "Benjamini-Hochberg", "holm": "Holm"}


@dataclass(frozen=True, eq=False)
class CohortScreen:
    """One Cox model for each alteration.

    Attributes
    ----------
    table
        One row an alteration modelled, by p-value, those whose model failed last: feature, label,
        kind, n (tested), altered, frequency, events, events_altered, hr, lower, upper, p_value,
        q_value (alterations that overlap count once), firth (whether Firth's correction was
        needed), note, family (the same number for those that overlap). ``attrs`` as of
        :func:`app.analysis.regression.survival_scan`.
    not_tested
        The others: feature, label, kind, reason.
    constant
        Covariates left out of the models because they are the same in all patients.
    contained
        Sentences about covariates that are made of alterations screened.
    adjustment
        How ``q_value`` was adjusted for the number tested.
    min_altered
        Alterations in fewer of the patients tested were not modelled.
    """

    outcome: Outcome
    accounting: Accounting
    events: int
    table: pd.DataFrame
    not_tested: pd.DataFrame
    adjusted_for: tuple[str, ...]
    constant: tuple[str, ...]
    contained: tuple[str, ...]
    adjustment: ScreenAdjustment
    kinds: tuple[FeatureKind, ...]
    min_altered: int

    @property
    def hits(self) -> pd.DataFrame:
        """The rows whose adjusted p-value is below 0.05."""
        return self.table[self.table["q_value"] < SIGNIFICANT]

    @property
    def n_tested(self) -> int:
        """Alterations tested: those with a p-value."""
        return int(self.table["p_value"].notna().sum())

    @property
    def n_families(self) -> int:
        """Those tested, with those that overlap counted once."""
        return int(self.table.loc[self.table["p_value"].notna(), "family"].nunique())

    @property
    def n_features(self) -> int:
        """Alterations looked at."""
        return len(self.table) + len(self.not_tested)


def screen_cohort(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    adjust: Sequence[str] = (),
    min_altered: int = MIN_ALTERED,
    *,
    kinds: Collection[FeatureKind] | None = None,
    adjustment: ScreenAdjustment = "bh",
    limit: float | None = None,
) -> CohortScreen:
    """Compare altered with not altered patients for every alteration, by one Cox model each.

    Parameters
    ----------
    adjust
        Columns that every model is adjusted for; those with the same value in everyone are left
        out and named.
    min_altered
        Alterations in fewer of the patients tested are not modelled.
    adjustment
        ``bh`` controls the share of false findings, ``holm`` the chance of any.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint.
    ValueError
        If the cohort has no alteration of these kinds, nobody is analysed, or there is no event.
    """
    outcome = outcome_of(cohort, mask, endpoint_key, limit=limit)
    chosen = tuple(kind for kind in cohort.feature_kinds if kinds is None or kind in kinds)
    positions = np.flatnonzero(cohort.features["kind"].isin(chosen).to_numpy())
    if not len(positions):
        raise ValueError(
            "There is no alteration to screen: the cohort needs a column for each gene, such as "
            "TP53 with 1 (altered), 0 (not altered) or nothing (not tested)."
            if not len(cohort.features)
            else "There is no alteration of the kinds chosen: choose another kind."
        )
    if not outcome.n:
        raise ValueError(
            f"Nobody of the patients selected has a known {mid_sentence(outcome.endpoint.label)}: "
            "widen the filter or choose another endpoint."
        )
    covariates, constant = covariate_frame(cohort, outcome.used, adjust)
    states = cohort.states[np.ix_(outcome.used, positions)]
    altered = pd.DataFrame(
        np.where(states < 0, np.nan, states),
        index=cohort.patients.index[outcome.used],
        columns=cohort.features.index[positions],
    )
    scan = survival_scan(
        outcome.time,
        outcome.event,
        altered,
        covariates if len(covariates.columns) else None,
        min_altered,
        entry=outcome.entry,
    )
    told = dict(scan.attrs)
    complete = covariates.notna().all(axis=1).to_numpy()
    left_out = dict(outcome.left_out)
    if told["n_left_out"]:
        left_out["a covariate not recorded"] = told["n_left_out"]
    told["method"] = told["method"].replace("Benjamini-Hochberg", ADJUSTMENTS[adjustment])
    table = _table(cohort, scan, adjustment)
    table.attrs = told
    return CohortScreen(
        outcome=outcome,
        accounting=Accounting(outcome.selected, told["n_patients"], left_out, limit),
        events=int(outcome.event[complete].sum()),
        table=table,
        not_tested=_not_tested(cohort, told["not_tested"]),
        adjusted_for=tuple(str(name) for name in covariates.columns),
        constant=tuple(constant),
        contained=_contained(cohort, adjust, scan["feature"].astype(str).tolist()),
        adjustment=adjustment,
        kinds=chosen,
        min_altered=min_altered,
    )


def _contained(cohort: Cohort, adjust: Sequence[str], features: list[str]) -> tuple[str, ...]:
    """Covariates of every model that are made of alterations that were screened."""
    labels = cohort.features["label"]
    altered = [(f"alteration:{name}", str(labels[name])) for name in features]
    covariates = [(f"variable:{name}", cohort.variables[name].label) for name in adjust]
    return contained_in(cohort, [*covariates, *altered], wholes=len(covariates))


def _table(cohort: Cohort, scan: pd.DataFrame, adjustment: ScreenAdjustment) -> pd.DataFrame:
    features = scan["feature"].astype(str)
    families = overlap_families(cohort, features.tolist())
    return pd.DataFrame(
        {
            "feature": features,
            "label": cohort.features["label"].reindex(features).astype(str).to_numpy(),
            "kind": cohort.features["kind"].reindex(features).to_numpy(),
            "n": scan["n"],
            "altered": scan["altered"],
            "frequency": scan["altered"] / scan["n"],
            **{name: scan[name] for name in ("events", "events_altered", "hr", "lower", "upper")},
            "p_value": scan["p_value"],
            "q_value": adjust_p_values(scan["p_value"].to_numpy(float), adjustment, families),
            "firth": scan["note"].str.startswith("Firth").astype(bool),
            "note": scan["note"],
            "family": families,
        }
    )


def _not_tested(cohort: Cohort, reasons: dict[str, str]) -> pd.DataFrame:
    named = cohort.features.loc[list(reasons), ["label", "kind"]]
    return pd.DataFrame(
        {
            "feature": list(reasons),
            "label": named["label"].astype(str).to_numpy(),
            "kind": named["kind"].to_numpy(),
            "reason": list(reasons.values()),
        }
    )


# What it says -------------------------------------------------------------------------------


def adjusted_words(screen: CohortScreen) -> str:
    """What the models are adjusted for, within a sentence: ``unadjusted`` or the covariates."""
    if not screen.adjusted_for:
        return "unadjusted"
    return f"adjusted for {listing([mid_sentence(label) for label in screen.adjusted_for])}"


def screen_reading(screen: CohortScreen) -> list[str]:
    """The screen in plain words, one sentence each, from rules."""
    tested = (
        f"{screen.n_tested:,} of {plural(screen.n_features, 'alteration')} were tested in "
        f"{plural(screen.accounting.analysed, 'patient')} with {plural(screen.events, 'event')}"
    )
    if len(screen.not_tested):
        tested += f"; the others are altered in fewer than {screen.min_altered} or in everyone"
    sentences = [f"{tested}."]
    if not screen.n_tested:
        return [*sentences, "Lower the number of altered patients asked for to test more."]
    hits = screen.hits
    higher = int((hits["hr"] > 1).sum())
    name = ADJUSTMENTS[screen.adjustment]
    over = f"over all {screen.n_tested:,} tested"
    if screen.n_families < screen.n_tested:
        over += f", which count as {screen.n_families:,}: those that overlap count once"
    if len(hits):
        parts = [f"{higher} with a higher hazard"] * bool(higher)
        parts += [f"{len(hits) - higher} with a lower one"] * (len(hits) > higher)
        sentences.append(
            f"{len(hits)} have q below {SIGNIFICANT} ({name} {over}): {listing(parts)}."
        )
    else:
        sentences.append(f"None has q below {SIGNIFICANT} ({name} {over}).")
    estimated = screen.table[screen.table["p_value"].notna()]
    words = [
        f"{row.label} {format_ratio(row.hr, row.lower, row.upper)}, {format_q(row.q_value)}"
        for row in estimated.head(3).itertuples()
    ]
    if words:
        sentences.append(f"Strongest evidence, hazard ratio (95% interval): {'; '.join(words)}.")
    return sentences


def screen_notes(screen: CohortScreen) -> list[str]:
    """What a reader must know before reading the screen, one sentence each."""
    notes = []
    endpoint = screen.outcome.endpoint
    if endpoint.competing is not None:
        notes.append(
            f"The hazard ratios are cause-specific: {endpoint.event_label} among those "
            "still free of it, with a competing death counted as censoring. They do not say how "
            "many will ever have the event."
        )
    notes += screen.contained
    if screen.constant:
        verb = "is" if len(screen.constant) == 1 else "are"
        notes.append(
            f"{listing(list(screen.constant))} {verb} the same in all of these patients and left "
            "out of the models."
        )
    failed = int(screen.table["p_value"].isna().sum())
    if failed:
        notes.append(f"{plural(failed, 'model')} gave no estimate; the table says why.")
    firth = int(screen.table["firth"].sum())
    if firth:
        notes.append(
            f"The ratio of {plural(firth, 'alteration')} is by Firth's correction, because without "
            "it it would be 0 or infinite (the likelihood is monotone)."
        )
    return notes
