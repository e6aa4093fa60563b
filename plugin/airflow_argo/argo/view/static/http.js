// Requests to the server that the page came from.

export class Refused extends Error {
  /** @param {number} status HTTP's, or 0 where no answer came. */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Asks for JSON below `base`, a URL that ends with a slash; `headers` gives further headers. */
export function makeHttp(base, headers = () => ({})) {
  async function ask(path, options = {}) {
    let answer;
    try {
      answer = await fetch(new URL(path, base), {
        ...options,
        cache: "no-store",
        credentials: "same-origin",
        headers: { Accept: "application/json", ...headers(), ...options.headers },
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, "The server does not answer.");
    }
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, told(body) || `The server answers ${answer.status}.`);
    return body;
  }
  return {
    get: (path, signal) => ask(path, { signal }),
    // The header is what no foreign page can send.
    post: (path) => ask(path, { method: "POST", headers: { "X-Argo-Tab": "1" } }),
  };
}

function told(body) {
  const detail = body.detail ?? body.message;
  return typeof detail === "string" ? detail : "";
}
