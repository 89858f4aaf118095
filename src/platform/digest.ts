import { hash } from 'node:crypto';

export type FingerprintPart = string | number | boolean | undefined | readonly FingerprintPart[];

/** 128 bits: two contents that a caller sends under one id never share it by accident. */
const LENGTH = 22;

/** A digest that two lists of parts share only if they are equal, part by part; an absent part is unlike an empty one. */
export function fingerprint(parts: readonly FingerprintPart[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, LENGTH);
}
