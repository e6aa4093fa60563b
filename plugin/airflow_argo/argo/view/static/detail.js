// One node in full: its texts, and the end of its log.

import { plural } from "./format.js";

// Characters that a row has place for.
const FITS = 20;

/** Opens and closes the detail of a node; `whose` is read out. */
export function logButton(ui, actions, node, open, whose) {
  return ui.button(
    {
      type: "button",
      className: "argo-more",
      "aria-expanded": open,
      "aria-label": `Log of ${whose}`,
      "data-testid": "argo-open-log",
      onClick: () => actions.toggle(node),
    },
    open ? "Hide" : "Log",
  );
}

/** @param facts `[label, text]` of what a row has no place for. */
export function detail(ui, state, actions, node, facts) {
  const log = state.logs[node];
  return ui.div(
    { className: "argo-detail", "data-testid": "argo-detail" },
    ui.div(
      { key: "log", className: "argo-fact" },
      ui.div(
        { className: "argo-label argo-log-head" },
        heading(log),
        ui.Button({ tone: "ghost", disabled: log?.loading ?? true, onClick: () => actions.reload(node) }, "Refresh"),
      ),
      log?.error ? ui.Alert({ key: "error", status: "warning", "data-testid": "argo-log-error" }, log.error) : null,
      logText(ui, log),
    ),
    facts
      .filter(([, text]) => text.length > FITS)
      .map(([label, text]) =>
        ui.div(
          { key: label, className: "argo-fact" },
          ui.div({ className: "argo-label" }, label),
          ui.pre({ className: "argo-text", "data-testid": `argo-fact-${label.toLowerCase()}` }, text),
        ),
      ),
  );
}

function heading(log) {
  return log?.truncated ? `Log, last ${plural(log.lines.length, "line")}` : "Log";
}

function logText(ui, log) {
  if (log?.error) return null;
  if (!log || (log.loading && !log.lines.length)) return ui.div({ key: "wait", className: "argo-muted" }, "Reading the log …");
  if (!log.lines.length) {
    return ui.div({ key: "none", className: "argo-muted", "data-testid": "argo-log-empty" }, "It wrote nothing, or its pod is gone.");
  }
  return ui.pre({ key: "lines", className: "argo-log", tabIndex: 0, "aria-label": "Log", "data-testid": "argo-log" }, log.lines.join("\n"));
}
