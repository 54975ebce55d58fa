// The shell and the router. A page is pages/NAME.js with its pages/NAME.css and exports
//   title                         the name of the page, or a function of the context
//   async show(root, context)     draws it into root; the one h1 of the page is the page's own
//   leave()        (optional)     stops what it started
//   moved(context) (optional)     the query changed by the back button; without it the page is drawn again
// context = {project, run, params, data, runs, refresh(), root, signal}; signal is aborted when the page goes.

import { announce } from "./announce.js";
import { get } from "./api.js";
import { counted, empty, failed, fill, h, headlineParts, icon, lamp, loading, runName, tellApart } from "./dom.js";
import { go, match, pathOf, RUN_PAGES } from "./location.js";
import { forgetPageShortcuts, listenForKeys, shortcut, showShortcuts } from "./shortcuts.js";
import { theme, toggleTheme } from "./theme.js";

const TABS = [
  ["build", "Build", "b"],
  ["audit", "Audit", "a"],
  ["results", "Results", "r"],
  ["cases", "Cases", "c"],
  ["try", "Try", "t"],
  ["reading", "Reading", "d"],
  ["compare", "Compare", "m"],
  ["export", "Export", "e"],
];
const NOT_FOR_TERMINAL = new Set(["build", "audit"]);
const GATE_WORDS = {
  green: "No known pitfall found",
  amber: "Read the number with care",
  red: "Do not believe the number",
};

const main = document.getElementById("main");
const lastRun = new Map();
let current = null;
let ticket = 0;
let redrawBar = () => {};

function tabsOf(project) {
  return TABS.filter(([page]) => project !== "terminal" || !NOT_FOR_TERMINAL.has(page));
}

function chosenRun(at, runs) {
  if (at.run && at.run !== "latest") {
    return at.run;
  }
  const kept = lastRun.get(at.project);
  return runs.some((run) => run.id === kept)
    ? kept
    : ((runs.find((run) => run.status === "finished") ?? runs[0])?.id ?? null);
}

