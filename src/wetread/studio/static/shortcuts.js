// Keys that work everywhere but in fields, and the dialog that lists them.

import { h, icon } from "./dom.js";

/** Keys that walk go on while they are held; all others do what they do once. */
const WALKS = /^(j|k|Arrow.*)$/;

const SIGNS = { ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓" };

/** Of the viewer, which takes them itself while it has the focus. */
const VIEWER = [
  ["ArrowLeft ArrowRight", "Window narrower, wider"],
  ["ArrowUp ArrowDown", "Level higher, lower"],
  ["Shift ArrowLeft", "Move the picture; any arrow"],
  ["+ -", "Zoom"],
  ["p", "Next window preset"],
  ["i", "Invert"],
  ["0", "As it was"],
].map(([keys, words]) => ({ keys, words, group: "In the viewer, once it has the focus" }));

const known = [];
let pending = "";
let pendingTimer = null;

/** Adds a shortcut: one key, or two after each other (`g b`). Returns what takes it away. */
export function shortcut(keys, words, handler, group = "This page") {
  const one = { keys, words, handler, group };
  known.push(one);
  return () => known.includes(one) && known.splice(known.indexOf(one), 1);
}

/** Takes away what belongs to a page; called by the router when the page goes. */
export function forgetPageShortcuts() {
  known.splice(0, known.length, ...known.filter((one) => one.group === "Everywhere"));
}

function inField(target) {
  return (
    target instanceof Element &&
    Boolean(
      target.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]"),
    )
  );
}

/** The list of all keys, as a native dialog. */
export function showShortcuts() {
  const all = document.querySelector(".viewer-tools") ? [...known, ...VIEWER] : known;
  const groups = Object.groupBy ? Object.groupBy(all, (one) => one.group) : { Everywhere: all };
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "keys-title" },
    h(
      "div",
      { class: "dialog-head" },
      h("h2", { id: "keys-title" }, "Keyboard"),
      h(
        "button",
        { class: "button ghost icon-only", type: "button", "aria-label": "Close", onclick: () => dialog.close() },
        icon("close"),
      ),
    ),
    Object.entries(groups).map(([group, ones]) =>
      h(
        "section",
        {},
        h("h3", {}, group),
        h(
          "dl",
          { class: "keys" },
          ones.map((one) =>
            h(
              "div",
              {},
              h(
                "dt",
                {},
                one.keys.split(" ").map((key) => h("kbd", {}, SIGNS[key] ?? key)),
              ),
              h("dd", {}, one.words),
            ),
          ),
        ),
      ),
    ),
    h("p", { class: "muted" }, "Keys do nothing while you type in a field."),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function pressed(event) {
  if (
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    inField(event.target) ||
    document.querySelector("dialog[open]")
  ) {
    return;
  }
  const typed = pending ? `${pending} ${event.key}` : event.key;
  const found = known.findLast((one) => one.keys === typed);
  clearTimeout(pendingTimer);
  pending = !found && known.some((one) => one.keys.startsWith(`${event.key} `)) ? event.key : "";
  pendingTimer = setTimeout(() => (pending = ""), 1200);
  if (found) {
    event.preventDefault();
    (!event.repeat || WALKS.test(found.keys)) && found.handler(event);
  }
}

/** Starts to listen. */
export function listenForKeys() {
  document.addEventListener("keydown", pressed);
}
