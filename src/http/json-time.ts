/** A moment as JSON has it: RFC 3339 in UTC, to the second below which no window starts and no client looks. */
export function jsonTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
