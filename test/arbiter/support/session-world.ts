import type { SessionRef } from '../../../src/domain/model/session-ref.js';
import { openWorld, ROOMY, type World } from './world.js';

const S = 1_000;

/** Two streams of one session, the second of which would take it up from the first. */
export const FIRST: SessionRef = { id: 'session', owner: '', stream: 'stream-1' };
export const SECOND: SessionRef = { ...FIRST, stream: 'stream-2' };

/** Short times, so that a test sees leases renewed, in their grace and at their end. */
export const POLICY = {
  ...ROOMY,
  maxConcurrent: 100,
  leaseTtlMs: 30 * S,
  sessionGraceMs: 10 * S,
  maxLeaseDurationMs: 300 * S,
};

export const world = (options = {}) => openWorld({ policy: POLICY, ...options });
export const live = async (of: World) => (await of.state()).sections.leases.size;
