from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.errors import NotSupportedError
from airflow_argo.local.engine.messages import PodEvent, PodFinished, PodReport, PodStarted
from airflow_argo.local.execution import ProcessExecutor
from airflow_argo.local.execution.images import Entrypoint
from airflow_argo.local.execution.isolation import Isolation

pytestmark = pytest.mark.asyncio(loop_scope="module")

Template = dict[str, Any]
IGNORES_SIGTERM = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


def container(*command: str, **more: Any) -> Template:
    return {"name": "work", "container": {"image": "alpine", "command": list(command), **more}}


def shell(text: str, outputs: dict[str, str] | None = None, **more: Any) -> Template:
    """A container that runs the text as it is: Kubernetes makes ``$`` of ``$$``."""
    return with_outputs(container("sh", "-c", text.replace("$", "$$"), **more), outputs or {})


def script(source: str, *command: str, **more: Any) -> Template:
    return {"name": "work", "script": {"image": "python:3.12", "command": list(command), "source": source, **more}}


def with_outputs(template: Template, outputs: dict[str, str]) -> Template:
    parameters = [{"name": name, "valueFrom": {"path": path}} for name, path in outputs.items()]
    return {**template, "outputs": {"parameters": parameters}}


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def working_directory(pid: int) -> Path:
    return Path(f"/proc/{pid}/cwd").readlink()


def exists(path: Path | str) -> bool:
    return Path(path).exists()


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")


class TestOutcome:
    @pytest.mark.parametrize(
        ("text", "exit_code"),
        [
            ("true", 0),
            ("exit 3", 3),
            ("exit 300", 44),
            ("kill -9 $$", 137),
            ("kill -15 $$", 143),
            ("no-such-command-here 2>/dev/null", 127),
        ],
    )
    async def test_exit_code_is_that_of_the_main_process(self, bench, text, exit_code):
        assert await bench.run(shell(text)) == PodReport(exit_code=exit_code)

    async def test_the_start_is_told_before_the_end(self, bench):
        await bench.run(shell("true"))
        assert [type(event) for event in bench.told] == [PodStarted, PodFinished]
        assert {event.node_id for event in bench.told} == {"one"}

    async def test_start_returns_when_the_worker_runs(self, bench):
        await bench.start(shell("sleep 5"))
        assert bench.told == [PodStarted("one")]

    @pytest.mark.parametrize(
        ("command", "error"),
        [
            ("nope", 'failed to find name in PATH: exec: "nope": executable file not found in $PATH'),
            ("/nope", 'failed to find name in PATH: exec: "/nope": stat /nope: no such file or directory'),
            ("/etc/passwd", 'failed to find name in PATH: exec: "/etc/passwd": permission denied'),
            ("/etc", 'failed to find name in PATH: exec: "/etc": is a directory'),
        ],
    )
    async def test_an_unknown_program_is_exit_code_64_in_argos_words(self, bench, command, error):
        assert await bench.run(container(command)) == PodReport(exit_code=64, error=error)
        assert not any(isinstance(event, PodStarted) for event in bench.told)

    async def test_a_program_is_called_by_its_path(self, bench):
        await bench.run(shell("echo $0"))
        assert bench.log()[0].endswith("/sh")

    async def test_a_program_that_the_kernel_cannot_execute(self, bench):
        with tempfile.NamedTemporaryFile(dir="/var/tmp") as program:
            program.write(b"\0nothing")
            program.flush()
            os.fchmod(program.fileno(), 0o755)
            report = await bench.run(container(program.name))
        assert report.exit_code == 64
        assert report.error.startswith(f"failed to start command: fork/exec {program.name}: ")

    @pytest.mark.parametrize(
        ("template", "named"),
        [
            ({"name": "work", "resource": {"action": "get"}}, "template work"),
            ({**container("true"), "sidecars": [{"name": "s", "image": "nobody/knows"}]}, "'nobody/knows'"),
            (container("true", volumeMounts=[{"name": "v", "mountPath": "/v"}]), "volumeMounts v"),
            ({"name": "work", "container": {"image": "nobody/knows:1"}}, "'nobody/knows:1'"),
            (container("true", env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]), "secretKeyRef"),
            (container("true", envFrom=[{"configMapRef": {"name": "s"}}]), "configMapRef"),
        ],
    )
    async def test_what_is_not_supported_is_refused_by_name(self, bench, template, named):
        report = await bench.run(template)
        assert report.exit_code is None
        assert named in report.error

    async def test_a_key_that_runs_cannot_be_started_again_until_it_has_ended(self, bench):
        await bench.start(shell("sleep 0.05"))
        with pytest.raises(ValueError, match="runs already"):
            await bench.start(shell("true"))
        await bench.finished()
        bench.told.clear()
        assert (await bench.run(shell("exit 7"))).exit_code == 7

    async def test_an_end_may_start_the_same_pod_again(self, bench):
        again: list[asyncio.Task[Any]] = []

        def tell(event: PodEvent) -> None:
            bench.tell(event)
            if isinstance(event, PodFinished) and not again:
                again.append(asyncio.ensure_future(bench.start(shell("true"))))

        pod = bench.pod(shell("exit 1"))
        await bench.executor.start(pod, tell)
        await until(lambda: sum(isinstance(event, PodFinished) for event in bench.told) == 2)
        await again[0]


