import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { newSeed } from '../support/seed.js';
import { type Service, startService } from '../support/service.js';
import { run } from './support/command.js';
import { FAULT_MS, Load } from './support/load.js';
import { logTexts } from './support/logs.js';
import { describeWith } from './support/needs.js';
import { pause } from './support/pause.js';

const CRASHES = 3;
const HOW =
  'set MONGO_ENGINE to a command that takes `up` (starts a MongoDB for this test alone, prints its URI) and `crash` (SIGKILL)';

describeWith('MongoDB, killed and started again under load', process.env['MONGO_ENGINE'], HOW, (engine) => {
  let uri = '';
  beforeAll(async () => {
    uri = await run(engine, 'up');
  }, 240_000);

  it(`${CRASHES} times: callers are told, and all is well when it is back`, async () => {
    const database = `crash_${randomUUID().slice(0, 8)}`;
    const service: Service = await startService({ env: { MONGODB_URI: uri, MONGODB_DATABASE: database } });
    try {
      const load = await new Load(service.grpcAddress, 'crash', newSeed('crashes')).start();
      for (let crash = 0; crash < CRASHES; crash += 1) {
        await load.answered(100);
        await run(engine, 'crash');
        await pause(FAULT_MS);
        await run(engine, 'up');
      }
      await load.answered(200);
      await load.settle();
      console.info(`${CRASHES} crashes: ${load.record}`);
      expect(load.record.wrongs).toEqual([]);
      expect(load.record.calls.get('UNAVAILABLE') ?? 0).toBeGreaterThan(0);
      const told = logTexts(service).filter((text) => text.startsWith('the store does not answer'));
      expect(told.length).toBeGreaterThanOrEqual(1);
      expect(logTexts(service)).toContainEqual(expect.stringContaining('the store answers again'));
    } finally {
      await run(engine, 'up');
      await service.stop();
    }
  }, 120_000);
});
