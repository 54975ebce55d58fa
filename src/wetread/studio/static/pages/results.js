// What a run found: the held-out number in plain words first, then whether it may be believed, then everything else.

import { get, post, url } from "../api.js";
import { intervalBar } from "../charts.js";
import { casesPath, confusionMatrix, matrixRows } from "../confusion.js";
import { counted, empty, failed, fill, h, loading, runName } from "../dom.js";
import { findingList, gateCard, notShown, trustLights } from "../lights.js";
import { go, pathOf } from "../location.js";
import { countOf100, interval, operatingSentence, tied, two, unitOf, words } from "../numbers.js";
import { operatingPanel } from "../operating.js";
import { follow, LIVE, livePanel } from "../run_live.js";
import { toastError } from "../toast.js";
import { curveSections, trainingSection } from "./results_curves.js";
import { explanationSection, externalSection, forecastSection, refusalSection } from "./results_evidence.js";
import { classesSection, ladderSection, measuresSection, planSection, subgroupSection } from "./results_tables.js";

export const title = "Results";

const UNFINISHED = {
  stopped: ["This run was stopped.", "What was trained so far is kept: it goes on from there."],
  interrupted: [
    "This run was interrupted.",
    "The computer or the program ended before it did. It goes on where it stood; one pass over the images is lost at most.",
  ],
  failed: ["This run failed.", ""],
};

/** Draws the page of a run, whatever became of it. */
export async function show(root, context) {
  const run = context.runs.find((one) => one.id === context.run) ?? { id: context.run, status: "finished" };
  const heading = h("h1", {}, "Results ", h("small", { class: "muted" }, runName(run)));
  root.dataset.state = run.status;
  if (LIVE.has(run.status)) return showLive(root, context, heading);
  if (run.status !== "finished") return showUnfinished(root, context, run, heading);
  fill(root, heading, loading("Reading the results", 4));
  try {
    const results = await get(`/projects/${context.project}/runs/${context.run}/results`, { signal: context.signal });
    drawResults(root, context, results, heading);
  } catch (error) {
    if (error.name === "AbortError") return;
    root.dataset.state = "error";
    fill(
      root,
      heading,
      failed(error, () => show(root, context)),
    );
  }
}

function showLive(root, context, heading) {
  const panel = livePanel();
  fill(
    root,
    heading,
    h(
      "p",
      { class: "muted" },
      "This run is still going on. Its results appear here when it is done; closing this page does not stop it.",
    ),
    h(
      "section",
      { class: "card live-card" },
      panel.element,
      context.project !== "terminal" &&
        h(
          "p",
          {},
          h("a", { class: "button", href: pathOf("build", context.project) }, "Watch or stop it on the Build page"),
        ),
    ),
  );
  follow(context.project, context.run, panel.update, context.signal).then(
    async () => {
      if (context.signal.aborted) return;
      await context.refresh();
      await show(root, context);
    },
    (error) =>
      error.name === "AbortError" ||
      fill(
        root,
        heading,
        failed(error, () => show(root, context)),
      ),
  );
}

function showUnfinished(root, context, run, heading) {
  const [what, more] = UNFINISHED[run.status] ?? UNFINISHED.failed;
  const error = typeof run.error === "string" ? { message: run.error } : (run.error ?? {});
  const resume = h(
    "button",
    {
      class: "button primary",
      type: "button",
      onclick: async () => {
        resume.disabled = true;
        try {
          await post(`/projects/${context.project}/runs/${context.run}/resume`);
          await context.refresh();
          await show(root, context);
        } catch (failure) {
          resume.disabled = false;
          toastError(failure);
        }
      },
    },
    "Go on with it",
  );
  const terminal = context.project === "terminal";
  fill(
    root,
    heading,
    h(
      "div",
      { class: run.status === "failed" ? "error" : "notice amber run-ended" },
      h("h2", {}, what),
      h("p", {}, [error.message, error.remedy, more].filter(Boolean).join(" ")),
      h(
        "p",
        { class: "row" },
        terminal
          ? h("code", {}, "wetread run … --resume")
          : [resume, h("a", { class: "button", href: pathOf("build", context.project) }, "To the Build page")],
      ),
    ),
  );
}

