// What the check of the data says, for the Audit page and for the card above the Train button.

import { dialog } from "./ask.js";
import { get, post, url } from "./api.js";
import { counted, fill, h, icon, lamp } from "./dom.js";
import { markOf, ofFindings } from "./findings.js";
import { follow, LIVE, livePanel } from "./run_live.js";
import { toast, toastError } from "./toast.js";
import { createViewer } from "./viewer.js";

export const SEVERITY = { red: "Do not believe the number", amber: "Read the number with care", info: "Good to know" };
const RANK = ["red", "amber", "info"];
const FIRST = 18;

/** Findings, gravest first. */
export function ranked(findings) {
  return [...findings].sort((a, b) => RANK.indexOf(a.severity) - RANK.indexOf(b.severity));
}

/** What a gate means, in one line. */
export function gateLine(audit) {
  const grave = audit.findings.filter((one) => one.severity !== "info").length;
  const mild = audit.findings.length - grave;
  if (audit.findings.length === 0) {
    return "No known pitfall was found. That is not a proof that there is none.";
  }
  const rest = mild > 0 ? `${counted(mild, "thing")} good to know.` : "";
  return grave === 0 ? `Nothing stands in the way. ${rest}` : `${counted(grave, "finding")} to act on. ${rest}`;
}

/** Starts a check, and shows it until it ends; `place` is filled with the live panel. */
export async function runAudit(context, place) {
  try {
    await post(`/projects/${context.project}/audit`);
    await watchAudit(context, place);
    return true;
  } catch (error) {
    if (error.name !== "AbortError") {
      toastError(error);
    }
    return false;
  }
}

/** Shows a check that is on its way. */
export async function watchAudit(context, place) {
  const panel = livePanel("Checking the images");
  const stop = h(
    "button",
    {
      class: "button small",
      type: "button",
      onclick: () => post(`/projects/${context.project}/runs/audit/stop`).catch(toastError),
    },
    icon("stop"),
    "Stop the check",
  );
  fill(place, panel.element, h("div", { class: "row" }, stop));
  await follow(context.project, "audit", panel.update, context.signal);
}

/** Whether a check is on its way. */
export function isGoing(audit) {
  return LIVE.has(audit.status);
}

/** One finding as a card. `changed(summary)` is called after a fix. */
export function findingCard(finding, context, changed) {
  const strip = h("div", { class: "strip" });
  const images = finding.images ?? [];
  const hidden = (finding.images_total ?? images.length) - images.length;
  let many = FIRST;
  const draw = () =>
    fill(
      strip,
      images.slice(0, many).map((id) => shot(id, context, changed)),
      hidden > 0 &&
        images.length <= many &&
        h("span", { class: "small muted" }, `and ${hidden.toLocaleString("en-GB")} more`),
      images.length > many &&
        h(
          "button",
          {
            class: "button small",
            type: "button",
            onclick: () => {
              many += 60;
              draw();
            },
          },
          `${(images.length - many).toLocaleString("en-GB")} more`,
        ),
    );
  draw();
  return h(
    "article",
    {
      class: `card finding ${finding.severity}`,
      data: { code: finding.code, settled: String(Boolean(finding.settled)) },
      tabindex: -1,
      "aria-labelledby": `finding-${finding.code}`,
    },
    h(
      "div",
      { class: "finding-head" },
      lamp(finding.severity, SEVERITY[finding.severity]),
      h("h3", { id: `finding-${finding.code}` }, finding.title),
      finding.settled && h("span", { class: "badge green" }, "Settled"),
      /^WR\d+$/.test(finding.code) && h("span", { class: "badge" }, finding.code),
    ),
    h("p", {}, finding.sentence),
    finding.remedy && h("p", { class: "muted" }, finding.remedy),
    images.length > 0 && strip,
    h(
      "div",
      { class: "row" },
      (finding.fixes ?? []).map((one) =>
        h(
          "button",
          { class: "button small", type: "button", onclick: () => change(context, one.change, changed) },
          one.label,
        ),
      ),
    ),
    explanation(finding.page),
  );
}

async function change(context, op, changed) {
  try {
    const summary = await post(`/projects/${context.project}/changes`, op);
    const step = summary.undo;
    const undo = () => post(`/projects/${context.project}/changes`, { op: "undo", step }).then(changed, toastError);
    toast(`${step ?? "Done"}.`, { undo });
    await changed(summary);
  } catch (error) {
    toastError(error);
  }
}

function shot(id, context, changed) {
  return h(
    "button",
    {
      class: "shot-button on-dark",
      type: "button",
      "aria-label": "Look at this image",
      onclick: () => look(id, context, changed),
    },
    h("img", { src: url(`/projects/${context.project}/thumbs/${id}`), alt: "", loading: "lazy", decoding: "async" }),
  );
}

async function look(id, context, changed) {
  const viewer = createViewer({ label: "Image" });
  const facts = h("p", { class: "muted small" }, "Loading");
  const act = (words, op, close) =>
    h(
      "button",
      {
        class: "button small",
        type: "button",
        onclick: () => {
          close();
          change(context, op, changed);
        },
      },
      words,
    );
  const findings = ofFindings(context.data);
  const others = (item) => (findings ? [] : context.data.classes.filter((one) => one.id !== item.class));
  const says = (item) =>
    findings
      ? context.data.classes.filter((one) => markOf(item, one.id) === "present").map((one) => one.name)
      : [context.data.classes.find((one) => one.id === item.class)?.name];
  await dialog(
    "Image",
    (close) => {
      const buttons = h("div", { class: "row" });
      get(`/projects/${context.project}/items/${id}`).then(
        (item) => {
          fill(
            facts,
            [
              item.name,
              ...says(item),
              item.patient && `patient ${item.patient}`,
            ]
              .filter(Boolean)
              .join(" · "),
          );
          fill(
            buttons,
            others(item)
              .slice(0, 6)
              .map((one) => act(`Move to ${one.name}`, { op: "move", items: [id], class: one.id }, close)),
            act(
              item.excluded ? "Take back in" : "Exclude",
              { op: item.excluded ? "include" : "exclude", items: [id] },
              close,
            ),
          );
        },
        (error) => fill(facts, error.message),
      );
      setTimeout(() => viewer.load(`/projects/${context.project}/pixels/${id}`));
      return h("div", { class: "stack look" }, viewer.element, facts, buttons);
    },
    { wide: true },
  );
  viewer.destroy();
}

// The page of a check comes as blocks of plain text: {tag: h3 | p | li | tr, text, cells}.
function explanation(page) {
  const block = ({ tag, text, cells }) =>
    tag === "tr"
      ? h("p", { class: "table-line" }, cells.join(" · "))
      : h(tag === "h3" ? "h4" : tag === "li" ? "p" : tag, { class: tag === "li" ? "point" : null }, text);
  return (
    page?.length > 0 &&
    h(
      "details",
      { class: "explanation" },
      h("summary", {}, "What this is, why it matters, what to do"),
      h("div", {}, page.map(block)),
    )
  );
}

/** How many images each class has, as bars. */
export function balance(data) {
  const most = Math.max(1, ...data.classes.map((one) => one.count));
  return h(
    "ul",
    { class: "balance" },
    data.classes.map((one) =>
      h(
        "li",
        {},
        h("span", {}, one.name),
        h(
          "span",
          { class: "balance-bar", "aria-hidden": "true" },
          h("span", { style: { width: `${(100 * one.count) / most}%` } }),
        ),
        h("span", { class: "number" }, counted(one.count, "image")),
      ),
    ),
  );
}
