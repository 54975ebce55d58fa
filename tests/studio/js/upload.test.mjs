import assert from "node:assert/strict";
import { test } from "node:test";
import { children, folderOf, isArchive, likelyLevel, tally } from "../../../src/wetread/studio/static/drop.js";
import { mayRepeat, outcome, secondsLeft, upload, words } from "../../../src/wetread/studio/static/upload.js";

const files = (number) =>
  Array.from({ length: number }, (_, index) => ({ path: `a/${index}.png`, class: "a", file: { size: 1000 } }));
const at = { wait: async () => {}, now: () => 0, follow: async () => ({}) };

test("five go at the same time, and all arrive once", async () => {
  let now = 0;
  let most = 0;
  const seen = [];
  const send = async (one) => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setTimeout(resolve, 1));
    now -= 1;
    seen.push(one.path);
    return { status: "added", items: ["x"] };
  };
  const state = await upload(files(21), { ...at, send });
  assert.equal(most, 5);
  assert.equal(new Set(seen).size, 21);
  assert.deepEqual([state.done, state.added, state.rejected.length], [21, 21, 0]);
});

test("a busy server is asked again, an answer is not", async () => {
  let asked = 0;
  const busy = await upload(files(1), {
    ...at,
    send: async () => {
      asked += 1;
      if (asked < 3) {
        throw Object.assign(new Error("away"), { code: "offline" });
      }
      return { status: "duplicate" };
    },
  });
  assert.deepEqual([asked, busy.duplicates], [3, 1]);
  asked = 0;
  const refused = await upload(files(1), {
    ...at,
    send: async () => {
      asked += 1;
      throw Object.assign(new Error("too large"), { status: 413, remedy: "smaller" });
    },
  });
  assert.equal(asked, 1);
  assert.deepEqual(refused.rejected, [{ name: "a/0.png", reason: "too large", remedy: "smaller" }]);
});

test("when nothing goes through, it stops instead of failing a thousand times", async () => {
  let asked = 0;
  const state = await upload(files(1000), {
    ...at,
    send: async () => {
      asked += 1;
      throw Object.assign(new Error("away"), { code: "offline" });
    },
  });
  assert.ok(state.stopped);
  assert.ok(asked < 60, String(asked));
  assert.match(outcome(state), /not sent/);
});

test("a stop ends it after the files on their way", async () => {
  const stop = new AbortController();
  const send = async () => {
    stop.abort();
    return { status: "added", items: ["x"] };
  };
  const state = await upload(files(50), { ...at, send, signal: stop.signal });
  assert.ok(state.done <= 4);
});

test("an archive counts what its task says", async () => {
  const follow = async (task) => ({
    added: 7,
    duplicates: 2,
    rejected: [{ name: task, reason: "no image" }],
    notes: ["one"],
  });
  const state = await upload([{ path: "a.zip", class: "", file: { size: 9 } }], {
    ...at,
    send: async () => ({ status: "archive", task: "t" }),
    follow,
  });
  assert.equal(outcome(state), "7 added, 2 already here, 1 not taken");
  assert.deepEqual(state.notes, ["one"]);
});

test("time left and words", () => {
  assert.equal(secondsLeft(1, 5, 10), null);
  assert.equal(secondsLeft(10, 25, 100), 30);
  assert.equal(words({ done: 312, total: 1200, left: 118 }), "312 of 1,200 files, about 2 min left");
  assert.equal(words({ done: 3, total: 3, left: 0 }), "3 of 3 files");
  assert.equal(mayRepeat({ status: 503 }), true);
  assert.equal(mayRepeat({ status: 400 }), false);
});

test("folders become classes", () => {
  const paths = ["set/a/1.png", "set/a/2.png", "set/b/1.png", "loose.png"];
  assert.deepEqual(tally(paths), [
    ["a", 2],
    ["", 1],
    ["b", 1],
  ]);
  assert.equal(folderOf("x/y/z.png", 2), "x");
  assert.equal(isArchive("A.ZIP"), true);
  assert.equal(isArchive("a.zip.png"), false);
  const byPatient = Array.from({ length: 60 }, (_, index) => `${index % 2 ? "sick" : "well"}/P${index}/1.dcm`);
  assert.equal(likelyLevel(byPatient), 2);
  assert.equal(likelyLevel(paths), 1);
});

test("a folder of more than a hundred files is read to its end", async () => {
  const all = Array.from({ length: 250 }, (_, index) => index);
  let given = 0;
  const entry = { createReader: () => ({ readEntries: (take) => take(all.slice(given, (given += 100))) }) };
  assert.equal((await children(entry)).length, 250);
});
