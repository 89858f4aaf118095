import { expect, it } from 'vitest';
import { openStore } from '../../../src/app/open-store.js';
import { loadConfig } from '../../../src/config/config.js';
import type { Scheduler } from '../../../src/platform/scheduler.js';
import { StartError } from '../../../src/platform/start-error.js';
import { collectedLog } from '../../support/collected-log.js';

it('gives up on a MongoDB that does not answer for 30 s, with a line for each try', async () => {
  const { config } = loadConfig({ MONGODB_URI: 'mongodb://user:hunter2@127.0.0.1:1/' });
  let now = 0;
  // The pause between two tries takes no time here, and 9.5 s by the clock.
  const scheduler: Scheduler = {
    after: (_delayMs, task) => {
      now += 9_500;
      setImmediate(task);
      return () => {};
    },
    soon: (task) => void setImmediate(task),
    random: () => 0.5,
  };
  const log = collectedLog();
  const opening = openStore(config, 'replica', log, scheduler, () => now);
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  expect(error).toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(/^gave up after 4 tries in 30 s: .*127\.0\.0\.1:1/),
  });
  expect(log.entries.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
  expect(JSON.stringify([log.entries, String(error)])).not.toContain('hunter2');
});
