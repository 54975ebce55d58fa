import assert from "node:assert/strict";
import { test } from "node:test";
import { match, pathOf, withValues } from "../../../src/wetread/studio/static/location.js";

test("an address is read", () => {
  assert.deepEqual(match("/"), { page: "start", project: null, run: null, params: {} });
  assert.deepEqual(match("/p/p-1/build"), { page: "build", project: "p-1", run: null, params: {} });
  assert.deepEqual(match("/p/p-1/r/20261122-1/cases"), {
    page: "cases",
    project: "p-1",
    run: "20261122-1",
    params: {},
  });
  assert.deepEqual(match("/p/p-1/reading/x"), { page: "reading", project: "p-1", run: null, params: { id: "x" } });
});

test("an address that no page has is none", () => {
  for (const path of [
    "/q",
    "/p",
    "/p/p-1",
    "/p/p-1/results",
    "/p/p-1/r/x",
    "/p/p-1/r/x/build",
    "/p/p-1/build/more",
    "/p/p-1/reading/x/y",
    "/p/p-1/%",
  ]) {
    assert.equal(match(path), null, path);
  }
});

test("each page has its address, and is found by it", () => {
  assert.equal(pathOf("start"), "/");
  assert.equal(pathOf("audit", "p-1", "r"), "/p/p-1/audit");
  assert.equal(pathOf("try", "p-1", "r"), "/p/p-1/r/r/try");
  assert.equal(pathOf("results", "p-1"), "/p/p-1/r/latest/results");
  assert.equal(match(pathOf("export", "p-1", "a b")).run, "a b");
});

test("values of the query change, and only those named", () => {
  assert.equal(withValues("?a=1&b=2", { b: 3 }), "?a=1&b=3");
  assert.equal(withValues("?a=1&b=2", { a: null, b: "" }), "");
  assert.equal(withValues("", { class: "a&b" }), "?class=a%26b");
  assert.equal(withValues("?a=1", { n: 0 }), "?a=1&n=0");
});
