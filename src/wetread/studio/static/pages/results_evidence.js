// What was tried on the model beside counting: what it refuses, whether its heatmaps can be believed, tests elsewhere,
// and whether more cases would help.

import { get } from "../api.js";
import { intervalBar, lineChart } from "../charts.js";
import { counted, failed, fill, h, lamp } from "../dom.js";
import { canMake, extraOf, makeExtra } from "../extras.js";
import { interval, percent, two, words } from "../numbers.js";
import { findingSets } from "./results_sets.js";

const QUESTIONS = {
  weights: "Other weights, other map?",
  labels: "Other labels, other map?",
  deletion: "Do the hot places matter?",
  pointing: "Does the heat lie on the lesion?",
  repeat: "Same question, same map?",
  agreement: "Do other methods agree?",
  counterfactual: "Without the lesion, no heat?",
};
const VERDICTS = { pass: "green", fail: "red", "not run": "none" };

/** Which pictures the model answers with "I do not know such pictures". */
export function refusalSection(refusal, patients) {
  if (!refusal?.fitted) {
    return [
      "refusal",
      "What it refuses",
      "Refusal",
      h(
        "p",
        {},
        h("b", {}, "This model cannot refuse: it calls anything one of its classes."),
        ` Learning what to refuse takes ${patients ? "pictures of at least ten patients, and of a few more" : "at least ten images, each taken as a patient of its own, and a few more"} to try it on.`,
      ),
    ];
  }
  const { own, packs = [], sets = [], facts = {} } = refusal;
  const rows = packs.map((pack) =>
    h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        pack.title,
        pack.name === "mirrored" ? h("small", {}, `told in a note for ${pack.noted} of ${pack.n}, not refused`) : "",
      ),
      h(
        "td",
        {},
        h("b", {}, percent(pack.refused)),
        h("small", { class: "tight" }, ` ${interval(pack.interval, percent)}`),
      ),
      h("td", { class: "line" }, intervalBar(pack.interval, { chance: 0.95 })),
      h("td", { class: "number optional" }, pack.n),
    ),
  );
  const set = (one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, words(one.class)),
      h("td", { class: "number" }, one.n),
      h(
        "td",
        {},
        one.range ? `${percent(one.range[0])} to ${percent(one.range.at(-1))}` : h("small", {}, "too few to say"),
      ),
      h("td", { class: "number" }, percent(one.covered)),
      h("td", { class: "number" }, percent(one.unsure)),
    );
  return [
    "refusal",
    "What it refuses",
    "Refusal",
    [
      h(
        "p",
        {},
        `Of ${counted(own.n, "tested image")} of its own kind it would refuse `,
        h("b", {}, percent(own.refused)),
        ` (${interval(own.out, percent)}). They count in every number all the same.`,
        facts.extrapolated
          ? ` With ${patients ? counted(facts.patients, "patient") : `${counted(facts.patients, "image")}, each taken as a patient of its own,`} the limits reach beyond what was seen, so that rate is less certain than it looks.`
          : "",
      ),
      h(
        "div",
        { class: "wide" },
        h(
          "table",
          { class: "tried" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["What was tried on it", "Refused"].map((text) => h("th", { scope: "col" }, text)),
              h("th", { scope: "col", class: "line" }, "0 to 100 %"),
              h("th", { scope: "col", class: "number optional" }, "Pictures"),
            ),
          ),
          h("tbody", {}, rows),
        ),
      ),
      sets.length > 0 &&
        h(
          "details",
          {},
          h("summary", {}, "When it is unsure: the classes a picture may belong to"),
          h(
            "p",
            { class: "muted" },
            "It can name all classes a picture may belong to, so that the true one is among them nine times in ten. Two or more mean unsure.",
          ),
          h(
            "div",
            { class: "wide" },
            h(
              "table",
              {},
              h(
                "thead",
                {},
                h(
                  "tr",
                  {},
                  ["Class", "Cases", "Promised range", "Held in folds", "Unsure"].map((text) =>
                    h("th", { scope: "col" }, text),
                  ),
                ),
              ),
              h("tbody", {}, sets.map(set)),
            ),
          ),
        ),
      findingSets(refusal),
    ],
    `Every new picture is compared with the training pictures, by ${refusal.sees}, before it is judged. What is too far from all of them gets no answer and no percentage.`,
  ];
}

/** Which tests the heatmaps pass. */
export function explanationSection(found) {
  const methods = found?.methods ?? [];
  if (!methods.length) return null;
  const verdict = (trial) =>
    h(
      "td",
      {},
      h("span", { class: "verdict" }, lamp(VERDICTS[trial?.verdict] ?? "none", ""), trial?.verdict ?? "not run"),
      methods.length <= 2 && trial?.verdict !== "not run" && h("small", {}, trial?.sentence ?? ""),
    );
  const rows = Object.entries(QUESTIONS).map(([name, question]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, question),
      methods.map((one) => verdict(one.trials.find((trial) => trial.name === name))),
    ),
  );
  return [
    "explanations",
    "Can the heatmaps be believed?",
    "Heatmaps",
    [
      h(
        "p",
        {},
        methods.map((one, number) => [
          number ? "; " : "",
          h("b", {}, one.title),
          one.rung ? ` of ${words(one.rung)}` : "",
          ` ${one.badge}`,
          one.badge === "not tested" ? "" : " tests",
          one.counts ? "" : " (another model than the one chosen)",
        ]),
        ".",
      ),
      h(
        "details",
        {},
        h("summary", {}, "Test by test"),
        h(
          "div",
          { class: "wide" },
          h(
            "table",
            { class: "trials" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                h("th", { scope: "col" }, "Test"),
                methods.map((one) => h("th", { scope: "col" }, one.title)),
              ),
            ),
            h("tbody", {}, rows),
          ),
        ),
      ),
    ],
    "A passed test proves nothing about disease; a failed one means: do not argue with this map.",
  ];
}

