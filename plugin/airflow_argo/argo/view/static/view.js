// The whole view: a pure function from the state to a tree of elements. What is drawn with is handed in, for there are two:
// React and Chakra in Airflow's tab, plain DOM on the embedded server's page.

import { header, confirmation } from "./header.js";
import { progress } from "./progress.js";
import { timeline } from "./timeline.js";
import { tree } from "./tree.js";
import { workers } from "./workers.js";
import { detail } from "./detail.js";
import { hasFailed } from "./format.js";
import { tabOf } from "./workflow.js";

export function view(ui, state, actions, { loginUrl = "" } = {}) {
  return ui.div(
    { className: "argo", "data-testid": "argo-view", onKeyDown: keepToOurselves },
    notice(ui, state, actions, loginUrl),
    state.answer ? body(ui, state, actions) : waiting(ui, state),
  );
}

/** Airflow's grid takes these keys wherever they are pressed, so that no button in it obeys the space bar. */
function keepToOurselves(event) {
  if ([" ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) event.stopPropagation();
}

function waiting(ui, state) {
  return state.error ? null : ui.div({ key: "waiting", className: "argo-empty", role: "status" }, "Loading the workflow …");
}

function body(ui, state, actions) {
  const { answer } = state;
  if (answer.phase === null) {
    return ui.div({ key: "none", className: "argo-empty", "data-testid": "argo-nothing" }, answer.why);
  }
  const tab = tabOf(state);
  return ui.div(
    { key: "body", className: state.error ? "argo-body argo-stale" : "argo-body" },
    header(ui, state, actions),
    confirmation(ui, state, actions),
    outcome(ui, state, actions),
    reasons(ui, state, actions),
    progress(ui, state, actions),
    timeline(ui, state, actions),
    tabs(ui, tab, state, actions),
    tab === "tree" ? tree(ui, state, actions) : workers(ui, state, actions),
  );
}

function tabs(ui, current, { answer }, actions) {
  const names = ["workers", "tree"];
  const step = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = by && names[names.indexOf(current) + by];
    if (!next) return;
    actions.show(next);
    event.currentTarget.querySelector(`[data-testid=argo-tab-${next}]`)?.focus();
  };
  const one = (name, label) =>
    ui.button(
      {
        key: name,
        type: "button",
        role: "tab",
        className: "argo-tab",
        "aria-selected": current === name,
        tabIndex: current === name ? 0 : -1,
        "data-testid": `argo-tab-${name}`,
        onClick: () => actions.show(name),
      },
      label,
    );
  const workersLabel = answer.fan_out ? "Workers" : "Pods";
  return ui.div({ key: "tabs", className: "argo-tabs", role: "tablist", onKeyDown: step }, one("workers", workersLabel), one("tree", "Tree"));
}

/** What an action came to. */
function outcome(ui, { done }, actions) {
  if (!done) return null;
  return ui.Alert(
    { key: "done", status: done.ok ? "success" : "error", role: done.ok ? "status" : "alert", "data-testid": "argo-done" },
    ui.div({ className: "argo-alert-row" }, ui.span(done.text), ui.Button({ tone: "ghost", onClick: actions.forgetDone }, "Close")),
  );
}

/** Why the workflow failed or stands still, as far as no worker tells. */
function reasons(ui, state, actions) {
  const { answer } = state;
  const words = answer.message && answer.phase !== "Succeeded" ? answer.message : "";
  return ui.div(
    { key: "reasons", className: "argo-reasons" },
    words ? ui.Alert({ key: "message", status: hasFailed(answer.phase) ? "error" : "info", "data-testid": "argo-message" }, words) : null,
    answer.waits.map((line) => ui.Alert({ key: `wait-${line}`, status: "warning", "data-testid": "argo-waits" }, line)),
    answer.problems.map(([node, name, message]) => problem(ui, state, actions, node, name, message)),
  );
}

function problem(ui, state, actions, node, name, message) {
  const open = state.open === node;
  return ui.div(
    { key: `problem-${node}`, className: "argo-problem", "data-testid": "argo-problem" },
    ui.div(
      { className: "argo-alert-row" },
      ui.span(ui.strong(name), message ? `: ${message}` : " failed"),
      ui.Button({ tone: "ghost", "aria-expanded": open, onClick: () => actions.toggle(node) }, open ? "Hide log" : "Log"),
    ),
    open ? detail(ui, state, actions, node, []) : null,
  );
}

/** What went wrong between the viewer and the workflow. */
function notice(ui, { error }, actions, loginUrl) {
  if (!error) return null;
  const { status, title, detail: words, action } = noticeOf(ui, error, actions, loginUrl);
  return ui.Alert(
    { key: "notice", status, role: "alert", "data-testid": "argo-notice" },
    ui.div(
      { className: "argo-alert-row" },
      ui.div(ui.strong(title), words ? ui.div({ className: "argo-words" }, words) : null),
      action ?? null,
    ),
  );
}

function noticeOf(ui, error, actions, loginUrl) {
  const again = ui.Button({ onClick: actions.again }, "Try again");
  switch (error.status) {
    case 401:
      return {
        status: "warning",
        title: "Your session has expired.",
        action: loginUrl ? ui.a({ className: "argo-link", href: loginUrl, "data-testid": "argo-login" }, "Log in again") : null,
      };
    case 403:
      return { status: "warning", title: "You have no permission to see this." };
    case 404:
      return { status: "info", title: "There is nothing to show.", detail: error.detail, action: again };
    case -1:
      return { status: "error", title: "The server's answer makes no sense here.", detail: error.detail, action: again };
    case 0:
      return { status: "warning", title: "No answer from the server.", detail: "Trying again by itself.", action: again };
    default:
      return {
        status: "warning",
        title: "The Argo Server does not give the workflow. Trying again by itself.",
        detail: error.detail,
        action: again,
      };
  }
}
