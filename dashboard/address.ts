/** Addresses within the page: what is shown, and how, so that a link and the back button bring it back. */

/** The one that is shown. */
export function shownAddress(): { path: string; query: URLSearchParams } {
  const [path = '', search = ''] = location.hash.replace(/^#/, '').split('?');
  return { path: path === '' ? '/' : path, query: new URLSearchParams(search) };
}

export function addressOf(path: string, query: URLSearchParams = new URLSearchParams()): string {
  const text = query.toString();
  return `#${path}${text === '' ? '' : `?${text}`}`;
}

/** Of a budget, or of something of it. */
export function budgetPath(budgetId: string, ...parts: readonly string[]): string {
  return ['/budgets', budgetId, ...parts.map(encodeURIComponent)].join('/');
}

/** The query with other values; one that is empty or undefined is left out. */
export function changed(
  query: URLSearchParams,
  values: Readonly<Record<string, string | undefined>>,
): URLSearchParams {
  const after = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') after.delete(name);
    else after.set(name, value);
  }
  return after;
}
