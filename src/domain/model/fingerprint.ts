import { hash } from 'node:crypto';
import type { Labels, TokenCounts, TopUpKind } from './types.js';

/**
 * What belongs to the content of a write, as a digest: a repeat under the same id must have the same, whichever mouth of the API it
 * came through. Kept in leases and receipts, so what goes into one never changes its order.
 */

export type FingerprintPart = string | number | boolean | undefined | readonly FingerprintPart[];

/** 128 bits: two contents that a caller sends under one id never share it by accident. */
const LENGTH = 22;

export interface AcquireContent {
  readonly budgetId: string;
  readonly aiId: string;
  readonly estimatedTokens?: number | undefined;
  /** As counted, not as weighed: a repeat after a change of the weights is the same request. */
  readonly expected?: TokenCounts | undefined;
  readonly atLeastTokens?: number | undefined;
  readonly leaseTtlMs?: number | undefined;
  readonly labels?: Labels | undefined;
  readonly model?: string | undefined;
}

export function acquireFingerprint(content: AcquireContent): string {
  const { budgetId, aiId, estimatedTokens, leaseTtlMs, labels, expected, atLeastTokens, model } = content;
  const parts: FingerprintPart[] = [
    budgetId,
    aiId,
    estimatedTokens,
    leaseTtlMs,
    labels && labelParts(labels),
  ];
  // Younger fields are named, and stand here only where they are set: without them a request keeps the digest that it had before.
  if (expected !== undefined) parts.push(['expected', countParts(expected)]);
  if (atLeastTokens !== undefined) parts.push(['at_least_tokens', atLeastTokens]);
  if (model !== undefined) parts.push(['model', model]);
  return fingerprint(parts);
}

export interface UsageContent {
  readonly tokens: TokenCounts;
  readonly model: string;
  readonly requestType: string;
  readonly failed: boolean;
  readonly errorMessage: string;
  readonly calls?: number | undefined;
}

export function usageFingerprint(content: UsageContent): string {
  const { tokens, model, requestType, failed, errorMessage, calls } = content;
  const parts: FingerprintPart[] = [...countParts(tokens), model, requestType, failed, errorMessage];
  if (calls !== undefined) parts.push(['calls', calls]);
  return fingerprint(parts);
}

function countParts({ input, output, cacheRead, cacheWrite, reasoning, total }: TokenCounts): number[] {
  return [input, output, cacheRead, cacheWrite, reasoning, total];
}

export interface AdjustmentContent {
  readonly tokens: number;
  readonly reason: string;
  readonly day?: string | undefined;
  readonly aiId?: string | undefined;
  readonly model?: string | undefined;
}

export function adjustmentFingerprint({ tokens, reason, day, aiId, model }: AdjustmentContent): string {
  return fingerprint([tokens, reason, day, aiId, model]);
}

export interface TopUpContent {
  readonly kind: TopUpKind;
  readonly tokens: number;
  readonly reason: string;
  readonly aiId?: string | undefined;
  readonly teamId?: string | undefined;
  readonly expiresAt?: number | undefined;
  readonly month?: string | undefined;
}

export function topUpFingerprint(content: TopUpContent): string {
  const { kind, tokens, reason, aiId, teamId, expiresAt, month } = content;
  return fingerprint([kind, tokens, reason, aiId, teamId, expiresAt, month]);
}

/** A digest that two lists of parts share only if they are equal, part by part; an absent part is unlike an empty one. */
export function fingerprint(parts: readonly FingerprintPart[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, LENGTH);
}

/** In the order of the keys: a map has none of its own, and a repeat may send another. */
function labelParts(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
