import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, LoadedClients } from '../support/loaded-client.js';
import { mongoUri, temporaryDatabase } from '../support/mongo.js';
import { newSeed } from '../support/seed.js';
import { type Service, startService } from '../support/service.js';
import { faketimeLibrary, MovableClock } from './support/faketime.js';
import { Load } from './support/load.js';
import { logTexts } from './support/logs.js';
import { describeWith } from './support/needs.js';

const stores = [{ store: 'the embedded store' }, ...(mongoUri === undefined ? [] : [{ store: 'MongoDB' }])];

describeWith(
  'the clock of the machine, moved under a running service',
  faketimeLibrary,
  'install libfaketime',
  (library) => {
    describe.each(stores)('on $store', ({ store }) => {
      const mongo = store === 'MongoDB' && mongoUri !== undefined ? mongoUri : undefined;
      const name = mongo === undefined ? '' : temporaryDatabase(mongo);
      let folder: string;
      let clock: MovableClock;
      let service: Service;
      let clients: LoadedClients;

      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), 'budget-arbiter-clock-'));
        clock = new MovableClock(folder, library);
        await clock.move('+0');
        service = await startService({
          env: {
            ...clock.env,
            DATA_DIR: folder,
            ...(mongo !== undefined && { MONGODB_URI: mongo, MONGODB_DATABASE: name }),
          },
        });
        clients = new LoadedClients(service.grpcAddress);
      });
      afterEach(async () => {
        clients.close();
        await service.stop();
        await rm(folder, { recursive: true });
      });

      it.each(['+2h', '-2h', '+40d', '+5s'])(
        'by %s: grants wait, reports go on, and all is well when it is back',
        async (offset) => {
          const load = await new Load(
            service.grpcAddress,
            `clock${offset.replace('+', 'p')}`,
            newSeed('load'),
          ).start();
          await load.answered(50);
          const budget_id = `held${offset.replace('+', 'p')}`;
          await clients.admin('CreateBudget', {
            budget_id,
            policy: { cooldown: { seconds: 0 }, max_concurrent: 3 },
          });
          const ask = (ai_id: string) =>
            clients.call<Granted>('AcquireSlot', { budget_id, ai_id, estimated_tokens: 100 });
          const { granted } = await ask('holder');

          await clock.move(offset);
          await expect
            .poll(
              () =>
                ask('late').then(
                  () => 'granted',
                  (error) => error.code,
                ),
              { timeout: 5_000 },
            )
            .toBe(14);
          const refusal = await errorOf(ask('later'));
          expect(refusal.details['ErrorInfo']).toMatchObject({ reason: 'CLOCK_NOT_TRUSTED' });
          const usage = { usage_id: 'while-moved', tokens: { total_tokens: 10 } };
          const { lease_id } = granted.lease;
          expect(await clients.call('RecordUsage', { lease_id, usage })).toMatchObject({
            charged_tokens: 10,
            late: false,
          });

          await clock.move('+0');
          await expect
            .poll(() => ask('again').then(() => 'granted', String), { timeout: 30_000 })
            .toBe('granted');
          expect(await clients.call('Release', { lease_id })).toMatchObject({
            used_tokens: 10,
            freed_tokens: 90,
          });
          await load.answered(100);
          await load.settle();
          console.info(`clock ${offset} on ${store}: ${load.record}`);
          expect(load.record.wrongs).toEqual([]);
          expect(logTexts(service)).toContainEqual(
            expect.stringMatching(/clock stepped by|clock and the store's differ by/),
          );
        },
      );
    });
  },
);

interface Granted {
  readonly granted: { readonly lease: { readonly lease_id: string } };
}
