/** Everything about heatmaps beside a viewer: on or off, method with its tests, class, opacity, agreement, legend. */

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { heatInWords } from "./heat.js";
import { createLegend } from "./legend.js";
import { two, words } from "./numbers.js";

/** How opaque heat is at first, in per cent: the picture must stay readable underneath. */
const OPACITY = 55;
const AGAIN_MS = 900;

/**
 * @param {{viewer: object, methodsPath: string, onsaid: function(string): void}} options onsaid: where the heat is, in
 *     words, or "" when it is off
 */
export function createHeat({ viewer, methodsPath, onsaid }) {
  let methods = [];
  let at = null;
  let on = false;
  let asked = 0;
  const chosen = { method: "", target: "", opacity: OPACITY, cells: false };

  const toggle = h(
    "button",
    {
      type: "button",
      class: "button small heat-toggle",
      "aria-pressed": "false",
      title: "Show or hide (h)",
      onclick: () => turn(!on),
    },
    "Heatmap",
  );
  const status = h("p", { class: "heat-status muted", role: "status" });
  const list = h("fieldset", { class: "heat-methods" });
  const summary = h("summary", {});
  const picker = h("details", { class: "heat-picker" }, summary, list);
  const target = h("select", {
    "aria-label": "Class the heat speaks of",
    onchange: () => {
      chosen.target = target.value;
      draw();
    },
  });
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: OPACITY,
    "aria-label": "Opacity of the heatmap",
    oninput: () => opacity(slider.valueAsNumber),
  });
  const exact = h("input", {
    type: "number",
    min: 0,
    max: 100,
    value: OPACITY,
    "aria-label": "Opacity in per cent",
    onchange: () => opacity(exact.valueAsNumber),
  });
  const cells = h("input", {
    type: "checkbox",
    onchange: () => {
      chosen.cells = cells.checked;
      viewer.setCells(cells.checked);
    },
  });
  const legend = h("div", {});
  const details = h(
    "div",
    { class: "heat-details", hidden: true },
    h(
      "div",
      { class: "heat-row" },
      h("span", { class: "label" }, "Opacity"),
      slider,
      exact,
      h("span", { class: "muted" }, "%"),
    ),
    h("div", { class: "heat-row" }, h("label", { class: "check" }, cells, "As computed, cell by cell"), legend),
    picker,
  );
  const element = h(
    "section",
    { class: "heat", "aria-label": "Heatmap" },
    h("div", { class: "heat-row" }, toggle, target),
    status,
    details,
  );

  function opacity(value) {
    if (!Number.isFinite(value)) return;
    chosen.opacity = Math.min(100, Math.max(0, Math.round(value)));
    slider.value = exact.value = String(chosen.opacity);
    viewer.setOpacity(chosen.opacity / 100);
  }

  function turn(next) {
    if (!at || toggle.disabled) return;
    on = next;
    toggle.setAttribute("aria-pressed", String(on));
    details.hidden = !on;
    if (on) draw();
    else hide();
  }

  function hide() {
    asked += 1;
    viewer.setOverlay(null);
    status.textContent = "";
    onsaid("");
  }

  async function draw() {
    if (!on || !at) return;
    const mine = (asked += 1);
    status.textContent = "Computing the heatmap";
    element.dataset.state = "working";
    try {
      if (!methods.length) await fetchMethods();
      const found = await ask(mine);
      if (mine !== asked) return;
      found.refused ? refuse(found.refused) : paint(found);
    } catch (error) {
      if (mine === asked) refuse([error.message, error.remedy].filter(Boolean).join(" "));
    }
  }

  async function ask(mine) {
    const values = new URLSearchParams({ method: chosen.method, target: chosen.target });
    for (;;) {
      const found = await get(`${at.path}${at.path.includes("?") ? "&" : "?"}${values}`);
      if (found.state !== "working" || mine !== asked) return found;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  function refuse(reason) {
    viewer.setOverlay(null);
    status.textContent = `No heatmap: ${reason}`;
    element.dataset.state = "refused";
    onsaid("");
  }

  function paint(map) {
    const failed = isFailed(badgeOf(map.method) ?? map.badge);
    viewer.setOverlay({ ...map, limit: map.limit || 1, grey: failed });
    opacity(chosen.opacity);
    const full = map.unit ? `full colour: ${Number(Number(map.limit).toPrecision(2))} ${map.unit}` : "";
    fill(legend, createLegend(words(map.target), full));
    if (at.targets.includes(map.target)) target.value = map.target;
    const said = heatInWords({ ...map, target: words(map.target) });
    const badge = badgeOf(map.method) ?? map.badge;
    fill(status, [
      failed && "This method failed its tests, so its map is grey. ",
      (failed || !badge?.tests) && badge?.reason && `${badge.reason} `,
      origin(map),
      agreementSaid(map.agreement),
      map.meaning && ` ${map.meaning}`,
    ]);
    chosen.method = map.method ?? chosen.method;
    drawMethods();
    element.dataset.state = "shown";
    onsaid(said);
  }

  async function fetchMethods() {
    const found = await get(methodsPath);
    methods = Array.isArray(found) ? found : found.methods;
    chosen.method ||= (methods.find((one) => !isFailed(one.badge)) ?? methods[0])?.name ?? "";
    drawMethods();
  }

  function badgeOf(name) {
    return methods.find((one) => one.name === name)?.badge;
  }

  function drawMethods() {
    const now = methods.find((one) => one.name === chosen.method);
    fill(
      summary,
      "Method: ",
      h("b", {}, now?.title ?? "usual"),
      " ",
      h("span", { class: isFailed(now?.badge) ? "badge amber" : "badge" }, badgeSaid(now?.badge)),
    );
    fill(
      list,
      h("legend", { class: "said" }, "Method"),
      methods.map((one) =>
        h(
          "label",
          { class: isFailed(one.badge) ? "heat-method failed" : "heat-method" },
          h("input", {
            type: "radio",
            name: "heat-method",
            value: one.name,
            checked: one.name === chosen.method,
            onchange: () => {
              chosen.method = one.name;
              draw();
            },
          }),
          h(
            "span",
            {},
            one.title,
            " ",
            h("span", { class: "badge" }, badgeSaid(one.badge)),
            one.badge?.reason && isFailed(one.badge) && h("small", {}, one.badge.reason),
          ),
        ),
      ),
    );
  }

  return {
    element,
    turn: () => turn(!on),
    get on() {
      return on;
    },
    /**
     * Another picture: heat is off again, so that the eye sees the picture first.
     * @param {{path: string, targets: string[], target: string, refused: string}|null} next path: of its heatmap
     */
    show(next) {
      on = false;
      at = next;
      chosen.target = next?.target ?? "";
      toggle.setAttribute("aria-pressed", "false");
      toggle.disabled = !next || Boolean(next.refused);
      details.hidden = true;
      target.hidden = !next || next.targets.length < 2 || Boolean(next.refused);
      fill(
        target,
        (next?.targets ?? []).map((name) =>
          h("option", { value: name, selected: name === next.target }, `for ${words(name)}`),
        ),
      );
      asked += 1;
      element.dataset.state = "off";
      status.textContent = next?.refused ? `No heatmap: ${next.refused}` : "";
    },
    destroy() {
      asked += 1;
      at = null;
    },
  };
}

function isFailed(badge) {
  return Boolean(badge && badge.verdict === "failed");
}

function badgeSaid(badge) {
  return badge && badge.tests ? `passes ${badge.passed} of ${badge.tests}` : "not tested";
}

function origin(map) {
  const cells = `${map.cols} x ${map.rows} cells`;
  return map.held_out === false ? `${cells}, by the model that was trained with this picture. ` : `${cells}. `;
}

function agreementSaid(agreement) {
  if (!agreement) return "";
  if (agreement.top10_iou === null || agreement.top10_iou === undefined)
    return "With the other method it cannot be compared: one of the two is empty.";
  return `Agreement with ${agreement.title ?? agreement.with}: hottest tenth overlaps ${two(agreement.top10_iou)} (chance 0.05), rank correlation ${two(agreement.spearman)}.`;
}
