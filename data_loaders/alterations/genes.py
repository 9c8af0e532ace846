"""Names of alterations: genes, their refinements and cytogenetic events.

Symbols follow HGNC; ``data/gene_aliases.csv`` lists the older names that real files hold (MLL3,
SFRS2, ...) and what they are called now. Cytogenetic names follow ISCN in their labels.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from data_loaders.alterations._bands import PlainEvent, plain_event
from data_loaders.model import FeatureKind
from data_loaders.wording import capitalised

_DATA = Path(__file__).parents[1] / "data"

# English words and abbreviations that only count as genes when written in capitals.
_ALSO_WORDS = frozenset({"MAX", "RET", "CIC", "FAS", "TOX", "MAF"})
_NOT_AN_ALTERATION = re.compile(
    r"af|allele|count|number|n|num|date|tested|test|method|sample|pos|position|type|class|group",
    re.IGNORECASE,
)
# A share or an amount beside a gene's name is a measurement and no alteration.
_OF_AMOUNT = re.compile(
    r"vaf|burden|ratio|freq|fraction|allel\w*last|reads|depth|copies|%|level|expression",
    re.IGNORECASE,
)
_MUTATED = (
    r"(?:mut(?:ated|ationsstatus|ation|ant|iert|azione|aci[oó]n|ato|ado|é)?|status|statut|stato|"
    r"estado|altered|alt(?:eration)?|any)"
)
_SEP = r"[\s_.\-:]*"

# Suffixes of a gene's name that say which part or kind of its mutations is meant.
_REFINEMENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), label)
    for pattern, label in (
        (r"(?P<what>itd|tkd|ptd)", "-{what}"),
        (r"(?:e|ex|exon)[\s_.\-]*(?P<what>\d{1,2})", " exon {what}"),
        (r"multi(?:[\s_.\-]*hit)?", " multi-hit"),
        (r"bi(?:allelic)?", " biallelic"),
        (r"mono(?:allelic)?", " monoallelic"),
        (r"double|dm", " double"),
        (r"single|sm", " single"),
        (r"loh|cnloh", " LOH"),
        (r"p?[\s_.\-]*(?P<what>(?-i:[A-Z]|[a-oq-z])\d{1,4}(?:[a-z*]|fs)?)", " {what}"),
        (r"(?P<what>other|alpha)", " {what}"),
    )
)
# A gene moved, gained or lost is an event of the chromosomes and no part of its mutations.
_STRUCTURAL = re.compile(
    r"trans(?:loc(?:ation)?)?|rearr(?:angement|anged)?|r|fusion|"
    r"break(?:[\s_.\-]*apart)?|split|sv|amp(?:lification|lified)?|gain|homdel|"
    r"del(?:etion|eted)?|loss",
    re.IGNORECASE,
)
_CALR_TYPE = re.compile(
    r"(?:type|typ|tipo|t|ins|del)?[\s_.\-]*([12])(?:[\s_.\-]*like)?", re.IGNORECASE
)

# Genes of which a status without more tells whether they are rearranged, as leukaemias' tables do,
# and those of which FISH does.
_REARRANGED_BY_STATUS = frozenset({"KMT2A"})
_BROKEN_IN_FISH = frozenset({"KMT2A", "MYC", "BCL2", "BCL6", "CCND1", "IRF4", "ALK"})
_BREAK_APART = re.compile(
    r"(?:i?fish|break[\s_\-]*apart|bap)(?:[\s_.\-]*(?:fish|break[\s_\-]*apart|bap|status|result))*",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?:gene[\s_.\-]*)?stat(?:us|e)?", re.IGNORECASE)

# A gene that is named after the clone it was found in: RP11-766F14.2, AC005616.2.
_OF_A_CLONE = re.compile(
    r"(?:RP\d{1,2}|CT[A-D]|GS1|KB|LA16c|LL\w{2,6})-\w{3,10}\.\d{1,2}|A[CLFP]\d{6}\.\d{1,2}"
)
_PHILADELPHIA = "BCR::ABL1"
_TRANSCRIPT = r"p190|p210|p230|e1a2|e13a2|e14a2|e19a2|b2a2|b3a2"
_BCR_ABL1 = re.compile(
    rf"(?:({_TRANSCRIPT})[\s_.\-]*)?bcr[\s_.:/\-]*abl1?(?:[\s_.\-]*(?:fusion|pos(?:itive)?|({_TRANSCRIPT})))?"
    r"(?:[\s_.\-]*status)?",
    re.IGNORECASE,
)
# Two genes joined, with what may be said of it: ETV6/RUNX1 Fusion Status, PML-RARalpha.
_FUSED = re.compile(
    r"(?P<one>[A-Z0-9]+(?:alpha|beta|a|b)?)(?:::|[-_/])(?P<other>[A-Z0-9]+(?:alpha|beta|a|b)?)"
    r"(?P<said>(?:[\s_.\-]+(?i:gene|fusion|rearrangement|translocation|status|pos(?:itive)?))*)"
)
_LOCI = frozenset({"IGH", "IGK", "IGL", "TRA", "TRB", "TRD", "TRG"})
_LONGEST_CODE = 40
_ARM = r"(?:\d|1\d|2[0-2]|x|y)[pq]?"
_CYTOGENETIC: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), label)
    for pattern, label in (
        (rf"^(?P<a>{_ARM})[\s_]*(?:upd|loh|cnloh)$", "{a}UPD"),
        (rf"^(?P<a>{_ARM})[\s_]*(?:upd|loh)[\s_]*del$", "{a}UPD/del"),
        (rf"^upd[\s_(]*(?P<a>{_ARM})\)?$", "{a}UPD"),
        (r"^(?P<a>(?:\d|1\d|2[0-2]|x|y)[pq])-$", "del({a})"),
        (rf"^(?P<a>{_ARM})(?P<s>[+-])$", "{s}{a}"),
        (rf"^(?P<s>[+-])(?P<a>{_ARM})$", "{s}{a}"),
        (rf"^(?:del|deletion|loss)[\s_]*\((?P<a>{_ARM})\)$", "del({a})"),
        (r"^(?:x(?=\d))?(?P<a>\d{1,2})[\s_.:]+amp$", "amp({a})"),
        (r"^(?:x(?=\d))?(?P<a>\d{1,2})[\s_.:]+del$", "-{a}"),
        (rf"^(?:iso|i)[\s_(]*(?P<a>{_ARM[:-1]})\)?$", "i({a})"),
        # What is added without a place is a whole chromosome: add_8 of matrices.
        (r"^add[\s_(]*(?P<a>\d{1,2}|x|y)\)?$", "+{a}"),
        (rf"^(?P<s>add|dup|amp)[\s_(]*(?P<a>{_ARM})\)?$", "{s}({a})"),
        (r"^t[\s_(]*(?P<a>\d{1,2}|x|y|v)[\s_;,/]+(?P<b>\d{1,2}|x|y|v)\)?$", "t({a};{b})"),
        (r"^t[\s_]*(?:mll|kmt2a|v_11q23)$", "KMT2A fusion"),
        (r"^(?:mll|kmt2a)r$", "KMT2A rearrangement"),
        (r"^inv[\s_(]*(?P<a>\d{1,2})\)?$", "inv({a})"),
        (
            r"^inv[\s_(]*(?P<a>\d{1,2})\)?[\s_;]*t[\s_(]*(?P<b>\d{1,2})[\s_;]+(?P<c>\d{1,2})\)?$",
            "inv({a})/t({b};{c})",
        ),
        (r"^(?:complex|complex[\s_]*karyotype|ck|karyotype[\s_]*complex)$", "Complex karyotype"),
        (r"^(?:monosomal|mk|monosomal[\s_]*karyotype)$", "Monosomal karyotype"),
        (r"^(?:hyper|hypo)diploid(?:y|[\s_]*karyotype)?$", "{name}"),
        (r"^(?:chromothripsis|chromoplexy|tetraploidy?|near[\s_-]*tetraploidy?)$", "{name}"),
        (r"^iamp[\s_(]*21\)?$", "iAMP21"),
        (r"^ring(?:[\s_]*chromosome)?$", "Ring chromosome"),
        (r"^marker(?:[\s_]*chromosome)?$", "Marker chromosome"),
        (r"^(?:ph|philadelphia)(?:[\s_]*(?:positive|chromosome))?$", "t(9;22)"),
    )
)


# Codes of gains and losses in published matrices, one event or several: minus5_5q, del7_7q.
_PART = rf"(?P<verb>[^\W\d_]*)[\s_(]*(?P<place>{_ARM})\)?"
_LOSS = frozenset({"del", "deletion", "loss", "minus", "monosomy", "mono", "monosomie", "monosomia",
                   "monosomía", "délétion", "delezione", "deleción", "verlust"})  # fmt: skip
_GAIN = frozenset({"plus", "gain", "trisomy", "tris", "tri", "trisomie", "trisomia", "trisomía",
                   "zugewinn"})  # fmt: skip
# "r_9_22" of the MDS matrix is a rearrangement between two chromosomes and no ring.
_REARRANGED = re.compile(r"r((?:_(?:\d{1,2}|x|y)){2,4})", re.IGNORECASE)
# What already is short for people (20q-, 8+, 9pUPD) and words keep their names.
_CODED = re.compile(
    r"(?:del(?:etion)?|minus|mono(?:som(?:y|ie|[ií]a))?|loss|plus|gain|tri(?:som(?:y|ie|[ií]a)|s)?|abn|add|dup|amp|iso?|inv|t|"
    r"r)[\s_(]*[\dvxy]|t_(?:mll|kmt2a)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class FeatureName:
    """What the name of an alteration column means.

    Parameters
    ----------
    name
        Feature name in the cohort, with the current symbol.
    kind
        Gene, refinement or cytogenetic event.
    gene
        Current symbol; None for cytogenetic events. Of a part of an event, that event.
    alias
        The old symbol the column was named by, None if it was current.
    note
        What to know about the alias.
    reason
        Why the name was taken for this.
    """

    name: str
    kind: FeatureKind
    gene: str | None
    label: str
    reason: str
    alias: str | None = None
    note: str = ""


@cache
def known_symbols() -> frozenset[str]:
    """The built-in gene symbols, current and old."""
    lines = (_DATA / "genes.txt").read_text(encoding="utf-8").splitlines()
    symbols = {word for line in lines if not line.startswith("#") for word in line.split()}
    return frozenset(symbols | set(aliases()) | {symbol for symbol, _ in aliases().values()})


@cache
def aliases() -> dict[str, tuple[str, str]]:
    """Current symbol and note by old symbol."""
    with (_DATA / "gene_aliases.csv").open(encoding="utf-8", newline="") as stream:
        return {row["alias"]: (row["symbol"], row["note"]) for row in csv.DictReader(stream)}


def current_symbol(text: str) -> str:
    """The current symbol of a gene; a symbol that is not listed stays as it is."""
    symbol = _symbol(text.strip())
    return _current(symbol)[0] if symbol else text.strip()


def looks_like_symbol(name: str) -> bool:
    """Whether a name has the shape of a gene symbol: capitals and digits, such as ``DHX33``.

    ``X7`` is no symbol: R puts an X in front of names that begin with a digit.
    """
    return not re.fullmatch(r"X\d+", name) and bool(
        re.fullmatch(r"[A-Z][A-Z0-9]{1,9}(?:orf\d+)?(?:-[A-Z0-9]{1,3})?", name)
        or _OF_A_CLONE.fullmatch(name)
    )


@lru_cache(maxsize=4096)
def read_feature_name(name: str) -> FeatureName | None:
    """What an alteration column of this name holds; None if the name is of no alteration."""
    text = name.strip()
    return (
        _rearranged_by_status(text)
        or _gene(text)
        or _cytogenetic(text)
        or _fusion(text)
        or _structural(text)
        or _refinement(text)
        or _change(text)
    )


@cache
def genes_of_changes() -> dict[str, str]:
    """Gene by protein change, of changes that the field knows of one gene alone: T315I is ABL1."""
    with (_DATA / "known_changes.csv").open(encoding="utf-8", newline="") as stream:
        return {c: row["gene"] for row in csv.DictReader(stream) for c in row["changes"].split("|")}


def unlisted_gene(name: str) -> FeatureName:
    """A feature for a name that has the shape of a gene symbol but is not in the list."""
    return FeatureName(
        name, "gene", name, name, "the shape of a gene symbol, standing among gene columns"
    )


def _symbol(text: str) -> str | None:
    """The listed symbol that a text spells, current or old, None if there is none."""
    symbols = known_symbols()
    upper = text.upper()
    if upper not in symbols or (upper in _ALSO_WORDS and text != upper):
        return None
    return upper


def _current(symbol: str) -> tuple[str, str | None, str]:
    if symbol in aliases():
        current, note = aliases()[symbol]
        return current, symbol, note
    return symbol, None, ""


def _gene(text: str) -> FeatureName | None:
    match = re.fullmatch(
        rf"(?:{_MUTATED}{_SEP})?(?P<gene>.+?)(?:{_SEP}{_MUTATED})?", text, re.IGNORECASE
    )
    # R writes HLA.A for HLA-A.
    for candidate in (text, match["gene"] if match else text, text.replace(".", "-")):
        symbol = _symbol(candidate.strip(" _.-:"))
        if symbol:
            gene, alias, note = _current(symbol)
            return FeatureName(gene, "gene", gene, gene, "a gene's symbol", alias, note)
    return None


def _rearranged_by_status(text: str) -> FeatureName | None:
    """``MLL Status`` or ``MYC FISH``, which tell a rearrangement and no mutation."""
    turned = re.sub(r"^(i?fish)[\s_:.\-]+([A-Za-z0-9]+)$", r"\2 \1", text, flags=re.IGNORECASE)
    match = re.fullmatch(r"(?P<gene>[A-Za-z0-9]+)[\s_.\-]+(?P<what>.+)", turned)
    symbol = _symbol(match["gene"]) if match else None
    if match is None or symbol is None:
        return None
    gene, alias, note = _current(symbol)
    status = gene in _REARRANGED_BY_STATUS and _STATUS.fullmatch(match["what"])
    if not status and not (gene in _BROKEN_IN_FISH and _BREAK_APART.fullmatch(match["what"])):
        return None
    name = f"{gene} rearrangement"
    what = "status" if status else "FISH"
    reason = f"the {what} of {gene}, of which tables tell whether it is rearranged"
    return FeatureName(name, "cytogenetic", None, name, reason, alias, note)


def _structural(text: str) -> FeatureName | None:
    """A gene's translocation, gain or loss, such as ``BCL2_translocation`` or ``SV.MYC``."""
    turned = re.sub(r"^(sv)([\s_.\-])([A-Za-z0-9]+)$", r"\3\2\1", text, flags=re.IGNORECASE)
    both = re.fullmatch(r"(?i:sv)[\s_.\-]([A-Za-z0-9]+)[\s_./\-]([A-Za-z0-9]+)", text)
    if both and all(map(_symbol, both.groups())):
        label = f"{'/'.join(current_symbol(gene) for gene in both.groups())} SV"
        return FeatureName(text, "cytogenetic", None, label, "a structural event of two genes")
    match = re.fullmatch(
        r"(?P<gene>[A-Za-z0-9]+)(?P<too>/[A-Z]\d?)?[\s_.\-]+(?P<what>[A-Za-z][\w\s.\-]*)", turned
    )
    symbol = _symbol(match["gene"]) if match else None
    # A deletion in CALR is a mutation: type 1.
    if match is None or symbol in {None, "CALR"} or not _STRUCTURAL.fullmatch(match["what"]):
        return None
    gene, alias, note = _current(str(symbol))
    what = "rearrangement" if match["what"].lower() == "r" else match["what"].replace("_", " ")
    named = text if alias is None else gene + turned[len(match["gene"]) :]
    return FeatureName(
        named, "cytogenetic", None, f"{gene}{match['too'] or ''} {what}",
        f"a structural event of {gene}: moved, gained or lost", alias, note,
    )  # fmt: skip


