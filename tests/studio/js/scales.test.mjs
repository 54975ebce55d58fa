import assert from "node:assert/strict";
import { test } from "node:test";

import {
  above,
  clamp,
  extent,
  freeCorner,
  linear,
  nearest,
  stairs,
  ticks,
} from "../../../src/wetread/studio/static/scales.js";

test("ticks have round steps and stay inside", () => {
  assert.deepEqual(
    ticks(0, 1).map((one) => one.text),
    ["0", "0.2", "0.4", "0.6", "0.8", "1"],
  );
  assert.deepEqual(
    ticks(1, 80).map((one) => one.value),
    [20, 40, 60, 80],
  );
  assert.deepEqual(
    ticks(-0.1, 0.4, 2).map((one) => one.text),
    ["0", "0.25"],
  );
  assert.deepEqual(
    ticks(-0.4, 0, 2).map((one) => one.text),
    ["−0.4", "−0.2", "0"],
  );
});

test("ticks do not drift with floating point", () => {
  assert.deepEqual(
    ticks(0, 0.3).map((one) => one.text),
    ["0", "0.1", "0.2", "0.3"],
  );
});

test("a linear scale maps both ends, upside down too, and survives an empty span", () => {
  const up = linear([0, 1], [300, 20]);
  assert.equal(up(0), 300);
  assert.equal(up(1), 20);
  assert.equal(linear([2, 2], [0, 10])(2), 0);
});

test("precision is drawn as stairs", () => {
  assert.deepEqual(
    stairs([
      [0, 1],
      [0.5, 0.8],
    ]),
    [
      [0, 1],
      [0, 0.8],
      [0.5, 0.8],
    ],
  );
});

test("a line is cut where it crosses the floor, on both sides", () => {
  assert.deepEqual(
    above(
      [
        [0, 1],
        [1, -1],
        [2, 1],
      ],
      0,
    ),
    [
      [0, 1],
      [0.5, 0],
      [1.5, 0],
      [2, 1],
    ],
  );
});

test("a legend goes where nothing is drawn", () => {
  assert.equal(
    freeCorner([
      [0.1, 0.9],
      [0.9, 0.9],
      [0.1, 0.1],
    ]),
    "bottom-right",
  );
  assert.equal(
    freeCorner([
      [0.9, 0.1],
      [0.9, 0.9],
      [0.2, 0.1],
    ]),
    "top-left",
  );
});

test("limits of values leave room, and nothing gives the unit interval", () => {
  assert.deepEqual(extent([]), [0, 1]);
  assert.deepEqual(extent([0, 10, NaN], 0.1), [-1, 11]);
  assert.equal(clamp(3, 0, 1), 1);
});

test("the nearest row holds at a threshold", () => {
  const rows = [{ threshold: 0.1 }, { threshold: 0.4 }, { threshold: 0.9 }];
  assert.equal(nearest(rows, "threshold", 0.2).threshold, 0.1);
  assert.equal(nearest(rows, "threshold", 5).threshold, 0.9);
  assert.equal(nearest([], "threshold", 0.5), null);
});
