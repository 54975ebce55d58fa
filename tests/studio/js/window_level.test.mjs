// Window and level: expectations are the worked points of PS3.3 C.11.2.1.2 and hand-computed pixels.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dragged,
  fillTable,
  paintColour,
  paintGrey,
  readHeaders,
  spread,
  windowed,
} from "../../../src/wetread/studio/static/window_level.js";

const plain = { slope: 1, intercept: 0 };
const table = (scale, window, invert = false) => fillTable(new Uint32Array(65536), scale, window, invert);

test("an 8-bit picture in its own window is shown as it is", () => {
  for (const value of [0, 1, 127, 128, 254, 255])
    assert.equal(Math.round(windowed(value, { centre: 128, width: 256 })), value);
});

test("the ends of a window are black and white, and nothing leaves 0 to 255", () => {
  // centre 40, width 400: black up to 40 - 0.5 - 399/2 = -160, white from 40 - 0.5 + 399/2 = 239 on.
  const lung = { centre: 40, width: 400 };
  assert.equal(windowed(-160, lung), 0);
  assert.equal(windowed(239, lung), 255);
  assert.equal(windowed(-3000, lung), 0);
  assert.equal(windowed(3000, lung), 255);
  assert.ok(Math.abs(windowed(39.5, lung) - 127.5) < 1e-9);
});

test("width one is a step, not a division by zero", () => {
  assert.equal(windowed(10, { centre: 10, width: 1 }), 255);
  assert.equal(windowed(9, { centre: 10, width: 1 }), 0);
  assert.equal(windowed(9, { centre: 10, width: 0 }), 0);
});

test("the table knows negative stored values, slope and intercept", () => {
  const found = table({ slope: 2, intercept: -1000 }, { centre: 0, width: 256 });
  assert.equal(found[500] & 0xff, Math.round((0.5 / 255 + 0.5) * 255)); // value 0
  assert.equal(found[65536 - 5] & 0xff, 0); // stored -5, value -1010
  assert.equal(found[1000] & 0xff, 255);
  assert.equal(found[500] >>> 24, 255, "opaque");
});

test("inverting swaps black and white", () => {
  const found = table(plain, { centre: 128, width: 256 }, true);
  assert.deepEqual([found[0] & 0xff, found[255] & 0xff, found[100] & 0xff], [255, 0, 155]);
});

test("grey pixels go through the table, little-endian and opaque", () => {
  const packed = new Uint32Array(3);
  paintGrey(new Uint16Array(new Int16Array([0, 255, -7]).buffer), table(plain, { centre: 128, width: 256 }), packed);
  assert.deepEqual([...packed], [0xff000000, 0xffffffff, 0xff000000]);
});

test("colour keeps its channels apart", () => {
  const packed = new Uint32Array(2);
  paintColour(new Uint8Array([10, 20, 30, 255, 0, 1]), table(plain, { centre: 128, width: 256 }), packed);
  assert.deepEqual([...new Uint8Array(packed.buffer)], [10, 20, 30, 255, 255, 0, 1, 255]);
});

test("dragging right widens, down raises the centre, and the width stays above 1", () => {
  const start = { centre: 40, width: 400 };
  const moved = dragged(start, 72, 36, 720);
  assert.deepEqual(moved, { centre: 76, width: 472 });
  assert.equal(dragged(start, -9999, 0, 720).width, 1);
});

test("a narrow window of a wide range moves in finer steps", () => {
  const fine = dragged({ centre: 40, width: 80 }, 10, 0, 4096).width - 80;
  const coarse = dragged({ centre: 40, width: 4096 }, 10, 0, 4096).width - 4096;
  assert.ok(fine > 0 && fine < coarse / 10, `${fine} against ${coarse}`);
});

test("spread: the ends, and a window that leaves one percent on each side", () => {
  const values = Int16Array.from({ length: 1000 }, (_, at) => at - 500);
  const found = spread(values, { slope: 1, intercept: 100 });
  assert.deepEqual([found.lowest, found.highest], [-400, 599]);
  assert.deepEqual([found.centre, found.width], [100, 980]); // -390 to 590
  assert.equal(spread(new Int16Array([5, 5, 5]), plain).width, 1);
  const falling = spread(values, { slope: -1, intercept: 0 });
  assert.ok(falling.lowest < falling.highest && falling.width > 0);
});

test("headers of a pixels answer", () => {
  const found = readHeaders(
    new Headers({
      "X-Shape": "3,4",
      "X-Channels": "1",
      "X-Slope": "2",
      "X-Intercept": "-1024",
      "X-Unit": "HU",
      "X-Window": "40,400",
      "X-Invert": "1",
      "X-Presets": '[["lung",-600,1500]]',
      "X-Original": "30,40",
    }),
  );
  assert.deepEqual([found.rows, found.columns, found.originalRows, found.originalColumns], [3, 4, 30, 40]);
  assert.deepEqual(found.window, { centre: 40, width: 400 });
  assert.deepEqual(found.presets, [{ name: "lung", centre: -600, width: 1500 }]);
  assert.equal(found.invert, true);
  assert.equal(found.unit, "HU");
});
