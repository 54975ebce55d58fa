/**
 * A grid of thumbnails that holds ten thousand: only the rows that can be seen are in the document.
 *
 * One tab stop for all (the chosen one); arrows, Home, End and the page keys walk; cases are fetched in pages when the
 * rows that need them come near.
 */

import { h } from "./dom.js";

/** Cases of one request. */
const PAGE = 100;
/** Rows drawn above and below what can be seen. */
const SPARE = 2;

/**
 * @param {object} options
 * @param {string} options.label what a screen reader calls the grid
 * @param {number} options.side CSS pixels of a tile at least
 * @param {function(number, number): Promise<{total: number, cases: object[]}>} options.load offset and limit
 * @param {function(object): {src: string, name: string, marks: Node[]}} options.tile how a case looks
 * @param {function(object, number): void} options.onchoose called when another case is chosen
 * @param {function(Error): void} options.onerror
 */
export function createThumbGrid({ label, side, load, tile, onchoose, onerror }) {
  const space = h("div", { class: "thumbs-space", role: "presentation" });
  const element = h("div", { class: "thumbs", role: "listbox", "aria-label": label }, space);
  let cases = [];
  let asked = new Set();
  let round = 0;
  let chosen = -1;
  let total = 0;
  const shown = new Map();

  const shape = () => {
    const width = Math.max(element.clientWidth - 2, side);
    const columns = Math.max(1, Math.floor(width / side));
    return { columns, tile: Math.floor(width / columns) };
  };

  async function page(index) {
    const number = Math.floor(index / PAGE);
    if (asked.has(number)) return;
    asked.add(number);
    const mine = round;
    const found = await load(number * PAGE, PAGE).catch((error) => {
      if (mine === round) onerror(error);
      return null;
    });
    if (mine !== round) return;
    if (!found) {
      asked.delete(number);
      return;
    }
    total = found.total;
    found.cases.forEach((one, at) => {
      cases[number * PAGE + at] = one;
      forget(number * PAGE + at);
    });
    draw();
  }

  function forget(index) {
    shown.get(index)?.remove();
    shown.delete(index);
  }

  function draw() {
    const { columns, tile: edge } = shape();
    const rows = Math.ceil(total / columns);
    space.style.height = `${rows * edge}px`;
    const first = Math.max(0, Math.floor(element.scrollTop / edge) - SPARE) * columns;
    const last = Math.min(total, (Math.ceil((element.scrollTop + element.clientHeight) / edge) + SPARE) * columns);
    // A thumbnail that has the focus stays, or the keyboard would fall out of the grid.
    [...shown.keys()].filter((index) => (index < first || index >= last) && index !== chosen).forEach(forget);
    const wanted = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
    if (chosen >= 0 && chosen < total && !wanted.includes(chosen)) wanted.push(chosen);
    for (const index of wanted) {
      if (!cases[index]) page(index);
      if (!shown.has(index)) {
        shown.set(index, make(index));
        space.append(shown.get(index));
      }
      const node = shown.get(index);
      node.style.width = node.style.height = `${edge - 6}px`;
      node.style.transform = `translate(${(index % columns) * edge + 2}px, ${Math.floor(index / columns) * edge + 2}px)`;
      node.tabIndex = index === Math.max(chosen, 0) ? 0 : -1;
      node.setAttribute("aria-selected", String(index === chosen));
    }
  }

  function make(index) {
    const one = cases[index];
    const place = { role: "option", "aria-setsize": total, "aria-posinset": index + 1, data: { index } };
    if (!one) return h("div", { class: "thumb waiting", "aria-label": "Loading", ...place });
    const { src, name, marks } = tile(one);
    const image = h("img", {
      src,
      alt: "",
      decoding: "async",
      onerror: () => image.replaceWith(h("span", { class: "thumb-none" }, "no picture")),
    });
    return h(
      "div",
      { class: "thumb", "aria-label": name, title: name, ...place, onclick: () => choose(index, { focus: true }) },
      image,
      marks,
    );
  }

  function choose(index, { focus = false, quiet = false } = {}) {
    if (!total) return;
    const next = Math.min(total - 1, Math.max(0, index));
    const same = next === chosen;
    chosen = next;
    reveal(next);
    draw();
    if (focus) shown.get(next)?.focus({ preventScroll: true });
    if (!same && !quiet && cases[next]) onchoose(cases[next], next);
    if (!same && !quiet && !cases[next])
      page(next).then(() => chosen === next && cases[next] && onchoose(cases[next], next));
  }

  function reveal(index) {
    const { columns, tile: edge } = shape();
    const top = Math.floor(index / columns) * edge;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + edge > element.scrollTop + element.clientHeight) element.scrollTop = top + edge - element.clientHeight;
  }

  /** Where a key leads from the chosen case; null for other keys. */
  function target(key) {
    const { columns, tile: edge } = shape();
    const screen = Math.max(1, Math.floor(element.clientHeight / edge)) * columns;
    const steps = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      PageDown: screen,
      PageUp: -screen,
    };
    if (key === "Home") return 0;
    if (key === "End") return total - 1;
    return steps[key] ? Math.max(chosen, 0) + steps[key] : null;
  }

  element.addEventListener("keydown", (event) => {
    const next = event.ctrlKey || event.metaKey || event.altKey ? null : target(event.key);
    if (next === null) return;
    event.preventDefault();
    const focused = document.activeElement?.classList.contains("thumb");
    choose(next, { focus: focused });
  });
  let wanted = false;
  const soon = () => {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      draw();
    });
  };
  element.addEventListener("scroll", soon, { passive: true });
  const watch = new ResizeObserver(soon);
  watch.observe(element);

  return {
    element,
    choose,
    step: (by) => choose(chosen + by),
    get total() {
      return total;
    },
    get chosen() {
      return chosen;
    },
    at: (index) => cases[index],
    /** Something of a case changed, wherever it stands: a note perhaps. */
    change(id, said) {
      const index = cases.findIndex((one) => one?.id === id);
      if (index < 0) return;
      cases[index] = { ...cases[index], ...said };
      forget(index);
      draw();
    },
    /** Another list: forgets all, fetches from `index` on and chooses nothing; null where that failed. */
    async restart(index = 0) {
      round += 1;
      [cases, asked, chosen, total] = [[], new Set(), -1, 0];
      [...shown.keys()].forEach(forget);
      element.scrollTop = 0;
      await page(index);
      return asked.size ? total : null;
    },
    destroy() {
      round += 1;
      watch.disconnect();
    },
  };
}
