"""What the real Argo Server v4.1.2 answered has to be answered here too (`golden/api/README.md`)."""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.datastructures import Headers

from airflow_argo.local.server.guard import Guard

TRANSCRIPTS = Path(__file__).resolve().parents[3] / "../shared/golden/api/transcripts.jsonl"

VOLATILE = {
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "workflows.argoproj.io/trace-id",
    "startedAt",
    "finishedAt",
    "resourcesDuration",
    "workflows.argoproj.io/scheduled-time",
    # Where Kubernetes would look for artifacts, and how it would collect them.
    "artifactRepositoryRef",
    "artifactGCStatus",
}

# Why the embedded server deliberately answers otherwise.
NO_ACCOUNTS = "it has one token or none, and knows no service accounts"
OWN_VERSION = "it says its own version"
DIFFERENT = {
    **dict.fromkeys(
        ("info.version", "info.version-token", "info.version-garbage-token", "info.gzip", "info.accept-xml"),
        OWN_VERSION,
    ),
    "info.info": "it manages no single namespace, and has no user interface",
    "info.root-other": "it has no user interface",
    **dict.fromkeys(
        (
            "info.userinfo-token",
            "info.userinfo-basic",
            "info.list-auth-garbage",
            "info.list-auth-expired",
            "info.list-auth-basic",
            "info.list-auth-basic-bad",
            "info.list-auth-v2",
            "info.list-auth-cookie-garbage",
        ),
        NO_ACCOUNTS,
    ),
    "create.wrong-namespace-path": "every namespace is there",
    "create.generate-name-long": "the recording stand-in did not cut it, Kubernetes does",
    "create.bad-cpu": "resource quantities mean nothing here",
    "templates.update": "the recorded resourceVersion is another server's",
    **dict.fromkeys(("cron.update", "cron.after-run", "cron.children"), "times and versions of the recording"),
    "submit.lag-1": "no cache lags behind here",
    "submit.lag-4": "no cache lags behind here",
}


def exchanges() -> list[dict[str, Any]]:
    if not TRANSCRIPTS.exists():
        return []
    with TRANSCRIPTS.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


EXCHANGES = exchanges()

# What is done by hand below, by group.
OPS_MISSING = [f"ops.{verb}-missing" for verb in ("stop", "terminate", "suspend", "resume", "retry", "resubmit", "set")]
OPS_FINISHED = [
    f"ops.{case}"
    for case in (
        *("stop-succeeded", "terminate-succeeded", "suspend-succeeded", "stop-failed", "stop-empty-body"),
        *("retry-succeeded", "set-no-selector", "set-succeeded"),
        *("resubmit-succeeded", "resubmit-memoized-succeeded", "resubmit-parameters", "stop-bad-json"),
    )
]
OPS_SET = [f"ops.{case}" for case in ("set-output", "set-bad-output", "set-bad-phase", "set-output-dict")]
OPS_SET.append("ops.resume-selector-none")
OPS_RETRY = [f"ops.{case}" for case in ("retry-failed", "retry-restart-no-selector", "retry-parameters")]
OPS_RETRY.append("ops.retry-parameters-bad")
DELETIONS = [
    f"delete.{case}" for case in ("missing", "finished", "again", "running", "force", "dry-run", "dry-run-get")
]
MORE = [
    f"more.{case}"
    for case in (
        *("case-insensitive", "duplicate-keys", "event-binding"),
        *("artifact-missing", "artifact-missing-wf"),
    )
]
AUTH = [
    f"auth.{case}"
    for case in (
        *("none", "none-version", "garbage", "no-scheme", "lower", "empty", "basic", "digest"),
        *("newline", "double-space", "ok"),
    )
]
REFUSED_STREAMS = (
    *(
        f"watch.{case}{kind}"
        for case in ("missing", "expired", "bad-version", "double-equals")
        for kind in ("", "-sse")
    ),
    *("watch.timeout", "watch.timeout-sse", "watch.field-phase", "watch.fields-with-error-missing"),
    *("log.missing", "log.missing-sse", "log.bad-number"),
)
NOT_ARCHIVED = {
    f"archive.{case}" for case in ("list-namespace", "list-no-options", "get-name", "label-keys", "label-values")
}
# In the recording the running one came before the fifth; one list holds other people's workflows.
ORDER = {"list.continue-last", "list.name-bad"}
RAN = {"cron.suspend", "cron.suspend-again", "cron.resume"}
OTHERS = {"templates.list-limit"}
OWN_UIDS = {"get.latest", "get.uid-right"}
# What stands in a node is the engine's business: the golden records are compared with that.
NODES = {
    f"get.{case}"
    for case in ("full", "fields-empty", "fields-exclude-node", "fields-status", "fields-nodes", "fields-one-node")
}

