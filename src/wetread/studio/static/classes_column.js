// The classes of a project: count, covers, the images when opened, and the ways to change them. Each takes files and images.

import { menuButton } from "./ask.js";
import { url } from "./api.js";
import { openCamera, readClipboard } from "./camera.js";
import { counted, fill, h, icon } from "./dom.js";
import { collect } from "./drop.js";
import { dropWish, kindOf, ofFindings, spreadLine, useSwitch } from "./findings.js";
import { DRAGGED, imageGrid } from "./image_grid.js";
import { listedAbove, rejectedList } from "./imports.js";
import { setQuery } from "./location.js";
import { toast } from "./toast.js";

const WHY_COLUMNS = "From your table of labels: for groups in the results, and for the check of the data.";

/** The column. Answers {element, redraw()}. */
export function classesColumn(desk) {
  const list = h("div", { class: "stack" });
  const rest = h("div", { class: "stack rest" });
  const cards = new Map();
  const head = h("div", { class: "use" });
  let use = null;
  const redraw = () => {
    const data = desk.data();
    use !== data.use && cards.clear(); // a card of classes knows nothing of findings
    use = data.use;
    fill(head, useSwitch(desk));
    const rows = [...data.classes.map((one) => ({ ...one, real: true })), ...besides(data)];
    const ids = new Set(rows.map((one) => one.id));
    [...cards.keys()].filter((id) => !ids.has(id)).forEach((id) => cards.delete(id));
    rows.forEach(
      (one) => (cards.has(one.id) || cards.set(one.id, classCard(desk, one, redraw)), cards.get(one.id).update(one)),
    );
    const inOrder = rows.map((one) => cards.get(one.id).element);
    if (inOrder.length === 0) {
      fill(list, dropzone(desk));
    } else {
      // Cards stay where they are, so that focus and loaded pictures do, and a name that is being typed.
      [...list.children].filter((node) => !inOrder.includes(node)).forEach((node) => node.remove());
      inOrder.forEach((node, index) => {
        const there = list.children[index] ?? null;
        node === there || list.insertBefore(node, there);
      });
    }
    const above = listedAbove(desk.project);
    const kept = data.columns?.length > 0 && `Columns kept: ${data.columns.join(", ")}`;
    fill(
      rest,
      kept && h("p", { class: "small muted", title: WHY_COLUMNS }, kept),
      rejectedList((data.rejected ?? []).filter((one) => !above.has(one.name))),
      !head.hasChildNodes() && severalHint(desk),
    );
  };
  desk.reload = () => {
    desk.redraw();
    return cards.get(desk.open)?.reload();
  };
  return { element: h("div", { class: "stack" }, head, list, rest), redraw };
}

function severalHint(desk) {
  const begin = () => desk.change({ op: "use", what: "findings" });
  return h(
    "p",
    { class: "small muted" },
    "Several findings per image? Drop their table, or ",
    h("button", { class: "as-link", type: "button", onclick: begin }, "begin with findings"),
    ".",
  );
}

function besides(data) {
  const some = [];
  if (data.nothing?.count > 0) {
    some.push(data.nothing);
  }
  if (data.unlabelled > 0) {
    const name = ofFindings(data) ? "Nothing known" : "Without a class";
    some.push({ id: "none", name, count: data.unlabelled, cover: [] });
  }
  if (data.counts.excluded > 0) {
    some.push({ id: "excluded", name: "Excluded", count: data.counts.excluded, cover: [] });
  }
  return some;
}

function dropzone(desk) {
  return h(
    "div",
    { class: "dropzone" },
    icon("folder"),
    h("h3", {}, "Drop images here"),
    h(
      "p",
      { class: "muted" },
      ofFindings(desk.data())
        ? "Images, and a table that says what each shows (Effusion|Mass, or a column of 0 and 1 for each finding), or a .zip of both."
        : "A folder with one subfolder per class, single files, a .zip or a Teachable Machine .tm project. DICOM, PNG, JPEG, TIFF, BMP.",
    ),
    h(
      "div",
      { class: "row" },
      h(
        "button",
        { class: "button primary", type: "button", onclick: () => desk.pick({ folder: true }) },
        icon("folder"),
        "Choose a folder",
      ),
      h("button", { class: "button", type: "button", onclick: desk.newClass }, icon("plus"), `Begin with a ${kindOf(desk.data())}`),
    ),
  );
}

