// How far "unsure" can be relied on, finding by finding; the words are those of report.html.

import { h } from "../dom.js";
import { interval, percent, words } from "../numbers.js";

const HEADS = ["Finding", "With it", "Reached", "Without", "Reached", "Unsure", "Neither"];
const NUMBERS = ["With it", "Without", "Unsure", "Neither"];
const MEANING =
  "A finding is called unsure where neither yes nor no can be ruled out. By the promise, the truth is ruled out at most one time in ten, among the images with a finding and among those without (conformal sets).";
const REACHED =
  " Reached is the share of which the truth was not ruled out, each fold judged by limits from the other folds. It holds for pictures like these, and not elsewhere.";

/** What the sets of findings reach, or why nothing is said of them; false where the run has classes. */
export function findingSets({ finding_sets: told = [], finding_silent: silent = {}, finding_short: short = [] }) {
  const unsaid = Object.entries(silent);
  return (
    told.length + unsaid.length > 0 &&
    h(
      "details",
      { class: "finding-sets" },
      h("summary", {}, "When it is unsure: findings it can neither confirm nor rule out"),
      h("p", { class: "muted" }, MEANING, told.length > 0 && REACHED),
      short.length > 0 &&
        h(
          "p",
          {},
          "Short of the promise by more than chance: ",
          h("b", {}, short.map(words).join(", ")),
          ". Their flag is not to be relied on.",
        ),
      told.length > 0 && table(told),
      unsaid.map(([why, names]) => h("p", { class: "muted" }, `Nothing is said of ${names.map(words).join(", ")}: ${why}.`)),
    )
  );
}

function table(told) {
  const head = HEADS.map((text) => h("th", { scope: "col", class: NUMBERS.includes(text) ? "number" : null }, text));
  const row = (one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, words(one.class)),
      side(one.with),
      side(one.without),
      h("td", { class: "number" }, percent(one.unsure)),
      h("td", { class: "number" }, percent(one.empty)),
    );
  return h(
    "div",
    { class: "wide" },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, told.map(row))),
  );
}

function side(found) {
  const reached = found && [
    h(found.short ? "b" : "span", {}, percent(found.value)),
    h("small", { class: "tight" }, ` (${interval(found, percent)})`),
  ];
  return [h("td", { class: "number" }, found?.images ?? 0), h("td", {}, reached ?? h("small", {}, "not judged"))];
}
