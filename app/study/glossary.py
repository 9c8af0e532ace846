"""Every statistical word that a page says, explained in a sentence: one glossary for all pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

# Shorter words are found only as they are written: q, p, HR.
_SHORT = 4
# By the word as it is explained; a second form that pages write stands after a bar.
GLOSSARY: Mapping[str, str] = MappingProxyType(
    {
        "at risk": "Patients who are followed at that time and have not had the event before it.",
        "AUC": "The chance that of two patients, one with the event by then and one without, the "
        "one with it was given the higher risk; 0.5 is a coin.",
        "Benjamini-Hochberg": "A way to make q values: of all that is called a finding at q below "
        "0.05, 5% are expected to be none.",
        "bootstrap": "The analysis repeated on patients drawn again with replacement; its spread "
        "gives the interval.",
        "Brier score": "The mean squared distance of a predicted chance from what happened; 0 is "
        "best, and always saying 50% gives 0.25.",
        "cause-specific": "Of a hazard: how fast the event comes to those who are still free of "
        "all events; those with a competing event are no longer counted.",
        "censored|censoring": "Followed until a time without the event; what came later is not "
        "known.",
        "centile|quartile|quartiles": "The value below which that share of the patients lies; "
        "quartiles cut them into four equal parts.",
        "competing risks|competing event|competing": "An event after which the one of interest can "
        "no longer come, such as death before relapse.",
        "concordance": "The share of pairs of patients whose order of events was foretold; 0.5 is "
        "chance, 1 is perfect.",
        "confounder|confounders": "What acts on both the treatment and the outcome, and so makes "
        "groups differ that the treatment does not.",
        "Cox model": "A regression of the hazard: each covariate multiplies it, the same factor at "
        "all times.",
        "cumulative incidence": "The share of all patients who have had the event by a time, with "
        "competing events counted as what they are.",
        "degrees of freedom|degree of freedom": "How many numbers a test is free to compare: for "
        "groups, one fewer than there are.",
        "effective number": "Of weighted patients: as many unweighted ones would tell as much.",
        "emulated trial|target trial": "The trial one would have run, copied on recorded patients: "
        "who is eligible, which strategies, when the clock starts.",
        "Fisher's exact test": "A test of two shares that holds for counts of any size.",
        "Gray's test": "A test of whether cumulative incidences differ between groups.",
        "hazard": "How fast the event comes, at a time, to those who are still free of it.",
        "hazard ratio|HR": "The hazard of one group divided by that of another; 2 is twice as fast "
        "at every time, 1 is no difference.",
        "immortal time": "Time that a patient had to survive to come into a group, wrongly "
        "credited to the group.",
        "inverse probability|weighted": "Each patient counts for those like them who are missing: "
        "the rarer, the more.",
        "Kaplan-Meier": "The share without the event over time, those censored counted as long as "
        "they were followed.",
        "landmark": "A time at which groups are formed by what has happened until then; the clock "
        "starts there.",
        "log-rank test|log-rank": "A test of whether survival differs between groups, over all "
        "times, each event counting alike.",
        "median survival|median": "The time, or value, that half of the patients reach; not "
        "reached where more than half are without the event.",
        "number needed to treat": "How many have to be treated for one to be spared the event by "
        "a time.",
        "odds ratio": "The odds in one group divided by those in another; 1 is no difference.",
        "p value|p": "How often chance alone would show a difference at least as large, were there "
        "none.",
        "proportional hazards|hazards are not proportional": "That a hazard ratio is the same at "
        "all times; where it is not, one number averages.",
        "q value|q": "A p value corrected for how many were looked at: of all findings at or below "
        "it, that share is expected to be false.",
        "restricted mean": "The mean time without the event within a horizon: the area under the "
        "curve up to it.",
        "SMD|standardised difference": "The difference of two groups in standard deviations; below "
        "0.1 is usually called balanced.",
        "stability": "How well a group comes back when it is searched for again in part of the "
        "patients; 1 is exactly.",
        "strata|stratum|stratified": "Compared only among patients alike in something, and summed.",
        "subdistribution": "Of a hazard: how much more of a group will come to have the event, "
        "those with a competing one kept in the count.",
        "time-dependent": "Patients change group when something happens to them, and count in each "
        "for the time they were in it.",
        "UMAP": "A map that places patients who carry alike near each other; its axes and its "
        "distances between far points mean nothing.",
        "95% interval|95% CI|interval": "Where the true value lies in 95 of 100 such studies; wide "
        "where patients are few.",
    }
)


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """What finds a word in any of its forms; one of few letters only as it is written."""
    forms = []
    for form in word.split("|"):
        exact = len(form) < _SHORT or form.isupper()
        forms.append(re.escape(form) if exact else f"(?i:{re.escape(form)})")
    return re.compile(rf"(?<![A-Za-z-])(?:{'|'.join(forms)})(?![A-Za-z0-9]|\.\w)")


def in_lines(words: Mapping[str, str]) -> list[str]:
    """Words and what they mean, a line of Markdown each."""
    first = {word.partition("|")[0]: meaning for word, meaning in words.items()}
    return [f"**{word[:1].upper()}{word[1:]}**: {meaning}" for word, meaning in first.items()]


def explained(texts: Iterable[str]) -> dict[str, str]:
    """The words of the glossary that texts hold, with what each means, in the glossary's order."""
    held = " ".join(texts)
    return {
        word.partition("|")[0]: meaning
        for word, meaning in GLOSSARY.items()
        if _pattern(word).search(held)
    }