function classCard(desk, first, redraw) {
  let now = first;
  let grid = null;
  const count = h("span", { class: "badge number" });
  const place = h("div", { class: "class-name" });
  const toggle = h(
    "button",
    { class: "button ghost small icon-only toggle", type: "button", onclick: () => open(!grid) },
    icon("right"),
  );
  const plus = h(
    "button",
    {
      class: "button ghost small icon-only",
      type: "button",
      title: "Add images",
      onclick: () => desk.pick({ className: now.name }),
    },
    icon("plus"),
  );
  const menu = menuButton(`More for ${first.name}`, () => [
    { words: "Rename", run: edit },
    {
      words: "Camera",
      icon: "camera",
      run: () =>
        openCamera(`Camera for ${now.name}`, (file) => desk.add([{ file, path: file.name }], now.name), { series: true }),
    },
    { words: "Paste an image", run: paste },
    null,
    ...desk
      .data()
      .classes.filter((one) => one.id !== now.id)
      .map((one) => ({
        words: `Merge into ${one.name}`,
        run: () => desk.change({ op: "merge-classes", from: now.id, into: one.id }),
      })),
    null,
    { words: `Remove the ${kindOf(desk.data())}`, icon: "trash", run: () => desk.change({ op: "remove-class", class: now.id }) },
  ]);
  const covers = h("button", {
    class: "covers on-dark",
    type: "button",
    tabindex: -1,
    "aria-hidden": "true",
    onclick: () => open(true),
  });
  const body = h("div");
  const spread = first.real && ofFindings(desk.data()) ? spreadLine() : null;
  const element = h(
    "section",
    { class: "card class-card", data: { class: first.id } },
    h("div", { class: "class-head" }, toggle, place, count, first.real && h("div", { class: "class-tools" }, plus, menu)),
    spread?.element,
    covers,
    body,
  );

  async function paste() {
    const files = await readClipboard().catch(() => []);
    return files.length > 0
      ? desk.add(files, now.name)
      : toast("No image in the clipboard, or the browser did not allow it. Open the class and press Ctrl+V.");
  }

  function showName() {
    fill(
      place,
      h(
        "h3",
        {},
        now.real
          ? h("button", { type: "button", class: "name-button", title: "Rename", onclick: edit }, now.name)
          : now.name,
      ),
    );
  }

  function edit() {
    const field = h("input", {
      type: "text",
      value: now.name,
      maxlength: 80,
      "aria-label": `New name of ${now.name}`,
      autocomplete: "off",
      spellcheck: "false",
    });
    let done = false;
    const end = async (keep) => {
      if (done) {
        return;
      }
      done = true;
      const name = field.value.trim();
      showName();
      if (keep && name && name !== now.name) {
        await desk.change({ op: "rename-class", class: now.id, name });
        showName();
      }
      place.querySelector("button")?.focus();
    };
    field.addEventListener("keydown", (event) =>
      event.key === "Enter" ? end(true) : event.key === "Escape" && end(false),
    );
    field.addEventListener("blur", () => end(true));
    fill(place, field);
    field.focus();
    field.select();
  }

  function open(wanted) {
    if (wanted) {
      desk.chosen.clear();
      desk.open !== now.id && setQuery({ from: null, mark: null });
      desk.open = now.id;
    } else if (desk.open === now.id) {
      desk.open = null;
    }
    setQuery({ class: desk.open });
    redraw();
  }

  function update(one) {
    const renamed = one.name !== now.name;
    const more = one.count !== now.count || one.absent !== now.absent || one.unknown !== now.unknown;
    const other = !covers.dataset.ids || covers.dataset.ids !== one.cover.join();
    now = one;
    spread?.update(one);
    element.setAttribute("aria-label", one.name);
    count.textContent = one.count.toLocaleString("en-GB");
    count.title = counted(one.count, "image");
    const isOpen = desk.open === one.id;
    toggle.setAttribute("aria-expanded", String(isOpen));
    plus.setAttribute("aria-label", `Add images to ${one.name}`);
    menu.setAttribute("aria-label", `More for ${one.name}`);
    toggle.setAttribute("aria-label", `${isOpen ? "Close" : "Show all images of"} ${one.name}`);
    if (renamed || !place.firstChild) {
      showName();
    }
    if (other) {
      covers.dataset.ids = one.cover.join();
      fill(
        covers,
        one.cover.slice(0, 8).map((id) =>
          h("img", {
            src: url(`/projects/${desk.project}/thumbs/${id}`),
            alt: "",
            loading: "lazy",
            decoding: "async",
          }),
        ),
      );
    }
    covers.hidden = isOpen || one.cover.length === 0;
    if (isOpen && !grid) {
      grid = imageGrid(desk, one.id);
      fill(body, grid.element);
    } else if (!isOpen && grid) {
      grid = null;
      fill(body);
    } else if (isOpen && more) {
      grid.reload();
    }
  }

  takeDrops(element, desk, () => now);
  return { element, update, reload: () => grid?.reload() };
}

function takeDrops(element, desk, now) {
  const welcome = (event) =>
    event.dataTransfer.types.includes(DRAGGED) || (now().real && event.dataTransfer.types.includes("Files"));
  element.addEventListener("dragover", (event) => {
    if (welcome(event)) {
      event.preventDefault();
      event.stopPropagation();
      element.classList.add("over");
    }
  });
  element.addEventListener(
    "dragleave",
    (event) => element.contains(event.relatedTarget) || element.classList.remove("over"),
  );
  element.addEventListener("drop", async (event) => {
    element.classList.remove("over");
    document.querySelector(".page.over")?.classList.remove("over");
    if (!welcome(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const ids = event.dataTransfer.getData(DRAGGED);
    if (ids) {
      const items = JSON.parse(ids);
      desk.chosen.clear();
      await desk.change(dropWish(desk.data(), now().id, items));
      desk.reload();
    } else {
      desk.add(await collect(event.dataTransfer), now().name);
    }
  });
}
