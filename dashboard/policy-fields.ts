import type { FieldKind } from '../src/http/dashboard/page-data.js';

/** Values of a policy between the texts of its form and what the service reads. */

/** A value as the form writes it; an unset one is empty. */
export function fieldText(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return '';
  switch (kind) {
    case 'budgets':
      return (value as string[]).join(', ');
    case 'shares-by-ai':
    case 'weights':
      return lines(value, String);
    case 'weights-by-model':
      return lines(value, (weights) =>
        Object.entries(weights as object)
          .map(([name, percent]) => `${name} ${percent}`)
          .join(', '),
      );
    default:
      return String(value);
  }
}

function lines(value: unknown, text: (entry: unknown) => string): string {
  return Object.entries(value as object)
    .map(([name, entry]) => `${name}: ${text(entry)}`)
    .join('\n');
}

/** What the service is sent; undefined leaves the field at its default. What is no number stays a text, of which it complains. */
export function fieldValue(kind: FieldKind, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (kind) {
    case 'tokens':
    case 'slots':
    case 'share':
    case 'percent':
      return numberOf(trimmed);
    case 'budgets':
      return trimmed.split(/[\s,]+/).filter((id) => id !== '');
    case 'shares-by-ai':
    case 'weights':
      return entries(trimmed, numberOf);
    case 'weights-by-model':
      return entries(trimmed, (weights) => {
        const pairs = weights.split(',').map((pair) => pair.trim().split(/\s+/));
        return ownEntries(pairs.map(([name = '', percent = '']) => [name, numberOf(percent)]));
      });
    default:
      return trimmed;
  }
}

/** Names may have colons themselves: the last one counts. */
function entries(text: string, value: (entry: string) => unknown): object {
  const filled = text.split('\n').filter((line) => line.trim() !== '');
  return ownEntries(
    filled.map((line) => {
      const colon = line.lastIndexOf(':');
      if (colon < 0) return [line.trim(), ''];
      return [line.slice(0, colon).trim(), value(line.slice(colon + 1).trim())];
    }),
  );
}

/** Own properties whatever their names, `__proto__` too. */
function ownEntries(pairs: (readonly [string, unknown])[]): object {
  return Object.fromEntries(pairs);
}

function numberOf(text: string): number | string {
  const plain = text.replace(/%$/, '').replaceAll('_', '').trim();
  return plain !== '' && Number.isFinite(Number(plain)) ? Number(plain) : text;
}