def _refinement(text: str) -> FeatureName | None:
    for end in range(len(text) - 1, 1, -1):
        symbol = _symbol(text[:end])
        rest = text[end:].strip(" _.-:()")
        if symbol is None or not rest or text[end - 1 : end + 1].isdigit():
            continue
        label = _refinement_label(symbol, rest, separated=not text[end].isalnum())
        if label is None:
            continue
        gene, alias, note = _current(symbol)
        named = text if alias is None else gene + text[end:]
        return FeatureName(
            named,
            "refinement",
            gene,
            gene + label,
            f"a part of the mutations of {gene}",
            alias,
            note,
        )
    return None


def _refinement_label(gene: str, rest: str, *, separated: bool) -> str | None:
    """What follows the gene in the label of a refinement; None if the name is of something else."""
    calr_type = _CALR_TYPE.fullmatch(rest) if gene == "CALR" else None
    if calr_type:
        return f" type {calr_type[1]}"
    for pattern, label in _REFINEMENTS:
        match = pattern.fullmatch(rest)
        if match:
            what = match.groupdict().get("what") or ""
            return label.format(what=what if what in {"other", "alpha"} else what.upper())
    if separated and not _NOT_AN_ALTERATION.fullmatch(rest) and not _OF_AMOUNT.search(rest):
        return " " + rest.replace("_", " ")
    return None