class TestCommand:
    async def test_what_reaches_the_process(self, bench):
        template = container(
            "sh",
            "-c",
            'for a in "$@"; do printf "<%s>" "$a"; done; echo; echo "$GREETING $LATER"; pwd',
            "zero",
            args=["$(GREETING)", "$$(GREETING)", "$(MISSING)", "$HOME", "a b", "", "*"],
            workingDir="/tmp",
            env=[
                {"name": "WHO", "value": "you"},
                {"name": "GREETING", "value": "hello $(WHO)"},
                {"name": "LATER", "value": "$(NOTYET)"},
                {"name": "NOTYET", "value": "x"},
            ],
        )
        await bench.run(template)
        first, second, directory = bench.log()
        assert first == "<hello you><$(GREETING)><$(MISSING)><$HOME><a b><><*>"
        assert second == "hello you $(NOTYET)"
        assert directory.endswith("/tmp")

    @pytest.mark.parametrize("command", [("sh",), ("sh", "-c"), ("python",), ("python3",), ("bash",)])
    async def test_a_script_is_the_last_argument_byte_for_byte(self, bench, command):
        python = command[0].startswith("python")
        source = "import sys; print(open(sys.argv[0]).read())" if python else 'echo "$(cat "$0")"'
        await bench.run(script(source, *command))
        assert bench.log()[0] == source

    async def test_python_is_the_servers_own_interpreter(self, bench):
        await bench.run(script("import sys; print(sys.prefix)", "python"))
        assert bench.log() == [sys.prefix]

    async def test_an_image_without_command_runs_its_entrypoint(self, bench):
        template = {"name": "work", "container": {"image": "argoproj/argosay:v2", "args": ["echo", "hi", "/tmp/said"]}}
        report = await bench.run(with_outputs(template, {"said": "/tmp/said"}))
        assert report == PodReport(exit_code=0, parameters={"said": "hi"})

    async def test_own_entrypoints(self, make_bench):
        bench = make_bench(images={"mine": Entrypoint(("echo", "entry"), ("cmd",))})
        await bench.run({"name": "work", "container": {"image": "example.com/team/mine:1"}})
        assert bench.log() == ["entry cmd"]

    async def test_an_argument_too_long_for_the_system_comes_in_a_file(self, bench):
        text = "0123456789" * 14_000
        report = await bench.run(container("sh", "-c", 'cat "${1#@}" | wc -c', "sh", text), result=True)
        assert report.exit_code == 0
        assert report.result is not None
        assert int(report.result) == len(text)

    async def test_working_directory_of_this_machine(self, bench):
        await bench.run(shell("pwd", workingDir="/usr"))
        assert bench.log() == ["/usr"]

    @pytest.mark.parametrize("directory", ["/tmp", "/tmp/sub/dir", "/app", "/usr/no/such"])
    async def test_relative_outputs_are_found_in_the_working_directory(self, bench, directory):
        template = shell("echo 1 >value; pwd", {"v": "value", "whole": f"{directory}/value"}, workingDir=directory)
        assert await bench.run(template) == PodReport(exit_code=0, parameters={"v": "1", "whole": "1"})

    async def test_working_directory_that_only_the_image_would_have(self, bench):
        report = await bench.run(shell("echo 1 >x", {"x": "x", "same": "/no/such/app/x"}, workingDir="/no/such/app"))
        assert report.parameters == {"x": "1", "same": "1"}


