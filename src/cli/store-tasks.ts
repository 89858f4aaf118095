import { chmodSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, settingText } from '../config/config.js';
import type { Environment } from '../config/environment.js';
import { SETTINGS } from '../config/settings.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { randomIds } from '../platform/ids.js';
import { redactSecrets } from '../platform/redact.js';
import { StartError } from '../platform/start-error.js';
import { copyDataFolder } from '../store/lmdb/copy-data-folder.js';
import { StoreError, StoreStartError, StoreUnreachable } from '../store/store.js';
import { markText } from '../store/store-mark.js';
import type { TransferStore } from '../store/transfer-store.js';
import { backUp } from '../transfer/backup.js';
import { HeldLabel } from '../transfer/held-label.js';
import { cancelMigration, migrate } from '../transfer/migrate.js';
import { restore, restoreInPlace } from '../transfer/restore.js';
import type { TransferContext } from '../transfer/transfer.js';
import type { Run } from './output.js';
import { tellTidying, vouchForClock } from './tidy.js';

const PRIVATE_FILE = 0o600;

interface DatabaseOption {
  readonly database?: string;
}
export interface MigrateOptions extends DatabaseOption {
  readonly from: string;
  readonly to?: string;
  readonly cancel?: true;
}
export interface BackupOptions extends DatabaseOption {
  readonly to: string;
  readonly from?: string;
}
export interface RestoreOptions extends DatabaseOption {
  readonly from?: string;
  readonly inPlace?: true;
  readonly to?: string;
}

export interface TidyOptions extends DatabaseOption {
  readonly clockIsRight?: true;
  readonly in?: string;
}

export async function runMigrate(run: Run, options: MigrateOptions): Promise<void> {
  const { from, to, database, cancel } = options;
  const source = placeOf(from, database, run.environment);
  if (cancel) {
    if (to !== undefined) throw new StartError('--cancel goes without --to', 2);
    return withStores([existing(source)], ([store]) => cancelMigration(store, contextOf(run)));
  }
  if (to === undefined) throw new StartError('name the store to move to with --to', 2);
  const target = placeOf(to, database, run.environment);
  if (target.text === source.text) throw new StartError(`--from and --to are both ${source.text}`, 2);
  await withStores([existing(source), target], ([here, there]) => migrate(here, there, contextOf(run)));
}

/** Under another name until it is whole, so that half a backup is never taken for one. */
export async function runBackup(run: Run, { from, to, database }: BackupOptions): Promise<void> {
  const source = existing(placeOf(from, database, run.environment));
  const target = resolve(to);
  const unfinished = `${target}.unfinished`;
  if (existsSync(target)) throw new StartError(`${target} exists already: name a new folder`);
  rmSync(unfinished, { recursive: true, force: true });
  const copy: Place = { kind: 'embedded', dataDir: unfinished, text: unfinished };
  const context = contextOf(run);
  if (source.kind === 'mongodb') {
    await withStores([source, copy], ([here, there]) => backUp(here, there, context));
  } else {
    await explained(() => copyDataFolder(source.dataDir, unfinished));
    await withStores([copy], (stores) => markBackup(stores[0], source, context));
  }
  // The folder was closed to others from the start; so are its files, wherever they are moved.
  for (const name of readdirSync(unfinished)) chmodSync(join(unfinished, name), PRIVATE_FILE);
  renameSync(unfinished, target);
  context.tell(`done: ${target} is the backup; the command restore brings it back`);
}

async function markBackup(copy: TransferStore, source: Place, context: TransferContext): Promise<void> {
  const label = await HeldLabel.of(copy, context);
  const { mark } = label;
  if (mark?.kind === 'filling') throw new StartError(`${source.text} cannot be backed up: ${markText(mark)}`);
  await label.setAsAnother({ kind: 'backup', transfer: context.newId(), from: source.text });
}

export async function runRestore(run: Run, { from, to, database, inPlace }: RestoreOptions): Promise<void> {
  if ((from === undefined) === (inPlace === undefined)) {
    throw new StartError('name the backup with --from <folder>, or say --in-place', 2);
  }
  const target = placeOf(to, database, run.environment);
  const context = contextOf(run);
  if (from === undefined) {
    return withStores([existing(target)], ([store]) => restoreInPlace(store, context));
  }
  const backup = existing({ kind: 'embedded', dataDir: from, text: resolve(from) });
  await withStores([backup, target], ([here, there]) => restore(here, there, context));
}

export async function runTidy(run: Run, { in: place, database, clockIsRight }: TidyOptions): Promise<void> {
  const work = clockIsRight ? vouchForClock : tellTidying;
  const store = existing(placeOf(place, database, run.environment));
  await withStores([store], ([opened]) => work(opened, contextOf(run)));
}

function contextOf({ output }: Run): TransferContext {
  const { copyId } = randomIds();
  return { tell: (line) => output.out(`${line}\n`), wallMs: PROCESS_TIME.wall, newId: copyId };
}

/** A folder is not made by somebody who only wants to read it. */
function existing(place: Place): Place {
  if (place.kind === 'embedded' && !existsSync(join(place.dataDir, 'budgets.mdb'))) {
    throw new StartError(`there is no data of this service in the folder ${place.text}`);
  }
  return place;
}

async function withStores<const P extends readonly Place[]>(
  places: P,
  work: (stores: { readonly [I in keyof P]: TransferStore }) => Promise<void>,
): Promise<void> {
  const stores: TransferStore[] = [];
  await explained(async () => {
    try {
      for (const place of places) stores.push(await openPlace(place));
      await work(stores as unknown as { readonly [I in keyof P]: TransferStore });
    } finally {
      for (const store of stores) await store.close();
    }
  });
}

async function explained(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const known =
      error instanceof StoreStartError || error instanceof StoreUnreachable || error instanceof StoreError;
    if (!known) throw error;
    const again = error instanceof StoreError ? '; run the same command again, and it goes on' : '';
    throw new StartError(`${error.message}${again}`, 1, { cause: error });
  }
}

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
