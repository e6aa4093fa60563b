// How far the workers are: one bar, and a button for each phase that shows these alone.

import { count, failedOf, orderedPhases, plural, sum } from "./format.js";

export function progress(ui, { answer, query }, actions) {
  const [done, total] = answer.progress;
  const phases = orderedPhases(answer.counts);
  const waiting = total - sum(Object.values(answer.counts));
  const failed = failedOf(answer);
  return ui.section(
    { key: "progress", className: "argo-card", "aria-label": "Progress" },
    ui.div(
      { className: "argo-progress-text" },
      ui.span(
        { className: "argo-big", "data-testid": "argo-progress" },
        total ? `${count(done)} of ${plural(total, worker(answer))} done` : `No ${worker(answer)}s yet`,
      ),
      failed ? ui.span({ className: "argo-failed", "data-testid": "argo-failed" }, `${count(failed)} failed`) : null,
    ),
    ui.div(
      {
        className: "argo-bar",
        role: "progressbar",
        "aria-valuemin": 0,
        "aria-valuemax": total,
        "aria-valuenow": done,
        "aria-label": "Workers that have ended",
      },
      bars(phases).map((phase) =>
        ui.div({ key: phase, className: "argo-part", "data-phase": phase, style: { flexGrow: answer.counts[phase] } }),
      ),
      waiting > 0 ? ui.div({ key: "waiting", className: "argo-part", style: { flexGrow: waiting } }) : null,
    ),
    ui.div(
      { className: "argo-chips", role: "group", "aria-label": "Show workers by phase" },
      phases.map((phase) =>
        ui.button(
          {
            key: phase,
            type: "button",
            className: "argo-chip",
            "data-phase": phase,
            "data-testid": `argo-chip-${phase}`,
            "aria-pressed": query.phases.includes(phase),
            onClick: () => actions.togglePhase(phase),
          },
          ui.span({ className: "argo-dot", "data-phase": phase, "aria-hidden": "true" }),
          phase,
          ui.span({ className: "argo-count" }, count(answer.counts[phase])),
        ),
      ),
      waiting > 0 ? ui.span({ key: "waiting", className: "argo-muted" }, `${count(waiting)} not started`) : null,
    ),
  );
}

export const worker = (answer) => (answer.fan_out ? "worker" : "pod");

/** What is done stands first, what is to come last. */
function bars(phases) {
  const late = ["Running", "Pending"];
  const early = phases.filter((phase) => !late.includes(phase)).reverse();
  return [...early, ...late.filter((phase) => phases.includes(phase))];
}
