// What was dropped or chosen -> a flat list of {file, path}, and which folder names become classes.

const IGNORED = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;
const ARCHIVE = /\.(zip|tm)$/i;
const TABLE = /\.(csv|tsv|txt|xlsx|xlsm|xlsb|xls|ods)$/i;

/** All files of a drop, folders walked through; {file, path} with path relative to what was dropped. */
export async function collect(transfer) {
  // Entries must be taken before the first await: the browser empties the list when the event ends.
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) {
    await walk(entry, "", found);
  }
  return found.filter((one) => !IGNORED.test(one.path));
}

async function walk(entry, above, found) {
  if (entry instanceof File) {
    found.push({ file: entry, path: entry.name });
  } else if (entry?.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) {
      found.push({ file, path: above + entry.name });
    }
  } else if (entry?.isDirectory) {
    for (const child of await children(entry)) {
      await walk(child, `${above}${entry.name}/`, found);
    }
  }
}

/** Everything in a folder: readEntries gives at most 100 a call, so it is asked until it gives none. */
export async function children(entry) {
  const reader = entry.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) {
      return all;
    }
    all.push(...some);
  }
}

/** The files of a file field. */
export function chosen(files) {
  return [...files]
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter((one) => !IGNORED.test(one.path));
}

/** A zip or Teachable Machine project is taken apart by the server, which reads the classes from its folders. */
export function isArchive(path) {
  return ARCHIVE.test(path);
}

/** Whether a file may be a table of labels, by its name. */
export function isTable(path) {
  return TABLE.test(path);
}

/** The folder at a level above the file, 1 = the folder it lies in; "" where there is none. */
export function folderOf(path, level = 1) {
  const folders = path.split("/").slice(0, -1);
  return folders[folders.length - level] ?? "";
}

/** How many files each folder name holds at a level: [[name, count]], most files first. */
export function tally(paths, level = 1) {
  const counts = new Map();
  for (const path of paths) {
    const name = folderOf(path, level);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

/** The level whose names look like classes: the folder of the file, unless there are so many that they look like patients. */
export function likelyLevel(paths) {
  const folders = (level) => tally(paths, level).filter(([name]) => name).length;
  if (folders(1) <= 24) {
    return 1;
  }
  const above = folders(2);
  return above >= 2 && above <= 24 ? 2 : 1;
}

let waiting = [];

/** Keeps files for the next page: a project made from a drop on the start page fills itself on its Build page. */
export function handOver(files) {
  waiting = files;
}

/** Takes what was handed over; the second asker finds nothing. */
export function takeOver() {
  return waiting.splice(0);
}
