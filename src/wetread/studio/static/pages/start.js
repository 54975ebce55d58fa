// All projects, a new one, a sample, and the runs made in the terminal.

import { dialog, ask, menuButton } from "../ask.js";
import { announce } from "../announce.js";
import { createTurn, del, get, post, url } from "../api.js";
import { bin } from "../bin.js";
import { counted, fill, h, headlineParts, icon, lamp, when } from "../dom.js";
import { chosen, collect, handOver, isArchive } from "../drop.js";
import { go, pathOf } from "../location.js";
import { whileVisible } from "../run_live.js";
import { shortcut } from "../shortcuts.js";
import { toast, toastError } from "../toast.js";

export const title = "Projects";

const DROP_HINT = "Drop a folder with one subfolder per class, a .zip, or a Teachable Machine .tm project";
const LIVE_MS = 3000; // between two looks at what trains

/** Draws the page. */
export async function show(root, context) {
  const turn = createTurn();
  const draw = async () => {
    const isLast = turn();
    const start = await get("/start", { signal: context.signal });
    if (!isLast()) return;
    const isOpen = root.querySelector(".bin")?.open;
    fill(root, start.projects.length > 0 ? filled(start, draw) : first(start), bin(start, draw, isOpen), hiddenFields());
    root.dataset.state = start.projects.length > 0 ? "ready" : "empty";
    if (start.projects.some((one) => one.live) && !following) {
      following = true;
      whileVisible(look, { signal: context.signal, every: LIVE_MS }).finally(() => (following = false));
    }
  };
  let following = false;
  const look = async () => {
    const { projects } = await get("/start", { signal: context.signal });
    projects.forEach((one) => {
      const place = root.querySelector(`[data-standing="${one.id}"]`);
      place && place.dataset.said !== told(one) && place.replaceWith(standing(one)); // what has the focus keeps it
    });
    return projects.some((one) => one.live);
  };
  await draw();
  takeDrops(root, context.signal);
  shortcut("n", "New project", newProject);
}

function filled(start, draw) {
  return [
    h(
      "div",
      { class: "head" },
      h("h1", {}, "Projects"),
      h(
        "div",
        { class: "row" },
        h("button", { class: "button", type: "button", onclick: pickFolder }, icon("folder"), "Choose a folder"),
        h("button", { class: "button", type: "button", onclick: pickArchive }, icon("file"), "Open .zip or .tm"),
        h("button", { class: "button primary", type: "button", onclick: newProject }, icon("plus"), "New project"),
      ),
    ),
    h("p", { class: "muted small hint" }, `${DROP_HINT}, anywhere on this page: it becomes a new project.`),
    low(start),
    h(
      "ul",
      { class: "projects" },
      start.projects.map((project) => card(project, draw)),
    ),
    terminal(start),
    samples(start),
  ];
}

function first(start) {
  const step = (number, name, text) =>
    h(
      "li",
      {},
      h("span", { class: "step-number", "aria-hidden": "true" }, number),
      h("h3", {}, name),
      h("p", {}, text),
    );
  return h(
    "div",
    { class: "first" },
    h("h1", {}, "Teach a model from your images, and see how far it may be believed"),
    h(
      "p",
      { class: "lead" },
      "Folders of images become classes. The studio looks for what would mislead a model, trains one, and tests it on patients it has never seen. Nothing leaves this computer.",
    ),
    h(
      "div",
      { class: "dropzone" },
      icon("folder"),
      h("p", {}, DROP_HINT),
      h(
        "div",
        { class: "row" },
        h("button", { class: "button primary", type: "button", onclick: newProject }, icon("plus"), "New project"),
        h("button", { class: "button", type: "button", onclick: pickFolder }, icon("folder"), "Choose a folder"),
        h("button", { class: "button", type: "button", onclick: pickArchive }, icon("file"), "Open .zip or .tm"),
      ),
    ),
    low(start),
    h(
      "ol",
      { class: "first-steps" },
      step(1, "Build", "Images in classes; DICOM, PNG, JPEG, TIFF. The audit warns before you train."),
      step(2, "Train", "Minutes on a laptop. Simple baselines first: the model must beat them."),
      step(3, "Judge", "Held-out patients, intervals, every single case with its heatmap."),
    ),
    terminal(start),
    samples(start),
  );
}

