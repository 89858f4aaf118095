import { randomFillSync, randomUUID } from 'node:crypto';

/** Names that nobody can guess and nobody made before. Passed in, so that a test can make its own. */
export interface Ids {
  /** 16 characters of `[A-Za-z0-9_-]`, the random part of a lease id. */
  nonce(): string;
  /** For a request whose caller gave no id. */
  requestId(): string;
  /** Names one run of one replica. */
  copyId(): string;
}

const NONCE_BYTES = 12;
const POOL_BYTES = NONCE_BYTES * 512;

export function randomIds(): Ids {
  return { nonce: pooledNonces(), requestId: () => randomUUID(), copyId: pooledNonces() };
}

/** Asking the kernel for 12 bytes at a time costs more than the rest of a grant's id. */
function pooledNonces(): () => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let next = POOL_BYTES;
  return () => {
    if (next === POOL_BYTES) {
      randomFillSync(pool);
      next = 0;
    }
    const start = next;
    next += NONCE_BYTES;
    return pool.toString('base64url', start, next);
  };
}
