// Runs against each other: all on one axis to look at, and two or more on the same cases to judge.

import { announce } from "../announce.js";
import { get } from "../api.js";
import { intervalBar } from "../charts.js";
import { empty, failed, fill, h, lamp, loading, runName } from "../dom.js";
import { pathOf, query, setQuery } from "../location.js";
import { interval, took, two } from "../numbers.js";
import { whileVisible } from "../run_live.js";
import { comparisonParts } from "./compare_result.js";

export const title = "Compare";
const MOST = 6;
const AXIS = { min: 0.3, max: 1, chance: 0.5 };

/** Draws the list of runs, and the comparison that the address asks for. */
export async function show(root, context) {
  const finished = context.runs.filter((run) => run.status === "finished" && run.headline);
  const heading = h("h1", {}, "Compare runs");
  if (!finished.length) {
    root.dataset.state = "empty";
    fill(
      root,
      heading,
      empty(
        "No finished run yet.",
        "Train a model first; each run then becomes a row here.",
        h("a", { class: "button primary", href: pathOf("build", context.project) }, "To the Build page"),
      ),
    );
    return;
  }
  const asked = (query().runs ?? "").split(",");
  const state = { chosen: asked.filter((id) => finished.some((run) => run.id === id)).slice(0, MOST), ticket: 0 };
  const found = h("div", { class: "compared", "aria-live": "off" });
  const button = h("button", {
    class: "button primary",
    type: "button",
    onclick: () => compare(context, state, found),
  });
  const words = () => {
    const many = state.chosen.length;
    button.disabled = many < 2;
    button.textContent = many < 2 ? "Choose two or more runs" : `Compare these ${many} runs`;
  };
  const toggle = (id, on) => {
    state.chosen = on ? [...state.chosen, id].slice(-MOST) : state.chosen.filter((one) => one !== id);
    setQuery({ runs: state.chosen.join(",") });
    root.querySelectorAll("input[name=run]").forEach((box) => (box.checked = state.chosen.includes(box.value)));
    words();
  };
  words();
  root.dataset.state = "ready";
  fill(
    root,
    h(
      "div",
      { class: "head" },
      h(
        "div",
        {},
        heading,
        h(
          "p",
          {},
          "The interval of each is from its own test. To say which is better takes the same cases: choose two or more.",
        ),
      ),
      h("div", { class: "row" }, button),
    ),
    runTable(context, finished, state, toggle),
    others(context, finished),
    finished.length === 1 &&
      h("p", { class: "muted" }, "One finished run is too few to compare. Train again with other settings."),
    found,
  );
  if (state.chosen.length > 1) await compare(context, state, found);
}

function runTable(context, runs, state, toggle) {
  const row = (run) => {
    const box = h("input", {
      type: "checkbox",
      name: "run",
      value: run.id,
      id: `run-${run.id}`,
      checked: state.chosen.includes(run.id),
      onchange: (event) => toggle(run.id, event.target.checked),
    });
    return h(
      "tr",
      { data: { run: run.id } },
      h("td", { class: "pick" }, box),
      h(
        "th",
        { scope: "row" },
        h("label", { for: `run-${run.id}` }, runName(run)),
        h("small", {}, [run.data, kindOf(run), run.preset].filter(Boolean).join(" · ")),
        h(
          "small",
          { class: "optional" },
          [run.started?.slice(0, 16).replace("T", " "), took(run.seconds)].filter(Boolean).join(" · "),
        ),
      ),
      h(
        "td",
        { class: "number" },
        h("b", {}, two(run.headline.value)),
        h("small", { class: "narrow" }, interval(run.headline)),
      ),
      h("td", { class: "tight optional" }, interval(run.headline)),
      h("td", { class: "line" }, intervalBar(run.headline, AXIS)),
      h("td", { class: "number optional" }, run.n?.images ?? run.n ?? ""),
      h("td", { class: "optional" }, h("span", { class: "gate-words" }, lamp(run.gate, ""), run.gate)),
      h(
        "td",
        { class: "optional" },
        h(
          "a",
          { href: pathOf("results", context.project, run.id), "aria-label": `Results of ${runName(run)}` },
          "Results",
        ),
      ),
    );
  };
  const heads = [
    h("span", { class: "said" }, "Choose"),
    "Run",
    { text: "AUROC", class: "number" },
    { text: "95 % interval", class: "optional" },
    { text: "0.3 to 1, dotted: guessing", class: "line" },
    { text: "Images", class: "number optional" },
    { text: "Gate", class: "optional" },
    { text: h("span", { class: "said" }, "Open"), class: "optional" },
  ];
  return h(
    "div",
    { class: "card wide" },
    h(
      "table",
      { class: "runs" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head) =>
            head.class ? h("th", { scope: "col", class: head.class }, head.text) : h("th", { scope: "col" }, head),
          ),
        ),
      ),
      h("tbody", {}, runs.map(row)),
    ),
  );
}

/** How many classes; and that the number beside it is a mean, where it is one. */
function kindOf(run) {
  const many = run.classes?.length ?? 0;
  if (!many) return "";
  return { multilabel: `mean of ${many} findings`, multiclass: `mean of ${many} classes` }[run.task] ?? `${many} classes`;
}

function others(context, finished) {
  const rest = context.runs.filter((run) => !finished.includes(run));
  return (
    rest.length > 0 &&
    h("p", { class: "muted small" }, `Not shown: ${rest.map((run) => `${runName(run)} (${run.status})`).join(", ")}.`)
  );
}

async function compare(context, state, place) {
  const mine = (state.ticket += 1);
  const chosen = state.chosen;
  place.dataset.state = "running";
  fill(place, loading("Comparing on the same cases; intervals of the differences take some seconds", 2));
  announce("Comparing", { now: true });
  let answer = null;
  try {
    await whileVisible(
      async () => {
        answer = await get(`/projects/${context.project}/compare?runs=${chosen.map(encodeURIComponent).join(",")}`, {
          signal: context.signal,
        }).catch((error) => ({ error }));
        return mine === state.ticket && answer.state === "running";
      },
      { signal: context.signal, every: 900 },
    );
  } catch (error) {
    answer = { error };
  }
  if (mine !== state.ticket || context.signal.aborted || !answer) return;
  if (answer.error) {
    place.dataset.state = "error";
    fill(
      place,
      failed(answer.error, () => compare(context, state, place)),
    );
    return;
  }
  place.dataset.state = answer.state;
  const nameOf = (id) => {
    const run = context.runs.find((one) => one.id === id);
    return run ? runName(run) : id;
  };
  fill(place, comparisonParts(answer, chosen, nameOf));
  announce(
    answer.state === "refused"
      ? answer.refusal.message
      : answer.comparison.pairs.map((pair) => pair.verdict).join(". "),
    { now: true },
  );
}
