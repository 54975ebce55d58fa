import assert from "node:assert/strict";
import { test } from "node:test";
import { createLane, createTurn } from "../../../src/wetread/studio/static/api.js";
import { follow } from "../../../src/wetread/studio/static/run_live.js";

test("a task waits for the one before, and one that fails stops none", async () => {
  const lane = createLane();
  const done = [];
  const slow = lane(() => new Promise((resolve) => setTimeout(resolve, 20)).then(() => done.push("slow")));
  const bad = lane(() => Promise.reject(new Error("no")));
  const last = lane(() => done.push("last"));
  await assert.rejects(bad, /no/);
  await Promise.all([slow, last]);
  assert.deepEqual(done, ["slow", "last"]);
});

test("of two questions only the last counts", () => {
  const turn = createTurn();
  const [first, second] = [turn(), turn()];
  assert.deepEqual([first(), second()], [false, true]);
});

test("a file of events that begins anew takes away what the one before told", async () => {
  const notice = (seq, text) => ({ seq, kind: "notice", text });
  const answers = [
    { events: [notice(7, "of the check before")], status: "queued" },
    { events: [notice(1, "of this one")], status: "running", reset: true },
    { events: [notice(2, "and its last")], status: "finished" },
  ];
  const asked = [];
  globalThis.document = { hidden: false };
  globalThis.fetch = async (path) => {
    asked.push(Number(path.split("after=")[1]));
    return { ok: true, json: async () => answers.shift() };
  };
  const live = await follow("p", "audit", () => {});
  assert.deepEqual(asked, [0, 7, 1]);
  assert.deepEqual(live.notices, ["of this one", "and its last"]);
});
