/** Cases: the pictures behind each number. The address holds filters, threshold and case. */

import { get, url } from "../api.js";
import { empty, failed, fill, h, loading } from "../dom.js";
import { createHeat } from "../heat_controls.js";
import { pathOf, query, setQuery } from "../location.js";
import { words } from "../numbers.js";
import { shortcut } from "../shortcuts.js";
import { createThumbGrid } from "../thumb_grid.js";
import { toast } from "../toast.js";
import { createViewer } from "../viewer.js";
import { asQuery, createFilters, wishOf } from "./cases_filters.js";
import { caseSaid, createPanel, outcomeMark } from "./cases_panel.js";

/** CSS pixels of a thumbnail at least. */
const SIDE = 108;

export const title = "Cases";
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
  page?.start();
}

function createPage(root, context) {
  const base = `/projects/${context.project}/runs/${context.run}/cases`;
  const address = (changes) => `${pathOf("cases", context.project, context.run)}?${new URLSearchParams(changes)}`;
  let wish = {};
  let classes = [];
  let shown = null;
  let round = 0;

  const viewer = createViewer({ label: "Picture of this case" });
  const heat = createHeat({
    viewer,
    methodsPath: `/projects/${context.project}/runs/${context.run}/methods`,
    onsaid: (said) => describe(said),
  });
  const panel = createPanel({
    base,
    project: context.project,
    heat: heat.element,
    linkOf: (one) => address({ split: "all", case: one.case }),
    onnote: (id, said) => grid.change(id, said),
    ondoubt: countAgain,
  });
  const grid = createThumbGrid({
    label: "Cases",
    side: SIDE,
    load: fetchPage,
    tile,
    onchoose: (one) => open(one),
    onerror: (error) => fill(list, failed(error, start)),
  });
  const filters = createFilters({ onchange: changeFilters });
  const list = h("div", { class: "cases-list" }, grid.element);
  const place = h("span", { class: "cases-place" });
  const steps = h(
    "div",
    { class: "cases-steps" },
    h(
      "button",
      { type: "button", class: "button small", onclick: () => grid.step(-1), title: "Previous case (k)" },
      "Previous",
    ),
    place,
    h("button", { type: "button", class: "button small", onclick: () => grid.step(1), title: "Next case (j)" }, "Next"),
    h("span", { class: "grow" }),
    h("button", { type: "button", class: "button small", onclick: copyLink }, "Copy link"),
  );
  const outside = h("p", { class: "notice amber", hidden: true });
  const middle = h("div", { class: "cases-view" }, steps, outside, viewer.element);
  const body = h("div", { class: "cases-body" }, list, middle, panel.element);
  const nothing = h("div", { hidden: true });
  const head = h("div", { class: "cases-head" }, h("h1", {}, "Cases"), filters.element);

  function fetchPage(offset, limit) {
    const mine = round;
    return get(`${base}?${asQuery(wish)}&offset=${offset}&limit=${limit}`).then((found) => {
      if (mine !== round) return found; // of other filters than those chosen by now
      if (offset === 0) {
        classes = Object.keys(found.facets.truth);
        filters.show(found, wish, classes);
      }
      asked = found.asked;
      return found;
    });
  }
  let asked = null;

  /** The counts beside the filters, without another list: what is looked at must not vanish under the eyes. */
  async function countAgain() {
    const mine = round;
    const found = await get(`${base}?${asQuery(wish)}&offset=0&limit=1`).catch(() => null);
    if (found && mine === round) filters.show(found, wish, classes);
  }

  function tile(one) {
    const flags = [
      one.status === "edge" && h("span", { class: "thumb-mark out", title: "On the edge" }, "edge"),
      one.doubt && h("span", { class: "thumb-mark out" }, "!"),
      one.note && h("span", { class: "thumb-mark" }, "note"),
    ];
    return {
      src: url(`${base}/${one.id}/thumb`),
      name: caseSaid(one),
      marks: [
        outcomeMark(one),
        h("span", { class: "thumb-flags" }, flags),
        h("span", { class: "thumb-said" }, one.status === "out" ? words(one.truth) : words(one.predicted || one.truth)),
      ],
    };
  }

  async function start() {
    const mine = (round += 1);
    wish = wishOf(query());
    const wanted = query().case;
    if (!root.contains(body)) fill(root, loading("Loading the cases", 2));
    root.dataset.state = "loading";
    let known = null;
    try {
      if (wanted) known = await get(`${base}/${encodeURIComponent(wanted)}?${asQuery(wish)}`);
      if (mine !== round) return;
      fill(root, head, body, nothing);
      list.contains(grid.element) || fill(list, grid.element); // instead of what went wrong before
      const total = await grid.restart(known?.position ?? 0);
      if (mine !== round) return;
      if (total !== null) arrive(total, known);
      else [body.hidden, nothing.hidden, root.dataset.state] = [false, true, "error"];
    } catch (error) {
      if (mine !== round) return;
      fill(
        root,
        h("h1", {}, "Cases"),
        error.code === "no-numbers"
          ? empty(
              error.message,
              error.remedy,
              h("a", { class: "button", href: pathOf("build", context.project) }, "To the run"),
            )
          : failed(error, start),
      );
      root.dataset.state = "error";
    }
  }

  function arrive(total, known) {
    const bare = total === 0 && (!known || known.position === null || known.position === undefined);
    body.hidden = bare;
    nothing.hidden = !bare;
    root.dataset.state = bare ? "empty" : "ready";
    if (bare) {
      fill(
        nothing,
        empty(
          "No case here.",
          "Nothing in this run passes all of these filters. For missed cases that is good news.",
          h(
            "button",
            {
              class: "button",
              type: "button",
              onclick: () => changeFilters(Object.fromEntries(Object.keys(wish).map((name) => [name, ""]))),
            },
            "Show all held-out cases",
          ),
        ),
      );
      return;
    }
    if (known && (known.position === null || known.position === undefined)) {
      open(known, { outside: true });
      return;
    }
    grid.choose(known?.position ?? 0, { quiet: Boolean(known) });
    if (known) open(known);
  }

  function changeFilters(changes) {
    setQuery({ ...changes, case: null }, { replace: false });
    start();
  }

  let timer = null;
  async function open(one, { outside: away = false } = {}) {
    const known = Boolean(one.facts);
    shown = { ...one, asked };
    setQuery({ case: one.id });
    outside.hidden = !away;
    outside.textContent = away ? "This case does not pass the filters above; it was opened by its link." : "";
    place.textContent = away
      ? ""
      : `${(grid.chosen + 1).toLocaleString("en-GB")} of ${grid.total.toLocaleString("en-GB")}`;
    heat.show({
      path: `${base}/${one.id}/heatmap`,
      targets: classes,
      target: targetOf(one),
      refused: one.status === "out" ? "a refused picture is not explained" : "",
    });
    panel.show(shown, { more: known });
    describe();
    // Somebody who holds an arrow key down wants the last one, not all of them.
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (shown?.id !== one.id) return;
      const details = known ? null : get(`${base}/${one.id}?${asQuery(wish)}`).catch(() => null);
      if (await viewer.load(`${base}/${one.id}/pixels`))
        [1, -1]
          .map((by) => grid.at(grid.chosen + by))
          .filter(Boolean)
          .forEach((next) => viewer.prefetch(`${base}/${next.id}/pixels`).catch(() => null));
      const more = await details;
      if (!more || shown?.id !== one.id) return;
      shown = { ...more, note: shown.note, doubt: shown.doubt, asked };
      if (more.picture === false)
        heat.show({ path: "", targets: classes, target: targetOf(more), refused: "its file is gone" });
      panel.show(shown, { more: true });
    }, 60);
  }

  /** Of two classes the asked one: a map for its absence would be the same with colours changed. */
  function targetOf(one) {
    if (asked) return asked;
    return classes.includes(one.predicted) ? one.predicted : classes[0];
  }

  function describe(heatSaid = "") {
    if (shown) viewer.describe(`${caseSaid(shown).replace(/^./, (letter) => letter.toUpperCase())}. ${heatSaid}`);
  }

  async function copyLink() {
    try {
      await navigator.clipboard.writeText(window.location.href);
      toast("The link to this case is copied. It works on this computer.");
    } catch {
      toast("This browser does not allow copying; the address bar holds the link.");
    }
  }

  shortcut("j", "Next case", () => grid.step(1));
  shortcut("k", "Previous case", () => grid.step(-1));
  shortcut("ArrowRight", "Next case", () => grid.step(1));
  shortcut("ArrowLeft", "Previous case", () => grid.step(-1));
  shortcut("h", "Heatmap", () => heat.turn());
  shortcut("v", "To the picture (arrows then change the window)", () => viewer.focus());
  shortcut("r", "Only what was not judged", () => changeFilters({ status: wish.status === "out" ? "" : "out" }));
  shortcut("d", "Label looks wrong", () => panel.doubt());

  return {
    start,
    destroy() {
      round += 1;
      clearTimeout(timer);
      shown = null;
      [viewer, heat, panel, grid].forEach((one) => one.destroy());
    },
  };
}
