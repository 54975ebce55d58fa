// Pure arithmetic of axes: no DOM, so that node can test it. The same steps as the charts of the report
// (report/charts.py), so that screen and report agree.

const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000,
];

/** The value held between two limits. */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** Maps [from0, from1] onto [to0, to1]; an empty span maps onto to0. */
export function linear([from0, from1], [to0, to1]) {
  const span = from1 - from0 || 1;
  return (value) => to0 + ((value - from0) / span) * (to1 - to0);
}

/** Ticks between two limits as [{value, text}], at most `most` steps. */
export function ticks(low, high, most = 5) {
  const step = STEPS.find((one) => (high - low) / one <= most + 0.01) ?? (high - low || 1);
  const first = Math.ceil(low / step - 1e-9);
  const found = [];
  for (let number = first; number * step <= high + 1e-9; number += 1) {
    const value = number * step;
    found.push({
      value,
      text: step < 1 ? String(Number(value.toFixed(3))).replace("-", "−") : String(Math.round(value)).replace("-", "−"),
    });
  }
  return found;
}

/** Precision is a step function of recall: joining its points by straight lines would flatter it. */
export function stairs(points) {
  const steps = [];
  for (const [x, y] of points) {
    if (steps.length) steps.push([steps[steps.length - 1][0], y]);
    steps.push([x, y]);
  }
  return steps;
}

/** The part of a line that stays above a floor, with the points where it crosses it. */
export function above(points, floor) {
  const kept = [];
  points.forEach(([x, y], number) => {
    const before = points[number - 1];
    if (before && before[1] < floor !== y < floor) {
      kept.push([before[0] + ((x - before[0]) * (floor - before[1])) / (y - before[1]), floor]);
    }
    if (y >= floor) kept.push([x, y]);
  });
  return kept;
}

/** Limits of some values, a little wider than they are; [0, 1] of none. */
export function extent(values, margin = 0.05) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const room = (high - low || Math.abs(high) || 1) * margin;
  return [low - room, high + room];
}

/** Which corner of a chart holds fewest points: "top-left" ... "bottom-right"; points lie in [0, 1] x [0, 1], y upwards. */
export function freeCorner(points) {
  const corners = { "bottom-right": 0, "top-right": 0, "bottom-left": 0, "top-left": 0 };
  for (const [x, y] of points) {
    corners[`${y > 0.5 ? "top" : "bottom"}-${x > 0.5 ? "right" : "left"}`] += 1;
  }
  return Object.keys(corners).reduce((best, one) => (corners[one] < corners[best] ? one : best));
}

/** The row of a table, sorted by `key` upwards, that lies nearest to a value. */
export function nearest(rows, key, value) {
  if (!rows.length) return null;
  return rows.reduce((best, row) => (Math.abs(row[key] - value) < Math.abs(best[key] - value) ? row : best));
}
