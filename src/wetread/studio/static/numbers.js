// How numbers are said: pure text, no DOM. Nothing is estimated here; every value and limit comes from the server.

/** Two decimals, and more where two would turn something below 1 into 1.00: 0.9996 is not perfect. */
export function two(value) {
  if (!Number.isFinite(value)) return "–";
  for (const decimals of [2, 3, 4]) {
    const text = value.toFixed(decimals);
    if (Number(text) < 1 || value >= 1) return minus(text);
  }
  return "0.9999";
}

/** With its sign; a third decimal where two would show a small difference as zero. */
export function signed(value) {
  if (!Number.isFinite(value)) return "–";
  const text = value.toFixed(Math.abs(value) >= 0.005 || value === 0 ? 2 : 3);
  if (Number(text) === 0) return "0.00";
  return minus(value > 0 ? `+${text}` : text);
}

/** "0.80 to 0.91"; empty where there is no interval. */
export function interval(metric, say = two) {
  return metric && Number.isFinite(metric.low) && Number.isFinite(metric.high)
    ? `${say(metric.low)} to ${say(metric.high)}`
    : "";
}

/** A share in whole per cent; a decimal below ten, and where a large one would become all. As `say_percent` does it. */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  if (share >= 0.9995 && share < 1) return "> 99.9 %";
  const fine = share < 0.0995 || (share >= 0.995 && share < 1);
  return `${Number((100 * share).toFixed(fine ? 1 : 0))} %`;
}

/** A share of resamples, which proves nothing certain or impossible. As `say_chance` does it. */
export function chance(share) {
  if (!Number.isFinite(share)) return "–";
  return share < 0.01 ? "< 1 %" : share > 0.99 ? "> 99 %" : percent(share);
}

/** A share as a count out of 100, for sentences: never 100 nor 0 unless it is, and there as `percent` says it. */
export function outOf100(share) {
  if (!Number.isFinite(share)) return "–";
  const whole = Math.round(100 * share);
  if ((whole > 0 || share <= 0) && (whole < 100 || share >= 1)) return String(whole);
  return String(Math.min(99.9, Math.max(0.1, Number((100 * share).toFixed(1)))));
}

/** "86 (77 to 92)" out of 100; `turned` for the share that is left, whose limits change places. */
export function countOf100(metric, turned = false) {
  if (!metric || !Number.isFinite(metric.value)) return "–";
  const [value, low, high] = turned
    ? [1 - metric.value, 1 - metric.high, 1 - metric.low]
    : [metric.value, metric.low, metric.high];
  const limits = Number.isFinite(low) && Number.isFinite(high) ? ` (${outOf100(low)} to ${outOf100(high)})` : "";
  return `${outOf100(value)}${limits}`;
}

/** A class name as words: no_effusion -> no effusion. */
export function words(name) {
  return String(name ?? "").replaceAll("_", " ");
}

/** What a threshold means, in counts out of 100: finding, missing, and false alarms, each with its interval. */
export function operatingSentence({ sensitivity, specificity }, name, unit = "images") {
  const parts = [];
  if (sensitivity && Number.isFinite(sensitivity.value)) {
    parts.push(`Out of 100 ${unit} with ${words(name)} it finds ${countOf100(sensitivity)}.`);
  }
  if (specificity && Number.isFinite(specificity.value)) {
    parts.push(`Out of 100 without, it raises ${countOf100(specificity, true)} false alarms.`);
  }
  return parts.join(" ");
}

/** The same sentence with intervals that no line end tears apart. */
export function tied(sentence) {
  return sentence.replace(/\([^)]+\)/g, (limits) => limits.replaceAll(" ", "\u00a0"));
}

/** Whether a case is a patient (one image each) or an image: rates count images. */
export function unitOf(n) {
  return n && n.patients && n.patients === n.images ? "patients" : "images";
}

/** How an interval was found; where patients are not known a picture, with its copies, was taken as one of its own. */
export function unitsOf(method, patients) {
  return patients ? method : method?.replaceAll("patients", "different pictures").replaceAll("patient", "picture");
}

/** Seconds as a person would say them. */
export function took(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Bytes as a person would say them. */
export function size(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} bytes`;
  const powers = ["kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 3);
  const value = bytes / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${powers[power - 1]}`;
}

/** A p value as text. */
export function pValue(p) {
  return !Number.isFinite(p) ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** How measures are called; the last word of a family in plain language first. */
export const MEASURES = {
  auroc: ["AUROC", "how well cases are ranked: 0.5 is guessing, 1 never wrong"],
  accuracy: ["Accuracy", "share of images called rightly"],
  right_decisions: ["Right decisions", "share of findings called rightly"],
  sensitivity: ["Sensitivity", "of those with it, how many are found"],
  specificity: ["Specificity", "of those without it, how many are left in peace"],
  ppv: ["PPV", "of those called, how many have it"],
  npv: ["NPV", "of those not called, how many do not have it"],
  balanced_accuracy: ["Balanced accuracy", "mean over classes of the share found"],
  macro_f1: ["Macro F1", "mean over classes of precision and recall together"],
  f1: ["F1", "precision and recall together"],
  kappa: ["Cohen's kappa", "agreement beyond chance: 0 none, 1 perfect"],
  auprc: ["Average precision", "depends on how common the finding is"],
  auroc_micro: ["Micro AUROC", "all classes or findings pooled"],
  auprc_micro: ["Micro average precision", "all classes or findings pooled"],
  brier: ["Brier score", "error of the probabilities, 0 is perfect"],
  ece: ["Calibration error", "how far probabilities lie from what came true"],
  log_loss: ["Log loss", "error of the probabilities in nats, 0 is perfect"],
  exact_match: ["All findings right", "share of images with no wrong finding"],
};

/** A measure as its title. */
export function measureTitle(name) {
  return MEASURES[name]?.[0] ?? words(name).replace(/^./, (letter) => letter.toUpperCase());
}

/** Value with interval in one phrase. */
export function phrase(metric, say = two) {
  if (!metric || !Number.isFinite(metric.value)) return "not defined";
  const limits = interval(metric, say);
  return limits ? `${say(metric.value)} (${limits})` : say(metric.value);
}

function minus(text) {
  return text.replace("-", "−");
}
