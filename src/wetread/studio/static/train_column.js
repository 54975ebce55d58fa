// Audit, recipe and a big button; while a run goes, where it stands; then what it found.

import { ask, menuButton } from "./ask.js";
import { createTurn, del, get, post } from "./api.js";
import { gateLine, isGoing, ranked, runAudit, SEVERITY, watchAudit } from "./audit_parts.js";
import { announce } from "./announce.js";
import { counted, duration, failed, fill, h, headlineParts, icon, lamp, runName } from "./dom.js";
import { ofFindings } from "./findings.js";
import { isImporting } from "./imports.js";
import { go, pathOf } from "./location.js";
import { follow, LIVE, livePanel } from "./run_live.js";
import { trainForm } from "./train_form.js";
import { toast, toastError } from "./toast.js";

const WARNINGS = 3;
const RUNS = 6;
/** Said by the card itself, or under the Train button. */
const SAID_ELSEWHERE = new Set(["two-classes", "no-audit", "stale-audit"]);

/** The column. Answers {element, redraw(), start()}. */
export function trainColumn(desk, context) {
  const auditCard = h("section", { class: "card audit-card", "aria-label": "Check of the data" });
  const work = h("section", { class: "card train-card", "aria-label": "Training" });
  const ended = h("div", { class: "ended" });
  const runs = h("section", { class: "card runs-card", "aria-label": "Runs" });
  const form = trainForm(desk, start);
  let version = null;
  let watching = null;
  let checking = false;
  const turn = createTurn();
  const resuming = new Set();

  async function drawAudit() {
    if (checking) {
      return;
    }
    const isLast = turn();
    try {
      const audit = await get(`/projects/${desk.project}/audit`, { signal: desk.signal });
      if (!isLast() || checking) {
        return;
      }
      if (isGoing(audit)) {
        await show(() => watchAudit(context, auditCard));
      } else {
        fill(
          auditCard,
          auditSummary(audit, desk, () => show(() => runAudit(context, auditCard))),
        );
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        fill(auditCard, failed(error, drawAudit));
      }
    }
  }

  async function show(work) {
    if (checking) {
      return;
    }
    checking = true;
    await work().catch(() => null);
    checking = false;
    if (!desk.signal.aborted) {
      await drawAudit();
    }
  }

  async function start() {
    const wish = form.wish();
    if (!wish || watching) {
      return;
    }
    form.busy(true);
    try {
      const { run } = await post(`/projects/${desk.project}/runs`, wish);
      announce("Training started", { now: true });
      await context.refresh();
      watch(run);
    } catch (error) {
      form.busy(false);
      form.refuse(error) || toastError(error);
    } finally {
      form.busy(false);
    }
  }

  async function watch(run) {
    if (watching === run) {
      return;
    }
    watching = run;
    const panel = livePanel();
    const stop = h(
      "button",
      {
        class: "button big danger",
        type: "button",
        onclick: async () => {
          stop.disabled = true;
          stop.textContent = "Stopping; what is finished is kept";
          await post(`/projects/${desk.project}/runs/${run}/stop`).catch(toastError);
        },
      },
      icon("stop"),
      "Stop",
    );
    fill(ended);
    fill(
      work,
      panel.element,
      h("p", { class: "small muted" }, "You may close this page, or the studio: training goes on."),
      stop,
    );
    work.dataset.state = "running";
    try {
      await follow(desk.project, run, panel.update, desk.signal);
      if (watching !== run) {
        return; // somebody goes on with another one, which is shown by now
      }
      watching = null;
      if (!desk.signal.aborted) {
        await context.refresh();
        work.dataset.state = "ended";
        fill(
          ended,
          ending(
            context.runs.find((one) => one.id === run),
            desk,
            watchAgain,
          ),
        );
        redraw();
      }
    } catch (error) {
      watching = watching === run ? null : watching;
      toastError(error);
      redraw();
    }
  }

  async function watchAgain(run) {
    if (resuming.has(run.id)) {
      return;
    }
    resuming.add(run.id);
    try {
      await post(`/projects/${desk.project}/runs/${run.id}/resume`);
      await context.refresh();
      watch(run.id);
      redraw();
    } catch (error) {
      toastError(error);
    } finally {
      resuming.delete(run.id);
    }
  }

  function redraw() {
    const going = context.runs.find((one) => LIVE.has(one.status));
    if (!watching && going) {
      watch(going.id);
    }
    if (!watching && form.element.parentElement !== work) {
      work.dataset.state = "ready";
      fill(work, form.element);
    }
    drawRuns(runs, context, watchAgain);
    // Only news of the data make it necessary to ask again; while files come in, that would be all the time.
    if (version !== desk.data().version && !(version !== null && isImporting(desk.project))) {
      version = desk.data().version;
      drawAudit();
      form.redraw();
    }
  }

  return { element: h("div", { class: "stack train" }, auditCard, ended, work, runs), redraw, start };
}

