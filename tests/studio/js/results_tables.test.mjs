import assert from "node:assert/strict";
import { test } from "node:test";

// A page that only remembers what was put into it.
class FakeNode {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, children: [] });
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }
  append(...children) {
    this.children.push(...children);
  }
  get text() {
    return this.children.map((child) => child.text ?? String(child)).join("");
  }
  all(tag) {
    return this.children.flatMap((child) =>
      child instanceof FakeNode ? [...(child.tag === tag ? [child] : []), ...child.all(tag)] : [],
    );
  }
}
globalThis.Node = FakeNode;
globalThis.document = {
  createElement: (tag) => new FakeNode(tag),
  createElementNS: (_, tag) => new FakeNode(tag),
  createTextNode: (text) => Object.assign(new FakeNode("#text"), { children: [text] }),
};

const { sayFirstAlone, subgroupSection } = await import("../../../src/wetread/studio/static/pages/results_tables.js");

const area = { value: 0.7, low: 0.6, high: 0.8 };
const gap = { value: -0.2, low: -0.3, high: -0.1, p_holm: 0.01 };
const told = { positive: 20, negative: 30, auroc: area, sensitivity: area, specificity: area };
const few = { positive: 9, negative: 30, too_few: "too few to say" };
const mean = { n: 50, auroc: area, mean_over: ["Mass"] };

test("each finding has its own table, folded, below the means", () => {
  const groups = [
    { group: "F", ...mean, by_finding: { Mass: { ...told, gap: { auroc: gap } }, Scar: few } },
    { group: "M", ...mean, by_finding: { Mass: few, Scar: few } },
  ];
  const page = new FakeNode("page");
  page.append(...subgroupSection({ subgroups: [{ column: "sex", missing: 0, groups }] })[3]);
  const [mass, scar] = page.all("details");
  assert.equal(mass.all("summary")[0].text, "Mass 1 of 2 groups, 1 gap more than chance among all findings");
  assert.equal(scar.all("summary")[0].text, "Scar too few to say in any group");
  const rows = mass.all("tr").map((row) => row.text);
  assert.match(rows[1], /^sex: F20 of 50.*differs$/);
  assert.match(rows[2], /^sex: M9 of 39too few to say$/);
});

test("two classes have no findings to unfold", () => {
  const groups = [{ group: "F", ...told, n: 50, gap: { auroc: gap } }];
  const page = new FakeNode("page");
  page.append(...subgroupSection({ subgroups: [{ column: "sex", missing: 3, groups }] })[3]);
  assert.equal(page.all("details").length, 0);
  assert.equal(page.all("table").length, 1);
});

test("baselines are set beside the division in which they were tried", () => {
  assert.match(sayFirstAlone({ repeats: { auroc: [0.72, 0.8, 0.79] } }), /first division .* reaches 0\.72; .* over 3\.$/);
  assert.equal(sayFirstAlone({ repeats: { auroc: [0.72] } }) + sayFirstAlone({}), "");
});
