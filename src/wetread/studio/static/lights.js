// May it be believed? The gate, the lights of trust.json, the findings, and what a number does not show.

import { counted, h, lamp } from "./dom.js";

const SENTENCES = {
  green: "No known pitfall was found. That is not a proof that there is none.",
  amber: "Read the number with care: something about the data may make it look better than it is.",
  red: "Do not believe the number yet: the reasons stand below.",
};
const TITLES = { green: "Gate: green", amber: "Gate: amber", red: "Gate: red" };

/** The gate with its findings as links; `onFinding(code)` goes to one of them. */
export function gateCard(gate, findings = [], onFinding = null, sentence = SENTENCES[gate]) {
  const item = (finding) =>
    h(
      "li",
      {},
      lamp(finding.severity),
      onFinding
        ? h("button", { class: "link", type: "button", onclick: () => onFinding(finding.code) }, finding.title)
        : finding.title,
    );
  return h(
    "section",
    { class: `gate ${gate}`, "aria-label": "Gate", data: { gate } },
    h("h2", {}, lamp(gate, ""), TITLES[gate] ?? "Gate: not judged"),
    h("p", {}, sentence ?? "This run was not judged."),
    findings.length > 0 && h("ul", {}, findings.slice(0, 5).map(item)),
    findings.length > 5 && h("p", { class: "muted" }, `and ${findings.length - 5} more below`),
  );
}

/** The lights of a run, each with its evidence and what would improve it; `more()` goes to the forecast of more cases. */
export function trustLights(lights, more = null) {
  const improve = ({ improve: text, here }) =>
    more && text.startsWith("wetread learning-curve")
      ? h("button", { class: "link", type: "button", onclick: more }, "How many more would help?")
      : !here && text.startsWith("wetread ")
        ? h("details", {}, h("summary", {}, "In a terminal"), h("code", {}, text))
        : here || text;
  const green = lights.filter((one) => one.light === "green").length;
  const word = (light) => (light === "none" ? "not judged" : light);
  return h(
    "section",
    { class: "trust", id: "trust", "aria-labelledby": "trust-title" },
    h(
      "h2",
      { id: "trust-title", tabindex: "-1" },
      "May it be believed? ",
      h("small", { class: "muted" }, `${green} of ${lights.length} lights are green`),
    ),
    h(
      "ul",
      {},
      lights.map((one) =>
        h(
          "li",
          { class: one.light, data: { light: one.name } },
          h("h3", {}, lamp(one.light, word(one.light)), one.title),
          h("p", {}, one.evidence),
          one.improve && h("div", { class: "improve" }, improve(one)),
        ),
      ),
    ),
  );
}

/** What was found in the data, one article each; `picture(id)` draws one of the cases it names. */
export function findingList(findings, picture = () => null, shown = 10) {
  const count = (finding) => finding.count ?? finding.images?.length ?? 0;
  return findings.map((finding) =>
    h(
      "article",
      { class: `finding ${finding.severity}`, id: `finding-${finding.code}`, tabindex: "-1" },
      h("h3", {}, lamp(finding.severity), finding.title, h("span", { class: "tag" }, finding.code)),
      h("p", {}, finding.sentence),
      finding.remedy && h("p", { class: "muted" }, finding.remedy),
      finding.cases?.length > 0 && h("div", { class: "strip" }, finding.cases.slice(0, shown).map(picture)),
      count(finding) > shown &&
        h("p", { class: "muted small" }, `${counted(count(finding), "image")} in all.`),
    ),
  );
}

/** The box that stands beside every number. */
export function notShown(sentences) {
  return h(
    "section",
    { class: "not-shown", id: "limits", "aria-labelledby": "limits-title" },
    h("h2", { id: "limits-title", tabindex: "-1" }, "What this does not show"),
    h(
      "ul",
      {},
      sentences.map((one) => {
        const [first, ...rest] = typeof one === "string" ? splitFirst(one) : [one.title, one.text];
        return h("li", {}, h("b", {}, first), rest.length ? ` ${rest.join(" ")}` : "");
      }),
    ),
  );
}

function splitFirst(text) {
  const found = text.match(/^([^.]+\.)\s+(.*)$/s);
  return found ? [found[1], found[2]] : [text];
}
