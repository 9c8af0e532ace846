"""What a variant does to the protein: one short vocabulary for every annotator's words.

The classes: ``truncating`` (nonsense, frameshift), ``splice``, ``start_loss``, ``stop_loss``,
``ITD``, ``PTD``, ``inframe``, ``missense``, ``complex``, ``unknown``, and two that do not make a
gene mutated: ``silent`` and ``noncoding``. The words are those of MAF, Ensembl VEP, ANNOVAR, snpEff
and of the published haematology cohorts (``misssense`` is spelt so in one of them).
"""

from __future__ import annotations

import re

from data_loaders.alterations.hgvs import changes_of, protein_change

# By class, the most severe first: where an annotator gives several, the first counts.
_WORDS: dict[str, str] = {
    "ITD": "itd|internal tandem duplication",
    "PTD": "ptd|partial tandem duplication",
    "truncating": (
        "nonsense mutation|nonsense|stop gained|stopgain|stopgain snv|stop gain|stop codon gained|"
        "frame shift del|frame shift ins|frameshift|frameshift variant|frameshift deletion|"
        "frameshift insertion|frameshift substitution|frameshift block substitution|"
        "insertion frameshift|deletion frameshift|truncating|nonsense frameshift|"
        "frameshift truncation|frame shift"
    ),
    "splice": (
        "splice site|splice|splicing|essential splice|splice acceptor variant|exonic splicing|"
        "splice donor variant|splice site variant|splice acceptor|splice donor"
    ),
    "start_loss": (
        "translation start site|start lost|startloss|start loss|initiator codon change|"
        "initiator codon variant|start codon snp|de novo start outofframe"
    ),
    "stop_loss": "nonstop mutation|stop lost|stoploss|stop loss|stoploss snv|nonstop|readthrough",
    "inframe": (
        "in frame del|in frame ins|inframe deletion|inframe insertion|inframe|in frame|"
        "inframe codon gain|inframe codon loss|inframe variant|nonframeshift deletion|"
        "nonframeshift insertion|nonframeshift substitution|nonframeshift block substitution|"
        "disruptive inframe deletion|disruptive inframe insertion|conservative inframe deletion|"
        "conservative inframe insertion|insertion|deletion|duplication"
    ),
    "missense": (
        "missense mutation|missense variant|missense|misssense|non synonymous codon|"
        "nonsynonymous snv|nonsynonymous|non synonymous|non synonymous coding|nonsynonymous coding|"
        "protein altering variant|missense inframe|substitution"
    ),
    "complex": "complex change in transcript|complex|delins|indel|multi hit",
    "silent": (
        "silent|synonymous|synonymous variant|synonymous snv|synonymous codon|synonymous coding|"
        "stop retained variant|start retained variant|synonymous mutation"
    ),
    "noncoding": (
        "intron|intronic|intron variant|3 utr|5 utr|3utr|5utr|utr3|utr5|3 prime utr variant|"
        "5 prime utr variant|3 flank|5 flank|3flank|5flank|igr|intergenic|intergenic region|"
        "intergenic variant|rna|lincrna|upstream gene variant|downstream gene variant|upstream|"
        "downstream|2kb upstream variant|targeted region|splice region|splice region variant|"
        "non coding transcript exon variant|non coding transcript variant|nc transcript variant|"
        "regulatory region variant|ncrna exonic|ncrna intronic|promoter|mature mirna variant"
    ),
}
_CLASS_OF = {
    word.replace(" ", ""): name for name, words in _WORDS.items() for word in words.split("|")
}
_SEVERITY = {name: place for place, name in enumerate(_WORDS)}

NOT_COUNTED = frozenset({"silent", "noncoding"})
# Variants outside the coding sequence that are known to drive disease: the promoter of TERT and the
# intron 4 enhancer of GATA2.
REGULATORY_GENES = frozenset({"TERT", "GATA2"})
CLASSES = (*_WORDS, "unknown")

# In this order, the first that fits.
_CHANGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"(?i:\bITD\b|_ITD$)", "ITD"),
        (r"(?i:\bPTD\b|_PTD$)", "PTD"),
        (r"^p\..*=$", "silent"),
        (r"^p\.\*\d", "stop_loss"),
        (r"^p\.(M1|\(?Met1)(\D|$)", "start_loss"),
        (r"^p\..*fs", "truncating"),
        (r"^p\.[A-Z]\d+(_[A-Z]\d+)?(delins|ins)?[A-Z]*[*X]$", "truncating"),
        (r"^p\..*(del|ins|dup|>)", "inframe"),
        (r"^p\.(?P<before>[A-Z])\d+(?P<after>[A-Z])$", "missense"),
        (r"^(.*:)?c\.-?\d+(_-?\d+)?[+-][12]([^\d]|$)", "splice"),
    )
)


def variant_class(text: str | None) -> str:
    """The class of an annotator's word; ``unknown`` where there is none or it is not known.

    Several words joined by ``&``, ``,`` or ``;`` give the most severe of them.
    """
    if not text:
        return "unknown"
    whole = _plain(text)
    if whole in _CLASS_OF:
        return _CLASS_OF[whole]
    parts = [_CLASS_OF.get(_plain(part)) for part in re.split(r"[&,;+]", text)]
    known = [part for part in parts if part]
    return min(known, key=lambda name: _SEVERITY[name], default="unknown")


def class_of_change(text: str) -> str:
    """The class that a change of the protein or of the coding sequence tells by itself.

    ``p.R175H`` is missense, ``p.Q12*`` and ``p.P12fs`` truncating, ``c.375+1G>A`` splice; a change
    of the coding sequence alone tells no more than that.
    """
    found = [_class_of(change) for change in changes_of(protein_change(text))]
    return min(found, key=lambda name: _SEVERITY.get(name, len(_SEVERITY)))


def _class_of(change: str) -> str:
    for pattern, name in _CHANGES:
        match = pattern.search(change)
        if match:
            same = match.groupdict().get("before")
            return "silent" if same and same == match["after"] else name
    return "unknown"


def is_variant_word(text: str) -> bool:
    """Whether a text is a word of some annotator for what a variant does."""
    return variant_class(text) != "unknown"


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())
