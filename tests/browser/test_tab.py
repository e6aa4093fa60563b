"""The tab on a task instance, as a person sees and uses it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.fan_out import fan_out

from .conftest import Airflow, Argo, shot

HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


def spec(items: list[Any], script: str) -> dict[str, Any]:
    """A fan-out whose workers run a shell script."""
    container = {"image": "alpine", "command": ["sh", "-c"], "args": [script]}
    result = {"name": "result", "valueFrom": {"path": "/tmp/result", "default": "null"}}
    return dict(fan_out(worker={"container": container, "outputs": {"parameters": [result]}}, items=items)["spec"])


def cities(gate: Path | None = None) -> dict[str, Any]:
    """24 workers; the one of 'bad-city' fails as long as there is no file at the gate."""
    script = f"""
echo "pulling $ITEM"
case "$ITEM" in *bad*) [ -e {gate or "/nowhere"} ] || {{ echo "no route to the warehouse" >&2; exit 3; }};; esac
echo '{{"rows": 10}}' > /tmp/result
"""
    return spec([f"city-{number}" if number != 7 else "bad-city" for number in range(24)], script)


def test_the_failed_worker_and_why_are_two_clicks_away(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    airflow.rows.record("bad", argo.run("bad", cities(), "look-bad-1"))
    page = open_page(airflow.page("bad").removesuffix("/plugin/argo"), airflow=airflow)

    page.get_by_role("link", name="Argo", exact=True).click()
    page.get_by_test_id("argo-progress").wait_for()
    assert page.get_by_test_id("argo-progress").inner_text() == "24 of 24 workers done"
    first = page.get_by_test_id("argo-worker").first
    assert "bad-city" in first.inner_text()
    assert page.get_by_test_id("argo-link").get_attribute("href").startswith("http://argo.example/workflows/argo/")
    shot(page, "light")
    first.get_by_test_id("argo-open-log").click()

    page.get_by_test_id("argo-log").wait_for()
    assert "no route to the warehouse" in page.get_by_test_id("argo-log").inner_text()
    shot(page, "failed-log")


def test_failed_workers_are_retried_and_the_tab_shows_how_they_succeed(
    airflow: Airflow, argo: Argo, open_page: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Not below /tmp, for every worker has one of its own.
    gate = airflow.home / "gate"
    airflow.rows.record("bad", argo.run("bad", cities(gate), "look-bad-2"))
    page = open_page(airflow.page("bad"), airflow=airflow)
    page.get_by_test_id("argo-retry").click()
    assert "Run the failed worker again?" in page.get_by_test_id("argo-confirm").inner_text()
    shot(page, "confirm")
    gate.touch()

    page.get_by_test_id("argo-confirm-yes").click()

    page.get_by_test_id("argo-done").wait_for()
    assert "Retrying 1 failed worker" in page.get_by_test_id("argo-done").inner_text()
    page.locator('[data-testid=argo-meta][data-phase="Succeeded"]').wait_for()
    assert page.get_by_test_id("argo-failed").count() == 0
    assert page.get_by_test_id("argo-retry").count() == 0


def test_the_tab_goes_live_as_soon_as_there_is_a_workflow(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    page = open_page(airflow.page("spare"), airflow=airflow)
    page.get_by_test_id("argo-nothing").wait_for()
    assert "Nothing yet" in page.get_by_test_id("argo-nothing").inner_text()
    gate = airflow.home / "go"

    waiting = f"until [ -e {gate} ]; do sleep 0.1; done"
    airflow.rows.record("spare", argo.run("spare", spec(["a", "b"], waiting), "look-spare", wait=False))

    page.locator('[data-testid=argo-meta][data-phase="Running"]').wait_for()
    page.get_by_test_id("argo-stop").wait_for()
    gate.touch()
    page.locator('[data-testid=argo-meta][data-phase="Succeeded"]').wait_for()
    assert page.get_by_test_id("argo-progress").inner_text() == "2 of 2 workers done"


def test_a_running_workflow_is_stopped(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    workflow = argo.run("good", spec(["a", "b"], "exec sleep 60"), "look-stopped", wait=False)
    airflow.rows.record("good", workflow)
    page = open_page(airflow.page("good"), airflow=airflow)

    page.get_by_test_id("argo-stop").click()
    page.get_by_test_id("argo-confirm-yes").click()

    page.locator('[data-testid=argo-meta][data-phase="Failed"]').wait_for()
    assert "Stopped with strategy 'Stop'" in page.get_by_test_id("argo-message").inner_text()


def test_dark_mode_is_airflows(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    airflow.rows.record("bad", argo.run("bad", cities(), "look-bad-3"))

    def lightness(dark: bool) -> tuple[int, int]:
        page = open_page(airflow.page("bad"), airflow=airflow, dark=dark)
        page.get_by_test_id("argo-open-log").first.click()
        page.get_by_test_id("argo-log").wait_for()
        if dark:
            shot(page, "dark")
        script = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor] }"
        drawn = page.get_by_test_id("argo-log").evaluate(script)
        canvas = (
            "color => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = color;"
            " c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data].slice(0, 3) }"
        )
        text, ground = (sum(page.evaluate(canvas, color)) for color in drawn)
        return text, ground

    text, ground = lightness(dark=False)
    assert ground - text > 400
    text, ground = lightness(dark=True)
    assert text - ground > 400


def test_the_keyboard_is_enough(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    airflow.rows.record("bad", argo.run("bad", cities(), "look-bad-4"))
    page = open_page(airflow.page("bad"), airflow=airflow)
    page.get_by_test_id("argo-table").wait_for()
    focused = "() => document.activeElement?.dataset?.testid ?? ''"

    def tab_to(name: str) -> None:
        for _ in range(80):
            if page.evaluate(focused) == name:
                return
            page.keyboard.press("Tab")
        pytest.fail(f"Tab never comes to {name}")

    tab_to("argo-retry")
    page.keyboard.press("Enter")
    page.get_by_test_id("argo-confirm").wait_for()
    page.wait_for_function(f"({focused})() === 'argo-confirm-yes'")
    page.keyboard.press("Escape")
    page.get_by_test_id("argo-confirm").wait_for(state="detached")
    page.wait_for_function(f"({focused})() === 'argo-retry'")
    tab_to("argo-chip-Failed")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelectorAll('[data-testid=argo-worker]').length === 1")
    tab_to("argo-search")
    page.keyboard.type("bad")
    tab_to("argo-sort-item")
    page.keyboard.press("Enter")
    page.locator("th[aria-sort=ascending]").wait_for()
    tab_to("argo-open-log")
    page.keyboard.press("Enter")
    page.get_by_test_id("argo-log").wait_for()
    assert page.evaluate(focused) == "argo-open-log"
    page.get_by_test_id("argo-tab-workers").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_test_id("argo-tree").wait_for()


def test_who_may_only_look_has_no_buttons_and_no_way_around(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    airflow.rows.record("bad", argo.run("bad", cities(), "look-bad-5"))
    page = open_page(airflow.page("bad"), airflow=airflow, user="vera")
    page.get_by_test_id("argo-table").wait_for()

    assert page.get_by_test_id("argo-retry").count() == 0
    base = f"argo-ui/api/dags/{airflow.rows.dag_id}/runs/{airflow.rows.run_id}/tasks/bad/-1"
    posting = "path => fetch(path, {method: 'POST', headers: {'X-Argo-Tab': '1'}}).then(answer => answer.status)"
    assert page.evaluate(posting, f"{airflow.url}/{base}/retry".replace("+", "%2B")) == 403


def test_hostile_texts_stay_texts(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    script = f"cat <<'EOF'\n{HOSTILE}\nEOF\nprintf '%s' \"$ITEM\" > /tmp/result; exit 1"
    manifest = spec([HOSTILE, {HOSTILE: HOSTILE}, "javascript:alert(1)", "\u202egnp.exe", "x" * 3000], script)
    workflow = argo.run("hostile", manifest, "look-hostile")
    workflow["metadata"]["name"] = "look-hostile"
    airflow.rows.record("hostile", workflow)
    page = open_page(airflow.page("hostile"), airflow=airflow)
    row = page.locator("[data-testid=argo-worker]", has=page.get_by_text(HOSTILE, exact=True)).first
    row.wait_for()

    row.get_by_test_id("argo-open-log").click()

    page.get_by_test_id("argo-log").wait_for()
    assert HOSTILE in page.get_by_test_id("argo-log").inner_text()
    page.get_by_test_id("argo-tab-tree").click()
    page.get_by_test_id("argo-tree").wait_for()
    assert page.locator("[data-testid=argo-view] img, [data-testid=argo-view] script").count() == 0
    assert page.title() != "broken"
    shot(page, "hostile")


def test_other_workflows_are_shown_as_a_tree(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    say = {"image": "alpine", "command": ["sh", "-c"], "args": ["echo here"]}
    steps = {
        "entrypoint": "main",
        "templates": [
            {"name": "main", "steps": [[{"name": "first", "template": "say"}], [{"name": "inner", "template": "in"}]]},
            {"name": "in", "dag": {"tasks": [{"name": name, "template": "say"} for name in ("left", "right")]}},
            {"name": "say", "container": say},
        ],
    }
    airflow.rows.record("steps", argo.run("steps", steps, "look-steps"))
    page = open_page(airflow.page("steps"), airflow=airflow)

    page.get_by_test_id("argo-tree").wait_for()
    lines = [re.split(r"\s*\n\s*", line.inner_text())[0] for line in page.get_by_test_id("argo-node").all()]
    assert lines == ["look-steps", "first", "inner", "left", "right"]
    shot(page, "tree")
    page.get_by_role("button", name="Log of left").click()
    page.get_by_test_id("argo-log").wait_for()
    assert page.get_by_test_id("argo-log").inner_text() == "here"


def test_mapped_tasks_have_a_tab_each(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    for index in (0, 1):
        name = f"look-mapped-{index}"
        workflow = argo.run("mapped", spec(["a"] * (index + 1), "true"), name, map_index=index)
        airflow.rows.record("mapped", workflow, map_index=index)
    page = open_page(airflow.page("mapped", 1), airflow=airflow)
    page.get_by_test_id("argo-name").wait_for()
    assert page.get_by_test_id("argo-name").inner_text() == "look-mapped-1"


def test_a_server_that_is_away_is_told_and_what_was_seen_stays(
    airflow: Airflow, stand_in: Any, open_page: Any, many: Any
) -> None:
    airflow.rows.record("away", stand_in.put(many("away", 3)), "argo_stand_in")
    page = open_page(airflow.page("away"), airflow=airflow)
    page.get_by_test_id("argo-table").wait_for()

    stand_in.failing = "etcd is on holiday"

    page.get_by_test_id("argo-notice").wait_for()
    assert "etcd is on holiday" in page.get_by_test_id("argo-notice").inner_text()
    assert page.get_by_test_id("argo-worker").count() == 3
    shot(page, "away")
    stand_in.failing = ""
    page.get_by_test_id("argo-notice").wait_for(state="detached")


def test_an_expired_login_is_told_with_the_way_back(airflow: Airflow, stand_in: Any, open_page: Any, many: Any) -> None:
    airflow.rows.record("away", stand_in.put(many("away", 3)), "argo_stand_in")
    page = open_page(airflow.page("away"), airflow=airflow)
    page.get_by_test_id("argo-table").wait_for()
    # As with a paused DAG or a finished task: nothing but the tab asks the server.
    page.route(re.compile(r"/(ui|api/v2)/"), lambda route: None)

    page.context.clear_cookies()

    page.get_by_test_id("argo-login").wait_for()
    assert "Your session has expired" in page.get_by_test_id("argo-notice").inner_text()
    login = page.get_by_test_id("argo-login").get_attribute("href")
    assert login.startswith(f"{airflow.url}/api/v2/auth/login?next=http")
    shot(page, "expired")


def test_a_fault_in_the_tab_leaves_airflows_page_alone(
    airflow: Airflow, stand_in: Any, open_page: Any, many: Any
) -> None:
    airflow.rows.record("away", stand_in.put(many("away", 3)), "argo_stand_in")
    page = open_page(f"{airflow.url}/", airflow=airflow)
    answer = {"status": 200, "content_type": "application/json", "body": json.dumps({"phase": "Running"})}
    page.route("**/argo-ui/api/**", lambda route: route.fulfill(**answer))

    page.goto(airflow.page("away"))

    page.get_by_test_id("argo-fault").wait_for()
    assert page.get_by_role("link", name="Details").count() == 1
    open_page.faults.clear()


def slowness() -> float:
    """How many processes share a processor here, at least 1: others may use this machine, too."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def milliseconds_to_update(page: Any, workflow: dict[str, Any], failed: int) -> float:
    """Let so many workers fail, and give the milliseconds until the tab shows it."""
    for index in range(10_000):
        workflow["status"]["nodes"][f"large-{index}"]["phase"] = "Failed" if index < failed else "Running"
    workflow["metadata"]["resourceVersion"] = str(failed)
    script = """wanted => new Promise(done => {
        const began = performance.now();
        const look = () => document.querySelector('[data-testid=argo-failed]')?.innerText === wanted
          ? done(performance.now() - began) : requestAnimationFrame(look);
        look();
    })"""
    return float(page.evaluate(script, f"{failed:,} failed"))