function low(start) {
  return start.free_gb !== undefined && start.free_gb < 2
    ? h(
        "div",
        { class: "notice amber" },
        icon("warn"),
        h("p", {}, `Only ${start.free_gb.toFixed(1)} GB are free on this disk. Make room before you add images.`),
      )
    : null;
}

function card(project, draw) {
  const heading = `project-${project.id}`;
  const shots = project.thumbs
    .slice(0, 4)
    .map((id) =>
      h("img", { src: url(`/projects/${project.id}/thumbs/${id}`), alt: "", loading: "lazy", decoding: "async" }),
    );
  if (project.damaged) {
    return h(
      "li",
      { class: "card project" },
      h(
        "div",
        { class: "project-text" },
        h("h2", {}, project.name),
        h("p", { class: "last" }, lamp("red", "damaged"), "Its files are damaged. Restore its folder from a backup."),
      ),
    );
  }
  return h(
    "li",
    { class: "card project" },
    h(
      "div",
      { class: "shots on-dark", "aria-hidden": "true" },
      shots.length > 0 ? shots : h("span", { class: "muted" }, "No images yet"),
    ),
    h(
      "div",
      { class: "project-text" },
      h(
        "div",
        { class: "spread tight" },
        h("h2", { id: heading }, h("a", { class: "cover", href: pathOf("build", project.id) }, project.name)),
        menuButton(`More for ${project.name}`, () => [
          { words: "Rename", run: () => rename(project, draw) },
          { words: "Move to the bin", icon: "trash", run: () => remove(project, draw) },
        ]),
      ),
      h(
        "p",
        { class: "muted small" },
        [counted(project.items, "image"), kinds(project), when(project.changed)]
          .filter(Boolean)
          .join(" · "),
      ),
      standing(project),
    ),
  );
}

const told = ({ live, last, runs }) => JSON.stringify([live, last, runs]);

// What trains or waits, and the last result.
function standing(project) {
  const { live, last } = project;
  const waits = live?.waits_for && live.waits_for.id !== project.id ? live.waits_for.name : "the run before it";
  const share = live?.fraction ? `, ${Math.floor(100 * live.fraction)} %` : "";
  const words = live
    ? live.status === "queued"
      ? `Waiting for ${waits}`
      : `Training${share}`
    : project.runs
      ? "No finished run yet"
      : "Not trained yet";
  return h(
    "div",
    { data: { standing: project.id, said: told(project) } },
    (live || !last) && h("p", { class: live ? "last" : "last muted" }, lamp("none", ""), words),
    last &&
      h(
        "a",
        { class: "last", href: pathOf("results", project.id, last.run), title: last.headline?.text },
        lamp(last.gate, ""),
        headlineParts(last.headline)[0].replace("95 % interval ", "") || "Last result",
      ),
  );
}

function terminal(start) {
  return start.terminal && start.terminal.runs > 0
    ? h(
        "section",
        { class: "beside" },
        h("h2", {}, "From the terminal"),
        h(
          "a",
          { class: "card door", href: pathOf("results", "terminal") },
          icon("terminal"),
          h(
            "span",
            {},
            h("b", {}, counted(start.terminal.runs, "run")),
            " made with wetread run in the folder the studio was started in",
          ),
          icon("right"),
        ),
      )
    : null;
}