class TestEnvironment:
    async def test_nothing_of_the_servers_environment_leaks(self, make_bench, monkeypatch):
        monkeypatch.setenv("CANARY_PASSWORD", "s3cret")
        bench = make_bench()
        report = await bench.run(shell("env | cut -d= -f1 | sort | xargs"), result=True)
        names = set((report.result or "").split())
        assert names <= {
            "PATH", "HOME", "HOSTNAME", "LANG", "TZ", "TMPDIR", "PWD", "SHLVL", "_", "OLDPWD",
            "ARGO_CONTAINER_NAME", "ARGO_NODE_ID", "ARGO_INCLUDE_SCRIPT_OUTPUT", "ARGO_DEADLINE",
            "ARGO_WORKFLOW_NAME", "ARGO_POD_UID", "ARGO_PROGRESS_FILE", "LD_LIBRARY_PATH",
        }  # fmt: skip
        assert {"PATH", "HOME", "ARGO_NODE_ID"} <= names

    @needs_proc
    async def test_nor_can_it_be_read_from_the_process_that_starts_workers(self, make_bench, monkeypatch):
        monkeypatch.setenv("CANARY_PASSWORD", "s3cret")
        bench = make_bench()
        report = await bench.run(shell("tr '\\0' '\\n' </proc/$PPID/environ | grep -c CANARY"), result=True)
        assert report.result == "0"

    async def test_variables_given_on_purpose(self, make_bench):
        bench = make_bench(environment={"HTTPS_PROXY": "http://proxy"})
        assert (await bench.run(shell("echo $HTTPS_PROXY"), result=True)).result == "http://proxy"

    async def test_argos_own(self, bench):
        text = "echo $ARGO_WORKFLOW_NAME $ARGO_NODE_ID $ARGO_CONTAINER_NAME $ARGO_DEADLINE $ARGO_INCLUDE_SCRIPT_OUTPUT"
        await bench.run(shell(text), deadline=4102444800.9)
        assert bench.log() == ["wf one main 2100-01-01T00:00:00Z false"]