function drawResults(root, context, results, heading) {
  const { numbers } = results;
  if (!numbers?.n?.images) {
    root.dataset.state = "too-little";
    fill(
      root,
      heading,
      empty(
        "Too little data to test.",
        "No image could be held out and tested. Add images of more patients, then train again.",
        h("a", { class: "button", href: pathOf("build", context.project) }, "To the Build page"),
      ),
    );
    return;
  }
  const where = { project: context.project, run: context.run };
  const parts = sections(results, where, context);
  const body = h(
    "div",
    { class: "result-body" },
    hero(results, (code) => arrive(document.getElementById(`finding-${code}`))),
    h(
      "div",
      { class: "believe" },
      results.trust?.length
        ? trustLights(results.trust, () => arrive(document.getElementById("learning-curve")))
        : null,
      results.not_shown?.length ? notShown(results.not_shown) : null,
    ),
    parts.map((part) => part.element),
  );
  const nav = pageNav(
    [
      ["top", "The number"],
      results.trust?.length && ["trust", "May it be believed?"],
      ...parts.map((part) => [part.id, part.short]),
    ].filter(Boolean),
  );
  heading.id = "top";
  heading.tabIndex = -1;
  fill(root, h("div", { class: "result-page" }, nav.element, h("div", {}, heading, body)));
  nav.watch(context.signal);
}

/** The sections that this run has something for, in the order of the page. */
function sections(results, where, context) {
  const { numbers } = results;
  const made = [
    numbers.task === "multiclass" &&
      numbers.confusion && [
        "confusion",
        "Which class was taken for which",
        "Confusion",
        wholeMatrix(numbers, where),
        "Rows are the truth, columns what the model called. Every cell opens its images.",
      ],
    [
      "threshold",
      "Where to draw the line",
      "The line",
      linePart(numbers, where, context),
      "Every choice between missing cases and false alarms lies on one curve. Move along it; all of this counts held-out images only.",
    ],
    classesSection(numbers),
    measuresSection(numbers),
    ladderSection(results),
    ...curveSections(numbers),
    subgroupSection(numbers),
    trainingSection(numbers, where, context.signal),
    // An external test counts what was refused; whether the model can refuse was found where it was trained.
    numbers.estimate.startsWith("external test") ? null : refusalSection(results.refusal, numbers.n.patients),
    explanationSection(results.explanations),
    externalSection(results.external),
    forecastSection(results.learning_curve, where, context),
    findingsPart(results.findings, where),
    planSection(results.plan_groups),
  ];
  return made
    .filter((one) => one && one[3])
    .map(([id, name, short, content, lead]) => ({
      id,
      short,
      element: h(
        "section",
        { class: "part", id, "aria-labelledby": `${id}-title` },
        h("h2", { id: `${id}-title`, tabindex: "-1" }, name),
        lead && h("p", { class: "lead muted" }, lead),
        content,
      ),
    }));
}

function linePart(numbers, where, context) {
  return numbers.per_class ? operatingPanel({ where, numbers, signal: context.signal }) : null;
}

function wholeMatrix(numbers, where) {
  const { classes, matrix } = numbers.confusion;
  return confusionMatrix(matrixRows(classes, matrix), (cell) =>
    casesPath(where.project, where.run, { truth: cell.truth, predicted: cell.called }),
  );
}

function findingsPart(findings, where) {
  if (!findings?.length) return null;
  const picture = (id) =>
    h(
      "a",
      { href: casesPath(where.project, where.run, { case: id }), "aria-label": `Open case ${id}` },
      h("img", {
        src: url(`/projects/${where.project}/runs/${where.run}/cases/${id}/thumb`),
        alt: "",
        loading: "lazy",
        width: 64,
        height: 64,
        onerror: (event) => event.target.parentNode.remove(),
      }),
    );
  return ["findings", "What was found in the data", "Findings", findingList(findings, picture)];
}

