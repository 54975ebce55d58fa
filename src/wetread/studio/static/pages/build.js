// Classes -> Train -> Preview: from files to a model.

import { ask, menuButton } from "../ask.js";
import { createLane, get, post } from "../api.js";
import { pastedFiles } from "../camera.js";
import { classesColumn } from "../classes_column.js";
import { counted, fill, h, icon } from "../dom.js";
import { chosen, collect, takeOver } from "../drop.js";
import { kindOf, ofFindings } from "../findings.js";
import { forgetTakenBack, importFiles, showTask, takeUp } from "../imports.js";
import { query, setQuery } from "../location.js";
import { previewColumn } from "../preview_column.js";
import { shortcut } from "../shortcuts.js";
import { toast, toastError } from "../toast.js";
import { trainColumn } from "../train_column.js";

export const title = "Build";

let preview = null;

/** Draws the page. */
export async function show(root, context) {
  const importPlace = h("div", { class: "import-place" });
  const head = h("div", { class: "head build-head" });
  const fileField = h("input", { type: "file", multiple: true, class: "said", tabindex: -1, "aria-label": "Images" });
  const desk = makeDesk(context, importPlace, fileField);
  const classes = classesColumn(desk);
  const train = trainColumn(desk, context);
  preview = previewColumn(desk);
  desk.preview = preview.show;
  const heading = h("h2", { class: "column-title" }, "Classes");
  let version = desk.data().version;
  desk.redraw = () => {
    forgetTakenBack(desk);
    drawHead(head, desk);
    heading.textContent = ofFindings(desk.data()) ? "Findings" : "Classes";
    version !== desk.data().version && preview?.redraw();
    version = desk.data().version;
    classes.redraw();
    train.redraw();
    root.dataset.state = desk.data().counts.items > 0 ? "ready" : "empty";
  };
  fill(
    root,
    head,
    h(
      "div",
      { class: "columns" },
      h(
        "section",
        { class: "column classes-column", "aria-label": "Classes" },
        heading,
        importPlace,
        classes.element,
      ),
      h(
        "section",
        { class: "column train-column", "aria-label": "Train" },
        h("h2", { class: "column-title" }, "Train"),
        train.element,
      ),
      h(
        "section",
        { class: "column preview-column", "aria-label": "Preview" },
        h("h2", { class: "column-title" }, "Preview"),
        preview.element,
      ),
    ),
    fileField,
  );
  desk.redraw();
  takeFiles(root, desk);
  keys(desk, train);
  resume(desk);
  const [first] = desk.data().classes.flatMap((one) => one.cover);
  if (first) {
    preview.show({ id: first, name: "" });
  }
}

/** Stops the viewer. */
export function leave() {
  preview?.destroy();
  preview = null;
}

function makeDesk(context, importPlace, fileField) {
  const lane = createLane();
  const desk = {
    project: context.project,
    signal: context.signal,
    chosen: new Set(),
    open: query().class ?? null,
    data: () => context.data,
    place: (element) => importPlace.isConnected && fill(importPlace, element),
    async refresh() {
      if (!context.signal.aborted) {
        await context.refresh().catch(() => null);
        desk.redraw();
      }
    },
    /** What is known of an image, as the changes before have left it. */
    item: (id) => lane(() => get(`/projects/${context.project}/items/${id}`, { signal: context.signal })),
    async change(op, { quiet = false, leaving = false } = {}) {
      const send = async () => {
        const before = context.data.version;
        const data = await post(`/projects/${context.project}/changes`, op, { keepalive: leaving });
        context.data = data.version < context.data.version ? context.data : data;
        return data.version !== before;
      };
      try {
        const changed = await (leaving ? send() : lane(send));
        desk.redraw();
        const step = context.data.undo;
        if (!quiet && changed && step) {
          toast(`${step}.`.replace(/\.\.$/, "."), {
            // That step, and none that came after it: a note that was written, or images that came in.
            undo: () => desk.change({ op: "undo", step }, { quiet: true }).then(desk.reload),
          });
        }
        return true;
      } catch (error) {
        toastError(error);
        return false;
      }
    },
    reload: () => {},
    add: (files, className = null) => importFiles(desk, files, className).then(() => desk.reload()),
    pick({ className = null, folder = false, accept = "" } = {}) {
      fileField.webkitdirectory = folder;
      fileField.accept = accept;
      fileField.value = "";
      fileField.onchange = () => desk.add(chosen(fileField.files), className);
      fileField.click();
    },
    async newClass() {
      const name = await ask(`New ${kindOf(desk.data())}`, "Name", { action: "Add" });
      return name ? desk.change({ op: "add-class", name }) : false;
    },
  };
  return desk;
}