def _change(text: str) -> FeatureName | None:
    """A known protein change without its gene, such as ``T315I``, ``V617F_mut`` or ``ITD``."""
    match = re.fullmatch(
        rf"(?:p\.)?(?P<change>[A-Z]\d+[A-Z]|[IPT][KT]D)(?:{_SEP}(?i:{_MUTATED}))?", text
    )
    gene = genes_of_changes().get(match["change"]) if match else None
    if match is None or gene is None:
        return None
    name = f"{gene}{'-' if match['change'].isalpha() else ' '}{match['change']}"
    return FeatureName(
        name, "refinement", gene, name, f"a change that is known of {gene} alone", text
    )


def _cytogenetic(text: str) -> FeatureName | None:
    if "/" in text:
        events = [_cytogenetic(part.strip()) for part in text.split("/")]
        if not all(events):
            return None
        either = "/".join(event.label for event in events if event)
        return FeatureName(text, "cytogenetic", None, either, "cytogenetic events, either of them")
    plain = plain_event(text)
    if plain is not None and plain.base != text:
        return _plain_named(text, plain)
    label = _gains_and_losses(text) or _rearranged(text) or _by_pattern(text)
    if label is None:
        return None
    if not _CODED.match(text):
        return FeatureName(text, "cytogenetic", None, label, "a cytogenetic event")
    # The gain of a chromosome is said to cover that of its arm: plus8_8q is +8 to people.
    name = re.sub(r"^(\+\w+)/\1[pq]$", r"\1", label)
    note = label if name != label else ""
    alias = None if name == text else text
    return FeatureName(name, "cytogenetic", None, name, "a cytogenetic event", alias, note)


