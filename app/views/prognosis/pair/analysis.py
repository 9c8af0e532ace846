"""Score against score: who changes class, and which of the two orders the outcome better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.prediction import (
    BrierScore,
    Discrimination,
    brier_score,
    class_survival,
    compare_discrimination,
    nested_cox,
)
from app.analysis.regression import concordance_index
from app.cohort.groupings import MIN_GROUP_FOR_TEST, GroupingSpec
from app.cohort.scores import score
from app.study.outcomes import Outcome, outcome_of
from app.views.prognosis.scales import Scale, plain_class, scale_of
from app.views.prognosis.telling import FEWEST_EVENTS, supported_times
from data_loaders import Cohort, CohortError
from data_loaders.arrays import Bools, Codes, Ints


@dataclass(frozen=True, eq=False)
class ScorePair:
    """Two scores in the patients who have a class in both.

    Parameters
    ----------
    crossed
        Patients by class of the first (rows) and the second (columns), outcome or not.
    moved, worse, better
        Patients whose class of the second is not the one that corresponds to their class of the
        first; of those, towards the bad and towards the good end.
    same_names
        Whether classes correspond by name; otherwise to a class corresponds the one in which most
        of its patients are.
    discrimination
        Of the classes: concordance, its difference and the area under the curve over time; None
        with fewer than 10 events.
    of_values
        Concordance and its difference of the values that the classes are cut from, in the patients
        who have both; None where a scale has classes alone or too few have a value.
    brier
        Brier score of each score's classes; None where follow-up supports no time.
    models
        Nested Cox models, or None; then ``no_models`` says why.
    groups
        Concordance by group: group, n, events, first, second; empty without groups.
    selected, left_out
        Patients selected; why some have no class in both, the first score's reasons first.
    """

    first: Scale
    second: Scale
    crossed: pd.DataFrame
    moved: int
    worse: int
    better: int
    same_names: bool
    outcome: Outcome
    discrimination: Discrimination | None
    of_values: Discrimination | None
    brier: tuple[BrierScore, BrierScore] | None
    models: pd.DataFrame | None
    no_models: str
    groups: pd.DataFrame
    by: str
    selected: int
    left_out: dict[str, int]

    @property
    def both(self) -> int:
        """Patients with a class in both scores."""
        return int(self.crossed.to_numpy().sum())


def score_against_score(
    cohort: Cohort,
    mask: Bools,
    first: str,
    second: str,
    endpoint_key: str,
    *,
    limit: float | None = None,
    truncated: bool = True,
    by: str | None = None,
    seed: int = 0,
) -> ScorePair:
    """Compare the classes of two scores with each other and with the outcome.

    Everything is of the patients with a certain class in both. With entry times there is no Uno's
    index, area under the curve or Brier score, which know none.

    Parameters
    ----------
    first, second
        Scales: ``score:ipss_r``, ``column:IPSSM``.
    by
        A grouping within whose groups concordance is told too: ``variable:sex``.

    Raises
    ------
    CohortError
        If the cohort lacks one of them, or they are the same.
    """
    if first == second:
        raise CohortError("Choose two different scores: both are the same.")
    scales = scale_of(cohort, first), scale_of(cohort, second)
    codes = [scale.grouping.codes for scale in scales]
    both = mask & (codes[0] >= 0) & (codes[1] >= 0)
    crossed = _crossed(scales, codes[0][both], codes[1][both])
    moved, worse, better, same = _moves(crossed)
    left_out = {}
    for scale, asked in zip(scales, (mask, mask & (codes[0] >= 0)), strict=True):
        for reason, number in scale.grouping.left_out(asked).items():
            left_out[f"{reason} ({scale.label})"] = number
    outcome = outcome_of(cohort, both, endpoint_key, limit=limit, truncated=truncated)
    own = [code[outcome.used].astype(np.int64) for code in codes]
    names = (scales[0].label, scales[1].label)
    found, values, brier, models, why = None, None, None, None, ""
    if outcome.event.sum() >= FEWEST_EVENTS:
        times = supported_times(outcome)
        found = compare_discrimination(
            outcome.time, outcome.event, dict(zip(names, own, strict=True)), times,
            entry=outcome.entry, until=times[-1] if times else None, seed=seed,
        )  # fmt: skip
        values = _of_values(outcome, scales, times, seed)
        if times:
            brier = _brier(outcome, own[0], times), _brier(outcome, own[1], times)
        models, why = _models(outcome, scales, own, names)
    groups, label = _by_group(cohort, outcome, own, by, mask)
    return ScorePair(
        scales[0], scales[1], crossed, moved, worse, better, same, outcome, found, values, brier,
        models, why, groups, label, int(mask.sum()), left_out,
    )  # fmt: skip


def _crossed(scales: tuple[Scale, Scale], first: Codes, second: Codes) -> pd.DataFrame:
    names = [scale.grouping.names for scale in scales]
    counts = np.zeros((len(names[0]), len(names[1])), dtype=np.int64)
    np.add.at(counts, (first, second), 1)
    return pd.DataFrame(counts, index=list(names[0]), columns=list(names[1]))


def _moves(crossed: pd.DataFrame) -> tuple[int, int, int, bool]:
    """How many are not in the corresponding class; of them worse, better; and by what."""
    counts = crossed.to_numpy()
    rows = [plain_class(str(name)) for name in crossed.index]
    columns = [plain_class(str(name)) for name in crossed.columns]
    same = rows == columns
    meant = np.arange(len(rows)) if same else counts.argmax(axis=1)
    place = np.arange(counts.shape[1])
    worse = int(counts[place[None, :] > meant[:, None]].sum())
    better = int(counts[place[None, :] < meant[:, None]].sum())
    return worse + better, worse, better, same


def _of_values(
    outcome: Outcome, scales: tuple[Scale, Scale], times: list[float], seed: int
) -> Discrimination | None:
    """Concordance of the values, in those who have both."""
    if any(scale.value is None for scale in scales):
        return None
    values = {s.label: s.value[outcome.used] for s in scales if s.value is not None}
    known = ~np.isnan(np.array(list(values.values()))).any(axis=0)
    if outcome.event[known].sum() < FEWEST_EVENTS:
        return None
    return compare_discrimination(
        outcome.time[known], outcome.event[known], {k: v[known] for k, v in values.items()},
        entry=None if outcome.entry is None else outcome.entry[known],
        until=times[-1] if times else None, seed=seed,
    )  # fmt: skip


def _brier(outcome: Outcome, code: Ints, times: list[float]) -> BrierScore:
    chance = class_survival(outcome.time, outcome.event, code, times)
    return brier_score(outcome.time, outcome.event, chance, times)


def _models(
    outcome: Outcome,
    scales: tuple[Scale, Scale],
    own: list[Ints],
    names: tuple[str, str],
) -> tuple[pd.DataFrame | None, str]:
    first, second = (
        np.array(scale.grouping.names, dtype=object)[code]
        for scale, code in zip(scales, own, strict=True)
    )
    try:
        models = nested_cox(outcome.time, outcome.event, first, second, names, entry=outcome.entry)
    except ValueError:
        return None, (
            "a class has no event, or the classes of one score follow from those of the other."
        )
    return models, ""


def _by_group(
    cohort: Cohort,
    outcome: Outcome,
    own: list[Ints],
    by: str | None,
    mask: Bools,
) -> tuple[pd.DataFrame, str]:
    """Concordance of both scores within each group that is large enough."""
    columns = ["group", "n", "events", "first", "first_lower", "first_upper", "second",
               "second_lower", "second_upper"]  # fmt: skip
    if by is None:
        return pd.DataFrame(columns=columns), ""
    grouping = GroupingSpec.parse(by).build(cohort, mask)
    codes = grouping.codes[outcome.used]
    rows = []
    for place, name in enumerate(grouping.names):
        here = codes == place
        events = int(outcome.event[here].sum())
        if here.sum() < MIN_GROUP_FOR_TEST or not events:
            continue
        row: dict[str, object] = {"group": name, "n": int(here.sum()), "events": events}
        for which, code in zip(("first", "second"), own, strict=True):
            entry = None if outcome.entry is None else outcome.entry[here]
            found = concordance_index(outcome.time[here], outcome.event[here], code[here], entry)
            row |= {which: float(found), f"{which}_lower": found.lower,
                    f"{which}_upper": found.upper}  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=columns), grouping.label


def disagreements(cohort: Cohort, mask: Bools, first: Scale, second: Scale) -> pd.DataFrame:
    """Patients in whom two spellings of one score differ, or only one of them has a class.

    Of patients by name: for the page alone, never for a file, a story or a script.

    Returns
    -------
    DataFrame
        Index patient_id: the class in each; of a computed score also the classes still possible
        and what is missing.
    """
    found = [
        np.array([*scale.grouping.names, ""], dtype=object)[np.maximum(scale.grouping.codes, -1)]
        for scale in (first, second)
    ]
    differ = np.array(
        [plain_class(str(a)) != plain_class(str(b)) for a, b in zip(*found, strict=True)],
        dtype=bool,
    )
    table = pd.DataFrame(
        {first.label: found[0], second.label: found[1]}, index=cohort.patients.index
    )
    for scale in (first, second):
        kind, _, key = scale.key.partition(":")
        if kind == "score":
            result = score(cohort, key)
            labels = dict(zip(result.inputs["input"], result.inputs["label"], strict=True))
            table["Still possible"] = [" or ".join(names) for names in result.table["possible"]]
            table["Missing"] = [
                ", ".join(labels.get(name, name) for name in names)
                for names in result.table["missing"]
            ]
    return table[differ & mask]
