"""What can be typed after ``airflow-argo`` and ``airflow argo``.

``airflow`` reads it at every call, so it imports nothing that takes time.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from airflow_argo.local.arguments import ARGUMENTS, OBJECTS, WORKERS, Argument, argument

SUMMARY = "Argo Workflows: run, lint and check"


class Command(NamedTuple):
    """A command.

    :param about: what it does, prints and returns, in a paragraph or more.
    :param examples: lines to type, each with what it does; ``{prog}`` stands for the program's name.
    :param target: the function that runs it: it takes the parsed arguments and returns the exit status.
    """

    name: str
    summary: str
    about: str
    examples: tuple[tuple[str, str], ...]
    arguments: tuple[Argument, ...]
    target: str

    def epilog(self, program: str) -> str:
        """The examples, as they stand below the options."""
        shown = "".join(f"\n  # {meaning}\n  {program} {self.name} {line}".rstrip() for line, meaning in self.examples)
        return f"examples:{shown}"


_OUTPUT_JSON = "json"

COMMANDS = (
    Command(
        "run",
        "run a workflow here and now",
        "Runs a workflow on an embedded Argo Server of its own. On a terminal its tree is shown while it runs, "
        "elsewhere each change of a node is a line; at the end comes the tree with what its pods logged and put "
        "out. What Argo would refuse, and what the embedded server does not support, is told with its line in the "
        "file before anything runs.\n\n"
        "Ctrl-C stops the workflow, whose exit handlers still run; a second Ctrl-C leaves at once.\n\n"
        "Exit status: 0 if it succeeded, 1 if it failed, 2 if it could not be run, 130 after Ctrl-C.",
        (
            ("hello.yaml -p name=world", "run a file with a value for its parameter 'name'"),
            ("hello.yaml --output json | jq .status.nodes", "the finished workflow as JSON, the progress beside it"),
            ("hello.yaml --dir ./argo", "keep logs and artifacts; 'airflow-argo local --dir ./argo' shows them"),
        ),
        (
            argument("file", metavar="FILE", help="a Workflow as YAML or JSON"),
            argument(
                "-p", "--parameter", action="append", metavar="NAME=VALUE", help="a workflow parameter; may be repeated"
            ),
            argument(
                "-o",
                "--output",
                choices=("text", _OUTPUT_JSON),
                default="text",
                help="json: the finished workflow on standard output, the progress on standard error",
            ),
            argument("--dir", type=Path, metavar="DIR", help="keep the workflow, logs and artifacts there"),
            OBJECTS,
            WORKERS,
        ),
        "airflow_argo.commands.run.run",
    ),
    Command(
        "lint",
        "say what Argo would refuse",
        "Reads Workflows, WorkflowTemplates, ClusterWorkflowTemplates and CronWorkflows and says what Argo would "
        "refuse, and what it would accept and then hang or die on, as FILE:LINE: error: what. Files may hold "
        "several documents, directories are searched for *.yaml, *.yml and *.json; other kinds of objects are "
        "passed over. Templates that refer to each other are known to each other, whatever file they are in; "
        "references to others are not followed, which is a warning. So is what the embedded server does not "
        "support.\n\n"
        "Exit status: 0 without errors, 1 with errors, 2 if a file cannot be read or there is nothing to lint.",
        (
            ("workflow.yaml", "one file"),
            ("manifests/", "all files below a directory"),
            ("- < workflow.yaml", "standard input"),
            ("manifests/ --embedded", "fail if 'airflow-argo local' could not run all of it"),
        ),
        (
            argument("files", metavar="FILE", nargs="+", help="a file, a directory, or - for standard input"),
            argument(
                "-o",
                "--output",
                choices=("text", _OUTPUT_JSON),
                default="text",
                help="json: a list of objects with file, line, severity, kind, name, place, message and hint",
            ),
            argument(
                "--embedded",
                action="store_true",
                help="what the embedded server does not support is an error, not a warning",
            ),
        ),
        "airflow_argo.commands.lint.run",
    ),
    Command(
        "check",
        "test the way to an Argo Server, step by step",
        "Tests an Airflow connection, or a server's address, the way a task uses it: address, port, TLS, whether "
        "an Argo Server answers, its version, the token, the namespace, and what the token may do there. Each is "
        "told by name with what to do. Nothing is created or changed on the server, and no secret is printed.\n\n"
        "Exit status: 0 if all is well, 1 if something is not.",
        (
            ("", "the connection argo_default"),
            ("argo_staging", "another connection"),
            ("--url https://argo.example.com:2746 --token-env ARGO_TOKEN", "an address, with the token of a variable"),
        ),
        (
            argument("conn_id", metavar="CONN_ID", nargs="?", help="an Airflow connection (argo_default)"),
            argument("--url", metavar="URL", help="the server's address, in place of a connection"),
            argument("--token-env", metavar="NAME", help="with --url: the environment variable that holds the token"),
            argument("--verify", metavar="FILE", help="with --url: a CA file, or false to trust any certificate"),
            argument("--namespace", metavar="NAME", help="where workflows run (the connection's, else argo)"),
        ),
        "airflow_argo.commands.check.run",
    ),
    Command(
        "local",
        "run an Argo Server on this machine",
        "Answers the Argo Server's REST API and runs container and script templates as processes of this machine. "
        "Prints one line with its URL when it accepts requests, and what goes wrong on standard error. Stops with "
        "all its workers on Ctrl-C.\n\n"
        "It listens on this machine only: another --host needs a --token-file, for whoever reaches it can run any "
        "command here. A workflow that asks for what it does not support (resource templates, volumes of a cloud, "
        "…) is refused when it is submitted, by name; 'lint --embedded' tells it before.\n\n"
        "Exit status: 0 after Ctrl-C or SIGTERM, 1 if it could not start.",
        (
            ("", "listen on http://127.0.0.1:2746, forget everything at the end"),
            ("--port 0 --dir ./argo", "take a free port, keep workflows, logs and artifacts"),
            ("--executor podman", "run the images that the templates name"),
        ),
        ARGUMENTS,
        "airflow_argo.commands.local.run",
    ),
)
