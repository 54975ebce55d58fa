// Where to draw the line: a slider over the thresholds of the operating table, and everything that follows from one.
// All rates and intervals come from the server; here they are only shown.

import { announce } from "./announce.js";
import { get } from "./api.js";
import { intervalBar, lineChart, movePoint } from "./charts.js";
import { casesPath, confusionMatrix, rowsOfTwo } from "./confusion.js";
import { failed, fill, h, loading } from "./dom.js";
import { query, setQuery } from "./location.js";
import { MEASURES, operatingSentence, percent, tied, two, unitOf, words } from "./numbers.js";
import { nearest } from "./scales.js";

const OWN = ["sensitivity", "specificity"];
const PREDICTIVE = ["ppv", "npv"];
const WAIT_MS = 140;

/** The share of tested images that have a class, as this data set has it. */
export function ownPrevalence({ tp, fn, fp, tn }) {
  return (tp + fn) / (tp + fn + fp + tn || 1);
}

/** The panel of a run, `where` = {project, run}. Its state stands in the address: class, threshold, prevalence. */
export function operatingPanel({ where, numbers, signal }) {
  const classes = numbers.positive
    ? [numbers.positive]
    : Object.keys(numbers.per_class ?? {}).filter((name) => numbers.per_class[name].auroc);
  const asked = query();
  const state = {
    name: classes.includes(asked.class) ? asked.class : classes[0],
    threshold: Number.parseFloat(asked.threshold),
    prevalence: Number.parseFloat(asked.prevalence),
    table: null,
    ticket: 0,
    timer: null,
  };
  const root = h("div", { class: "operating", data: { state: "loading" } });
  const base = `/projects/${where.project}/runs/${where.run}`;

  async function load() {
    fill(root, loading("Reading the table of thresholds", 2));
    root.dataset.state = "loading";
    try {
      state.table = await get(`${base}/operating?class=${encodeURIComponent(state.name)}`, { signal });
      draw();
    } catch (error) {
      if (error.name !== "AbortError") {
        fill(root, failed(error, load));
        root.dataset.state = "error";
      }
    }
  }

  function draw() {
    const { rows } = state.table;
    if (!rows.length) {
      fill(root, h("p", { class: "muted" }, "Too few tested images to move a threshold."));
      root.dataset.state = "too-little";
      return;
    }
    const parts = controls(state, classes, rows);
    const shown = {
      spoken: h("p", { class: "spoken" }),
      matrix: h("div", {}),
      rates: h("div", {}),
      predictive: h("div", {}),
      roc: rocChart(numbers, state),
    };
    const prevalence = h("input", {
      type: "number",
      min: 0.1,
      max: 99.9,
      step: "any",
      id: "prevalence",
      "aria-describedby": "prevalence-about",
    });
    fill(
      root,
      parts.element,
      shown.spoken,
      h(
        "div",
        { class: "line-grid" },
        h(
          "div",
          { class: "stack at-matrix" },
          h("h3", {}, "Every tested image"),
          shown.matrix,
          h("p", { class: "muted small" }, "Open a cell to see its images."),
        ),
        h(
          "div",
          { class: "stack at-rates" },
          h("h3", {}, "Rates, with 95 % intervals"),
          shown.rates,
          h(
            "label",
            { class: "prevalence", for: "prevalence" },
            `Where ${words(state.name)} is present in`,
            h("span", { class: "row" }, prevalence, "%"),
          ),
          shown.predictive,
          h(
            "p",
            { class: "muted small", id: "prevalence-about" },
            "Type how common it is where the model would be used: PPV and NPV hang on that.",
          ),
        ),
        h(
          "figure",
          { class: "at-roc" },
          shown.roc,
          h(
            "figcaption",
            {},
            "The ring is where you stand, with its 95 % intervals; dotted is guessing. The band is for sensitivity, point by point.",
          ),
        ),
      ),
    );
    const view = { state, numbers, where, base, signal, shown, parts, prevalence };
    parts.onmove = (threshold) => {
      state.threshold = threshold;
      remember(state);
      update(view, true);
    };
    parts.onclass = (name) => {
      state.name = name;
      state.threshold = NaN;
      state.prevalence = NaN;
      remember(state);
      load();
    };
    prevalence.addEventListener("input", () => {
      state.prevalence = prevalence.valueAsNumber / 100;
      remember(state);
      update(view, true);
    });
    update(view, false);
    root.dataset.state = "ready";
  }

  if (classes.length) load();
  else fill(root, h("p", { class: "muted" }, "No class has enough tested cases on both sides."));
  return root;
}

