// What can be taken away from a run: each thing with what it holds, what it does not, and why it may not be there yet.

import { get, post, url } from "../api.js";
import { empty, failed, fill, h, icon, loading } from "../dom.js";
import { canMake, extraOf, makeExtra } from "../extras.js";
import { size } from "../numbers.js";
import { whileVisible } from "../run_live.js";

export const title = "Export";

const NAMES = "It names your image files: look whether these names tell who a patient is before you pass it on.";
const COUNTS = "Counts and text only: no pictures, no file names, no patients.";
const ABOUT = {
  "report.html": [
    "Every number, curve and finding, the worst errors and where the model looked. One file, no scripts from elsewhere. To make a PDF, open it and print.",
    `It shows pictures. ${NAMES}`,
  ],
  "learning_curve.html": ["What was reached with fewer cases, and the forecast for up to twice as many.", COUNTS],
  "look.html": [
    "What the layers react to, and what becomes of a few pictures on their way.",
    `It shows pictures. ${NAMES}`,
  ],
  "model.zip": [
    "JSON and tensors: the model with its preprocessing, classes, thresholds, refusal, SHA256SUMS and a note on privacy. Nothing in it is code.",
    "No file names and no patients' names. To know what is none of its kind it keeps features of training pictures: read PRIVACY.txt in it first.",
  ],
  "predictions.csv": [
    "One row per tested image: truth, call, probabilities, fold. Every number can be recomputed from it.",
    `${NAMES} Patient numbers stand in it as your table has them.`,
  ],
  "numbers.json": ["Every value with interval, method and n, for scripts.", COUNTS],
  "plan.yaml": ["Every decision; pass it back with --plan to repeat the run on other data.", COUNTS],
  "images.csv": [
    "Every file that was found: used, or why not.",
    `${NAMES} Patient numbers stand in it as your table has them.`,
  ],
  "paper.docx": ["Methods, patient flow, tables and results, to go on writing from."],
  "paper.html": ["The same, to read here."],
  "paper.md": ["The same, as plain text."],
  "flow.svg": ["Who was left out, and why, as a drawing that stays sharp."],
  "flow.png": ["The same as a picture."],
  "table1.csv": [
    "Age, sex and classes of the patients, as far as they are known.",
    "Small counts are hidden; no patient stands alone.",
  ],
  "results.csv": ["The measures with intervals, as a table."],
  "tripod-ai.csv": ["For prediction models: items filled from this run, or marked as missing."],
  "claim-2024.csv": ["For imaging: items filled from this run, or marked as missing."],
  "stard-ai.csv": ["For diagnostic accuracy: items filled from this run, or marked as missing."],
  "teachable-machine.tm": [
    "The pictures in their classes, 224 pixels wide, to open in Teachable Machine.",
    "It holds the pictures. Opening it there means giving them to a web page: not for patients' data.",
  ],
};
/** Tables of a project name its own copies of the pictures, and patients by pseudonyms where files named them. */
const OWN = "Pictures stand in it by the names of the project's own copies; names.csv says which is which.";
const STORED = {
  "predictions.csv": [ABOUT["predictions.csv"][0], `${OWN} Patients stand in it as your table or these pages have them.`],
  "images.csv": [ABOUT["images.csv"][0], `${OWN} Patients stand in it as your table or these pages have them.`],
  "names.csv": ["The name in the tables beside it, and the file and folder that you added.", NAMES],
};
const GROUPS = [
  ["To read", "Pages that open in a tab of their own.", ["report.html", "learning_curve.html", "look.html"]],
  ["The model", "What calls new pictures, here or elsewhere, from Python or the command line.", ["model.zip"]],
  [
    "Numbers and decisions",
    "For your own statistics, and to repeat the run.",
    ["predictions.csv", "numbers.json", "plan.yaml", "images.csv", "names.csv"],
  ],
  [
    "For a paper",
    "Made from the files of the run; check every sentence. Counts and text only: no pictures, no file names.",
    ["paper.docx", "paper.html", "paper.md", "flow.svg", "flow.png", "table1.csv", "results.csv"],
  ],
  [
    "Checklists",
    "Which items of the reporting guidelines this run fills. What only you can say is left open.",
    ["tripod-ai.csv", "claim-2024.csv", "stard-ai.csv"],
  ],
  ["Elsewhere", "", ["teachable-machine.tm"]],
];
const MAKE = {
  paper: "Write the paper kit",
  "learning-curve": "Compute the learning curve",
  look: "Look inside the model",
};

/** Draws the list. */
export async function show(root, context) {
  const heading = h("h1", {}, "Take away");
  fill(root, heading, loading("Looking what is there", 3));
  try {
    draw(
      root,
      context,
      heading,
      await get(`/projects/${context.project}/runs/${context.run}/exports`, { signal: context.signal }),
    );
  } catch (error) {
    if (error.name === "AbortError") return;
    root.dataset.state = "error";
    fill(
      root,
      heading,
      failed(error, () => show(root, context)),
    );
  }
}

