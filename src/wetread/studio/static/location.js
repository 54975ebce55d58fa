// The address is the state: reload, back and bookmarks show the same thing again.

export const PROJECT_PAGES = ["build", "audit", "compare", "reading"];
export const RUN_PAGES = ["results", "cases", "try", "export"];

/** Reads an address: {page, project, run, params}; null for one that no page has. */
export function match(pathname) {
  const parts = decoded(pathname.split("/").filter(Boolean));
  if (parts?.length === 0) {
    return { page: "start", project: null, run: null, params: {} };
  }
  const [p, project, third, fourth, fifth] = parts ?? [];
  if (p !== "p" || !project) {
    return null;
  }
  if (third === "r" && fourth && RUN_PAGES.includes(fifth) && parts.length === 5) {
    return { page: fifth, project, run: fourth, params: {} };
  }
  if (parts.length === 4 && third === "reading") {
    return { page: "reading", project, run: null, params: { id: fourth } };
  }
  return parts.length === 3 && PROJECT_PAGES.includes(third) ? { page: third, project, run: null, params: {} } : null;
}

function decoded(parts) {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return null; // typed by hand, with a % that begins nothing
  }
}

/** The address of a page. Without a run, a page that needs one asks for the latest. */
export function pathOf(page, project, run) {
  if (page === "start" || !project) {
    return "/";
  }
  const base = `/p/${encodeURIComponent(project)}`;
  return RUN_PAGES.includes(page) ? `${base}/r/${encodeURIComponent(run ?? "latest")}/${page}` : `${base}/${page}`;
}

/** A search text with some values changed; null or "" takes a value out. Pure, so that it can be tested. */
export function withValues(search, changes) {
  const values = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") {
      values.delete(name);
    } else {
      values.set(name, String(value));
    }
  }
  const text = values.toString();
  return text ? `?${text}` : "";
}

/** The query of the address, as an object of texts. */
export function query() {
  return Object.fromEntries(new URLSearchParams(window.location.search));
}

/** Changes some values of the query; the page stays as it is. `replace` adds no step for the back button. */
export function setQuery(changes, { replace = true } = {}) {
  const next = window.location.pathname + withValues(window.location.search, changes);
  if (next !== window.location.pathname + window.location.search) {
    window.history[replace ? "replaceState" : "pushState"](null, "", next);
  }
}

/** Goes to another address of the studio; the router listens. */
export function go(path, { replace = false } = {}) {
  window.history[replace ? "replaceState" : "pushState"](null, "", path);
  window.dispatchEvent(new Event("wetread:go"));
}
