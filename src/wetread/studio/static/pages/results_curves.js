// Curves of numbers.json and history.csv. Means of training curves are over fits, as in the report.

import { get } from "../api.js";
import { lineChart } from "../charts.js";
import { counted, failed, fill, h, loading } from "../dom.js";
import { interval, phrase, two, words } from "../numbers.js";
import { stairs } from "../scales.js";

const SHARE = { label: "probability said" };
const TRUE = { label: "share that came true" };

/** Of one class three curves side by side (its ROC stands with the threshold); of several a section for each kind. */
export function curveSections(numbers) {
  const curves = numbers.curves ?? [];
  if (!curves.length) return [];
  const decisions = numbers.decision_curves ?? [];
  if (curves.length > 1) {
    const of = (list, draw) => h("div", { class: "small-charts" }, list.map(draw));
    const calibrated = curves.filter((curve) => reliability(numbers, curve).after.length);
    return [
      [
        "curves",
        "Curves",
        "Curves",
        [
          h("h3", {}, "ROC, with the area under it"),
          of(curves, (curve) => figure(rocChart(curve), curve.class, phraseOf(numbers, curve, "auroc"))),
          h("h3", {}, "Precision and recall, with average precision"),
          of(curves, (curve) => figure(precisionChart(curve, true), curve.class, phraseOf(numbers, curve, "auprc"))),
        ],
      ],
      calibrated.length && [
        "calibration",
        "Do probabilities mean what they say?",
        "Calibration",
        of(calibrated, (curve) =>
          figure(calibrationChart(numbers, curve, true), curve.class, slope(reliability(numbers, curve).facts)),
        ),
        `${CALIBRATION} Below each the slope: 1 is right, below 1 overconfident.`,
      ],
      decisions.length && [
        "decision",
        "Would acting by it help?",
        "Decision curve",
        of(decisions, (curve) => figure(decisionChart(curve, true), curve.class)),
        DECISION,
      ],
    ];
  }
  const [curve] = curves;
  const after = reliability(numbers, curve);
  return [
    [
      "curves",
      "Curves",
      "Curves",
      h(
        "div",
        { class: "charts three" },
        figure(
          precisionChart(curve),
          "Precision and recall.",
          `Average precision ${phrase(numbers.metrics?.auprc)}. Dotted: what calling everybody positive gives.${curve.precision_band?.length ? " The band is the 95 % interval of precision, point by point." : ""}`,
        ),
        after.after.length > 0 &&
          figure(
            calibrationChart(numbers, curve),
            "Do probabilities mean what they say?",
            `${CALIBRATION} ${calibrationWords(after.facts)}`,
          ),
        decisions.length > 0 && figure(decisionChart(decisions[0]), "Would acting by it help?", DECISION),
      ),
    ],
  ];
}

const CALIBRATION =
  "On the dotted line a picture called 30 % has it three times in ten. Bars are 95 % Wilson intervals.";
const DECISION =
  "Net benefit is cases found minus false alarms at the price that the threshold sets: who would act from 10 % on says that nine false alarms are no worse than one missed case. It helps where its line lies above both others.";

function figure(chart, name, text = "") {
  return h("figure", {}, chart, h("figcaption", {}, h("b", {}, words(name)), " ", text));
}

function phraseOf(numbers, curve, key) {
  const metric = numbers.per_class?.[curve.class]?.[key];
  return metric ? `${two(metric.value)} (${interval(metric)})` : "";
}

function rocChart(curve) {
  return lineChart({
    series: [{ points: curve.roc }],
    x: { label: "false alarms" },
    y: { label: "found" },
    diagonal: true,
    small: true,
    about: `ROC curve of ${words(curve.class)}`,
  });
}

function precisionChart(curve, small = false) {
  return lineChart({
    series: [{ points: stairs(curve.precision_recall), band: curve.precision_band, colour: 3 }],
    x: { label: "found (recall)" },
    y: { label: "right among those called (precision)" },
    guides: [{ y: curve.prevalence, label: small ? "" : "calling all of them" }],
    small,
    about: `Precision and recall of ${words(curve.class)}`,
  });
}

/** Points before and after calibration, and the measures that go with them, wherever this run keeps them. */
function reliability(numbers, curve) {
  const known = numbers.calibration?.[curve.class] ?? numbers.calibration ?? {};
  return { after: known.after?.curve ?? curve.reliability ?? [], before: known.before?.curve ?? null, facts: known };
}

function calibrationChart(numbers, curve, small = false) {
  const { after, before } = reliability(numbers, curve);
  const dots = after.map((one) => ({
    x: one.said,
    y: one.value,
    low: one.low,
    high: one.high,
    title: counted(one.n, "image"),
    radius: small ? 2.5 : 3.5,
  }));
  const series = [
    { name: small ? "" : "as used on this page", points: after.map((one) => [one.said, one.value]), dots, colour: 1 },
  ];
  if (before)
    series.push({
      name: small ? "" : "before calibration",
      points: before.map((one) => [one.said, one.value]),
      dashed: true,
      colour: 5,
    });
  return lineChart({
    series,
    x: { label: "probability said" },
    y: { label: "share that came true" },
    diagonal: true,
    small,
    about: `Calibration plot of ${words(curve.class)}`,
  });
}

