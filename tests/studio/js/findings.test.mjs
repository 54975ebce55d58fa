// Findings on the Build page: what a drop means, what a bar shows, and that tables are sent last.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isTable } from "../../../src/wetread/studio/static/drop.js";
import { calledWords, dropWish, kindOf, markOf, sharesOf } from "../../../src/wetread/studio/static/findings.js";
import { upload } from "../../../src/wetread/studio/static/upload.js";

const classes = { use: "classes" };
const findings = { use: "findings" };

test("images dropped on a card are moved where there are classes", () => {
  assert.deepEqual(dropWish(classes, "c-1", ["x"]), { op: "move", items: ["x"], class: "c-1" });
  assert.deepEqual(dropWish(classes, "none", ["x"]), { op: "move", items: ["x"], class: null });
  assert.deepEqual(dropWish(classes, "excluded", ["x"]), { op: "exclude", items: ["x"] });
});

test("images dropped on a finding show it, and lose none of the others", () => {
  const mark = (finding, mark) => ({ op: "mark", items: ["x"], finding, mark });
  assert.deepEqual(dropWish(findings, "c-1", ["x"]), mark("c-1", "present"));
  assert.deepEqual(dropWish(findings, "nothing", ["x"]), mark("all", "absent"));
  assert.deepEqual(dropWish(findings, "none", ["x"]), mark("all", "unknown"));
  assert.deepEqual(dropWish(findings, "excluded", ["x"]), { op: "exclude", items: ["x"] });
});

test("what is uncertain and what is not said are unknown", () => {
  const item = { findings: { a: "1", b: "0", c: "u" } };
  assert.deepEqual(
    ["a", "b", "c", "d"].map((one) => markOf(item, one)),
    ["present", "absent", "unknown", "unknown"],
  );
  assert.equal(markOf({}, "a"), "unknown");
});

test("shares add up, and an empty finding has none", () => {
  assert.deepEqual(sharesOf({ count: 1, absent: 2, unknown: 1 }), [0.25, 0.5, 0.25]);
  assert.deepEqual(sharesOf({ count: 0, absent: 0, unknown: 0 }), [0, 0, 0]);
});

test("words follow what is in use", () => {
  assert.deepEqual([kindOf(classes), kindOf(findings), kindOf({})], ["class", "finding", "class"]);
});

test("tables are known by their names, and sent when all images have arrived", async () => {
  assert.deepEqual(["a/labels.CSV", "t.xlsx", "a.png", "csv"].map(isTable), [true, true, false, false]);
  const done = [];
  let busy = 0;
  const send = async (one) => {
    busy += 1;
    assert.ok(!one.last || busy === 1);
    await new Promise((resolve) => setTimeout(resolve, one.path === "slow.png" ? 20 : 1));
    busy -= 1;
    done.push(one.path);
    return { status: one.last ? "table" : "added", items: [] };
  };
  const files = ["t.csv", "slow.png", "b.png"].map((path) => ({ path, file: { size: 1 }, last: isTable(path) }));
  const state = await upload(files, { send, follow: async () => ({}), now: () => 0 });
  assert.deepEqual(done, ["b.png", "slow.png", "t.csv"]);
  assert.deepEqual([state.done, state.notes.length], [3, 1]);
});

test("several findings that are called stand one after the other", () => {
  const p = { Mass: 0.7, Edema: 0.6 };
  assert.equal(calledWords({ predicted: "Edema|Mass", p }), "Edema, Mass");
  assert.equal(calledWords({ predicted: "Mass", p }), "Mass");
  assert.equal(calledWords({ predicted: "", p }), "");
});
