// Numbers -> SVG, drawn by hand so that a chart follows the theme and needs no library. Colours are presentation
// attributes with variables of the style sheet (never a style attribute: the content security policy forbids it).
// Lines differ by dash as well as by colour.

import { above, clamp, extent, freeCorner, linear, ticks } from "./scales.js";

const SVG = "http://www.w3.org/2000/svg";
const DASHES = [null, "7 4", "2 3", "10 3 2 3", "5 2 1 2 1 2", "12 5"];
const FULL = { left: 48, right: 14, top: 14, bottom: 44, steps: 5 };
const SMALL = { left: 32, right: 8, top: 8, bottom: 22, steps: 2 };
const TICK = { "font-size": 11, fill: "var(--muted)" };
const AXIS = { "font-size": 12, fill: "var(--ink)" };
const places = new WeakMap(); // SVG element -> how data units become pixels, for points that move

// Charts bring their style sheet with them, whichever page draws them; an @import would wait for the page's own sheet.
if (document.head && !document.querySelector('link[href="/static/charts.css"]')) {
  document.head.append(
    Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/charts.css" }),
  );
}

/** An SVG element with attributes and children; a string child becomes text. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * A chart of lines.
 *
 * series: [{name, points: [[x, y]], band: [[x, low, high]], dots: [{x, y, low, high, title}], dashed, colour: 1-6 or
 * a variable, faint}]; x, y: {label, min, max}; guides: [{x} | {y}, label]; points: [{x, y, title}] marked as operating points;
 * diagonal: draw the line of guessing; small: one of many side by side; about: text for those who cannot see it.
 */
export function lineChart({
  series,
  x,
  y,
  width,
  height,
  diagonal = false,
  guides = [],
  points = [],
  small = false,
  about = "",
  legend,
}) {
  const room = small ? SMALL : FULL;
  const box = { width: width ?? (small ? 190 : 400), height: height ?? (small ? 176 : 340), ...room };
  const drawn = series.flatMap((one) => one.points ?? []);
  const xs = span(x, () => drawn.map(([value]) => value));
  const ys = span(y, () => drawn.map(([, value]) => value));
  const across = linear(xs, [box.left, box.width - box.right]);
  const up = linear(ys, [box.height - box.bottom, box.top]);
  const place = ([one, other]) => [across(clamp(one, ...xs)), up(clamp(other, ...ys))];
  const chart = svg("svg", {
    viewBox: `0 0 ${box.width} ${box.height}`,
    class: small ? "chart small" : "chart",
    role: "img",
    "aria-label": about || describe(series, x, y),
  });
  chart.append(...axes(box, xs, ys, across, up, small ? null : [x.label, y.label]));
  if (diagonal) chart.append(guideLine(place([xs[0], ys[0]]), place([xs[1], ys[1]])));
  for (const guide of guides) chart.append(...drawGuide(guide, xs, ys, place));
  series.forEach((one, number) => chart.append(...drawSeries(one, number, place, ys)));
  points.forEach((point) => chart.append(marker(place([point.x, point.y]), point.title)));
  const named = series.filter((one) => one.name && !one.faint);
  if (legend ?? named.length > 1) {
    const flat = drawn.map(([one, other]) => [linear(xs, [0, 1])(one), linear(ys, [0, 1])(other)]);
    chart.append(legendBox(series, box, freeCorner(flat)));
  }
  places.set(chart, { place, mark: null });
  return chart;
}

/** Puts the operating point of a chart somewhere, with cross hairs as long as its intervals. */
export function movePoint(chart, { x, y, xLow, xHigh, yLow, yHigh, title = "" }) {
  const known = places.get(chart);
  known.mark?.remove();
  const [left, middle] = known.place([x, y]);
  const parts = [];
  if (Number.isFinite(xLow)) parts.push(whisker(known.place([xLow, y]), known.place([xHigh, y]), 1, 2));
  if (Number.isFinite(yLow)) parts.push(whisker(known.place([x, yLow]), known.place([x, yHigh]), 1, 2));
  known.mark = svg("g", { class: "moving" }, ...parts, marker([left, middle], title));
  chart.append(known.mark);
}

