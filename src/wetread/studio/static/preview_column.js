// One image, looked at properly, and what may be said about it.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { markList, ofFindings } from "./findings.js";
import { createViewer } from "./viewer.js";

const SOON_MS = 140; // while arrow keys run over thumbnails, only the one they rest on is fetched

/** The column. Answers {element, show(item, {soon}), destroy()}. */
export function previewColumn(desk) {
  const viewer = createViewer({ label: "Image" });
  const facts = h("div", { class: "preview-facts" });
  const holder = h("div", { class: "preview-view on-dark", hidden: true }, viewer.element);
  const nothing = h(
    "div",
    { class: "empty preview-empty" },
    h("h3", {}, "No image chosen"),
    h("p", {}, "Open a class and choose an image to look at it in full."),
  );
  const element = h("div", { class: "card preview", data: { state: "empty" } }, nothing, holder, facts);
  let timer = null;
  let shown = null;
  let marks = null;

  async function load(item) {
    if (shown === item.id) {
      return;
    }
    shown = item.id;
    nothing.hidden = true;
    holder.hidden = false;
    element.dataset.state = "ready";
    viewer.load(`/projects/${desk.project}/pixels/${item.id}`);
    const full = await get(`/projects/${desk.project}/items/${item.id}`, { signal: desk.signal }).catch(() => item);
    if (shown === item.id) {
      drawFacts({ ...item, ...full });
    }
  }

  function drawFacts(item) {
    const name =
      desk.data().classes.find((one) => one.id === item.class)?.name ??
      (item.excluded ? "excluded" : "without a class");
    marks = ofFindings(desk.data()) ? markList(desk, item) : null;
    const main = [
      !marks && ["Class", name],
      marks && item.excluded && ["Takes part", "no, excluded"],
      ["Patient", item.patient || "unknown"],
      ...Object.entries(item.columns ?? {}),
      ["Kind", item.kind],
      ["Size", item.width && `${item.width} × ${item.height}`],
    ].filter(Boolean);
    const { header, ...file } = item.facts ?? {};
    const rest = Object.entries({ ...header, ...file }).map(([key, value]) => [key.replaceAll("_", " "), value]);
    const note = h("textarea", {
      id: "item-note",
      rows: 2,
      maxlength: 2000,
      value: item.note ?? "",
      onchange: () => desk.change({ op: "note", item: item.id, text: note.value }, { quiet: true }),
    });
    const doubt = h("input", {
      type: "checkbox",
      checked: Boolean(item.doubt),
      onchange: () =>
        desk.change({ op: "doubt", items: [item.id], doubt: doubt.checked }, { quiet: true }).then(desk.reload),
    });
    fill(
      facts,
      h("h3", { class: "file-name" }, item.name),
      marks?.element,
      list(main),
      h("label", { class: "check" }, doubt, "The label looks wrong"),
      h("div", { class: "field" }, h("label", { for: "item-note" }, "Note"), note),
      rest.length > 0 && h("details", { class: "small" }, h("summary", {}, "From the file"), list(rest)),
    );
  }

  return {
    element,
    /** Says anew what the project says of the image that is shown. */
    async redraw() {
      const id = shown;
      if (id && (marks !== null || ofFindings(desk.data()))) {
        const item = await get(`/projects/${desk.project}/items/${id}`, { signal: desk.signal }).catch(() => null);
        item && id === shown && (marks && ofFindings(desk.data()) ? marks.update(item) : drawFacts(item));
      }
    },
    show(item, { soon = false } = {}) {
      clearTimeout(timer);
      timer = setTimeout(() => item && load(item), soon ? SOON_MS : 0);
    },
    destroy() {
      clearTimeout(timer);
      viewer.destroy();
    },
  };
}

function list(rows) {
  const known = rows.filter(
    ([, value]) => value !== "" && value !== null && value !== undefined && typeof value !== "object",
  );
  return h(
    "dl",
    { class: "facts" },
    known.map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, String(value)))),
  );
}
