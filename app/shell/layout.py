"""What frames every page: configuration, brand, header, footer, figures with their downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import __version__
from app.shell.accounts import Person, disclosure_policy, person, still_in
from app.shell.escaping import escaped_figure, figure_escaper
from app.shell.session import LOOKING_AT, Looking, looking_at
from app.shell.watch.audit import note
from app.shell.watch.log import place_of
from app.study.figures.legend import LINE
from app.study.figures.theme import BY_WIDTH, plotly_config
from app.study.files.figures import FIGURE_KINDS, FigureFormat, export_available, figure_bytes
from app.study.files.tables import file_stem, to_csv
from app.study.glossary import explained, in_lines
from app.study.wording import count
from data_loaders import Provenance

_MARK = (
    '<path d="M3 5h8v7h7v7h7v6h6" fill="none" stroke="#d9541e" stroke-width="3.2" '
    'stroke-linecap="round" stroke-linejoin="round"/>'
    '<path d="M3 10h5v9h6v7h8v3h9" fill="none" stroke="#2a7fc1" stroke-width="3.2" '
    'stroke-linecap="round" stroke-linejoin="round" opacity=".85"/>'
)
_ICON = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 34 34">{_MARK}</svg>'
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 190 34" width="190" height="34">'
    f"{_MARK}"
    '<text x="42" y="24" font-family="Segoe UI, Roboto, Helvetica, Arial, sans-serif" '
    'font-size="20" font-weight="600" textLength="140" lengthAdjust="spacingAndGlyphs" '
    'fill="#5f83ad">CALR Explorer</text></svg>'
)
# Streamlit lets columns shrink to nothing (the sidebar takes its part first), greys small text
# below what is legible, and lays the toolbars of figures over their titles, where nothing hovers
# those of tables over what stands above; these rules mend that.
_STYLE = """<style>
.stMainBlockContainer {padding-top: 3.2rem; padding-bottom: 3rem; max-width: 1240px;}
[class*="_of_address"] {display: none;}
.stMainBlockContainer [data-testid=stMarkdownContainer] p,
.stMainBlockContainer [data-testid=stMarkdownContainer] li {max-width: 62rem;}
@media (min-width: 641px) and (max-width: 1150px)
  {.stMainBlockContainer {padding-left: 1.5rem; padding-right: 1.5rem;}}
@media (min-width: 1800px) {.stMainBlockContainer {max-width: 2400px;}}
[data-testid=stMetricLabel] p, .stMain [data-testid=stPopover] button :is(div, p)
  {white-space: normal; overflow: visible;}
[data-testid=stCaptionContainer] {color: inherit; opacity: .8;}
[data-testid=stCaptionContainer] p {color: inherit;}
[data-testid=stSidebarNavLink]:focus-visible
  {outline: 2px solid currentColor; outline-offset: -2px;}
@media (min-width: 641px) {
  .stMain [data-testid=stHorizontalBlock] {flex-wrap: wrap;}
  .stMain [data-testid=stColumn] {min-width: min(100%, 7rem);}
  .stMain [data-testid=stColumn]:has([data-testid=stPopover]) {min-width: min(100%, 6rem);}
  .stMain [data-testid=stColumn]:has([class*=st-key-long_name]) {min-width: min(100%, 10rem);}
  .stMain [data-testid=stColumn]:has([data-testid=stMetric]) {min-width: min(100%, 11.5rem);}
  .stMain [data-testid=stColumn]:has([data-testid=stButtonGroup]) {min-width: min(100%, 12rem);}
  .stMain [data-testid=stColumn]:has([data-testid=stPlotlyChart]) {min-width: min(100%, 25rem);}
  .stMain [data-testid=stColumn]:has([data-testid=stPlotlyChart]) ~ [data-testid=stColumn],
  .stMain [data-testid=stColumn]:has(~ [data-testid=stColumn] [data-testid=stPlotlyChart])
    {min-width: min(100%, 15rem);}
  .stMain [data-testid=stColumn]:has([data-testid=stPlotlyChart]):has([data-testid=stPlotlyChart])
    {min-width: min(100%, 25rem);}
}
[data-testid=stElementContainer]:has(> * > [data-testid=stPlotlyChart]),
[data-testid=stPlotlyChart] .js-plotly-plot {overflow: visible !important;}
[data-testid=stPlotlyChart] .modebar-container
  {top: 100% !important; margin-top: calc(-1 * var(--blank, 0px)) !important;}
