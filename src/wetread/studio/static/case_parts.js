/** How one judged picture is told, on the pages Cases and Try alike: verdict or refusal, bars, nearest cases. */

import { fill, h } from "./dom.js";
import { percent, two, words } from "./numbers.js";

/** Bars shown before the rest is folded away. */
const FIRST = 6;
/** The reason where there is no particular one; the heading says it already. */
const GENERAL = "unlike the training pictures";

/**
 * Probabilities as bars, the likeliest first.
 * @param {{p: object, called: string[], truth: string[], cuts: object}} told cuts: class -> threshold, where there is
 *   one; whose: where it comes from, where that has to be said
 */
export function probabilityBars({ p, called = [], truth = [], cuts = {}, whose = "" }) {
  const rows = Object.entries(p)
    .filter(([, value]) => Number.isFinite(value))
    .sort((one, other) => other[1] - one[1]);
  const bar = ([name, value]) =>
    h(
      "li",
      { class: called.includes(name) ? "prob called" : "prob" },
      h(
        "span",
        { class: "prob-name" },
        words(name),
        truth.includes(name) && h("span", { class: "prob-truth" }, "truth"),
      ),
      h("span", { class: "prob-value" }, percent(value)),
      h(
        "span",
        { class: "prob-track", "aria-hidden": "true" },
        h("span", { class: "prob-fill", style: { width: `${100 * value}%` } }),
        Number.isFinite(cuts[name]) && h("span", { class: "prob-cut", style: { left: `${100 * cuts[name]}%` } }),
      ),
    );
  const cut = rows.map(([name]) => [name, cuts[name]]).filter(([, value]) => Number.isFinite(value));
  return h(
    "div",
    { class: "probs" },
    h("ol", {}, rows.slice(0, FIRST).map(bar)),
    rows.length > FIRST &&
      h("details", {}, h("summary", {}, `${rows.length - FIRST} more`), h("ol", {}, rows.slice(FIRST).map(bar))),
    cut.length === 1 &&
      h("small", { class: "muted" }, `Called ${words(cut[0][0])} from ${percent(cut[0][1])} on (the mark${whose}).`),
  );
}

/** A refusal, in the place of every number. */
export function refusalBox(reason) {
  return h(
    "div",
    { class: "refusal", role: "note" },
    h("h3", {}, "Not judged: unlike the training pictures"),
    h(
      "p",
      {},
      reason && reason !== GENERAL ? reason : "This picture differs too much from those the model learned from.",
    ),
    h("p", { class: "muted" }, "A probability would mean nothing here, so none is shown."),
  );
}

/** What has to be said beside a number: on the edge, unsure, seen in training. */
export function cautions({ status, reason, unsure = [], several = false }) {
  const said = [];
  if (status === "edge") said.push(["amber", "On the edge of what the model knows", reason]);
  if (unsure.length && several)
    said.push([
      "amber",
      `Unsure: ${unsure.map(words).join(", ")}`,
      "At nine of ten, these findings may be there or not.",
    ]);
  else if (unsure.length > 1)
    said.push([
      "amber",
      `Unsure: ${unsure.map(words).join(" or ")}`,
      "At nine of ten, one of these holds; the model cannot say which.",
    ]);
  return said.map(([light, title, text]) =>
    h(
      "div",
      { class: `notice ${light}` },
      h("span", { class: `lamp ${light}`, "aria-hidden": "true" }),
      h("b", {}, title),
      h("span", {}),
      h("span", {}, text),
    ),
  );
}

/**
 * The training pictures most alike.
 * @param {HTMLElement} place filled
 * @param {object[]} nearest case, likeness, label
 * @param {function(object): {src: string, href: string}} find
 */
export function drawNearest(place, nearest, find) {
  if (!nearest.length) {
    fill(place, h("p", { class: "muted" }, "This model keeps none."));
    return;
  }
  fill(
    place,
    h(
      "ol",
      { class: "nearest" },
      nearest.map((one) => {
        const { src, href } = find(one);
        const label = words(one.label ?? "");
        const image = h("img", { src, alt: "", decoding: "async" });
        const text = [
          h("b", {}, label || "no label"),
          h("small", { title: "Likeness: cosine of the features, 1 at most" }, two(one.likeness)),
        ];
        return h(
          "li",
          {},
          href
            ? h("a", { href, "aria-label": `Training case, ${label}, likeness ${two(one.likeness)}` }, image, text)
            : [image, text],
        );
      }),
    ),
  );
}