def test_ten_thousand_workers_are_shown_at_once_and_kept_up_to_date(
    airflow: Airflow, stand_in: Any, open_page: Any, many: Any
) -> None:
    workflow = stand_in.put(many("large", 10_000))
    airflow.rows.record("large", workflow, "argo_stand_in")
    page = open_page(airflow.page("large"), airflow=airflow)
    page.get_by_test_id("argo-table").wait_for()
    assert page.get_by_test_id("argo-page").inner_text() == "1–100 of 10,000"
    shot(page, "large")

    # The tab is left and opened again in a page that stands; the clock runs in the page.
    page.get_by_role("link", name="Details").click()
    page.get_by_test_id("argo-view").wait_for(state="detached")
    script = """link => new Promise(done => {
        const began = performance.now();
        const look = () => document.querySelector('[data-testid=argo-table]')
          ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look);
        link.click(); look();
    })"""
    painted = page.get_by_role("link", name="Argo", exact=True).evaluate(script)
    assert painted < 500 * slowness()

    updated = min(milliseconds_to_update(page, workflow, failed) for failed in (3_000, 4_000, 5_000))
    print(f"10,000 workers: painted in {painted:.0f} ms, updated in {updated:.0f} ms")
    assert updated < 2000 * slowness()

    page.get_by_test_id("argo-next").click()
    page.wait_for_function("document.querySelector('[data-testid=argo-page]').innerText.startsWith('101–200')")
    page.get_by_test_id("argo-search").fill("item-98765432")
    page.get_by_test_id("argo-no-workers").wait_for()
    page.get_by_test_id("argo-search").fill("item-9876")
    page.wait_for_function("document.querySelectorAll('[data-testid=argo-worker]').length === 1")
    page.get_by_test_id("argo-show-all").click()
    page.get_by_test_id("argo-sort-index").click()
    page.get_by_test_id("argo-sort-index").click()
    first = "document.querySelector('[data-testid=argo-worker] td').innerText === '9999'"
    page.wait_for_function(first)


def test_below_a_base_path_everything_is_found(
    rows: Any, airflow: Airflow, stand_in: Any, open_page: Any, many: Any, below_base_path: Airflow
) -> None:
    rows.record("away", stand_in.put(many("away", 3)), "argo_stand_in")
    page = open_page(below_base_path.page("away"), airflow=below_base_path)
    page.get_by_test_id("argo-table").wait_for()
    assert page.get_by_test_id("argo-worker").count() == 3
