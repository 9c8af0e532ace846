"""Columns of a list of variants: which holds what, told by its name and by what stands in it.

Columns are recognised by their names, in the words of MAF, cBioPortal, VEP, ANNOVAR and of the
published haematology cohorts; the file's own name plays no part. Columns that judge variants
(somatic, oncogenic, detected) are called anything, so that there the entries decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from data_loaders.alterations.gene_cells import is_gene_identifier
from data_loaders.alterations.hgvs import protein_change
from data_loaders.alterations.mutation_rule import REASONS, SET_ASIDE
from data_loaders.arrays import Ints
from data_loaders.endpoints.find import find_pairs
from data_loaders.files.columns import TextColumn
from data_loaders.meaning.identifiers import looks_like_identifier
from data_loaders.model import CohortError, Issue
from data_loaders.variants.allele_fractions import read_counts
from data_loaders.variants.classes import is_variant_word
from data_loaders.variants.sample_types import tells_first_from_later, tells_samples_apart
from data_loaders.variants.words import (
    FOUND_WORDS,
    NOT_TESTED_WORDS,
    PERHAPS_WILD,
    is_acmg,
    is_filter,
    is_open_status,
    is_presence,
    is_status,
    is_wild_type,
    judged,
    says_germline,
    verdicts,
)
from data_loaders.wording import at_rows, listed, shown

# By part: the names of its column without separators, the surest first.
_NAMES: dict[str, tuple[str, ...]] = {
    "gene": ("hugosymbol", "genesymbol", "gene", "genename", "gen", "symbol", "hugo", "hgncsymbol"),
    "protein": (
        "hgvspshort", "proteinchange", "aachange", "aminoacidchange", "hgvsp", "aminoacid",
        "proteinmutation", "mutationprotein", "aachangerefgene", "pchange", "hgvsprotein",
        "mutation", "protein", "proteine", "proteina", "protéine", "proteína",
        "aminosäure", "aminosäureaustausch", "proteinänderung", "proteinaenderung", "variant",
        "variante", "hgvs",
    ),
    "effect": (
        "variantclassification", "consequence", "effect", "varianteffect", "mutationtype",
        "exonicfuncrefgene", "exonicfunc", "annotation", "varianttype", "type",
    ),
    "cdna": (
        "hgvsc", "cdnachange", "codingchange", "cchange", "txchange", "nucleotidechange", "cdna",
        "codingdna", "hgvscoding", "cdnaänderung", "nukleotid", "nucleotide",
    ),
    "vaf": (
        "vaf", "tvaf", "tumorvaf", "itumorvafwu", "variantallelefrequency", "allelefrequency",
        "variantallelefraction", "allelefraction", "tumorvariantallelefrequency", "mutintum", "af",
        "tumorf", "tumourvaf", "allelicfraction", "allelicfrequency", "allelfrequenz", "allellast",
    ),
    "alt_count": ("taltcount", "altcount", "altreads", "altdepth", "varreads", "variantreads"),
    "normal_alt": ("naltcount", "normalaltcount", "naltreads", "normalaltreads"),
    "ref_count": ("trefcount", "refcount", "refreads", "refdepth"),
    "depth": ("tdepth", "depth", "tumdepth", "totaldepth", "dp", "readdepth", "coverage"),
    "reference": ("referenceallele", "ref", "wt", "referencebase"),
    "alternative": ("tumorseqallele2", "alt", "mt", "altallele", "variantallele", "mutantallele"),
    "verdict": (
        "oncogenic", "oncogenicity", "oncokb", "pathogenicity", "clinicalsignificance", "driver",
        "cbpdriver", "interpretation", "pathogenic", "classification", "tier",
    ),
    "result": ("result",),
    "status": (
        "mutationstatus", "somaticstatus", "variantstatus", "somaticgermline", "germlinesomatic",
        "variantorigin", "alleleorigin", "origin", "callstatus", "status",
    ),
    "germline": ("germline", "isgermline", "keimbahn"),
    "somatic": ("somatic", "issomatic", "somatisch"),
    "filter": ("filter", "filters", "filterstatus", "vcffilter"),
    "sample_type": (
        "sampletype", "sampleclass", "tumortype", "timepoint", "diseasestage", "diseasephase",
        "samplestage", "phase", "zeitpunkt", "probentyp", "probenart",
    ),
    "gene_id": (
        "entrezgeneid", "ensemblgeneid", "ensemblid", "entrezid", "geneid", "ensg", "entrez",
        "ensembl", "gene",
    ),
    "set_aside": ("setaside",),
    "position": ("startposition", "start", "position", "pos"),
    "sample": ("tumorsamplebarcode",),
}  # fmt: skip
NUMBERS = frozenset({"vaf", "alt_count", "ref_count", "depth", "normal_alt", "position"})
_PERCENT_WORDS = re.compile(
    r"(?:in)?(?:percent(?:age)?|pct|prozent|pourcent|percentuale|porcentaje|perc)$"
)
# Names that files spell in too many ways to list; what such a column holds has to fit.
_FRACTION = re.compile(
    r"(?:i|t)?(?:tum(?:ou?r)?)?(?:variant|var|mutant|mutated|mut|alternat(?:e|ive)|alt)?"
    r"(?:allel(?:e|ic)?n?(?:freq(?:uency|uenz)?|fraction|fraktion|frac|burden|last)|vaf\w{0,3}|af)"
    r"|vaf(?:tum(?:ou?r)?)|(?:frequenza|frecuencia|fréquence|frequence)al(?:l)?[eé]li(?:ca|que)"
    r"|mutationslast"
)
_JUDGING = re.compile(
    r"driver|treiber|oncog|onkog|oncokb|path?og|signifi|acmg|tier|klassifi|classif|clasific|"
    r"interpr|bewert|beurteil|einstuf|relevan|verdi|call|valuta|wertung|resul|risult|ergebnis|"
    r"befund|esito|detect|nachweis|rilevat|détect|mutated|mutiert|present|somat|germ|keimb|origin|"
    r"herkunft|status|filter|filtre|filtro"
)
_OF_CALLS = ("status", "filter", "result", "verdict")
# Programs and databases that predict or collect, and other samples: no verdict of the laboratory.
_NO_VERDICT = re.compile(
    r"sift|polyphen|cadd|revel|taster|fathmm|alphamissense|^am(?:class|path|score)|meta(?:svm|lr)|provean|lrt|vest|"
    r"clinvar|clnsig|clinsig|gnomad|dbsnp|intervar|varsome|predict|impact|funcref|normal|caller|"
    r"mutect|varscan|strelka|vardict|valid|verif|^variantclassification|filename|sample"
)
_BY_ANSWER = {
    "verdict": re.compile(r"(?:is|cbp)?(?:driver|treiber|oncog|onkog|path?og|relevan)\w*"),
    "result": re.compile(
        r"results?|ergebnis|befund|esito|risultat[oi]|resultado|résultat|resultat|call|called|"
        r"detected|nachgewiesen|nachweis|mutated|mutiert|present"
    ),
}
_ARTEFACT = re.compile(r"(?:is)?(?:artefa[ck]t|artifact)")
_NAMED = re.compile(r"driver|oncog|onkog|path?og|acmg|somat|germ|keimb|origin")
_CODING = re.compile(r"(?i:\bc\.[-*]?\d|\d[ACGT]>[ACGT]|\d(?:del|ins|dup))")
_MOST = 0.5
_SOME = 0.2
_MOST_WORDS = 30


def variant_columns(columns: Mapping[str, TextColumn], filename: str) -> dict[str, str] | None:
    """The columns of a list of variants by part; None if the table is none.

    A list of variants has a column of gene symbols and one of protein changes, effects or
    changes of the coding sequence; protein changes are told by what they hold, too. A table
    with an outcome and a different identifier in every row is a clinical table, whatever else it
    says.

    Raises
    ------
    CohortError
        If everything but the genes is there.
    """
    by_name: dict[str, str] = {}
    for name in columns:
        plain = re.sub(r"[\W_]", "", name.lower())
        by_name.setdefault(_PERCENT_WORDS.sub("", plain) or plain, name)
    found = _by_listed_names(by_name, columns)
    if _is_clinical(columns):
        return None
    if "gene" not in found and "gene_id" in found:
        found["gene"] = found.pop("gene_id")
    says_what = {"protein", "effect", "cdna"} & set(found)
    if "gene" in found and not says_what:
        free = {name: column for name, column in columns.items() if name not in found.values()}
        change = next((name for name, column in free.items() if _fits("protein", column)), None)
        if change is not None:
            found["protein"], says_what = change, {"protein"}
    if "gene" in found:
        return found | _spelt_otherwise(by_name, columns, found) if says_what else None
    if "effect" in found and {"position", "sample", "alternative"} & set(found):
        raise CohortError(
            f"{shown(filename)} looks like a list of variants but has no column of gene symbols; "
            "name it Hugo_Symbol."
        )
    return None


def _by_listed_names(
    by_name: Mapping[str, str], columns: Mapping[str, TextColumn]
) -> dict[str, str]:
    """Parts whose columns have a name of the list and hold what it promises."""
    found: dict[str, str] = {}
    for part, names in _NAMES.items():
        for name in names:
            column = by_name.get(name)
            sure = name == "variantclassification"  # the name that MAF prescribes
            if not column or column in found.values():
                continue
            if sure or _fits(part, columns[column]):
                found[part] = column
                break
    if "somatic" in found and {"existingvariation", "pheno"} & set(by_name):
        del found["somatic"]  # VEP's: whether a database knows the variant from tumours
    return found


def _spelt_otherwise(
    by_name: Mapping[str, str], columns: Mapping[str, TextColumn], found: Mapping[str, str]
) -> dict[str, str]:
    """Parts whose columns have names that are in no list, told by what they hold."""
    more: dict[str, str] = {}
    taken = {*found.values()}
    apart = (
        n for n, column in columns.items() if n not in taken and tells_first_from_later(column)
    )
    if "sample_type" not in found and (told := next(apart, None)) is not None:
        more["sample_type"] = told
        taken.add(told)
    for name, column in by_name.items():
        if column in taken:
            continue
        parts = [part for part in _OF_CALLS if _JUDGING.search(name)]
        if _NO_VERDICT.search(name):
            parts = []
        if _FRACTION.fullmatch(name):
            parts = ["vaf"]
        elif _ARTEFACT.fullmatch(name):
            parts = ["artefact"]
        for part in parts:
            if part not in found and part not in more and _fits(part, columns[column]):
                more[part] = column
                break
    return more


def unclear_columns(
    parts: Mapping[str, str],
    columns: Mapping[str, TextColumn],
    file: str,
    lines: Ints,
) -> list[Issue]:
    """What columns that judge variants say that is not understood or not used.

    Parameters
    ----------
    parts
        Names of the columns by part, from :func:`variant_columns`.
    """
    issues = []
    tests: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("status", is_open_status),
        ("verdict", lambda word: not _judges(word) and word not in PERHAPS_WILD | FOUND_WORDS),
    )
    for part, is_open in tests:
        column = columns[parts[part]] if part in parts else None
        if column is None or (part == "verdict" and (column.is_binary or is_acmg(column))):
            continue
        rows = column.rows_holding(np.array([is_open(word) for word in column.words], dtype=bool))
        if rows.any():
            issues.append(
                Issue.at(
                    "warning",
                    f"{file}: {shown(column.name)} holds words in {at_rows(lines[rows].tolist())} "
                    "that do not tell whether the variant counts; these variants count.",
                    lines[rows],
                    column.name,
                    "unclear_call",
                )
            )
    unused = [
        name
        for name, column in columns.items()
        if name not in parts.values() and column.filled.any() and _looks_judging(column)
    ]
    if unused:
        issues.append(
            Issue(
                "warning",
                f"{file}: {listed(unused)} {'looks' if len(unused) == 1 else 'look'} as if "
                f"{'it' if len(unused) == 1 else 'they'} told which variants count, but "
                f"{'was' if len(unused) == 1 else 'were'} not used; call the column that should "
                "decide ONCOGENIC (oncogenic, benign), Mutation_Status (somatic, germline) or "
                "result (positive, negative).",
                unused[0],
                len(unused),
                code="unclear_call",
            )
        )
    return issues


def _looks_judging(column: TextColumn) -> bool:
    """Whether a column that is not used may tell which variants count."""
    name = _plain_name(column)
    # MAF's Variant_Type says SNP, INS and DEL, which are no polymorphisms.
    if re.search(
        r"sift|polyphen|^am(?:class|path|score)|taster|fathmm|predict|impact|dbsnp|gnomad|"
        r"^(?:variant|var|mutation)?type$",
        name,
    ):
        return False
    few = len(column.texts) <= _MOST_WORDS
    if few and _NAMED.search(name) and name != "somatic" and not _NO_VERDICT.search(name):
        return True
    kinds = {judged(word) for word in column.words} if few else set()
    judges = {"driver", "passenger"} <= kinds and _share(column, _judges) > _MOST
    origins = _share(column, is_status) > _MOST and any(map(says_germline, column.words))
    return few and (judges or origins)


def _fits(part: str, column: TextColumn) -> bool:
    """Whether a column's values are what its name promises."""
    if part in _JUDGES_BY:
        return _JUDGES_BY[part](column)
    if part == "effect":
        return _share(column, is_variant_word) > _MOST
    if part == "protein":
        change = np.array([protein_change(str(t)).startswith("p.") for t in column.texts], bool)
        wild = np.array([is_wild_type(word) for word in column.words], dtype=bool)
        said = column.counts[~wild].sum()
        return bool(column.counts[change].sum() >= 0.3 * said) and bool(said)
    if part == "cdna":
        # Beside changes of the coding sequence stand those of introns, blanks and words.
        return any(_CODING.search(str(text)) for text in column.texts)
    if part == "vaf":
        return column.share_numeric > _SOME  # what else it holds is said
    if part in NUMBERS - {"position"}:
        reads = int((~np.isnan(read_counts(column))).sum())
        return column.share_numeric > _MOST or reads > _MOST * int(column.filled.sum())
    if part == "gene":
        return len(column.texts) > 0 and column.share_numeric < _MOST and not column.is_binary
    if part == "gene_id":
        known = np.array([is_gene_identifier(str(text)) for text in column.texts], dtype=bool)
        return bool(column.counts[known].sum() > _MOST * max(column.counts.sum(), 1))
    if part == SET_ASIDE:
        return all(str(text) in REASONS for text in column.texts)
    return True