[data-testid=stPlotlyChart] .modebar-group {background: transparent !important;}
[data-testid=stPlotlyChart] .modebar-btn path {fill: currentColor !important; opacity: .7;}
[data-testid=stPlotlyChart] .modebar-btn:is(:hover, .active) path {opacity: 1;}
[data-testid=stPlotlyChart] .spikeline
  {stroke: #7d8796 !important; stroke-width: 1px !important; stroke-dasharray: none !important;}
@media (min-width: 641px) {
  .stMain [class*=st-key-small_charts] [data-testid=stColumn]
    {min-width: min(100%, 15rem) !important;}
}
.stMain [class*=st-key-wide_pair] [data-testid=stColumn]:has([data-testid=stPlotlyChart])
  {min-width: min(100%, 30rem) !important;}
@media (max-width: 480px)
  {.js-plotly-plot .annotation[data-index="0"] text {font-size: 12.5px !important;}}
@media (max-width: 640px) {
  .stMain [data-testid=stTable] :is(td, th) {padding-left: .15rem; padding-right: .35rem;}
  .stMain [data-testid=stTable] p {font-size: .8rem;}
}
@media (hover: none) {
  [data-testid=stPlotlyChart] .modebar-container {display: none !important;}
  .stMain [data-testid=stElementContainer]:has([data-testid=stDataFrame]) {margin-top: 1.5rem;}
}
</style>"""


def configure_page() -> None:
    """Set title, icon and layout; once per run, before anything is drawn."""
    st.set_page_config(
        page_title="CALR Explorer",
        page_icon=_ICON,
        layout="wide",
        initial_sidebar_state="auto",
        menu_items={"about": "CALR Explorer: survival and genomics of blood cancers."},
    )
    st.html(_STYLE)


def draw_brand() -> None:
    """The logo above the navigation."""
    st.logo(_LOGO, size="large", icon_image=_ICON)


def page_header(title: str, question: str) -> Looking:
    """The page's title, what it answers, and whom it is about; returns what is looked at."""
    looking = looking_at()
    st.title(title, anchor=False)
    who = looking.cohort.name if looking.filter.is_empty else looking.selection.sentence
    policy = disclosure_policy()
    number = count(looking.selection.n, "patient")
    if policy is not None:
        refused = policy.refusal(looking.selection, looking.filter)
        number = (
            "Not shown" if refused else f"About {policy.in_words(looking.selection.n)} patients"
        )
    st.markdown(_about(question, number, who, synthetic=looking.synthetic))
    return looking


def later_header(title: str, question: str) -> Callable[[str, str, bool], None]:
    """The title of a page that is about something else than the cohort looked at.

    Returns
    -------
    What says it under the title: how many, of whom in Markdown, whether they are synthetic.
    """
    st.title(title, anchor=False)
    place = st.empty()
    return lambda number, who, synthetic: place.markdown(
        _about(question, number, who, synthetic=synthetic)
    )


def _about(question: str, number: str, who: str, *, synthetic: bool) -> str:
    badge = " :orange-badge[SYNTHETIC]" if synthetic else ""
    return f"{question}  \n**{number}** · {who}{badge}"


class Sourced(Protocol):
    """What a file is of and names its source: a cohort, or the releases of several sites."""

    @property
    def name(self) -> str:
        """Its words in the names of files."""

    @property
    def provenance(self) -> Provenance:
        """Where its numbers come from."""


def page_footer() -> None:
    """Say once, calmly, what the results are for."""
    st.caption(
        "Results are for research and generate hypotheses; they are not medical advice. "
        f"CALR Explorer {__version__}"
    )


def nobody_selected(looking: Looking) -> bool:
    """Say so where the filter selects nobody; whether it does."""
    if looking.selection.n:
        return False
    st.info("The filter selects nobody. Take out a condition in the sidebar to go on.")
    return True


def when_open(label: str, key: str, draw: Callable[[], None], **options: Any) -> None:
    """An expander whose inside is made when it is opened.

    Nothing that is typed or chosen there outlives its being closed.
    """
    with st.expander(label, key=key, on_change="rerun", **options) as box:
        if box.open:
            draw()


def figure_with_downloads(
    figure: go.Figure,
    numbers: Callable[[], pd.DataFrame],
    *,
    key: str,
    name: tuple[str, ...],
    alt: str,
    beside: Callable[[], None] | None = None,
    of: Sourced | None = None,
    **chart: Any,
) -> None:
    """Show a figure and, under it, its downloads.

    Parameters
    ----------
    figure, numbers
        The figure, and what makes the data behind it when the download is clicked.
    key, name, alt
        Stable key of the widgets, words of the file name, alternative text.
    beside
        Draws what else is offered in the row of the downloads.
    of
        Whose data these are, where it is not the cohort that the session looks at.
    chart
        Further options of ``st.plotly_chart``.
    """
    cohort = looking_at().cohort if of is None else of
    stem = file_stem(cohort.name, *name, synthetic=cohort.provenance.synthetic)
    shown = escaped_figure(figure)
    st.plotly_chart(shown, key=key, config=plotly_config(stem), alt=alt, **chart)
    fit_to_width(figure, key)
    draw_downloads(figure, numbers, key=key, stem=stem, beside=beside, of=cohort)


def browser_is(*words: str) -> bool:
    """Whether the browser calls itself by one of these words: every phone's says ``Mobi``."""
    agent = str(st.context.headers.get("User-Agent", ""))
    return any(word in agent for word in words)


def fit_to_width(figure: go.Figure, key: str) -> None:
    """Have the figure shown under a key obey :func:`app.study.figures.theme.by_width`."""
    freed, notes_from = (figure.layout.meta or {}).get(BY_WIDTH, ((), 0))
    of, rules = f".st-key-{key}", ""
    if freed:
        # All or nothing of a line, by the figure's own width: what a margin's percentages are of.
        blank = " + ".join(f"clamp(0px, (100% - {width}px) * {LINE}, {LINE}px)" for width in freed)
        rules += (
            f"{of} {{--blank: ({blank}); margin-bottom: calc(-1 * var(--blank));}} "
            f"{of}_downloads {{z-index: 1;}}"
        )
    if notes_from:
        rules += (
            f"@media (max-width: {notes_from - 1}px) "
            f'{{{of} .annotation:not([data-index="0"]) {{display: none;}}}}'
        )
    if rules:
        st.html(f"<style>{rules}</style>")


def draw_downloads(
    figure: go.Figure,
    numbers: Callable[[], pd.DataFrame],
    *,
    key: str,
    stem: str,
    beside: Callable[[], None] | None = None,
    of: Sourced | None = None,
) -> None:
    """One quiet row under a figure: as SVG, as PNG, the numbers behind it, and what is beside."""
    with st.container(horizontal=True, gap="small", key=f"{key}_downloads"):
        download_figure(figure, key=key, stem=stem, type="tertiary")
        told = "The numbers behind the figure"
        download_table("CSV", numbers, key=f"{key}_csv", stem=stem, of=of, help=told)
        if beside is not None:
            beside()


def download(
    label: str, make: Callable[[], bytes | str], file: str, key: str, **options: Any
) -> None:
    """A button that makes a file when it is clicked; options are those of Streamlit's.

    It is not there for whom the server lets take nothing away, and what is taken is noted.
    """
    who = person()
    if not who.may("export"):
        return
    st.download_button(
        label, partial(_taken, make, who, st.session_state.get(LOOKING_AT), key), file, key=key,
        icon=":material/download:", on_click="ignore", **options,
    )  # fmt: skip


def _taken(
    make: Callable[[], bytes | str], who: Person, looking: Looking | None, key: str
) -> bytes | str:
    """A file that somebody takes away, at the click: their login may have ended since the page."""
    if not still_in(who):
        raise PermissionError("Your login has ended: log in again to take files away.")
    try:
        made = make()
    except Exception as error:  # noqa: BLE001  (whatever a library raises)
        # Streamlit writes it to the log with all it says, which may be a patient's value.
        place = f"{type(error).__name__} at {place_of(error)}"
        raise RuntimeError(f"A file could not be made: {place}") from None
    if looking is None:
        note(who, "export", what=key)
    else:
        note(who, "export", what=key, **looking.for_audit())
    return made


def download_figure(
    figure: go.Figure | Callable[[], go.Figure],
    *,
    key: str,
    stem: str,
    title: str = "",
    **options: Any,
) -> None:
    """A button for each format of a figure, or of what draws it; under its title if it has one.

    The figure is given as it was drawn: what the data hold is escaped here. Where no browser can
    draw on this machine, the buttons say so, and the camera in the figure's toolbar still saves it.
    """
    able, why = export_available()
    escape = figure_escaper()
    for kind in FIGURE_KINDS:
        label = f"{title} ({kind.upper()})" if title else kind.upper()
        told = None if title else _FORMATS[kind]
        download(
            label,
            partial(_image, figure, kind, escape),
            f"{stem}.{kind}",
            f"{key}_{kind}",
            help=told if able else why,
            disabled=not able,
            **options,
        )


_FORMATS: dict[FigureFormat, str] = {
    "svg": "The figure as vector graphics, for a paper",
    "png": "The figure as an image of 300 dots an inch, for a slide",
}


def download_table(
    label: str,
    numbers: Callable[[], pd.DataFrame],
    *,
    key: str,
    stem: str,
    of: Sourced | None = None,
    **options: Any,
) -> None:
    """A button that makes and downloads a table as CSV when it is clicked."""
    cohort = looking_at().cohort if of is None else of
    make = partial(_csv, numbers, cohort.provenance)
    download(label, make, f"{stem}.csv", key, mime="text/csv", type="tertiary", **options)


def _image(
    figure: go.Figure | Callable[[], go.Figure],
    kind: FigureFormat,
    escape: Callable[[go.Figure], go.Figure],
) -> bytes:
    return figure_bytes(escape(figure if isinstance(figure, go.Figure) else figure()), kind)


def _csv(numbers: Callable[[], pd.DataFrame], provenance: Provenance) -> bytes:
    return to_csv(numbers(), provenance)


def words_header(texts: Iterable[str]) -> None:
    """The heading above a result in words; pointing at it explains the statistics among them."""
    told = "  \n".join(in_lines(explained(texts)))
    st.subheader("In words", anchor=False, help=told or None)


def bullets(sentences: Iterable[str]) -> None:
    """Sentences, one a line."""
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences))


def draw_provenance(looking: Looking) -> None:
    """Where the data come from."""
    provenance = looking.cohort.provenance
    parts = [provenance.note, provenance.citation]
    text = " ".join(part for part in parts if part) or f"Read from {provenance.source}."
    st.caption(f"**Where the data come from.** {text}")
