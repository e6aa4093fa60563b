// Numbers, times and phases as people read them.

export const PHASES = ["Failed", "Error", "Running", "Pending", "Succeeded", "Skipped", "Omitted"];

const FINAL = new Set(["Succeeded", "Failed", "Error"]);

export const isFinal = (phase) => FINAL.has(phase);

export const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

export const hasFailed = (phase) => phase === "Failed" || phase === "Error";

/** How many workers have failed. */
export const failedOf = ({ counts }) => (counts.Failed ?? 0) + (counts.Error ?? 0);

export const count = (number) => number.toLocaleString("en");

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** Seconds as "0.4 s", "12 s", "3 min 5 s", "2 h 10 min" or "3 d 4 h". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, "min", 1, "s");
  if (whole < 86400) return pair(whole, 3600, "h", 60, "min");
  return pair(whole, 86400, "d", 3600, "h");
}

function pair(seconds, large, largeUnit, small, smallUnit) {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeUnit}${rest ? ` ${rest} ${smallUnit}` : ""}`;
}

/** Seconds since the epoch as the viewer's clock shows them, with the date unless it is today. */
export function clock(epoch) {
  if (epoch === null || epoch === undefined) return "";
  const moment = new Date(epoch * 1000);
  const time = moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return moment.toDateString() === new Date().toDateString() ? time : `${moment.toLocaleDateString()} ${time}`;
}

/** The phases that there are, in the order in which they matter; others that Argo may add come last. */
export const orderedPhases = (counts) => [
  ...PHASES.filter((phase) => counts[phase]),
  ...Object.keys(counts).filter((phase) => !PHASES.includes(phase)),
];