def _holds_results(column: TextColumn) -> bool:
    """Whether most entries say that something was found or was not, and some that it was not."""
    if column.is_binary:
        return _BY_ANSWER["result"].fullmatch(_plain_name(column)) is not None
    absent = [is_wild_type(word) or word in NOT_TESTED_WORDS for word in column.words]
    return _share(column, is_presence) > _MOST and any(absent)


def _holds_filters(column: TextColumn) -> bool:
    """Whether a column is called a filter, or says of most rows whether they passed one."""
    if _plain_name(column) in _NAMES["filter"]:
        return True
    passed = any(word in {"pass", "passed"} for word in column.words)
    return passed and _share(column, is_filter) > _MOST


def _share(column: TextColumn, test: Callable[[str], bool]) -> float:
    """Share of the filled rows whose words pass a test."""
    passed = np.array([test(word) for word in column.words], dtype=bool)
    return float(column.counts[passed].sum() / max(column.counts.sum(), 1))


def _holds_verdicts(column: TextColumn) -> bool:
    """Whether most entries judge a variant, or a column of that name answers yes and no."""
    if column.is_binary:
        return _BY_ANSWER["verdict"].fullmatch(_plain_name(column)) is not None
    some = any(verdict is not None for verdict in verdicts(column))
    if is_acmg(column):
        return some
    return some and _share(column, _judges) > _MOST


def _plain_name(column: TextColumn) -> str:
    return re.sub(r"[\W_]", "", column.name.lower())


def _judges(word: str) -> bool:
    """Whether a word is a verdict, or a word of wild type beside verdicts."""
    return judged(word) is not None or is_wild_type(word) or word in NOT_TESTED_WORDS


def _is_clinical(columns: Mapping[str, TextColumn]) -> bool:
    """Whether a table has one row a patient and an outcome."""
    single = any(
        looks_like_identifier(name, column)
        and bool(column.filled.all())
        and len(column.texts) == len(column)
        for name, column in columns.items()
    )
    return single and bool(find_pairs(columns)[0])


_JUDGES_BY: Mapping[str, Callable[[TextColumn], bool]] = {
    "verdict": _holds_verdicts,
    "result": _holds_results,
    "filter": _holds_filters,
    "status": lambda column: _share(column, is_status) > _MOST,
    "germline": lambda column: column.is_binary,
    "somatic": lambda column: column.is_binary,
    "artefact": lambda column: column.is_binary,
    "sample_type": tells_samples_apart,
}
