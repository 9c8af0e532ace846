"""What a swimmer plot says: whose lanes are drawn, how they ended, and what can be taken away."""

from __future__ import annotations

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import count, format_percent, mid_sentence
from app.views.patient.swimmer.analysis import Swimmer, sort_options, swimmer
from app.views.patient.swimmer.figures import swimmer_alt, swimmer_figure
from data_loaders import Cohort


def swimmer_answer(cohort: Cohort, drawn: Swimmer) -> Answer:
    """The answer of a swimmer plot."""
    order = mid_sentence(sort_options(cohort)[drawn.sort])
    by = f" by {mid_sentence(drawn.label)}" if drawn.label else ""
    turned = ", turned round" if drawn.reverse else ""
    title = (
        f"Follow-up and events{by}, {len(drawn.positions):,} of {count(drawn.total, 'patient')}; "
        f"{order}{turned}"
    )
    return Answer(
        key="swimmer",
        of_patients=frozenset({"Figure"}),
        name=("swimmer",),
        title=title,
        figures={"Figure": titled(cohort, title, swimmer_figure, drawn)},
        numbers=drawn.table,
        alt=swimmer_alt(title, drawn),
        accounting=Accounting(
            drawn.total + drawn.without,
            drawn.total,
            {"have none": drawn.without} if drawn.without else {},
            verb="have a recorded follow-up",
        ),
        tables=lambda: {"Lanes": drawn.table()},
        methods=[_methods(drawn, order)],
        sentences=[_reading(drawn)],
        notes=[_lanes(drawn)],
    )


SWIMMER = Analysis(swimmer, swimmer_answer)


def _reading(drawn: Swimmer) -> str:
    found, own = drawn.histories, drawn.positions
    label = mid_sentence(found.end_label)
    share = format_percent(drawn.ended / len(own))
    words = f"{drawn.ended:,} of the {len(own):,} lanes shown ({share}) end with {label}"
    seen = [(m.label, int((m.months[own] >= 0).sum())) for m in found.milestones]
    told = [f"{number:,} show {mid_sentence(name)}" for name, number in seen if number]
    return f"{'; '.join([words, *told])}."


def _lanes(drawn: Swimmer) -> str:
    text = "A lane is a patient's follow-up; marks are its events."
    if len(drawn.positions) < drawn.total:
        if drawn.page is None:
            text += (
                f" {len(drawn.positions):,} of {drawn.total:,} patients shown, at even steps of "
                "the order; “Lanes” pages through all."
            )
        else:
            text += f" Page {drawn.page + 1:,} of {drawn.pages:,}, {drawn.total:,} patients in all."
    if drawn.without:
        text += f" {count(drawn.without, 'selected patient')} without a recorded follow-up."
    return text


def _methods(drawn: Swimmer, order: str) -> str:
    words = (
        f"A lane is a patient's follow-up from {mid_sentence(drawn.histories.start_label)} to "
        f"{mid_sentence(drawn.histories.end_label)} or last follow-up. Of {drawn.total:,} patients "
        f"with a recorded follow-up, sorted by {order}, {len(drawn.positions):,} are drawn; "
        f"{drawn.without:,} had none recorded."
    )
    return f"{words} Colours: {mid_sentence(drawn.label)}." if drawn.label else words
