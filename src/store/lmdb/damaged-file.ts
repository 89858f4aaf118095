import { StoreStartError } from '../store-start-error.js';

/** What an operator does about it, in every message of a damaged file. */
export const HOW_TO_RESTORE =
  'stop the service and put a backup in its place, or set DATA_DIR to another folder';

export function damagedFile(path: string, what: string): StoreStartError {
  return new StoreStartError(
    `${path} is damaged, or not a file of this service (${what}): ${HOW_TO_RESTORE}.`,
  );
}
