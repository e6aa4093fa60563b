"""What a client asks to learn whom it talks to, and the paths that nothing answers."""

from __future__ import annotations

import platform
import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from airflow_argo.local.refusal import Refusal, not_found
from airflow_argo.local.server.bodies import VERSION, answer, refused

_NO_NAME = re.compile(r"/api/v1/(workflows|cron-workflows)/[^/]+/")
_NO_TEMPLATE = re.compile(r"/api/v1/(?:workflow-templates/[^/]+|(cluster)-workflow-templates)/")


def info_routes() -> list[Route]:
    """Path and method of each."""
    return [
        Route("/api/v1/info", _info, methods=["GET"]),
        Route("/api/v1/version", _version, methods=["GET"]),
        Route("/api/v1/userinfo", _userinfo, methods=["GET"]),
    ]


async def _info(_: Request) -> Response:
    return answer({"modals": {"feedback": False, "firstTimeUser": False, "newVersion": False}})


async def _version(_: Request) -> Response:
    version = {
        "version": VERSION,
        "buildDate": "1970-01-01T00:00:00Z",
        "gitCommit": "",
        "gitTag": VERSION,
        "gitTreeState": "",
        "goVersion": "",
        "compiler": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{platform.system()}/{platform.machine()}".lower(),
    }
    return answer(version)


async def _userinfo(_: Request) -> Response:
    return answer({})


def nothing_here(request: Request) -> Response:
    """The answer where no path or method fits."""
    path = request.url.path
    if not path.startswith("/api/"):
        return PlainTextResponse("The embedded Argo Server has the REST API below /api/v1, and /workflows.\n", 404)
    if request.method in ("GET", "DELETE"):
        if _NO_NAME.fullmatch(path):
            return refused(Refusal("INTERNAL", "resource name may not be empty"))
        template = _NO_TEMPLATE.fullmatch(path)
        if template:
            return refused(not_found(f"{template[1] or ''}workflowtemplates", ""))
    return refused(Refusal("UNIMPLEMENTED", "Not Implemented"))
