// The images of one class, a page at a time: a list box with one tab stop, many chosen by shift, ctrl or keyboard.

import { ask, menuButton } from "./ask.js";
import { announce } from "./announce.js";
import { get, url } from "./api.js";
import { counted, empty, failed, fill, h, icon } from "./dom.js";
import { markChips, markTools, MARKS, ofFindings } from "./findings.js";
import { query, setQuery } from "./location.js";

const PAGE = 120;
export const DRAGGED = "application/x-wetread-items";

/** The grid of a class, "none", "excluded" or "all". `desk` = {project, data(), change(op), preview(item), chosen: Set, signal}. */
export function imageGrid(desk, classId) {
  const state = { items: [], total: 0, offset: Number(query().from) || 0, q: "", anchor: 0, focus: 0, ticket: 0 };
  state.mark = MARKS.find((mark) => mark === query().mark) ?? "present";
  const list = h("div", { class: "shelf", role: "listbox", "aria-multiselectable": "true", "aria-label": "Images" });
  const tools = h("div", { class: "chosen-bar" });
  const pager = h("div", { class: "pager" });
  const search = h("input", {
    type: "search",
    placeholder: "Find by name",
    "aria-label": "Find images by name",
    oninput: () => {
      state.q = search.value;
      state.offset = 0;
      later();
    },
  });
  const chips = h("div", { class: "joined mark-chips" });
  const marking = ofFindings(desk.data()) ? markTools(desk, classId, (change) => apply(change)) : null;
  const element = h(
    "div",
    { class: "browser", data: { state: "loading" } },
    chips,
    h("div", { class: "spread" }, search, pager),
    tools,
    list,
  );
  let timer = null;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(load, 200);
  };

  async function load() {
    const mine = (state.ticket += 1);
    try {
      const page = await get(
        `/projects/${desk.project}/items?class=${encodeURIComponent(classId)}&mark=${state.mark}&q=${encodeURIComponent(state.q)}&offset=${state.offset}&limit=${PAGE}`,
        { signal: desk.signal },
      );
      if (mine !== state.ticket) {
        return;
      }
      if (page.items.length === 0 && state.offset > 0) {
        state.offset = Math.max(0, (Math.ceil(page.total / PAGE) - 1) * PAGE);
        await load();
        return;
      }
      Object.assign(state, {
        items: page.items,
        total: page.total,
        focus: Math.min(state.focus, Math.max(0, page.items.length - 1)),
      });
      desk.chosen.forEach((id) => page.items.some((item) => item.id === id) || desk.chosen.delete(id));
      draw();
    } catch (error) {
      if (error.name !== "AbortError" && mine === state.ticket) {
        fill(list, failed(error, load));
        element.dataset.state = "error";
      }
    }
  }

  function draw() {
    element.dataset.state = state.items.length > 0 ? "ready" : "empty";
    search.hidden = state.total <= 24 && !state.q;
    fill(
      list,
      state.items.length > 0
        ? state.items.map(option)
        : empty(
            state.q ? "No image has such a name." : "No image here yet.",
            state.q ? "" : "Drop files onto the class.",
          ),
    );
    fill(chips, marking && markChips(desk, classId, state.mark, showMark));
    drawPager();
    drawTools();
  }

  function showMark(mark) {
    Object.assign(state, { mark, offset: 0, focus: 0 });
    setQuery({ mark: mark === "present" ? null : mark, from: null });
    desk.chosen.clear();
    load().then(() => chips.querySelector("[aria-pressed=true]")?.focus());
  }

  function drawPager() {
    const last = Math.min(state.offset + PAGE, state.total);
    const turn = (by, words, name) =>
      h(
        "button",
        {
          class: "button ghost small icon-only",
          type: "button",
          "aria-label": words,
          disabled: by < 0 ? state.offset === 0 : last >= state.total,
          onclick: () => {
            state.offset = Math.max(0, state.offset + by);
            state.focus = 0;
            setQuery({ from: state.offset || null });
            load();
          },
        },
        icon(name),
      );
    fill(
      pager,
      state.total > PAGE && [
        h(
          "span",
          { class: "small muted number" },
          `${state.offset + 1}–${last} of ${state.total.toLocaleString("en-GB")}`,
        ),
        turn(-PAGE, "Earlier images", "back"),
        turn(PAGE, "Further images", "right"),
      ],
    );
  }

  function option(item, index) {
    const marks = [
      item.doubt && h("span", { class: "mark-doubt", title: "Label in doubt" }, "?"),
      item.note && h("span", { class: "mark-note", title: item.note }, "✎"),
    ];
    const words = [
      item.name,
      item.patient && `patient ${item.patient}`,
      item.doubt && "label in doubt",
      item.note && "has a note",
    ]
      .filter(Boolean)
      .join(", ");
    return h(
      "div",
      {
        class: "shot on-dark",
        role: "option",
        "aria-selected": String(desk.chosen.has(item.id)),
        "aria-label": words,
        title: [item.name, ...Object.entries(item.columns ?? {}).map((one) => one.join(" "))].join(" · "),
        tabindex: index === state.focus ? 0 : -1,
        draggable: "true",
        data: { index, id: item.id },
        ondragstart: (event) => drag(event, item),
      },
      h("img", {
        src: url(`/projects/${desk.project}/thumbs/${item.id}`),
        alt: "",
        loading: "lazy",
        decoding: "async",
        draggable: "false",
      }),
      marks,
    );
  }

  function drag(event, item) {
    if (!desk.chosen.has(item.id)) {
      choose(item, {});
    }
    event.dataTransfer.setData(DRAGGED, JSON.stringify([...desk.chosen]));
    event.dataTransfer.effectAllowed = "move";
  }

  function choose(item, { extend = false, toggle = false }) {
    const index = state.items.indexOf(item);
    if (extend) {
      const [from, to] = [Math.min(state.anchor, index), Math.max(state.anchor, index)];
      state.items.slice(from, to + 1).forEach((one) => desk.chosen.add(one.id));
    } else if (toggle) {
      desk.chosen.delete(item.id) || desk.chosen.add(item.id);
      state.anchor = index;
    } else {
      desk.chosen.clear();
      desk.chosen.add(item.id);
      state.anchor = index;
    }
    mark();
  }

  function mark() {
    for (const node of list.children) {
      node.setAttribute("aria-selected", String(desk.chosen.has(node.dataset.id)));
    }
    drawTools();
  }

  function drawTools() {
    const many = desk.chosen.size;
    tools.hidden = many === 0;
    if (many === 0) {
      fill(tools);
      return;
    }
    const act = (words, name, run) =>
      h("button", { class: "button small", type: "button", onclick: run }, name && icon(name), words);
    fill(
      tools,
      h("b", { class: "small" }, `${many} chosen`),
      marking ? marking.nodes() : moveMenu(),
      classId === "excluded"
        ? act("Take back in", null, () => apply({ op: "include", items: [...desk.chosen] }))
        : act("Exclude", null, exclude),
      act("Patient", null, patient),
      act("Clear", null, clear),
    );
  }

  function moveMenu() {
    const to = (one) => ({ words: one.name, run: () => apply({ op: "move", items: [...desk.chosen], class: one.id }) });
    return menuButton(
      "Move to a class",
      () => [
        ...desk
          .data()
          .classes.filter((one) => one.id !== classId)
          .map(to),
        null,
        { words: "Without a class", run: () => apply({ op: "move", items: [...desk.chosen], class: null }) },
      ],
      { face: ["Move to", icon("down")], className: "button small move" },
    );
  }

  const exclude = () => apply({ op: "exclude", items: [...desk.chosen] });
  const clear = () => {
    desk.chosen.clear();
    mark();
    focusAt(state.focus);
  };

  async function patient() {
    const name = await ask("Which patient?", "Patient", {
      hint: "Images of one patient stay on one side of every division. A code, never a name.",
      action: "Set",
    });
    if (name) {
      await apply({ op: "patients", items: [...desk.chosen], patient: name });
    }
  }

  async function apply(change) {
    const many = counted(desk.chosen.size, "image");
    desk.chosen.clear();
    if (await desk.change(change)) {
      announce(`${many} changed`, { now: true });
      await load();
      // Who has gone on to a field meanwhile goes on typing there, and gives no commands here.
      const at = document.activeElement;
      (at === document.body || (element.contains(at) && at !== search)) && focusAt(state.focus);
    }
  }

  function focusAt(index) {
    const next = list.children[Math.max(0, Math.min(index, state.items.length - 1))];
    if (next?.matches(".shot")) {
      list.children[state.focus]?.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      state.focus = Number(next.dataset.index);
      next.focus();
    }
  }

  function columns() {
    const top = list.firstElementChild?.offsetTop;
    return (
      Math.max(
        1,
        [...list.children].findIndex((node) => node.offsetTop !== top),
      ) || list.children.length
    );
  }

  function steps(key) {
    const across = [...list.children].every((node) => node.offsetTop === list.firstElementChild.offsetTop)
      ? state.items.length
      : columns();
    return { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across, Home: -PAGE, End: PAGE }[key];
  }

  list.addEventListener("keydown", (event) => {
    const item = state.items[state.focus];
    const step = steps(event.key);
    // A key that is held walks on, and does nothing else again: the next image would be meant by none.
    const act = (work) => event.repeat || work();
    const here = () => desk.chosen.size === 0 && choose(item, {});
    if (!item || !event.target.matches(".shot")) {
      return;
    }
    if (step !== undefined) {
      focusAt(state.focus + step);
      event.shiftKey && choose(state.items[state.focus], { extend: true });
    } else if (event.key === " ") {
      act(() => choose(item, { toggle: true }));
    } else if (event.key === "Enter") {
      desk.preview(item);
    } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      state.items.forEach((one) => desk.chosen.add(one.id));
      mark();
    } else if (event.key === "Escape" && desk.chosen.size > 0) {
      clear();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      act(() => (here(), exclude()));
    } else if (marking && MARKS.some((mark) => mark[0] === event.key) && !event.ctrlKey && !event.metaKey) {
      act(() => (here(), marking.key(event.key)));
    } else if (event.key === "m") {
      here();
      marking ? tools.querySelector("select").focus() : tools.querySelector(".move").click();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("click", (event) => {
    const node = event.target.closest(".shot");
    if (node) {
      choose(state.items[Number(node.dataset.index)], {
        extend: event.shiftKey,
        toggle: event.ctrlKey || event.metaKey,
      });
      focusAt(Number(node.dataset.index));
    }
  });
  list.addEventListener(
    "focusin",
    (event) =>
      event.target.matches(".shot") && desk.preview(state.items[Number(event.target.dataset.index)], { soon: true }),
  );
  load();
  return { element, reload: load };
}
