import { fingerprint } from '../platform/digest.js';
import type { RoleGrant } from './settings.js';

/** Somebody who showed credentials that are right. */
export interface Principal {
  readonly name: string;
  readonly via: 'token' | 'certificate' | 'jwt';
  /** The `sub` of a JWT, which may be finer than the name. */
  readonly subject?: string;
  readonly roles: readonly RoleGrant[];
  /** By the wall clock: when a JWT ends, and with it what was opened by it. */
  readonly until?: number;
}

/** How log lines name a principal; nobody is one while no credentials are configured. */
export function principalLabel(principal: Principal | undefined): string {
  if (principal === undefined) return 'anonymous';
  const { name, subject } = principal;
  return subject === undefined || subject === name ? name : `${name} (${subject})`;
}

/** Stands for a principal where its name would be too long or too telling. Two principals never share it. */
export function principalDigest({ name, via, subject }: Principal): string {
  return fingerprint([via, name, subject]);
}
