// Talks to the studio's server, and to nothing else.

/** What went wrong, in words for a person: `message`, `remedy`, `code`, `status`. */
export class ApiError extends Error {
  constructor(message, remedy = "", code = "", status = 0) {
    super(message);
    Object.assign(this, { remedy, code, status });
  }
}

/** The address of a path of the API. */
export function url(path) {
  return `/api${path}`;
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(url(path), { credentials: "same-origin", redirect: "error", ...options });
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    throw new ApiError(
      "The studio does not answer.",
      "Start it again in the terminal with wetread studio. Training goes on meanwhile.",
      "offline",
    );
  }
  const content = await response.json().catch(() => null);
  if (!response.ok) {
    throw new ApiError(
      content?.message ?? `The studio answered with ${response.status}.`,
      content?.remedy ?? "",
      content?.code ?? "",
      response.status,
    );
  }
  return content;
}

/** Reads. */
export function get(path, options = {}) {
  return call(path, options);
}

/** Changes something; `body` becomes JSON. */
export function post(path, body = {}, options = {}) {
  return call(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "X-Wetread": "1", "Content-Type": "application/json" },
    ...options,
  });
}

/** Does tasks one after the other: of two changes under way at once, the older could be kept last. */
export function createLane() {
  let last = Promise.resolve();
  return (task) => {
    const done = last.then(task);
    last = done.catch(() => null);
    return done;
  };
}

/** Of questions under way at once only the last counts: `const isLast = turn()` before it, `isLast()` after it. */
export function createTurn() {
  let last = 0;
  return () => {
    const mine = (last += 1);
    return () => mine === last;
  };
}

/** Sends a file as it is. Header values must be plain ASCII: encode names with encodeURIComponent. */
export function put(path, blob, headers = {}, options = {}) {
  return call(path, {
    method: "PUT",
    body: blob,
    headers: { "X-Wetread": "1", "Content-Type": "application/octet-stream", ...headers },
    ...options,
  });
}

/** Removes. */
export function del(path, options = {}) {
  return call(path, { method: "DELETE", headers: { "X-Wetread": "1" }, ...options });
}
