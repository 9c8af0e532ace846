"""Three hospitals as a new user meets them: three files, three releases, one figure; combined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from app.cohort.tally import SiteRecord
from app.views.pooled.rounds.coordinator import AcrossSites, after_replies
from app.views.pooled.rounds.files import Request, read_request
from app.views.pooled.rounds.site import RoundsPolicy, reply_to
from data_loaders import Cohort, load_cohort
from tests.e2e.acts import answered, calm, choose_many, figure, go_to, settled

NAMES = ("North", "South", "West")
KEY = "agreed by telephone"
COLUMNS = ["age_years", "sex", "hb_g_per_l", "os_months", "os_event"]
# What the three call the same, and the unit of haemoglobin.
CALLED = (
    {}, {"age_years": "AGE", "sex": "Gender", "hb_g_per_l": "HB_g_per_dl"}, {"age_years": "alter"},
)  # fmt: skip


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Each hospital's table, as it writes it."""
    folder, paths = tmp_path_factory.mktemp("hospitals"), []
    cohort = load_cohort("demo:mds")
    for place, name in enumerate(NAMES):
        own = cohort.subset(np.arange(cohort.n) % 3 == place)
        table = own.patients[COLUMNS].join(own.alterations[["TP53", "SF3B1"]].astype("Int8"))
        if place == 1:
            table["hb_g_per_l"] = table["hb_g_per_l"] / 10
        paths.append(folder / f"{name}.csv")
        table.rename(columns=CALLED[place]).to_csv(paths[-1])
    return paths


def chosen_file(page: Page, label: str) -> Locator:
    uploader = page.get_by_test_id("stFileUploader").filter(has_text=label)
    return uploader.locator("input[type=file]")


def saved(page: Page, button: str, folder: Path) -> Path:
    # A file that a run is about to replace is gone when it is asked for.
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.long
def test_three_hospitals_become_one_figure(
    page: Page, address: str, hospitals: list[Path], tmp_path: Path
):
    page.goto(f"{address}/data")
    settled(page)
    releases = []
    for path in hospitals:
        chosen_file(page, "Your files").set_input_files(path)
        expect(
            page.get_by_test_id("stAlert").filter(has_text=f"{path.name} was read")
        ).to_be_visible()
        settled(page)
        go_to(page, "Pooled")
        page.get_by_text("Write a release of the cohort at hand").click()
        page.get_by_role("textbox", name="Name of the site").fill(path.stem)
        page.get_by_role("textbox", name="Key to sign with (optional)").fill(f"{KEY}, {path.stem}")
        page.get_by_role("button", name="Write the release").click()
        expect(
            page.get_by_text("event table of about 500 patients, signed with your key")
        ).to_be_visible()
        releases.append(saved(page, "Release (JSON)", tmp_path))
        go_to(page, "Data")
    # Who has two sees an example, and why; what was told is on record.
    go_to(page, "Pooled")
    page.get_by_text("Write a release of the cohort at hand").click()
    page.get_by_text("Record of what this site told").click()
    expect(page.get_by_text("3 answers on record")).to_be_visible()
    opened = chosen_file(page, "Releases of the sites")
    opened.set_input_files(releases[:2])
    expect(page.get_by_text("Open the releases of at least 3 sites")).to_be_visible()
    opened.set_input_files(releases[2])
    expect(page.get_by_text("Overall survival, 3 sites pooled", exact=False).first).to_be_visible()
    settled(page)
    expect(figure(page, "Overall survival, 3 sites pooled")).to_be_visible()
    page.get_by_text("Keys agreed with the sites").click()
    keys = "\n".join(f"{name}: {KEY}, {name}" for name in NAMES)
    page.get_by_role("textbox", name="One a line: name, colon, key").fill(keys)
    page.keyboard.press("Control+Enter")
    page.get_by_text("How these numbers came about").click()
    methods = page.get_by_text("Event tables of 3 sites (North, South, West) were pooled")
    expect(methods.first).to_contain_text("3 of the 3 releases were signed with an agreed key")
    calm(page)
    # For those who may move rows: the three tables as one.
    go_to(page, "Data")
    page.get_by_text("Combine cohorts").click()
    combine = page.get_by_role("button", name="Combine", exact=True)
    combine.scroll_into_view_if_needed()  # a list at the edge closes when the page moves
    choose_many(page, "Cohorts", *NAMES)
    combine.click()
    expect(page.get_by_text("3 cohorts were combined: 1,500 patients")).to_be_visible()
    expect(page.get_by_text("of South was converted from g/dL to g/L")).to_be_visible()
    calm(page)


def test_a_cox_model_goes_round_by_files(page: Page, address: str, tmp_path: Path):
    cohort = load_cohort("demo:mds")
    sites = {n: cohort.subset(np.arange(cohort.n) % 3 == i, n) for i, n in enumerate(NAMES)}
    page.goto(f"{address}/pooled?cohort=demo:mds")
    settled(page)
    page.get_by_text("A Cox model over sites").click()
    expect(page.get_by_text("The one-shot approximation (ODAC) differs")).to_be_visible()
    page.get_by_text("Ask the sites", exact=True).click()
    for name, told in (
        ("Sites, with commas between", ", ".join(NAMES)),
        ("Who asks", "Study centre"),
    ):
        with answered(page):
            page.get_by_role("textbox", name=name).fill(told)
            page.keyboard.press("Tab")
    request = read_request(saved(page, "Request of round 1", tmp_path).read_bytes())
    # The rounds between are those that the sites' own pages give.
    records = dict.fromkeys(NAMES, SiteRecord())
    last = rounds(request, sites, records, tmp_path)
    chosen_file(page, "The request that you sent last").set_input_files(last)
    expect(page.get_by_text("rounds of sums give the model of the pooled rows")).to_be_visible()
    settled(page)
    expect(figure(page, "Overall survival: Cox model over 3 sites")).to_be_visible()
    # A site answers the first round on its page.
    page.get_by_text("Answer as a site", exact=True).click()
    expect(page.get_by_text("Open the request that the coordinator sent")).to_be_visible()
    settled(page)
    first = tmp_path / "first.json"
    first.write_text(request.to_text())
    chosen_file(page, "The request").set_input_files(first)
    page.get_by_role("button", name="Answer", exact=True).click()
    reply = saved(page, "Reply (JSON)", tmp_path)
    assert '"site": "North"' in reply.read_text()
    assert '"told"' in saved(page, "Record to keep", tmp_path).read_text()
    calm(page)


def rounds(
    request: Request, sites: dict[str, Cohort], records: dict[str, SiteRecord], folder: Path
) -> list[Path]:
    """Go round until the model is there; the files of the last round."""
    while True:
        replies = []
        for name, own in sites.items():
            reply, records[name] = reply_to(request, own, name, RoundsPolicy(), records[name])
            replies.append(reply)
        step = after_replies(request, replies)
        if isinstance(step, AcrossSites):
            break
        request = step
    paths = []
    for name, text in [("request", request.to_text()), *((r.site, r.to_text()) for r in replies)]:
        paths.append(folder / f"last-{name}.json")
        paths[-1].write_text(text)
    return paths
