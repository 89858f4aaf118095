import { fingerprint } from '../domain/model/fingerprint.js';
import type { RoleGrant } from './access-settings.js';

/** Somebody who showed credentials that are right. */
export interface Principal {
  readonly name: string;
  readonly via: 'token' | 'certificate' | 'jwt';
  /** The whole `sub` of a JWT, which may be finer than the name. */
  readonly subject?: string;
  /** As the configuration gives them now. */
  readonly roles: readonly RoleGrant[];
  /** By the wall clock: when a JWT or a certificate ends, and with it what was opened by it. */
  readonly until?: number;
  /** The entry of the configuration that let it in is no longer there. */
  readonly withdrawn?: boolean;
}

const MOST_SHOWN = 128;

/** How log lines name a principal; nobody is one while no credentials are configured. */
export function principalLabel(principal: Principal | undefined): string {
  if (principal === undefined) return 'anonymous';
  const { name, subject } = principal;
  return subject === undefined || subject === name ? name : `${name} (${shown(subject)})`;
}

/** Two that begin alike are told apart by what they digest to. */
function shown(subject: string): string {
  if (subject.length <= MOST_SHOWN) return subject;
  return `${subject.slice(0, MOST_SHOWN)}... ${fingerprint([subject])}`;
}

/** Stands for a principal where its name would be too long or too telling. Two principals never share it. */
export function principalDigest({ name, via, subject }: Principal): string {
  return fingerprint([via, name, subject]);
}
