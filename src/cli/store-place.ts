import { resolve } from 'node:path';
import { ConfigError, type Environment, settingText } from '../config/config.js';
import { SETTINGS } from '../config/settings.js';
import { redactSecrets } from '../platform/redact.js';
import { StartError } from '../platform/start-error.js';
import type { TransferStore } from '../store/transfer-store.js';

/** Where a store is. `text` is for a person. */
export type Place =
  | { readonly kind: 'embedded'; readonly dataDir: string; readonly text: string }
  | { readonly kind: 'mongodb'; readonly uri: string; readonly database: string; readonly text: string };

/** What an option names; without it, the store that the service would use. */
export function placeOf(
  option: string | undefined,
  database: string | undefined,
  environment: Environment,
): Place {
  const uri = settingText(environment, 'mongodbUri').text;
  if (option === 'mongodb' || (option === undefined && uri !== undefined)) {
    if (uri === undefined)
      throw new StartError('"mongodb" is the one that MONGODB_URI names, which is not set', 2);
    return mongodb(uri, 'MONGODB_URI', database, environment);
  }
  if (option?.startsWith('mongodb')) return mongodb(option, 'the URI', database, environment);
  const folder =
    option === undefined || option === 'embedded' ? settingText(environment, 'dataDir').text : option;
  const dataDir = checked('dataDir', 'DATA_DIR', folder ?? '');
  return { kind: 'embedded', dataDir, text: resolve(dataDir) };
}

export async function openPlace(place: Place): Promise<TransferStore> {
  if (place.kind === 'embedded') {
    const { openLmdbTransfer } = await import('../store/lmdb/open-lmdb-store.js');
    return openLmdbTransfer(place);
  }
  const { openMongoTransfer } = await import('../store/mongo/open-mongo-store.js');
  return openMongoTransfer(place);
}

function mongodb(text: string, what: string, database: string | undefined, environment: Environment): Place {
  const uri = checked('mongodbUri', what, text);
  const name = database ?? settingText(environment, 'mongodbDatabase').text ?? '';
  checked('mongodbDatabase', database === undefined ? 'MONGODB_DATABASE' : '--database', name);
  return { kind: 'mongodb', uri, database: name, text: `${redactSecrets(uri)}, database ${name}` };
}

function checked(key: 'mongodbUri' | 'mongodbDatabase' | 'dataDir', what: string, text: string): string {
  const result = SETTINGS[key].schema.safeParse(text);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map(({ message }) => `${what}: ${message}`));
}
