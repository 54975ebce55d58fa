/** One reader at work: a dark room, one picture, one answer. Nothing but the position is told. */

import { announce } from "../announce.js";
import { get, post } from "../api.js";
import { counted, duration, failed, fill, h } from "../dom.js";
import { words } from "../numbers.js";
import { createStopwatch } from "../stopwatch.js";
import { createViewer } from "../viewer.js";

/** Keys for how sure one is; the middle row of most keyboards. */
const SURE = { a: 0, s: 25, d: 50, f: 75, g: 100 };

/** The server has gone on already: an answer was kept whose reply was lost, or another window answers too. */
const PASSED = new Set(["answered", "not-last", "not-next"]);

/**
 * @param {{base: string, reading: object, reader: string, onleave: function(): void}} options
 */
export function createSession({ base, reading, reader, onleave }) {
  const watch = createStopwatch();
  const place = `${base}/readers/${reader}`;
  const total = reading.total;
  let state = "loading";
  let current = null;
  let chosen = [];
  let cannot = false;
  let sure = null;
  let spent = 0;
  let gone = false;

  const viewer = createViewer({
    label: "Picture of this case",
    onstate: (name) => name === "ready" && state === "reading" && watch.start(),
  });
  const position = h("h1", { class: "read-position" });
  const progress = h("progress", { max: total, value: 0, "aria-label": "Cases read" });
  const options = h("fieldset", { class: "read-options" });
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 1,
    value: 50,
    "aria-label": "How sure",
    oninput: () => setSure(slider.valueAsNumber),
  });
  const exact = h("input", {
    type: "number",
    min: 0,
    max: 100,
    "aria-label": "How sure, 0 to 100",
    onchange: () => setSure(exact.valueAsNumber),
  });
  const steps = h(
    "div",
    { class: "read-steps" },
    Object.entries(SURE).map(([key, value]) =>
      h(
        "button",
        { type: "button", class: "read-step", "aria-pressed": "false", data: { value }, onclick: () => setSure(value) },
        h("kbd", {}, key.toUpperCase()),
        value === 0 ? "guess" : value === 100 ? "sure" : String(value),
      ),
    ),
  );
  const hint = h("p", { class: "read-hint", role: "status" });
  const next = h(
    "button",
    { type: "button", class: "button primary big", onclick: () => send() },
    "Next ",
    h("kbd", {}, "Enter"),
  );
  const back = h(
    "button",
    { type: "button", class: "button", onclick: () => goBack() },
    "One back ",
    h("kbd", {}, "⌫"),
  );
  const rest = h("button", { type: "button", class: "button", onclick: () => pause() }, "Pause ", h("kbd", {}, "Esc"));
  const panel = h(
    "div",
    { class: "read-panel" },
    h("div", {}, position, progress),
    options,
    h(
      "fieldset",
      { class: "read-sure" },
      h("legend", {}, "How sure are you of that?"),
      h("div", { class: "row" }, slider, exact),
      steps,
    ),
    hint,
    next,
    h("div", { class: "row" }, back, rest),
    h(
      "p",
      { class: "muted read-keys" },
      "1 to 9 choose, 0 cannot be judged. I inverts, W next window, R resets, arrows change the window.",
    ),
  );
  const cover = h("div", { class: "read-cover", tabindex: "-1" });
  const room = h("div", { class: "read-room" }, viewer.element, panel);
  const element = h(
    "section",
    { class: "read on-dark", tabindex: "-1", "aria-label": "Reading", data: { state } },
    room,
    cover,
  );
  const around = () => document.querySelectorAll("#bar, #runbar, .foot, .skip");

  function enter(name) {
    state = name;
    element.dataset.state = name;
    room.inert = name !== "reading";
    cover.hidden = name === "reading";
    if (name === "reading") element.focus();
    else (cover.querySelector("button") ?? cover).focus();
  }

  function say(title, lines, ...buttons) {
    fill(
      cover,
      h(
        "div",
        { class: "read-said" },
        h("h1", {}, title),
        lines.map((line) => h("p", {}, line)),
        h("div", { class: "row" }, buttons),
      ),
    );
  }

  const button = (text, onclick, primary = false) =>
    h("button", { type: "button", class: primary ? "button primary big" : "button big", onclick }, text);

  async function start() {
    const found = await get(`${place}/next`);
    if (gone) return;
    if (found.done === true) {
      finish();
      return;
    }
    say(
      found.position > 1 ? "Welcome back" : "Ready to read",
      [
        found.position > 1
          ? `You go on with case ${found.position} of ${total}.`
          : `${counted(total, "case")}, each with one answer and how sure you are of it.`,
        "The clock runs while a picture is shown, and stands while you pause. One step back is possible, no more.",
      ],
      button(
        "Start",
        () => {
          enter("reading");
          showCase(found);
        },
        true,
      ),
      button("Leave", onleave),
    );
    enter("ready");
  }

  async function showCase(found) {
    current = found;
    [chosen, cannot, sure] = [[], false, null];
    if (found.correction) {
      chosen = found.class ? found.class.split("|") : [];
      cannot = found.class === null;
      sure = found.confidence;
    }
    watch.stop();
    watch.reset();
    draw();
    position.textContent = `Case ${found.position} of ${total}`;
    progress.value = found.position - 1;
    hint.textContent = found.correction ? "You may correct this answer." : (found.hint ?? "");
    announce(`Case ${found.position} of ${total}`, { now: true });
    if (!(await viewer.load(`${base}/cases/${found.case}/pixels`)) && current === found && state === "reading") {
      watch.start();
      hint.textContent = "This picture cannot be shown: answer with 0.";
    }
  }

  function draw() {
    const option = (name, number) => {
      const on = chosen.includes(name);
      return h(
        "button",
        {
          type: "button",
          class: on ? "read-option chosen" : "read-option",
          "aria-pressed": String(on),
          onclick: () => choose(number),
        },
        number < 9 && h("kbd", {}, String(number + 1)),
        words(name),
      );
    };
    fill(
      options,
      h("legend", {}, reading.several ? "What do you see? Several are possible." : "What do you see?"),
      reading.classes.map(option),
      h(
        "button",
        {
          type: "button",
          class: cannot ? "read-option chosen" : "read-option",
          "aria-pressed": String(cannot),
          onclick: () => choose(-1),
        },
        h("kbd", {}, "0"),
        "Cannot be judged",
      ),
    );
    if (sure !== null) slider.value = String(sure);
    slider.classList.toggle("unset", sure === null);
    exact.value = sure === null ? "" : String(sure);
    steps
      .querySelectorAll("button")
      .forEach((one) => one.setAttribute("aria-pressed", String(Number(one.dataset.value) === sure)));
    back.disabled = Boolean(current?.correction);
  }

  function choose(number) {
    const name = reading.classes[number];
    if (number >= 0 && !name) return;
    cannot = number < 0 && !cannot;
    // "No finding" stands last where several are possible, and alone.
    const nothing = reading.several ? reading.classes.at(-1) : null;
    if (number < 0) chosen = [];
    else if (!reading.several || name === nothing) chosen = [name];
    else
      chosen = chosen.includes(name)
        ? chosen.filter((one) => one !== name)
        : [...chosen.filter((one) => one !== nothing), name];
    hint.textContent = "";
    draw();
  }

  function setSure(value) {
    if (!Number.isFinite(value)) return;
    sure = Math.min(100, Math.max(0, Math.round(value)));
    hint.textContent = "";
    draw();
  }

  let sending = false;
  async function send() {
    if (sending || state !== "reading" || !current) return;
    if (!chosen.length && !cannot) return void (hint.textContent = "Choose an answer first: 1 to 9, or 0.");
    if (sure === null && !cannot)
      return void (hint.textContent = "How sure are you? Move the slider, or press A, S, D, F or G.");
    sending = true;
    watch.stop();
    const said = {
      case: current.case,
      class: cannot ? null : reading.several ? chosen : chosen[0],
      confidence: sure ?? 0,
      ms: watch.ms(),
      correction: Boolean(current.correction),
    };
    try {
      const found = await answered(said);
      if (gone) return;
      spent += said.ms;
      if (found.done === true) finish();
      else await showCase(found);
    } catch (error) {
      // The answer is still on the screen; Enter sends it again, and the clock counts on, but in no pause.
      if (state === "reading") watch.start();
      hint.textContent = [error.message, error.remedy].filter(Boolean).join(" ");
    } finally {
      sending = false;
    }
  }

  async function answered(said) {
    try {
      return await post(`${place}/answers`, said);
    } catch (error) {
      if (!PASSED.has(error.code)) throw error;
      return { ...(await get(`${place}/next`)), hint: "That case had an answer already; one back shows it." };
    }
  }

  async function goBack() {
    if (sending) return;
    if (current?.correction) return void (hint.textContent = "Only one step back is possible.");
    sending = true; // an answer that overtook it would make it two steps
    try {
      const found = await get(`${place}/back`);
      if (gone) return;
      if (state === "done") enter("reading");
      await showCase(found);
    } catch (error) {
      hint.textContent = error.message;
    } finally {
      sending = false;
    }
  }

  function pause() {
    if (state !== "reading") return;
    watch.stop();
    say(
      "Pause",
      ["The picture is hidden and the clock stands."],
      button("Go on", resume, true),
      button("Leave", onleave),
    );
    enter("pause");
  }

  function resume() {
    enter("reading");
    if (viewer.element.dataset.state === "ready" || viewer.element.dataset.state === "error") watch.start();
  }

  function finish() {
    watch.stop();
    current = null;
    progress.value = total;
    say(
      "All cases read",
      [
        spent
          ? `Thank you. It took ${duration(spent / 1000)}, pauses not counted.`
          : "Thank you. Every answer is kept.",
        "Results stand on the page of the session, beside the model.",
      ],
      button("To the results", onleave, true),
      button("Correct the last answer", goBack),
    );
    enter("done");
    announce("All cases read", { now: true });
  }

  /** Before every other listener: in this room a digit is an answer, whatever has the focus. */
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target === exact;
    const does =
      state === "reading" ? inRoom(event, typing) : state === "pause" && event.key === "Escape" ? resume : null;
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    // Held for too long, a key would choose and unchoose, or pause and go on; the window may follow an arrow.
    if (!event.repeat || /^(Arrow|[+=-]$)/.test(event.key)) does();
  }

  function inRoom(event, typing) {
    if (event.key === "Escape") return pause;
    if (event.key === "Enter" && (typing || !event.target.closest?.("button")))
      return () => {
        if (typing) setSure(exact.valueAsNumber);
        send();
      };
    if (typing) return null;
    if (event.key === "Backspace") return goBack;
    if (/^[0-9]$/.test(event.key)) return () => choose(Number(event.key) - 1);
    const letter = event.key.toLowerCase();
    if (letter in SURE) return () => setSure(SURE[letter]);
    const known = { i: viewer.invert, w: viewer.nextPreset, r: viewer.reset }[letter];
    if (known || event.target === slider || !/^(Arrow|[+=-]$)/.test(event.key)) return known ?? null;
    return () => viewer.press(event);
  }

  const hidden = () => document.hidden && pause();
  document.addEventListener("keydown", key, true);
  document.addEventListener("visibilitychange", hidden);
  around().forEach((one) => (one.inert = true));

  return {
    element,
    start: () =>
      start().catch((error) => {
        fill(
          cover,
          failed(error, () => start()),
        );
        enter("ready");
      }),
    destroy() {
      gone = true;
      watch.stop();
      document.removeEventListener("keydown", key, true);
      document.removeEventListener("visibilitychange", hidden);
      around().forEach((one) => (one.inert = false));
      viewer.destroy();
    },
  };
}