function auditSummary(audit, desk, check) {
  const lacking = (audit.before_train ?? []).find((one) => one.code === "two-classes");
  const enough = !lacking;
  const seen = audit.status === "finished";
  const shown = ranked([...(audit.before_train ?? []), ...(seen ? audit.findings : [])]).filter(
    (one, index, all) => all.findIndex((other) => other.code === one.code) === index,
  );
  const head = h(
    "div",
    { class: "spread" },
    h("h3", { class: "audit-title" }, seen ? lamp(audit.gate, "") : lamp("none", ""), "Check of the data"),
    enough &&
      h(
        "button",
        { class: audit.stale || !seen ? "button small chosen" : "button small ghost", type: "button", onclick: check },
        seen ? "Check again" : "Check",
      ),
  );
  const line = !enough
    ? ofFindings(desk.data())
      ? "Needs two findings with enough cases."
      : "Needs images in at least two classes."
    : seen
      ? gateLine(audit)
      : audit.status === "failed"
        ? (audit.error?.message ?? "The last check failed.")
        : "Not checked yet. Seconds to minutes, before you train on it.";
  return [
    head,
    h("p", { class: "muted small" }, line),
    audit.stale && seen && h("p", { class: "notice amber" }, icon("warn"), "The images changed since this check."),
    h(
      "ul",
      { class: "warnings" },
      shown
        .filter((one) => one.severity !== "info" && !SAID_ELSEWHERE.has(one.code))
        .slice(0, WARNINGS)
        .map((one) =>
          h(
            "li",
            {},
            lamp(one.severity, SEVERITY[one.severity]),
            h("span", {}, h("b", {}, one.title), " ", one.sentence),
          ),
        ),
    ),
    seen &&
      audit.findings.length > 0 &&
      h(
        "a",
        { class: "small", href: pathOf("audit", desk.project) },
        audit.findings.length === 1
          ? "The finding, with its images"
          : `All ${audit.findings.length} findings, with their images`,
      ),
  ];
}

function ending(run, desk, again) {
  if (!run) {
    return null;
  }
  if (run.status === "finished") {
    const [number, rest] = headlineParts(run.headline);
    return h(
      "section",
      { class: `card ending gate-card ${run.gate ?? ""}`, data: { state: "finished" } },
      h(
        "div",
        { class: "stack" },
        h("h3", {}, lamp(run.gate, ""), "Trained and tested"),
        h("p", { class: "ending-number number" }, number || "No headline"),
        h(
          "p",
          { class: "small" },
          `${rest}${rest ? "; " : ""}each tested while held out. Research and teaching only. Not a medical device.`,
        ),
        h(
          "div",
          { class: "row" },
          h("a", { class: "button primary", href: pathOf("results", desk.project, run.id) }, "See the results"),
          h("a", { class: "button", href: pathOf("cases", desk.project, run.id) }, "See the cases"),
        ),
      ),
    );
  }
  return h(
    "section",
    { class: "card ending", data: { state: run.status } },
    h("h3", {}, STATUS[run.status] ?? run.status),
    run.error && h("p", {}, run.error.message, " ", run.error.remedy),
    run.status === "stopped" && h("p", { class: "muted" }, "What was finished is kept."),
    run.resumable &&
      h(
        "div",
        { class: "row" },
        h("button", { class: "button primary", type: "button", onclick: () => again(run) }, "Go on with it"),
      ),
  );
}

const STATUS = {
  queued: "Waiting",
  running: "Running",
  finished: "Finished",
  stopped: "Stopped",
  failed: "It failed",
  interrupted: "Interrupted",
};

function drawRuns(place, context, again) {
  const past = context.runs.filter((one) => !LIVE.has(one.status));
  place.hidden = past.length === 0;
  const facts = (run) => [runName(run), run.seconds && duration(run.seconds)].filter(Boolean).join(" · ");
  const row = (run) =>
    h(
      "li",
      {},
      lamp(run.status === "finished" ? run.gate : "none", ""),
      h(
        "div",
        {},
        run.status === "finished"
          ? h("a", { href: pathOf("results", context.project, run.id) }, headlineParts(run.headline)[0] || run.title)
          : h("span", {}, STATUS[run.status] ?? run.status, run.error ? `: ${run.error.message}` : ""),
        h("p", { class: "small muted" }, facts(run), run.data_changed ? " · other images than now" : ""),
      ),
      h(
        "div",
        { class: "row" },
        run.resumable && h("button", { class: "button small", type: "button", onclick: () => again(run) }, "Go on"),
        runMenu(run, context, () => drawRuns(place, context, again)),
      ),
    );
  fill(
    place,
    h(
      "div",
      { class: "spread" },
      h("h3", {}, "Runs"),
      past.filter((one) => one.status === "finished").length > 1 &&
        h("a", { class: "small", href: pathOf("compare", context.project) }, "Compare"),
    ),
    h("ul", { class: "runs" }, past.slice(0, RUNS).map(row)),
    past.length > RUNS &&
      h(
        "button",
        { class: "button small ghost", type: "button", onclick: () => go(pathOf("results", context.project)) },
        `${past.length - RUNS} more in the run picker`,
      ),
  );
}

function runMenu(run, context, drawn) {
  const done = () => context.refresh().then(drawn);
  const base = `/projects/${context.project}/runs/${run.id}`;
  return menuButton(`More for the run ${runName(run)}`, () => [
    {
      words: "Rename",
      run: async () => {
        const title = await ask("Rename the run", "Name", { value: run.title === run.id ? "" : run.title });
        return title && post(`${base}/rename`, { title }).then(done, toastError);
      },
    },
    {
      words: "Move to the bin",
      icon: "trash",
      run: () =>
        del(base)
          .then(done)
          .then(
            () =>
              toast(`The run ${runName(run)} is in the bin.`, {
                undo: () => post(`${base}/restore`).then(done, toastError),
              }),
            toastError,
          ),
    },
  ]);
}
