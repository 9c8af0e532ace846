"""What a choice under "Compare by" asks for besides: its option, and the widgets' values."""

from __future__ import annotations

from app.cohort.groupings import (
    CLINICAL,
    MEDIAN,
    OPTIMAL,
    QUARTILES,
    TERTILES,
    TYPED,
    Cut,
    GroupingError,
    GroupingSpec,
)

GENE_A, GENE_B, GENE_ORDER = "gene_a", "gene_b", "gene_order"
CUT_RULE, CUT_AT = "cut", "cut_at"
FILTERS_CHOSEN, FILTERS_TEXT = "filters_chosen", "filters"
TWO_GENES, IN_ORDER, NUMBER, FILTERS = "genes:", "hierarchy:", "burden:", "filters:"
CUT, ALLELES = "cut:", "alleles:"
RULES = {
    MEDIAN: "Median",
    TERTILES: "Tertiles",
    QUARTILES: "Quartiles",
    CLINICAL: "Clinical",
    TYPED: "Typed",
    OPTIMAL: "Optimal",
}


def option_and_parameters(text: str) -> tuple[str, dict[str, str | list[str]]] | None:
    """The option that offers a grouping, and the values of the widgets below it.

    Parameters
    ----------
    text
        A grouping as a link or a saved view writes it, such as ``cut:age_years@40,60``.

    Returns
    -------
    tuple or None
        Option and value by widget key; None where the grouping is an option by itself, needs
        nothing besides, or is no grouping.
    """
    try:
        spec = GroupingSpec.parse(text)
    except GroupingError:
        return None
    match spec.kind:
        case "genes":
            first, second = spec.features
            return TWO_GENES, {GENE_A: first, GENE_B: second}
        case "hierarchy":
            return IN_ORDER, {GENE_ORDER: list(spec.features)}
        case "cut":
            cut = Cut.parse(spec.name)
            option, rule = f"{CUT}{cut.column}", {CUT_RULE: RULES[cut.rule]}
            if cut.rule != TYPED:
                return option, {**rule}
            return option, {**rule, CUT_AT: str(cut).rpartition("@")[2]}
        case "filters":
            return FILTERS, {FILTERS_TEXT: spec.name}
    return None
