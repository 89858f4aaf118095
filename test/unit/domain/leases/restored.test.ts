import { expect, it } from 'vitest';
import { raisedNumbers, receiptInEpoch, restoreBudget } from '../../../../src/domain/leases/restored.js';
import { Ledger } from '../../../../src/domain/ledger/ledger.js';
import type { StoredState } from '../../../../src/domain/model/state.js';
import { SECTIONS } from '../../../../src/domain/model/state.js';
import { head, lease, T0, usageReceipt } from '../../../store/samples.js';

function stateOf(sections: Partial<StoredState['sections']>, changes = {}): StoredState {
  const empty = Object.fromEntries(SECTIONS.map((section) => [section, new Map()]));
  return {
    head: head(9, { fence: 7, ...changes }),
    sections: { ...(empty as unknown as StoredState['sections']), ...sections },
  };
}

const DAY = {
  start: T0,
  end: T0 + 86_400_000,
  total: 0,
  presumed: 0,
  late: 0,
  hours: [],
  changedAt: 1,
  settleUntil: 0,
};

it('raises every number above the time, and above what it was', () => {
  const { epoch, fence, revision } = raisedNumbers(head(9, { fence: 7 }), T0 + 5_000);
  expect({ epoch, fence, revision }).toEqual({
    epoch: T0 + 5_000,
    fence: (T0 + 5_000) * 1_000,
    revision: (T0 + 5_000) * 1_000,
  });
  // A clock that is behind the budget's own, and numbers that are ahead of any clock.
  expect(raisedNumbers(head(9), 0).epoch).toBe(T0);
  const ahead = { epoch: 9e15, fence: 9e15, revision: 9e15, clock: T0 };
  expect(raisedNumbers(ahead, T0)).toEqual({ epoch: 9e15 + 1, fence: 9e15, revision: 9e15 });
});

it('stays countable for two centuries', () => {
  const { fence } = raisedNumbers(head(9), Date.parse('2200-01-01'));
  expect(Number.isSafeInteger(fence + 1_000_000)).toBe(true);
});

it('ends leases as if revoked, and takes what waits to be written along', () => {
  const day = '2026-11-24';
  const state = stateOf({
    leases: new Map([['7', lease({ used: 100, reserved: 700, day })]]),
    days: new Map([[day, DAY]]),
    outbox: new Map([
      ['1:u:guardian a', usageReceipt('1:u:guardian a', 4)],
      ['0:u:guardian b', usageReceipt('0:u:guardian b', 4, { epoch: 0 })],
    ]),
  });
  const ledger = Ledger.of('b', state);
  restoreBudget(ledger, { epoch: 50, fence: 60, revision: 70 }, T0 + 5_000);
  const { head: after } = ledger.takePatch(undefined);
  expect(after).toMatchObject({ epoch: 50, fence: 60, revision: 71 });
  expect([...ledger.tables.leases.keys()]).toEqual([]);
  expect(ledger.tables.days.get(day)).toMatchObject({ total: 600, presumed: 600 });
  expect([...ledger.tables.outbox.keys()].sort()).toEqual([
    '0:u:guardian b',
    '50:l:0000000000000007',
    '50:u:guardian a',
  ]);
  expect(ledger.tables.outbox.get('50:u:guardian a')).toMatchObject({ epoch: 50, revision: 71 });
  // Known for 7 days from now on, however old the backup is.
  expect(ledger.tables.outbox.get('50:l:0000000000000007')).toMatchObject({ at: T0 + 5_000 });
});

it('raises a deleted budget too', () => {
  const ledger = Ledger.of('b', stateOf({}, { deleted: true }));
  restoreBudget(ledger, { epoch: 50, fence: 60, revision: 70 }, T0 + 5_000);
  expect(ledger.takePatch(undefined).head).toMatchObject({
    deleted: true,
    epoch: 50,
    fence: 60,
    revision: 71,
  });
});

it('gives receipts their place in the new epoch', () => {
  expect(receiptInEpoch(usageReceipt('12:u:a b:c', 3, { epoch: 12 }), 5)).toMatchObject({
    id: '5:u:a b:c',
    epoch: 5,
    revision: 3,
  });
});
