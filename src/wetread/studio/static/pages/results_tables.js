// Tables of numbers.json: measures, classes and findings, the ladder, subgroups; and the plan.

import { intervalBar } from "../charts.js";
import { counted, dataTable, h } from "../dom.js";
import {
  interval,
  measureTitle,
  MEASURES,
  percent,
  phrase,
  pValue,
  signed,
  took,
  two,
  unitsOf,
  words,
} from "../numbers.js";

const RUNGS = {
  prevalence: ["Prevalence", "always says the commonest class"],
  "file properties": ["Only file properties", "size, shape, bytes and format; never sees the picture"],
  classical: ["Classical features", "HOG, LBP, histogram and thumbnail with logistic regression"],
  frozen: ["Frozen backbone", "a network trained elsewhere, not changed here; logistic regression on what it sees"],
  combined: ["Backbone and classical features", "side by side, with logistic regression"],
  network: ["Network", "trained on these images"],
  ensemble: ["Ensemble", "the mean of the models above"],
  selected: ["Chosen inside the folds", "the procedure whose number heads this page"],
};
const MODELS = new Set(["classical", "frozen", "combined", "network", "ensemble", "selected"]);

function number(metric, say = two) {
  return metric && Number.isFinite(metric.value)
    ? [h("b", {}, say(metric.value)), h("small", { class: "tight" }, ` ${interval(metric, say)}`)]
    : h("small", { class: "muted" }, "not defined");
}

/** Every measure with its interval, on demand. */
export function measuresSection(numbers) {
  const names = Object.keys(numbers.metrics ?? {});
  if (!names.length) return null;
  const rows = names.map((name) => {
    const metric = numbers.metrics[name];
    return h(
      "tr",
      {},
      h("td", {}, measureTitle(name), h("br"), h("small", { class: "muted" }, MEASURES[name]?.[1] ?? "")),
      h("td", { class: "number" }, h("b", {}, two(metric.value))),
      h("td", { class: "tight" }, interval(metric)),
      h("td", { class: "line" }, metric.low >= 0 && metric.high <= 1 ? intervalBar(metric) : ""),
      h("td", { class: "number optional" }, metric.n),
      h("td", { class: "optional" }, h("small", { class: "muted" }, unitsOf(metric.method, numbers.n.patients))),
    );
  });
  const heads = [
    "Measure",
    { text: "Value", class: "number" },
    "95 % interval",
    { text: "0 to 1", class: "line" },
    { text: "n", class: "number optional" },
    { text: "Interval by", class: "optional" },
  ];
  const over = numbers.headline?.mean_over?.length
    ? " Means count each finding once (macro); micro pools all counts."
    : "";
  return [
    "measures",
    "The numbers",
    "All numbers",
    h(
      "details",
      {},
      h("summary", {}, `All ${names.length} measures with their intervals and how these were made`),
      dataTable("metrics", heads, rows),
    ),
    `${operatingWords(numbers)}${over}`,
  ];
}

function operatingWords({ operating_point: point, n, positive }) {
  if (!point) return "";
  const chosen = `The threshold was chosen by ${point.title ?? point.rule} on ${point.chosen_on}.`;
  return positive
    ? `${chosen} PPV and NPV hold for a prevalence of ${percent(n.per_class[positive] / n.images)}, that of this data set.`
    : chosen;
}

