"""What the operators share: one workflow for each task attempt, awaited, its results handed on."""

from __future__ import annotations

import math
import re
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, TypeAlias, get_args

from airflow.sdk import BaseOperator, conf
from airflow.sdk.exceptions import AirflowTaskTimeout

from airflow_argo.argo.errors import (
    ArgoError,
    ManifestError,
    WorkflowGoneError,
)
from airflow_argo.attachment import RETRY_MODES, Attempt, RetryMode
from airflow_argo.hooks.argo import DEFAULT_CONN_ID, ArgoHook
from airflow_argo.links import ArgoWorkflowLink
from airflow_argo.operators.attempts import (
    attempt_of,
    clusters_limit,
    deadline,
    known_before,
    note,
)
from airflow_argo.operators.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    import jinja2
    from airflow.sdk import BaseOperatorLink, Context

    from airflow_argo.argo.api import Call
    from airflow_argo.argo.client import ArgoClient
    from airflow_argo.argo.waiting import Observer
    from airflow_argo.hooks.settings import Settings

OnKill: TypeAlias = Literal["stop", "terminate", "leave"]

BEFORE_DEFERRING = 5.0
"""Seconds that a deferrable task waits on the worker, so that short workflows never reach the triggerer."""

_SILENCE = 20.0
"""Seconds that the server may be silent before a small answer."""

_EYE = 0.5
"""Seconds between two thoughts of whether the task is still wanted."""

_ONE_PARAM = re.compile(r"\{\{\s*params\.([A-Za-z_]\w*)\s*\}\}")


