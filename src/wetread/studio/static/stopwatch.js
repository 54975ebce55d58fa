/** Time that somebody looks at a picture, pauses left out. Pure: the clock is handed in. */

/**
 * @param {function(): number} now milliseconds, never going back
 * @returns {{start: function(): void, stop: function(): void, reset: function(): void, ms: function(): number, running: function(): boolean}}
 */
export function createStopwatch(now = () => performance.now()) {
  let kept = 0;
  let since = null;
  return {
    start() {
      since ??= now();
    },
    stop() {
      if (since !== null) kept += now() - since;
      since = null;
    },
    reset() {
      [kept, since] = [0, null];
    },
    ms: () => Math.round(kept + (since === null ? 0 : now() - since)),
    running: () => since !== null,
  };
}
