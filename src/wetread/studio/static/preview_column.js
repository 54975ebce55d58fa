// One image, looked at properly, and what may be said about it.

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
  let say = () => null;
  let keepNote = () => null;
  const leave = () => keepNote({ leaving: true });
  window.addEventListener("pagehide", leave); // which tells no field of a change

  async function load(item) {
    if (shown === item.id) {
      return;
    }
    shown = item.id;
    nothing.hidden = true;
    holder.hidden = false;
    element.dataset.state = "ready";
    viewer.load(`/projects/${desk.project}/pixels/${item.id}`);
    const full = await desk.item(item.id).catch(() => item);
    if (shown === item.id) {
      drawFacts({ ...item, ...full });
    }
  }

  function clear() {
    shown = null;
    keepNote = say = () => null;
    nothing.hidden = false;
    holder.hidden = true;
    element.dataset.state = "empty";
    fill(facts);
  }

  function mainFacts(item) {
    const name =
      desk.data().classes.find((one) => one.id === item.class)?.name ??
      (item.excluded ? "excluded" : "without a class");
    return [
      !marks && ["Class", name],
      !marks && item.also?.length > 0 && ["Came as", `${item.also.join(", ")} too`],
      marks && item.excluded && ["Takes part", "no, excluded"],
      ["Patient", item.patient || "unknown"],
      ...Object.entries(item.columns ?? {}),
      ["Kind", item.kind],
      ["Size", item.width && `${item.width} × ${item.height}`],
    ].filter(Boolean);
  }

  function drawFacts(item) {
    marks = ofFindings(desk.data()) ? markList(desk, item) : null;
    const main = h("div", {}, list(mainFacts(item)));
    const { header, ...file } = item.facts ?? {};
    const rest = Object.entries({ ...header, ...file }).map(([key, value]) => [key.replaceAll("_", " "), value]);
    keepNote();
    let kept = item.note ?? "";
    const keep = async ({ leaving = false } = {}) => {
      const [before, text] = [kept, note.value];
      kept = text;
      const wish = { op: "note", item: item.id, text };
      const done = text === before || (await desk.change(wish, { quiet: true, leaving }));
      kept = done || kept !== text ? kept : before;
    };
    const note = h("textarea", { id: "item-note", rows: 2, maxlength: 2000, value: kept, onchange: () => keep() });
    keepNote = keep;
    const doubt = h("input", {
      type: "checkbox",
      checked: Boolean(item.doubt),
      onchange: () =>
        desk.change({ op: "doubt", items: [item.id], doubt: doubt.checked }, { quiet: true }).then(desk.reload),
    });
    say = (now) => {
      marks?.update(now);
      fill(main, list(mainFacts(now)));
      doubt.checked = Boolean(now.doubt);
    };
    fill(
      facts,
      h("h3", { class: "file-name" }, item.name),
      marks?.element,
      main,
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
      const item = id && (await desk.item(id).catch(() => null));
      if (!item || id !== shown) {
        return;
      }
      if (item.here === false) {
        clear(); // its addition was taken back
      } else {
        (marks !== null) === ofFindings(desk.data()) ? say(item) : drawFacts(item);
      }
    },
    show(item, { soon = false } = {}) {
      clearTimeout(timer);
      timer = setTimeout(() => item && load(item), soon ? SOON_MS : 0);
    },
    destroy() {
      clearTimeout(timer);
      keepNote();
      window.removeEventListener("pagehide", leave);
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
