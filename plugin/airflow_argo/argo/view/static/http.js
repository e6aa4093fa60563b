// Requests to the server that the page came from.

export class Refused extends Error {
  /** @param {number} status HTTP's, 0 where no answer came, -1 where it makes no sense. */
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
    } catch {
      options.signal?.throwIfAborted();
      throw new Refused(0, "The server does not answer.");
    }
    const body = await bodyOf(answer, options.signal);
    if (!answer.ok) throw new Refused(answer.status, told(body) || `The server answers ${answer.status}.`);
    return body;
  }
  return {
    get: (path, signal) => ask(path, { signal }),
    // The header is what no foreign page can send.
    post: (path) => ask(path, { method: "POST", headers: { "X-Argo-Tab": "1" } }),
  };
}

/** What an answer says; a refusal may be a proxy's page, which says nothing. */
async function bodyOf(answer, signal) {
  try {
    return await answer.json();
  } catch (error) {
    // A question that is given up while its answer arrives has no answer.
    signal?.throwIfAborted();
    if (!answer.ok) return {};
    if (error instanceof SyntaxError) throw new Refused(-1, "It is no JSON.");
    throw new Refused(0, "The server's answer broke off.");
  }
}

function told(body) {
  const detail = body.detail ?? body.message;
  return typeof detail === "string" ? detail : "";
}
