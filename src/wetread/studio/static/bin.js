// The bin of removed projects: what lies in it and since when, back with one click, gone for good with two.

import { del, get, post } from "./api.js";
import { dialog } from "./ask.js";
import { counted, fill, h, icon, when } from "./dom.js";
import { toastError } from "./toast.js";

/** The bin as something to unfold; false where it is empty. `draw` draws the page again. */
export function bin(start, draw, isOpen) {
  const rows = h("ul", { class: "plain" });
  const row = (one) =>
    h(
      "li",
      { class: "card spread" },
      h("span", {}, h("b", {}, one.name), h("span", { class: "muted" }, ` · removed ${when(one.removed)}`)),
      h(
        "button",
        {
          class: "button small",
          type: "button",
          "aria-label": `Restore ${one.name}`,
          onclick: () => post(`/trash/${encodeURIComponent(one.id)}/restore`).then(draw, toastError),
        },
        "Restore",
      ),
    );
  const list = () => get("/trash").then(({ projects }) => fill(rows, projects.map(row)), toastError);
  return (
    start.trash > 0 &&
    h(
      "details",
      { class: "beside bin", open: Boolean(isOpen), ontoggle: (event) => event.target.open && list() },
      h("summary", {}, `Bin (${start.trash})`),
      h(
        "div",
        { class: "stack" },
        rows,
        h(
          "button",
          { class: "button danger", type: "button", onclick: () => emptyBin(start.trash, draw) },
          icon("trash"),
          "Empty the bin",
        ),
      ),
    )
  );
}

async function emptyBin(count, draw) {
  const sure = await dialog("Empty the bin", (close) => [
    h("p", {}, `${counted(count, "project")} with images, runs and models will be deleted. That cannot be undone.`),
    h(
      "div",
      { class: "dialog-foot" },
      h("button", { class: "button", type: "button", autofocus: true, onclick: () => close() }, "Cancel"),
      h("button", { class: "button danger", type: "button", onclick: () => close(true) }, "Delete for good"),
    ),
  ]);
  sure && (await del("/trash").then(draw, toastError));
}
