/** Reading room: people read cases without knowing the truth; their readings stand beside the model afterwards. */

import { get, post } from "../api.js";
import { counted, empty, failed, fill, h, loading, runName } from "../dom.js";
import { go, pathOf, query } from "../location.js";
import { words } from "../numbers.js";
import { toastError } from "../toast.js";
import { createResults } from "./reading_results.js";
import { createSession } from "./reading_session.js";

const EXPERIENCE = ["student", "resident", "specialist", "subspecialist", "technologist", "other"];

export const title = (context) => (context.params.id ? "Reading session" : "Reading room");
let stop = () => {};

/** Draws the list of sessions, or one of them. */
export async function show(root, context) {
  stop = () => {};
  const base = `/projects/${context.project}/readings`;
  if (!context.params.id) {
    await showList(root, context, base);
    return;
  }
  const reading = await get(`${base}/${context.params.id}`);
  const reader = query().reader;
  if (reader) showSession(root, context, base, reading, reader);
  else showReading(root, context, base, reading);
}

export function leave() {
  stop();
}

const here = (context, id = "", reader = "") =>
  `${pathOf("reading", context.project)}${id && `/${id}`}${reader && `?reader=${reader}`}`;

async function showList(root, context, base) {
  fill(root, loading("Looking for sessions"));
  const { readings } = await get(base);
  const first = readings.length === 0;
  fill(
    root,
    h(
      "div",
      { class: "head" },
      h(
        "div",
        {},
        h("h1", {}, "Reading room"),
        h(
          "p",
          {},
          "Colleagues read the cases blinded, each in an order of their own. Then you see them and the model side by side, on the same cases.",
        ),
      ),
    ),
    h(
      "div",
      { class: "reading-columns" },
      h(
        "section",
        { "aria-labelledby": "reading-list" },
        h("h2", { id: "reading-list" }, "Sessions"),
        first
          ? empty("No session yet.", "Begin one: choose the cases, then let each reader sign in with a nickname.")
          : h(
              "ul",
              { class: "reading-list" },
              readings.map((one) => card(one, context)),
            ),
      ),
      newSession(context, base),
    ),
  );
  root.dataset.state = first ? "empty" : "ready";
}

function card(one, context) {
  const going = one.readers.length - one.finished;
  const run = context.runs.find((other) => other.id === one.run);
  return h(
    "li",
    { class: "card reading-card" },
    h("h3", {}, h("a", { href: here(context, one.id) }, one.name)),
    h(
      "p",
      { class: "muted" },
      [
        counted(one.total, "case"),
        run ? `beside ${runName(run)}` : one.run ? "beside a run that is gone" : "without a model",
        new Date(one.created).toLocaleDateString("en-GB"),
      ].join(" · "),
    ),
    h(
      "p",
      {},
      one.readers.length
        ? `${counted(one.finished, "reader")} finished${going ? `, ${going} still reading` : ""}`
        : "Nobody has read yet",
    ),
  );
}

function newSession(context, base) {
  const finished = context.runs.filter((run) => run.status === "finished");
  const name = h("input", {
    type: "text",
    id: "reading-name",
    maxlength: 120,
    autocomplete: "off",
    placeholder: "Radiologists against the model",
  });
  const run = h(
    "select",
    { id: "reading-run", onchange: () => cases() },
    finished.map((one) => h("option", { value: one.id }, runName(one))),
    h("option", { value: "" }, "no model: all labelled images of the project"),
  );
  const which = h("select", { id: "reading-items", onchange: () => (number.disabled = which.value !== "some") });
  const number = h("input", {
    type: "number",
    id: "reading-number",
    min: 2,
    max: 2000,
    value: 50,
    disabled: true,
    "aria-label": "How many cases",
  });
  const seed = h("input", { type: "number", id: "reading-seed", min: 0, max: 2147483647, value: 0 });
  const wrong = h("div", {});
  const cases = () =>
    fill(
      which,
      h("option", { value: "test" }, run.value ? "all held-out cases" : "all labelled images"),
      h("option", { value: "some" }, "a number of them, drawn by chance"),
      run.value && h("option", { value: "all" }, "training images too (the model is not compared on them)"),
    );
  cases();
  const field = (words, id, input, hint) =>
    h("div", { class: "field" }, h("label", { for: id }, words), input, hint && h("span", { class: "hint" }, hint));
  const button = h("button", { class: "button primary", type: "submit" }, "Begin the session");
  const send = async (event) => {
    event.preventDefault();
    button.disabled = true; // twice would be two sessions
    try {
      const items = which.value === "some" ? number.valueAsNumber : which.value;
      const { id } = await post(base, {
        name: name.value.trim(),
        run: run.value || null,
        items,
        seed: seed.valueAsNumber || 0,
      });
      context.signal.aborted || go(here(context, id));
    } catch (error) {
      fill(wrong, failed(error));
    } finally {
      button.disabled = false;
    }
  };
  return h(
    "form",
    { class: "card stack reading-new", onsubmit: send, "aria-labelledby": "reading-new" },
    h("h2", { id: "reading-new" }, "New session"),
    field("Name", "reading-name", name),
    field("Model beside the readers", "reading-run", run),
    h("div", { class: "row" }, field("Cases", "reading-items", which), field("Number", "reading-number", number)),
    h(
      "details",
      {},
      h("summary", {}, "Order"),
      field(
        "Seed",
        "reading-seed",
        seed,
        "Each reader gets an order drawn from it; the same seed draws the same cases.",
      ),
    ),
    wrong,
    button,
  );
}

