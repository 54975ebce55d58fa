import assert from "node:assert/strict";
import { test } from "node:test";

import * as say from "../../../src/wetread/studio/static/numbers.js";

test("what is below one is never shown as one", () => {
  assert.equal(say.two(0.9996), "0.9996");
  assert.equal(say.two(0.99999), "0.9999");
  assert.equal(say.two(1), "1.00");
  assert.equal(say.percent(0.996), "99.6 %");
  assert.equal(say.percent(0.002), "0.2 %");
  assert.equal(say.percent(0.025), "2.5 %");
  assert.equal(say.percent(0.07), "7 %");
  assert.equal(say.percent(0.126), "13 %");
  assert.equal(say.percent(0.125), "13 %");
  assert.equal(say.percent(0.995), "99.5 %");
  assert.equal(say.percent(0.9995), "> 99.9 %");
  assert.equal(say.percent(1), "100 %");
  assert.equal(say.percent(0.0004), "< 0.1 %");
  assert.equal(say.percent(0), "0 %");
  assert.deepEqual([0, 0.043, 0.43, 1].map(say.chance), ["< 1 %", "4.3 %", "43 %", "> 99 %"]);
});

test("a number that is not there is a dash, not NaN", () => {
  for (const one of [
    say.two(undefined),
    say.percent(NaN),
    say.signed(null),
    say.pValue(undefined),
    say.countOf100(null),
  ]) {
    assert.equal(one, "–");
  }
  assert.equal(say.phrase({ value: null }), "not defined");
  assert.equal(say.interval({ value: 1 }), "");
});

test("small differences keep their sign and a third decimal", () => {
  assert.equal(say.signed(0.004), "+0.004");
  assert.equal(say.signed(-0.3), "−0.30");
  assert.equal(say.signed(0), "0.00");
  assert.equal(say.signed(-0.0001), "0.00");
});

test("a share is a count out of 100, and its complement turns the limits round", () => {
  const metric = { value: 0.88, low: 0.8, high: 0.93 };
  assert.equal(say.countOf100(metric), "88 (80 to 93)");
  assert.equal(say.countOf100(metric, true), "12 (7 to 20)");
  assert.equal(say.countOf100({ value: 0.999, low: 0.97, high: 1 }), "99.9 (97 to 100)");
});

test("the sentence says what is found and what is a false alarm", () => {
  const rates = {
    sensitivity: { value: 0.82, low: 0.7, high: 0.9 },
    specificity: { value: 0.9, low: 0.85, high: 0.95 },
  };
  assert.equal(
    say.operatingSentence(rates, "pleural_effusion", "patients"),
    "Out of 100 patients with pleural effusion it finds 82 (70 to 90). Out of 100 without, it raises 10 (5 to 15) false alarms.",
  );
  assert.equal(
    say.operatingSentence({ sensitivity: null, specificity: rates.specificity }, "x"),
    "Out of 100 without, it raises 10 (5 to 15) false alarms.",
  );
});

test("rates count images unless every patient has one", () => {
  assert.equal(say.unitOf({ images: 200, patients: 120 }), "images");
  assert.equal(say.unitOf({ images: 200, patients: 200 }), "patients");
  assert.equal(say.unitOf({ images: 200, patients: null }), "images");
});

test("sizes and durations are said as people say them", () => {
  assert.equal(say.size(900), "900 bytes");
  assert.equal(say.size(1500000), "1.5 MB");
  assert.equal(say.size(64e6), "64 MB");
  assert.equal(say.took(12), "12 s");
  assert.equal(say.took(600), "10 min");
});
