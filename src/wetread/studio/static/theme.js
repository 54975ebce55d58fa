// Light or dark: as the system says, until the user chooses. Runs before the first paint.

const KEY = "wetread-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** `light` or `dark`, as shown now. */
export function theme() {
  return document.documentElement.dataset.theme;
}

function apply(name) {
  document.documentElement.dataset.theme = name;
  window.dispatchEvent(new CustomEvent("wetread:theme", { detail: name }));
}

/** Changes to the other theme, and remembers it in this browser. */
export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing still changes for now.
  }
  apply(next);
  return next;
}

apply(kept() ?? (system.matches ? "dark" : "light"));
system.addEventListener("change", () => kept() ?? apply(system.matches ? "dark" : "light"));
