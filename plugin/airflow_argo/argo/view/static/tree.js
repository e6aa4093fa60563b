// The workflow's nodes, each below what it belongs to.

import { count, duration } from "./format.js";
import { detail, logButton } from "./detail.js";

const DEEPEST = 12;

export function tree(ui, state, actions) {
  if (!state.tree) return ui.div({ key: "tree", className: "argo-empty" }, "Reading the tree …");
  const { nodes, truncated } = state.tree;
  return ui.section(
    { key: "tree", className: "argo-tree", "aria-label": "Tree of the workflow", "data-testid": "argo-tree" },
    ui.ul(nodes.map((node) => line(ui, state, actions, ...node))),
    truncated
      ? ui.div({ key: "cut", className: "argo-muted" }, `Only the first ${count(nodes.length)} nodes are shown.`)
      : null,
  );
}

function line(ui, state, actions, depth, id, name, type, phase, message, started, finished) {
  const open = state.open === id;
  const took = started === null || type === "Skipped" ? "" : duration((finished ?? state.answer.now) - started);
  return ui.li(
    { key: id, "data-testid": "argo-node", "data-phase": phase, "aria-level": depth + 1 },
    ui.div(
      { className: "argo-node" },
      ui.div(
        { className: "argo-node-title", style: { paddingLeft: `${Math.min(depth, DEEPEST) * 20}px` } },
        ui.span({ className: "argo-dot", "data-phase": phase, "aria-hidden": "true" }),
        ui.span({ className: "argo-node-name", title: name }, name),
      ),
      ui.span({ className: "argo-node-phase" }, phase),
      ui.span({ className: "argo-muted" }, type),
      ui.span({ className: "argo-node-message", title: message }, message),
      ui.span({ className: "argo-muted argo-number" }, took),
      type === "Pod" ? logButton(ui, actions, id, open, name) : ui.span({ className: "argo-more-space" }),
    ),
    open ? detail(ui, state, actions, id, [["Message", message]]) : null,
  );
}