/** Class by class, or finding by finding, on one axis. */
export function classesSection(numbers) {
  const names = Object.keys(numbers.per_class ?? {});
  if (numbers.positive || names.length < 2) return null;
  const several = numbers.task === "multilabel";
  const mean = numbers.headline;
  const sorted = [...names].sort(
    (one, other) => (numbers.per_class[other].auroc?.value ?? -1) - (numbers.per_class[one].auroc?.value ?? -1),
  );
  const bar = (metric) =>
    metric && Number.isFinite(metric.value) ? intervalBar(metric, { min: 0.3, max: 1, chance: 0.5 }) : "";
  const rows = sorted.map((name) => {
    const row = numbers.per_class[name];
    return h(
      "tr",
      { data: { class: name } },
      h(
        "th",
        { scope: "row" },
        words(name),
        row.undefined ? h("small", {}, ` cannot be tested: ${row.undefined}`) : "",
      ),
      h("td", { class: "number" }, row.positive ?? row.images),
      h("td", {}, number(row.auroc)),
      h("td", { class: "line" }, bar(row.auroc)),
      ["sensitivity", "specificity", "ppv", "npv"].map((key) =>
        h("td", { class: "optional" }, number(row[key], percent)),
      ),
    );
  });
  const first = Number.isFinite(mean?.value)
    ? h(
        "tr",
        { class: "best" },
        h("th", { scope: "row" }, several ? "Mean of findings" : "Mean over classes (macro)"),
        h("td", { class: "number" }, several ? "" : numbers.n.images),
        h("td", {}, number(mean)),
        h("td", { class: "line" }, bar(mean)),
        h("td", { class: "optional", colspan: 4 }, microWords(numbers.metrics)),
      )
    : null;
  const heads = [
    several ? "Finding" : "Class",
    { text: several ? "With it" : "Images", class: "number" },
    "AUROC",
    { text: "0.3 to 1", class: "line" },
    ...["Sensitivity", "Specificity", "PPV", "NPV"].map((text) => ({ text, class: "optional" })),
  ];
  const aside = numbers.set_aside?.length
    ? h(
        "p",
        { class: "muted" },
        `Set aside, with too few cases to learn or to test: ${numbers.set_aside.map(words).join(", ")}.`,
      )
    : null;
  return [
    "classes",
    several ? "Finding by finding" : "Class by class",
    several ? "Findings, one by one" : "Classes",
    [dataTable("forest", heads, [first, ...rows]), aside],
    several
      ? "Each finding has its own threshold; images whose truth is not known for a finding do not count for it."
      : "Each class against the rest. The shorter the bar, the surer the number; dotted is guessing.",
  ];
}

function microWords(metrics = {}) {
  const parts = ["auroc_micro", "auprc_micro", "macro_f1", "right_decisions"]
    .filter((name) => metrics[name])
    .map((name) => [measureTitle(name), metrics[name]]);
  return h("small", { class: "muted" }, parts.map(([name, metric]) => `${name} ${phrase(metric)}`).join(" · "));
}

/** The rungs of the ladder: what each reaches, which was chosen, and why. */
export function ladderSection(results) {
  const { numbers } = results;
  const names = Object.keys(numbers.models ?? {});
  if (!names.length) return null;
  const told = results.rungs ?? {};
  const row = (name) => {
    const model = numbers.models[name];
    const [title, about] = told[name]
      ? [told[name].title, told[name].about]
      : (RUNGS[name] ?? [words(name).replace(/^./, (one) => one.toUpperCase()), `sees only ${model.sees}`]);
    const why = told[name]?.why;
    const shipped = numbers.shipped === name;
    return h(
      "tr",
      { class: name === "selected" ? "best" : MODELS.has(name) ? "" : "baseline", data: { rung: name } },
      h(
        "th",
        { scope: "row" },
        title,
        shipped && h("span", { class: "badge accent" }, "in the model you can use"),
        h("small", {}, about),
        why && h("small", { class: "why" }, why),
      ),
      h("td", {}, number(model.auroc)),
      h(
        "td",
        { class: "line" },
        model.auroc
          ? intervalBar(model.auroc, { min: 0.3, max: 1, chance: 0.5, colour: MODELS.has(name) ? 1 : 2 })
          : "",
      ),
      h("td", { class: "number optional" }, model.accuracy ? two(model.accuracy.value) : ""),
      h("td", { class: "number optional tight" }, took(model.seconds)),
    );
  };
  const blind = names.filter((name) => !MODELS.has(name));
  const able = names.filter((name) => MODELS.has(name));
  const heads = [
    "Model",
    "AUROC",
    { text: "0.3 to 1", class: "line" },
    { text: "Accuracy", class: "number optional" },
    { text: "Time", class: "number optional" },
  ];
  const gain = numbers.gain_over_file_properties;
  return [
    "ladder",
    "Is the effort worth it?",
    "The ladder",
    [
      dataTable("ladder", heads, able.map(row)),
      blind.length > 0 &&
        h(
          "details",
          {},
          h("summary", {}, `What ${blind.length} models reach that see little or no disease`),
          dataTable("ladder", heads, blind.map(row)),
          h("p", { class: "muted" }, sayFirstAlone(numbers)),
        ),
      gain &&
        h(
          "p",
          {},
          `Looking at the pictures brings ${signed(gain.value)} AUROC over the file properties (${signed(gain.low)} to ${signed(gain.high)}${gain.division ? ", in the first division alone" : ""})`,
          gain.low <= 0 && gain.high >= 0 ? h("b", {}, ": not more than chance could bring.") : ".",
        ),
      results.rule && h("p", { class: "muted" }, results.rule),
    ],
    "Each was tested on the same held-out images." +
      ((numbers.choices?.rule ?? "by gain") === "by gain"
        ? " A higher rung is used only where its gain over the simpler one is surely more than nothing."
        : ""),
  ];
}

