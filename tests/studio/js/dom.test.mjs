import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, duration, headlineParts, runName, tellApart, when } from "../../../src/wetread/studio/static/dom.js";
import { gather, nothingYet, standing } from "../../../src/wetread/studio/static/run_live.js";

test("numbers with their nouns", () => {
  assert.equal(counted(1, "image"), "1 image");
  assert.equal(counted(1500, "image"), "1,500 images");
  assert.equal(counted(2, "class", "classes"), "2 classes");
});

test("time in words", () => {
  assert.equal(duration(0.2), "1 s");
  assert.equal(duration(59.4), "59 s");
  assert.equal(duration(185), "3 min");
  assert.equal(duration(3600), "1 h");
  assert.equal(duration(4800), "1 h 20 min");
  assert.equal(duration(null), "");
});

test("a moment in few words", () => {
  const now = new Date(2026, 10, 22, 15, 0);
  assert.equal(when(new Date(2026, 10, 22, 14, 5).toISOString(), now), "14:05");
  assert.equal(when(new Date(2026, 10, 3).getTime(), now), "3 Nov");
  assert.equal(when(new Date(2025, 0, 3).getTime(), now), "3 Jan 2025");
  assert.equal(when("nonsense", now), "");
});

test("events become curves, the present fit last", () => {
  const epoch = (fold, number, loss) => ({
    seq: 10 * fold + number,
    kind: "epoch_done",
    repeat: 1,
    fold,
    inner: 0,
    epoch: number,
    epochs: 5,
    train_loss: loss,
    val_loss: number === 1 ? null : loss,
    val_auroc: 0.5,
  });
  const live = gather(nothingYet(), [
    epoch(1, 1, 0.9),
    epoch(2, 1, 0.8),
    epoch(1, 2, 0.7),
    { seq: 30, kind: "notice", text: "slow disk" },
  ]);
  assert.equal(live.seq, 30);
  assert.deepEqual([...live.fits.keys()], ["1.2.0", "1.1.0"]);
  assert.deepEqual(live.fits.get("1.1.0").train, [
    [1, 0.9],
    [2, 0.7],
  ]);
  assert.deepEqual(live.fits.get("1.1.0").val, [[2, 0.7]]);
  assert.deepEqual(live.notices, ["slow disk"]);
});

test("where it stands, in words", () => {
  assert.match(standing({ ...nothingYet(), status: "queued" }), /^Waiting/);
  assert.equal(
    standing({
      ...nothingYet(),
      status: "running",
      step: { title: "Training and testing", done: 120, total: 363 },
      left: 240,
    }),
    "Training and testing, 120 of 363. About 4 min left.",
  );
  assert.equal(standing({ ...nothingYet(), status: "running", step: { title: "Reading", total: null } }), "Reading.");
});

test("a headline is split into the number and what it was found on", () => {
  assert.deepEqual(
    headlineParts({ text: "AUROC 0.92 (95 % interval 0.87 to 0.95), 200 images of 120 patients, cross-validation" }),
    ["AUROC 0.92 (95 % interval 0.87 to 0.95)", "200 images of 120 patients, cross-validation"],
  );
  assert.deepEqual(headlineParts({ text: "No number" }), ["No number", ""]);
  assert.deepEqual(headlineParts(null), ["", ""]);
});

test("a run without a title is called by its preset and time", () => {
  assert.equal(runName({ id: "r", title: "Mine", preset: "quick" }), "Mine");
  assert.equal(
    runName({ id: "r", title: "r", preset: "quick", started: new Date(2020, 4, 6).toISOString() }),
    "quick, 6 May 2020",
  );
  assert.equal(runName({ id: "r", title: "r" }), "r");
});

test("a run of the terminal has the name of its folder", () => {
  const started = new Date(2020, 4, 6).toISOString();
  assert.equal(runName({ id: "tb-2", title: "tb-2", data: "chest films", preset: "quick", started }), "tb-2");
});

test("runs that would be called the same are told apart by the time, then by the id", () => {
  const at = (hour) => new Date(2020, 4, 6, hour).toISOString();
  const runs = [
    { id: "r1", title: "r1", preset: "quick", started: at(9) },
    { id: "r2", title: "r2", preset: "quick", started: at(14) },
    { id: "r3", title: "r3", preset: "best", started: at(14) },
    { id: "r4", title: "Mine" },
    { id: "r5", title: "Mine" },
  ];
  assert.deepEqual(tellApart(runs).map(runName), [
    "quick, 6 May 2020, 09:00",
    "quick, 6 May 2020, 14:00",
    "best, 6 May 2020",
    "Mine (r4)",
    "Mine (r5)",
  ]);
});
