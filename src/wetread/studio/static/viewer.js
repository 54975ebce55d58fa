/**
 * The picture: window and level, zoom, and a heatmap above it.
 *
 * Two canvases are drawn with the same table: one of at most 1,024 pixels, which follows the hand, and the whole
 * picture, which is fetched once somebody looks closer and drawn when the hand rests. The heatmap is a third canvas, so
 * its opacity costs nothing.
 */

import { ApiError, url } from "./api.js";
import { fill, h } from "./dom.js";
import { heatTable, onGrid, paintHeat } from "./heat.js";
import { KEYS, listenToHands, pressKey } from "./viewer_gestures.js";
import { createTools } from "./viewer_tools.js";
import { NARROWEST, dragged, fillTable, paintColour, paintGrey, readHeaders, spread } from "./window_level.js";

/** Pixels of the longer side of what follows the hand, and of the whole picture at most. */
const QUICK = 1024;
const WHOLE = 4096;
/** Pixels of the longer side of a drawn heatmap. */
const HEAT = 384;
/** Pictures kept ready: the one shown and its neighbours. */
const KEPT = 4;
const MOST_ZOOM = 24;
const AS_STORED = "As stored";
const AUTO = "Auto (1 to 99 %)";

let numbers = 0;

// A viewer brings its own style sheet, so that every page can hold one.
if (!document.querySelector('link[href="/static/viewer.css"]')) {
  document.head.append(h("link", { rel: "stylesheet", href: "/static/viewer.css" }));
}

/** Fetches stored values: `GET path?size=` -> {values, bits, rows, columns, channels, slope, ...}. */
export async function fetchPixels(path, size, signal) {
  const response = await fetch(`${url(path)}${path.includes("?") ? "&" : "?"}size=${size}`, {
    credentials: "same-origin",
    signal,
  });
  if (!response.ok) {
    const said = await response.json().catch(() => ({}));
    throw new ApiError(
      said.message ?? "This picture could not be read.",
      said.remedy ?? "",
      said.code ?? "",
      response.status,
    );
  }
  const facts = readHeaders(response.headers);
  const buffer = await response.arrayBuffer();
  const values = facts.channels === 3 ? new Uint8Array(buffer) : new Int16Array(buffer);
  return { ...facts, values, bits: facts.channels === 3 ? values : new Uint16Array(buffer) };
}

/** Draws a picture into a canvas of its size. */
export function paintPicture(canvas, picture, table) {
  if (canvas.width !== picture.columns || canvas.height !== picture.rows) {
    Object.assign(canvas, { width: picture.columns, height: picture.rows });
  }
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  // Kept with the picture: a new buffer of 4 MB per frame would be collected in the middle of a drag.
  picture.image ??= context.createImageData(picture.columns, picture.rows);
  const packed = new Uint32Array(picture.image.data.buffer);
  (picture.channels === 3 ? paintColour : paintGrey)(picture.bits, table, packed);
  context.putImageData(picture.image, 0, 0);
}

/**
 * A viewer.
 * @param {{label: string, onstate?: function(string): void}} options label: what a screen reader calls it
 */
