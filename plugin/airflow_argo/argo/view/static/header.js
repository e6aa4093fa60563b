// The workflow's name, how it is, since when, and what can be done to it.

import { clock, duration, failedOf } from "./format.js";

const ASKED = {
  retry: {
    button: "Retry failed workers",
    question: (failed) => `Run ${failed === 1 ? "the failed worker" : failed ? `the ${failed} failed workers` : "what failed"} again?`,
    detail: "The task in Airflow keeps its state; its next try finds the workflow as it is then.",
    tone: "main",
  },
  stop: {
    button: "Stop",
    question: () => "Stop the workflow?",
    detail: "Running workers are ended, exit handlers still run, and the task in Airflow fails.",
    tone: "danger",
  },
};

export function header(ui, state, actions) {
  const { answer, busy } = state;
  return ui.div(
    { key: "header", className: "argo-header" },
    ui.div(
      { className: "argo-title" },
      ui.Phase({ phase: answer.phase, "data-testid": "argo-phase" }),
      ui.span({ className: "argo-name", "data-testid": "argo-name", title: answer.name }, answer.name),
      web(answer.link)
        ? ui.a(
            { className: "argo-link", href: answer.link, target: "_blank", rel: "noopener noreferrer", "data-testid": "argo-link" },
            "Open in Argo ↗",
          )
        : null,
    ),
    ui.div({ className: "argo-meta", "data-testid": "argo-meta", "data-phase": answer.phase }, facts(answer)),
    ui.div(
      { className: "argo-actions" },
      answer.actions.map((action) =>
        ui.Button(
          {
            key: action,
            disabled: busy,
            "data-testid": `argo-${action}`,
            onClick: () => actions.ask(action),
          },
          ASKED[action].button,
        ),
      ),
    ),
  );
}

export function confirmation(ui, state, actions) {
  const asked = ASKED[state.confirm];
  if (!asked || !state.answer.actions.includes(state.confirm)) return null;
  const failed = failedOf(state.answer);
  const cancel = () => {
    // Else the focus would be lost with the button that has it.
    document.querySelector(`[data-testid=argo-${state.confirm}]`)?.focus();
    actions.cancel();
  };
  return ui.div(
    {
      key: "confirm",
      className: "argo-confirm",
      role: "alertdialog",
      "aria-label": asked.question(failed),
      "data-testid": "argo-confirm",
      onKeyDown: (event) => event.key === "Escape" && cancel(),
    },
    ui.div(ui.strong(asked.question(failed)), ui.div({ className: "argo-muted" }, asked.detail)),
    ui.div(
      { className: "argo-actions" },
      ui.Button({ onClick: cancel }, "Cancel"),
      ui.Button(
        { tone: asked.tone, autoFocus: true, "data-testid": "argo-confirm-yes", onClick: () => actions.act(state.confirm) },
        asked.button,
      ),
    ),
  );
}

function facts(answer) {
  const parts = [answer.namespace];
  if (answer.started) {
    parts.push(`started ${clock(answer.started)}`);
    const took = duration((answer.finished ?? answer.now) - answer.started);
    parts.push(answer.finished ? `took ${took}` : `running for ${took}`);
  }
  if (answer.archived) parts.push("deleted, shown from Argo’s archive");
  return parts.filter(Boolean).join(" · ");
}

/** The server has checked it; a browser would run a script that stands there. */
const web = (link) => /^https?:\/\//i.test(link);
