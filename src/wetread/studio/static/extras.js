// What can be made for a finished run later: a learning curve, what a paper needs, a look inside the model. Each is a
// job of its own, so closing the page does not stop it.

import { get, post } from "./api.js";
import { duration } from "./dom.js";
import { whileVisible } from "./run_live.js";

/** Where an extra of a run stands, out of the list of runs: {kind, state, ...} or null. */
export function extraOf(runs, run, kind) {
  return runs.find((one) => one.id === run)?.extras?.find((one) => one.kind === kind) ?? null;
}

/** Whether extras can be made here; runs of the terminal are only read. */
export function canMake(context) {
  return context.project !== "terminal";
}

/** What stands while it is made: "Reading 3 of 10, 30 %, about 2 min left". */
export function standingOf(extra) {
  if (!extra || extra.state === "queued") return "Waiting for its turn";
  const step = typeof extra.step === "string" ? extra.step : extra.step?.title;
  const share = Number.isFinite(extra.fraction) ? `${Math.floor(100 * extra.fraction)} %` : "";
  const left = extra.eta_s ? `about ${duration(extra.eta_s)} left` : "";
  return [step || "Working", share, left].filter(Boolean).join(", ");
}

/** Starts an extra unless it is already being made, and waits for it; `say(text)` hears where it stands. Answers its last state. */
export async function makeExtra(context, kind, say) {
  const base = `/projects/${context.project}/runs`;
  if (!["queued", "running"].includes(extraOf(context.runs, context.run, kind)?.state)) {
    await post(`${base}/${context.run}/extras`, { kind });
  }
  let last = null;
  await whileVisible(
    async () => {
      last = extraOf((await get(base, { signal: context.signal })).runs, context.run, kind);
      say(standingOf(last));
      return !last || ["queued", "running"].includes(last.state);
    },
    { signal: context.signal, every: 1500 },
  );
  return last;
}
