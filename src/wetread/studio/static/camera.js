// Pictures of the camera and of the clipboard, for teaching: the same way in as a file.

import { dialog } from "./ask.js";
import { h, icon } from "./dom.js";

const EVERY_MS = 250;
const SIDE = 512;
const WHY_NOT = {
  NotAllowedError: "The browser was not allowed to use the camera. Allow it in the address bar, and open this again.",
  NotFoundError: "No camera was found. Connect one, and open this again.",
  NotReadableError: "Another program uses the camera. Close it there, and open this again.",
};

// As the viewer does: every page can open it.
if (!document.querySelector('link[href="/static/camera.css"]')) {
  document.head.append(h("link", { rel: "stylesheet", href: "/static/camera.css" }));
}

/**
 * Opens the camera; `take(file)` is called with each picture. Resolves when the dialog closes.
 * @param {string} title what the dialog is called
 * @param {function(File): void} take
 * @param {{series?: boolean}} options series: four a second while the button is held, to fill a class
 */
export async function openCamera(title, take, { series = false } = {}) {
  let stream = null;
  let timer = null;
  let count = 0;
  const video = h("video", {
    autoplay: true,
    muted: true,
    playsinline: true,
    width: SIDE,
    height: SIDE,
    "aria-label": "What the camera sees",
  });
  const line = h("p", { class: "muted small", role: "status" }, "Asking the browser for the camera");
  const canvas = h("canvas", { width: SIDE, height: SIDE });
  const shoot = () => {
    const side = Math.min(video.videoWidth, video.videoHeight);
    if (side === 0) {
      return;
    }
    canvas
      .getContext("2d")
      .drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, SIDE, SIDE);
    canvas.toBlob((blob) => {
      count += 1;
      line.textContent = `${count} taken`;
      take(new File([blob], `camera-${Date.now()}.png`, { type: "image/png" }));
    }, "image/png");
  };
  const stopShooting = () => clearInterval(timer);
  const startShooting = () => {
    stopShooting();
    shoot();
    timer = setInterval(shoot, EVERY_MS);
  };
  const held = {
    onpointerdown: startShooting,
    onpointerup: stopShooting,
    onpointerleave: stopShooting,
    onclick: (event) => event.detail === 0 && shoot(), // Enter; a click has been seen as a pointer
  };
  const shutter = h(
    "button",
    { class: "button primary", type: "button", disabled: true, ...(series ? held : { onclick: shoot }) },
    icon("camera"),
    series ? "Hold to take" : "Take a picture",
  );
  const closed = dialog(title, (close) =>
    h(
      "div",
      { class: "camera" },
      video,
      line,
      h(
        "p",
        { class: "small muted" },
        "Pictures of a camera are for trying and teaching. Point it at no patient and at no screen with a name on it.",
      ),
      h(
        "div",
        { class: "dialog-foot" },
        h("button", { class: "button", type: "button", onclick: () => close() }, "Done"),
        shutter,
      ),
    ),
  );
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1024 } }, audio: false });
    video.srcObject = stream;
    line.textContent = series ? "Hold the button, or press Enter for one picture" : "Ready";
    shutter.disabled = false;
  } catch (error) {
    line.textContent = WHY_NOT[error.name] ?? "The camera gave no picture. Connect it again, and open this again.";
  }
  await closed;
  stopShooting();
  stream?.getTracks().forEach((track) => track.stop());
}

/** The pictures in a clipboard event or in the clipboard itself, as {file, path}. */
export function pastedFiles(data) {
  return [...(data?.files ?? [])]
    .filter((file) => file.type.startsWith("image/"))
    .map((file, number) => ({
      file,
      path: `pasted-${Date.now()}-${number}.${file.type === "image/jpeg" ? "jpg" : "png"}`,
    }));
}

/** Reads the clipboard when asked by a menu; the browser may refuse, then Ctrl+V is the way. */
export async function readClipboard() {
  const found = [];
  for (const one of await navigator.clipboard.read()) {
    const type = one.types.find((name) => name.startsWith("image/"));
    if (type) {
      found.push({ file: await one.getType(type), path: `pasted-${Date.now()}-${found.length}.png` });
    }
  }
  return found;
}