function samples(start) {
  const one = (sample) =>
    h(
      "li",
      {},
      h(
        "button",
        { class: "card door", type: "button", onclick: (event) => makeSample(sample, event.currentTarget) },
        icon("play"),
        h(
          "span",
          {},
          h("b", {}, sample.title),
          h(
            "span",
            { class: "muted" },
            ` · ${counted(sample.images, "drawn image")}, about ${sample.minutes} min to train`,
          ),
        ),
        icon("right"),
      ),
    );
  return start.samples.length > 0
    ? h(
        "section",
        { class: "beside" },
        h("h2", {}, "Try the sample"),
        h("p", { class: "muted small" }, "Drawn pictures, no patient behind them: the whole way in a few minutes."),
        h("ul", { class: "plain" }, start.samples.map(one)),
      )
    : null;
}

async function newProject() {
  const name = await ask("New project", "Name", {
    action: "Create",
    hint: "What the model is to tell apart, such as: effusion on chest radiographs. No patient names.",
  });
  if (name) {
    await create(name, []);
  }
}

async function create(name, files) {
  try {
    const { id } = await post("/projects", { name });
    handOver(files);
    go(pathOf("build", id));
  } catch (error) {
    toastError(error);
  }
}

async function makeSample(sample, button) {
  button.disabled = true;
  announce(`Making ${sample.title}`, { now: true });
  try {
    const { project, task } = await post("/samples", { name: sample.name });
    go(`${pathOf("build", project)}?task=${task}`);
  } catch (error) {
    button.disabled = false;
    toastError(error);
  }
}

async function rename(project, draw) {
  const name = await ask("Rename the project", "Name", { value: project.name });
  if (name && name !== project.name) {
    await post(`/projects/${project.id}/rename`, { name }).then(draw, toastError);
  }
}

async function remove(project, draw) {
  try {
    const { trash } = await del(`/projects/${project.id}`);
    await draw();
    toast(`${project.name} is in the bin.`, {
      undo: () => post(`/trash/${encodeURIComponent(trash)}/restore`).then(draw, toastError),
    });
  } catch (error) {
    toastError(error);
  }
}

// Files onto the page --------------------------------------------------------------------------------------------------

function hiddenFields() {
  const taken = (event) => begin(chosen(event.target.files));
  return [
    h("input", {
      type: "file",
      id: "archive-field",
      class: "said",
      tabindex: -1,
      "aria-label": "A .zip or .tm file",
      accept: ".zip,.tm",
      onchange: taken,
    }),
    h("input", {
      type: "file",
      id: "folder-field",
      class: "said",
      tabindex: -1,
      "aria-label": "A folder of images",
      webkitdirectory: true,
      onchange: taken,
    }),
  ];
}

const pickArchive = () => document.getElementById("archive-field").click();
const pickFolder = () => document.getElementById("folder-field").click();

function takeDrops(root, signal) {
  const area = root.closest("main"); // the whole window below the bar
  const on = (name, handler) => area.addEventListener(name, handler, { signal });
  on("dragover", (event) => {
    event.preventDefault();
    root.classList.add("over");
  });
  on("dragleave", (event) => area.contains(event.relatedTarget) || root.classList.remove("over"));
  on("drop", async (event) => {
    event.preventDefault();
    root.classList.remove("over");
    begin(await collect(event.dataTransfer));
  });
}

async function begin(files) {
  if (files.length === 0) {
    await dialog("Nothing to open", (close) => [
      h("p", {}, "There was no file in it."),
      h(
        "div",
        { class: "dialog-foot" },
        h("button", { class: "button", type: "button", onclick: () => close() }, "Close"),
      ),
    ]);
    return;
  }
  const guess =
    files.length === 1 && isArchive(files[0].path)
      ? files[0].path.replace(/\.[^.]+$/, "")
      : files[0].path.split("/")[0].replace(/\.[^.]+$/, "");
  const name = await ask("A new project from these files", "Name", {
    value: files[0].path.includes("/") || files.length === 1 ? guess : "",
    action: "Create",
    hint: counted(files.length, "file"),
  });
  if (name) {
    await create(name, files);
  }
}

function kinds({ use, classes }) {
  return use === "findings" ? counted(classes.length, "finding") : counted(classes.length, "class", "classes");
}
