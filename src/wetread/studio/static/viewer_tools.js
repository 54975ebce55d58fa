/** The row of controls under a viewer: everything that a drag can do, also by field, button and choice. */

import { h, fill } from "./dom.js";

/**
 * @param {object} does setWindow(centre, width), preset(name), invert(), zoomBy(factor), reset(), useTool(name)
 * @returns {{element: HTMLElement, show: function(object): void, list: function(object[], string): void}}
 */
export function createTools(does) {
  const presets = h("select", {
    "aria-label": "Window preset",
    class: "viewer-presets",
    onchange: () => does.preset(presets.value),
  });
  const centre = number("Window centre", () => does.setWindow(centre.valueAsNumber, width.valueAsNumber));
  const width = number("Window width", () => does.setWindow(centre.valueAsNumber, width.valueAsNumber));
  const unit = h("span", { class: "viewer-unit" });
  const invert = press("Invert", "White for black (i)", does.invert);
  const move = press("Move", "One finger or the left button moves the picture instead of the window", () =>
    does.useTool(move.getAttribute("aria-pressed") === "true" ? "window" : "move"),
  );
  const element = h(
    "div",
    { class: "viewer-tools", role: "group", "aria-label": "Picture" },
    presets,
    h("label", { class: "viewer-field" }, "Centre", centre),
    h("label", { class: "viewer-field" }, "Width", width, unit),
    h(
      "span",
      { class: "viewer-buttons" },
      invert,
      move,
      button("−", "Zoom out", () => does.zoomBy(1 / 1.2)),
      button("+", "Zoom in", () => does.zoomBy(1.2)),
      button("Reset", "Window and place as at first (0)", does.reset),
    ),
  );

  const put = (field, value) => {
    // A field that is being typed in is left alone, else the cursor would jump.
    if (document.activeElement !== field) field.value = String(value);
  };
  return {
    element,
    show(view) {
      put(centre, Math.round(view.centre));
      put(width, Math.round(view.width));
      invert.setAttribute("aria-pressed", String(view.invert));
      move.setAttribute("aria-pressed", String(view.tool === "move"));
      if (presets.value !== view.preset) presets.value = view.preset;
    },
    list(names, of) {
      fill(
        presets,
        names.map((name) => h("option", { value: name }, name)),
        h("option", { value: "", hidden: true }, "Own window"),
      );
      unit.textContent = of;
    },
  };
}

function number(label, onchange) {
  return h("input", { type: "number", "aria-label": label, step: "1", inputmode: "numeric", onchange });
}

function button(text, title, onclick) {
  return h("button", { type: "button", class: "viewer-button", title, "aria-label": title, onclick }, text);
}

function press(text, title, onclick) {
  return h("button", { type: "button", class: "viewer-button", title, "aria-pressed": "false", onclick }, text);
}
