/** What is known of one case: truth and call, probabilities or the refusal, heat, nearest cases, note. */

import { createLane, get, post, url } from "../api.js";
import { cautions, drawNearest, probabilityBars, refusalBox } from "../case_parts.js";
import { fill, h } from "../dom.js";
import { percent, words } from "../numbers.js";
import { toast, toastError } from "../toast.js";

/** The nearest cases need the model; somebody who leafs through does not wait for them. */
const DWELL_MS = 700;
const AGAIN_MS = 900;
/** Words are kept when the typing pauses, so that closing the window loses none. */
const PAUSE_MS = 800;

const OUTCOMES = {
  tp: ["right", "Found", "true positive"],
  tn: ["right", "Rightly clear", "true negative"],
  fp: ["wrong", "False alarm", "false positive"],
  fn: ["wrong", "Missed", "false negative"],
  right: ["right", "Right", ""],
  wrong: ["wrong", "Wrong", ""],
};

/** Short words and a sign for the outcome of a case, for its thumbnail. */
export function outcomeMark(one) {
  if (one.split !== "test") return h("span", { class: "thumb-mark" }, one.split === "train" ? "training" : "no label");
  if (one.status === "out") return h("span", { class: "thumb-mark out" }, "not judged");
  const [kind] = OUTCOMES[one.outcome] ?? [];
  return kind ? h("span", { class: `thumb-mark ${kind}` }, kind === "right" ? "✓" : "✕") : null;
}

/** A case in one sentence, for its thumbnail and for screen readers. */
export function caseSaid(one) {
  const parts = [one.truth ? `truth ${words(one.truth)}` : "no label"];
  if (one.status === "out") parts.push("not judged, unlike the training pictures");
  else if (one.predicted)
    parts.push(
      `called ${words(one.predicted)}${one.p?.[one.predicted] === undefined ? "" : ` (${percent(one.p[one.predicted])})`}`,
    );
  if (one.outcome && one.status !== "out") parts.push(OUTCOMES[one.outcome]?.[1].toLowerCase() ?? "");
  if (one.split === "train") parts.push("training picture, not counted");
  if (one.doubt) parts.push("label doubted");
  return parts.filter(Boolean).join(", ");
}

/**
 * @param {object} options
 * @param {string} options.base path of the run's cases, such as /projects/p-1/runs/x/cases
 * @param {HTMLElement} options.heat controls of the heatmap
 * @param {function(object): string} options.linkOf address of a case
 * @param {function(number, object): void} options.onnote a note was kept: id and {note, doubt}
 * @param {function(): void} options.ondoubt another number of labels is doubted now
 */