function slope(facts) {
  return facts.slope === undefined ? "" : `slope ${two(facts.slope)}`;
}

function calibrationWords(facts) {
  if (facts.slope === undefined) return "";
  const value = facts.after?.slope ? phrase(facts.after.slope) : two(facts.slope);
  return `Slope ${value}; 1 is right, below 1 overconfident. Calibration error ${two(facts.ece)}; a perfectly calibrated model would show ${two(facts.ece_if_perfect)} on so few images.`;
}

function decisionChart(curve, small = false) {
  const top = 1.08 * Math.max(curve.prevalence, ...curve.high.filter(Number.isFinite));
  const pairs = (name) =>
    curve.thresholds.map((x, place) => [x, curve[name][place]]).filter(([, y]) => Number.isFinite(y));
  const band = curve.thresholds
    .map((x, place) => [x, curve.low[place], curve.high[place]])
    .filter(([, low]) => Number.isFinite(low));
  return lineChart({
    series: [
      { name: "by the model", points: pairs("model"), band, colour: 1 },
      { name: "treat everybody", points: pairs("all"), dashed: true, colour: 5 },
    ],
    x: { label: "probability from which one would act", min: 0, max: 1 },
    y: { label: "net benefit", min: -0.25 * top, max: top },
    guides: [{ y: 0, label: small ? "" : "treat nobody" }],
    small,
    legend: !small,
    about: `Decision curve of ${words(curve.class)}`,
  });
}

/** How the networks learnt, where there were any; fetched when it is opened. */
export function trainingSection(numbers, where, signal) {
  if (!numbers.models?.network) return null;
  const place = h("div", {});
  const load = async () => {
    if (place.dataset.state) return;
    place.dataset.state = "loading";
    fill(place, loading("Reading the history of training", 1));
    try {
      const { rows } = await get(`/projects/${where.project}/runs/${where.run}/history`, { signal });
      fill(
        place,
        trainingChart(rows) ??
          h(
            "p",
            { class: "muted" },
            "No network was trained in this run: frozen or classical features need no epochs.",
          ),
      );
    } catch (error) {
      delete place.dataset.state;
      if (error.name !== "AbortError") fill(place, failed(error, load));
    }
  };
  return [
    "training",
    "How it learnt",
    "Training",
    h("details", { ontoggle: load }, h("summary", {}, "Show the training curves"), place),
  ];
}

function trainingChart(rows) {
  const fits = new Map();
  for (const row of rows) {
    const key = [row.repeat, row.fold, row.inner].join(".");
    if (!fits.has(key)) fits.set(key, { train: [], held: [] });
    push(fits.get(key).train, row.epoch, row.train_loss);
    push(fits.get(key).held, row.epoch, row.val_loss);
  }
  const all = [...fits.values()];
  const train = meanByEpoch(all.map((fit) => fit.train));
  if (train.length < 2) return null;
  const held = meanByEpoch(all.map((fit) => fit.held));
  const every = all.flatMap((fit) => fit.train.map(([, loss]) => loss)).sort((one, other) => one - other);
  // One bad first epoch would flatten all others: the scale ends where nineteen of twenty fit in.
  const top =
    1.05 * Math.max(every[Math.floor(0.95 * (every.length - 1))], ...[...train, ...held].map(([, loss]) => loss));
  const series = [
    { name: "training", points: train, colour: 1 },
    held.length && { name: "held-out inner fold", points: held, dashed: true, colour: 5 },
    ...(all.length > 1 ? all.map((fit) => ({ points: fit.train, faint: true, colour: 1 })) : []),
  ].filter(Boolean);
  return h(
    "div",
    { class: "charts" },
    h(
      "figure",
      {},
      lineChart({
        series,
        x: { label: "pass over the images", min: 1, max: train.at(-1)[0] },
        y: { label: "error (nats)", min: 0, max: top },
        width: 520,
        height: 300,
        legend: true,
        about: "Training curves",
      }),
      h(
        "figcaption",
        {},
        `${all.length} ${all.length === 1 ? "network was" : "networks were"} trained, one for each division of the data (faint); their mean is drawn over them. Lower is better.`,
      ),
    ),
  );
}

function push(points, epoch, loss) {
  if (loss !== "" && loss !== null && loss !== undefined) points.push([Number(epoch), Number(loss)]);
}

function meanByEpoch(curves) {
  const sums = new Map();
  for (const [epoch, loss] of curves.flat()) {
    const [sum, count] = sums.get(epoch) ?? [0, 0];
    sums.set(epoch, [sum + loss, count + 1]);
  }
  return [...sums].map(([epoch, [sum, count]]) => [epoch, sum / count]).sort((one, other) => one[0] - other[0]);
}
