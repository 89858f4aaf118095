/** The one of `names` that somebody who wrote `name` most likely meant; undefined if none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const written = plain(name);
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of names) {
    const distance = editDistance(written, plain(candidate));
    const limit = Math.min(written.length, candidate.length) < 7 ? 1 : 2;
    if (distance <= limit && (best === undefined || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best?.name;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** Letters to insert, remove, replace or swap with their neighbour to make one text the other. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const cheapest = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(swapped ? Math.min(cheapest, (before[j - 2] ?? 0) + 1) : cheapest);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** Names that others use for the same, and that are too far from ours for `nearest`. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  MONGO_URL: 'MONGODB_URI',
  MONGODB_DB: 'MONGODB_DATABASE',
  MONGO_DATABASE: 'MONGODB_DATABASE',
  MONGO_DB: 'MONGODB_DATABASE',
  GRPC_ADDR: 'GRPC_ADDRESS',
  HTTP_ADDR: 'HTTP_ADDRESS',
  CLOCK_SKEW: 'MAX_CLOCK_SKEW',
  INSECURE: 'ALLOW_INSECURE',
  RETENTION_MONTHS: 'USAGE_RETENTION_MONTHS',
};

/** Variables of the environment that look like a slip for one of ours, which has then no effect. */
export function nearMissWarnings(present: readonly string[], known: readonly string[]): string[] {
  return present.flatMap((name) => {
    if (known.includes(name)) return [];
    const meant = OTHER_NAMES[name.toUpperCase()] ?? nearest(name, known);
    return meant === undefined
      ? []
      : [`${name}: no such setting, so it has no effect; did you mean ${meant}?`];
  });
}
