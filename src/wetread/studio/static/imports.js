// Files -> items of the project: the progress, and what came of it.

import { announce } from "./announce.js";
import { createLane, get, put } from "./api.js";
import { counted, fill, h, icon } from "./dom.js";
import { isArchive, isTable } from "./drop.js";
import { askMapping } from "./mapping.js";
import { toast } from "./toast.js";
import { outcome, upload, words } from "./upload.js";

const TASK_MS = 600;
const REFRESH_MS = 2500;
const SHOWN = 200; // rejected files listed by name
const NAMED = 6; // names of images that came under two classes, in one line

/** Imports that go on while other pages are shown; one per project. */
const going = new Map();

/** The desk that shows a project now: somebody who leaves the page and comes back sees what comes in there. */
const desks = new Map();
const lanes = new Map();

/** Shows the import that is on its way or just ended on this desk, and all that follow; whether there is one. */
export function takeUp(desk) {
  desks.set(desk.project, desk);
  const panel = going.get(desk.project);
  panel && desk.place(panel.element);
  return Boolean(panel);
}

/** One import after the other: two at once would hide each other, and share the steps that Undo takes back. */
function inTurn(project, work) {
  lanes.has(project) || lanes.set(project, createLane());
  return lanes.get(project)(work);
}

function begin(project, panel) {
  const desk = desks.get(project);
  going.set(project, panel);
  desk.place(panel.element);
  const refresh = () => desks.get(project).refresh();
  return { refresh, ticker: setInterval(refresh, REFRESH_MS) };
}

/** Shuts the panel of an import that was taken back: what it says is not true any more. Called at every redraw. */
export function forgetTakenBack(desk) {
  const { redo, undo } = desk.data();
  const step = going.get(desk.project)?.element.dataset.step;
  step && step === redo && step !== undo && forget(desk);
}

/** Bare names of the files that the panel of this project lists as not taken: they need not stand beside it again. */
export function listedAbove(project) {
  return new Set(going.get(project)?.refused ?? []);
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
    if (isImporting(desk.project) && (files.length > 1 || archives.length > 0)) {
      toast("They are added after the files before them.");
    }
    // Tables last: what they say of images counts more than the folders these came in.
    const all = [...archives.map((one) => ({ ...one, class: className ?? "" })), ...mapped].map((one) => ({
      ...one,
      last: isTable(one.path),
    }));
    await inTurn(desk.project, () => send(desk, all));
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
  const { refresh, ticker } = begin(desk.project, panel);
  const guard = (event) => event.preventDefault();
  window.addEventListener("beforeunload", guard);
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
    await refresh();
    panel.end(desk, state, state.stopped ? "The studio does not take files any more." : "");
  } catch (error) {
    panel.end(desk, { total: 0, done: 0, added: 0, duplicates: 0, rejected: [] }, error.message);
    refresh();
  } finally {
    clearInterval(ticker);
    window.removeEventListener("beforeunload", guard);
  }
}

function forget(desk) {
  going.get(desk.project)?.element.remove();
  going.delete(desk.project);
  redraw(desk.project);
}

function redraw(project) {
  desks.get(project).signal.aborted || desks.get(project).redraw();
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
export function showTask(desk, task, title) {
  return inTurn(desk.project, () => watchTask(desk, task, title));
}

async function watchTask(desk, task, title) {
  const panel = progressPanel(null, () => forget(desk), title);
  const { refresh, ticker } = begin(desk.project, panel);
  try {
    const end = await followTask(desk.project, task, panel);
    panel.element.dataset.state = "ending";
    await refresh();
    panel.end(desk, {
      total: 0,
      done: 0,
      added: end.added ?? 0,
      duplicates: end.duplicates ?? 0,
      rejected: end.rejected ?? [],
      notes: end.notes ?? [],
      given: end.given ?? [],
    });
  } catch (error) {
    panel.end(desk, { total: 0, done: 0, added: 0, duplicates: 0, rejected: [] }, error.message);
    refresh();
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
  const panel = { element, doing: stop ? "Opening the archive" : title, refused: [] };
  panel.move = move;
  panel.end = (desk, state, trouble = "") => {
    const said = givenTwice(desk.project, state.given ?? []);
    panel.refused = state.rejected.map((one) => one.name.split("/").pop());
    element.dataset.step = desks.get(desk.project).data().undo ?? "";
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
      said.map((one) => one.element),
      (state.notes ?? []).map((text) => h("p", { class: "small" }, text)),
      rejectedList([...said.flatMap((one) => one.rows), ...state.rejected]),
    );
    redraw(desk.project);
  };
  return panel;
}

// The very same file under two classes: one of the two labels is wrong, and the user alone can say which.
function givenTwice(project, given) {
  const desk = desks.get(project);
  const nameOf = (id) => desk.data().classes.find((one) => one.id === id)?.name;
  const pairs = new Map();
  given
    .filter((one) => nameOf(one.as))
    .forEach((one) => {
      const pair = JSON.stringify([one.in, one.as]);
      pairs.has(pair) || pairs.set(pair, new Map());
      pairs.get(pair).set(one.id, one.name);
    });
  return [...pairs].map(([pair, images]) => {
    const [lies, as] = JSON.parse(pair);
    const place = nameOf(lies) ? `in ${nameOf(lies)}` : "without a class";
    const items = [...images.keys()];
    const element = h("div", { class: "stack given-twice" });
    const act = (words, wish) =>
      h(
        "button",
        {
          class: "button small",
          type: "button",
          onclick: async () => (await desks.get(project).change(wish)) && (element.remove(), desks.get(project).reload()),
        },
        words,
      );
    const names = [...images.values()];
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
    const lie = `${counted(items.length, "image")} lie${items.length === 1 ? "s" : ""}`;
    fill(
      element,
      h("p", {}, `${lie} ${place} and came as ${nameOf(as)} too.`),
      h("p", { class: "small muted" }, `${names.slice(0, NAMED).join(", ")}${more}`),
      h(
        "div",
        { class: "row" },
        act(`Move to ${nameOf(as)}`, { op: "move", items, class: as }),
        act("Leave out, label in doubt", { op: "exclude", items }),
      ),
    );
    const reason = `lies ${place} already, and came as ${nameOf(as)} too.`;
    return { element, rows: names.map((name) => ({ name, reason })) };
  });
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
