/** `…` in the README: whatever stands there; as a key or as a line of its own: whatever else is there. */
const ANYTHING = '…';

/** Where what was printed differs from what the README shows; empty if it does not. */
export function differences(shown: unknown, printed: unknown, path = '$'): string[] {
  if (shown === ANYTHING) return printed === undefined ? [`${path} is not there`] : [];
  if (typeof shown !== 'object' || shown === null || typeof printed !== 'object' || printed === null) {
    return shown === printed
      ? []
      : [`${path} is ${JSON.stringify(printed)}; shown is ${JSON.stringify(shown)}`];
  }
  if (Array.isArray(shown) !== Array.isArray(printed)) return [`${path} is ${JSON.stringify(printed)}`];
  const [expected, actual] = [new Map(Object.entries(shown)), new Map(Object.entries(printed))];
  const open = expected.delete(ANYTHING);
  const extra = open ? [] : [...actual.keys()].filter((key) => !expected.has(key));
  return [
    ...[...expected].flatMap(([key, value]) => differences(value, actual.get(key), `${path}.${key}`)),
    ...extra.map((key) => `${path}.${key} is not shown`),
  ];
}

/** The same for text. */
export function isText(shown: string, printed: string): boolean {
  const pattern = shown
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/^…$/gm, '[\\s\\S]*')
    .replaceAll(ANYTHING, '.*');
  return new RegExp(`^${pattern}$`).test(printed.trim());
}

/** The JSON objects that commands printed, one after the other, whatever stands between them. */
export function jsonObjects(output: string): unknown[] {
  const objects: unknown[] = [];
  let rest = output;
  for (;;) {
    const from = rest.search(/^\{/m);
    if (from < 0) return objects;
    rest = rest.slice(from);
    // grpcurl prints over several lines and ends with a brace of its own; curl prints one line.
    const end = rest.startsWith('{\n') ? rest.indexOf('\n}') + 2 : `${rest}\n`.indexOf('\n');
    objects.push(JSON.parse(rest.slice(0, end)));
    rest = rest.slice(end);
  }
}
