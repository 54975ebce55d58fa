/** Try: pictures from anywhere, each with an answer of the model or with its refusal. Nothing is added to the data. */

import { announce } from "../announce.js";
import { del, get, put } from "../api.js";
import { openCamera, pastedFiles, readClipboard } from "../camera.js";
import { failed, fill, h, icon, loading } from "../dom.js";
import { chosen as chosenFiles, collect } from "../drop.js";
import { createHeat } from "../heat_controls.js";
import { pathOf, query, setQuery } from "../location.js";
import { shortcut } from "../shortcuts.js";
import { toast, toastError } from "../toast.js";
import { createViewer } from "../viewer.js";
import { createCard, drawTold, trySaid } from "./try_cards.js";

/** Files of one drop; the page is for looking, not for testing a set. */
const MOST = 50;

export const title = "Try an image";
let page = null;

/** Draws the page. */
export async function show(root, context) {
  page = createPage(root, context);
  await page.start();
}

export function leave() {
  page?.destroy();
  page = null;
}

export function moved() {
  page?.chooseByAddress();
}

function createPage(root, context) {
  const base = `/projects/${context.project}/tries`;
  const cases = `/projects/${context.project}/runs/${context.run}/cases`;
  const run = encodeURIComponent(context.run);
  const linkOf = (one) => `${pathOf("cases", context.project, context.run)}?split=all&case=${one.case}`;
  let cards = [];
  let current = null;
  let queue = Promise.resolve();
  let gone = false;

  const viewer = createViewer({ label: "Tried picture" });
  const heat = createHeat({
    viewer,
    methodsPath: `/projects/${context.project}/runs/${context.run}/methods`,
    onsaid: (said) => current && viewer.describe(`${trySaid(current.one)} ${said}`),
  });
  const told = h("div", { class: "panel-told" });
  const field = h("input", {
    type: "file",
    multiple: true,
    class: "said",
    tabindex: "-1",
    "aria-label": "Choose images",
    onchange: () => {
      take(chosenFiles(field.files));
      field.value = "";
    },
  });
  const button = (picture, words, onclick, className = "button") =>
    h("button", { type: "button", class: className, onclick }, icon(picture), words);
  const drop = h(
    "div",
    { class: "try-drop" },
    h("p", { class: "try-drop-title" }, "Drop images here"),
    h("p", { class: "muted" }, "PNG, JPEG, TIFF or DICOM, one or several; or paste with Ctrl+V."),
    h(
      "div",
      { class: "row" },
      button("file", "Choose files", () => field.click(), "button primary"),
      button("plus", "Paste", paste),
      button("camera", "Camera", camera),
    ),
    field,
  );
  const list = h("ul", { class: "try-list", "aria-label": "Tried pictures" });
  const count = h("span", { class: "muted", role: "status" });
  const bar = h("div", { class: "spread try-bar" }, count, button("trash", "Clear all", clear, "button small"));
  const panel = h(
    "aside",
    { class: "panel", "aria-label": "What the model says" },
    told,
    h("div", { class: "panel-part" }, heat.element),
  );
  const view = h("div", { class: "try-view" }, viewer.element);
  const body = h("div", { class: "try-body" }, h("div", { class: "try-side" }, drop, bar, list), view, panel);
  const head = h(
    "div",
    { class: "head" },
    h("h1", {}, title),
    h("p", {}, "Nothing dropped here joins the data. Research and teaching only. Not a medical device."),
  );

  async function start() {
    fill(root, loading("Looking for pictures tried before"));
    try {
      const { tries } = await get(base);
      if (gone) return;
      fill(root, head, body);
      tries.forEach((one) => add({ name: one.name || "picture", try: one.try }, false));
      chooseByAddress(); // before the first is chosen, which would rewrite the address
      draw();
      cards.forEach((card) => later(card, () => get(`${base}/${card.one.try}?run=${run}`)));
    } catch (error) {
      fill(root, head, failed(error, start));
    }
  }

  function add(one, first = true) {
    const card = createCard(one, { base, onchoose: () => choose(card), onremove: () => remove(card) });
    cards = first ? [card, ...cards] : [...cards, card];
    list[first ? "prepend" : "append"](card.element);
    return card;
  }

  /** One at a time: the model answers one at a time, and the cards fill in the order of the list. */
  function later(card, ask) {
    queue = queue.then(async () => {
      if (gone || !cards.includes(card)) return;
      try {
        const found = await ask();
        // Removed while it was on its way: it would be back the next time.
        const kept = cards.some((other) => other === card || other.one.try === found.try);
        if (!kept) await del(`${base}/${found.try}`).catch(toastError);
        Object.assign(card.one, { try: found.try, prediction: found.prediction, error: null });
      } catch (error) {
        card.one.error = error;
      }
      if (gone || !cards.includes(card)) return;
      const twin = cards.find((other) => other !== card && other.one.try && other.one.try === card.one.try);
      if (twin) forget(twin);
      card.show(card === current);
      if (card === current) open(card);
      announce(`${card.one.name}: ${trySaid(card.one)}`);
      draw();
    });
  }

  function take(files) {
    if (!files.length) return;
    if (files.length > MOST)
      toast(`${files.length} files: the first ${MOST} are tried. To test a whole set, use wetread evaluate.`);
    const fresh = files.slice(0, MOST).map(({ file, path }) => ({ file, name: path.split("/").pop() }));
    const made = fresh
      .reverse()
      .map(({ file, name }) => [add({ name }), file, name])
      .reverse();
    made.forEach(([card, file, name]) =>
      later(card, () => put(`${base}?run=${run}`, file, { "X-Name": encodeURIComponent(name) })),
    );
    choose(made[0][0]);
    draw();
  }

  function choose(card) {
    const before = current;
    current = card;
    before?.show(false);
    card.show(true);
    open(card);
  }

  function open(card) {
    const { one } = card;
    setQuery({ try: one.try ?? null });
    drawTold(told, one, { cases, linkOf });
    viewer.describe(trySaid(one));
    panel.hidden = view.hidden = false;
    const judged = one.prediction && one.prediction.status !== "out";
    const classes = judged ? Object.keys(one.prediction.p) : [];
    heat.element.parentElement.hidden = !judged;
    heat.show(
      judged
        ? {
            path: `${base}/${one.try}/heatmap?run=${run}`,
            targets: classes,
            target: one.prediction.predicted.split("|").find((name) => classes.includes(name)) ?? classes[0],
            refused: "",
          }
        : null,
    );
    if (one.try) viewer.load(`${base}/${one.try}/pixels`);
    else viewer.clear(one.error ? "There is no picture to show." : "The picture is on its way to the model.");
  }

  function forget(card) {
    cards = cards.filter((other) => other !== card);
    card.element.remove();
    if (card === current) current = null;
  }

  async function remove(card) {
    const at = cards.indexOf(card);
    forget(card);
    if (card.one.try) del(`${base}/${card.one.try}`).catch(toastError);
    draw();
    (cards[Math.min(at, cards.length - 1)] ?? null)?.focus();
  }

  async function clear() {
    const all = [...cards];
    try {
      await del(base);
      all.forEach(forget); // and none that was dropped meanwhile
      if (!current) setQuery({ try: null });
      draw();
      announce("All tried pictures are gone.", { now: true });
    } catch (error) {
      toastError(error);
    }
  }

  function draw() {
    cards.forEach((card) => card.show(card === current));
    if (!current && cards.length) choose(cards[0]);
    body.classList.toggle("try-none", cards.length === 0);
    bar.hidden = cards.length === 0;
    panel.hidden = view.hidden = cards.length === 0;
    const waiting = cards.filter((card) => !card.one.prediction && !card.one.error).length;
    count.textContent = waiting
      ? `${waiting} being read`
      : `${cards.length} ${cards.length === 1 ? "picture" : "pictures"}`;
    root.dataset.state = cards.length ? (waiting ? "working" : "ready") : "empty";
  }

  function chooseByAddress() {
    const wanted = cards.find((card) => card.one.try === query().try);
    if (wanted && wanted !== current) choose(wanted);
  }

  async function paste() {
    try {
      const files = await readClipboard();
      files.length ? take(files) : toast("The clipboard holds no picture.");
    } catch {
      toast("This browser gives the clipboard only to Ctrl+V: press it now.");
    }
  }

  function camera() {
    openCamera("Camera", (file) => take([{ file, path: file.name }]));
  }

  const onpaste = (event) => take(pastedFiles(event.clipboardData));
  const over = (event) => {
    event.preventDefault();
    body.classList.add("try-over");
  };
  const out = (event) => {
    if (!root.contains(event.relatedTarget)) body.classList.remove("try-over");
  };
  const dropped = async (event) => {
    event.preventDefault();
    body.classList.remove("try-over");
    take(await collect(event.dataTransfer));
  };
  const step = (by) =>
    cards.length && choose(cards[Math.min(cards.length - 1, Math.max(0, cards.indexOf(current) + by))]);
  document.addEventListener("paste", onpaste);
  root.addEventListener("dragover", over);
  root.addEventListener("dragleave", out);
  root.addEventListener("drop", dropped);
  shortcut("j", "Next picture", () => step(1));
  shortcut("k", "Previous picture", () => step(-1));
  shortcut("h", "Heatmap", () => heat.turn());
  shortcut("o", "Choose files", () => field.click());
  shortcut("v", "To the picture (arrows then change the window)", () => viewer.focus());

  return {
    start,
    chooseByAddress,
    destroy() {
      gone = true;
      document.removeEventListener("paste", onpaste);
      viewer.destroy();
      heat.destroy();
    },
  };
}
