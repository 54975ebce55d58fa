// One short message at the foot of the page, with a way back. The region itself is a live region.

import { h, fill, icon } from "./dom.js";

const STAYS_MS = 9000;
let timer = null;

/** Shows a message; `undo` is called by its button. Errors stay until they are closed. */
export function toast(text, { undo = null, error = false } = {}) {
  const region = document.getElementById("toasts");
  const close = () => {
    clearTimeout(timer);
    fill(region);
  };
  const wait = () => {
    clearTimeout(timer);
    timer = error ? null : setTimeout(close, STAYS_MS);
  };
  const box = h(
    "div",
    {
      class: error ? "toast wrong" : "toast",
      onmouseenter: () => clearTimeout(timer),
      onmouseleave: wait,
      onfocusin: () => clearTimeout(timer),
      onfocusout: wait,
    },
    h("span", {}, text),
    undo &&
      h(
        "button",
        {
          class: "button small",
          type: "button",
          onclick: () => {
            close();
            undo();
          },
        },
        icon("undo"),
        "Undo",
      ),
    h(
      "button",
      { class: "button ghost icon-only", type: "button", "aria-label": "Close this message", onclick: close },
      icon("close"),
    ),
  );
  fill(region, box);
  wait();
  return close;
}

/** Shows what an ApiError says. */
export function toastError(error) {
  return toast([error.message, error.remedy].filter(Boolean).join(" "), { error: true });
}