# Why the rest is not replayed, by the beginning of the id; the longest that fits counts.
NOT_REPLAYED = {
    "auth.": "it needs service accounts and their permissions: one token opens everything here",
    "archive.on-": "the archive of the recording holds the recorder's workflows: test_archive.py makes its own",
    "archive.cron-": "its times are those of the clock: tests/local/cron has its own",
    "artifact.": "its files are the recorder's: test_artifacts.py makes its own",
    "clients.": "a table of what two clients can do",
    "crash.": "the real server's crashes and its end by a signal: test_server.py and test_crash.py have their own",
    "create.": "the body is cut in the recording",
    "create.fate-": "how a workflow ended: the golden records are compared with that",
    "cron.": "what became of it as time went by, or a case of the recorder's clock: tests/local/cron",
    "delete.": "what became of it as time went by",
    "get.": "sizes and uids of the recording",
    "inject.": "the pods of a cluster: the golden records hold what workers get",
    "limits.": "the size limits of Kubernetes, which are not here",
    "list.": "the order depends on the second in which each finished, or it is a table of lags",
    "log.": "lines of the recorder's workflows: test_logs.py makes its own",
    "more.": "how a workflow ended, or a life of its own: the golden records are compared with that",
    "more.event-post": "the refusal of an unsigned webhook: without a token everybody on this machine may post",
    "more.events": "the events of Kubernetes: refused by name; v4.1.2's own stream breaks",
    "more.sensors": "Argo Events: refused by name",
    "more.sync": "changing limits over the API: refused by name",
    "ops.": "a state of the recorder's workflows in between: test_operations.py and the golden scenarios",
    "race.": "who wins differs; one of them is replayed for its counts",
    "submit.": "it needs more templates, or how a workflow ended",
    "templates.": "other templates of the recorder would be in the list",
    "watch.": "a life of the recorder's workflows: test_streams.py makes its own",
}
pytestmark = pytest.mark.skipif(not EXCHANGES, reason="the recordings are not here")


def replayable(*groups: str) -> list[dict[str, Any]]:
    """The exchanges of some groups, in the order of the recording: names are taken by earlier ones."""
    return [exchange for exchange in EXCHANGES if exchange["id"].split(".")[0] in groups and _can_be_replayed(exchange)]


def _can_be_replayed(exchange: dict[str, Any]) -> bool:
    request, response = exchange.get("request"), exchange.get("response")
    if not request or not response or "body" not in response:
        return False
    cut = isinstance(request.get("body"), dict) and "$cut" in request["body"]
    return not cut and ".fate-" not in exchange["id"] and exchange["id"] not in DIFFERENT


RACE = next((each["table"] for each in EXCHANGES if each["id"] == "race.retry"), [])


def recorded(exchange_id: str) -> dict[str, Any]:
    return next(exchange for exchange in EXCHANGES if exchange["id"] == exchange_id)


def steady(value: Any) -> Any:
    """Without what differs from run to run."""
    if isinstance(value, dict):
        kept = {key: steady(item) for key, item in value.items() if key not in VOLATILE}
        if "generateName" in kept and kept.get("name", "").startswith(kept["generateName"][:58]):
            kept["name"] = kept["generateName"]
        return kept
    if isinstance(value, list):
        return sorted((steady(item) for item in value), key=_name)
    return value


def _name(item: Any) -> str:
    """Lists of workflows are compared without their order: it depends on the second in which each finished."""
    return str(item["metadata"].get("name", "")) if isinstance(item, dict) and "metadata" in item else ""


def answers_alike(api: Any, exchange: dict[str, Any]) -> None:
    request, wanted = exchange["request"], exchange["response"]
    body = request.get("body")
    data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    answer = api(
        request["method"], request["path"], params=request.get("query"), headers=request.get("headers"), data=data
    )

    assert answer.status_code == wanted["status"], answer.text
    body = wanted["body"]
    if isinstance(body, str):
        assert answer.text == body
    elif not (isinstance(body, dict) and "$cut" in body) and request["method"] != "HEAD":
        assert steady(answer.json()) == steady(body)


def all_alike(api: Any, subtests: Any, exchanges: list[dict[str, Any]]) -> None:
    assert exchanges
    for exchange in exchanges:
        with subtests.test(exchange["id"]):
            answers_alike(api, exchange)


def test_without_an_archive(api: Any, subtests: Any) -> None:
    all_alike(
        api, subtests, [each for each in replayable("archive") if "-" not in each["id"] or each["id"] in NOT_ARCHIVED]
    )


@pytest.mark.parametrize("group", ["info", "create", "lint"])
def test_group(api: Any, subtests: Any, group: str) -> None:
    all_alike(api, subtests, replayable(group))


