/** One tried picture: a card in the list, and what is said of it beside the viewer. */

import { url } from "../api.js";
import { cautions, drawNearest, probabilityBars, refusalBox } from "../case_parts.js";
import { fill, h, icon } from "../dom.js";
import { calledWords } from "../findings.js";
import { percent } from "../numbers.js";
import { fetchPixels, paintPicture } from "../viewer.js";
import { fillTable, spread } from "../window_level.js";

/** Pixels of the picture on a card. */
const SMALL = 192;

/** One sentence for screen readers; of a refused picture it holds no class and no number. */
export function trySaid(one) {
  const { prediction } = one;
  if (!prediction) return one.error ? one.error.message : "being read";
  if (prediction.status === "out") return "Not judged: unlike the training pictures.";
  const parts = [
    `Called ${calledWords(prediction) || "nothing"}`,
    several(prediction) ? "" : percent(prediction.p[prediction.predicted]),
  ];
  if (prediction.status === "edge") parts.push("on the edge of what the model knows");
  if (prediction.seen) parts.push(prediction.seen.badge);
  return `${parts.filter(Boolean).join(", ")}.`;
}

/** Several findings can be called at once: then no single probability belongs to the call. */
function several(prediction) {
  return prediction.p[prediction.predicted] === undefined;
}

/**
 * A card.
 * @param {object} one {name, try, prediction, error}
 * @param {{base: string, onchoose: function(): void, onremove: function(): void}} options
 */
export function createCard(one, { base, onchoose, onremove }) {
  const canvas = h("canvas", { class: "try-small", width: 1, height: 1 });
  const said = h("span", { class: "try-said" });
  const choose = h(
    "button",
    { type: "button", class: "try-choose", onclick: onchoose },
    canvas,
    h("span", { class: "try-text" }, said, h("span", { class: "try-name" }, one.name)),
  );
  const remove = h(
    "button",
    {
      type: "button",
      class: "button ghost icon-only small try-remove",
      "aria-label": `Remove ${one.name}`,
      title: "Remove",
      onclick: onremove,
    },
    icon("close"),
  );
  const element = h("li", { class: "try-card", data: { state: "waiting" } }, choose, remove);
  let painted = "";

  async function paint() {
    if (!one.try || painted === one.try) return;
    painted = one.try;
    try {
      const picture = await fetchPixels(`${base}/${one.try}/pixels`, SMALL);
      const window = Number.isFinite(picture.window.centre) ? picture.window : spread(picture.values, picture);
      paintPicture(canvas, picture, fillTable(new Uint32Array(65536), picture, window, picture.invert));
    } catch {
      painted = "";
    }
  }

  return {
    element,
    one,
    show(chosen) {
      const { prediction, error } = one;
      element.dataset.state = error
        ? "error"
        : prediction
          ? prediction.status === "out"
            ? "refused"
            : "judged"
          : "waiting";
      choose.setAttribute("aria-pressed", String(chosen));
      fill(said, error ? h("b", { class: "try-wrong" }, "Could not be read") : verdict(prediction));
      choose.setAttribute("aria-label", `${one.name}. ${trySaid(one)}`);
      paint();
    },
    focus() {
      choose.focus();
    },
  };
}

function verdict(prediction) {
  if (!prediction) return h("span", { class: "muted" }, "Reading");
  const seen = prediction.seen && h("span", { class: "badge amber" }, prediction.seen.badge);
  if (prediction.status === "out")
    return [
      h("b", { class: "try-refused" }, "Not judged"),
      h("span", { class: "muted" }, "unlike the training pictures"),
      seen,
    ];
  const unsure = prediction.unsure.length > 1 || (several(prediction) && prediction.unsure.length > 0);
  return [
    h(
      "b",
      {},
      calledWords(prediction) || "nothing found",
      !several(prediction) && h("span", { class: "try-percent" }, percent(prediction.p[prediction.predicted])),
    ),
    prediction.status === "edge" && h("span", { class: "badge amber" }, "on the edge"),
    unsure && h("span", { class: "badge amber" }, "unsure"),
    seen,
  ];
}

/** What is said of a picture at length: the refusal replaces every number, those of its neighbours included. */
export function drawTold(place, one, { cases, linkOf }) {
  const { prediction, error } = one;
  if (error) {
    fill(place, h("div", { class: "error" }, h("h2", {}, error.message), h("p", {}, error.remedy)));
    return;
  }
  if (!prediction) {
    fill(
      place,
      h("p", { class: "muted", role: "status" }, "The model is looking at it. The first time it has to be loaded."),
    );
    return;
  }
  const refused = prediction.status === "out";
  const near = h("div", {});
  const findings = !refused && several(prediction);
  fill(
    place,
    h("h2", { class: "file-name" }, one.name),
    prediction.seen &&
      h(
        "div",
        { class: "notice amber" },
        h("span", { class: "lamp amber", "aria-hidden": "true" }),
        h(
          "b",
          {},
          prediction.seen.badge.replace(/^./, (letter) => letter.toUpperCase()),
        ),
        h("span", {}),
        h("span", {}, prediction.seen.text),
      ),
    refused
      ? refusalBox(prediction.reason)
      : [
          cautions({ ...prediction, several: findings }),
          h(
            "dl",
            { class: "panel-calls" },
            h("div", {}, h("dt", {}, "Called"), h("dd", {}, calledWords(prediction) || "nothing found")),
          ),
          probabilityBars({
            p: prediction.p,
            called: findings ? prediction.predicted.split(/[|,] ?/) : [prediction.predicted],
          }),
          h("small", { class: "muted" }, "Calibrated on held-out cases of the training data; elsewhere it may be off."),
        ],
    prediction.frames > 1 &&
      h("p", { class: "muted" }, `Frame ${prediction.frame + 1} of ${prediction.frames} was judged.`),
    !refused && [h("h3", {}, "Nearest training cases"), near],
  );
  if (!refused)
    drawNearest(near, prediction.nearest, (found) => ({
      src: url(`${cases}/${found.case}/thumb`),
      href: linkOf(found),
    }));
}
