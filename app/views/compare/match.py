"""What two cohorts both hold, whatever each calls it; and a question put in the other's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.analysis.arrays import Bools
from app.analysis.associations import describable
from app.cohort.filters import Filter
from app.cohort.groupings import (
    CLINICAL,
    CUT,
    GENES,
    HIERARCHY,
    Cut,
    Grouping,
    GroupingSpec,
    fixed_cut,
    only_groups,
)
from app.study.wording import some
from data_loaders import Cohort
from data_loaders.meaning.alike import same_word
from data_loaders.wording import plural


@dataclass(frozen=True)
class Shared:
    """What two cohorts have in common and what only one has, as labels by kind.

    Parameters
    ----------
    both, only_first, only_second
        By kind of thing (``variables``, ``alterations``, ``endpoints``): labels in order.
    """

    both: dict[str, tuple[str, ...]]
    only_first: dict[str, tuple[str, ...]]
    only_second: dict[str, tuple[str, ...]]

    def sentences(self, first: str, second: str) -> list[str]:
        """What is not shared, one sentence a kind; kinds that are shared whole are not named."""
        said = []
        for kind, both in self.both.items():
            parts = [
                f"only in {name} {some(own)}"
                for name, own in ((first, self.only_first[kind]), (second, self.only_second[kind]))
                if own
            ]
            if parts:
                said.append(f"In both: {plural(len(both), kind[:-1])}; {'; '.join(parts)}.")
        return said


@dataclass(frozen=True, eq=False)
class Matching:
    """Names of one cohort and what the other calls the same.

    Columns and alterations of the same name are the same, and so are those of the same label and
    kind: the loaders label what they recognise alike.

    Parameters
    ----------
    variables, alterations
        Name in the second by name in the first.
    """

    first: Cohort
    second: Cohort
    variables: Mapping[str, str]
    alterations: Mapping[str, str]

    def spec(self, spec: GroupingSpec, mask: Bools) -> GroupingSpec:
        """The same grouping in the second cohort's names: quantiles are the first cohort's values.

        Parameters
        ----------
        mask
            Whom the first cohort has selected.

        Raises
        ------
        ValueError
            If it cannot be asked there.
        """
        match spec.kind:
            case "variable":
                return GroupingSpec(spec.kind, self.variables.get(spec.name, spec.name))
            case "alteration":
                return GroupingSpec(spec.kind, self.alterations.get(spec.name, spec.name))
            case kind if kind in (GENES, HIERARCHY):
                features = [self.alterations.get(name, name) for name in spec.features]
                return (
                    GroupingSpec.of_genes(*features)
                    if kind == GENES
                    else GroupingSpec.of_hierarchy(features)
                )
            case kind if kind == CUT:
                cut = fixed_cut(self.first, Cut.parse(spec.name), mask)
                if cut.rule != CLINICAL:
                    self._check_units(cut.column)
                column = self.variables.get(cut.column, cut.column)
                return GroupingSpec.of_cut(replace(cut, column=column))
        if spec.filters:
            held = {name: self.filter(one) for name, one in spec.filters.items()}
            return GroupingSpec.of_filters(held, spec.kind)
        return spec

    def filter(self, chosen: Filter) -> Filter:
        """The same filter in the second cohort's names.

        Raises
        ------
        ValueError
            If it holds a list of patients, or numbers in another unit than the second cohort's.
        """
        return Filter.from_dict(self._translated(chosen.to_dict()))

    def _translated(self, plain: Any) -> Any:
        if isinstance(plain, list):
            return [self._translated(part) for part in plain]
        if not isinstance(plain, dict):
            return plain
        if "patients" in plain:
            raise ValueError("A list of patients is of one cohort.")
        if "column" in plain:
            return self._translated_column(plain)
        names = {"altered": self.alterations, "tested": self.alterations, "known": self.variables}
        return {
            key: names[key].get(value, value) if key in names else self._translated(value)
            for key, value in plain.items()
        }

    def _translated_column(self, plain: dict[str, Any]) -> dict[str, Any]:
        column = plain["column"]
        theirs = self.variables.get(column, column)
        if "between" in plain:
            self._check_units(column)
        found = plain | {"column": theirs}
        if "in" in plain and theirs in self.second.patients.columns:
            held = {same_word(value): value for value in self.second.factor(theirs)[1]}
            found["in"] = [
                held.get(same_word(v), v) if isinstance(v, str) else v for v in plain["in"]
            ]
        return found

    def _check_units(self, column: str) -> None:
        ours = self.first.variables.get(column)
        theirs = self.second.variables.get(self.variables.get(column, column))
        if ours is not None and theirs is not None and ours.unit != theirs.unit:
            raise ValueError(
                f"{ours.label} is in {ours.unit or 'no unit'} in {self.first.name} and in "
                f"{theirs.unit or 'no unit'} in {self.second.name}."
            )


def match_cohorts(first: Cohort, second: Cohort) -> Matching:
    """What the second cohort calls the variables and alterations of the first."""
    variables, alterations = (
        [
            {
                variable.name: (variable.kind == "numeric", variable.label.casefold())
                for variable in cohort.variables.values()
            }
            for cohort in (first, second)
        ],
        [
            {
                str(name): (kind, str(label).casefold())
                for name, kind, label in cohort.features[["kind", "label"]].itertuples()
            }
            for cohort in (first, second)
        ],
    )
    return Matching(first, second, _same(*variables), _same(*alterations))


def _same(ours: Mapping[str, object], theirs: Mapping[str, object]) -> dict[str, str]:
    """Names of what is the same, by name or else by kind and label, each used once."""
    found = {name: name for name in ours if name in theirs}
    left: dict[object, str] = {}
    for name, told in theirs.items():
        if name not in found:
            left.setdefault(told, name)
    for name, told in ours.items():
        if name not in found and told in left:
            found[name] = left.pop(told)
    return {name: found[name] for name in ours if name in found}


def shared(matching: Matching) -> Shared:
    """Variables, alterations and endpoints that both cohorts have, and those of one alone."""
    first, second = matching.first, matching.second
    kinds: dict[str, tuple[dict[str, str], dict[str, str], Mapping[str, str]]] = {
        "variables": (_variables(first), _variables(second), matching.variables),
        "alterations": (_alterations(first), _alterations(second), matching.alterations),
        "endpoints": (_endpoints(first), _endpoints(second), {k: k for k in first.endpoints}),
    }
    both, only_first, only_second = {}, {}, {}
    for kind, (ours, theirs, same) in kinds.items():
        common = [name for name in ours if same.get(name) in theirs]
        met = {same[name] for name in common}
        both[kind] = tuple(ours[name] for name in common)
        only_first[kind] = tuple(ours[name] for name in ours if name not in common)
        only_second[kind] = tuple(theirs[name] for name in theirs if name not in met)
    return Shared(both, only_first, only_second)


def unmatched(
    first: Grouping, second: Grouping, masks: tuple[Bools, Bools]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Groups with patients that only one of two groupings has, of either."""
    ours, theirs = _present(first, masks[0]), _present(second, masks[1])
    return (
        tuple(name for word, name in ours.items() if word not in theirs),
        tuple(name for word, name in theirs.items() if word not in ours),
    )


