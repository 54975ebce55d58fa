// Says things to screen readers, politely: at most every five seconds, and only the latest.

const PAUSE_MS = 5000;
let last = 0;
let waiting = null;

/** Says a sentence; `now` is for the answer to something the user just did. */
export function announce(text, { now = false } = {}) {
  clearTimeout(waiting);
  const rest = now ? 0 : Math.max(0, last + PAUSE_MS - Date.now());
  waiting = setTimeout(() => {
    last = Date.now();
    document.getElementById("announcer").textContent = text;
  }, rest);
}
