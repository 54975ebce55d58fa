// Native dialogs and menus: Esc closes them, focus goes in and comes back, by the browser's own rules.

import { h, icon } from "./dom.js";

/** A dialog of our making; `body(close)` gives its content. Resolves with what close was given, null for Esc. */
export function dialog(title, body, { wide = false } = {}) {
  return new Promise((resolve) => {
    let answer = null;
    const node = h("dialog", { class: wide ? "dialog wide-dialog" : "dialog", "aria-labelledby": "dialog-title" });
    const close = (value = null) => {
      answer = value;
      node.close();
    };
    node.append(
      h(
        "div",
        { class: "dialog-head" },
        h("h2", { id: "dialog-title" }, title),
        h(
          "button",
          { class: "button ghost icon-only", type: "button", "aria-label": "Close", onclick: () => close() },
          icon("close"),
        ),
      ),
      ...[body(close)].flat(),
    );
    node.addEventListener("close", () => {
      node.remove();
      resolve(answer);
    });
    document.body.append(node);
    node.showModal();
    const first = node.querySelector("[autofocus]") ?? node.querySelector("input, select");
    first?.focus();
    // Now and not later: what is typed in the meantime would be replaced.
    if (first?.type === "text") first.select();
  });
}

/** Asks for one line of text; null when the user thinks better of it. */
export function ask(title, label, { value = "", action = "Save", hint = "" } = {}) {
  return dialog(title, (close) => {
    const input = h("input", {
      type: "text",
      value,
      maxlength: 80,
      required: true,
      autocomplete: "off",
      spellcheck: "false",
      id: "asked",
    });
    const send = (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text) {
        close(text);
      }
    };
    return h(
      "form",
      { onsubmit: send },
      h(
        "div",
        { class: "field" },
        h("label", { for: "asked" }, label),
        input,
        hint && h("span", { class: "hint" }, hint),
      ),
      h(
        "div",
        { class: "dialog-foot" },
        h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"),
        h("button", { class: "button primary", type: "submit" }, action),
      ),
    );
  });
}

/** A button that opens a menu. `entries()` gives [{words, run, icon, heading}] or null for a line, each time it opens. */
export function menuButton(label, entries, { face = icon("more"), className = "button ghost icon-only small" } = {}) {
  const list = h("div", { class: "menu", popover: "auto", role: "menu" });
  const button = h(
    "button",
    { class: className, type: "button", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false" },
    face,
  );
  const item = (entry) => {
    if (!entry) {
      return h("hr");
    }
    return entry.heading
      ? h("h3", { role: "presentation" }, entry.heading)
      : h(
          "button",
          {
            type: "button",
            role: "menuitem",
            onclick: () => {
              list.hidePopover();
              entry.run();
            },
          },
          entry.icon && icon(entry.icon),
          entry.words,
        );
  };
  button.addEventListener("click", () => {
    list.replaceChildren(...entries().map(item));
    (button.closest("dialog") ?? document.body).append(list);
    list.showPopover();
    place(list, button);
    list.querySelector("button")?.focus();
  });
  list.addEventListener("keydown", walkMenu);
  list.addEventListener("toggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "closed") {
      list.remove();
    }
  });
  return button;
}

function place(list, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const below = at.bottom + 4 + height < window.innerHeight || at.top < height;
  list.style.left = `${Math.max(8, Math.min(at.right - width, window.innerWidth - width - 8))}px`;
  list.style.top = `${below ? Math.min(at.bottom + 4, Math.max(8, window.innerHeight - height - 8)) : at.top - height - 4}px`;
}

function walkMenu(event) {
  const ones = [...event.currentTarget.querySelectorAll("[role=menuitem]")];
  const at = ones.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: ones.length - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    ones[(next + ones.length) % ones.length].focus();
  }
}
