import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { FaultyProxy, type Line } from '../support/faulty-proxy.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { newSeed } from '../support/seed.js';
import { type Service, startService } from '../support/service.js';
import { FAULT_MS, Load } from './support/load.js';
import { logTexts } from './support/logs.js';
import { pause } from './support/pause.js';

describeMongo('between the service and MongoDB, under load', (uri) => {
  const database = temporaryDatabase(uri);
  let proxy: FaultyProxy;
  let service: Service;
  let load: Load;
  let budgets = 0;

  beforeAll(async () => {
    const before = await FaultyProxy.beforeMongo(uri);
    proxy = before.proxy;
    service = await startService({ env: { MONGODB_URI: before.uri, MONGODB_DATABASE: database } });
  });
  afterAll(async () => {
    await service?.stop();
    await proxy?.stop();
  });
  beforeEach(async () => {
    budgets += 1;
    load = await new Load(service.grpcAddress, `network-${budgets}`, newSeed('load')).start();
    await load.answered(150);
  });
  afterEach(() => {
    proxy.line = 'open';
  });

  it.each<{ line: Line; log: RegExp }>([
    { line: 'cut', log: /the store does not answer/ },
    { line: 'stalled', log: /the outcome of a commit is unknown|the store does not answer/ },
    { line: 'silent', log: /the outcome of a commit is unknown|the store does not answer/ },
    { line: 'cut-after-request', log: /the outcome of a commit is unknown|the store does not answer/ },
  ])('the line is $line: callers are told, and all is well when it is back', async ({ line, log }) => {
    const linesBefore = service.logs.length;
    proxy.line = line;
    await pause(FAULT_MS);
    proxy.line = 'open';
    await load.answered(300);
    await load.settle();
    console.info(`${line}: ${load.record}`);
    expect(load.record.wrongs).toEqual([]);
    expect(load.record.calls.get('UNAVAILABLE') ?? 0).toBeGreaterThan(0);
    expect(logTexts(service).slice(linesBefore)).toContainEqual(expect.stringMatching(log));
  });

  it('every connection is cut at once, again and again: each time all is well within 30 s', async () => {
    for (let cut = 0; cut < 12; cut += 1) {
      proxy.line = 'cut';
      await pause(300);
      proxy.line = 'open';
      await load.answered(20);
    }
    await load.settle();
    console.info(`12 cuts: ${load.record}`);
    expect(load.record.wrongs).toEqual([]);
  });

  it('answers are lost one by one: each is found again', async () => {
    for (let lost = 0; lost < 6; lost += 1) {
      proxy.line = 'lose-one';
      await pause(700);
    }
    proxy.line = 'open';
    await load.answered(300);
    await load.settle();
    console.info(`lose-one: ${load.record}`);
    expect(load.record.wrongs).toEqual([]);
  });

  it('answers are slow: fewer calls, and none fails', async () => {
    proxy.line = 'slow';
    await pause(5_000);
    proxy.line = 'open';
    await load.answered(300);
    await load.settle();
    console.info(`slow: ${load.record}`);
    expect(load.record.wrongs).toEqual([]);
  });

  it('the line is cut and SIGTERM comes: the service ends within 10 s all the same', async () => {
    const { proxy: own, uri: through } = await FaultyProxy.beforeMongo(uri);
    const other = await startService({ env: { MONGODB_URI: through, MONGODB_DATABASE: database } });
    const busy = await new Load(other.grpcAddress, 'sigterm', newSeed('load')).start();
    await busy.answered(50);
    own.line = 'silent';
    await pause(500);
    const asked = performance.now();
    await other.stop();
    expect(performance.now() - asked).toBeLessThan(10_500);
    await own.stop();
    await busy.abandon();
    await load.settle();
  });
});
