// The confusion matrix is a door: every cell is a link to its images.

import { h } from "./dom.js";
import { percent, words } from "./numbers.js";

/** The address of the images behind a cell. */
export function casesPath(project, run, values) {
  const query = new URLSearchParams(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ""),
  );
  return `/p/${encodeURIComponent(project)}/r/${encodeURIComponent(run)}/cases?${query}`;
}

/** Rows of {truth, total, cells: [{truth, called, count, share, right}]} from names and counts[truth][called]. */
export function matrixRows(names, counts) {
  return names.map((truth, row) => {
    const total = counts[row].reduce((sum, count) => sum + count, 0);
    const cells = names.map((called, column) => ({
      truth,
      called,
      count: counts[row][column],
      share: total ? counts[row][column] / total : 0,
      right: row === column,
    }));
    return { truth, total, cells };
  });
}

/** Two rows from the four counts of one threshold; names[0] is what is looked for. */
export function rowsOfTwo(names, { tp, fn, fp, tn }) {
  return matrixRows(names, [
    [tp, fn],
    [fp, tn],
  ]);
}

const OF_TWO = [
  ["found", "missed"],
  ["false alarm", "left in peace"],
];

/**
 * The matrix as a table of links. `door(cell)` gives the address; `said` names the cells of two classes in words.
 */
export function confusionMatrix(rows, door, { said = rows.length === 2, label = "Confusion matrix" } = {}) {
  const strongest = Math.max(1, ...rows.flatMap((row) => row.cells.map((cell) => cell.share)));
  const cellOf = (cell, row, column) => {
    const word = said ? OF_TWO[row][column] : cell.right ? "right" : "wrong";
    const spoken = `${cell.count} with truth ${words(cell.truth)}, called ${words(cell.called)} (${word}, ${percent(cell.share)} of the row)`;
    const inside = [
      h("span", { class: "count" }, cell.count.toLocaleString("en-GB")),
      cell.count > 0 && h("span", { class: "share" }, percent(cell.share)),
      (said || cell.right) && h("span", { class: "word" }, word),
    ];
    const look = `cell ${cell.count ? (cell.right ? "right" : "wrong") : "none"}`;
    const data = { truth: cell.truth, called: cell.called };
    return h(
      "td",
      {},
      cell.count
        ? h(
            "a",
            {
              class: look,
              href: door(cell),
              "aria-label": `${spoken}: open these images`,
              data,
              style: { "--share": String(cell.share / strongest) },
            },
            inside,
          )
        : h("span", { class: look, "aria-label": spoken, role: "img", data }, inside),
    );
  };
  return h(
    "div",
    { class: "wide" },
    h(
      "table",
      {
        class: `matrix${rows.length === 2 ? " two" : ""}`,
        "aria-label": label,
        style: { "--classes": String(rows.length) },
      },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", { class: "corner" }, "truth ↓ called →"),
          rows.map((row) => h("th", { scope: "col" }, words(row.truth))),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row, number) =>
          h(
            "tr",
            {},
            h(
              "th",
              { scope: "row" },
              h("span", {}, words(row.truth)),
              h("small", {}, row.total.toLocaleString("en-GB")),
            ),
            row.cells.map((cell, column) => cellOf(cell, number, column)),
          ),
        ),
      ),
    ),
  );
}
