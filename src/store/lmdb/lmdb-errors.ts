import { constants } from 'node:os';
import { StoreError } from '../store.js';

const { ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, EPERM } = constants.errno;

/** LMDB's own: the map or a transaction is full. */
const MDB_MAP_FULL = -30792;
const MDB_TXN_FULL = -30788;

/**
 * With these, LMDB gave up before it wrote the page that makes a transaction valid, and this process is the only one that
 * could: certainly not applied.
 */
const NOTHING_WRITTEN: ReadonlySet<unknown> = new Set([
  ENOSPC,
  EDQUOT,
  EFBIG,
  EROFS,
  EACCES,
  EPERM,
  MDB_MAP_FULL,
  MDB_TXN_FULL,
]);

export function readError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError('unavailable', `Cannot read ${path}: ${textOf(error)}`, { cause: error });
}

/** Call it in the same turn as the failure: the cause is a promise that has already rejected. */
export async function writeError(path: string, error: unknown): Promise<StoreError> {
  if (error instanceof StoreError) return error;
  const cause = await rootCause(error);
  const failure = NOTHING_WRITTEN.has(codeOf(cause)) ? 'unavailable' : 'unknown';
  return new StoreError(failure, `Cannot write ${path}: ${textOf(cause)}`, { cause });
}

/** Every write of a failed transaction is rejected with the same text; what happened stands in `commitError`. */
async function rootCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
