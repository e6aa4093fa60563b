"""``@task.argo``: a Python function whose body runs in every worker of a fan-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.decorator import DecoratedOperator, TaskDecorator, task_decorator_factory

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.python_script import ARGUMENTS, arguments_json, python_template
from airflow_argo.operators.fan_out import ArgoFanOutOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class ArgoDecoratedOperator(DecoratedOperator, ArgoFanOutOperator):
    """The operator behind ``@task.argo``.

    The function's arguments come from the item: an object fills them by name, anything else is the first one.
    Arguments of the call in the DAG are the same for every worker. What the function returns is the worker's result.

    :param image: container image with a Python for the function; it needs nothing else.
    :param command: how the image's Python is called.
    :param env: further environment variables, in Argo's own form.
    :param template: further fields of the worker's template, such as ``retryStrategy``.
    """

    custom_operator_name = "@task.argo"
    template_fields: Sequence[str] = ("op_args", "op_kwargs", *ArgoFanOutOperator.template_fields)
    shallow_copy_attrs: Sequence[str] = ("python_callable",)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        image: str = "python:3.12-slim",
        command: Sequence[str] = ("python",),
        env: Sequence[Mapping[str, Any]] = (),
        template: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        _check_arguments(python_callable, kwargs)
        taken = {"script", "container", "outputs"} & set(template or {})
        if taken:
            raise ManifestError("is made from the function", path=f"template.{min(taken)}", hint="Leave it out.")
        if ARGUMENTS in (kwargs.get("parameters") or {}):
            raise ManifestError("holds the function's arguments", path=f"parameters.{ARGUMENTS}", hint="Rename it.")
        # The function's source is read when it runs; all else of the worker is known now.
        worker = {**(template or {}), **python_template("", python_callable.__name__, image=image, env=env)}
        # Airflow wants the call in the DAG to give every argument; the items give the others.
        super().__init__(python_callable=_open_to_any_arguments(python_callable), worker=worker, **kwargs)
        self.python_callable = python_callable
        self.image = image
        self.command = command
        self.env = env
        self.template = template

    def make_manifest(self, context: Context) -> dict[str, Any]:
        """The dynamic manifest, with the function as the worker."""
        made = python_template(
            self.get_python_source(),  # type: ignore[no-untyped-call]
            self.python_callable.__name__,
            image=self.image,
            command=self.command,
            env=self.env,
        )
        self.worker = {**(self.template or {}), **made}
        self.parameters = {**(self.parameters or {}), ARGUMENTS: arguments_json(self.op_args, self.op_kwargs)}
        return super().make_manifest(context)


def argo_task(
    python_callable: Callable[..., Any] | None = None, multiple_outputs: bool | None = None, **kwargs: Any
) -> TaskDecorator:
    """Make a function the worker of a fan-out; takes what :class:`ArgoFanOutOperator` takes, but ``worker``.

    :raises ManifestError: for ``multiple_outputs``: the task gives a list, whatever the function returns.
    """
    if multiple_outputs:
        raise ManifestError("a fan-out gives a list, which cannot be unrolled", path="multiple_outputs")
    return task_decorator_factory(
        python_callable=python_callable,
        # Airflow would infer it from a function that returns a dict.
        multiple_outputs=False,
        decorated_operator_class=ArgoDecoratedOperator,
        **kwargs,
    )


def _check_arguments(function: Callable[..., Any], call: Mapping[str, Any]) -> None:
    if not signature(function).parameters:
        raise TypeError(f"{function.__name__} takes no argument, and is called with an item")
    try:
        signature(function).bind_partial(**(call.get("op_kwargs") or {}))
    except TypeError as error:
        raise TypeError(f"{function.__name__}: {error}") from error


def _open_to_any_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    stand_in.__signature__ = signature(lambda *args, **kwargs: None)  # type: ignore[attr-defined]
    return stand_in
