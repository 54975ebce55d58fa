// What would mislead a model, before one is trained: each finding with its images, a way out, and the reason.

import { balance, findingCard, gateLine, isGoing, ranked, runAudit, SEVERITY, watchAudit } from "../audit_parts.js";
import { createTurn, get } from "../api.js";
import { empty, fill, h, icon, lamp } from "../dom.js";
import { kindOf, ofFindings } from "../findings.js";
import { rejectedList } from "../imports.js";
import { pathOf } from "../location.js";
import { shortcut } from "../shortcuts.js";

export const title = "Audit";

const PATIENTS_FROM = {
  column: "Patients as a table or you named them.",
  dicom: "Patients from the DICOM headers.",
  filename: "Patients from the names of the files.",
  folder: "Patients from the folders.",
  "folder+filename": "Patients from the folders and the names of the files together.",
  none: "Patients are not known: two images of one person may be on both sides of a division.",
};

/** Draws the page. */
export async function show(root, context) {
  const again = h("button", { class: "button", type: "button", onclick: () => check() }, "Check the data");
  const body = h("div", { class: "audit-body" });
  const side = h("aside", { class: "audit-side", "aria-label": "The data" });
  fill(
    root,
    h(
      "div",
      { class: "head" },
      h("div", {}, h("h1", {}, "Audit"), h("p", {}, "What would mislead a model, or the reader of its numbers.")),
      again,
    ),
    h("div", { class: "audit" }, body, side),
  );
  const turn = createTurn();
  const draw = async () => {
    const isLast = turn();
    const audit = await get(`/projects/${context.project}/audit`, { signal: context.signal });
    if (!isLast()) return;
    drawSide(side, context.data);
    const enough = !audit.before_train?.some((one) => one.code === "two-classes");
    again.disabled = !enough || isGoing(audit);
    again.className = enough && (audit.stale || !hasResult(audit)) ? "button primary" : "button";
    again.textContent = hasResult(audit) ? "Check again" : "Check the data";
    root.dataset.state = !enough ? "empty" : isGoing(audit) ? "running" : hasResult(audit) ? "ready" : "unchecked";
    drawBody(body, audit, context, enough, { draw, check });
  };
  const check = async () => {
    again.disabled = true;
    root.dataset.state = "running";
    await runAudit(context, place(body));
    context.signal.aborted || (await draw());
  };
  await draw();
  if (root.dataset.state === "running") {
    watchAudit(context, place(body))
      .then(draw)
      .catch(() => null);
  }
  shortcut("a", "Check the data", () => again.disabled || check());
}

function place(body) {
  const card = h("div", { class: "card stack" });
  fill(body, card);
  return card;
}

function hasResult(audit) {
  return audit.status === "finished";
}

function drawBody(body, audit, context, enough, { draw, check }) {
  // What can still be done about each finding is known by the server: it is asked again, and the focus stays with the card.
  const changed = async (summary) => {
    context.data = summary.version < context.data.version ? context.data : summary;
    const code = document.activeElement?.closest(".finding")?.dataset.code;
    await draw();
    body.querySelector(`[data-code="${code}"]`)?.focus({ preventScroll: true });
  };
  if (!enough) {
    fill(
      body,
      empty(
        "Too little to check.",
        ofFindings(context.data)
          ? "A check needs two findings with enough cases."
          : "A check needs images in at least two classes.",
        h("a", { class: "button primary", href: pathOf("build", context.project) }, "To the Build page"),
      ),
      beforeTrain(audit, context, changed),
    );
    return;
  }
  if (!hasResult(audit)) {
    const why =
      audit.status === "failed"
        ? h(
            "div",
            { class: "error" },
            h("h2", {}, audit.error?.message ?? "The check could not end."),
            h("p", {}, audit.error?.remedy ?? "Start it again."),
          )
        : null;
    fill(
      body,
      why,
      beforeTrain(audit, context, changed),
      empty(
        "Not checked yet.",
        "The check looks for copies across classes, patients on both sides of a division, shortcuts by device, size or writing, odd pictures and doubtful labels. It takes seconds to minutes.",
        h("button", { class: "button primary", type: "button", onclick: check }, "Check the data"),
      ),
    );
    return;
  }
  const stale = h(
    "div",
    { class: "notice amber stale", hidden: !audit.stale },
    icon("warn"),
    h("div", {}, h("b", {}, "The images changed since this check."), " What stands here may not be true any more."),
  );
  fill(
    body,
    stale,
    h(
      "div",
      { class: `gate-card ${audit.gate}` },
      lamp(audit.gate, ""),
      h(
        "div",
        {},
        h("h2", {}, audit.gate === "green" ? "Ready to train" : (SEVERITY[audit.gate] ?? audit.gate)),
        h("p", {}, gateLine(audit)),
      ),
    ),
    ranked(audit.findings).map((one) => findingCard(one, context, changed)),
  );
}

function beforeTrain(audit, context, changed) {
  const known = audit.before_train ?? [];
  return (
    known.length > 0 &&
    h(
      "div",
      { class: "stack" },
      known.map((one) => findingCard(one, context, changed)),
    )
  );
}

function drawSide(side, data) {
  const facts = [
    ["Images", data.counts.items],
    ["Patients", data.counts.patients || "not known"],
    ["DICOM", data.counts.dicom],
    ["Excluded", data.counts.excluded],
    ["Not taken", data.counts.rejected],
  ];
  fill(
    side,
    h(
      "section",
      { class: "card stack" },
      h("h2", {}, ofFindings(data) ? "Findings" : "Class balance"),
      data.classes.length > 0 ? balance(data) : h("p", { class: "muted" }, `No ${kindOf(data)} yet.`),
    ),
    h(
      "section",
      { class: "card stack" },
      h("h2", {}, "What is there"),
      h(
        "dl",
        { class: "side-facts" },
        facts.map(([name, value]) =>
          h(
            "div",
            {},
            h("dt", {}, name),
            h("dd", { class: "number" }, typeof value === "number" ? value.toLocaleString("en-GB") : value),
          ),
        ),
      ),
      h("p", { class: "small muted" }, PATIENTS_FROM[data.patients_from]),
      rejectedList(data.rejected ?? []),
    ),
  );
}
