import type { PeerKind } from '../peers/peer-kinds.js';
import type { Row } from './row.js';

interface PeerRow {
  readonly id: string;
  readonly what: string;
  readonly kind: PeerKind;
  readonly keys?: number;
  readonly limit?: string;
  readonly callers?: readonly number[];
  readonly needsMongo?: boolean;
}

function peer({ kind, keys = 1, ...row }: PeerRow): Row {
  return {
    ...row,
    driver: 'Node',
    async open(world) {
      const { pid, drive } = await world.peer(kind, keys);
      return { pids: [pid], drive };
    },
  };
}

const MONGO = { needsMongo: true };

/** What others do, and what nobody gets below. */
export const PEER_ROWS: readonly Row[] = [
  peer({ id: 'raw-1', what: 'raw findOneAndUpdate, one document', kind: 'find-one-and-update', ...MONGO }),
  peer({
    ...{ id: 'raw-64', what: 'raw findOneAndUpdate, 64 documents', kind: 'find-one-and-update' as const },
    ...{ keys: 64, ...MONGO },
  }),
  peer({ id: 'limiter-1', what: 'RateLimiterMongo, one key', kind: 'rate-limiter', ...MONGO }),
  peer({ id: 'limiter-64', what: 'RateLimiterMongo, 64 keys', kind: 'rate-limiter', keys: 64, ...MONGO }),
  peer({ id: 'fdatasync', what: 'fdatasync of a page', kind: 'fdatasync', callers: [1] }),
  peer({ id: 'decide', what: 'decide() alone, the cycle', kind: 'decide', callers: [1] }),
  peer({
    ...{ id: 'decide-shared', what: 'decide() alone, 64 teams, 64 models, 50 top-ups' },
    ...{ kind: 'decide-shared' as const, callers: [1] },
  }),
];
