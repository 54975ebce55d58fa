/** What came of a session: readers and model on the same cases, every number with its interval. */

import { get, post, url } from "../api.js";
import { intervalBar } from "../charts.js";
import { counted, failed, fill, h, loading } from "../dom.js";
import { countOf100, interval, percent, phrase, two, words } from "../numbers.js";

const AGAIN_MS = 1200;
/** What is said of a difference by whether it is significant. */
const DIFFERENCE = {
  true: "the interval excludes 0",
  false: "the interval holds 0, so neither is shown to be better",
  null: "too few patients to say whether they differ",
};

/** @param {string} path of the results */
export function createResults(path) {
  const element = h("div", { class: "reading-results stack" });
  let gone = false;
  let shown = "";

  async function start() {
    fill(element, loading("Looking for results", 1));
    try {
      let told = await get(path);
      while (told.state === "working" && !gone) {
        element.dataset.state = "working";
        fill(element, loading("Comparing readers and model, with intervals. This takes up to a minute.", 2));
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        told = await get(path);
      }
      if (!gone) draw(told);
    } catch (error) {
      if (!gone) fill(element, failed(error, start));
    }
  }

  /** Results stand beside the place where readers sign in, so somebody has to ask for them. */
  function offer(finished) {
    element.dataset.state = "offered";
    fill(
      element,
      h(
        "div",
        { class: "empty" },
        h("h2", {}, `${finished} ${finished === 1 ? "reader has" : "readers have"} finished.`),
        h("p", {}, "Results tell a reader what to expect: whoever still has to read should not look."),
        h("p", {}, "Once they were seen, nobody who has finished can correct an answer."),
        h("button", { class: "button primary", type: "button", onclick: start }, "Show the results"),
      ),
    );
  }

  function draw(told) {
    element.dataset.state = told.state;
    if (told.state === "locked") {
      fill(
        element,
        h(
          "div",
          { class: "empty" },
          h("h2", {}, told.message),
          h("p", {}, "Seeing them earlier would tell a reader what to expect."),
        ),
      );
      return;
    }
    if (told.state === "failed") {
      fill(
        element,
        failed(told, () => post(path).then(start, start)),
      );
      return;
    }
    const { study } = told;
    const findings = Object.keys(study.truth ?? {}).length ? Object.keys(study.truth) : study.findings;
    if (!findings.includes(shown)) shown = findings.includes(study.shown) ? study.shown : findings[0];
    const choice =
      findings.length > 1 &&
      h(
        "label",
        { class: "field" },
        h("span", { class: "label" }, "Finding"),
        h(
          "select",
          {
            onchange: (event) => {
              shown = event.target.value;
              draw(told);
            },
          },
          findings.map((name) => h("option", { value: name, selected: name === shown }, words(name))),
        ),
      );
    fill(
      element,
      told.few &&
        h(
          "div",
          { class: "notice amber" },
          h("span", { class: "lamp amber", "aria-hidden": "true" }),
          h("b", {}, "Too little to judge by"),
          h("span", {}),
          h("span", {}, told.few),
        ),
      choice,
      againstTruth(study, shown),
      f1(study, shown),
      agreement(study, shown),
      said(study, path),
    );
  }

  return {
    element,
    start,
    offer,
    destroy() {
      gone = true;
    },
  };
}

function againstTruth(study, finding) {
  const truth = study.truth?.[finding];
  if (!truth) return null;
  if (truth.undefined) return part("Against the truth", h("p", { class: "muted" }, `Not defined: ${truth.undefined}.`));
  const rows = truth.rows ?? [];
  const name = words(finding);
  const seconds = (row) => study.times?.readers?.[row.name];
  const areas = rows.some((row) => row.auroc);
  const line = (row, className = "") =>
    h(
      "tr",
      { class: className },
      h("th", { scope: "row" }, row.name, row.n !== undefined && h("small", {}, ` ${row.n} read`)),
      rate(row.sensitivity),
      rate(row.specificity),
      areas && rate(row.auroc),
      h("td", { class: "number" }, seconds(row) ? `${seconds(row).median.toFixed(1)} s` : ""),
    );
  const model = rows.find((row) => row.kind === "model");
  const lead = [truth.average, model].map(
    (row, at) =>
      row?.sensitivity &&
      h(
        "p",
        {},
        h("b", {}, at ? "The model" : "The readers"),
        ` ${at ? "finds" : "find"} ${countOf100(row.sensitivity)} of 100 with ${name}, and ${at ? "leaves" : "leave"} ${countOf100(row.specificity)} of 100 without it in peace.`,
      ),
  );
  return part(
    "Against the truth",
    h(
      "p",
      { class: "muted" },
      `${counted(truth.n.with, "image")} with ${name}, ${truth.n.without} without. In brackets the 95 % interval.`,
    ),
    lead,
    h(
      "div",
      { class: "wide" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Reader", "Sensitivity", "Specificity", areas && "AUROC of confidence"]
              .filter(Boolean)
              .map((text) => h("th", { scope: "col" }, text)),
            h("th", { scope: "col", class: "number" }, "Median time"),
          ),
        ),
        h(
          "tbody",
          {},
          rows.filter((row) => row.kind !== "model").map((row) => line(row)),
          truth.average?.sensitivity &&
            rows.length > 2 &&
            line({ ...truth.average, name: "average of the readers" }, "row-mean"),
          model && line(model, "row-model"),
        ),
      ),
    ),
    minus(truth.average?.minus),
  );
}

