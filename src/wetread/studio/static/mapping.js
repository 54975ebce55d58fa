// Which folder of a drop is which class: shown, and to be changed, before anything is copied.

import { dialog } from "./ask.js";
import { counted, fill, h, icon } from "./dom.js";
import { folderOf, likelyLevel, tally } from "./drop.js";
import { ofFindings } from "./findings.js";
import { toastError } from "./toast.js";

/** Asks which folder is which class; answers the files with their classes, null for Esc. */
export async function askMapping(desk, files) {
  const paths = files.map((one) => one.path);
  const depth = Math.max(...paths.map((path) => path.split("/").length - 1));
  let level = likelyLevel(paths);
  try {
    return await dialog(
      `Add ${counted(files.length, "file")}`,
      (close) => {
        const rows = h("div", { class: "mapping-rows" });
        const draw = () =>
          fill(
            rows,
            tally(paths, level).map(([folder, count]) => mappingRow(desk, folder, count)),
          );
        const levels = h(
          "select",
          {
            id: "level",
            onchange: (event) => {
              level = Number(event.target.value);
              draw();
            },
          },
          Array.from({ length: depth }, (_, index) =>
            h(
              "option",
              { value: index + 1, selected: index + 1 === level },
              index === 0 ? "the folder a file lies in" : `the folder ${index + 1} levels above the file`,
            ),
          ),
        );
        draw();
        const findings = ofFindings(desk.data());
        const privacy = deidentify(desk);
        const finish = async (event) => {
          event.preventDefault();
          // What the box says holds for the first of them already.
          if (await privacy.isKept()) {
            close(findings ? files.map((one) => ({ ...one, class: "" })) : mapFiles(files, level, readRows(rows)));
          }
        };
        return h(
          "form",
          { class: "mapping", onsubmit: finish },
          h(
            "p",
            { class: "muted" },
            findings
              ? "A table of labels says what each image shows; what it does not name, you say yourself."
              : "Each folder becomes a class. Change a name, give two folders the same name, or leave one out.",
          ),
          !findings && [
            depth > 1 && h("div", { class: "field" }, h("label", { for: "level" }, "The class is the name of"), levels),
            rows,
          ],
          privacy.element,
          h(
            "datalist",
            { id: "class-names" },
            desk.data().classes.map((one) => h("option", { value: one.name })),
          ),
          h(
            "div",
            { class: "dialog-foot" },
            h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"),
            h("button", { class: "button primary", type: "submit", autofocus: true }, "Add them"),
          ),
        );
      },
      { wide: true },
    );
  } catch (error) {
    toastError(error);
    return null;
  }
}

function deidentify(desk) {
  const asked = () => desk.data().settings?.deidentify ?? true;
  let kept = Promise.resolve(true);
  const keep = async () => {
    const done = await desk.change({ op: "settings", settings: { deidentify: box.checked } }, { quiet: true });
    box.checked = done ? box.checked : asked();
    return done;
  };
  const box = h("input", { type: "checkbox", checked: asked(), onchange: () => (kept = keep()) });
  const words = "Take what tells the patient out of DICOM files, and EXIF and comments out of pictures";
  const isKept = async () => {
    const now = kept;
    const done = await now;
    if (now !== kept) {
      return isKept(); // it was changed once more
    }
    kept = Promise.resolve(true); // after a failure the box says what holds, for whoever adds them all the same
    return done;
  };
  return { element: h("label", { class: "check" }, box, words), isKept };
}

function mappingRow(desk, folder, count) {
  const known = desk.data().classes.find((one) => one.name.toLowerCase() === folder.toLowerCase());
  const label = folder || "Files in no folder";
  return h(
    "div",
    { class: "mapping-row", data: { folder } },
    h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", checked: true }),
      h(
        "span",
        { class: "folder" },
        icon(folder ? "folder" : "file"),
        h("b", {}, label),
        h("span", { class: "muted" }, counted(count, "file")),
      ),
    ),
    h("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    h("input", {
      type: "text",
      value: known?.name ?? folder,
      maxlength: 80,
      placeholder: "without a class",
      "aria-label": `Class of ${label}`,
      list: "class-names",
      autocomplete: "off",
      spellcheck: "false",
    }),
  );
}

function readRows(rows) {
  return new Map(
    [...rows.children].map((row) => [
      row.dataset.folder,
      row.querySelector("[type=checkbox]").checked ? row.querySelector("[type=text]").value.trim() : null,
    ]),
  );
}

/** The files with their classes; those of a folder that was left out are gone. Pure. */
export function mapFiles(files, level, names) {
  return files
    .map((one) => ({ ...one, class: names.get(folderOf(one.path, level)) }))
    .filter((one) => one.class !== null && one.class !== undefined);
}
