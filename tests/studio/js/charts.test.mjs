import assert from "node:assert/strict";
import { test } from "node:test";

// A page that only remembers what was put into it: charts are made of createElementNS, setAttribute, append and remove.
class FakeNode {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, children: [], parent: null });
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }
  append(...children) {
    for (const child of children) {
      if (child instanceof FakeNode) child.parent = this;
      this.children.push(child);
    }
  }
  remove() {
    this.parent.children = this.parent.children.filter((child) => child !== this);
  }
  all(tag) {
    return this.children.flatMap((child) =>
      child instanceof FakeNode ? [...(child.tag === tag ? [child] : []), ...child.all(tag)] : [],
    );
  }
}
globalThis.document = { createElementNS: (_, tag) => new FakeNode(tag) };

const { intervalBar, lineChart, movePoint } = await import("../../../src/wetread/studio/static/charts.js");
const axes = { x: { label: "x" }, y: { label: "y" } };

test("lines differ by dash, not only by colour", () => {
  const series = ["a", "b", "c"].map((name) => ({
    name,
    points: [
      [0, 0],
      [1, 1],
    ],
  }));
  const dashes = lineChart({ series, ...axes })
    .all("polyline")
    .map((one) => one.attributes["stroke-dasharray"]);
  assert.equal(new Set(dashes).size, 3);
});

test("a chart says what it is, and shows no legend for one line", () => {
  const one = lineChart({ series: [{ name: "training", points: [[0, 0]] }], ...axes });
  assert.equal(one.attributes["aria-label"], "y against x: training");
  assert.equal(one.attributes.role, "img");
  assert.equal(one.all("rect").length, 0);
  const names = [
    { name: "<b>", points: [[0, 0]] },
    { name: "two", points: [[1, 1]] },
  ];
  const texts = lineChart({ series: names, ...axes })
    .all("text")
    .flatMap((text) => text.children);
  assert.ok(texts.includes("<b>"), "a name stays text");
});

test("nothing is drawn outside the axes, and no attribute is NaN", () => {
  const chart = lineChart({
    series: [
      {
        name: "",
        points: [
          [-5, 9],
          [0.5, 0.5],
        ],
        band: [[0, -1, 2]],
        dots: [{ x: 2, y: 3, low: 2, high: 4 }],
      },
    ],
    ...axes,
    width: 400,
    height: 300,
  });
  const numbers = [...chart.all("polyline"), ...chart.all("polygon")].flatMap((one) =>
    one.attributes.points.split(/[ ,]/).map(Number),
  );
  assert.ok(
    numbers.every((value) => value >= 0 && value <= 400),
    String(numbers),
  );
  const every = ["line", "circle", "rect", "text"]
    .flatMap((tag) => chart.all(tag))
    .flatMap((node) => Object.values(node.attributes));
  assert.ok(!every.some((value) => value.includes("NaN")));
});

test("an axis with an open end takes what the data need", () => {
  const chart = lineChart({
    series: [
      {
        points: [
          [1, 0.5],
          [3, 4],
        ],
      },
    ],
    x: { min: 1, max: 3 },
    y: { min: 0 },
  });
  const heights = chart
    .all("polyline")[0]
    .attributes.points.split(" ")
    .map((pair) => Number(pair.split(",")[1]));
  assert.ok(heights[1] > 14, "the highest value lies below the upper edge");
});

test("the point on the curve moves instead of multiplying", () => {
  const chart = lineChart({
    series: [
      {
        points: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
    ...axes,
  });
  const before = chart.all("g").length;
  movePoint(chart, { x: 0.1, y: 0.8, xLow: 0.05, xHigh: 0.2, yLow: 0.7, yHigh: 0.9, title: "here" });
  const once = chart.all("g").length;
  movePoint(chart, { x: 0.3, y: 0.9 });
  assert.equal(chart.all("g").length, once);
  assert.ok(once > before);
});

test("an interval bar stays inside its scale", () => {
  const bar = intervalBar({ value: 0.9, low: 0.2, high: 1.4 }, { min: 0.3, max: 1, chance: 0.5 });
  const ends = bar
    .all("line")
    .flatMap((line) => [line.attributes.x1, line.attributes.x2])
    .map(Number.parseFloat);
  assert.ok(
    ends.every((value) => value >= 0 && value <= 100),
    String(ends),
  );
});
