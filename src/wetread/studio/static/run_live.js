// A run while it goes: asks for new events as long as the page is looked at, and draws where it stands.

import { announce } from "./announce.js";
import { get } from "./api.js";
import { duration, fill, h } from "./dom.js";

export const POLL_MS = 700;
export const LIVE = new Set(["queued", "running"]);
const FAINT = 14; // earlier fits drawn behind the present one

/** Calls `look()` again and again while the page is visible, until it answers false or the signal is aborted. */
export async function whileVisible(look, { signal, every = POLL_MS } = {}) {
  const rest = (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
      signal?.addEventListener("abort", resolve, { once: true });
    });
  const shown = () =>
    new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true, signal }));
  while (!signal?.aborted) {
    if (document.hidden) {
      await shown();
    }
    const goOn = await look().catch((error) => error.name !== "AbortError");
    if (!goOn) {
      return;
    }
    await rest(every);
  }
}

/** What the events so far add up to: the curves of each fit, and the latest notice. Pure. */
export function gather(live, events) {
  for (const event of events) {
    live.seq = Math.max(live.seq, event.seq ?? 0);
    if (event.kind === "epoch_done") {
      const key = `${event.repeat}.${event.fold}.${event.inner}`;
      const fit = live.fits.get(key) ?? {
        name: `part ${event.fold}${event.inner ? `.${event.inner}` : ""}`,
        train: [],
        val: [],
        auroc: [],
        epochs: event.epochs,
      };
      fit.train.push([event.epoch, event.train_loss]);
      addKnown(fit.val, event.epoch, event.val_loss);
      addKnown(fit.auroc, event.epoch, event.val_auroc);
      live.fits.delete(key);
      live.fits.set(key, fit);
    } else if (event.kind === "notice") {
      live.notices.push(event.text);
    }
  }
  return live;
}

function addKnown(points, epoch, value) {
  if (value !== null && value !== undefined) {
    points.push([epoch, value]);
  }
}

/** The beginning of a live picture. */
export function nothingYet() {
  return { seq: 0, fits: new Map(), notices: [], status: "queued", step: null, fraction: 0, left: null };
}

/** `Training and testing, 120 of 363. About 4 min left.` */
export function standing(live) {
  if (live.status === "queued") {
    return `Waiting for ${live.waitsFor ? `a run of ${live.waitsFor}` : "the run before it"} to end.`;
  }
  const step = live.step;
  const many = step?.total ? `, ${step.done ?? 0} of ${step.total}` : "";
  const left = live.left ? ` About ${duration(live.left)} left.` : "";
  return `${step?.title ?? "Starting"}${many}.${left}`;
}

/** Follows a run and calls `changed(live)`; resolves with the last state once the run has ended. */
export async function follow(project, run, changed, signal) {
  const live = nothingYet();
  await whileVisible(
    async () => {
      const answer = await get(`/projects/${project}/runs/${run}/events?after=${live.seq}`, { signal });
      // The file is a new one: what a check or a run before it told is not of this one.
      answer.reset && Object.assign(live, nothingYet());
      gather(live, answer.events);
      Object.assign(live, {
        status: answer.status,
        step: answer.step,
        fraction: answer.fraction ?? 0,
        left: answer.eta_s,
        waitsFor: answer.waits_for && answer.waits_for.id !== project ? answer.waits_for.name : null,
      });
      changed(live);
      return LIVE.has(live.status);
    },
    { signal },
  );
  return live;
}

/** The live panel: a step in words, a bar, the time left, and curves that grow. Answers {element, update(live)}. */
export function livePanel() {
  const line = h("p", { class: "live-step" }, "Starting.");
  const bar = h("progress", { max: 1, "aria-label": "Progress of the run" });
  const share = h("span", { class: "live-share number" });
  const curves = h("div", { class: "live-curves" });
  const notes = h("ul", { class: "live-notes" });
  let drawn = 0;
  const update = async (live) => {
    line.textContent = standing(live);
    share.textContent = live.fraction ? `${Math.floor(live.fraction * 100)} %` : "";
    if (live.fraction) {
      bar.value = live.fraction;
    }
    announce(standing(live));
    fill(
      notes,
      live.notices.slice(-2).map((text) => h("li", {}, text)),
    );
    if (live.fits.size > 0 && live.seq !== drawn) {
      drawn = live.seq;
      fill(curves, await drawCurves(live));
    }
  };
  return {
    element: h("div", { class: "live" }, h("div", { class: "live-head" }, line, share), bar, curves, notes),
    update,
  };
}

async function drawCurves(live) {
  const { lineChart } = await import("./charts.js");
  const fits = [...live.fits.values()];
  const now = fits.at(-1);
  const behind = fits.slice(-FAINT - 1, -1).filter((fit) => fit.val.length > 1);
  // The present fit comes first: a chart tells its lines apart by their number.
  const series = [
    { name: "held back", points: now.val, colour: "var(--s1)" },
    { name: "training", points: now.train, dashed: true, colour: "var(--s2)" },
    ...behind.map((fit) => ({ name: "", points: fit.val, colour: "var(--muted)", faint: true })),
  ];
  const x = { label: "pass over the images", min: 1, max: Math.max(now.epochs ?? 1, 2) };
  const many = behind.length > 0 ? "; earlier ones in grey" : "";
  const words = `Error of network ${fits.length} so far${many}. Lower is better.`;
  return h(
    "figure",
    {},
    lineChart({ series, x, y: { label: "error", min: 0 }, width: 420, height: 220 }),
    h("figcaption", { class: "small muted" }, words),
  );
}