class TestOutputs:
    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("echo 42 >/tmp/value", "/tmp/value"),
            ("mkdir /tmp/a; echo 42 >/tmp/a/value.txt", "/tmp/a/value.txt"),
            ("echo 42 >value.txt", "value.txt"),
            ("echo 42 >result.txt", "/result.txt"),
            ("echo 42 >/result.txt", "/result.txt"),
            ("mkdir -p /mnt/out; echo 42 >/mnt/out/x", "/mnt/out/x"),
            ("echo 42 >/mnt/x", "/mnt/x"),
            ("mkdir -p /no/such/out; cd /no/such/out; echo 42 >x", "/no/such/out/x"),
            ("sh -c 'echo 42 >\"/tmp/quoted\"'", "/tmp/quoted"),
            ("echo 42 >/usr/x-of-a-test", "/usr/x-of-a-test"),
        ],
    )
    async def test_where_they_are_found(self, bench, text, path):
        assert await bench.run(shell(text, {"v": path})) == PodReport(exit_code=0, parameters={"v": "42"})

    async def test_a_path_in_a_variable_and_in_a_script(self, bench):
        source = "import os; open('/tmp/a','w').write('1'); open(os.environ['OUT'],'w').write('2')"
        template = script(source, "python", env=[{"name": "OUT", "value": "/out/b"}])
        template["outputs"] = {"parameters": [{"name": p[-1], "valueFrom": {"path": p}} for p in ("/tmp/a", "/out/b")]}
        bench_report = await bench.run(template)
        assert bench_report.exit_code == 1, "nobody made /out"
        template["script"]["source"] = "import os; os.makedirs('/out');" + source
        bench.told.clear()
        assert (await bench.run(template)).parameters == {"a": "1", "b": "2"}

    @pytest.mark.parametrize(
        ("written", "value"), [("a\n\n", "a\n"), ("a", "a"), ("", ""), ("\n", ""), ("a\r\n", "a\r")]
    )
    async def test_one_newline_is_removed(self, bench, written, value):
        template = with_outputs(container("printf", "%s", written), {})
        report = await bench.run(template, result=True)
        assert report.result == value
        bench.told.clear()
        report = await bench.run(
            with_outputs(container("sh", "-c", 'printf %s "$1" >/tmp/v', "sh", written), {"v": "/tmp/v"})
        )
        assert report.parameters == {"v": value}

    async def test_a_missing_file_is_told_in_argos_words(self, bench):
        report = await bench.run(shell("echo nothing written", {"v": "/tmp/v", "r": "sub/r"}))
        assert report == PodReport(
            exit_code=0,
            unreadable={
                "v": "open /var/run/argo/outputs/parameters/tmp/v: no such file or directory",
                "r": "open /var/run/argo/outputs/parameters/sub/r: no such file or directory",
            },
        )

    async def test_they_are_collected_from_a_failed_worker_too(self, bench):
        report = await bench.run(shell("echo partial >/tmp/v; exit 2", {"v": "/tmp/v"}))
        assert report == PodReport(exit_code=2, parameters={"v": "partial"})

    async def test_each_pod_has_its_own_files(self, make_bench):
        bench = make_bench(max_pods=8)
        template = shell("sleep 0.02; echo $ARGO_NODE_ID >/tmp/num", {"v": "/tmp/num"})
        reports = await asyncio.gather(*(bench.run(template, f"n{i}") for i in range(8)))
        assert [report.parameters["v"] for report in reports] == [f"n{i}" for i in range(8)]

    async def test_a_value_of_a_megabyte(self, bench):
        report = await bench.run(shell("head -c 1048576 /dev/zero | tr '\\0' x >/tmp/v", {"v": "/tmp/v"}))
        assert report.parameters == {"v": "x" * 1_048_576}

    async def test_a_larger_value_is_refused(self, bench):
        report = await bench.run(shell("head -c 1048577 /dev/zero >/tmp/v", {"v": "/tmp/v"}))
        assert "larger than 1048576 bytes" in report.unreadable["v"]

    async def test_bytes_that_are_no_text(self, bench):
        report = await bench.run(shell("printf 'a\\377\\342\\202z' | tee /tmp/v", {"v": "/tmp/v"}), result=True)
        assert report.parameters == {"v": "a\ufffd\ufffd\ufffdz"}
        assert report.result == "a\ufffd\ufffd\ufffdz"

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("ln -s /etc/passwd /tmp/v", "leads out of the pod's directories"),
            ("ln -s ../../../../../../../../etc/passwd /tmp/v", "leads out of the pod's directories"),
            ("ln -s /nowhere /tmp/v", "no such file or directory"),
            ("mkfifo /tmp/v", "is not a regular file"),
            ("ln -s v /tmp/v", "too many levels of symbolic links"),
        ],
    )
    async def test_what_a_worker_plants_is_not_followed(self, bench, text, reason):
        report = await bench.run(shell(text, {"v": "/tmp/v"}))
        assert report.unreadable == {"v": f"open /var/run/argo/outputs/parameters/tmp/v: {reason}"}

    async def test_a_directory_cannot_be_copied_and_main_fails_with_that(self, bench):
        report = await bench.run(shell("mkdir /tmp/v; exit 3", {"v": "/tmp/v"}))
        copy = "/var/run/argo/outputs/parameters//tmp/v"
        problem = f"failed to copy /tmp/v to {copy}: write {copy}: copy_file_range: is a directory"
        assert report == PodReport(exit_code=64, error=problem, parameters={"v": ""})

    async def test_there_is_a_place_for_the_progress(self, bench):
        assert (await bench.run(shell('set -e; echo 1/2 >"$ARGO_PROGRESS_FILE"'))).exit_code == 0

    async def test_a_directory_turned_link_is_not_followed(self, bench):
        report = await bench.run(shell("ln -s /etc d", {"v": "d/passwd"}))
        assert "leads out" in report.unreadable["v"]

    async def test_a_link_within_the_pod_is_followed(self, bench):
        report = await bench.run(shell("echo 1 >a; ln -s a v; mkdir d; ln -s ../a d/b", {"v": "v", "b": "/d/b"}))
        assert report.parameters == {"v": "1", "b": "1"}

    async def test_dots_do_not_lead_out(self, bench):
        report = await bench.run(shell("true", {"v": "../../../../../../../../etc/passwd", "w": "/../../etc/passwd"}))
        assert report.parameters == {}
        assert set(report.unreadable) == {"v", "w"}


