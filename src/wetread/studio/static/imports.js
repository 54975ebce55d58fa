// Files -> items of the project: the mapping of folders to classes, shown first, then the progress and what came of it.

import { dialog } from "./ask.js";
import { announce } from "./announce.js";
import { get, put } from "./api.js";
import { counted, fill, h, icon } from "./dom.js";
import { folderOf, isArchive, isTable, likelyLevel, tally } from "./drop.js";
import { ofFindings } from "./findings.js";
import { toastError } from "./toast.js";
import { outcome, upload, words } from "./upload.js";

const TASK_MS = 600;
const REFRESH_MS = 2500;
const SHOWN = 200; // rejected files listed by name

/** Imports that go on while other pages are shown; one per project. */
const going = new Map();

/** The import of a project that is on its way or just ended: {element}; null where there was none. */
export function importOf(project) {
  return going.get(project) ?? null;
}

/** Whether files come in just now. */
export function isImporting(project) {
  return going.get(project)?.element.dataset.state === "running";
}

/** Asks where files belong unless a class is given, and sends them. `desk` = {project, data(), refresh(), place(element)}. */
export async function importFiles(desk, files, className = null) {
  if (files.length === 0) {
    return;
  }
  const archives = files.filter((one) => isArchive(one.path));
  const loose = files.filter((one) => !isArchive(one.path));
  const mapped =
    loose.length === 0
      ? []
      : className === null
        ? await askMapping(desk, loose)
        : loose.map((one) => ({ ...one, class: className }));
  if (mapped) {
    await send(
      desk,
      // Tables last: what they say of images counts more than the folders these came in.
      [...archives.map((one) => ({ ...one, class: className ?? "" })), ...mapped].map((one) => ({
        ...one,
        last: isTable(one.path),
      })),
    );
  }
}

async function send(desk, files) {
  if (files.length === 0) {
    return;
  }
  const stop = new AbortController();
  const batch = crypto.randomUUID(); // one addition, which Undo takes back as a whole
  const panel = progressPanel(
    () => stop.abort(),
    () => forget(desk),
  );
  going.set(desk.project, panel);
  desk.place(panel.element);
  const guard = (event) => event.preventDefault();
  window.addEventListener("beforeunload", guard);
  const ticker = setInterval(() => desk.refresh(), REFRESH_MS);
  try {
    const state = await upload(files, {
      signal: stop.signal,
      send: (one, signal) =>
        put(
          `/projects/${desk.project}/items`,
          one.file,
          { "X-Name": encodeURIComponent(one.path), "X-Class": encodeURIComponent(one.class), "X-Batch": batch },
          { signal },
        ),
      follow: (task, signal) => followTask(desk.project, task, panel, signal),
      changed: (now) => panel.move(now.done / now.total, words(now)),
    });
    panel.element.dataset.state = "ending";
    await desk.refresh();
    panel.end(state, state.stopped ? "The studio does not take files any more." : "");
  } catch (error) {
    panel.end({ total: 0, done: 0, added: 0, duplicates: 0, rejected: [] }, error.message);
    desk.refresh();
  } finally {
    clearInterval(ticker);
    window.removeEventListener("beforeunload", guard);
  }
}

function forget(desk) {
  going.get(desk.project)?.element.remove();
  going.delete(desk.project);
}

/** Waits for work of the server: the taking apart of an archive, the drawing of a sample. */
export async function followTask(project, task, panel, signal) {
  for (;;) {
    const now = await get(`/projects/${project}/tasks/${task}`, { signal });
    panel?.move(
      now.total ? now.done / now.total : null,
      now.total ? `${panel.doing}, ${now.done} of ${now.total.toLocaleString("en-GB")} steps` : panel.doing,
    );
    if (now.state === "failed") {
      throw Object.assign(new Error(now.error?.message ?? now.error ?? "The archive could not be read."), {
        code: "task",
      });
    }
    if (now.state === "done") {
      return now;
    }
    await new Promise((resolve) => setTimeout(resolve, TASK_MS));
  }
}

/** Shows a task of the server that the page found under way. */
export async function showTask(desk, task, title) {
  const panel = progressPanel(null, () => forget(desk), title);
  going.set(desk.project, panel);
  desk.place(panel.element);
  const ticker = setInterval(() => desk.refresh(), REFRESH_MS);
  try {
    const end = await followTask(desk.project, task, panel);
    panel.element.dataset.state = "ending";
    await desk.refresh();
    panel.end({
      total: 0,
      done: 0,
      added: end.added ?? 0,
      duplicates: end.duplicates ?? 0,
      rejected: end.rejected ?? [],
      notes: end.notes ?? [],
    });
  } catch (error) {
    panel.end({ total: 0, done: 0, added: 0, duplicates: 0, rejected: [] }, error.message);
    desk.refresh();
  } finally {
    clearInterval(ticker);
  }
}