function draw(root, context, heading, answer) {
  const things = Array.isArray(answer) ? answer : (answer.exports ?? []);
  root.dataset.state = things.some((one) => one.ready) ? "ready" : "empty";
  const known = new Set(GROUPS.flatMap(([, , names]) => names));
  const groups = [...GROUPS, ["Also there", "", things.filter((one) => !known.has(one.name)).map((one) => one.name)]];
  const shown = groups
    .map(([name, lead, names]) => [
      name,
      lead,
      names.map((one) => things.find((thing) => thing.name === one)).filter(Boolean),
    ])
    .filter(([, , ones]) => ones.length);
  fill(
    root,
    h(
      "div",
      { class: "head" },
      h(
        "div",
        {},
        heading,
        h(
          "p",
          {},
          "Everything stays on this computer until you pass it on yourself. Research and teaching only. Not a medical device.",
        ),
      ),
    ),
    root.dataset.state === "empty" &&
      empty("Nothing to take away yet.", "The files appear here when the run has finished."),
    h(
      "div",
      { class: "exports" },
      shown.map(([name, lead, ones]) => group(root, context, name, lead, ones)),
    ),
  );
}

function group(root, context, name, lead, ones) {
  const extras = [...new Set(ones.filter((one) => !one.ready && one.extra).map((one) => one.extra))];
  const many = extras.length === 1 && ones.filter((one) => one.extra === extras[0]).length > 1;
  return h(
    "section",
    { class: "card", "aria-label": name },
    h(
      "div",
      { class: "spread" },
      h("div", {}, h("h2", {}, name), lead && h("p", { class: "muted" }, lead)),
      many && maker(root, context, extras[0]),
    ),
    h(
      "ul",
      { class: "things" },
      ones.map((one) => thing(root, context, one, !many)),
    ),
  );
}

function thing(root, context, one, offer) {
  const [holds, lacks] = (context.project === "terminal" ? {} : STORED)[one.name] ?? ABOUT[one.name] ?? ["", ""];
  return h(
    "li",
    { class: one.ready ? "thing" : "thing missing", data: { name: one.name, ready: String(Boolean(one.ready)) } },
    h(
      "div",
      { class: "about" },
      h("h3", {}, one.title, " ", h("span", { class: "muted mono" }, one.name)),
      h("p", {}, holds),
      lacks && h("p", { class: "muted small" }, lacks),
      !one.ready && h("p", { class: "why-not" }, one.why_not),
    ),
    h(
      "div",
      { class: "act" },
      one.bytes ? h("span", { class: "muted small" }, size(one.bytes)) : null,
      one.ready
        ? one.kind === "made"
          ? saver(context, one)
          : opener(context, one)
        : offer && one.extra
          ? maker(root, context, one.extra)
          : null,
    ),
  );
}

function opener(context, one) {
  const href = url(`/projects/${context.project}/runs/${context.run}/exports/${encodeURIComponent(one.name)}`);
  if (one.kind === "page")
    return h(
      "a",
      { class: "button", href, target: "_blank", rel: "noopener", "aria-label": `Open ${one.name} in a new tab` },
      "Open",
    );
  return h(
    "a",
    { class: "button", href, download: "", "aria-label": `Save ${one.name}` },
    icon("download"),
    "Save",
  );
}

/** What is made when it is asked for: made first, then saved. One that is there already is a link like any other. */
function saver(context, one) {
  if (one.state === "made") return opener(context, one);
  const path = `/projects/${context.project}/runs/${context.run}/exports`;
  const place = h("div", { class: "maker" });
  const start = async (press) => {
    const about = `Preparing ${one.name}`;
    fill(
      place,
      h("span", { class: "muted small", role: "status" }, "Preparing"),
      h("progress", { "aria-label": about }),
    );
    try {
      let now = press ? await post(`${path}/${encodeURIComponent(one.name)}`) : one;
      const look = async () => {
        now = (await get(path, { signal: context.signal })).find((other) => other.name === one.name) ?? now;
        return now.state === "preparing";
      };
      if (now.state === "preparing") await whileVisible(look, { signal: context.signal, every: 700 });
      if (context.signal.aborted) return;
      if (now.state !== "made") throw now;
      const link = opener(context, one);
      fill(place, link);
      if (press) link.click();
      if (press) link.focus();
    } catch (error) {
      if (error.name !== "AbortError") tell(error);
    }
  };
  const tell = ({ message = "It could not be made.", remedy = "" }) =>
    fill(place, h("span", { class: "why-not", role: "alert" }, [message, remedy].filter(Boolean).join(" ")), button());
  const button = () =>
    h(
      "button",
      { class: "button", type: "button", "aria-label": `Save ${one.name}`, onclick: start },
      icon("download"),
      "Save",
    );
  fill(place, button());
  if (one.state === "failed") tell(one);
  if (one.state === "preparing") start();
  return place;
}

function maker(root, context, kind) {
  const place = h("div", { class: "maker" });
  if (!canMake(context)) return fill(place, h("code", {}, `wetread ${kind} RUN`));
  const start = async () => {
    const line = h("span", { class: "muted small", role: "status" }, "Starting");
    fill(place, line, h("progress", { "aria-label": MAKE[kind] }));
    try {
      const last = await makeExtra(context, kind, (text) => (line.textContent = text));
      if (context.signal.aborted) return;
      if (last?.state !== "done")
        throw Object.assign(new Error(last?.error?.message ?? last?.error ?? "It could not be made."), {
          remedy: last?.error?.remedy ?? "",
        });
      await context.refresh();
      await show(root, context);
    } catch (error) {
      if (error.name !== "AbortError")
        fill(
          place,
          h("span", { class: "why-not", role: "alert" }, [error.message, error.remedy].filter(Boolean).join(" ")),
          button(),
        );
    }
  };
  const button = () => h("button", { class: "button", type: "button", onclick: start }, MAKE[kind] ?? "Make it");
  fill(place, button());
  if (["queued", "running"].includes(extraOf(context.runs, context.run, kind)?.state)) start();
  return place;
}