export function createPanel({ base, project, heat, linkOf, onnote, ondoubt }) {
  const told = h("div", { class: "panel-told" });
  const nearest = h("div", { class: "panel-nearest" });
  const text = h("textarea", {
    rows: 2,
    maxlength: 2000,
    placeholder: "What you see, what is wrong",
    oninput: () => {
      kept.textContent = "";
      clearTimeout(typing);
      typing = setTimeout(keep, PAUSE_MS);
    },
    onchange: () => keep(),
  });
  const doubt = h("input", { type: "checkbox", onchange: () => keep() });
  const kept = h("span", { class: "muted", role: "status" });
  const facts = h("dl", { class: "panel-facts" });
  const notes = h(
    "section",
    { class: "panel-note", "aria-label": "Note" },
    h("label", { class: "field" }, h("span", { class: "label" }, "Note"), text),
    h("div", { class: "spread" }, h("label", { class: "check" }, doubt, "Label looks wrong"), kept),
  );
  const element = h(
    "aside",
    { class: "panel", "aria-label": "This case" },
    told,
    h("div", { class: "panel-part" }, heat),
    h(
      "section",
      { class: "panel-part", "aria-label": "Nearest training cases" },
      h("h3", {}, "Nearest training cases ", h("small", { class: "muted" }, "with likeness, 1 at most")),
      nearest,
    ),
    h("div", { class: "panel-part" }, notes),
    h("div", { class: "panel-part" }, facts),
  );
  const lane = createLane();
  let shown = null;
  let timer = null;
  let typing = null;
  let unsaved = 0;
  /** Words that could not be kept, by case: they are tried again by whoever comes back to it. */
  const left = new Map();

  // By its number: once its own answer is there, the same case is shown as another object.
  const isShown = (one) => shown?.id === one.id;

  async function keep({ leaving = false } = {}) {
    clearTimeout(typing);
    const mine = shown;
    const wish = { text: text.value, doubt: doubt.checked };
    if (!mine || (wish.text === (mine.note ?? "") && wish.doubt === Boolean(mine.doubt))) return;
    const before = { note: mine.note, doubt: mine.doubt };
    const hold = (said) => {
      Object.assign(mine, said);
      if (isShown(mine)) fill(told, verdict(Object.assign(shown, said)), numbers(shown));
      onnote(mine.id, said);
    };
    // At once, so that its own answer, which may come later, does not bring the old words back.
    hold({ note: wish.text, doubt: wish.doubt });
    kept.textContent = "Saving";
    unsaved += 1;
    const send = () => post(`${base}/${mine.id}/note`, wish, { keepalive: leaving });
    try {
      await (leaving ? send() : lane(send));
      unsaved -= 1;
      left.delete(mine.id);
      if (Boolean(before.doubt) !== wish.doubt) ondoubt();
      if (isShown(mine) && text.value === wish.text && !unsaved) kept.textContent = "Saved";
    } catch (error) {
      unsaved -= 1;
      hold(before);
      left.set(mine.id, wish);
      if (isShown(mine)) kept.textContent = "Not saved";
      toastError(error);
    }
  }
  const leave = () => keep({ leaving: true });
  window.addEventListener("pagehide", leave);

  async function fetchNearest(mine) {
    try {
      let found = await get(`${base}/${mine.id}/nearest`);
      while (found.state === "working" && isShown(mine)) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        found = await get(`${base}/${mine.id}/nearest`);
      }
      if (!isShown(mine)) return;
      const list = Array.isArray(found) ? found : (found.nearest ?? []);
      drawNearest(nearest, list, (one) =>
        one.case === undefined || one.case === null
          ? { src: url(`/projects/${project}/thumbs/${one.item}`), href: null }
          : { src: url(`${base}/${one.case}/thumb`), href: linkOf(one) },
      );
    } catch (error) {
      if (isShown(mine))
        fill(nearest, h("p", { class: "muted" }, [error.message, error.remedy].filter(Boolean).join(" ")));
    }
  }

  function verdict(one) {
    const [kind, short, long] = OUTCOMES[one.outcome] ?? ["", "", ""];
    const judged = one.status !== "out" && one.predicted;
    return [
      h(
        "div",
        { class: "panel-verdict" },
        judged &&
          short &&
          h(
            "span",
            { class: `verdict ${kind}` },
            kind === "right" ? "✓ " : "✕ ",
            short,
            long && h("small", {}, ` ${long}`),
          ),
        one.split === "train" && h("span", { class: "badge amber" }, "Training picture: not counted"),
        one.split === "unlabelled" && h("span", { class: "badge" }, "No label: not counted"),
        one.doubt && h("span", { class: "badge amber" }, "Label doubted"),
      ),
      h(
        "dl",
        { class: "panel-calls" },
        judged && h("div", {}, h("dt", {}, "Called"), h("dd", {}, words(one.predicted))),
        h("div", {}, h("dt", {}, "Truth"), h("dd", {}, words(one.truth) || "not known")),
      ),
    ];
  }

  function numbers(one) {
    if (one.status === "out") return refusalBox(one.reason);
    if (!Object.keys(one.p ?? {}).length)
      return h(
        "p",
        { class: "muted" },
        one.split === "train" ? "No held-out prediction: the model learned from this picture." : "No prediction.",
      );
    const several = Boolean(one.findings);
    const has = (field) =>
      Object.entries(one.findings ?? {})
        .filter(([, finding]) => finding[field])
        .map(([name]) => name);
    const cuts = one.asked && Number.isFinite(one.cut) ? { [one.asked]: one.cut } : {};
    return [
      cautions({ ...one, several }),
      probabilityBars({
        p: one.p,
        called: several ? has("called") : [one.predicted],
        truth: several ? has("truth") : [one.truth],
        cuts,
        whose: one.fold ? ", the threshold of its fold" : "",
      }),
    ];
  }

  return {
    element,
    doubt() {
      if (shown) {
        doubt.checked = !doubt.checked;
        keep();
        toast(doubt.checked ? "Marked: the label looks wrong." : "The mark is gone.");
      }
    },
    /** Shows what the list knows of a case at once; call again with what its own answer adds. */
    show(one, { more = false } = {}) {
      const same = shown?.id === one.id;
      if (!same) keep();
      shown = one;
      fill(told, verdict(one), numbers(one));
      if (!same) {
        const wish = left.get(one.id);
        text.value = wish?.text ?? one.note ?? "";
        doubt.checked = wish?.doubt ?? Boolean(one.doubt);
        kept.textContent = wish ? "Not saved" : "";
        fill(nearest, h("p", { class: "muted" }, "Looking among the training cases"));
        clearTimeout(timer);
        timer = setTimeout(() => fetchNearest(shown), DWELL_MS);
      }
      if (one.picture === false) {
        clearTimeout(timer);
        fill(nearest, h("p", { class: "muted" }, one.picture_reason));
      }
      const rows = [
        ["File", one.name],
        ["Patient", one.patient],
        [
          "Set",
          [one.split === "test" ? "held out" : one.split, one.fold && `fold ${one.fold}`].filter(Boolean).join(", "),
        ],
        ...(more ? factRows(one.facts) : []),
      ];
      fill(
        facts,
        rows
          .filter(([, value]) => value)
          .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
      );
    },
    destroy() {
      keep();
      window.removeEventListener("pagehide", leave);
      clearTimeout(timer);
      shown = null;
    },
  };
}

function factRows(facts) {
  return Object.entries(facts ?? {})
    .filter(([name, value]) => !name.startsWith("fold") && (typeof value === "string" || typeof value === "number"))
    .map(([name, value]) => [words(name).replace(/^./, (letter) => letter.toUpperCase()), value]);
}