export function createViewer({ label, onstate = () => {} }) {
  const id = `viewer-${(numbers += 1)}`;
  const quick = h("canvas", { class: "viewer-quick" });
  const whole = h("canvas", { class: "viewer-whole", hidden: true });
  const heat = h("canvas", { class: "viewer-heat", hidden: true });
  const layers = h("div", { class: "viewer-layers" }, quick, whole, heat);
  const hud = h("p", { class: "viewer-hud", "aria-hidden": "true" });
  const probe = h("p", { class: "viewer-probe", "aria-hidden": "true" });
  const message = h("div", { class: "viewer-message" });
  const stage = h(
    "div",
    {
      class: "viewer-stage",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "picture",
      "aria-label": `${label}. ${KEYS}`,
      "aria-describedby": `${id}-said`,
    },
    layers,
    hud,
    probe,
    message,
  );
  const said = h("figcaption", { class: "viewer-said", id: `${id}-said` });
  const table = new Uint32Array(65536);
  const heatColours = heatTable();
  const kept = new Map();
  const coarse = window.matchMedia("(pointer: coarse)").matches;
  let picture = null;
  let large = null;
  let range = null;
  let address = "";
  let map = null;
  let cells = false;
  let wanted = false;
  let dragging = null;
  const view = {
    centre: 128,
    width: 256,
    invert: false,
    zoom: 1,
    x: 0,
    y: 0,
    preset: "",
    tool: coarse ? "move" : "window",
  };

  const does = {
    begin() {
      dragging = { centre: view.centre, width: view.width, preset: view.preset };
    },
    windowBy(right, down) {
      change({ ...dragged(dragging, right, down, range.highest - range.lowest), preset: "" });
    },
    end(undo = false) {
      if (undo) Object.assign(view, dragging);
      dragging = null;
      redraw();
    },
    nudge(wider, higher) {
      change({ ...dragged(view, 14 * wider, 14 * higher, range.highest - range.lowest), preset: "" });
    },
    setWindow(centre, width) {
      if (Number.isFinite(centre) && Number.isFinite(width))
        change({ centre, width: Math.max(NARROWEST, width), preset: "" });
    },
    preset(name) {
      const found = presets().find((one) => one.name === name);
      if (found) change({ centre: found.centre, width: found.width, preset: name });
    },
    nextPreset() {
      const names = presets().map((one) => one.name);
      does.preset(names[(names.indexOf(view.preset) + 1) % names.length]);
    },
    invert() {
      change({ invert: !view.invert });
    },
    panBy(right, down) {
      change({ x: view.x + right, y: view.y + down });
    },
    zoomBy,
    reset() {
      change({ ...first(), zoom: 1, x: 0, y: 0 });
    },
    useTool(tool) {
      change({ tool });
    },
    tool: () => view.tool,
    probe: showValue,
  };
  const tools = createTools(does);
  const element = h("figure", { class: "viewer", data: { state: "empty" } }, stage, tools.element, said);
  listenToHands(stage, does);
  stage.addEventListener("keydown", (event) => picture && pressKey(event, does));
  const watch = new ResizeObserver(() => redraw());
  watch.observe(stage);

  function state(name, ...words) {
    element.dataset.state = name;
    fill(message, words);
    onstate(name);
  }

  function presets() {
    const auto = { name: AUTO, centre: range.centre, width: range.width };
    return [{ name: AS_STORED, ...picture.window }, ...picture.presets, auto];
  }

  function first() {
    const known = Number.isFinite(picture.window.centre) && Number.isFinite(picture.window.width);
    const start = known
      ? { ...picture.window, preset: AS_STORED }
      : { centre: range.centre, width: range.width, preset: AUTO };
    return { ...start, invert: picture.invert };
  }

  function change(values) {
    if (!picture) return;
    Object.assign(view, values);
    redraw();
  }

  function redraw() {
    if (wanted || !picture) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      if (picture) draw();
    });
  }

  let drawn = "";
  function draw() {
    const scale = place();
    const as = `${view.centre} ${view.width} ${view.invert}`;
    const fine = Boolean(large) && dragging === null;
    if (drawn !== as || element.dataset.drawn !== address) {
      fillTable(table, picture, view, view.invert);
      paintPicture(quick, picture, table);
    }
    if (fine && whole.dataset.drawn !== as) {
      paintPicture(whole, large, table);
      whole.dataset.drawn = as;
    }
    whole.hidden = !fine;
    drawn = as;
    element.dataset.drawn = address;
    element.dataset.window = `${Math.round(view.centre)},${Math.round(view.width)}`;
    element.dataset.zoom = view.zoom.toFixed(2);
    hud.textContent = `C ${Math.round(view.centre)}  W ${Math.round(view.width)}${picture.unit ? ` ${picture.unit}` : ""}   × ${((scale * picture.columns) / picture.originalColumns).toFixed(2)}`;
    tools.show({ ...view, invert: view.invert !== picture.invert });
    if (view.zoom > 1.05 && picture.originalColumns > picture.columns && large === null) fetchWhole();
  }

  /** Puts the layers where zoom and place want them; returns screen pixels per pixel of the quick picture. */
  function place() {
    const { clientWidth, clientHeight } = stage;
    const scale = Math.min(clientWidth / picture.columns, clientHeight / picture.rows) * view.zoom;
    const [across, down] = [picture.columns * scale, picture.rows * scale];
    // The middle of the stage always lies on the picture, so it cannot be lost.
    view.x = Math.min(across / 2, Math.max(-across / 2, view.zoom > 1 ? view.x : 0));
    view.y = Math.min(down / 2, Math.max(-down / 2, view.zoom > 1 ? view.y : 0));
    layers.style.width = `${picture.columns}px`;
    layers.style.height = `${picture.rows}px`;
    layers.style.transform = `translate(${(clientWidth - across) / 2 + view.x}px, ${(clientHeight - down) / 2 + view.y}px) scale(${scale})`;
    layers.classList.toggle("viewer-pixels", scale > 3);
    stage.classList.toggle("viewer-scrolls", view.tool === "move" && view.zoom <= 1);
    return scale;
  }

  function zoomBy(factor, clientX, clientY) {
    if (!picture) return;
    const box = stage.getBoundingClientRect();
    const [x, y] =
      clientX === undefined ? [0, 0] : [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
    const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
    const ratio = zoom / view.zoom;
    change({ zoom, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio });
  }

  function showValue(clientX, clientY) {
    const box = quick.getBoundingClientRect();
    const column = Math.floor(((clientX - box.left) / box.width) * (picture?.columns ?? 0));
    const row = Math.floor(((clientY - box.top) / box.height) * (picture?.rows ?? 0));
    const inside =
      picture && clientX !== null && row >= 0 && column >= 0 && row < picture.rows && column < picture.columns;
    if (!inside || picture.channels === 3) {
      probe.textContent = "";
      return;
    }
    const value = picture.values[row * picture.columns + column] * picture.slope + picture.intercept;
    probe.textContent = `${Math.round(value)}${picture.unit ? ` ${picture.unit}` : ""}`;
  }

  async function fetchWhole() {
    const asked = address;
    large = undefined; // on its way
    const found = await fetchPixels(asked, WHOLE).catch(() => null);
    if (asked !== address) return;
    large = found;
    delete whole.dataset.drawn;
    redraw();
  }

  /** Fetches a picture so that it is there when it is asked for. */
  function prefetch(path) {
    if (!kept.has(path)) {
      const promise = fetchPixels(path, QUICK);
      promise.catch(() => kept.delete(path));
      kept.set(path, promise);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    }
    return kept.get(path);
  }

  /** Shows another picture; its heatmap, window and place are forgotten. */
  async function load(path) {
    address = path;
    setOverlay(null);
    if (picture === null) state("loading", "Loading the picture");
    else element.dataset.state = "loading";
    try {
      const found = await prefetch(path);
      if (address !== path) return false;
      picture = found;
      large = null;
      range = spread(picture.values, picture);
      Object.assign(view, first(), { zoom: 1, x: 0, y: 0 });
      tools.list(
        presets().map((one) => one.name),
        picture.unit,
      );
      draw();
      state("ready");
      setOverlay(map);
      return true;
    } catch (error) {
      if (address !== path) return false;
      picture = null;
      Object.assign(quick, { width: 1, height: 1 });
      state("error", h("p", {}, error.message), h("p", {}, error.remedy));
      return false;
    }
  }

  /** No picture, and why. */
  function clear(words) {
    address = "";
    picture = null;
    setOverlay(null);
    state("empty", words);
  }

  function setOverlay(next) {
    map = next;
    // While a picture is on its way, the one before it is still seen: its heat waits.
    heat.hidden = !map || element.dataset.state === "loading";
    if (heat.hidden) return;
    heat.classList.toggle("viewer-grey", Boolean(map.grey));
    const side = HEAT / Math.max(picture?.rows ?? 1, picture?.columns ?? 1);
    Object.assign(heat, {
      width: Math.max(1, Math.round((picture?.columns ?? 1) * side)),
      height: Math.max(1, Math.round((picture?.rows ?? 1) * side)),
    });
    const context = heat.getContext("2d");
    const image = context.createImageData(heat.width, heat.height);
    paintHeat(onGrid(map, heat.height, heat.width, !cells), map.limit, heatColours, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
  }

  return {
    element,
    load,
    prefetch,
    clear,
    setOverlay,
    setOpacity(part) {
      heat.style.opacity = String(part);
    },
    setCells(native) {
      cells = native;
      heat.classList.toggle("viewer-native", native);
      setOverlay(map);
    },
    setWindow: does.setWindow,
    preset: does.preset,
    reset: () => picture && does.reset(),
    invert: () => does.invert(),
    nextPreset: () => picture && does.nextPreset(),
    /** A key that was pressed elsewhere; true where the viewer knows it. */
    press: (event) => picture !== null && pressKey(event, does),
    describe(text) {
      said.textContent = text;
    },
    focus() {
      stage.focus();
    },
    destroy() {
      watch.disconnect();
      picture = null;
      large = null;
      kept.clear();
    },
  };
}