class TestPrivateTmp:
    @pytest.fixture(autouse=True)
    def _only_there(self, isolation):
        if isolation is not Isolation.PRIVATE_TMP:
            pytest.skip("only with a private /tmp")

    async def test_it_is_empty_and_unshared(self, bench):
        assert (await bench.run(shell("ls -A /tmp; touch /tmp/mine-of-a-test; ls /tmp"), result=True)).result == (
            "mine-of-a-test"
        ) or str(Path.cwd()).startswith("/tmp")
        assert not exists("/tmp/mine-of-a-test")

    async def test_links_into_it_are_followed(self, bench):
        report = await bench.run(shell("echo 1 >/tmp/a; ln -s /tmp/a /tmp/b", {"b": "/tmp/b"}))
        assert report.parameters == {"b": "1"}

    async def test_what_the_server_stands_on_stays_visible(self, make_bench, tmp_path, monkeypatch):
        bench = make_bench()
        project = tmp_path / "project"
        project.mkdir()
        (project / "file").write_text("of the project")
        monkeypatch.chdir(project)
        assert (await bench.run(shell(f"cat {project}/file; echo new >{project}/new"), result=True)).result == (
            "of the project"
        )
        assert (project / "new").read_text() == "new\n"
        await bench.executor.close()
        assert (project / "file").exists()


async def test_isolation_that_the_machine_refuses_is_an_error(tmp_path, refusal):
    if not refusal:
        pytest.skip("this machine allows it")
    executor = ProcessExecutor(tmp_path, isolation=Isolation.PRIVATE_TMP)
    with pytest.raises(NotSupportedError, match="private /tmp"):
        await executor.start(None, print)  # type: ignore[arg-type]
    await executor.close()


class TestResult:
    async def test_it_is_standard_output_alone_and_only_if_wanted(self, bench):
        report = await bench.run(shell("echo out; echo err >&2"), result=True)
        assert report.result == "out"
        assert sorted(bench.log()) == ["err", "out"]
        bench.told.clear()
        assert (await bench.run(shell("echo out"))).result is None

    async def test_the_last_256_kib_are_kept(self, bench):
        report = await bench.run(script("print('a' * 400_000 + 'b' * 262_143 + 'c')", "python"), result=True)
        assert report.result == "b" * 262_143 + "c"

    async def test_background_processes_do_not_hold_the_pod(self, bench):
        begin = time.monotonic()
        report = await bench.run(shell("sleep 30 & echo done"), result=True)
        assert report == PodReport(exit_code=0, result="done")
        assert time.monotonic() - begin < 5

    async def test_background_processes_have_a_moment_to_finish_their_output(self, bench):
        report = await bench.run(shell("(sleep 0.5; echo late; sleep 1; echo too late) & echo early"), result=True)
        assert report.result == "early\nlate"

    async def test_a_worker_is_looked_at_once_a_second_while_its_background_processes_run(self, bench):
        begin = time.monotonic()
        await bench.run(shell("(sleep 0.5; echo late; sleep 30) & echo early"))
        assert bench.log() == ["early", "late"]
        assert 0.9 < time.monotonic() - begin < 5


