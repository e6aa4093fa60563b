"""How an artifact is sent: as a file, as a list of links, or not at all."""

from __future__ import annotations

import asyncio
import html
import mimetypes
import posixpath
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import PlainTextResponse, Response, StreamingResponse

SECURITY = {
    "Content-Security-Policy": "sandbox allow-same-origin; base-uri 'none'; default-src 'none'; img-src 'self'; "
    "style-src 'self' 'unsafe-inline'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
}
"""What keeps a page that a worker made from acting for the person who looks at it."""

PREFIXES = (
    "/artifacts/",
    "/input-artifacts/",
    "/artifacts-by-uid/",
    "/input-artifacts-by-uid/",
    "/artifact-files/",
    "/upload-artifacts/",
)

_BLOCK = 256 * 1024


def plain(status: int) -> Response:
    """Give a status in the form of Go's ``http.Error``."""
    return PlainTextResponse(f"{HTTPStatus(status).phrase}\n", status, headers={"X-Content-Type-Options": "nosniff"})


def content_of(file: BinaryIO, key: str) -> Response:
    """Send a file, named and typed after the last part of its key; closes it."""
    name = posixpath.basename(key)
    headers = {**SECURITY, "Content-Disposition": f'filename="{_header_text(name)}"'}
    return StreamingResponse(_blocks(file), headers=headers, media_type=mimetypes.guess_type(name)[0])


def _header_text(name: str) -> str:
    """Make a name fit between quotes in a header: a key may hold any character, a header none that ends its line."""
    printable = "".join(char for char in name if char.isprintable())
    escaped = printable.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.encode("utf-8", "replace").decode("latin-1")


async def _blocks(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block
    finally:
        file.close()


def listing(keys: Iterable[str], key: str) -> str:
    """List what is below a directory's key: its files, and its directories once each."""
    base = f"{key.rstrip('/')}/"
    names = dict.fromkeys(_entry(found.removeprefix(base)) for found in keys)
    rows = "".join(f'<li><a href="./{quote(name)}">{html.escape(name)}</a></li>\n' for name in names)
    return f'<html><body><ul>\n<li><a href="..">..</a></li>\n{rows}</ul></body></html>'


def _entry(path: str) -> str:
    directory = posixpath.dirname(path)
    return f"{directory}/" if directory else path