/** The number in words, as a number with its interval, and what it rests on. */
function hero(results, toFinding) {
  const { numbers } = results;
  const shown = numbers.headline ?? {};
  const told = Number.isFinite(shown.value);
  const n = numbers.n;
  const patients = n.patients ? counted(n.patients, "patient") : "patients not known";
  return h(
    "div",
    { class: "hero" },
    h(
      "section",
      { "aria-label": "Headline", data: { headline: told ? two(shown.value) : "none" } },
      h(
        "p",
        { class: "plainly" },
        plainly(numbers)
          .split(/(?<=\.) (?=Out)/)
          .map((sentence) => h("span", {}, `${tied(sentence)} `)),
      ),
      told
        ? [
            h(
              "p",
              { class: "value" },
              h("b", {}, two(shown.value)),
              h(
                "span",
                {},
                h("strong", {}, results.measure),
                h("br"),
                `95 % interval ${interval(shown)}`,
              ),
            ),
            intervalBar(shown, { chance: 0.5 }),
            h(
              "div",
              { class: "scale", "aria-hidden": "true" },
              h("span", {}, "0 always wrong"),
              h("span", {}, "0.5 guessing"),
              h("span", {}, "1 never wrong"),
            ),
          ]
        : h("p", { class: "value" }, h("span", {}, "Too few tested cases for a number.")),
      h(
        "ul",
        { class: "facts" },
        h("li", {}, h("b", {}, counted(n.images, "image")), " tested, held out"),
        h("li", {}, h("b", {}, patients)),
        h("li", {}, [numbers.estimate, results.alone].filter(Boolean).join(", ")),
        h(
          "li",
          {},
          Object.entries(n.per_class ?? {})
            .map(([name, count]) => `${words(name)} ${count}`)
            .join(", "),
        ),
        numbers.leak_allowed &&
          h("li", {}, h("b", {}, `leak allowed: ${numbers.leak_allowed} training images also in the test set`)),
        numbers.test_set?.opened > 1 && h("li", {}, h("b", {}, `test set opened ${numbers.test_set.opened} times`)),
      ),
    ),
    gateCard(numbers.gate, results.findings, toFinding),
  );
}

function plainly(numbers) {
  const { metrics = {}, positive, task, headline = {} } = numbers;
  if (positive && metrics.sensitivity) return operatingSentence(metrics, positive, unitOf(numbers.n));
  if (task === "multiclass" && metrics.accuracy)
    return `Out of 100 ${unitOf(numbers.n)} it calls ${countOf100(metrics.accuracy)} rightly, among ${numbers.classes.length} classes.`;
  if (!Number.isFinite(headline.value)) return "There is not enough here to say how well it does.";
  const which = positive ? words(positive) : "a finding";
  return `Shown two random images, one with ${which} and one without, it picks the right one in ${countOf100(headline)} of 100 such pairs${positive ? "" : ", on average"}.`;
}

/** Links to the sections; the one being read is marked. */
function pageNav(items) {
  const links = new Map(
    items.map(([id, name]) => [
      id,
      h(
        "a",
        {
          href: `#${id}`,
          onclick: (event) => {
            event.preventDefault();
            arrive(document.getElementById(id));
          },
        },
        name,
      ),
    ]),
  );
  const element = h("nav", { class: "in-page", "aria-label": "On this page" }, [...links.values()]);
  const mark = (id) =>
    links.forEach((link, one) =>
      one === id ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"),
    );
  const watch = (signal) => {
    const seen = new IntersectionObserver(
      (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => mark(entry.target.id)),
      { rootMargin: "-80px 0px -65% 0px" },
    );
    links.forEach((_, id) => document.getElementById(id) && seen.observe(document.getElementById(id)));
    signal.addEventListener("abort", () => seen.disconnect());
    mark("top");
  };
  return { element, watch };
}

function arrive(target) {
  if (!target) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  (target.tabIndex >= 0 || target.hasAttribute("tabindex") ? target : target.querySelector("[tabindex]"))?.focus({
    preventScroll: true,
  });
}
