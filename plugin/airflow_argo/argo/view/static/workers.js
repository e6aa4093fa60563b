// The workers as a table: searched, sorted and cut into pages by the server.

import { count, duration, plural } from "./format.js";
import { detail, logButton } from "./detail.js";
import { worker } from "./progress.js";
import { PAGE } from "./workflow.js";

const COLUMNS = [
  ["index", "#", "argo-col-index"],
  ["item", "Item", "argo-col-item"],
  ["phase", "Phase", "argo-col-phase"],
  ["attempts", "Attempts", "argo-col-number"],
  ["duration", "Duration", "argo-col-number"],
  ["exit_code", "Exit", "argo-col-number"],
  ["message", "Message", ""],
  ["result", "Result", "argo-col-result"],
];

export function workers(ui, state, actions) {
  const { answer, query } = state;
  return ui.section(
    { key: "workers", className: "argo-workers", "aria-label": "Workers" },
    tools(ui, state, actions),
    answer.matched ? table(ui, state, actions) : none(ui, state),
    answer.matched > PAGE || query.offset ? pager(ui, state, actions) : null,
  );
}

function tools(ui, { answer, query }, actions) {
  const filtered = query.search || query.phases.length;
  return ui.div(
    { key: "tools", className: "argo-tools" },
    ui.Input({
      className: "argo-search",
      type: "search",
      value: query.search,
      placeholder: "Search in item, message and result, or by index",
      "aria-label": "Search workers",
      "data-testid": "argo-search",
      onChange: (event) => actions.search(event.target.value),
    }),
    ui.span(
      { className: "argo-muted", role: "status", "data-testid": "argo-matched" },
      filtered ? `${plural(answer.matched, worker(answer))} found` : "",
    ),
    filtered ? ui.Button({ tone: "ghost", "data-testid": "argo-show-all", onClick: actions.showAll }, "Show all") : null,
  );
}

function table(ui, state, actions) {
  return ui.div(
    { key: "table", className: "argo-table-box" },
    ui.table(
      { className: "argo-table", "data-testid": "argo-table" },
      ui.thead(
        ui.tr(
          COLUMNS.map((column) => heading(ui, state.query, actions, ...column)),
          ui.th({ key: "log", className: "argo-col-log" }, ui.span({ className: "argo-hidden" }, "Log")),
        ),
      ),
      ui.tbody(state.answer.workers.map((row) => rows(ui, state, actions, row))),
    ),
  );
}

function heading(ui, query, actions, column, label, className) {
  const direction = query.sort !== column ? "none" : query.desc ? "descending" : "ascending";
  const arrow = { none: "", ascending: " ↑", descending: " ↓" }[direction];
  return ui.th(
    { key: column, className, scope: "col", "aria-sort": direction },
    ui.button(
      { type: "button", className: "argo-sort", "data-testid": `argo-sort-${column}`, onClick: () => actions.sortBy(column) },
      label + arrow,
    ),
  );
}

function rows(ui, state, actions, row) {
  const [index, item, phase, attempts, started, finished, exitCode, message, result, node] = row;
  const open = state.open === node;
  const took = started === null ? "" : duration((finished ?? state.answer.now) - started);
  const cell = (name, text, className = "") =>
    ui.td({ key: name, className, title: String(text ?? ""), "data-testid": `argo-cell-${name}` }, text ?? "");
  const shown = ui.tr(
    { key: node, className: open ? "argo-row argo-open" : "argo-row", "data-testid": "argo-worker", "data-phase": phase },
    cell("index", index, "argo-number"),
    cell("item", item, "argo-mono"),
    ui.td({ key: "phase" }, ui.Phase({ phase })),
    cell("attempts", attempts, "argo-number"),
    cell("duration", took, "argo-number"),
    cell("exit", exitCode, "argo-number"),
    cell("message", message),
    cell("result", result, "argo-mono"),
    ui.td({ key: "log", className: "argo-last" }, logButton(ui, actions, node, open, `worker ${index}`)),
  );
  if (!open) return [shown];
  const facts = [["Item", item], ["Message", message], ["Result", result]];
  const below = ui.td({ colSpan: COLUMNS.length + 1 }, detail(ui, state, actions, node, facts));
  return [shown, ui.tr({ key: `${node}-detail`, className: "argo-detail-row" }, below)];
}

function none(ui, { answer, query }) {
  const filtered = query.search || query.phases.length;
  const words = filtered ? `No ${worker(answer)} matches.` : `There are no ${worker(answer)}s yet.`;
  return ui.div({ key: "none", className: "argo-empty", "data-testid": "argo-no-workers" }, words);
}

function pager(ui, { answer, query }, actions) {
  const last = Math.min(query.offset + PAGE, answer.matched);
  return ui.div(
    { key: "pager", className: "argo-pager" },
    ui.span(
      { className: "argo-muted", "data-testid": "argo-page" },
      `${count(Math.min(query.offset + 1, last))}–${count(last)} of ${count(answer.matched)}`,
    ),
    ui.Button(
      { disabled: !query.offset, "data-testid": "argo-previous", onClick: () => actions.goTo(query.offset - PAGE) },
      "Previous",
    ),
    ui.Button(
      { disabled: last >= answer.matched, "data-testid": "argo-next", onClick: () => actions.goTo(query.offset + PAGE) },
      "Next",
    ),
  );
}