function showReading(root, context, base, reading) {
  const results = createResults(`${base}/${reading.id}/results`);
  stop = results.destroy;
  fill(
    root,
    h(
      "div",
      { class: "head" },
      h(
        "div",
        {},
        h("p", {}, h("a", { href: here(context) }, "All sessions")),
        h("h1", {}, reading.name),
        h(
          "p",
          {},
          `${counted(reading.total, "case")}. ${reading.several ? "Findings" : "Classes"}: ${reading.classes.map(words).join(", ")}.`,
        ),
      ),
    ),
    h(
      "div",
      { class: "reading-columns" },
      h("div", { class: "stack" }, results.element),
      h("div", { class: "stack" }, signIn(context, base, reading), readers(reading)),
    ),
  );
  root.dataset.state = "ready";
  const finished = reading.readers.filter((one) => one.finished).length;
  if (finished) results.offer(finished);
  else results.start();
}

function signIn(context, base, reading) {
  const nickname = h("input", {
    type: "text",
    id: "reader-nickname",
    maxlength: 40,
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const experience = h("input", {
    type: "text",
    id: "reader-experience",
    maxlength: 60,
    autocomplete: "off",
    list: "reader-experiences",
  });
  const wrong = h("div", {});
  const send = async (event) => {
    event.preventDefault();
    try {
      const { reader } = await post(`${base}/${reading.id}/readers`, {
        nickname: nickname.value.trim(),
        experience: experience.value.trim(),
      });
      go(here(context, reading.id, reader));
    } catch (error) {
      fill(wrong, failed(error));
    }
  };
  return h(
    "form",
    { class: "card stack", onsubmit: send, "aria-labelledby": "reader-title" },
    h("h2", { id: "reader-title" }, "Read"),
    h(
      "p",
      { class: "muted" },
      "You see the pictures one after the other and nothing else: no name, no label, no model. You can stop at any time and go on later under the same nickname.",
    ),
    h(
      "div",
      { class: "field" },
      h("label", { for: "reader-nickname" }, "Nickname"),
      nickname,
      h("span", { class: "hint" }, "No real name and no e-mail address; it stands in the results."),
    ),
    h(
      "div",
      { class: "field" },
      h("label", { for: "reader-experience" }, "Experience"),
      experience,
      h(
        "datalist",
        { id: "reader-experiences" },
        EXPERIENCE.map((one) => h("option", { value: one })),
      ),
      h("span", { class: "hint" }, "Such as specialist; readers of one kind are also taken together."),
    ),
    wrong,
    h("button", { class: "button primary", type: "submit" }, "Sign in"),
  );
}

function readers(reading) {
  if (!reading.readers.length) return null;
  return h(
    "section",
    { class: "card", "aria-labelledby": "readers-title" },
    h("h2", { id: "readers-title" }, "Readers"),
    h(
      "ul",
      { class: "reader-list" },
      reading.readers.map((one) =>
        h(
          "li",
          {},
          h("b", {}, one.nickname),
          one.experience && h("span", { class: "muted" }, one.experience),
          h("progress", { max: one.total, value: one.done, "aria-label": `${one.nickname}: cases read` }),
          h("span", { class: "number" }, one.finished ? "finished" : `${one.done} of ${one.total}`),
        ),
      ),
    ),
  );
}

function showSession(root, context, base, reading, reader) {
  const session = createSession({
    base: `${base}/${reading.id}`,
    reading,
    reader,
    onleave: () => go(here(context, reading.id)),
  });
  stop = session.destroy;
  fill(root, session.element);
  root.dataset.state = "ready";
  session.start().catch(toastError);
}
