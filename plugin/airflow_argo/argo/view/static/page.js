// The embedded server's page: the same view as Airflow's tab, and a list of the workflows.

import { makeHttp } from "./http.js";
import { draw, ui } from "./kit-page.js";
import { list } from "./list.js";
import { makePolling } from "./polling.js";
import { makeStore } from "./store.js";
import { view } from "./view.js";
import { openWorkflow } from "./workflow.js";

const TOKEN = "argo-token";
const LIST_PAUSE = 3000;
const root = document.getElementById("root");

const token = () => sessionStorage.getItem(TOKEN);
const headers = () => (token() ? { Authorization: `Bearer ${token()}` } : {});
const http = (path) => makeHttp(new URL(path, new URL("../api/", import.meta.url)), headers);

function openList() {
  const store = makeStore({ answer: null, error: null });
  const server = http("");
  const polling = makePolling(async (signal) => {
    try {
      store.set({ answer: await server.get("workflows", signal), error: null });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      store.set({ error: { status: error.status, detail: error.message } });
      if (error.status === 401) return null;
    }
    return LIST_PAUSE;
  });
  return { store, start: polling.start, actions: { again: polling.now }, draws: list };
}

function askForToken(actions) {
  const keep = (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, new FormData(event.target).get("token"));
    actions.again();
  };
  return ui.div(
    { key: "ask", className: "argo", "data-testid": "argo-token-form" },
    ui.p(token() ? "The server does not take this token." : "This server asks for a token."),
    ui.form(
      { className: "page-token", onSubmit: keep },
      ui.Input({ name: "token", type: "password", autoFocus: true, "aria-label": "Token", "data-testid": "argo-token" }),
      ui.Button({ tone: "main", type: "submit" }, "Go on"),
    ),
  );
}

const [, , namespace, name] = location.pathname.split("/").map(decodeURIComponent);
const shown = name
  ? { ...openWorkflow(http(`${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/`)), draws: view }
  : openList();
if (name) document.title = `${name} – Argo workflows`;

function redraw() {
  const state = shown.store.get();
  draw(root, [state.error?.status === 401 ? askForToken(shown.actions) : shown.draws(ui, state, shown.actions)]);
}

shown.store.subscribe(redraw);
redraw();
shown.start();
