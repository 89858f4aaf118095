/** How figures and colours are written. */

export type Style = keyof typeof CODES;

const CODES = {
  ...{ bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 },
} as const;

const COLOURED = process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';

/** Colours text that has its final width already: the codes would count as characters. */
export function paint(text: string, ...styles: readonly Style[]): string {
  if (!COLOURED || styles.length === 0) return text;
  return `\u001b[${styles.map((style) => CODES[style]).join(';')}m${text}\u001b[0m`;
}

const AI_STYLES: Readonly<Record<string, Style>> = {
  ...{ imperium: 'cyan', guardian: 'green', sandbox: 'yellow', conquest: 'magenta' },
};

export function paintAi(aiId: string, width = 0): string {
  const style = AI_STYLES[aiId];
  return paint(aiId.padEnd(width), ...(style === undefined ? [] : [style]));
}

export function amount(tokens: number): string {
  return tokens.toLocaleString('en-US');
}

export function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
}

/** Exactly so wide: filled up, or cut off with a sign of it. */
export function fitted(text: string, width: number): string {
  if (text.length <= width) return text.padEnd(width);
  return width < 1 ? '' : `${text.slice(0, width - 1)}…`;
}

/** Parts of a whole as a bar of `width` cells; what no part takes is left. */
export function bar(
  width: number,
  whole: number,
  parts: readonly (readonly [number, string, Style])[],
): string {
  let used = 0;
  let sum = 0;
  let text = '';
  for (const [part, cell, style] of parts) {
    sum += part;
    // Rounded at the running sum, so that the parts together are as long as their sum is.
    const end = Math.min(width, Math.round((sum / Math.max(1, whole)) * width));
    text += paint(cell.repeat(Math.max(0, end - used)), style);
    used = Math.max(used, end);
  }
  return text + paint('·'.repeat(width - used), 'dim');
}