/** A value with its interval on a line from min to max, as wide as its place; `chance` is a dotted mark. */
export function intervalBar(metric, { min = 0, max = 1, chance = null, colour = 1, label = "" } = {}) {
  const at = (value) => `${(100 * (clamp(value, min, max) - min)) / (max - min)}%`;
  const stroke = colourOf(colour);
  const limits = Number.isFinite(metric.low) && Number.isFinite(metric.high);
  return svg(
    "svg",
    {
      class: "range",
      width: "100%",
      height: 18,
      ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }),
    },
    svg("line", { x1: 0, x2: "100%", y1: 9, y2: 9, stroke: "var(--line)" }),
    chance === null
      ? null
      : svg("line", {
          x1: at(chance),
          x2: at(chance),
          y1: 0,
          y2: 18,
          stroke: "var(--muted)",
          "stroke-dasharray": "2 3",
        }),
    limits
      ? svg("line", {
          x1: at(metric.low),
          x2: at(metric.high),
          y1: 9,
          y2: 9,
          stroke,
          "stroke-width": 3,
          "stroke-linecap": "round",
          opacity: 0.55,
        })
      : null,
    svg("circle", { cx: at(metric.value), cy: 9, r: 5, fill: stroke }),
  );
}

/** Which colour and dash a series has, as attributes; the same in lines and legends. */
export function strokeOf(one, number) {
  return {
    stroke: colourOf(one.colour ?? number + 1),
    "stroke-dasharray": one.dashed ? "5 4" : DASHES[number % DASHES.length],
  };
}

/** A colour of the page by its number from 1, or as it is given. */
function colourOf(colour) {
  return typeof colour === "string" ? colour : `var(--s${((colour - 1) % 6) + 1})`;
}

/** Limits of an axis: as given; [0, 1] where nothing is; what the data need where one end is open. */
function span(axis, values) {
  if (axis.min === undefined && axis.max === undefined) return [0, 1];
  const [low, high] = extent(values());
  return [axis.min ?? low, axis.max ?? high];
}

function describe(series, x, y) {
  const names = series
    .map((one) => one.name)
    .filter(Boolean)
    .join(", ");
  return `${y.label ?? ""} against ${x.label ?? ""}${names ? `: ${names}` : ""}`;
}

function axes(box, xs, ys, across, up, labels) {
  const bottom = box.height - box.bottom;
  const parts = [];
  for (const { value, text } of ticks(...xs, box.steps)) {
    const at = across(value);
    parts.push(svg("line", { x1: at, x2: at, y1: bottom, y2: box.top, stroke: "var(--grid, var(--line))" }));
    parts.push(svg("text", { x: at, y: bottom + 16, "text-anchor": "middle", ...TICK }, text));
  }
  for (const { value, text } of ticks(...ys, box.steps)) {
    const at = up(value);
    parts.push(
      svg("line", { x1: box.left, x2: box.width - box.right, y1: at, y2: at, stroke: "var(--grid, var(--line))" }),
    );
    parts.push(svg("text", { x: box.left - 7, y: at + 4, "text-anchor": "end", ...TICK }, text));
  }
  if (labels) {
    const middle = (box.left + box.width - box.right) / 2;
    const upright = (box.top + bottom) / 2;
    parts.push(svg("text", { x: middle, y: box.height - 8, "text-anchor": "middle", ...AXIS }, labels[0] ?? ""));
    parts.push(
      svg(
        "text",
        { transform: `translate(13 ${upright}) rotate(-90)`, "text-anchor": "middle", ...AXIS },
        labels[1] ?? "",
      ),
    );
  }
  return parts;
}

