import { fits, TEXTS } from '../domain/model/field-limits.js';

/** Tokens of pages: where the next page begins, and of which list, so that a token of another list is found out. */

export function pageToken(query: readonly string[], after: string): string {
  return Buffer.from(JSON.stringify([...query, after])).toString('base64url');
}

/** What the page comes after; undefined for a token that is none of this list. */
export function readPageToken(query: readonly string[], token: string): string | undefined {
  if (!fits(TEXTS.pageToken, token)) return undefined;
  const parts = parsed(token);
  if (!Array.isArray(parts) || parts.length !== query.length + 1) return undefined;
  if (query.some((part, index) => parts[index] !== part)) return undefined;
  const after: unknown = parts[query.length];
  return typeof after === 'string' && after !== '' ? after : undefined;
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
}
