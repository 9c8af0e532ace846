"""What is said of a column of karyotypes: how many there are, what was not read, who agrees."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from data_loaders.alterations.columns import Alterations
from data_loaders.arrays import Ints
from data_loaders.files.columns import TextColumn
from data_loaders.karyotype.patients import Read
from data_loaders.karyotype.record import Karyotype
from data_loaders.karyotype.rules import IPSSR_GROUPS
from data_loaders.model import Issue
from data_loaders.wording import at_rows, listed, plural, shown

_EXAMPLES = 5


def summary(read: Read, rows: Ints) -> list[Issue]:
    """How many patients have a karyotype, and what was not understood, with rows."""
    name = shown(read.column.name)
    each = [read.karyotypes[i] for i in read.which]
    readable = np.array([k.readable for k in each], dtype=bool)
    unreadable = np.array([not k.readable and not k.failed for k in each], dtype=bool)
    partly = np.array([k.readable and bool(k.problems) for k in each], dtype=bool)
    missing = len(each) - int(readable.sum()) - int(unreadable.sum())
    words = f"{name} holds karyotypes (ISCN): {readable.sum():,} of {plural(len(each), 'patient')}"
    words += f" have one; in {missing:,} it is missing or failed" if missing else " have one"
    issues = [Issue("info", f"{words}.", read.column.name, int(readable.sum()), code="karyotype")]
    unread = unreadable | partly
    if unread.any():
        tokens = list(dict.fromkeys(
            p.token for k, bad in zip(each, unread, strict=True) if bad for p in k.problems
        ))  # fmt: skip
        hits = rows[unread].tolist()
        issues.append(
            Issue.at(
                "warning",
                f"{name}: a part was not understood in {plural(len(hits), 'karyotype')} "
                f"({at_rows(hits)}), such as {listed(tokens[:_EXAMPLES])}; events that were not "
                "read there count as not tested.",
                hits,
                read.column.name,
                "karyotype_unread",
            )
        )
    return issues


def other_sex(read: Read, sexes: list[str], rows: Ints) -> list[Issue]:
    """Karyotypes with a Y in women, with two X and no Y in men."""

    def contradicts(karyotype: Karyotype, sex: str) -> bool:
        written = {clone.sex for clone in karyotype.clones if clone.sex}
        male = any("Y" in sex for sex in written)
        return bool(written) and (male if sex == "female" else not male and "XX" in written)

    hits = [
        int(rows[i])
        for i, sex in enumerate(sexes)
        if sex and contradicts(read.karyotypes[read.which[i]], sex)
    ]
    if not hits:
        return []
    return [
        Issue.at(
            "warning",
            f"The sex chromosomes in {shown(read.column.name)} are not those of the recorded sex "
            f"in {plural(len(hits), 'patient')} ({at_rows(hits)}): check whether the row is the "
            "patient's, or the cells a donor's.",
            hits,
            read.column.name,
            "karyotype_sex",
        )
    ]


def others(found: Sequence[str]) -> list[Issue]:
    """Further columns of karyotypes, such as those of the relapse."""
    if len(found) == 1:
        return []
    return [
        Issue(
            "info",
            f"{listed([shown(name) for name in found[1:]])} hold karyotypes too; events were read "
            f"from {shown(found[0])} alone.",
            found[1],
            len(found) - 1,
            code="karyotype",
        )
    ]


def same_groups(column: TextColumn, read: Read, groups: Sequence[str | None]) -> list[Issue]:
    """Compare the file's IPSS-R group with that of the karyotypes."""
    ours = np.array([_group_word(g or "") for g in groups], dtype=object)[read.which]
    theirs = np.array([*(_group_word(str(t)) for t in column.texts), ""], dtype=object)[
        column.codes
    ]
    both = (ours != "") & (theirs != "")
    return _agreement(read, column.name, int((ours == theirs)[both].sum()), int(both.sum()))


def _group_word(text: str) -> str:
    word = re.sub(r"[\W_]+", " ", text.lower()).strip()
    word = "intermediate" if word.startswith("int") else word
    return word if word in IPSSR_GROUPS else ""


def same_answers(column: TextColumn, read: Read, answers: Sequence[bool | None]) -> list[Issue]:
    """Compare a column of complex and not complex, in words or as yes and no."""

    def answer(text: str, number: float) -> int:
        word = text.lower()
        if "complex" in word:
            return 0 if re.match(r"(?:no|non|not)\W", word) else 1
        return -1 if np.isnan(number) else int(number)

    each = [answer(str(t), float(a)) for t, a in zip(column.texts, column.answers, strict=True)]
    theirs = np.array([*each, -1], dtype=np.int8)[column.codes]
    ours = read.states(answers)
    both = (ours >= 0) & (theirs >= 0)
    return _agreement(read, column.name, int((ours == theirs)[both].sum()), int(both.sum()))


def _agreement(read: Read, other: str, same: int, both: int) -> list[Issue]:
    if not both:
        return []
    return [
        Issue(
            "info" if same == both else "warning",
            f"{shown(other)} of the file is kept; the karyotypes in {shown(read.column.name)} say "
            f"the same in {same:,} of {plural(both, 'patient')} ({_percent(same, both)}).",
            other,
            both - same,
            code="karyotype",
        )
    ]


def compared(base: Alterations, read: Read, own: Sequence[tuple[str, list[str]]]) -> list[Issue]:
    """How many of the file's own calls the karyotypes confirm; the events that differ most."""
    same = both = 0
    differ: list[tuple[int, str]] = []
    for name, parts in own:
        ours = read.has(parts)
        theirs = base.matrix[name].to_numpy(dtype=np.float64, na_value=np.nan)
        known = (ours >= 0) & ~np.isnan(theirs)
        equal = int((ours[known] == theirs[known]).sum())
        same, both = same + equal, both + int(known.sum())
        if equal < known.sum():
            differ.append((int(known.sum()) - equal, str(base.features.loc[name, "label"])))
    if not both:
        return []
    worst = [f"{label} ({n:,})" for n, label in sorted(differ, key=lambda d: (-d[0], d[1]))[:3]]
    most = f"; most differ in {listed(worst)}" if worst else ""
    return [
        Issue(
            "info" if same == both else "warning",
            f"The file has its own columns of cytogenetic events, which are kept; the karyotypes "
            f"in {shown(read.column.name)} say the same in {same:,} of {both:,} values of "
            f"{plural(len(own), 'event')} ({_percent(same, both)}){most}.",
            read.column.name,
            both - same,
            code="karyotype",
        )
    ]


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return "100 %" if part == whole else f"{min(share, 99.9):.1f} %"