def _plain_named(text: str, plain: PlainEvent) -> FeatureName | None:
    """The event of a name with bands; on one or both alleles it is a part of the event."""
    event = _cytogenetic(plain.base)
    if event is None or event.kind != "cytogenetic":
        return event
    base, note = event.label, plain.exact if plain.exact != event.label else ""
    name = f"{base} {plain.part}" if plain.part else base
    alias = None if name == text else text
    if plain.part:
        return FeatureName(
            name, "refinement", base, name, f"a part of those with {base}", alias, note
        )
    return FeatureName(name, "cytogenetic", None, name, "a cytogenetic event", alias, note)


def _by_pattern(text: str) -> str | None:
    for pattern, label in _CYTOGENETIC:
        match = pattern.match(text)
        if match:
            parts = {key: _chromosome(value) for key, value in match.groupdict().items() if value}
            return label.format(name=capitalised(text.replace("_", " ")), **parts)
    return None


def _gains_and_losses(text: str) -> str | None:
    """``-5/del(5q)`` for ``minus5_5q``; a part without a verb has that of the part before it.

    ``plus8_8q`` is ``+8/+8q``.
    """
    if len(text) > _LONGEST_CODE:
        return None
    joined = re.sub(rf"({'|'.join(_LOSS | _GAIN | {'abn'})})[\s_]+(?=[\dxy])", r"\1", text.lower())
    body, other = re.fullmatch(r"(.*?)([\s_]*other)?", joined).groups()  # type: ignore[union-attr]
    verb, events = "", []
    for part in re.split(r"[\s_]+|(?<=[pq\d])(?=abn)", body):
        match = re.fullmatch(_PART, part)
        if match is None or (part.endswith(")") and match["verb"] in {"del", "deletion"}):
            return None
        verb, place = match["verb"] or verb, _chromosome(match["place"])
        whole = place[-1] not in "pq"
        if verb in _LOSS:
            events.append(f"-{place}" if whole else f"del({place})")
        elif verb in _GAIN:
            events.append(f"+{place}")
        elif verb == "abn" and (other or events):
            events.append(f"abn({place})")
        else:
            return None
    return "/".join(events) + (" other" if other else "")


