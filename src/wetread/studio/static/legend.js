/** The scale of a heatmap, drawn with the very table that draws the map. */

import { h } from "./dom.js";
import { heatTable } from "./heat.js";

/** A bar from against over nothing to for; `target` names the class, `full` says what gets the full colour. */
export function createLegend(target, full = "") {
  const table = heatTable();
  const canvas = h("canvas", { class: "legend-bar", width: table.length, height: 1, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(table.length, 1);
  new Uint32Array(image.data.buffer).set(table);
  context.putImageData(image, 0, 0);
  return h("div", { class: "legend" }, h("span", {}, "against"), canvas, h("span", {}, `for ${target}`), full && h("span", {}, full));
}
