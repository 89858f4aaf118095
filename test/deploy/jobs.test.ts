import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { describeMongo, mongoUri } from '../support/mongo.js';
import { type Service, startService } from '../support/service.js';
import { describeHelm, type Manifest, manifestsOf, set } from './helm.js';
import { Volumes } from './pod.js';

/** What the jobs of the chart run, with the very arguments that it renders, on real stores. */
interface Way {
  readonly values: readonly string[];
  /** An empty store for a restore. */
  readonly elsewhere: readonly string[];
  readonly serving: string;
}

const DATABASE = `budget_test_jobs_${process.pid}`;
const EMBEDDED: Way = {
  values: set('store.kind=embedded'),
  elsewhere: set('store.embedded.folder=restored'),
  serving: 'StatefulSet',
};
const MONGODB: Way = {
  values: set(`store.mongodb.database=${DATABASE}`),
  elsewhere: set(`store.mongodb.database=${DATABASE}_restored`),
  serving: 'Deployment',
};
const DAY_MS = 86_400_000;

const podOf = (manifest: Manifest) =>
  (manifest.spec.jobTemplate ?? manifest).spec.template.spec.containers[0];

describeHelm('the jobs of the chart', () => {
  describe('on the embedded store', () => jobsOn(EMBEDDED));
  describeMongo('on MongoDB', () => jobsOn(MONGODB));
});

function jobsOn({ values, elsewhere, serving }: Way): void {
  let volumes: Volumes;
  let service: Service;
  let clients: LoadedClients;
  beforeAll(async () => {
    volumes = new Volumes({ 'mongodb-uri': mongoUri ?? '' });
    await start(values);
    await record('before');
  });
  afterAll(async () => {
    await stop();
    volumes.remove();
    if (serving === MONGODB.serving) await dropDatabases();
  });

  const rendered = (kind: string, ...more: readonly string[]) =>
    podOf(manifestsOf(...values, ...more).get(kind));
  async function start(args: readonly string[]): Promise<void> {
    const { CONFIG_FILE: _, ...env } = volumes.environment(podOf(manifestsOf(...args).get(serving)));
    service = await startService({ env });
    clients = new LoadedClients(service.grpcAddress);
  }
  async function stop(): Promise<void> {
    clients.close();
    expect(await service.stop()).toBe(0);
  }
  const record = (usageId: string) =>
    clients.call<{ replayed: boolean }>('RecordUsage', {
      unleased: { budget_id: 'anthropic', ai_id: 'guardian' },
      usage: { usage_id: usageId, tokens: { total_tokens: 1 } },
    });
  const backups = () => readdirSync(volumes.at('/backups')).sort();

  it('makes a backup while the service runs, and keeps as many as it is told', async () => {
    const container = rendered('CronJob', ...set('backup.enabled=true', 'backup.keep=2'));
    mkdirSync(volumes.at('/backups'));
    for (const old of ['2026-01-01T000000Z', '2026-01-02T000000Z', '2026-01-03T000000Z.unfinished']) {
      mkdirSync(join(volumes.at('/backups'), old));
    }
    const longAgo = new Date(Date.now() - 2 * DAY_MS);
    utimesSync(join(volumes.at('/backups'), '2026-01-03T000000Z.unfinished'), longAgo, longAgo);
    mkdirSync(join(volumes.at('/backups'), '2026-01-04T000000Z.unfinished'));
    const ran = await volumes.run(container);
    expect(ran, ran.output).toMatchObject({ code: 0, output: expect.stringContaining('is the backup') });
    expect(backups()).toEqual([
      '2026-01-02T000000Z',
      '2026-01-04T000000Z.unfinished',
      expect.stringMatching(/^20[\d-]+T\d{6}Z$/),
    ]);
  });

  it('is refused a restore in place while the service runs', async () => {
    const ran = await volumes.run(rendered('Job', ...set('restore.enabled=true')));
    expect(ran.code, ran.output).toBe(1);
  });

  it('restores in place once it has stopped', async () => {
    await stop();
    const ran = await volumes.run(rendered('Job', ...set('restore.enabled=true')));
    expect(ran, ran.output).toMatchObject({
      code: 0,
      output: expect.stringContaining('anthropic: epoch'),
    });
    await start(values);
    expect(await record('before')).toMatchObject({ replayed: true });
    await record('after');
  });

  it('restores a backup into an empty store', async () => {
    await stop();
    const from = backups().at(-1) ?? '';
    const ran = await volumes.run(
      rendered('Job', ...elsewhere, ...set('restore.enabled=true', `restore.from=${from}`)),
    );
    expect(ran, ran.output).toMatchObject({
      code: 0,
      output: expect.stringContaining('done: start the service'),
    });
    await start([...values, ...elsewhere]);
    expect(await record('before')).toMatchObject({ replayed: true });
    expect(await record('after')).toMatchObject({ replayed: false });
  });
}

async function dropDatabases(): Promise<void> {
  const client = new MongoClient(mongoUri ?? '');
  for (const name of [DATABASE, `${DATABASE}_restored`]) await client.db(name).dropDatabase();
  await client.close();
}
