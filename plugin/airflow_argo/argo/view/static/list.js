// All workflows of the embedded server, the newest first.

import { clock, duration } from "./format.js";

export function list(ui, { answer, error }) {
  return ui.div(
    { key: "list", className: "argo page-list", "data-testid": "argo-list" },
    error ? ui.Alert({ key: "error", status: "warning", role: "alert" }, error.detail) : null,
    answer ? (answer.workflows.length ? table(ui, answer) : none(ui)) : null,
  );
}

const none = (ui) => ui.div({ key: "none", className: "argo-empty" }, "There are no workflows yet.");

function table(ui, { workflows, now }) {
  const headings = ["Name", "Namespace", "Phase", "Progress", "Started", "Duration"];
  return ui.div(
    { key: "table", className: "argo-table-box" },
    ui.table(
      { className: "argo-table page-table" },
      ui.thead(ui.tr(headings.map((each) => ui.th({ key: each, scope: "col" }, ui.div({ className: "argo-sort" }, each))))),
      ui.tbody(workflows.map((workflow) => row(ui, now, ...workflow))),
    ),
  );
}

function row(ui, now, namespace, name, phase, progress, started, finished) {
  const address = `/workflows/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  return ui.tr(
    { key: `${namespace}/${name}`, className: "argo-row", "data-phase": phase },
    ui.td(ui.a({ href: address }, name)),
    ui.td(namespace),
    ui.td(ui.Phase({ phase })),
    ui.td({ className: "argo-number" }, progress),
    ui.td(clock(started)),
    ui.td({ className: "argo-number" }, started === null ? "" : duration((finished ?? now) - started)),
  );
}
