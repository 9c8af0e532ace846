"""The job service with its real worker process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from app.analysis.subgroups import SubgroupResult, SubgroupSettings
from app.shell.work.jobs import JobService

PREVIEW = SubgroupSettings(quality="preview")
FINE = SubgroupSettings(quality="fine")


@pytest.fixture(scope="module")
def service() -> Iterator[JobService]:
    service = JobService(keep=4)
    assert service._ready.wait(120)
    yield service
    service.close()


def planted(n: int, seed: int = 0) -> pd.DataFrame:
    """Three groups, each with two lesions of its own and some noise."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 3, n)
    names = [f"G{i}" for i in range(12)]
    share = np.full((n, len(names)), 0.04)
    for group in range(3):
        share[groups == group, 2 * group : 2 * group + 2] = 0.85
    return pd.DataFrame(rng.random(share.shape) < share, columns=names).astype("boolean")


def payload(n: int = 300, settings: SubgroupSettings = PREVIEW, seed: int = 0) -> dict[str, object]:
    return {"alterations": planted(n, seed), "settings": settings}


def test_a_job_runs_and_its_result_comes_back(service: JobService):
    job = service.submit("a", "subgroups", payload(), "me")
    assert service.wait(job, 60)
    assert job.state == "done"
    assert isinstance(job.result, SubgroupResult)
    assert len(job.result.labels) == 300
    assert job.payload is None, "the input is not kept"


def test_two_who_ask_the_same_share_one_job(service: JobService):
    first = service.submit("shared", "subgroups", payload(seed=1), "me")
    second = service.submit("shared", "subgroups", payload(seed=1), "you")
    assert first is second
    assert service.wait(first, 60)
    assert service.submit("shared", "subgroups", payload(seed=1), "they") is first


def test_refusals_come_as_a_sentence(service: JobService):
    bad = {"alterations": planted(3), "settings": PREVIEW}
    job = service.submit("bad", "subgroups", bad, "me")
    assert service.wait(job, 60)
    assert job.state == "refused"
    assert job.message.endswith(".")


def test_a_task_that_breaks_does_not_break_the_worker(service: JobService):
    job = service.submit("broken", "subgroups", {"alterations": 3, "settings": PREVIEW}, "me")
    assert service.wait(job, 60)
    assert job.state in {"failed", "refused"}
    after = service.submit("after", "subgroups", payload(seed=2), "me")
    assert service.wait(after, 60)
    assert after.state == "done"


def test_a_running_job_can_be_stopped(service: JobService):
    job = service.submit("long", "subgroups", payload(3_000, FINE), "me")
    deadline = time.monotonic() + 120
    while job.fraction == 0.0 and time.monotonic() < deadline:
        time.sleep(0.01)
    service.cancel("long")
    assert service.wait(job, 60)
    assert job.state == "cancelled"


def test_an_owner_who_asks_for_something_else_gives_up_the_former(service: JobService):
    running = service.submit("x1", "subgroups", payload(3_000, FINE, 3), "me", group="one")
    waiting = service.submit("x2", "subgroups", payload(3_000, FINE, 4), "me", group="one")
    shared = service.submit("x3", "subgroups", payload(300, PREVIEW, 5), "me", group="one")
    service.submit("x3", "subgroups", payload(300, PREVIEW, 5), "you", group="one")
    last = service.submit("x4", "subgroups", payload(300, PREVIEW, 6), "me", group="two")
    assert service.wait(last, 120)
    assert running.state == "cancelled"
    assert waiting.state == "cancelled"
    assert shared.state == "done", "somebody else still waited for it"
    assert last.state == "done"


def test_stability_and_evidence_follow_a_result(service: JobService):
    found = service.submit("found", "subgroups", payload(seed=11), "me")
    assert service.wait(found, 60)
    follow = payload(seed=11) | {"result": found.result}
    evidence = service.submit("evidence", "evidence", follow, "me", rank=2)
    follow |= {"n_resamples": 2}
    stability = service.submit("stability", "stability", follow, "me", rank=3)
    assert service.wait(evidence, 60)
    assert service.wait(stability, 60)
    assert evidence.result.information > evidence.result.null_information
    assert set(stability.result["group"]) == set(found.result.groups)


def test_background_work_gives_way_and_starts_over(service: JobService):
    found = service.submit("base", "subgroups", payload(2_000, PREVIEW, 12), "me")
    assert service.wait(found, 60)
    follow = payload(2_000, PREVIEW, 12) | {"result": found.result, "n_resamples": 6}
    slow = service.submit("slow", "stability", follow, "me", "a", rank=3)
    deadline = time.monotonic() + 120
    while slow.fraction == 0.0 and time.monotonic() < deadline:
        time.sleep(0.01)
    quick = service.submit("quick", "subgroups", payload(300, PREVIEW, 13), "you", "b")
    assert service.wait(quick, 60)
    assert quick.state == "done"
    assert not slow.finished, "it gave way"
    assert service.wait(slow, 120)
    assert slow.state == "done"


def test_who_stops_waiting_stops_only_what_nobody_else_waits_for(service: JobService):
    mine = service.submit("mine", "subgroups", payload(3_000, FINE, 14), "me", "g")
    ours = service.submit("ours", "subgroups", payload(300, PREVIEW, 15), "me", "g")
    service.submit("ours", "subgroups", payload(300, PREVIEW, 15), "you", "g")
    service.withdraw("me")
    assert service.wait(mine, 60)
    assert mine.state == "cancelled"
    assert service.wait(ours, 60)
    assert ours.state == "done"


def test_a_killed_worker_is_replaced_and_the_user_told(service: JobService):
    job = service.submit("doomed", "subgroups", payload(3_000, FINE, 7), "me")
    deadline = time.monotonic() + 120
    while job.state != "running" and time.monotonic() < deadline:
        time.sleep(0.01)
    first = service._process.pid
    os.kill(first, signal.SIGKILL)
    assert service.wait(job, 60)
    assert job.state == "failed"
    assert "replaced" in job.message
    again = service.submit("again", "subgroups", payload(seed=8), "me")
    assert service.wait(again, 120)
    assert again.state == "done"
    assert service._process.pid != first


def test_old_results_are_forgotten(service: JobService):
    for seed in range(6):
        job = service.submit(f"old{seed}", "subgroups", payload(120, PREVIEW, seed), "me")
        assert service.wait(job, 60)
    service.submit("one more", "subgroups", payload(120, PREVIEW, 99), "me")
    assert service.get("old0") is None
    assert service.get("old5") is not None
