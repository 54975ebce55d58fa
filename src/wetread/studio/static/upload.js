// Sends files, a few at a time, each as one request; a failed one is tried again. Knows nothing of the page.

import { counted, duration } from "./dom.js";

export const PARALLEL = 5;
const TRIES = 4;
const REQUEST_COST = 60_000; // a request costs about as much time as so many bytes; for the time left
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether it is worth sending again: the server was away or busy, rather than of another opinion. */
export function mayRepeat(error) {
  return (
    error.code === "offline" ||
    error.status === 429 ||
    error.status === 408 ||
    (error.status >= 502 && error.status <= 504)
  );
}

/** Seconds left by the pace so far; null while too little was sent to tell. */
export function secondsLeft(seconds, sent, total) {
  return seconds < 1.5 || sent <= 0 ? null : (seconds / sent) * (total - sent);
}

/** `312 of 1,200 files, about 2 min left`. */
export function words(state) {
  const left = state.left === null || state.done === state.total ? "" : `, about ${duration(state.left)} left`;
  return `${state.done.toLocaleString("en-GB")} of ${state.total.toLocaleString("en-GB")} files${left}`;
}

/** What came of it: `1,180 added, 12 already here, 8 not taken`. */
export function outcome(state) {
  const number = (value, text) => (value ? [`${value.toLocaleString("en-GB")} ${text}`] : []);
  const parts = [
    ...number(state.added, "added"),
    ...number(state.duplicates, "already here"),
    ...number(state.rejected.length, "not taken"),
    ...number(state.total - state.done, "not sent"),
  ];
  return parts.join(", ") || "Nothing to add";
}

/**
 * Sends `files` ({file, path, class, last}), those marked last after all others; returns the final state.
 * `send(one, signal)` answers {status, items, reason, remedy, task}; `follow(task)` waits for an archive and answers its end.
 */
export async function upload(
  files,
  { send, follow, changed = () => {}, signal, parallel = PARALLEL, wait = pause, now = () => performance.now() },
) {
  const queue = files.filter((one) => !one.last);
  const work = (one) => one.file.size + REQUEST_COST;
  const state = {
    total: files.length,
    done: 0,
    added: 0,
    duplicates: 0,
    rejected: [],
    notes: [],
    given: [],
    left: null,
    stopped: false,
  };
  const whole = files.reduce((sum, one) => sum + work(one), 0);
  const began = now();
  let sent = 0;
  let inRow = 0;

  const lane = async () => {
    while (queue.length > 0 && !signal?.aborted && !state.stopped) {
      const one = queue.shift();
      try {
        count(state, one, await patiently(() => send(one, signal), signal, wait));
        inRow = 0;
      } catch (error) {
        if (error.name === "AbortError") {
          return;
        }
        state.rejected.push({ name: one.path, reason: error.message, remedy: error.remedy ?? "" });
        inRow += 1;
        // When nothing goes through any more, thousands of further failures help nobody.
        state.stopped = mayRepeat(error) && inRow >= parallel;
      }
      state.done += 1;
      sent += work(one);
      state.left = secondsLeft((now() - began) / 1000, sent, whole);
      changed(state);
    }
  };
  const count = (into, one, answer) => {
    if (answer.status === "archive") {
      archives.push(answer.task);
    } else if (answer.status === "duplicate") {
      into.duplicates += 1;
      answer.given && into.given.push(answer.given);
    } else if (answer.status === "rejected") {
      into.rejected.push({ name: one.path, reason: answer.reason, remedy: answer.remedy });
    } else if (answer.status === "table") {
      into.notes.push(answer.reason || `${one.path}: ${counted(answer.items.length, "image")} labelled by it.`);
    } else {
      into.added += answer.items?.length ?? 1;
    }
  };
  const archives = [];
  await Promise.all(Array.from({ length: Math.min(parallel, queue.length) }, lane));
  queue.push(...files.filter((one) => one.last)); // when all others have arrived
  await lane();
  for (const task of archives) {
    const end = await follow(task, signal);
    state.added += end.added ?? 0;
    state.duplicates += end.duplicates ?? 0;
    state.rejected.push(...(end.rejected ?? []));
    state.notes.push(...(end.notes ?? []));
    state.given.push(...(end.given ?? []));
  }
  changed(state);
  return state;
}

async function patiently(send, signal, wait) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (error.name === "AbortError" || attempt === TRIES || !mayRepeat(error) || signal?.aborted) {
        throw error;
      }
      await wait(300 * 3 ** attempt * (0.7 + 0.6 * Math.random()));
    }
  }
}
