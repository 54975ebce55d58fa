/**
 * Heatmaps, as arithmetic: cells in, colours and words out. Knows no canvas and no document.
 *
 * Colours: warm speaks for the class, cold against it; both arms go down the same ladder of lightness in Oklab
 * (Ottosson 2020), so equal steps of heat look equal, and orange and blue differ for every kind of colour vision.
 */

/** Heat below this part of the scale is not drawn: nothing is painted where nothing was found (as in the report). */
export const FAINTEST = 0.08;
/** Heat from this part of the scale on is drawn as opaquely as the slider says. */
const FULL = 0.6;

/** Steps of the colour table on each side of nothing. */
const STEPS = 255;

const WARM = { hue: [82, 28], chroma: [0.1, 0.19] };
const COLD = { hue: [225, 262], chroma: [0.07, 0.19] };
const LIGHTNESS = [0.9, 0.52];

/** Oklab lightness, chroma and hue (degrees) -> [red, green, blue], 0-255. */
export function fromOklch(lightness, chroma, hue) {
  const turn = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(turn);
  const b = chroma * Math.sin(turn);
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
  return linear.map((part) => {
    const shown = part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, shown)));
  });
}

/** The colour of heat: -1 (all against) to 1 (all for) -> [red, green, blue, opacity], all 0-255. */
export function heatColour(heat) {
  const strength = Math.min(1, Math.abs(heat));
  const arm = heat >= 0 ? WARM : COLD;
  const between = ([from, to]) => from + (to - from) * strength;
  const opacity = Math.min(1, Math.max(0, (strength - FAINTEST) / (FULL - FAINTEST)));
  return [...fromOklch(between(LIGHTNESS), between(arm.chroma), between(arm.hue)), Math.round(255 * opacity)];
}

/** Packed colours for heat from -1 to 1 in 2 x 255 + 1 steps. */
export function heatTable() {
  const table = new Uint32Array(2 * STEPS + 1);
  for (let step = 0; step < table.length; step += 1) {
    const [red, green, blue, opacity] = heatColour((step - STEPS) / STEPS);
    table[step] = ((opacity << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return table;
}

/**
 * The map on a grid over the whole picture, 0 outside its box.
 * @param {{values: number[][], box?: number[]}} map box: top, left, bottom, right, each 0 to 1
 * @param {number} rows of the grid
 * @param {number} columns of the grid
 * @param {boolean} smooth bilinear between the middles of cells; else each point takes the cell it lies in
 * @returns {Float32Array} row after row
 */
export function onGrid(map, rows, columns, smooth) {
  const [top, left, bottom, right] = map.box ?? [0, 0, 1, 1];
  const down = places(rows, top, bottom, map.values.length, smooth);
  const along = places(columns, left, right, map.values[0].length, smooth);
  const heat = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const { inside, first, second, part } = down[row];
    if (!inside) continue;
    const upper = map.values[first];
    const lower = map.values[second];
    for (let column = 0; column < columns; column += 1) {
      const place = along[column];
      if (!place.inside) continue;
      const above = upper[place.first] * (1 - place.part) + upper[place.second] * place.part;
      const below = lower[place.first] * (1 - place.part) + lower[place.second] * place.part;
      heat[row * columns + column] = above * (1 - part) + below * part;
    }
  }
  return heat;
}

/** For each grid line: whether it lies in the box, between which cells, and how far towards the second. */
function places(lines, from, to, cells, smooth) {
  return Array.from({ length: lines }, (_, line) => {
    const at = (((line + 0.5) / lines - from) / (to - from)) * cells;
    const inside = at >= 0 && at < cells;
    if (!smooth) return { inside, first: clip(Math.floor(at), cells), second: clip(Math.floor(at), cells), part: 0 };
    const first = Math.floor(at - 0.5);
    return { inside, first: clip(first, cells), second: clip(first + 1, cells), part: at - 0.5 - first };
  });
}

function clip(cell, cells) {
  return Math.min(cells - 1, Math.max(0, cell));
}

/** Draws heat (as `onGrid` gives it) into the packed pixels of an ImageData; `limit` gets the full colour. */
export function paintHeat(heat, limit, table, packed) {
  for (let at = 0; at < heat.length; at += 1) {
    const step = Math.round((heat[at] / limit) * STEPS);
    packed[at] = table[Math.min(STEPS, Math.max(-STEPS, step)) + STEPS];
  }
}

const DOWN = ["upper", "middle", "lower"];
const ALONG = ["left", "centre", "right"];

/**
 * Where the heat is, in words: the same for an eye that cannot see the map.
 * @param {{values: number[][], box?: number[], limit: number, target: string}} map
 * @returns {string} a sentence; sides are those of the picture, not of the patient
 */
export function heatInWords(map) {
  const heat = onGrid(map, 48, 48, false);
  const strongest = Math.max(...map.values.flat().map(Math.abs));
  if (!(strongest > 1e-9) || strongest < FAINTEST * map.limit) return "The heatmap is empty: no place stands out.";
  const speaks = (sign) => {
    const shares = ninths(
      heat.map((one) => Math.max(0, sign * one)),
      48,
    );
    const total = shares.reduce((sum, share) => sum + share, 0);
    const most = shares.indexOf(Math.max(...shares));
    const name = most === 4 ? "centre" : `${DOWN[Math.floor(most / 3)]} ${ALONG[most % 3]}`;
    return total > 1e-9 ? `${name} of the picture (${Math.round((100 * shares[most]) / total)} % of it)` : null;
  };
  const [favour, against] = [speaks(1), speaks(-1)];
  const parts = [];
  if (favour) parts.push(`Most heat for ${map.target}: ${favour}.`);
  if (against) parts.push(`Most heat against: ${against}.`);
  return parts.join(" ");
}

/** Sums over the nine ninths of a square grid. */
function ninths(heat, side) {
  const sums = new Array(9).fill(0);
  for (let at = 0; at < heat.length; at += 1) {
    const row = Math.floor((3 * Math.floor(at / side)) / side);
    sums[3 * row + Math.floor((3 * (at % side)) / side)] += heat[at];
  }
  return sums;
}
