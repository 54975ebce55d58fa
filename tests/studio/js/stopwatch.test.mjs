// The clock of the reading room: pauses are left out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createStopwatch } from "../../../src/wetread/studio/static/stopwatch.js";

test("only running time counts, and starting twice changes nothing", () => {
  let now = 100;
  const watch = createStopwatch(() => now);
  assert.equal(watch.ms(), 0);
  watch.start();
  now = 350;
  watch.start();
  assert.equal(watch.ms(), 250);
  watch.stop();
  now = 9000;
  assert.equal(watch.ms(), 250, "a pause");
  watch.stop();
  watch.start();
  now = 9100;
  assert.equal(watch.ms(), 350);
  assert.equal(watch.running(), true);
});

test("the next case begins at zero, also in the middle of a case", () => {
  let now = 0;
  const watch = createStopwatch(() => now);
  watch.start();
  now = 500;
  watch.reset();
  now = 800;
  assert.equal(watch.ms(), 0);
  assert.equal(watch.running(), false);
});
