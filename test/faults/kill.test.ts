import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mongoUri, temporaryDatabase } from '../support/mongo.js';
import { newSeed, randomFrom } from '../support/seed.js';
import { startService } from '../support/service.js';
import { freePort } from './support/free-port.js';
import { Load } from './support/load.js';
import { pause } from './support/pause.js';

const KILLS = Number(process.env['KILLS'] ?? 10);

/** Each service is killed at a random moment under load, and started again on the same store and address. */
async function killAndKillAgain(env: Record<string, string>): Promise<Load> {
  const seed = newSeed('kills');
  const random = randomFrom(seed);
  const address = `127.0.0.1:${await freePort()}`;
  const start = () => startService({ env: { ...env, GRPC_ADDRESS: address } });
  let service = await start();
  try {
    const load = await new Load(address, `kill-${randomUUID().slice(0, 8)}`, seed).start();
    for (let kill = 0; kill < KILLS; kill += 1) {
      await load.answered(1 + Math.floor(random() * 60));
      await pause(random() * 20);
      await service.kill();
      service = await start();
    }
    await load.answered(50);
    await load.settle();
    return load;
  } finally {
    await service.stop();
  }
}

describe('the service, killed at random moments under load', () => {
  it(`on the embedded store, ${KILLS} times: nothing acknowledged is lost or booked twice`, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'budget-arbiter-kill-'));
    const { record } = await killAndKillAgain({ DATA_DIR: dataDir });
    console.info(`${KILLS} kills: ${record}`);
    expect(record.wrongs).toEqual([]);
    await rm(dataDir, { recursive: true });
  });

  const needsMongo = mongoUri === undefined && !process.env['CI'];
  describe.skipIf(needsMongo)(`on MongoDB (set MONGODB_URI to run)`, () => {
    const database = temporaryDatabase(mongoUri ?? '');
    it(`${KILLS} times: nothing acknowledged is lost or booked twice`, async () => {
      if (mongoUri === undefined) throw new Error('MONGODB_URI is not set');
      const { record } = await killAndKillAgain({ MONGODB_URI: mongoUri, MONGODB_DATABASE: database });
      console.info(`${KILLS} kills: ${record}`);
      expect(record.wrongs).toEqual([]);
    });
  });
});