function drawBar(at, context) {
  redrawBar = () => drawBar(at, context);
  const run = context && (context.run ?? chosenRun(at, context.runs));
  const tab = ([page, words]) => {
    return h(
      "a",
      { href: pathOf(page, at.project, run), class: "tab", "aria-current": at.page === page ? "page" : null },
      words,
    );
  };
  const dark = theme() === "dark";
  fill(
    document.getElementById("bar"),
    h(
      "div",
      { class: "place" },
      h(
        "a",
        { class: "mark", href: "/" },
        h("img", { src: "/static/icon.svg", alt: "", width: 20, height: 20 }),
        "wetread",
      ),
      context && [
        h("span", { class: "slash", "aria-hidden": "true" }, "/"),
        h("span", { class: "project-name", title: context.data.name }, context.data.name),
      ],
    ),
    context
      ? h("nav", { class: "tabs", "aria-label": "Pages of this project" }, tabsOf(at.project).map(tab))
      : h("span", { class: "grow" }),
    h(
      "div",
      { class: "bar-end" },
      h("span", { class: "badge", title: "Images and models stay on this computer" }, "Local only"),
      h("span", { class: "badge", title: "Research and teaching only. Not a medical device." }, "Research use only"),
      h(
        "button",
        {
          class: "button ghost icon-only",
          type: "button",
          "aria-label": dark ? "Light theme" : "Dark theme",
          title: dark ? "Light theme" : "Dark theme",
          onclick: toggleTheme,
          data: { theme: "" },
        },
        icon(dark ? "sun" : "moon"),
      ),
      h(
        "button",
        {
          class: "button ghost icon-only",
          type: "button",
          "aria-label": "Keyboard shortcuts",
          title: "Keyboard shortcuts (?)",
          onclick: showShortcuts,
        },
        icon("keys"),
      ),
    ),
  );
  document.querySelector(".tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function drawRunBar(at, context) {
  const bar = document.getElementById("runbar");
  bar.hidden = !context?.run;
  if (bar.hidden) {
    fill(bar);
    return;
  }
  const run = context.runs.find((one) => one.id === context.run);
  const option = (one) =>
    h(
      "option",
      { value: one.id, selected: one.id === context.run },
      [
        runName(one),
        one.status === "finished" ? headlineParts(one.headline)[0].replace("95 % interval ", "") : one.status,
      ]
        .filter(Boolean)
        .join(" · "),
    );
  fill(
    bar,
    h(
      "label",
      { class: "runpick" },
      h("span", {}, "Run"),
      h(
        "select",
        { onchange: (event) => go(pathOf(at.page, at.project, event.target.value)) },
        run ? null : h("option", { selected: true }, context.run),
        context.runs.map(option),
      ),
    ),
    run?.gate && h("span", { class: "gate-words" }, lamp(run.gate, ""), GATE_WORDS[run.gate] ?? run.gate),
    run && h("span", { class: "muted" }, [run.preset, run.n && counted(run.n.images, "image")].filter(Boolean).join(" · ")),
    run?.data_changed && h("span", { class: "badge amber" }, "The data changed since this run"),
  );
}

async function fetchProject(project) {
  const summary =
    project === "terminal"
      ? Promise.resolve({
          id: "terminal",
          name: "Runs from the terminal",
          classes: [],
          counts: { items: 0 },
          rejected: [],
          unlabelled: 0,
        })
      : get(`/projects/${project}`);
  const [data, { runs }] = await Promise.all([summary, get(`/projects/${project}/runs`)]);
  return { data, runs: tellApart(runs) };
}

// Only the sheet of the page shown applies, so that pages need not know each other's class names.
function styleSheet(page) {
  const sheets = [...document.querySelectorAll("link[data-page]")];
  const use = () =>
    document.querySelectorAll("link[data-page]").forEach((link) => (link.disabled = link.dataset.page !== page));
  if (sheets.some((link) => link.dataset.page === page)) {
    return Promise.resolve(use);
  }
  return new Promise((resolve) => {
    const done = () => resolve(use);
    document.head.append(
      h("link", { rel: "stylesheet", href: `/static/pages/${page}.css`, data: { page }, onload: done, onerror: done }),
    );
  });
}

async function leaveCurrent() {
  const gone = current;
  current = null;
  gone?.stop.abort();
  forgetPageShortcuts();
  await gone?.module?.leave?.();
}

async function contextOf(at, root, stop) {
  if (!at.project) {
    return {
      project: null,
      run: null,
      params: {},
      data: null,
      runs: [],
      refresh: async () => null,
      root,
      signal: stop.signal,
    };
  }
  const context = {
    project: at.project,
    run: null,
    params: at.params,
    ...(await fetchProject(at.project)),
    root,
    signal: stop.signal,
  };
  context.run = RUN_PAGES.includes(at.page) ? chosenRun(at, context.runs) : null;
  let asked = 0;
  let taken = 0;
  context.refresh = async () => {
    const mine = (asked += 1);
    const found = await fetchProject(at.project);
    // Neither a later answer nor what a change has answered meanwhile is overwritten by an older one.
    if (mine > taken) {
      taken = mine;
      Object.assign(context, found, context.data.version > found.data.version && { data: context.data });
    }
    if (!stop.signal.aborted) {
      drawBar(at, context);
      drawRunBar(at, context);
    }
    return context;
  };
  return context;
}

async function render({ first = false } = {}) {
  const mine = (ticket += 1);
  const at = match(window.location.pathname);
  await leaveCurrent();
  const root = h("div", { class: `page page-${at?.page ?? "none"}` }, loading("Loading"));
  main.dataset.state = "loading";
  fill(main, root);
  if (!at) {
    drawBar({ page: "none", project: null }, null);
    drawRunBar(null, null);
    fill(
      root,
      h("h1", { class: "said" }, "Not found"),
      empty(
        "There is no such page.",
        "The address may be from another version of the studio.",
        h("a", { class: "button", href: "/" }, "To the projects"),
      ),
    );
    main.dataset.state = "missing";
    return;
  }
  const stop = new AbortController();
  try {
    const [module, context, useSheet] = await Promise.all([
      import(`./pages/${at.page}.js`),
      contextOf(at, root, stop),
      styleSheet(at.page),
    ]);
    if (mine !== ticket) {
      return;
    }
    useSheet();
    current = { path: window.location.pathname, module, context, stop };
    await draw(at, context, module, root);
    if (mine === ticket) {
      main.dataset.state = "ready";
      arrived(at, context, module, first);
    }
  } catch (error) {
    if (mine === ticket && error.name !== "AbortError") {
      showFailure(at, root, error);
    }
  }
}

async function draw(at, context, module, root) {
  if (at.run === "latest" && context.run) {
    window.history.replaceState(null, "", pathOf(at.page, at.project, context.run) + window.location.search);
    current.path = window.location.pathname;
  }
  if (context.run) {
    lastRun.set(at.project, context.run);
  }
  drawBar(at, at.project ? context : null);
  drawRunBar(at, context);
  if (RUN_PAGES.includes(at.page) && !context.run) {
    fill(
      root,
      h("h1", { class: "said" }, nameOf(module, context)),
      empty(
        "No run yet.",
        "Train a model on the Build page; this page then shows what it found.",
        h("a", { class: "button primary", href: pathOf("build", at.project) }, "To the Build page"),
      ),
    );
    return;
  }
  await module.show(root, context);
}

function nameOf(module, context) {
  return typeof module.title === "function" ? module.title(context) : module.title;
}

function arrived(at, context, module, first) {
  const name = nameOf(module, context);
  document.title = [name, context.data?.name, "wetread"].filter(Boolean).join(" · ");
  if (!first) {
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    announce(name, { now: true });
  }
}

function showFailure(at, root, error) {
  console.warn(error.message);
  drawBar(at, null);
  const away =
    error.status === 404 && h("div", { class: "row" }, h("a", { class: "button", href: "/" }, "To the projects"));
  fill(
    root,
    h("h1", { class: "said" }, "This page could not be shown"),
    failed(error, () => render()),
    away,
  );
  main.dataset.state = "error";
}

function moved() {
  if (current && current.path === window.location.pathname && current.module.moved) {
    current.module.moved(current.context);
  } else {
    render();
  }
}

function followed(event) {
  const link = event.target.closest?.("a[href^='/']");
  const own =
    link &&
    !link.target &&
    !link.hasAttribute("download") &&
    !link.pathname.startsWith("/api/") &&
    !link.pathname.startsWith("/static/");
  if (
    own &&
    event.button === 0 &&
    !event.metaKey &&
    !event.ctrlKey &&
    !event.shiftKey &&
    !event.altKey &&
    !event.defaultPrevented
  ) {
    event.preventDefault();
    go(link.getAttribute("href"));
  }
}

function goTo(page) {
  const at = match(window.location.pathname);
  if (at?.project && tabsOf(at.project).some(([name]) => name === page)) {
    go(pathOf(page, at.project, lastRun.get(at.project)));
  }
}

// A file that misses every place for it would be opened by the browser instead of the studio.
function missed(event) {
  if (event.dataTransfer?.types.includes("Files") && !event.defaultPrevented) {
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  }
}

document.addEventListener("click", followed);
document.addEventListener("dragover", missed);
document.addEventListener("drop", missed);
window.addEventListener("popstate", moved);
window.addEventListener("wetread:go", () => render());
window.addEventListener("wetread:theme", () => {
  const focused = document.activeElement?.matches("[data-theme]:not(html)");
  redrawBar();
  focused && document.querySelector("button[data-theme]").focus();
});
listenForKeys();
shortcut("?", "Show this list", showShortcuts, "Everywhere");
shortcut("g h", "All projects", () => go("/"), "Everywhere");
TABS.forEach(([page, words, key]) => shortcut(`g ${key}`, words, () => goTo(page), "Everywhere"));
shortcut("T", "Light or dark theme", toggleTheme, "Everywhere");
render({ first: true });
