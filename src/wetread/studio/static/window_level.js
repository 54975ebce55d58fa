/**
 * Window and level, as arithmetic: stored values in, screen values out. Knows no canvas and no document.
 *
 * A table with one entry for each of the 65,536 stored values is made once per window; drawing is then one look-up per
 * pixel, which keeps a drag at 60 frames per second where arithmetic per pixel would not.
 */

/** Window widths below this divide by nothing (PS3.3 C.11.2.1.2: at least 1). */
export const NARROWEST = 1;

/** Dragging this many CSS pixels moves the window by the whole range of values. */
const DRAG = 720;

/**
 * The linear window of PS3.3 C.11.2.1.2.
 * @param {number} value in the unit of the picture
 * @param {{centre: number, width: number}} window
 * @returns {number} 0 (black) to 255 (white), not rounded
 */
export function windowed(value, { centre, width }) {
  const span = Math.max(width, NARROWEST);
  if (span === 1) return value > centre - 0.5 ? 255 : 0;
  return Math.min(255, Math.max(0, ((value - centre + 0.5) / (span - 1) + 0.5) * 255));
}

/**
 * Fills the table of packed screen pixels (alpha, blue, green, red: the order of ImageData on little-endian machines).
 * @param {Uint32Array} table 65,536 entries; entry i belongs to the stored value whose 16 bits are i
 * @param {{slope: number, intercept: number}} scale value = stored * slope + intercept
 * @param {{centre: number, width: number}} window
 * @param {boolean} invert white for black
 * @returns {Uint32Array} the same table
 */
export function fillTable(table, { slope, intercept }, window, invert) {
  for (let bits = 0; bits < 65536; bits += 1) {
    const stored = bits < 32768 ? bits : bits - 65536;
    const grey = Math.round(windowed(stored * slope + intercept, window));
    const shown = invert ? 255 - grey : grey;
    table[bits] = 0xff000000 | (shown << 16) | (shown << 8) | shown;
  }
  return table;
}

/** Draws stored values (as 16 bits) through the table into the packed pixels of an ImageData. */
export function paintGrey(bits, table, packed) {
  for (let at = 0; at < bits.length; at += 1) packed[at] = table[bits[at]];
}

/** Draws colour octets (red, green, blue) through the same table, each channel by itself. */
export function paintColour(octets, table, packed) {
  for (let at = 0, from = 0; at < packed.length; at += 1, from += 3) {
    const red = table[octets[from]] & 0xff;
    const green = table[octets[from + 1]] & 0xff00;
    const blue = table[octets[from + 2]] & 0xff0000;
    packed[at] = 0xff000000 | blue | green | red;
  }
}

/**
 * The window after a drag: right is wider (less contrast), down is a higher centre (darker).
 * @param {{centre: number, width: number}} window where the drag began
 * @param {number} right CSS pixels
 * @param {number} down CSS pixels
 * @param {number} range of the values of the picture
 */
export function dragged({ centre, width }, right, down, range) {
  const step = Math.max(range, NARROWEST) / DRAG;
  // A narrow window (brain, 80 HU of 4,096) needs finer steps than the range asks for.
  const fine = Math.min(1, Math.max(0.04, (2 * width) / Math.max(range, NARROWEST)));
  return { centre: centre + down * step * fine, width: Math.max(NARROWEST, width + right * step * fine) };
}

/**
 * Lowest and highest value, and the window that leaves one percent black and one percent white.
 * @param {Int16Array|Uint8Array} values stored
 * @param {{slope: number, intercept: number}} scale
 */
export function spread(values, { slope, intercept }) {
  const counts = new Uint32Array(65536);
  for (let at = 0; at < values.length; at += 1) counts[values[at] + 32768] += 1;
  const ends = [0, 0.01, 0.99, 1].map((part) => (reached(counts, part * values.length) - 32768) * slope + intercept);
  const [lowest, low, high, highest] = slope < 0 ? ends.reverse() : ends;
  return { lowest, highest, centre: (low + high) / 2, width: Math.max(NARROWEST, high - low) };
}

function reached(counts, part) {
  let seen = 0;
  let last = 0;
  for (let bin = 0; bin < counts.length; bin += 1) {
    if (!counts[bin]) continue;
    seen += counts[bin];
    last = bin;
    if (seen > part) return bin;
  }
  return last;
}

/** `value = stored * slope + intercept`, window and presets, from the headers of a pixels answer. */
export function readHeaders(headers) {
  const pair = (name) => (headers.get(name) ?? "").split(",").map(Number);
  const [rows, columns] = pair("X-Shape");
  const [originalRows, originalColumns] = headers.get("X-Original") ? pair("X-Original") : [rows, columns];
  const [centre, width] = pair("X-Window");
  const presets = JSON.parse(headers.get("X-Presets") || "[]");
  return {
    rows,
    columns,
    originalRows,
    originalColumns,
    channels: Number(headers.get("X-Channels") ?? 1),
    slope: Number(headers.get("X-Slope") ?? 1),
    intercept: Number(headers.get("X-Intercept") ?? 0),
    unit: headers.get("X-Unit") ?? "",
    window: { centre, width },
    invert: headers.get("X-Invert") === "1",
    presets: presets.map(([name, presetCentre, presetWidth]) => ({ name, centre: presetCentre, width: presetWidth })),
  };
}
