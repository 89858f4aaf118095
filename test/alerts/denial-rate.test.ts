import { expect, it } from 'vitest';
import { acquire } from '../support/requests.js';
import { AlertWorld, POLICY } from './support/alert-world.js';

const MINUTE = 60_000;

it('many denials for ten minutes are told once, and their end', async () => {
  const world = await AlertWorld.open();
  await world.ask({ kind: 'put-policy', fields: { ...POLICY, denialAlertPerMinute: 2 } });
  await world.ask({ kind: 'pause', reason: 'test' });
  let made = 0;
  const deny = async (times: number) => {
    for (let one = 0; one < times; one += 1)
      await world.ask(acquire('a', { requestId: `r${++made}`, fingerprint: 'f', nonce: `n${made}` }));
  };
  for (let minute = 0; minute < 9; minute += 1) {
    await deny(3);
    await world.scheduler.advance(MINUTE);
  }
  expect(await world.marks('DENIAL_RATE'), 'for nine minutes').toEqual([]);
  for (let minute = 0; minute < 3; minute += 1) {
    await deny(4);
    await world.scheduler.advance(MINUTE);
  }
  expect(world.toldOf('DENIAL_RATE')).toEqual(['0 ops raised 1']);
  expect((await world.marks('DENIAL_RATE'))[0]).toMatchObject({ threshold: 2 });
  await world.scheduler.advance(4 * MINUTE);
  expect((await world.marks('DENIAL_RATE'))[0]?.endedAt).toBeDefined();
  await world.scheduler.advance(31 * MINUTE);
  expect(world.toldOf('DENIAL_RATE')).toEqual(['0 ops raised 1', '0 ops ended 1']);
});