def _rearranged(text: str) -> str | None:
    match = _REARRANGED.fullmatch(text)
    return f"rearr({match[1][1:].replace('_', ';').upper()})" if match else None


def _chromosome(text: str) -> str:
    """Chromosome in capitals, arm in small letters: ``Xq``."""
    return re.sub(r"[xy]", lambda m: m[0].upper(), text.lower())


def _fusion(text: str) -> FeatureName | None:
    transcript = _BCR_ABL1.fullmatch(text)
    if transcript:
        said = next((part.lower() for part in transcript.groups() if part), "")
        name = f"{_PHILADELPHIA} {said}" if said else _PHILADELPHIA
        return FeatureName(
            name, "refinement" if said else "cytogenetic", _PHILADELPHIA if said else None, name,
            "the transcript of a fusion" if said else "a fusion of two genes",
            None if name == text else text,
        )  # fmt: skip
    match = _FUSED.fullmatch(text)
    if match is None or not is_fusion(f"{match['one']}::{match['other']}"):
        return None
    label = "::".join(_partner(part) or "" for part in (match["one"], match["other"]))
    name, alias = (label, text) if match["said"] else (text, None)
    return FeatureName(name, "cytogenetic", None, label, "a fusion of two genes", alias)


def is_fusion(text: str) -> bool:
    """Whether a text names two known genes joined, such as ``P2RY8-CRLF2`` or ``AML1/ETO``."""
    match = _FUSED.fullmatch(text.strip())
    if match is None:
        return False
    both = (match["one"], match["other"])
    # Old names of partners are words too (CAN, SET): one of the two is a gene known otherwise.
    listed = any(part.upper() in known_symbols() or part in _LOCI for part in both)
    return listed and None not in map(_partner, both)


def _partner(text: str) -> str | None:
    """The current symbol of one of the two genes of a fusion, as old names have it too: ETO."""
    symbol = text.upper()
    if symbol in _partners():
        return _partners()[symbol]
    return _current(symbol)[0] if symbol in known_symbols() or symbol in _LOCI else None


@cache
def _partners() -> dict[str, str]:
    """Current symbols of genes that only fusions are named by, and of old names of partners."""
    with (_DATA / "fusion_partners.csv").open(encoding="utf-8", newline="") as stream:
        return {row["name"]: row["symbol"] for row in csv.DictReader(stream)}
