// What a comparison found: verdicts, each model on the shared cases, the paired differences, and the settings that differ.

import { intervalBar } from "../charts.js";
import { counted, dataTable, h } from "../dom.js";
import { chance, interval, measureTitle, pValue, signed, two, unitsOf, words } from "../numbers.js";

const REACHES = [0.1, 0.2, 0.5, 1];
const MANY = 12; // settings that are shown without asking
const AXIS = { min: 0.3, max: 1, chance: 0.5 };

/** Everything below the list of runs, for an answer of the server. */
export function comparisonParts(answer, chosen, nameOf) {
  const differ = settings(answer.settings_differ ?? [], chosen, nameOf);
  if (answer.state === "refused") {
    return [
      h(
        "section",
        { class: "notice amber refused" },
        h("h2", {}, "These runs are not ranked."),
        h("p", {}, answer.refusal.message),
        answer.refusal.remedy && h("p", { class: "muted" }, answer.refusal.remedy),
        h(
          "p",
          {},
          "Numbers on different cases differ because the cases do. Which model is better cannot be read from the list above.",
        ),
      ),
      differ,
    ];
  }
  const found = answer.comparison;
  return [
    verdicts(found, nameOf),
    models(found, nameOf),
    ...found.pairs.map((pair, number) => differences(pair, found, nameOf, number === 0)),
    differ,
  ];
}

function verdicts(found, nameOf) {
  const { cases } = found;
  return h(
    "section",
    { class: "card verdicts" },
    h("h2", { class: "said" }, found.pairs.length > 1 ? "Verdicts" : "Verdict"),
    found.pairs.map((pair) =>
      h("p", { class: found.pairs.length === 1 ? "spoken" : "verdict" }, `${named(pair.verdict, found, nameOf)}.`),
    ),
    h(
      "ul",
      { class: "facts" },
      h(
        "li",
        {},
        h("b", {}, counted(cases.images, "image")),
        `, the same for all${cases.same ? "" : " (shared cases only)"}`,
      ),
      h("li", {}, cases.patients ? counted(cases.patients, "patient") : "patients not known"),
      h("li", {}, found.classes.map(words).join(", ")),
    ),
    (found.notes ?? []).map((note) => h("p", { class: "muted" }, named(note, found, nameOf))),
  );
}

/** A sentence of the comparison with the titles of runs in the place of their ids. */
function named(text, found, nameOf) {
  return found.runs
    .map((run) => run.name)
    .sort((one, other) => other.length - one.length)
    .reduce((said, id) => said.replaceAll(id, nameOf(id)), text);
}

function models(found, nameOf) {
  const more = ["accuracy", "brier", "log_loss"].filter((name) => found.order.some((id) => found.models[id][name]));
  const row = (id) => {
    const one = found.models[id];
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, nameOf(id)),
      h(
        "td",
        { class: "number" },
        one.auroc ? [h("b", {}, two(one.auroc.value)), h("small", { class: "narrow" }, interval(one.auroc))] : "",
      ),
      h("td", { class: "tight optional" }, interval(one.auroc)),
      h("td", { class: "line" }, one.auroc ? intervalBar(one.auroc, AXIS) : ""),
      more.map((name) => h("td", { class: "number optional" }, one[name] ? two(one[name].value) : "")),
    );
  };
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, "Each model on these cases"),
    h(
      "p",
      { class: "muted" },
      "Overlapping intervals do not mean that two models are equal: the cases are the same, so the differences below are surer than either number.",
    ),
    h(
      "div",
      { class: "card" },
      dataTable(
        "models",
        [
          "Run",
          { text: "AUROC", class: "number" },
          { text: "95 % interval", class: "optional" },
          { text: "0.3 to 1", class: "line" },
          ...more.map((name) => ({ text: measureTitle(name), class: "number optional" })),
        ],
        found.order.map(row),
      ),
    ),
  );
}

function differences(pair, found, nameOf, explained) {
  const rows = Object.entries(pair.differences).filter(([, one]) => one && Number.isFinite(one.value));
  const widest = Math.max(...rows.flatMap(([, one]) => [Math.abs(one.low), Math.abs(one.high)]));
  const reach = REACHES.find((one) => widest <= one) ?? 1;
  const sure = (one) => (one.p_holm ?? one.p) < found.level;
  const row = ([name, one]) =>
    h(
      "tr",
      { data: { measure: name } },
      h(
        "th",
        { scope: "row" },
        measureTitle(name),
        ["brier", "ece", "log_loss"].includes(name) ? h("small", {}, "lower is better") : "",
      ),
      h(
        "td",
        { class: "number" },
        h("b", {}, signed(one.value)),
        h("small", { class: "narrow" }, `${signed(one.low)} to ${signed(one.high)}`),
      ),
      h("td", { class: "tight optional" }, `${signed(one.low)} to ${signed(one.high)}`),
      h("td", { class: "line" }, intervalBar(one, { min: -reach, max: reach, chance: 0, colour: sure(one) ? 1 : 2 })),
      h("td", {}, sure(one) ? h("b", {}, "differs") : h("span", { class: "muted" }, "not told apart")),
      h("td", { class: "number optional tight" }, pValue(one.p_holm ?? one.p)),
      h("td", { class: "optional" }, h("small", { class: "muted" }, unitsOf(one.method, found.cases.patients))),
    );
  const margin = pair.differences.auroc?.better_by_margin;
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, `${nameOf(pair.second)} minus ${nameOf(pair.first)}`),
    explained &&
      h(
        "p",
        { class: "muted" },
        "Paired: every case was judged by both. The dotted line is no difference; p counts all comparisons on this page (Holm).",
      ),
    h(
      "div",
      { class: "card" },
      dataTable(
        "differences",
        [
          "Measure",
          { text: "Difference", class: "number" },
          { text: "95 % interval", class: "optional" },
          { text: `−${reach} to ${reach}`, class: "line" },
          h("span", { class: "said" }, "Told apart"),
          { text: "p", class: "number optional" },
          { text: "By", class: "optional" },
        ],
        rows.map(row),
      ),
    ),
    margin &&
      Number.isFinite(margin.first) &&
      h(
        "p",
        { class: "small" },
        `Chance that one is better by more than ${found.margin} AUROC: ${nameOf(pair.first)} ${chance(margin.first)}, ${nameOf(pair.second)} ${chance(margin.second)}.`,
      ),
  );
}

function settings(differ, chosen, nameOf) {
  if (!differ.length) return h("p", { class: "muted" }, "The plans of these runs are the same in every decision.");
  const say = (value) =>
    value === null || value === undefined || value === ""
      ? "–"
      : Array.isArray(value)
        ? value.join(", ")
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value);
  const row = (one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, words(one.name)),
      chosen.map((id) => h("td", { title: one.reasons?.[id] || null }, say(one.values[id]))),
    );
  const all = h("div", { class: "card" }, dataTable("settings", ["Decision", ...chosen.map(nameOf)], differ.map(row)));
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, "Settings that differ"),
    differ.length > MANY ? h("details", {}, h("summary", {}, `${differ.length} decisions`), all) : all,
  );
}
