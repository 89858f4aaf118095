import { decidePeer, decideSharedPeer } from './decide.js';
import { fdatasyncPeer } from './fdatasync.js';
import { findOneAndUpdatePeer } from './find-one-and-update.js';
import type { Peer, TimedPeer } from './peer.js';
import { rateLimiterPeer } from './rate-limiter.js';

export const PEER_KINDS = {
  'find-one-and-update': findOneAndUpdatePeer,
  'rate-limiter': rateLimiterPeer,
  fdatasync: fdatasyncPeer,
  decide: decidePeer,
  'decide-shared': decideSharedPeer,
} satisfies Record<string, (options: PeerOptions) => Promise<Peer | TimedPeer>>;

export type PeerKind = keyof typeof PEER_KINDS;

export interface PeerOptions {
  /** Documents or keys that the callers share. */
  readonly keys: number;
  readonly mongoUri: string;
  readonly database: string;
}
