// When the workers ran, one above the other by index: waves of parallelism and stragglers show at once.

import { count, duration, hasFailed, sum } from "./format.js";

const WIDTH = 1000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
// Argo keeps whole seconds: below some of them there is nothing to see.
const SHORTEST = 2;
// Pixels: one failed worker among thousands is to be seen.
const SEEN = 2;
const MOST_TICKS = 6;

export function timeline(ui, { answer, hover }, actions) {
  const { from, to, bars, bucketed } = answer.timeline;
  if (bars.length < 2 || (answer.finished && to - from < SHORTEST)) return null;
  const length = Math.max((to ?? answer.now) - from, 1);
  const height = Math.min(120, Math.max(40, bars.length * 8));
  return ui.section(
    { key: "timeline", className: "argo-card", "aria-label": "Timeline of the workers", "data-testid": "argo-timeline" },
    ui.div(
      { className: "argo-progress-text" },
      ui.span({ className: "argo-heading" }, "Timeline"),
      ui.span({ className: "argo-muted" }, told(bars[hover], answer, bucketed)),
    ),
    ui.div(
      { className: "argo-plot", style: { height: `${height}px` }, onMouseLeave: () => actions.hover(null) },
      ticks(length).map((tick) =>
        ui.div(
          { key: `tick-${tick}`, className: "argo-tick", style: { left: `${(100 * tick) / length}%` } },
          ui.span({ className: "argo-tick-label" }, duration(tick)),
        ),
      ),
      ui.svg(
        {
          key: "bars",
          className: "argo-bars",
          viewBox: `0 0 ${WIDTH} ${height}`,
          preserveAspectRatio: "none",
          "aria-hidden": "true",
          onMouseMove: (event) => actions.hover(under(event, bars.length)),
          onClick: (event) => !bucketed && actions.search(String(bars[under(event, bars.length)][0])),
        },
        shapes(bars, length, height, answer).map(([phase, path]) => ui.path({ key: phase, d: path, "data-phase": phase })),
      ),
    ),
  );
}

/** One path for each phase: a browser draws it quicker than a thousand elements. */
function shapes(bars, length, height, answer) {
  const paths = new Map();
  const row = height / bars.length;
  const thick = row >= 6 ? row - 2 : row >= 2.5 ? row - 1 : row;
  const scale = WIDTH / length;
  const passed = (answer.finished ?? answer.now) - answer.timeline.from;
  bars.forEach(([, start, end, phase], place) => {
    const high = hasFailed(phase) ? Math.max(thick, SEEN) : thick;
    const width = Math.max(((end ?? passed) - start) * scale, 2);
    const x = Math.min(start * scale, WIDTH - 2);
    const path = `M${x.toFixed(1)} ${(place * row).toFixed(2)}h${width.toFixed(1)}v${high.toFixed(2)}h${(-width).toFixed(1)}z`;
    paths.set(phase, (paths.get(phase) ?? "") + path);
  });
  // What failed is drawn above all else.
  return [...paths].sort(([one], [other]) => hasFailed(one) - hasFailed(other));
}

function under(event, bars) {
  const box = event.currentTarget.getBoundingClientRect();
  const place = Math.floor(((event.clientY - box.top) / box.height) * bars);
  return Math.max(0, Math.min(bars - 1, place));
}

function told(bar, answer, bucketed) {
  if (!bar) return `${count(sum(Object.values(answer.counts)))} by index, top to bottom${bucketed ? "; neighbours share a bar" : ""}`;
  const [index, start, end, phase] = bar;
  const passed = (answer.finished ?? answer.now) - answer.timeline.from;
  return `${bucketed ? "from worker" : "worker"} ${index} · ${phase} · ${duration((end ?? passed) - start)}, from ${duration(start)}`;
}

function ticks(length) {
  const step = STEPS.find((each) => length / each <= MOST_TICKS) ?? Math.ceil(length / MOST_TICKS / 86400) * 86400;
  const found = [];
  // The last one's label would not fit.
  for (let tick = 0; tick < length * 0.97; tick += step) found.push(tick);
  return found;
}