function drawHead(head, desk) {
  const data = desk.data();
  const { counts } = data;
  const facts = [
    counted(counts.items, "image"),
    counts.patients && counted(counts.patients, "patient"),
    counts.dicom && `${counts.dicom.toLocaleString("en-GB")} DICOM`,
  ]
    .filter(Boolean)
    .join(" · ");
  const step = (op, text, name) =>
    h(
      "button",
      {
        class: "button ghost icon-only",
        type: "button",
        disabled: !text,
        "aria-label": text ? `${op === "undo" ? "Undo" : "Redo"}: ${text}` : `Nothing to ${op}`,
        title: text || null,
        onclick: () => desk.change({ op }, { quiet: true }).then(desk.reload),
      },
      icon(name),
    );
  fill(
    head,
    h(
      "div",
      { class: "row build-title" },
      h("h1", {}, "Build"),
      h("span", { class: "muted number" }, counts.items > 0 ? facts : "No images yet"),
    ),
    h(
      "div",
      { class: "row" },
      step("undo", data.undo, "undo"),
      step("redo", data.redo, "redo"),
      h("button", { class: "button", type: "button", onclick: desk.newClass }, icon("plus"), ofFindings(data) ? "Finding" : "Class"),
      menuButton(
        "Add images",
        () => [
          { words: "A folder of class folders", icon: "folder", run: () => desk.pick({ folder: true }) },
          { words: "Single files, tables of labels", icon: "file", run: () => desk.pick() },
          { words: "A .zip or Teachable Machine .tm", icon: "download", run: () => desk.pick({ accept: ".zip,.tm" }) },
        ],
        { face: [icon("plus"), "Images"], className: counts.items > 0 ? "button" : "button primary" },
      ),
    ),
  );
}

function takeFiles(root, desk) {
  const isFiles = (event) => event.dataTransfer.types.includes("Files");
  const area = root.closest("main"); // the whole window below the bar
  const on = (name, handler) => area.addEventListener(name, handler, { signal: desk.signal });
  on("dragover", (event) => isFiles(event) && (event.preventDefault(), root.classList.add("over")));
  on("dragleave", (event) => area.contains(event.relatedTarget) || root.classList.remove("over"));
  on("drop", async (event) => {
    root.classList.remove("over");
    if (isFiles(event)) {
      event.preventDefault();
      await desk.add(await collect(event.dataTransfer));
    }
  });
  document.addEventListener(
    "paste",
    (event) => {
      const files = event.target.closest?.("input, textarea, dialog") ? [] : pastedFiles(event.clipboardData);
      if (files.length > 0) {
        desk.add(files, desk.data().classes.find((one) => one.id === desk.open)?.name ?? null);
      }
    },
    { signal: desk.signal },
  );
}

function keys(desk, train) {
  shortcut("n", "New class", desk.newClass);
  shortcut("i", "Add images", () => desk.pick());
  shortcut("u", "Undo", () => desk.change({ op: "undo" }, { quiet: true }).then(desk.reload));
  shortcut("s", "Start training", train.start);
  [
    ["Space", "Choose the image"],
    ["m", "Move what is chosen"],
    ["p, a, u", "Finding present, absent, unknown"],
    ["Delete", "Exclude what is chosen"],
  ].forEach(([key, words]) => shortcut(key, words, () => null, "In a class"));
}

// Goes on with what was under way: files of the start page, an import left on another page, a sample being drawn.
function resume(desk) {
  const files = takeOver();
  const { task } = query();
  const before = takeUp(desk);
  if (files.length > 0) {
    desk.add(files);
  } else if (task && !before) {
    get(`/projects/${desk.project}/tasks/${task}`).then(
      (now) => now.state === "running" && showTask(desk, task, "Drawing the sample").then(() => desk.reload()),
      () => null,
    );
    setQuery({ task: null });
  }
}