function minus(gaps) {
  if (!gaps?.sensitivity) return null;
  return h(
    "p",
    {},
    `Model minus readers: sensitivity ${phrase(gaps.sensitivity)}, specificity ${phrase(gaps.specificity)}. Where an interval holds 0, the cases do not tell the two apart.`,
  );
}

function rate(metric, scale) {
  if (metric === undefined) return h("td", {});
  if (!metric || !Number.isFinite(metric.value)) return h("td", { class: "muted" }, "not defined");
  return h(
    "td",
    { class: "rate" },
    h("span", { class: "number" }, h("b", {}, two(metric.value)), h("small", {}, ` ${interval(metric)}`)),
    intervalBar(metric, scale),
  );
}

function f1(study, finding) {
  const told = study.protocols?.paper?.columns?.[finding];
  if (!told) return null;
  const row = (name, metric, className) => h("tr", { class: className }, h("th", { scope: "row" }, name), rate(metric));
  return part(
    "Each against the others (F1)",
    h(
      "p",
      { class: "muted" },
      "Every reader is scored against each other one, as in the CheXNet paper; no truth is used.",
    ),
    h(
      "div",
      { class: "wide" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Reader"), h("th", { scope: "col" }, "F1"))),
        h(
          "tbody",
          {},
          told.rows.map((one) => row(one.name, one.f1, one.kind === "model" ? "row-model" : "")),
          told.average && row("average of the readers", told.average, "row-mean"),
        ),
      ),
    ),
    told.difference &&
      h(
        "p",
        {},
        `Model minus average: ${phrase(told.difference)}; ${DIFFERENCE[told.difference.significant]}.`,
      ),
  );
}

function agreement(study, finding) {
  const told = study.agreement?.[finding];
  if (!told?.pairs?.length) return null;
  const all = [
    ["fleiss", "Fleiss' kappa of all readers"],
    ["alpha", "Krippendorff's alpha"],
  ].filter(([name]) => told[name]);
  return part(
    "Agreement",
    h("p", { class: "muted" }, "Kappa: 0 is what chance would give, 1 is the same answer every time."),
    h(
      "div",
      { class: "wide" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Pair", "Same answer", "Cohen's kappa"].map((text) => h("th", { scope: "col" }, text)),
          ),
        ),
        h(
          "tbody",
          {},
          told.pairs.map((pair) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, `${pair.a} and ${pair.b}`, h("small", {}, ` ${counted(pair.n, "image")}`)),
              h("td", { class: "number" }, percent(pair.same)),
              rate(pair.kappa, { min: -1, chance: 0 }),
            ),
          ),
        ),
      ),
    ),
    all.length > 0 && h("p", {}, all.map(([name, text]) => `${text} ${phrase(told[name])}`).join(". "), "."),
  );
}

function said(study, path) {
  return part(
    "What to keep in mind",
    h(
      "ul",
      { class: "said-list" },
      study.warnings.map((text) => h("li", {}, text)),
    ),
    h(
      "details",
      {},
      h("summary", {}, "How this was computed"),
      h("p", {}, study.method),
      h(
        "ul",
        { class: "said-list" },
        study.sources.map((text) => h("li", {}, text)),
      ),
    ),
    h(
      "div",
      { class: "row" },
      h("a", { class: "button", href: url(`${path}/page`), target: "_blank", rel: "noopener" }, "All tables"),
    ),
    h("p", { class: "muted" }, study.use ?? "Research and teaching only. Not a medical device."),
  );
}

function part(title, ...children) {
  return h("section", { class: "card stack" }, h("h2", {}, title), children);
}