/** What to set baselines beside that were tried in the first division only, while the model is averaged over several. */
export function sayFirstAlone(numbers) {
  const divisions = numbers.repeats?.auroc ?? [];
  return divisions.length > 1
    ? `They were tried in the first division of the data only, where the model alone reaches ${two(divisions[0])}; the models are averaged over ${divisions.length}.`
    : "";
}

/** The same numbers for parts of the patients, with the gap to the others. */
export function subgroupSection(numbers) {
  const tables = (numbers.subgroups ?? []).filter((one) => one.groups.length);
  if (!tables.length) return null;
  const measures = ["auroc", "sensitivity", "specificity", "accuracy"].filter((name) =>
    tables.some((one) => one.groups.some((group) => group[name])),
  );
  const gapOf = (group) =>
    Object.entries(group.gap ?? {}).map(([name, gap]) =>
      h(
        "div",
        {},
        `${measureTitle(name)} ${signed(gap.value)} `,
        h("small", { class: "tight" }, `(${signed(gap.low)} to ${signed(gap.high)}), p ${pValue(gap.p_holm)}`),
        gap.p_holm < 0.05 ? h("b", {}, " differs") : "",
      ),
    );
  const heads = [
    "Group",
    { text: "Images", class: "number" },
    ...measures.map(measureTitle),
    { text: "Against all others", class: "optional" },
  ];
  const row = (group) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, words(group.group)),
      h("td", { class: "number" }, group.n),
      group.too_few
        ? h("td", { colspan: measures.length + 1 }, h("small", { class: "muted" }, group.too_few))
        : [measures.map((name) => h("td", {}, number(group[name]))), h("td", { class: "optional" }, gapOf(group))],
    );
  return [
    "subgroups",
    "Is it worse for some?",
    "Subgroups",
    tables.map((one) =>
      h(
        "div",
        { class: "stack" },
        h(
          "h3",
          {},
          words(one.column),
          one.missing ? h("small", { class: "muted" }, ` not stated for ${counted(one.missing, "image")}`) : "",
        ),
        dataTable("subgroups", heads, one.groups.map(row)),
      ),
    ).concat(findingsByGroup(tables, gapOf)),
    "The same threshold for all. A group needs ten images with the finding and ten without; below that nothing is said. p is adjusted for all comparisons.",
  ];
}

/** The same for each finding, folded: a mean can hide one that is missed in a group. */
function findingsByGroup(tables, gapOf) {
  const measures = ["auroc", "sensitivity", "specificity"];
  const heads = [
    "Group",
    { text: "With it", class: "number" },
    ...measures.map(measureTitle),
    { text: "Against all others", class: "optional" },
  ];
  const row = (column, group, one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, `${words(column)}: ${words(group)}`),
      h("td", { class: "number" }, `${one.positive} of ${one.positive + one.negative}`),
      one.too_few
        ? h("td", { colspan: measures.length + 1 }, h("small", { class: "muted" }, one.too_few))
        : [measures.map((name) => h("td", {}, number(one[name]))), h("td", { class: "optional" }, gapOf(one))],
    );
  const names = Object.keys(tables[0].groups[0].by_finding ?? {});
  return names.map((name) => {
    const rows = tables.flatMap(({ column, groups }) => groups.map((one) => [column, one.group, one.by_finding[name]]));
    const sure = rows.flatMap(([, , one]) => Object.values(one.gap ?? {})).filter((gap) => gap.p_holm < 0.05).length;
    const said = rows.filter(([, , one]) => !one.too_few).length;
    return h(
      "details",
      {},
      h(
        "summary",
        {},
        h("b", {}, words(name)),
        said ? ` ${said} of ${rows.length} groups` : ` too few to say in any group`,
        sure ? `, ${sure} ${sure === 1 ? "gap" : "gaps"} more than chance among all findings` : "",
      ),
      dataTable(
        "subgroups",
        heads,
        rows.map((one) => row(...one)),
      ),
    );
  });
}

/** Every decision with its reason, in groups. */
export function planSection(groups) {
  const used = (groups ?? []).filter((one) => one.used);
  if (!used.length) return null;
  const row = ([name, value, reason]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", {}, value),
      h("td", { class: "optional" }, h("small", { class: "muted" }, reason)),
    );
  return [
    "plan",
    "What was decided, and why",
    "The plan",
    used.map((one) =>
      h(
        "details",
        { class: "group" },
        h("summary", {}, h("b", {}, one.title), h("span", { class: "small" }, ` ${one.digest}`)),
        dataTable("plan", ["Decision", "Value", { text: "Reason", class: "optional" }], one.decisions.map(row)),
      ),
    ),
  ];
}