function remember(state) {
  const short = (value) => (Number.isFinite(value) ? Number(value.toFixed(6)) : null);
  setQuery({ class: state.name, threshold: short(state.threshold), prevalence: short(state.prevalence) });
}

function controls(state, classes, rows) {
  const parts = { onmove: null, onclass: null };
  const slider = h("input", {
    type: "range",
    min: 0,
    max: rows.length - 1,
    step: 1,
    id: "cut",
    "aria-label": "Threshold",
  });
  const field = h("input", {
    type: "number",
    min: 0,
    max: 1,
    step: "any",
    placeholder: "auto",
    "aria-label": "Threshold, as a number",
  });
  const points = [
    { title: "As tested", threshold: NaN },
    ...state.table.points.map((one) => ({ ...one, title: shortName(one.name) })).filter((one) => !one.main),
  ];
  const buttons = points.map((one) =>
    h(
      "button",
      {
        class: "button small",
        type: "button",
        "aria-pressed": "false",
        title: one.name ?? state.table.chosen.name,
        onclick: () => parts.onmove(one.threshold),
      },
      one.title,
    ),
  );
  slider.addEventListener("input", () => parts.onmove(rows[slider.valueAsNumber].threshold));
  field.addEventListener("change", () => Number.isFinite(field.valueAsNumber) && parts.onmove(field.valueAsNumber));
  parts.element = h(
    "div",
    { class: "line-controls card" },
    classes.length > 1 &&
      h(
        "label",
        { class: "row" },
        h("span", {}, "Class"),
        h(
          "select",
          { onchange: (event) => parts.onclass(event.target.value) },
          classes.map((name) => h("option", { value: name, selected: name === state.name }, words(name))),
        ),
      ),
    h(
      "div",
      { class: "slide" },
      h("label", { for: "cut" }, `Call it ${words(state.name)} from a probability of`),
      field,
      slider,
      h(
        "span",
        { class: "ends muted", "aria-hidden": "true" },
        h("span", {}, "calls all of them"),
        h("span", {}, "calls none"),
      ),
    ),
    h("div", { class: "row", role: "group", "aria-label": "Named thresholds" }, buttons),
    h(
      "p",
      { class: "muted small held-out" },
      `Held-out images only: ${state.table.n.toLocaleString("en-GB")} that the judging model had never seen. Training images are not counted. ${state.table.note ?? ""}`,
    ),
  );
  parts.show = (row, tested) => {
    const at = row ? row.threshold : null;
    slider.value = row ? rows.indexOf(row) : Math.floor(rows.length / 2);
    slider.setAttribute("aria-valuetext", at === null ? "the most probable class" : two(at));
    if (document.activeElement !== field) field.value = at === null ? "" : String(Number(at.toFixed(3)));
    const near = tested
      ? 0
      : points.findIndex((one) => Number.isFinite(one.threshold) && nearest(rows, "threshold", one.threshold) === row);
    buttons.forEach((button, number) => button.setAttribute("aria-pressed", String(number === near)));
  };
  return parts;
}

function rocChart(numbers, state) {
  const curve = numbers.curves?.find((one) => one.class === state.name);
  const band = state.table.rows
    .filter((row) => row.specificity && row.sensitivity)
    .map((row) => [1 - row.specificity.value, row.sensitivity.low, row.sensitivity.high])
    .sort((one, other) => one[0] - other[0] || one[1] - other[1]); // upwards where the curve is: no spikes
  const points =
    curve?.roc ?? state.table.rows.map((row) => [1 - row.specificity.value, row.sensitivity.value]).reverse();
  return lineChart({
    series: [{ name: words(state.name), points, band, colour: 1 }],
    x: { label: "false alarms (1 − specificity)" },
    y: { label: "found (sensitivity)" },
    diagonal: true,
    width: 380,
    height: 340,
    about: `ROC curve of ${words(state.name)}; the rates stand in the table beside it`,
  });
}

