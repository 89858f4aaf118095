import { invalidFields } from '../api/failures/request-error.js';

/** The parameters of a query. One that is unknown is refused: a misspelt `budget_id` would show another budget's figures. */
export function readQuery(query: URLSearchParams, known: readonly string[]): Map<string, string> {
  const read = new Map<string, string>();
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      const description = `unknown parameter; known are ${known.join(', ') || 'none'}`;
      throw invalidFields([{ field: name.slice(0, 64), description }]);
    }
    const [value = '', ...more] = query.getAll(name);
    if (more.length > 0) throw invalidFields([{ field: name, description: 'given more than once' }]);
    read.set(name, value);
  }
  return read;
}
