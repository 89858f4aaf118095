import { beforeEach, expect, it } from 'vitest';
import { ForbiddenCalls } from '../../../src/access/access.js';
import { collectedLog } from '../../support/collected-log.js';
import { ManualClock } from '../../support/manual-clock.js';

const alice = { name: 'alice', via: 'jwt', subject: 'a-7', roles: [] } as const;
const bob = { name: 'bob', via: 'token', roles: [] } as const;

let clock: ManualClock;
let log: ReturnType<typeof collectedLog>;
let forbidden: ForbiddenCalls;
beforeEach(() => {
  clock = new ManualClock();
  log = collectedLog();
  forbidden = new ForbiddenCalls(() => clock.monotonic(), log);
});

it('says who asked for what, and where', () => {
  forbidden.tell(alice, '/s/PauseBudget', 'openai');
  forbidden.tell(bob, '/s/PauseBudget');
  expect(log.entries).toEqual([
    {
      level: 'info',
      fields: { principal: 'alice (a-7)', method: '/s/PauseBudget', budget: 'openai', times: 1 },
      message: 'a principal asked for more than it may',
    },
    expect.objectContaining({ fields: { principal: 'bob', method: '/s/PauseBudget', times: 1 } }),
  ]);
});

it('does not let anybody fill the log, and tells the next story from its beginning', () => {
  for (let time = 0; time < 100; time += 1) forbidden.tell(bob, '/s/UpdateBudget', `budget-${time}`);
  expect(log.entries.map(({ fields }) => fields['times'])).toEqual([1, 2, 4, 8, 16, 32, 64]);
  clock.advance(61_000);
  forbidden.tell(bob, '/s/UpdateBudget', 'again');
  expect(log.entries.at(-1)?.fields).toMatchObject({ times: 1, budget: 'again' });
});
