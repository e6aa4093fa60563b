"""How the view asks its server."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Airflow

# Asks with a server whose answer is a stream that `happens` is done to.
ASKED = """
async ([module, happens]) => {
  const { makeHttp } = await import(module);
  const asking = new AbortController();
  const events = {
    abandoned: (body) => asking.signal.addEventListener("abort", () => body.error(asking.signal.reason)),
    broken: (body) => body.error(new TypeError("network error")),
    cut: (body) => body.close(),
  };
  const answer = new ReadableStream({
    start(body) {
      body.enqueue(new TextEncoder().encode('{"phase": "Run'));
      events[happens](body);
    },
  });
  const { fetch } = globalThis;
  globalThis.fetch = async () => new Response(answer);
  const asked = makeHttp(new URL(module)).get("state", asking.signal);
  globalThis.fetch = fetch;
  await Promise.resolve();
  if (happens === "abandoned") asking.abort();
  return asked.then(JSON.stringify, (error) => error.status ?? error.name);
}
"""


@pytest.mark.parametrize(("happens", "comes"), [("abandoned", "AbortError"), ("broken", 0), ("cut", -1)])
def test_half_an_answer_is_none(airflow: Airflow, open_page: Any, happens: str, comes: object) -> None:
    page = open_page(f"{airflow.url}/argo-ui/static/http.js", airflow=airflow)

    assert page.evaluate(ASKED, [f"{airflow.url}/argo-ui/static/http.js", happens]) == comes
