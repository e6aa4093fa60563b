// Asks again and again: quickly while something moves, slowly while nothing does, not at all while nobody looks.

const SLOWEST = 30_000;

/**
 * @param {(signal: AbortSignal) => Promise<number>} ask gives the milliseconds until it wants to be called again; null
 *   for never.
 */
export function makePolling(ask) {
  let timer = null;
  let current = null;
  let failures = 0;
  let running = false;

  async function round() {
    if (document.hidden) return;
    current?.abort();
    const mine = (current = new AbortController());
    let pause;
    try {
      pause = await ask(mine.signal);
      failures = 0;
    } catch (error) {
      if (mine.signal.aborted) return;
      pause = Math.min(SLOWEST, 2000 * 2 ** failures++);
    }
    if (running && current === mine && pause !== null) schedule(pause);
  }

  function schedule(pause) {
    clearTimeout(timer);
    timer = setTimeout(round, pause);
  }

  function seen() {
    if (running && !document.hidden) now();
  }

  function now() {
    clearTimeout(timer);
    return round();
  }

  return {
    now,
    start() {
      if (running) return;
      running = true;
      document.addEventListener("visibilitychange", seen);
      now();
    },
    stop() {
      running = false;
      clearTimeout(timer);
      current?.abort();
      document.removeEventListener("visibilitychange", seen);
    },
  };
}
