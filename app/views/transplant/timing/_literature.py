"""What decision models of transplant timing in MDS report, and what these data say beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.transplant import Emulation
from app.study.wording import listing, signed

REFERENCES = (
    "Cutler 2004, Blood 104:579: a Markov model by IPSS; life was longest with a delayed "
    "transplant in low and intermediate-1 risk, with one at once in intermediate-2 and high risk.",
    "Della Porta 2017, Leukemia: a decision model by IPSS-R in 1,728 patients; a multi-state model "
    "of when to transplant.",
    "Tentori, Gregorio et al. 2024, J Clin Oncol: decisions by IPSS-M against IPSS-R in 7,118 "
    "patients, compared by restricted mean survival over 8 years.",
)
_LOWER = {"verylow", "low", "moderatelow"}
_HIGHER = {"moderatehigh", "high", "veryhigh"}


def literature_reading(emulation: Emulation) -> list[str]:
    """What the data support by IPSS-M class beside the literature, in sentences; none without it.

    The estimates are taken as they are: nothing is tuned to what was reported.
    """
    known = {name: _plain(name) for name in emulation.classes}
    if not known or not set(known.values()) <= _LOWER | _HIGHER:
        return []
    strategy = next(name for name in emulation.strategies if name != emulation.reference)
    rows = emulation.contrasts[emulation.contrasts["strategy"] == strategy]
    sentences = []
    for position, (half, inside, reported) in enumerate((
        ("lower", _LOWER, "the decision models report longer life with a delayed transplant"),
        ("higher", _HIGHER, "they report longer life with an early one"),
    )):  # fmt: skip
        classes = [name for name, plain in known.items() if plain in inside]
        whole = _whole(emulation, position, classes)
        part = pd.concat([whole, rows[rows["group"].isin(classes)]]) if len(whole) else (
            rows[rows["group"].isin(classes)]
        )  # fmt: skip
        if len(part):
            sentences.append(f"In {half} risk {reported}; {_here(part, strategy)}")
    return [*sentences, "Other patients, years and confounders: agreement or not proves neither."]


def _whole(emulation: Emulation, half: int, classes: list[str]) -> pd.DataFrame:
    """The half of the trial's own split, at its latest month, where it is of just these classes."""
    if emulation.halves is None or emulation.halves[half] in classes:
        return pd.DataFrame()
    name, data = emulation.halves[half], emulation.trial.data
    own = {data.names[code] for code in np.unique(data.groups[emulation.members(name)])}
    told = emulation.horizons
    last = told[(told["group"] == name) & told["supported"]].tail(1 if own == set(classes) else 0)
    words = [f"{name} by month {horizon:g}" for horizon in last["horizon"]]
    limits = {end: f"rmst_difference_{end}" for end in ("lower", "upper")}
    return last.assign(group=words).rename(columns=limits)


def _here(rows: pd.DataFrame, strategy: str) -> str:
    supported = rows[rows["supported"]]
    words = strategy[:1].lower() + strategy[1:]
    if supported.empty:
        return (
            f"these data hold too few patients with {words} in {listing(list(rows['group']))} to "
            "say anything."
        )
    said = []
    for row in supported.to_dict("records"):
        low, high = row["rmst_difference_lower"], row["rmst_difference_upper"]
        gain = f"{signed(row['rmst_difference'])} months"
        if pd.notna(low):
            gain += f", {signed(low)} to {signed(high)}"
            gain += (
                f": {row['verdict'] if row['verdict'] in ('longer', 'shorter') else 'not clear'}"
            )
        said.append(f"{row['group']} ({gain})")
    rest = [name for name in rows["group"] if name not in set(supported["group"])]
    tail = f"; too few in {listing(rest)}" if rest else ""
    return f"with {words} against none these data give {listing(said)}{tail}."


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalpha())
