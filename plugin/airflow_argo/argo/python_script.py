"""A Python function as a worker: its source becomes a script template, its result the worker's result.

The source is carried as a string literal, for Argo would expand every ``{{…}}`` in a script, those of an f-string too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from airflow_argo.argo import safe_json
from airflow_argo.argo.fan_out import RESULT, check_environment_value

ARGUMENTS = "arguments"
"""The workflow parameter that holds the arguments which are the same for every worker."""

RESULT_PATH = "/tmp/result"  # noqa: S108  a path inside the worker's own container

_SCRIPT = """\
import __future__, json, linecache, os, sys, traceback

SOURCE = {source}
FILE = "<{function}>"

linecache.cache[FILE] = (len(SOURCE), None, SOURCE.splitlines(True), FILE)


def tell(kind, error, trace):
    traceback.print_exception(kind, error, trace)
    if issubclass(kind, NameError):
        print("Nothing of the DAG's file goes along with {function}: import and define inside it.", file=sys.stderr)


sys.excepthook = tell
names = {{"__name__": "__main__"}}
exec(compile(SOURCE, FILE, "exec", flags=__future__.annotations.compiler_flag), names)

item = json.loads(os.environ["ITEM"])
given = json.loads(os.environ["ARGUMENTS"])
args, kwargs = given["args"], given["kwargs"]
if isinstance(item, dict):
    kwargs = {{**kwargs, **item}}
else:
    args = [item, *args]
try:
    result = names["{function}"](*args, **kwargs)
except TypeError as error:
    if error.__traceback__.tb_next:
        raise
    sys.exit("%s. An item that is an object fills the arguments by name, or all of them as **item; any other item is "
             "the first argument. This one is %s" % (error, json.dumps(item)[:200]))
try:
    text = json.dumps(result, allow_nan=False)
except (TypeError, ValueError) as error:
    sys.exit("What {function} returned is no JSON: %s" % error)
with open("{path}", "w") as file:
    file.write(text)
"""
_ESCAPED = re.compile(r'[\\\x00-\x08\x0b-\x1f\x7f]|"(?=""|"?\Z)|(?<=\{)\{')


def python_template(
    source: str,
    function: str,
    *,
    image: str,
    command: Sequence[str] = ("python",),
    env: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The body of a worker's template that calls a Python function.

    An item that is an object fills the function's arguments by name; any other item is its first argument. What the
    function returns must be JSON; an exception is the worker's failure, with its traceback in the log.

    :param source: Python source that defines the function, without anything from outside of it.
    :param image: a container image with this Python; it needs nothing but the standard library.
    """
    script = _SCRIPT.format(source=literal(source), function=function, path=RESULT_PATH)
    arguments = {"name": "ARGUMENTS", "value": f"{{{{workflow.parameters.{ARGUMENTS}}}}}"}
    return {
        "script": {"image": image, "command": list(command), "env": [arguments, *env], "source": script},
        "outputs": {"parameters": [{"name": RESULT, "valueFrom": {"path": RESULT_PATH}}]},
    }


def arguments_json(args: Collection[Any], kwargs: Mapping[str, Any]) -> str:
    """The value of the workflow parameter ``arguments``.

    :raises ManifestError: for an argument that is no JSON value, or all of them being too long for the environment.
    """
    text = safe_json.dumps({"args": list(args), "kwargs": dict(kwargs)}, path=ARGUMENTS)
    check_environment_value(text, ARGUMENTS)
    return text


def literal(source: str) -> str:
    """Python source as a Python string literal that stays readable and holds no ``{{``."""
    escaped = _ESCAPED.sub(
        lambda found: f"\\x{ord(found[0]):02x}" if found[0] not in '\\"' else f"\\{found[0]}", source
    )
    return f'"""\\\n{escaped}"""'
