"""One glossary: words are found where they are said, and only there."""

from __future__ import annotations

import pytest

from app.study.glossary import GLOSSARY, explained, in_lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The curves differ (log-rank test, p < 0.0001).", ["log-rank test", "p value"]),
        ("Hazard ratio of A against B: 2.1 (1.2–3.4).", ["hazard", "hazard ratio"]),
        ("HR 2.1", ["hazard ratio"]),
        ("JAK2: at 5 years 51% of 338 were alive; 128 still at risk.", ["at risk"]),
        ("Most frequent: p.L367fs*46 in 247; IPSS-R, SHR, NPM1 p53", []),
        ("The hazards are not proportional", ["proportional hazards"]),
        ("led by age (q = 0.01, SMD 1.19)", ["q value", "SMD"]),
    ],
)
def test_words_are_found_where_they_are_said(text: str, words: list[str]):
    assert list(explained([text])) == words


def test_every_word_has_one_sentence_of_its_own():
    assert len(set(GLOSSARY.values())) == len(GLOSSARY)
    assert list(GLOSSARY) == sorted(GLOSSARY, key=lambda w: (w[0].isdigit(), w.lower()))
    for line in in_lines(GLOSSARY):
        assert line.endswith(".")
        assert "|" not in line
