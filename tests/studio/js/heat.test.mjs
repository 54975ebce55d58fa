// Heatmaps: where cells come to lie, what colours say, and the same in words.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FAINTEST,
  fromOklch,
  heatColour,
  heatInWords,
  heatTable,
  onGrid,
  paintHeat,
} from "../../../src/wetread/studio/static/heat.js";

test("cells as they are: each point takes the cell it lies in", () => {
  const grid = onGrid(
    {
      values: [
        [1, 2],
        [3, 4],
      ],
    },
    4,
    4,
    false,
  );
  assert.deepEqual([...grid], [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
});

test("bilinear: halfway between two middles is their mean, and edges are not thinned", () => {
  const grid = onGrid({ values: [[0, 4]] }, 1, 4, true);
  assert.deepEqual([...grid], [0, 1, 3, 4]);
});

test("outside its box there is no heat", () => {
  const grid = onGrid({ values: [[5]], box: [0.5, 0, 1, 0.5] }, 2, 2, true);
  assert.deepEqual([...grid], [0, 0, 5, 0]);
});

test("warm speaks for, cold against; nothing is painted where nothing was found", () => {
  const [red, , blue, opacity] = heatColour(1);
  assert.ok(red > blue && opacity === 255);
  const cold = heatColour(-1);
  assert.ok(cold[2] > cold[0]);
  assert.equal(heatColour(FAINTEST)[3], 0);
  assert.equal(heatColour(-0.05)[3], 0);
});

test("both arms go down the same ladder of lightness in even steps", () => {
  const steps = [0.2, 0.4, 0.6, 0.8, 1];
  const warm = steps.map((heat) => lightness(heatColour(heat)));
  const cold = steps.map((heat) => lightness(heatColour(-heat)));
  const falls = warm.slice(1).map((one, at) => warm[at] - one);
  assert.ok(Math.max(...falls) - Math.min(...falls) < 0.025, falls.join(" "));
  warm.forEach((one, at) => assert.ok(Math.abs(one - cold[at]) < 0.03, `${one} ${cold[at]}`));
});

test("grey has no hue", () => {
  assert.deepEqual(fromOklch(1, 0, 0), [255, 255, 255]);
  assert.deepEqual(fromOklch(0, 0, 0), [0, 0, 0]);
});

test("the limit gets the full colour, and more than the limit no other", () => {
  const table = heatTable();
  const packed = new Uint32Array(4);
  paintHeat(new Float32Array([2, 4, -2, 0]), 2, table, packed);
  assert.equal(packed[0], packed[1]);
  assert.equal(packed[0], table[510]);
  assert.equal(packed[2], table[0]);
  assert.equal(packed[3] >>> 24, 0);
});

test("where the heat is, in words", () => {
  const values = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 3],
  ];
  assert.equal(
    heatInWords({ values, limit: 3, target: "effusion" }),
    "Most heat for effusion: lower right of the picture (100 % of it).",
  );
  assert.match(
    heatInWords({
      values: [
        [-2, 0, 0],
        [0, 1, 0],
        [0, 0, 0],
      ],
      limit: 3,
      target: "mass",
    }),
    /for mass: centre of the picture.*against: upper left/,
  );
});

test("an empty map says so", () => {
  assert.match(
    heatInWords({
      values: [
        [0, 0],
        [0, 0],
      ],
      limit: 1,
      target: "mass",
    }),
    /empty/,
  );
  assert.match(heatInWords({ values: [[0.01, 0]], limit: 1, target: "mass" }), /no place stands out/);
});

/** Oklab lightness of a colour, 0 to 1. */
function lightness([red, green, blue]) {
  const linear = [red, green, blue].map((part) =>
    part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  );
  const long = Math.cbrt(0.4122214708 * linear[0] + 0.5363325363 * linear[1] + 0.0514459929 * linear[2]);
  const middle = Math.cbrt(0.2119034982 * linear[0] + 0.6806995451 * linear[1] + 0.1073969566 * linear[2]);
  const short = Math.cbrt(0.0883024619 * linear[0] + 0.2817188376 * linear[1] + 0.6299787005 * linear[2]);
  return 0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short;
}