def matched(
    first: Grouping,
    second: Grouping,
    masks: tuple[Bools, Bools],
    same: Mapping[str, str] | None = None,
) -> tuple[Grouping, Grouping]:
    """Two groupings with the groups that both have, in the order, names and colours of the first.

    Parameters
    ----------
    first, second
        The groupings, each of its own cohort.
    masks
        Whom either cohort has selected: a group without any of them is not there.
    same
        Groups that mean the same under other names: the second's name by the first's.

    Raises
    ------
    ValueError
        If they have no two groups in common.
    """
    present = [_present(first, masks[0]), _present(second, masks[1])]
    words = {theirs: same_word(ours) for ours, theirs in (same or {}).items()}
    present[1] = {words.get(name, word): name for word, name in present[1].items()}
    common = [word for word in present[0] if word in present[1]]
    if len(common) < 2:
        raise ValueError(
            f"The two cohorts have no two groups of {first.label} in common; compare by something "
            "that both hold."
        )
    kept = only_groups(first, [present[0][word] for word in common])
    theirs = only_groups(second, [present[1][word] for word in common])
    return kept, replace(theirs, names=kept.names, colours=kept.colours)


def _present(held: Grouping, mask: Bools) -> dict[str, str]:
    """Groups with patients, by the word they are compared by."""
    sizes = zip(held.names, held.sizes(mask), strict=True)
    return {same_word(name): name for name, size in sizes if size}


def _variables(cohort: Cohort) -> dict[str, str]:
    return {name: cohort.variables[name].label for name in describable(cohort)}


def _alterations(cohort: Cohort) -> dict[str, str]:
    return {str(name): str(label) for name, label in cohort.features["label"].items()}


def _endpoints(cohort: Cohort) -> dict[str, str]:
    return {key: endpoint.label for key, endpoint in cohort.endpoints.items()}