def test_templates_and_what_is_submitted_from_them(api: Any, subtests: Any) -> None:
    spec = {"entrypoint": "main", "templates": [{"name": "main", "suspend": {"duration": "0"}}]}
    for number in (0, 2, 3):
        template = {"metadata": {"name": f"api-tlag{number}"}, "spec": spec}
        assert api("POST", "/api/v1/workflow-templates/argo", json={"template": template}).ok

    cron = next(each for each in EXCHANGES if each["id"] == "cron.create")["request"]
    assert api("POST", cron["path"], json=cron["body"]).ok
    # Those that the recorder made without recording it would show up in the lists.
    templates = [each for each in replayable("templates") if each["id"] not in OTHERS]
    deletions = [each for each in templates if each["request"]["method"] == "DELETE"]
    all_alike(api, subtests, [each for each in templates if each not in deletions] + replayable("submit") + deletions)
    assert api("DELETE", "/api/v1/cron-workflows/argo/api-cron1").ok


def test_cron(api: Any, subtests: Any) -> None:
    all_alike(api, subtests, [each for each in replayable("cron") if each["id"] not in RAN])


def test_get(api: Any, subtests: Any) -> None:
    fan_out = recorded("get.full")["response"]["body"]
    api.create("api-g-fan", *fan_out["spec"]["templates"], labels={"api-test": "1"})
    api.wait("api-g-fan")
    all_alike(api, subtests, [each for each in replayable("get") if each["id"] not in OWN_UIDS | NODES])


LISTED = [*(f"api-li-{number}" for number in range(5)), "api-li-run"]


def started_together(api: Any) -> bool:
    """Make the workflows of the list, of which the last goes on running; whether they started within one second."""
    for number, name in enumerate(LISTED[:-1]):
        api.create(name, labels={"api-list": "1"}, annotations={"a": str(number)})
    api.create(LISTED[-1], {"name": "main", "suspend": {}}, labels={"api-list": "1"})
    made = [api.wait(name) for name in LISTED[:-1]]
    made.append(api.wait(LISTED[-1], lambda workflow: workflow["status"].get("phase")))
    return len({workflow["status"]["startedAt"] for workflow in made}) == 1


def test_list(api: Any, subtests: Any) -> None:
    # A list begins with those that started last; in the recording all of them started within one second.
    while not started_together(api):
        for name in LISTED:
            api("DELETE", f"/api/v1/workflows/argo/{name}")

    all_alike(api, subtests, [each for each in replayable("list") if each["id"] not in ORDER])


def test_what_cannot_be_done_to_a_missing_or_finished_workflow(api: Any, subtests: Any) -> None:
    spec = recorded("ops.resume-succeeded")["response"]["body"]["spec"]
    api.create("api-o-fin", *spec["templates"], labels={"api-test": "1"})
    api.create("api-o-fail", {"name": "main", "container": {"image": "alpine", "command": ["false"]}})
    for name in ("api-o-fin", "api-o-fail"):
        api.wait(name)

    all_alike(api, subtests, [recorded(exchange_id) for exchange_id in (*OPS_MISSING, *OPS_FINISHED)])


def test_set_and_resume_of_chosen_nodes(api: Any, subtests: Any) -> None:
    spec = recorded("ops.set-output")["response"]["body"]["spec"]
    api.create("api-o-set", *spec["templates"])
    api.wait("api-o-set", lambda workflow: len(workflow["status"].get("nodes") or ()) > 2)
    for case in OPS_SET:
        exchange = recorded(case)
        if case == "ops.set-bad-output":
            api.wait("api-o-set", lambda workflow: _shown(workflow, "gate2"))
        with subtests.test(case):
            if exchange["response"]["status"] == 200:
                assert api("PUT", exchange["request"]["path"], json=exchange["request"]["body"]).ok
            else:
                answers_alike(api, exchange)
    assert api("PUT", "/api/v1/workflows/argo/api-o-set/resume", json={"nodeFieldSelector": "displayName=gate2"}).ok
    api.wait("api-o-set")


def _shown(workflow: dict[str, Any], name: str) -> bool:
    return any(node["displayName"] == name for node in (workflow["status"].get("nodes") or {}).values())


def test_retry(api: Any, subtests: Any) -> None:
    spec = recorded("ops.retry-failed")["response"]["body"]["spec"]
    api.create("api-o-retry", *spec["templates"], labels={"api-test": "1"})
    for case in OPS_RETRY:
        api.wait("api-o-retry")
        exchange = recorded(case)
        with subtests.test(case):
            answer = api("PUT", exchange["request"]["path"], json=exchange["request"]["body"])
            wanted = exchange["response"]
            assert answer.status_code == wanted["status"], answer.text
            assert outline(answer.json()) == outline(wanted["body"])
    with subtests.test("at once"):
        api.wait("api-o-retry")
        api("PUT", "/api/v1/workflows/argo/api-o-retry/retry")
        answers_alike(api, recorded("ops.retry-running"))


