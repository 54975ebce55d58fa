// Several findings per image: each is present, absent or unknown. What Build adds to the classes where findings are in use.

import { fill, h } from "./dom.js";
import { words } from "./numbers.js";

export const MARKS = ["present", "absent", "unknown"];
const KEYS = { p: "present", a: "absent", u: "unknown" };
const OF_CELL = { 1: "present", 0: "absent" };

const capital = (word) => `${word[0].toUpperCase()}${word.slice(1)}`;

/** Whether the images of a project have findings rather than one class each. */
export function ofFindings(data) {
  return data.use === "findings";
}

/** What one of them is called: class or finding. */
export function kindOf(data) {
  return ofFindings(data) ? "finding" : "class";
}

/** present, absent or unknown, for what an item says of a finding. */
export function markOf(item, finding) {
  return OF_CELL[item.findings?.[finding]] ?? "unknown";
}

/** What dropping images on a card means. */
export function dropWish(data, card, items) {
  if (card === "excluded") {
    return { op: "exclude", items };
  }
  if (!ofFindings(data)) {
    return { op: "move", items, class: card === "none" ? null : card };
  }
  const all = { nothing: "absent", none: "unknown" }[card];
  return { op: "mark", items, finding: all ? "all" : card, mark: all ?? "present" };
}

/** The shares of present, absent and unknown, 0 to 1; all 0 where no image is labelled. */
export function sharesOf(one) {
  const counts = [one.count, one.absent, one.unknown];
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (all > 0 ? count / all : 0));
}

/** Two buttons above the cards, where a project has both, or findings: which of them is in use. */
export function useSwitch(desk) {
  const data = desk.data();
  if (!ofFindings(data) && !data.has?.includes("findings")) {
    return null;
  }
  const one = (what, text) =>
    h(
      "button",
      {
        class: "button small",
        type: "button",
        "aria-pressed": String(data.use === what),
        onclick: () => data.use !== what && desk.change({ op: "use", what }),
      },
      text,
    );
  return h(
    "div",
    { class: "joined", role: "group", "aria-label": "What the images have" },
    one("classes", "Classes"),
    one("findings", "Findings"),
  );
}

/** How a finding is spread over the labelled images, as a bar with its numbers. */
export function spreadLine() {
  const parts = MARKS.map((mark) => h("span", { class: mark }));
  const text = h("span", { class: "small muted number" });
  const element = h(
    "div",
    { class: "finding-spread" },
    h("span", { class: "finding-bar", "aria-hidden": "true" }, parts),
    text,
  );
  const update = (one) => {
    sharesOf(one).forEach((share, index) => (parts[index].style.flexGrow = String(share)));
    const unknown = one.unknown > 0 && `${one.unknown.toLocaleString("en-GB")} unknown`;
    text.textContent = [`${one.absent.toLocaleString("en-GB")} absent`, unknown].filter(Boolean).join(" · ");
  };
  return { element, update };
}

/** Which images of a finding are shown. */
export function markChips(desk, finding, mark, choose) {
  const one = desk.data().classes.find((other) => other.id === finding);
  if (!one) {
    return null;
  }
  const counts = { present: one.count, absent: one.absent, unknown: one.unknown };
  return MARKS.map((name) =>
    h(
      "button",
      {
        class: "button small",
        type: "button",
        "aria-pressed": String(name === mark),
        onclick: () => choose(name),
      },
      `${capital(name)} `,
      h("span", { class: "number muted" }, counts[name].toLocaleString("en-GB")),
    ),
  );
}

/** For chosen images: a finding, and what to say of it. `apply(change)`; answers {nodes(), key(key)}. */
export function markTools(desk, classId, apply) {
  let finding = null;
  const known = () => desk.data().classes.map((one) => one.id);
  const say = (mark) =>
    known().length > 0 && apply({ op: "mark", items: [...desk.chosen], finding: finding ?? "all", mark });
  const nodes = () => {
    const first = known().includes(classId) ? classId : classId === "nothing" ? "all" : known()[0];
    finding = finding === "all" || known().includes(finding) ? finding : (first ?? "all");
    const select = h(
      "select",
      { class: "mark-finding", "aria-label": "Finding", onchange: () => (finding = select.value) },
      desk.data().classes.map((one) => h("option", { value: one.id, selected: one.id === finding }, one.name)),
      h("option", { value: "all", selected: finding === "all" }, "Every finding"),
    );
    const button = (mark) =>
      h("button", { class: "button small", type: "button", title: `Key ${mark[0]}`, onclick: () => say(mark) }, capital(mark));
    return [select, h("div", { class: "joined" }, MARKS.map(button))];
  };
  return { nodes, key: (key) => (KEYS[key] ? (say(KEYS[key]), true) : false) };
}

/** All findings of one image, each to be changed. Answers {element, update(item)}. */
export function markList(desk, shown) {
  const element = h("div", { class: "mark-list", role: "group", "aria-label": "Findings of this image" });
  let item = shown;
  const set = (finding, mark) =>
    desk.change({ op: "mark", items: [item.id], finding, mark }, { quiet: true }).then(desk.reload);
  const row = (one) => {
    const name = `mark-${one.id}`;
    const radio = (mark) =>
      h(
        "label",
        { class: "mark-choice" },
        h("input", {
          type: "radio",
          name,
          value: mark,
          checked: markOf(item, one.id) === mark,
          "aria-label": `${one.name} ${mark}`,
          onchange: () => set(one.id, mark),
        }),
        h("span", { "aria-hidden": "true" }, capital(mark)),
      );
    const unsure = item.findings?.[one.id] === "u" && h("span", { class: "muted" }, " (said to be uncertain)");
    return h(
      "div",
      { class: "mark-row", data: { finding: one.id } },
      h("span", { class: "mark-name" }, one.name, unsure),
      h("div", { class: "joined marks" }, MARKS.map(radio)),
    );
  };
  const update = (now) => {
    const held = element.querySelector(":focus")?.closest(".mark-row")?.dataset.finding;
    item = now;
    fill(element, desk.data().classes.map(row));
    held && element.querySelector(`[data-finding="${held}"] :checked`)?.focus();
  };
  update(shown);
  return { element, update };
}

/** What a model called, in words; several findings one after the other. Pure. */
export function calledWords({ predicted, p }) {
  // Of several called at once none has the probability of all.
  return p[predicted] === undefined ? predicted.split("|").map(words).join(", ") : words(predicted);
}
