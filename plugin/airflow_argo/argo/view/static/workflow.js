// One workflow as it is looked at: its state, and what a viewer can do. Draws nothing.

import { isFinal } from "./format.js";
import { Refused } from "./http.js";
import { makePolling } from "./polling.js";
import { makeStore } from "./store.js";

const WHILE_RUNNING = 1000;
const WHILE_IDLE = 5000;
const AFTER_THE_END = 15_000;
const TYPING = 200;
export const PAGE = 100;
const LINES = 200;

const NOTHING = {
  answer: null,
  error: null,
  query: { phases: [], search: "", sort: "", desc: false, offset: 0 },
  tab: null,
  tree: null,
  open: null,
  logs: {},
  hover: null,
  confirm: null,
  busy: false,
  done: null,
};

/** @param http as `makeHttp` gives it, with the workflow's base path. */
export function openWorkflow(http) {
  const store = makeStore(NOTHING);
  const polling = makePolling(refresh);
  let typing = null;

  async function refresh(signal) {
    const { query } = store.get();
    try {
      const answer = await http.get(`state?${asSearch(query)}`, signal);
      shown(answer);
      if (tabOf(store.get()) === "tree") await loadTree(signal);
      // Not waited for: some servers are slow to end a log.
      followLog();
      return pauseAfter(answer);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (!(error instanceof Refused)) {
        store.set({ error: { status: -1, detail: String(error) } });
        throw error;
      }
      store.set({ error: { status: error.status, detail: error.message } });
      if (error.status === 401 || error.status === 403) return null;
      throw error;
    }
  }

  function shown(answer) {
    const before = store.get();
    const unchanged = before.answer && before.answer.version === answer.version && answer.finished && !before.error;
    if (!unchanged) store.set({ answer, error: null });
  }

  async function loadTree(signal) {
    store.set({ tree: await http.get("tree", signal) });
  }

  async function loadLog(node) {
    const keep = store.get().logs[node] ?? { lines: [] };
    noteLog(node, { ...keep, loading: true });
    try {
      const log = await http.get(`log?node=${encodeURIComponent(node)}&lines=${LINES}`);
      noteLog(node, { ...log, loading: false });
    } catch (error) {
      noteLog(node, { ...keep, loading: false, error: error.message });
    }
  }

  function noteLog(node, log) {
    store.set({ logs: { ...store.get().logs, [node]: log } });
  }

  /** A log that is open goes on while its worker runs, and once after. */
  async function followLog() {
    const { open, logs, answer } = store.get();
    if (!open || !logs[open] || logs[open].loading || logs[open].ended) return;
    const worker = answer.workers.find((row) => row[9] === open);
    const runs = worker ? worker[2] === "Running" : !isFinal(answer.phase);
    await loadLog(open);
    if (!runs && store.get().logs[open]) noteLog(open, { ...store.get().logs[open], ended: true });
  }

  function ask(change) {
    store.set({ query: { ...store.get().query, offset: 0, ...change }, open: null });
  }

  const actions = {
    search(text) {
      ask({ search: text });
      clearTimeout(typing);
      typing = setTimeout(polling.now, TYPING);
    },
    togglePhase(phase) {
      const { phases } = store.get().query;
      ask({ phases: phases.includes(phase) ? phases.filter((each) => each !== phase) : [...phases, phase] });
      polling.now();
    },
    showAll() {
      ask({ phases: [], search: "" });
      polling.now();
    },
    /** Up, then down, then as it was: those that failed first. */
    sortBy(column) {
      const { sort, desc } = store.get().query;
      if (sort !== column) ask({ sort: column, desc: false });
      else if (!desc) ask({ desc: true });
      else ask({ sort: "", desc: false });
      polling.now();
    },
    goTo(offset) {
      ask({ offset: Math.max(0, offset) });
      polling.now();
    },
    show(tab) {
      store.set({ tab, open: null });
      polling.now();
    },
    toggle(node) {
      const open = store.get().open === node ? null : node;
      store.set({ open });
      if (open) loadLog(open);
    },
    reload: loadLog,
    hover(bar) {
      if (store.get().hover !== bar) store.set({ hover: bar });
    },
    ask: (action) => store.set({ confirm: action, done: null }),
    cancel: () => store.set({ confirm: null }),
    forgetDone: () => store.set({ done: null }),
    again: polling.now,
    async act(action) {
      store.set({ confirm: null, busy: true, done: null });
      try {
        const { done } = await http.post(action);
        store.set({ done: { ok: true, text: done }, logs: {}, open: null });
      } catch (error) {
        store.set({ done: { ok: false, text: error.message } });
      }
      store.set({ busy: false });
      polling.now();
    },
  };

  return { store, actions, start: polling.start, stop: polling.stop };
}

/** What is shown below the progress: what was chosen, else the workers of a fan-out and the tree of anything else. */
export const tabOf = (state) => state.tab ?? (state.answer && !state.answer.fan_out ? "tree" : "workers");

function pauseAfter(answer) {
  if (answer.phase === null) return WHILE_IDLE;
  return isFinal(answer.phase) ? AFTER_THE_END : WHILE_RUNNING;
}

function asSearch({ phases, search, sort, desc, offset }) {
  const parts = new URLSearchParams(phases.map((phase) => ["phase", phase]));
  if (search) parts.set("search", search);
  if (sort) parts.set("sort", sort);
  if (desc) parts.set("desc", "1");
  parts.set("offset", String(offset));
  parts.set("limit", String(PAGE));
  return parts;
}