def outline(body: dict[str, Any]) -> Any:
    """What a retry changes."""
    if "status" not in body:
        return body
    status = {key: body["status"].get(key) for key in ("phase", "message", "progress", "finishedAt")}
    nodes = {name: (node["phase"], sorted(node.get("children", ()))) for name, node in body["status"]["nodes"].items()}
    return body["metadata"]["labels"], body["spec"]["arguments"], status, nodes


def test_of_simultaneous_retries_one_wins(api: Any) -> None:
    api.create("api-race3", {"name": "main", "container": {"image": "alpine", "command": ["false"]}})
    api.wait("api-race3")

    def retry(_: int) -> tuple[int, str]:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.put(f"{api.url}/api/v1/workflows/argo/api-race3/retry", timeout=30)
        return answer.status_code, "" if answer.ok else answer.text

    with ThreadPoolExecutor(5) as pool:
        answers = Counter(pool.map(retry, range(5)))

    assert sorted(answers.items()) == sorted(((status, text), count) for (status, text), count in RACE)


def test_delete(api: Any, subtests: Any) -> None:
    for number in (1, 3, 4):
        api.create(f"api-d-{number}")
        api.wait(f"api-d-{number}")
    api.create("api-d-2", {"name": "main", "suspend": {}})

    all_alike(api, subtests, [recorded(exchange_id) for exchange_id in DELETIONS])


def test_more(api: Any, subtests: Any) -> None:
    api.create("api-m-f", {"name": "main", "container": {"image": "alpine", "command": ["false"]}})
    api.wait("api-m-f")

    all_alike(api, subtests, [recorded(exchange_id) for exchange_id in MORE])


@pytest.mark.parametrize("exchange_id", AUTH)
def test_tokens(exchange_id: str) -> None:
    exchange = recorded(exchange_id)

    refusal = Guard(nobody, "<TOKEN>").check(Headers(exchange["request"]["headers"]))

    wanted = exchange["response"]
    assert (refusal.status if refusal else 200) == wanted["status"]
    if refusal:
        assert {"code": refusal.number, "message": refusal.message} == wanted["body"]


async def nobody(*_: object) -> None:
    """Never asked here."""


@pytest.mark.parametrize("exchange_id", REFUSED_STREAMS)
def test_refused_streams(api: Any, exchange_id: str) -> None:
    if exchange_id.startswith("watch.double-equals"):
        api.create("api-li-run", {"name": "main", "suspend": {}})
    exchange = recorded(exchange_id)
    request, wanted = exchange["request"], exchange["response"]

    answer = api(request["method"], request["path"], params=request["query"], headers=request["headers"])

    assert answer.status_code == wanted["status"]
    pieces = wanted.get("chunks") or wanted["lines"]
    assert same_text(answer.text) == same_text("".join(text for _, text in pieces))


def same_text(text: str) -> Any:
    """What a stream said, whatever the order of its keys, and with the server's own versions left out."""
    framed = text.startswith("data: ") and text.endswith(" \n\n")
    message = json.loads(text.removeprefix("data: "))
    if "error" in message:
        message["error"]["message"] = re.sub(r"\(\d+\)$", "(N)", message["error"]["message"])
    return framed, message


def replayed() -> set[str]:
    """The ids of all that is replayed above."""
    chosen = replayable("info", "create", "lint", "templates", "submit", "cron", "get", "list")
    left_out = RAN | OTHERS | OWN_UIDS | NODES | ORDER
    archived = [each for each in replayable("archive") if "-" not in each["id"] or each["id"] in NOT_ARCHIVED]
    found = {each["id"] for each in (*chosen, *archived)} - left_out
    return found.union(
        *(OPS_MISSING, OPS_FINISHED, OPS_SET, OPS_RETRY, DELETIONS, MORE, AUTH, REFUSED_STREAMS),
        ("ops.retry-running", "race.retry"),
    )


def test_every_record_is_replayed_or_left_out_for_a_reason() -> None:
    known = {each["id"] for each in EXCHANGES}

    assert replayed() <= known
    assert set(DIFFERENT) <= known
    assert not replayed() & set(DIFFERENT)
    assert [each for each in known - replayed() - set(DIFFERENT) if not reason(each)] == []


def reason(exchange_id: str) -> str:
    """Why a record is not replayed, empty if nothing says so."""
    fitting = [start for start in NOT_REPLAYED if exchange_id.startswith(start)]
    return NOT_REPLAYED[max(fitting, key=len)] if fitting else ""