function progressPanel(stop, close, title = "Adding images") {
  const heading = h("h3", {}, title);
  const line = h("p", { class: "small muted" }, "Starting");
  const bar = h("progress", { "aria-label": title });
  const ending = h("div");
  const button = h("button", { class: "button small", type: "button", onclick: stop, hidden: !stop }, "Stop");
  const element = h(
    "section",
    { class: "card import", "aria-label": title, data: { state: "running" } },
    h("div", { class: "spread" }, heading, button),
    bar,
    line,
    ending,
  );
  const move = (share, text) => {
    if (share !== null) {
      bar.value = share;
    }
    line.textContent = text;
    announce(text);
  };
  const end = (state, trouble = "") => {
    element.dataset.state = "done";
    bar.hidden = true;
    heading.textContent = trouble || outcome(state);
    line.textContent = trouble ? outcome(state) : "";
    line.hidden = !line.textContent;
    announce(heading.textContent, { now: true });
    const shut = h(
      "button",
      { class: "button ghost small icon-only", type: "button", "aria-label": "Close", onclick: close },
      icon("close"),
    );
    button.replaceWith(shut);
    fill(
      ending,
      (state.notes ?? []).map((text) => h("p", { class: "small" }, text)),
      rejectedList(state.rejected),
    );
  };
  return { element, move, end, doing: stop ? "Opening the archive" : title };
}

/** Files that were not taken, each with its reason. */
export function rejectedList(rejected, title = "Not taken, and why") {
  if (rejected.length === 0) {
    return null;
  }
  const rest = rejected.length - SHOWN;
  return h(
    "details",
    { class: "rejected" },
    h("summary", {}, `${title} (${rejected.length})`),
    h(
      "ul",
      {},
      rejected
        .slice(0, SHOWN)
        .map((one) =>
          h("li", {}, h("b", {}, one.name), ` ${one.reason ?? ""} `, h("span", { class: "muted" }, one.remedy ?? "")),
        ),
      rest > 0 && h("li", { class: "muted" }, `and ${rest} more`),
    ),
  );
}

// Which folder is which class --------------------------------------------------------------------------------------------

async function askMapping(desk, files) {
  const paths = files.map((one) => one.path);
  const depth = Math.max(...paths.map((path) => path.split("/").length - 1));
  let level = likelyLevel(paths);
  try {
    return await dialog(
      `Add ${counted(files.length, "file")}`,
      (close) => {
        const rows = h("div", { class: "mapping-rows" });
        const draw = () =>
          fill(
            rows,
            tally(paths, level).map(([folder, count]) => mappingRow(desk, folder, count)),
          );
        const levels = h(
          "select",
          {
            id: "level",
            onchange: (event) => {
              level = Number(event.target.value);
              draw();
            },
          },
          Array.from({ length: depth }, (_, index) =>
            h(
              "option",
              { value: index + 1, selected: index + 1 === level },
              index === 0 ? "the folder a file lies in" : `the folder ${index + 1} levels above the file`,
            ),
          ),
        );
        draw();
        const findings = ofFindings(desk.data());
        const finish = (event) => {
          event.preventDefault();
          close(findings ? files.map((one) => ({ ...one, class: "" })) : mapFiles(files, level, readRows(rows)));
        };
        return h(
          "form",
          { class: "mapping", onsubmit: finish },
          h(
            "p",
            { class: "muted" },
            findings
              ? "A table of labels says what each image shows; what it does not name, you say yourself."
              : "Each folder becomes a class. Change a name, give two folders the same name, or leave one out.",
          ),
          !findings && [
            depth > 1 && h("div", { class: "field" }, h("label", { for: "level" }, "The class is the name of"), levels),
            rows,
          ],
          deidentify(desk),
          h(
            "datalist",
            { id: "class-names" },
            desk.data().classes.map((one) => h("option", { value: one.name })),
          ),
          h(
            "div",
            { class: "dialog-foot" },
            h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"),
            h("button", { class: "button primary", type: "submit", autofocus: true }, "Add them"),
          ),
        );
      },
      { wide: true },
    );
  } catch (error) {
    toastError(error);
    return null;
  }
}

function deidentify(desk) {
  const box = h("input", {
    type: "checkbox",
    checked: desk.data().settings?.deidentify ?? true,
    onchange: () => desk.change({ op: "settings", settings: { deidentify: box.checked } }, { quiet: true }),
  });
  return h("label", { class: "check" }, box, "Take what tells the patient out of DICOM files, and EXIF and comments out of pictures");
}

function mappingRow(desk, folder, count) {
  const known = desk.data().classes.find((one) => one.name.toLowerCase() === folder.toLowerCase());
  const label = folder || "Files in no folder";
  return h(
    "div",
    { class: "mapping-row", data: { folder } },
    h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", checked: true }),
      h(
        "span",
        { class: "folder" },
        icon(folder ? "folder" : "file"),
        h("b", {}, label),
        h("span", { class: "muted" }, counted(count, "file")),
      ),
    ),
    h("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    h("input", {
      type: "text",
      value: known?.name ?? folder,
      maxlength: 80,
      placeholder: "without a class",
      "aria-label": `Class of ${label}`,
      list: "class-names",
      autocomplete: "off",
      spellcheck: "false",
    }),
  );
}

function readRows(rows) {
  return new Map(
    [...rows.children].map((row) => [
      row.dataset.folder,
      row.querySelector("[type=checkbox]").checked ? row.querySelector("[type=text]").value.trim() : null,
    ]),
  );
}

/** The files with their classes; those of a folder that was left out are gone. Pure. */
export function mapFiles(files, level, names) {
  return files
    .map((one) => ({ ...one, class: names.get(folderOf(one.path, level)) }))
    .filter((one) => one.class !== null && one.class !== undefined);
}