@needs_proc
class TestNothingSurvives:
    async def test_a_background_process(self, bench):
        report = await bench.run(shell("sleep 30 >/dev/null 2>&1 & echo $!"), result=True)
        await until(lambda: not alive(int(report.result or 0)))

    @pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
    @pytest.mark.parametrize("start", ["setsid sleep 30 &", "setsid sh -c 'setsid sleep 30 & wait' &"])
    async def test_a_daemon_that_left_the_process_group(self, bench, start):
        mark = f"{time.time_ns()}"
        await bench.run(shell(f"{start} sleep 0.05", env=[{"name": "MARK", "value": mark}]))
        await until(lambda: not _processes_with(mark))

    async def test_a_daemon_lives_as_long_as_its_pod(self, bench):
        text = "setsid sh -c 'sleep 0.05; echo alive' & (sleep 0 &); sleep 0.12; wait"
        await bench.run(shell(text))
        assert bench.log() == ["alive"]

    async def test_close_kills_what_ignores_sigterm_and_removes_all_but_the_logs(self, make_bench, tmp_path):
        bench = make_bench()
        await bench.start(shell(f"echo $$; {IGNORES_SIGTERM}"))
        await bench.logged("ready")
        pid = int(bench.log()[0])
        directory = working_directory(pid)
        await bench.executor.close()
        await until(lambda: not alive(pid))
        assert not exists(directory)
        assert bench.report() is None
        assert bench.log()[1:] == ["ready"]
        files = [path for path in (tmp_path / "root-0").rglob("*") if path.is_file()]
        assert sorted(path.name for path in files) == ["pod-one.log", "pod-one.log.times"]

    async def test_directories_that_a_worker_locked(self, make_bench):
        bench = make_bench()
        report = await bench.run(shell("pwd; mkdir -p a/b; touch a/b/c; chmod 0 a/b a"), result=True)
        directory = Path(report.result or "")
        await bench.executor.close()
        assert not exists(directory)


def _processes_with(mark: str) -> list[Path]:
    return [process for process in Path("/proc").glob("[0-9]*") if f"MARK={mark}".encode() in _environment(process)]


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


class TestStop:
    async def test_sigterm_reaches_the_whole_group(self, bench):
        pod = await bench.start(shell("sleep 30 & echo ready; wait; echo never"))
        await bench.logged("ready")
        await bench.executor.stop(pod.key)
        assert (await bench.finished()).exit_code == 143

    async def test_a_worker_may_clean_up(self, bench):
        pod = await bench.start(
            shell("trap 'echo saved >/tmp/v; exit 5' TERM; echo ready; sleep 30 & wait", {"v": "/tmp/v"})
        )
        await bench.logged("ready")
        await bench.executor.stop(pod.key)
        assert await bench.finished() == PodReport(exit_code=5, parameters={"v": "saved"})

    async def test_what_ignores_sigterm_is_killed_after_the_grace_period(self, make_bench):
        bench = make_bench(grace_seconds=0.05)
        pod = await bench.start(shell(IGNORES_SIGTERM))
        await bench.logged("ready")
        await bench.executor.stop(pod.key)
        await bench.executor.stop(pod.key)
        assert (await bench.finished()).exit_code == 137

    async def test_of_what_is_not_there_is_nothing(self, bench):
        pod = bench.pod(shell("true"))
        await bench.executor.stop(pod.key)
        assert bench.told == []

    async def test_while_it_is_starting(self, bench):
        pod = bench.pod(shell("sleep 30"))
        starting = asyncio.ensure_future(bench.executor.start(pod, bench.tell))
        await asyncio.sleep(0)
        await bench.executor.stop(pod.key)
        report = await bench.finished()
        assert report.exit_code in (None, 143)
        await starting


class TestDeadline:
    async def test_a_worker_is_killed_when_its_time_is_over(self, bench):
        await bench.run(shell("true"), "first")
        report = await bench.run(shell("sleep 30"), active_seconds=0.15)
        started = PodStarted("one") in bench.told  # A very busy machine may not get that far.
        assert report == PodReport(exit_code=143 if started else None, deadline_exceeded=True)

    async def test_a_worker_that_ends_in_time_is_not_touched(self, bench):
        report = await bench.run(shell("true"), deadline=time.time() + 30, active_seconds=30)
        assert report == PodReport(exit_code=0)

    async def test_its_time_counts_from_its_start(self, make_bench):
        bench = make_bench(max_pods=1)
        await bench.start(shell("sleep 0.6"), "first")
        await bench.start(shell("true"), "second", active_seconds=0.5)
        assert await bench.finished("second") == PodReport(exit_code=0)

    async def test_at_another_deadline_it_is_stopped_as_by_a_person(self, bench):
        await bench.run(shell("true"), "first")
        report = await bench.run(shell("sleep 30"), deadline=time.time() + 0.5, active_seconds=60)
        assert report == PodReport(exit_code=143)

    async def test_that_of_the_workflow_is_one_of_the_pod_too(self, bench):
        report = await bench.run(shell("sleep 30"), deadline=time.time() + 0.3, active_seconds=0.9)
        assert report.deadline_exceeded


