// How to train: a preset, what the numbers speak of, and, folded away, what few need.

import { createTurn, get } from "./api.js";
import { failed, fill, h, icon } from "./dom.js";

const FOLLOWS = "Follows a paper to the letter.";

/** The form. Answers {element, wish(), busy(flag), redraw()}; `start` is called by its button. */
export function trainForm(desk, start) {
  const presets = h("fieldset", { class: "presets" }, h("legend", {}, "How thorough"));
  const questions = h("div", { class: "stack" });
  const trouble = h("p", { class: "small muted", id: "why-not" });
  const button = h(
    "button",
    { class: "button primary big train-button", type: "submit", "aria-describedby": "why-not" },
    icon("play"),
    "Train",
  );
  const advanced = h("details", { class: "advanced" }, h("summary", {}, "Advanced"));
  const ofData = h("div", { class: "advanced-data" });
  const settings = settingsField();
  const element = h(
    "form",
    {
      class: "stack train-form",
      novalidate: true, // wish() asks, after it has opened what is folded away
      onsubmit: (event) => {
        event.preventDefault();
        start();
      },
    },
    presets,
    questions,
    advanced,
    button,
    trouble,
  );
  const kept = { preset: "standard" };
  const unticked = new Set();
  const compared = new Set();
  let plan = null;

  function drawPresets() {
    const one = (preset) =>
      h(
        "label",
        { class: "preset", title: preset.basis },
        h("input", {
          type: "radio",
          name: "preset",
          value: preset.name,
          checked: preset.name === kept.preset,
          onchange: () => (kept.preset = preset.name),
        }),
        h("span", { class: "preset-name" }, preset.title),
        h("span", { class: "preset-time number" }, range(preset)),
        h("span", { class: "preset-text" }, preset.sentence),
      );
    fill(presets, h("legend", {}, "How thorough"), plan.presets.map(one));
  }

  function drawQuestions() {
    if (!plan.questions.some((one) => one.name === "positive")) {
      delete kept.positive; // there is a third class now
    }
    fill(
      questions,
      plan.questions.map((one) => {
        const select = h(
          "select",
          { id: `ask-${one.name}`, onchange: () => (kept[one.name] = select.value) },
          one.answers.map((answer) =>
            h(
              "option",
              { value: answer.value, selected: answer.value === (kept[one.name] ?? one.answer) },
              answer.label,
            ),
          ),
        );
        kept[one.name] = select.value;
        return h(
          "div",
          { class: "field" },
          h("label", { for: `ask-${one.name}` }, one.question),
          select,
          h("span", { class: "hint" }, one.why),
        );
      }),
    );
  }

  // What depends on the data is drawn anew with them; what was chosen stays chosen.
  function drawOfData() {
    const { classes, subgroups, together } = plan;
    const usual = subgroups.filter((one) => one.default).map((one) => one.name);
    fill(
      ofData,
      classes.length > 2 &&
        ticks(
          "Classes that take part",
          classes.map((name) => ({ name })),
          unticked,
          true,
        ),
      subgroups.length > 0 &&
        ticks(
          "Compare groups by",
          subgroups.map(({ name, groups }) => ({ name, title: groups.join(", ") })),
          compared,
          false,
          `With none ticked: ${usual.length > 0 ? usual.join(", ") : "what the files say, such as the device"}.`,
        ),
      together.length > 0 &&
        field(
          "together",
          "Keep on one side of every division",
          choices(
            "together",
            together.map(({ name, values }) => ({ name, title: `Each ${name} (${values})` })),
            "Each patient",
            kept.together,
            (value) => (kept.together = value),
          ),
          `Each ${together[0].name}: every test is on one that training never saw.`,
        ),
    );
    if (!together.some((one) => one.name === kept.together)) {
      delete kept.together;
    }
  }

  function drawAdvanced() {
    if (advanced.children.length > 1) {
      return;
    }
    const about = h("span", { class: "hint" }, FOLLOWS);
    const recipe = choices("recipe", plan.recipes, "None", "", (value) => {
      about.textContent = plan.recipes.find((one) => one.name === value)?.about ?? FOLLOWS;
    });
    advanced.append(
      h(
        "div",
        { class: "advanced-fields" },
        field(
          "title",
          "Name of the run",
          h("input", { type: "text", id: "set-title", name: "title", maxlength: 80, autocomplete: "off" }),
        ),
        field(
          "seed",
          "Seed",
          h("input", { type: "number", id: "set-seed", name: "seed", min: 0, max: 2147483647, value: 0 }),
          "The same seed repeats the run.",
        ),
        ofData,
        field(
          "time_limit",
          "Time limit, minutes",
          h("input", { type: "number", id: "set-time_limit", name: "time_limit", min: 1, max: 10000 }),
          "Plans for it; blank: as the preset says.",
        ),
        field(
          "backbone",
          "Pretrained weights",
          choices("backbone", [...plan.weights, { name: "none", title: "None: start fresh" }], "The best that is here"),
        ),
        h("div", { class: "field across" }, h("label", { for: "set-recipe" }, "Published recipe"), recipe, about),
        settings.element,
      ),
    );
  }

  const reason = () => (plan?.why_not ? [plan.why_not.message, plan.why_not.remedy].filter(Boolean).join(" ") : "");

  const turn = createTurn();
  async function redraw() {
    const isLast = turn();
    button.disabled = true;
    try {
      const found = await get(`/projects/${desk.project}/plan`, { signal: desk.signal });
      if (!isLast()) {
        return;
      }
      plan = found;
      drawPresets();
      drawQuestions();
      drawAdvanced();
      drawOfData();
      trouble.textContent = reason();
      button.disabled = Boolean(reason());
    } catch (error) {
      if (error.name !== "AbortError" && isLast()) {
        fill(questions, failed(error, redraw));
      }
    }
  }

  function wish() {
    const taking = (plan?.classes ?? []).filter((name) => !unticked.has(name));
    const some = plan?.classes.length > 2 && taking.length < plan.classes.length;
    const [box] = ofData.querySelectorAll("[type=checkbox]");
    box?.setCustomValidity(some && taking.length < 2 ? "Choose at least two classes." : "");
    advanced.open ||= !element.checkValidity(); // what is folded away cannot say what is wrong
    if (button.disabled || !element.reportValidity()) {
      return null;
    }
    const values = Object.fromEntries(new FormData(element));
    const number = (value) => (value === undefined || value === "" ? null : Number(value));
    const wanted = {
      ...kept,
      title: values.title,
      recipe: values.recipe,
      backbone: values.backbone,
      seed: number(values.seed),
      time_limit: number(values.time_limit),
      classes: some ? taking : [],
      subgroups: plan.subgroups.map((one) => one.name).filter((name) => compared.has(name)),
      settings: settings.lines(),
    };
    return Object.fromEntries(
      Object.entries(wanted).filter(([, value]) => value !== null && value !== undefined && value.length !== 0),
    );
  }

  /** Shows an answer of the server beside the field it is about; false where it is about none of them. */
  function refuse(error) {
    if (error.code !== "bad-setting") {
      return false;
    }
    advanced.open = true;
    settings.refuse([error.message, error.remedy].filter(Boolean).join(" "));
    return true;
  }

  return { element, wish, refuse, busy: (flag) => (button.disabled = flag || Boolean(reason())), redraw };
}