/** Tests on data from elsewhere. */
export function externalSection(tests) {
  if (!tests?.length) {
    return [
      "external",
      "Tested elsewhere",
      "Elsewhere",
      h(
        "p",
        {},
        "Not yet. All images come from one collection; at another hospital, with another device, numbers usually fall. ",
        h("code", {}, "wetread evaluate RUN NEW_DATA"),
        " tests the model there.",
      ),
    ];
  }
  const row = (one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, one.name, h("small", {}, `${one.estimate}, gate ${one.gate}`)),
      h("td", { class: "number" }, one.images),
      h("td", {}, h("b", {}, two(one.auroc.value)), h("small", { class: "tight" }, ` ${interval(one.auroc)}`)),
      h("td", { class: "line" }, intervalBar(one.auroc, { min: 0.3, max: 1, chance: 0.5 })),
      h("td", {}, one.verdict),
    );
  const heads = [
    "Data",
    { text: "Images", class: "number" },
    "AUROC there",
    { text: "0.3 to 1", class: "line" },
    "What it says",
  ];
  return [
    "external",
    "Tested elsewhere",
    "Elsewhere",
    h(
      "div",
      { class: "wide" },
      h(
        "table",
        { class: "external" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((head) => h("th", { scope: "col", class: head.class ?? null }, head.text ?? head)),
          ),
        ),
        h("tbody", {}, tests.map(row)),
      ),
    ),
  ];
}

/** How many more cases would help: the forecast, or a button that computes it. */
export function forecastSection(curve, where, context) {
  const place = h("div", { class: "stack" });
  const content = curve ? forecast(curve) : askForecast(place, where, context);
  if (!place.hasChildNodes()) fill(place, content); // one that is already being made has drawn itself
  return ["learning-curve", `How many more ${curve?.unit ?? "patients"}?`, "More cases?", place];
}

function askForecast(place, where, context) {
  const about = h(
    "p",
    {},
    "Not computed yet. It fits a simple model again on a part of the cases, then on more and more of them, and looks where the curve goes.",
  );
  if (!canMake(context))
    return [about, h("p", {}, h("code", {}, "wetread learning-curve RUN"), " computes it in the terminal.")];
  const start = async () => {
    const line = h("p", { class: "muted", role: "status" }, "Starting");
    fill(place, about, line, h("progress", { "aria-label": "Computing the learning curve" }));
    try {
      const last = await makeExtra(context, "learning-curve", (text) => (line.textContent = text));
      if (context.signal.aborted) return;
      const { learning_curve: curve } = await get(`/projects/${where.project}/runs/${where.run}/results`, {
        signal: context.signal,
      });
      const why = {
        message: errorWords(last) || "The learning curve could not be made.",
        remedy: "The other results are not touched by this.",
      };
      fill(place, curve ? forecast(curve) : failed(why, start));
    } catch (error) {
      if (error.name !== "AbortError") fill(place, failed(error, start));
    }
  };
  if (["queued", "running"].includes(extraOf(context.runs, context.run, "learning-curve")?.state)) start();
  return [
    about,
    h("p", {}, h("button", { class: "button", type: "button", onclick: start }, "Compute the learning curve")),
  ];
}

function errorWords(extra) {
  return typeof extra?.error === "string"
    ? extra.error
    : [extra?.error?.message, extra?.error?.remedy].filter(Boolean).join(" ");
}

function forecast(curve) {
  if (!curve.points?.length) return h("p", {}, h("b", {}, curve.sentence));
  const now = curve.groups;
  const part = (kept) => curve.curve.filter(kept);
  const seen = part((point) => point.groups <= now);
  const beyond = part((point) => point.groups >= now);
  const line = (points) => ({
    points: points.map((one) => [one.groups, one.value]),
    band: points.map((one) => [one.groups, one.low, one.high]),
  });
  const lowest = Math.min(...curve.curve.map((one) => one.low), ...curve.points.map((one) => one.draws[0]));
  const bottom = lowest < 0.6 ? Math.max(0, Math.min(0.5, lowest)) : Math.floor(10 * lowest) / 10;
  const chart = lineChart({
    series: [
      {
        name: "measured by refitting",
        ...line(seen),
        colour: 1,
        dots: curve.points.map((one) => ({
          x: one.groups,
          y: one.value,
          low: one.draws[0],
          high: one.draws.at(-1),
          title: `${one.groups} ${curve.unit}: ${two(one.value)}`,
        })),
      },
      { name: "forecast", ...line(beyond), dashed: true, colour: 5 },
    ],
    x: { label: `${curve.unit} in the training set`, min: 0, max: 2 * now },
    y: { label: curve.metric, min: bottom, max: 1 },
    guides: [{ x: now, label: `all ${now} of this run` }],
    width: 520,
    height: 320,
    about: `Learning curve: ${curve.sentence}`,
  });
  return [
    h("p", {}, h("b", {}, curve.sentence)),
    h(
      "div",
      { class: "charts" },
      h(
        "figure",
        {},
        chart,
        h(
          "figcaption",
          {},
          `Shaded: ${percent(curve.level)} band. Refitted was a simple head, not a network: a network may gain more. The forecast holds for more cases of the same kind, from the same place, to twice as many and no further.`,
        ),
      ),
    ),
  ];
}