class TestQueue:
    async def test_pods_over_the_limit_wait_first_come_first_served(self, make_bench):
        bench = make_bench(max_pods=2)
        names = [f"n{i}" for i in range(6)]
        for name in names:
            await bench.start(shell("sleep 0.03"), name)
        for name in names:
            await bench.finished(name)
        assert [event.node_id for event in bench.told if isinstance(event, PodStarted)] == names
        assert _most_at_once(bench.told) == 2

    async def test_one_that_waits_is_stopped_without_ever_running(self, make_bench):
        bench = make_bench(max_pods=1)
        await bench.start(shell("sleep 0.05"), "first")
        waiting = await bench.start(shell("true"), "second")
        await bench.start(shell("true"), "third")
        await bench.executor.stop(waiting.key)
        assert bench.report("second") == PodReport(exit_code=None)
        assert (await bench.finished("third")).exit_code == 0
        assert PodStarted("second") not in bench.told

    async def test_a_pod_that_cannot_start_gives_its_place_to_the_next(self, make_bench):
        bench = make_bench(max_pods=1)
        await asyncio.gather(*(bench.start(container("nope"), f"bad{i}") for i in range(3)), bench.start(shell("true")))
        assert (await bench.finished()).exit_code == 0

    async def test_two_hundred_at_once(self, make_bench):
        bench = make_bench(max_pods=200)
        template = shell("echo $ARGO_NODE_ID; echo $ARGO_NODE_ID >/tmp/v; sleep 0.5", {"v": "/tmp/v"})
        reports = await asyncio.gather(*(bench.run(template, f"n{i}", result=True) for i in range(200)))
        expected = [PodReport(exit_code=0, parameters={"v": f"n{i}"}, result=f"n{i}") for i in range(200)]
        assert reports == expected
        assert all(bench.log(f"n{i}") == [f"n{i}"] for i in range(200))


def _most_at_once(told: list[PodEvent]) -> int:
    running = most = 0
    for event in told:
        running += 1 if isinstance(event, PodStarted) else -1
        most = max(most, running)
    return most


class TestLogs:
    async def test_stdout_and_stderr_in_the_order_they_were_written(self, bench):
        await bench.run(shell("echo 1; echo 2 >&2; echo 3"))
        assert bench.log() == ["1", "2", "3"]

    async def test_a_new_pod_of_the_same_name_begins_a_new_log(self, bench):
        await bench.run(shell("echo old"))
        bench.told.clear()
        await bench.run(shell("true"))
        assert bench.log() == []

    async def test_it_is_bounded_and_the_worker_goes_on(self, make_bench):
        bench = make_bench(max_log_bytes=10_000)
        report = await bench.run(shell("yes | head -c 5000000; echo end >/tmp/v", {"v": "/tmp/v"}))
        assert report.parameters == {"v": "end"}
        assert bench.log()[-1] == "[the log is cut here: it is larger than 10000 bytes]"
        assert bench.executor.logs.path(bench.uid, "pod-one").stat().st_size < 10_200

    async def test_following_ends_with_the_pod(self, bench):
        await bench.start(shell("for i in 1 2 3; do echo $i; sleep 0.02; done; printf end"))
        followed = bench.executor.logs.follow_timed(bench.uid, "pod-one")
        assert [line async for _, line in followed] == ["1", "2", "3", "end"]

    async def test_hostile_names_stay_below_the_root(self, bench):
        path = bench.executor.logs.path("../../etc", "../passwd")
        assert path.parent.parent.parent == bench.executor.logs.path(bench.uid, "pod").parent.parent.parent
        assert ".." not in path.parts

    async def test_deleting_those_of_a_workflow(self, bench):
        await bench.run(shell("echo 1"))
        bench.executor.logs.delete(bench.uid)
        assert bench.log() == []


class TestClosed:
    async def test_nothing_starts_any_more(self, make_bench):
        bench = make_bench()
        await bench.run(shell("true"))
        await bench.executor.close()
        await bench.executor.close()
        with pytest.raises(ValueError, match="closed"):
            await bench.start(shell("true"))

    async def test_an_executor_that_never_started_anything_leaves_nothing(self, make_bench, tmp_path):
        bench = make_bench()
        await bench.executor.close()
        assert list(tmp_path.iterdir()) == []