function field(name, label, control, hint) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: `set-${name}` }, label),
    control,
    hint && h("span", { class: "hint" }, hint),
  );
}

function choices(name, list, none, chosen = "", changed = () => null) {
  return h(
    "select",
    { id: `set-${name}`, name, onchange: (event) => changed(event.target.value) },
    h("option", { value: "" }, none),
    (list ?? []).map((one) =>
      h("option", { value: one.name, selected: one.name === chosen, title: one.about }, one.title ?? one.name),
    ),
  );
}

// Boxes to tick; `set` holds those that differ from `normal`.
function ticks(legend, list, set, normal, hint = "") {
  return h(
    "fieldset",
    { class: "field ticks" },
    h("legend", {}, legend),
    h(
      "div",
      { class: "tick-list" },
      list.map(({ name, title }) =>
        h(
          "label",
          { class: "check", title },
          h("input", {
            type: "checkbox",
            checked: set.has(name) !== normal,
            onchange: (event) => (event.target.checked === normal ? set.delete(name) : set.add(name)),
          }),
          name,
        ),
      ),
    ),
    hint && h("span", { class: "hint" }, hint),
  );
}

function settingsField() {
  const wrong = h("span", { class: "wrong", id: "settings-wrong", role: "alert" });
  const area = h("textarea", {
    id: "set-settings",
    rows: 2,
    maxlength: 2000,
    placeholder: "epochs=40",
    spellcheck: "false",
    "aria-describedby": "settings-wrong",
    oninput: () => say(""),
  });
  const say = (text) => {
    wrong.textContent = text;
    area.setAttribute("aria-invalid", String(Boolean(text)));
  };
  return {
    element: h(
      "div",
      { class: "field across" },
      h("label", { for: "set-settings" }, "Settings"),
      area,
      wrong,
      h("span", { class: "hint" }, "Changes decisions of the plan, one in each line. Export shows the plan of a run."),
    ),
    lines: () =>
      area.value
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean),
    refuse(text) {
      say(text);
      area.focus();
    },
  };
}

// Rounded to what a guess deserves.
function range({ minutes, low, high }) {
  if (high < 1.5) {
    return "about a minute";
  }
  const round = (value) => (value < 10 ? Math.max(1, Math.round(value)) : 5 * Math.round(value / 5));
  return round(low) === round(high) ? `about ${round(minutes)} min` : `${round(low)} to ${round(high)} min`;
}
