/** A proto map. It has no prototype, so that an AI named `__proto__` is an entry as any other. */
export function dictionary<V, M>(
  entries: Iterable<readonly [string, V]>,
  toMessage: (value: V) => M,
): Record<string, M> {
  const result: Record<string, M> = Object.create(null);
  for (const [key, value] of entries) result[key] = toMessage(value);
  return result;
}
