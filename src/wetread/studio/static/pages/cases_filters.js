/** The filters of the Cases page: which cells of the confusion matrix are open, and how far cases may be believed. */

import { fill, h } from "../dom.js";
import { two, words } from "../numbers.js";

/** What the address keeps of the list. */
export const FILTERS = ["truth", "predicted", "outcome", "status", "split", "finding", "sort", "threshold", "doubt"];

const ASKED = [
  ["tp", "Found", "true positives"],
  ["fn", "Missed", "false negatives"],
  ["fp", "False alarms", "false positives"],
  ["tn", "Rightly clear", "true negatives"],
];
const PLAIN = [
  ["right", "Right", "called as labelled"],
  ["wrong", "Wrong", "called otherwise"],
];
const UNKNOWN = ["unknown", "Not known", "whether it is there is not known, so they are counted nowhere"];
const STATUSES = [
  ["in", "like training"],
  ["edge", "on the edge"],
  ["out", "not judged"],
];
const SPLITS = [
  ["test", "held out"],
  ["train", "training, not counted"],
  ["unlabelled", "without label"],
];
const SORTS = [
  ["file", "as in the data"],
  ["confidence", "surest first"],
  ["doubt", "least sure first"],
];

/** The filters of an address, without what is empty; held-out cases unless something else is asked for. */
export function wishOf(query) {
  const wish = Object.fromEntries(FILTERS.filter((name) => query[name]).map((name) => [name, query[name]]));
  return { split: "test", ...wish };
}

/** The same for a request; `all` is the page's word for no filter. */
export function asQuery(wish) {
  const values = Object.entries(wish).filter(([, value]) => value && value !== "all");
  return new URLSearchParams(values).toString();
}

/**
 * @param {object} options onchange(changes): filters by name, "" takes one away
 */
export function createFilters({ onchange }) {
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Outcome" });
  const more = h("div", { class: "filter-fields" });
  const count = h("p", { class: "filter-count", role: "status" });
  const folded = h("details", { class: "filter-fold" }, h("summary", {}, "Filters"), more);
  // Folded where there is no room for it; open is what a wide screen expects.
  folded.open = window.matchMedia("(min-width: 901px)").matches;
  const element = h("div", { class: "filters" }, h("div", { class: "filter-top" }, chips, count), folded);

  function chip(value, text, long, number, wish) {
    const on = (wish.outcome ?? "") === value;
    return h(
      "button",
      {
        type: "button",
        class: on ? "chip chosen" : "chip",
        "aria-pressed": String(on),
        title: long,
        data: { outcome: value || "all" },
        onclick: () => onchange({ outcome: on ? "" : value }),
      },
      text,
      number !== undefined && h("span", { class: "chip-count" }, String(number)),
    );
  }

  function select(label, name, options, wish, none = "any") {
    const current = wish[name] ?? "";
    const choice = h(
      "select",
      { onchange: () => onchange({ [name]: choice.value }) },
      none !== null && h("option", { value: name === "split" ? "all" : "" }, none),
      options.map(([value, text, number]) =>
        h("option", { value, selected: value === current }, number === undefined ? text : `${text} (${number})`),
      ),
    );
    if (name === "split" && current === "all") choice.value = "all";
    return h(
      "label",
      { class: current && current !== "all" && !(name === "split" && current === "test") ? "filter on" : "filter" },
      label,
      choice,
    );
  }

  return {
    element,
    /**
     * @param {object} found the answer of the list
     * @param {object} wish
     * @param {string[]} classes of the run
     */
    show(found, wish, classes) {
      const { facets, asked } = found;
      const seen = facets.outcome ?? {};
      const some = seen.unknown || wish.outcome === "unknown";
      const outcomes = [...(asked ? ASKED : []), ...PLAIN, ...(some ? [UNKNOWN] : [])];
      const all = ["right", "wrong", "unknown"].reduce((sum, name) => sum + (seen[name] ?? 0), 0);
      const counts = (pairs, facet) => pairs.map(([value, text]) => [value, text, facet?.[value]]);
      const names = classes.map((name) => [name, words(name)]);
      fill(
        chips,
        chip("", "All", "every outcome", seen.right === undefined ? undefined : all, wish),
        outcomes.map(([value, text, long]) =>
          chip(value, text, asked ? `${long} of ${words(asked)}` : long, seen[value], wish),
        ),
      );
      fill(
        more,
        classes.length > 2 && select("Speaks of", "finding", names, wish, "all classes"),
        select("Truth", "truth", counts(names, facets.truth), wish),
        select("Called", "predicted", counts(names, facets.predicted), wish),
        select("Picture", "status", counts(STATUSES, facets.status), wish),
        select("Set", "split", counts(SPLITS, facets.split), wish, "all"),
        select("Order", "sort", SORTS.slice(1), wish, SORTS[0][1]),
        h(
          "label",
          { class: wish.doubt ? "check filter on" : "check filter" },
          h("input", {
            type: "checkbox",
            checked: Boolean(wish.doubt),
            onchange: (event) => onchange({ doubt: event.target.checked ? "1" : "" }),
          }),
          `Label doubted (${facets.doubt?.["1"] ?? 0})`,
        ),
      );
      fill(
        count,
        counted(found),
        refused(found, wish),
        wish.threshold && [
          ` Called ${words(asked ?? "")} from ${two(Number(wish.threshold))} on${Number.isFinite(found.stored) ? `, and not from ${two(found.stored)}, the threshold of the final model` : ""}. Where a fold has a threshold of its own, that is moved alike. `,
          h("button", { type: "button", class: "link", onclick: () => onchange({ threshold: "" }) }, "Back to its own"),
        ],
      );
    },
  };
}

/** Refused pictures stand in the same cells as on Results: what would have been called, had the model been asked. */
function refused({ facets, counted: held }, wish) {
  const count = wish.status ? (wish.status === "out" ? held : 0) : facets.status?.out;
  if (!count) return null;
  const them = count === 1 ? "it" : "them";
  return ` ${count.toLocaleString("en-GB")} not judged; the chips count ${them}, as the numbers do, by what would have been called.`;
}

function counted({ total, counted: held }) {
  if (held === undefined || held === total)
    return `${total.toLocaleString("en-GB")} held-out ${total === 1 ? "case" : "cases"}.`;
  return `${total.toLocaleString("en-GB")} listed, ${held.toLocaleString("en-GB")} of them held out; only those are counted anywhere.`;
}
