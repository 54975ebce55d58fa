// Builds the page from elements. Text only ever becomes a text node, so a name that holds markup stays a name.

const SVG = new Set(["svg", "g", "path", "circle", "rect", "line", "text", "polyline", "title", "use"]);
const PROPERTIES = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "selected",
  "open",
  "indeterminate",
  "multiple",
  "muted",
  "srcObject",
]);

/** One element: `h("button", {class: "button", onclick: save}, "Save")`; `style` is an object, set by CSSOM (CSP). */
export function h(tag, attributes, ...children) {
  const node =
    SVG.has(tag) && tag !== "title"
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    set(node, name, value);
  }
  node.append(...nodes(children));
  return node;
}

function set(node, name, value) {
  if (value === undefined || value === null || (value === false && !name.startsWith("aria-"))) {
    return;
  }
  if (name.startsWith("on")) {
    node.addEventListener(name.slice(2), value);
  } else if (name === "style") {
    Object.entries(value).forEach(([key, one]) =>
      key.includes("-") ? node.style.setProperty(key, one) : (node.style[key] = one),
    );
  } else if (name === "data") {
    Object.assign(node.dataset, value);
  } else if (PROPERTIES.has(name) && name in node) {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
  }
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== "")
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** Replaces what stands in a node. */
export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

const ICONS = {
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3.5 8.5l3 3 6-7",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  undo: "M6 4L3 7l3 3M3 7h6a4 4 0 0 1 0 8H7",
  redo: "M10 4l3 3-3 3M13 7H7a4 4 0 0 0 0 8h2",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13 9.6A5.5 5.5 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6z",
  keys: "M6.2 6.1a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.3M8 11.6h.01",
  folder: "M2 4.5h4l1.4 1.6H14v6.4H2z",
  camera: "M2 5.5h2.8L6 4h4l1.2 1.5H14v7H2zM8 6.8a2.1 2.1 0 1 0 0 4.2 2.1 2.1 0 0 0 0-4.2z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  play: "M5 3.5v9l7-4.5z",
  stop: "M4.5 4.5h7v7h-7z",
  trash: "M3 4.5h10M6.3 4.5V3h3.4v1.5M4.3 4.5l.6 8.5h6.2l.6-8.5",
  warn: "M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01",
  back: "M10 4L6 8l4 4",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13h10",
  terminal: "M3 4.5 6.5 8 3 11.5M8 12h5",
};

/** A small line drawing, hidden from screen readers; the button around it carries the words. */
export function icon(name) {
  return h("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: ICONS[name] }));
}

/** A dot with its meaning in words for those who do not see colour: green, amber, red, info or none. */
export function lamp(light, words = light) {
  return [
    h("span", { class: `lamp ${light ?? "none"}`, "aria-hidden": "true" }),
    h("span", { class: "said" }, words ? `${words}: ` : ""),
  ];
}

/** A state without content: what is missing, why, and what to do next. */
export function empty(title, text, ...actions) {
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, title),
    text && h("p", {}, text),
    actions.length > 0 && h("div", { class: "row" }, actions),
  );
}

/** Grey bars with words, while something is fetched. */
export function loading(words, bars = 3) {
  return h(
    "div",
    { class: "loading", role: "status" },
    h("p", {}, words),
    Array.from({ length: bars }, () => h("div", { class: "skeleton" })),
  );
}

/** What happened, what to do next, and a way to try again. */
export function failed(error, retry) {
  return h(
    "div",
    { class: "error", role: "alert" },
    h("h2", {}, error.message || "Something went wrong."),
    h("p", {}, error.remedy || "Try again; if it happens again, the terminal of the studio says more."),
    retry && h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: retry }, "Try again")),
  );
}

/** `1 image`, `2 images`, `1,500 images`. */
export function counted(number, noun, many = `${noun}s`) {
  return `${number.toLocaleString("en-GB")} ${number === 1 ? noun : many}`;
}

/** Seconds in the words of a person who waits: `8 s`, `about 3 min`, `about 1 h 20 min`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) {
    return "";
  }
  if (seconds < 60) {
    return `${Math.max(1, Math.round(seconds))} s`;
  }
  const minutes = Math.round(seconds / 60);
  const rest = minutes % 60;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ""}`;
}

/** A moment in few words: `14:20` today, else `21 Nov`, with the year where it is another one. */
export function when(moment, now = new Date()) {
  const at = new Date(typeof moment === "number" && moment < 1e11 ? moment * 1000 : moment);
  if (Number.isNaN(at.getTime())) {
    return "";
  }
  if (at.toDateString() === now.toDateString()) {
    return timeOfDay(at);
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year });
}

/** A headline in two parts: the number with its interval, and on what it was found. */
export function headlineParts(headline) {
  const [, number, rest] = /^(.*?\)|[^,]*)(?:, )?(.*)$/.exec(headline?.text ?? "");
  return [number, rest];
}

/** A table with column heads, each a text or {text, class}; it scrolls sideways by itself where it is wide. */
export function dataTable(className, heads, rows) {
  return h(
    "div",
    { class: "wide" },
    h(
      "table",
      { class: className },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head) => h("th", { scope: "col", class: head.class ?? null }, head.text ?? head)),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}

/** What a run is called: as the user named it, else its preset and when it began; see `tellApart`.
 *  One of the terminal has the name of its folder, which the user chose there. */
export function runName(run) {
  return run.shown ?? plainName(run);
}

function plainName(run) {
  return run.title && (run.title !== run.id || run.data)
    ? run.title
    : [run.preset, when(run.started)].filter(Boolean).join(", ") || run.id;
}

/** The same runs; those that would be called the same are told apart by the time of day, or else by their id. */
export function tellApart(runs) {
  const shared = (nameOf) => (run) => runs.filter((other) => nameOf(other) === nameOf(run)).length > 1;
  const sameName = shared(plainName);
  const timed = (run) => [plainName(run), sameName(run) && clock(run.started)].filter(Boolean).join(", ");
  const sameTime = shared(timed);
  return runs.map((run) => ({ ...run, shown: sameTime(run) ? `${plainName(run)} (${run.id})` : timed(run) }));
}

function clock(moment) {
  const at = new Date(moment);
  const known = !Number.isNaN(at.getTime()) && at.toDateString() !== new Date().toDateString();
  return known ? timeOfDay(at) : "";
}

function timeOfDay(at) {
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