class ArgoOperator(BaseOperator):
    """Submits one workflow for each task attempt, waits for it, and hands its results on.

    XComs: ``return_value``, the workers' results in item order; ``workers``, a row for each worker; ``workflow``, its
    name, uid, namespace, phase, link, duration and connection. They are there before a failure is raised.

    :param argo_conn_id: id of a connection of type ``argo``.
    :param namespace: where the workflow runs; empty: the connection's. (templated)
    :param parameters: values for workflow parameters; lists and dicts go over the wire as JSON. (templated)
    :param forward_params: whether the DAG's params fill the workflow parameters of the same name.
    :param labels: labels of the workflow. (templated)
    :param annotations: annotations of the workflow. (templated)
    :param service_account: the Kubernetes service account that the pods run as.
    :param deferrable: whether to wait in the triggerer; Airflow's ``[operators] default_deferrable`` if not given.
    :param poll_interval: seconds between two looks at the workflow's status.
    :param retry_mode: what a retry does after the workflow has failed: ``failed_nodes`` runs only these again,
        ``fresh`` starts a new workflow.
    :param on_kill: what becomes of the workflow when the task is ended: ``stop`` (exit handlers still run),
        ``terminate``, or ``leave`` it running.
    :param log_lines: how many of the last log lines to show of a failed worker.
    :param max_xcom_bytes: the size of the results above which they are refused, unless a custom XCom backend is set.
    :param pending_timeout: how long each pod may wait for its start, for a place to run or for its image; kept by Argo,
        from 4.1 on.
    """

    template_fields: Sequence[str] = ("namespace", "parameters", "labels", "annotations")
    template_fields_renderers: ClassVar[dict[str, str]] = {"parameters": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = (ArgoWorkflowLink(),)
    ui_color = "#ef7b4d"

    results_are_json: ClassVar[bool] = False
    """Whether every worker's result has to be JSON."""
    counted: ClassVar[str] = "pods"
    """What the log calls that whose progress it tells."""

    def __init__(
        self,
        *,
        argo_conn_id: str = DEFAULT_CONN_ID,
        namespace: str = "",
        parameters: Mapping[str, Any] | None = None,
        forward_params: bool = True,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        service_account: str = "",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 5.0,
        retry_mode: RetryMode = "failed_nodes",
        on_kill: OnKill = "stop",
        log_lines: int = 20,
        max_xcom_bytes: int = 8 * 1024 * 1024,
        pending_timeout: timedelta | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _one_of("retry_mode", retry_mode, RETRY_MODES)
        _one_of("on_kill", on_kill, get_args(OnKill))
        self.argo_conn_id = argo_conn_id
        self.namespace = namespace
        self.parameters = parameters
        self.forward_params = forward_params
        self.labels = labels
        self.annotations = annotations
        self.service_account = service_account
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.retry_mode: RetryMode = retry_mode
        self.on_kill_action: OnKill = on_kill
        self.log_lines = log_lines
        self.max_xcom_bytes = max_xcom_bytes
        self.pending_timeout = pending_timeout
        self.workflow_link = ""
        self._running: tuple[str, str] | None = None
        self._ending: Ending | None = None

    @abstractmethod
    def make_manifest(self, context: Context) -> dict[str, Any]:
        """The workflow to run, without a name; a plain dict in Argo's vocabulary."""

    def steps_before_workers(self) -> int:
        """How many steps of the workflow run before its workers do."""
        return 0

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render as Airflow does, except that a text which is one param and nothing else gives it with its type.

        Jinja would make the text ``"['a']"`` of a list, which is no JSON.
        """
        only = _ONE_PARAM.fullmatch(content.strip()) if isinstance(content, str) else None
        if only and only[1] in context.get("params", {}):
            return context["params"][only[1]]
        return super().render_template(content, context, jinja_env, seen_oids)

    def execute(self, context: Context) -> Any:
        """Attach to this attempt's workflow or create it, and wait for it."""
        self._ending = ending = Ending(context["ti"], self.on_kill_action, self.log)
        try:
            settings = self._settings()
            # A call that hangs must leave time for another one.
            with settings.client(read_timeout=_SILENCE) as client:
                workflow = self._attach_or_create(client, settings, context, ending)
                if not self._wait(client, workflow, BEFORE_DEFERRING if self.deferrable else None):
                    self._defer(context, workflow)
            ending.is_over()
            return self._complete(context)
        except AirflowTaskTimeout:
            # Airflow calls on_kill next.
            ending.is_due()
            if self._running is None:
                raise
            raise self._timed_out() from None
        except Exception:
            ending.task_failed()
            raise

    def resume(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after the trigger has fired."""
        self._ending = ending = Ending(context["ti"], self.on_kill_action, self.log)
        # First of all: Airflow stores the link after every slice of execution, also one that fails.
        self._found(ending, self._settings(), event["namespace"], event["name"], event["uid"])
        if event["status"] == "timeout":
            ending.end()
            raise self._timed_out()
        ending.is_over()
        if event["status"] == "gone":
            raise WorkflowGoneError(
                f"The workflow {event['name']} disappeared while it was awaited: {event['message']}"
            )
        return self._complete(context)

    def on_kill(self) -> None:
        """End the workflow when a user has ended the task; when a worker is shut down, the next try goes on with it."""
        if self._ending is not None:
            self._ending.asked_for()

    def _settings(self) -> Settings:
        return ArgoHook(self.argo_conn_id).settings()

    def _attach_or_create(
        self, client: ArgoClient, settings: Settings, context: Context, ending: Ending
    ) -> dict[str, Any]:
        from airflow_argo.hooks.submission import attach_or_create, end_older

        namespace = self.namespace or settings.namespace
        attempt = attempt_of(context)

        def named_manifest(name: str) -> Mapping[str, Any]:
            return self._finished_manifest(context, name, attempt)

        if attempt.clears and self.on_kill_action != "leave":
            # A triggerer that died or is slow has not done it, and two workflows must not do the same work.
            end_older(client, namespace, attempt, self.on_kill_action, self.log.info)
        workflow = attach_or_create(
            client,
            namespace,
            attempt,
            named_manifest,
            self.retry_mode,
            self.log.info,
            known_before=known_before(context),
        )
        self._found(ending, settings, namespace, workflow["metadata"]["name"], workflow["metadata"]["uid"])
        self._publish(context, workflow)
        note(context, workflow)
        self.log.info("Argo workflow: %s", self.workflow_link)
        return workflow

    def _finished_manifest(self, context: Context, name: str, attempt: Attempt) -> Mapping[str, Any]:
        from airflow_argo.argo import lint, manifest

        made = manifest.sanitized(self.make_manifest(context))
        made = manifest.labelled(
            made,
            labels={**attempt.labels, **_texts(self.labels)},
            annotations={**_texts(self.annotations), **attempt.annotations},
        )
        pending = None if self.pending_timeout is None else math.ceil(self.pending_timeout.total_seconds())
        made = manifest.limited(made, seconds=clusters_limit(self.execution_timeout), pending_seconds=pending)
        if self.service_account:
            made["spec"]["serviceAccountName"] = self.service_account
        made = manifest.named(made, name)
        lint.require_clean(made)
        return made

    def _found(self, ending: Ending, settings: Settings, namespace: str, name: str, uid: str) -> None:
        self._running = (namespace, name)
        self.workflow_link = settings.workflow_link(namespace, name, uid)
        ending.concerns(settings.address, namespace, name)

    def _publish(self, context: Context, workflow: Mapping[str, Any]) -> None:
        """Put the link and the record where they can be seen while the workflow runs."""
        from airflow_argo.argo.results import summary

        namespace, _ = self._workflow()
        record = summary(workflow, self.workflow_link, namespace, self.argo_conn_id)
        context["ti"].xcom_push(key=ArgoWorkflowLink().xcom_key, value=self.workflow_link)
        context["ti"].xcom_push(key="workflow", value=record)

    def _wait(self, client: ArgoClient, workflow: Mapping[str, Any], seconds: float | None) -> bool:
        """Whether the workflow has ended, before the time is up if there is one."""
        from airflow_argo.argo.waiting import Observer, pauses

        observer = Observer(self.steps_before_workers(), counted=self.counted, tell=self.log.info)
        until = None if seconds is None else time.monotonic() + seconds
        rhythm = pauses(self.poll_interval)
        while not self._poll(client, workflow["metadata"]["uid"], observer):
            pause = next(rhythm)
            if until is not None and time.monotonic() + pause > until:
                return False
            self._pause(pause)
        return True

    def _pause(self, seconds: float) -> None:
        """Sleep, with an eye on whether the task is still wanted."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _EYE))
            if self._ending is not None:
                self._ending.go_on()
                self._ending.look()

    def _poll(self, client: ArgoClient, uid: str, observer: Observer) -> bool:
        """Whether the workflow has ended; a poll without an answer says nothing about it."""
        from airflow_argo.argo import api, stalls

        namespace, name = self._workflow()
        try:
            if observer.look_due():
                found = client.send(api.get_workflow(namespace, name, fields=stalls.FIELDS, uid=uid))
                observer.looked(stalls.waits_for(found))
            return observer.seen(client.send(api.workflow_status(namespace, name, uid=uid)))
        except ArgoError as error:
            if observer.unanswered(error):
                raise WorkflowGoneError(f"The workflow {name} disappeared while it was awaited: {error}") from error
            return False

    def _defer(self, context: Context, workflow: Mapping[str, Any]) -> NoReturn:
        from airflow_argo.triggers.workflow import ArgoWorkflowTrigger

        namespace, name = self._workflow()
        trigger = ArgoWorkflowTrigger(
            argo_conn_id=self.argo_conn_id,
            namespace=namespace,
            name=name,
            uid=workflow["metadata"]["uid"],
            poll_interval=self.poll_interval,
            steps_before=self.steps_before_workers(),
            counted=self.counted,
            on_kill=self.on_kill_action,
            deadline=deadline(context, self.execution_timeout),
        )
        # Whatever `resume` needs is in the event: `airflow dags test` drops the kwargs of a deferral.
        self.defer(trigger=trigger, method_name="resume")

    def _complete(self, context: Context) -> Any:
        from airflow_argo.argo import api
        from airflow_argo.operators.completion import Completion

        namespace, name = self._workflow()
        settings = self._settings()
        with settings.client() as client:
            workflow = self._answered(client, api.get_workflow(namespace, name))
        self._publish(context, workflow)
        completion = Completion(self, workflow, namespace)
        completion.push(context)
        if completion.failed:
            with settings.client(patience=0.0, connect_timeout=3.0, stream_timeout=5.0) as log_client:
                raise completion.failure(log_client)
        return completion.values(context)

    def _answered(self, client: ArgoClient, call: Call[dict[str, Any]]) -> dict[str, Any]:
        """The answer, however long the server is away: the work is done, and is not to be lost for that."""
        while True:
            try:
                return client.send(call)
            except ArgoError as error:
                if not error.transient:
                    raise
                self.log.warning("No results for the moment, asking again: %s", error)
            time.sleep(self.poll_interval)

    def _timed_out(self) -> AirflowTaskTimeout:
        _, name = self._workflow()
        fate = "it runs on" if self.on_kill_action == "leave" else f"it is ended ({self.on_kill_action})"
        return AirflowTaskTimeout(
            f"The workflow {name} did not end within the execution_timeout of {self.execution_timeout}: {fate}.\n"
            f"  {self.workflow_link}"
        )

    def _workflow(self) -> tuple[str, str]:
        if self._running is None:
            raise ArgoError("There is no workflow yet")
        return self._running


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (values or {}).items()}


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ManifestError(f"{value!r} is none of {', '.join(allowed)}", path=name)
