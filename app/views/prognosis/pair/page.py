"""Score against score: who moves, which orders better, where file and computation disagree."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.cohort.groupings import MEDIAN, MIN_GROUP_FOR_TEST
from app.shell.controls.choice import pick
from app.shell.controls.curve_options import draw_time_options, draw_truncated
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.layout import figure_with_downloads
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.views.prognosis.pair.analysis import ScorePair, disagreements
from app.views.prognosis.pair.words import concordance_table, groups_table, models_table
from app.views.prognosis.scales import same_score, scale_options
from data_loaders import Cohort
from data_loaders.meaning.vocabulary import term_of

_NOBODY = "Everyone"
_FEW = (
    "Two scores or risk classes are needed, and this cohort has {n}. The view Coverage says what "
    "each score lacks."
)
_MOST_GROUPS = 8
# What a score is usually set against.
_SUCCESSOR = {
    "score:ipss_r": "score:ipss_m",
    "score:eln_2017": "score:eln_2022",
    "score:dipss": "score:mipss70",
    "score:ipi": "score:nccn_ipi",
}


def draw_pair(looking: Looking) -> None:
    """Draw the controls, the alluvial figure, discrimination over time and the tables."""
    cohort = looking.cohort
    options = scale_options(cohort)
    if len(options) < 2 or not cohort.endpoints:
        few = _FEW.format(n="none" if not options else len(options))
        st.info(few if cohort.endpoints else "This needs an endpoint, and this cohort has none.")
        return
    left, middle, right, last = st.columns([4, 4, 4, 3], vertical_alignment="bottom")
    with left:
        first = pick("Score", options, "first_scale", labels=options)
    others = {key: label for key, label in options.items() if key != first}
    with middle:
        second = pick("Against", others, "second_scale", labels=others,
                      default=_partner(cohort, first, list(others)))  # fmt: skip
    with right:
        endpoint = draw_endpoint_choice(cohort)
    with last.popover("Options", icon=":material/tune:", width="stretch"):
        time = draw_time_options()
        truncated = draw_truncated(cohort, endpoint)
        groups = {_NOBODY: _NOBODY} | _groups(cohort)
        by = pick("Within the groups of", groups, "within_groups", labels=groups)
    settings = {
        "first": first, "second": second, "endpoint_key": endpoint, "limit": time.limit,
        "truncated": truncated, "by": None if by == _NOBODY else by,
    }  # fmt: skip
    question = replace(ask(looking, "prognosis.pair", settings), shown={"unit": time.unit})
    result: ScorePair = result_of(question)
    if not result.both:
        st.info("Nobody selected has a certain class in both.")
        return
    answer = answer_of(question, cohort, result)
    show(answer, frame())
    over_time = answer.figures.get("AUC over time")
    if over_time is not None:
        figure_with_downloads(
            over_time(), lambda: answer.tables()["Area under the curve"],
            key="prognosis_auc", name=(*answer.name, "auc"),
            alt="Area under the curve of both scores over time, with pointwise intervals.",
        )  # fmt: skip
    if result.discrimination is not None:
        st.subheader("Which orders the outcome better", anchor=False)
        draw_table(concordance_table(result), key="prognosis_concordance")
    if result.models is not None:
        draw_table(models_table(result), key="prognosis_models")
    if len(result.groups):
        st.subheader(f"Within the groups of {result.by}", anchor=False)
        draw_table(groups_table(result), key="prognosis_groups")
    _draw_disagreements(looking, result)
    take_away(answer, question)


def _partner(cohort: Cohort, first: str, others: list[str]) -> str:
    """The same score as the other source has it, else the next of the list."""
    if _SUCCESSOR.get(first) in others:
        return _SUCCESSOR[first]
    same = [key for key in others if same_score(cohort, key) == first]
    if same_score(cohort, first) in others:
        same.append(str(same_score(cohort, first)))
    computed = [key for key in others if key.startswith("score:")]
    if first.startswith("score:") and computed:
        return computed[0]
    return same[0] if same else others[0]


def _groups(cohort: Cohort) -> dict[str, str]:
    """Variables with few, large enough values: sex, centre, diagnosis."""
    found = {}
    for name, variable in cohort.variables.items():
        known = term_of(variable.source_column or name) or term_of(name)
        if known is not None and known.key == "age" and variable.kind == "numeric":
            found[f"cut:{name}@{MEDIAN}"] = f"{variable.label} (median)"
        if variable.kind not in {"categorical", "binary"} or variable.role in {
            "outcome",
            "treatment",
        }:
            continue
        codes, values = cohort.factor(name)
        sizes = sorted((int((codes == i).sum()) for i in range(len(values))), reverse=True)
        if 2 <= len(values) <= _MOST_GROUPS and sizes[1] >= MIN_GROUP_FOR_TEST:
            found[f"variable:{name}"] = variable.label
    return found


def _draw_disagreements(looking: Looking, result: ScorePair) -> None:
    """Every patient in whom the file's class is not the computed one, where both are one score."""
    keys = result.first.key, result.second.key
    same = {same_score(looking.cohort, key) for key in keys} - {None}
    if not same & set(keys):
        return
    table = disagreements(looking.cohort, looking.selection.mask, result.first, result.second)
    st.subheader("File and computation", anchor=False)
    st.markdown(
        f"Of {looking.selection.n:,} patients, {len(table):,} have another class in the file than "
        "computed, or a class in one of both alone."
    )
    if len(table):
        draw_table(table, key="prognosis_disagreements", hide_index=False)