function update(view, moved) {
  const { state, numbers, where, shown, parts } = view;
  const { chosen, rows } = state.table;
  const tested = !Number.isFinite(state.threshold);
  const at = tested ? chosen.threshold : state.threshold;
  const row = Number.isFinite(at) ? nearest(rows, "threshold", at) : null; // without one: the most probable class
  const known = tested ? chosen : row;
  const typed = Number.isFinite(state.prevalence);
  parts.show(row, tested);
  fill(
    shown.matrix,
    confusionMatrix(
      rowsOfTwo(namesOfTwo(numbers, state.name), known),
      doorOf(where, numbers, state, tested ? null : row.threshold),
      { said: true },
    ),
  );
  const sentence = operatingSentence(known, state.name, unitOf(numbers.n));
  fill(shown.spoken, tied(sentence));
  if (moved) announce(sentence);
  if (known.sensitivity && known.specificity) {
    movePoint(shown.roc, {
      x: 1 - known.specificity.value,
      y: known.sensitivity.value,
      xLow: 1 - known.specificity.high,
      xHigh: 1 - known.specificity.low,
      yLow: known.sensitivity.low,
      yHigh: known.sensitivity.high,
      title: sentence,
    });
  }
  if (document.activeElement !== view.prevalence)
    view.prevalence.value = Number((100 * (typed ? state.prevalence : ownPrevalence(known))).toFixed(1));
  fill(shown.rates, ratesTable(OWN, known, "nothing to count"));
  state.ticket += 1; // an answer that is still on its way belongs to an earlier place of the slider
  if (tested && !typed) {
    fill(shown.predictive, ratesTable(PREDICTIVE, known, "nothing to count"));
  } else {
    askPredictive(view, tested ? null : row.threshold, typed ? state.prevalence : ownPrevalence(known));
  }
}

/** PPV and NPV at a prevalence, a moment after the last change. */
function askPredictive(view, threshold, prevalence) {
  const { state, base, signal, shown } = view;
  const mine = state.ticket;
  clearTimeout(state.timer);
  if (!(prevalence > 0 && prevalence < 1)) {
    fill(shown.predictive, ratesTable(PREDICTIVE, {}, "type more than 0 and less than 100"));
    return;
  }
  state.timer = setTimeout(async () => {
    const path = `${base}/ppv?class=${encodeURIComponent(state.name)}${threshold === null ? "" : `&threshold=${threshold}`}&prevalence=${prevalence}`;
    const found = await get(path, { signal }).catch((error) => ({ error }));
    if (mine === state.ticket && shown.predictive.isConnected) {
      fill(shown.predictive, ratesTable(PREDICTIVE, found, found.error ? found.error.message : "nothing to count"));
    }
  }, WAIT_MS);
}

function ratesTable(names, known, instead) {
  return h(
    "table",
    { class: "rates" },
    h(
      "tbody",
      {},
      names.map((name) => {
        const metric = known[name];
        const there = metric && Number.isFinite(metric.value);
        return h(
          "tr",
          { data: { rate: name } },
          h("th", { scope: "row" }, MEASURES[name][0], h("small", {}, MEASURES[name][1])),
          h(
            "td",
            {},
            there
              ? [
                  h("b", {}, percent(metric.value)),
                  h("small", {}, ` ${percent(metric.low)} to ${percent(metric.high)}`),
                  intervalBar(metric),
                ]
              : h("small", { class: "muted" }, instead),
          ),
        );
      }),
    ),
  );
}

/** "a sensitivity of at least 0.95" -> "Sensitivity of at least 0.95", without what stands in brackets. */
export function shortName(name) {
  return String(name)
    .replace(/\s*\(.*\)$/, "")
    .replace(/^(an?|the) /, "")
    .replace(/^./, (letter) => letter.toUpperCase());
}

/** The two sides of a class: its name, and the other class or "not NAME". */
export function namesOfTwo(numbers, name) {
  const other = numbers.task === "binary" ? numbers.classes.find((one) => one !== name) : null;
  return [name, other ?? `not ${name}`];
}

/** Cells of two classes go by truth and call; cells of one finding among several by outcome. */
function doorOf({ project, run }, numbers, state, threshold) {
  const shown = threshold === null ? null : Number(threshold.toFixed(6));
  const outcome = (cell) => (cell.truth === state.name ? (cell.right ? "tp" : "fn") : cell.right ? "tn" : "fp");
  return (cell) =>
    casesPath(
      project,
      run,
      numbers.task === "binary"
        ? { truth: cell.truth, predicted: cell.called, threshold: shown }
        : { finding: state.name, outcome: outcome(cell), threshold: shown },
    );
}