function drawSeries(one, number, place, ys) {
  const look = strokeOf(one, number);
  const parts = [];
  if (one.band?.length) {
    const edge = [...one.band.map(([x, low]) => [x, low]), ...one.band.map(([x, , high]) => [x, high]).reverse()];
    parts.push(svg("polygon", { points: path(edge, place), fill: look.stroke, opacity: 0.16 }));
  }
  if (one.points?.length) {
    const shown = one.points.some(([, y]) => y < ys[0]) ? above(one.points, ys[0]) : one.points;
    parts.push(
      svg("polyline", {
        points: path(shown, place),
        fill: "none",
        "stroke-width": one.faint ? 1 : 2,
        "stroke-linejoin": "round",
        ...look,
        ...(one.faint ? { opacity: 0.25, "stroke-dasharray": null } : {}),
      }),
    );
  }
  for (const dot of one.dots ?? []) {
    if (Number.isFinite(dot.low))
      parts.push(whisker(place([dot.x, dot.low]), place([dot.x, dot.high]), one.colour ?? number + 1, 1.5));
    const [cx, cy] = place([dot.x, dot.y]);
    parts.push(
      svg(
        "circle",
        { cx, cy, r: dot.radius ?? 4, fill: look.stroke, stroke: "var(--paper)", "stroke-width": 1.5 },
        title(dot.title),
      ),
    );
  }
  return parts;
}

function drawGuide(guide, xs, ys, place) {
  const vertical = guide.x !== undefined;
  const [start, end] = vertical
    ? [
        [guide.x, ys[0]],
        [guide.x, ys[1]],
      ]
    : [
        [xs[0], guide.y],
        [xs[1], guide.y],
      ];
  const parts = [guideLine(place(start), place(end))];
  if (guide.label) {
    const [left, low] = place(start);
    parts.push(
      svg(
        "text",
        {
          x: left + (vertical ? -6 : 6),
          y: low - (vertical ? 8 : 6),
          "text-anchor": vertical ? "end" : "start",
          ...TICK,
        },
        guide.label,
      ),
    );
  }
  return parts;
}

function guideLine([x1, y1], [x2, y2]) {
  return svg("line", { x1, y1, x2, y2, stroke: "var(--muted)", "stroke-dasharray": "2 4" });
}

function whisker([x1, y1], [x2, y2], colour, width) {
  return svg("line", {
    x1,
    y1,
    x2,
    y2,
    stroke: colourOf(colour),
    "stroke-width": width,
    "stroke-linecap": "round",
    opacity: 0.75,
  });
}

/** A ring with a dot: told from the dots of a curve by its shape. */
function marker([cx, cy], text) {
  return svg(
    "g",
    {},
    title(text),
    svg("circle", { cx, cy, r: 8, fill: "var(--paper)", stroke: "var(--s1)", "stroke-width": 2 }),
    svg("circle", { cx, cy, r: 3.5, fill: "var(--s1)" }),
  );
}

function legendBox(series, box, corner) {
  const rows = series
    .map((one, number) => ({ one, look: strokeOf(one, number) }))
    .filter(({ one }) => one.name && !one.faint);
  const short = (name) => (name.length > 26 ? `${name.slice(0, 25)}…` : name);
  const wide = Math.min(34 + 6.6 * Math.max(...rows.map(({ one }) => short(one.name).length)), 230);
  const high = 17 * rows.length + 8;
  const x = corner.endsWith("right") ? box.width - box.right - wide - 6 : box.left + 6;
  const y = corner.startsWith("bottom") ? box.height - box.bottom - high - 6 : box.top + 6;
  const group = svg(
    "g",
    { "aria-hidden": "true" },
    svg("rect", { x, y, width: wide, height: high, rx: 5, fill: "var(--paper)", stroke: "var(--line)", opacity: 0.94 }),
  );
  rows.forEach(({ one, look }, row) => {
    const middle = y + 13 + 17 * row;
    group.append(
      svg("line", { x1: x + 7, x2: x + 25, y1: middle, y2: middle, "stroke-width": 2, ...look }),
      svg("text", { x: x + 30, y: middle + 4, ...TICK }, short(one.name)),
    );
  });
  return group;
}

function path(points, place) {
  return points
    .map((point) =>
      place(point)
        .map((value) => value.toFixed(1))
        .join(","),
    )
    .join(" ");
}

function title(text) {
  return text ? svg("title", {}, text) : null;
}
