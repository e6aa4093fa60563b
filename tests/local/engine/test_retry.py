"""retryStrategy: attempts, policies, limits and back-off."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine.messages import PodFinished, PodReport, PodStarted, Shutdown


def retried(strategy: str) -> str:
    return f"""
    entrypoint: again
    templates:
    - name: again
      retryStrategy: {strategy}
      container: {{image: x, command: [x], args: ["{{{{retries}}}} {{{{lastRetry.status}}}}"]}}
    """


class Attempts:
    """A worker that fails a number of times."""

    def __init__(self, failures: int, report: PodReport | None = None) -> None:
        self.failures = failures
        self.report = report or PodReport(exit_code=1)
        self.said: list[str] = []

    def __call__(self, pod) -> PodReport:
        self.said.append(pod.template["container"]["args"][0])
        return self.report if len(self.said) <= self.failures else PodReport(exit_code=0)


def test_attempts_hang_below_a_retry_node_and_know_the_last_one(world):
    worker = Attempts(2)
    run = world(retried("{limit: 3}"), worker).run()
    assert worker.said == ["0 ", "1 Failed", "2 Failed"]
    assert run.nodes[""]["type"] == "Retry"
    assert run.children("") == ["(0)", "(1)", "(2)"]
    assert run.nodes["(0)"]["nodeFlag"] == {"retried": True}
    assert (run.phase, run.status["progress"]) == ("Succeeded", "1/3")


def test_the_limit_counts_further_attempts(world):
    run = world(retried("{limit: 1}"), Attempts(5)).run()
    assert (run.phase, run.message, len(run.started)) == ("Failed", "No more retries left", 2)


@pytest.mark.parametrize(
    ("strategy", "report", "attempts"),
    [
        ("{limit: 1}", PodReport(exit_code=1), 2),
        ("{limit: 1}", PodReport(exit_code=None, error="pod deleted"), 1),
        ("{limit: 1, retryPolicy: OnError}", PodReport(exit_code=1), 1),
        ("{limit: 1, retryPolicy: OnError}", PodReport(exit_code=None, error="pod deleted"), 2),
        ("{limit: 1, retryPolicy: Always}", PodReport(exit_code=None, error="pod deleted"), 2),
        ("{limit: 1, retryPolicy: OnTransientError}", PodReport(exit_code=1), 1),
        ("{limit: 3, expression: \"lastRetry.exitCode == '7'\"}", PodReport(exit_code=7), 4),
        ('{limit: 3, expression: "asInt(retries) < 1"}', PodReport(exit_code=7), 2),
    ],
)
def test_policies(world, strategy, report, attempts):
    assert len(world(retried(strategy), Attempts(9, report)).run().started) == attempts


def test_back_off_grows_up_to_its_cap(world):
    run = world(retried("{limit: 3, backoff: {duration: 10, factor: 3, cap: 40s}}"), Attempts(2))
    run.run_until(lambda: run.nodes[""].get("message"))
    assert run.nodes[""]["message"] == "Backoff for 10 seconds"
    started = run.now
    run.run_until(lambda: "(1)" in run.nodes)
    assert 9 <= run.now - started <= 11
    run.run_until(lambda: run.nodes[""].get("message", "").startswith("Backoff for 30"))
    run.run()
    assert run.phase == "Succeeded"
    assert run.message == ""


def test_back_off_ends_with_its_longest_duration(world):
    run = world(retried("{limit: 9, backoff: {duration: 10, factor: 2, maxDuration: 25s}}"), Attempts(9)).run()
    assert (run.phase, run.message) == ("Failed", "Backoff would exceed max duration limit")
    assert len(run.started) == 2


def test_steps_can_be_retried_too(world, failing):
    spec = """
    templates:
    - name: main
      retryStrategy: {limit: 1}
      steps: [[{name: a, template: work}]]
    """
    run = world(spec, failing("x")).run()
    assert sorted(run.phases) == ["", "(0)", "(0)[0]", "(0)[0].a", "(1)", "(1)[0]", "(1)[0].a"]
    assert (run.phase, run.message) == ("Failed", "No more retries left")


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ('{limit: "{{nope}}"}', "value '{{nope}}' cannot be resolved to an int"),
        ('{limit: 2, backoff: {duration: "1", factor: "{{nope}}"}}', "value '{{nope}}' cannot be resolved to an int"),
        ("{limit: 2, backoff: {duration: x}}", 'unable to parse x as a duration: time: invalid duration "x"'),
    ],
)
def test_what_is_no_number_ends_the_retrying(world, strategy, message):
    run = world(retried(strategy), Attempts(9)).run()
    assert (run.phase, run.message) == ("Error", f"error in entry template execution: {message}")
    assert (run.nodes[""]["phase"], run.nodes[""]["message"]) == ("Error", message)


def test_a_back_off_that_grows_beyond_all_limits_waits_for_ever(world):
    strategy = '{limit: 50, backoff: {duration: "1", factor: 2000000000, cap: "1"}}'
    run = world(retried(strategy), Attempts(99)).run()
    assert (run.phase, len(run.started)) == ("Failed", 51)


@pytest.mark.parametrize("retry", ["", "retryStrategy: {limit: 1}"])
def test_a_timeout_that_is_none_ends_the_node(world, retry):
    run = world(f"""
    entrypoint: main
    templates: [{{name: main, {retry + "," if retry else ""} timeout: soon, container: {{image: x, command: [x]}}}}]
    """).run()
    message = 'invalid timeout format unable to parse soon as a duration: time: invalid duration "soon"'
    assert (run.phase, run.message) == ("Error", f"error in entry template execution: {message}")
    assert run.nodes["(0)" if retry else ""]["message"] == message


class TestWhatHasNotEndedBelow:
    """Argo starts one more attempt of what is decided, and nobody looks at that one."""

    HOOKED = """
    templates:
    - name: main
      {kind}
        - name: a
          template: again
          hooks:
            running: {{expression: '{tasks}.a.status == "Running"', template: work, arguments: {{}}}}
    - name: again
      retryStrategy: {{limit: 1}}
      container: {{image: x, command: [x], args: [fail]}}
    """

    def test_is_a_hook_of_a_step(self, world):
        run = world(self.HOOKED.format(kind="steps:\n      -", tasks="steps")).start()
        for attempt in range(3):
            node_id = run.nodes[f"[0].a({attempt})"]["id"]
            run.tell(PodStarted(node_id)).tell(PodFinished(node_id, PodReport(exit_code=1)))
        assert run.phases["[0].a.hooks.running"] == "Pending"
        assert (run.phases["[0].a(2)"], run.nodes["[0].a"]["message"]) == ("Failed", "No more retries left")
        assert "outputs" not in run.nodes["[0].a"]

    def test_but_a_task_waits_for_its_hooks(self, world, failing):
        run = world(self.HOOKED.format(kind="dag:\n        tasks:", tasks="tasks"), failing("fail")).run()
        assert run.children("a") == ["a(0)", "a(1)", "a.hooks.running"]
        assert (run.phase, run.nodes["a"]["message"]) == ("Failed", "No more retries left")


def test_a_stop_ends_what_waits_for_its_next_attempt(world):
    spec = """
    templates:
    - name: main
      dag:
        tasks: [{name: a, template: again}, {name: b, template: work, depends: a.Failed}]
    - name: again
      retryStrategy: {limit: 1, backoff: {duration: 1h}}
      container: {image: x, command: [x], args: [fail]}
    """
    run = world(spec, lambda pod: PodReport(exit_code=1))
    run.run_until(lambda: run.phases.get("a(0)") == "Failed")
    run.workflow["spec"]["shutdown"] = "Stop"
    run.tell(Shutdown("Stop"))
    assert run.nodes["a"]["message"] == "Stopped with strategy 'Stop'"
    assert run.nodes["b"]["message"] == "workflow shutdown with strategy: Stop"


def test_a_backoff_without_a_duration_is_refused_at_the_first_failure(world):
    run = world(retried("{limit: 1, backoff: {}}"), Attempts(5)).run()
    assert run.nodes[""]["message"] == "no base duration specified for retryStrategy"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2x", 'unknown unit "x" in duration "2x"'),
        ("1s2", 'missing unit in duration "1s2"'),
        ("x", 'invalid duration "x"'),
        ("1m.s", 'invalid duration "1m.s"'),
    ],
)
def test_a_duration_that_is_none_is_named_as_go_does(world, text, problem):
    run = world(retried(f"{{limit: 1, backoff: {{duration: {text}}}}}"), Attempts(5)).run()
    assert run.nodes[""]["message"] == f"unable to parse {text} as a duration: time: {problem}"
