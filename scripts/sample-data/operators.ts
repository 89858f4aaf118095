import type { BudgetRequest, PolicyPath } from '../../src/domain/model/requests.js';
import type { Scheduled } from './play.js';
import type { Scene } from './scenes.js';

export const OPERATOR = 'maria@example';
const COLLEAGUE = 'jonas@example';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What the people who run a budget did to it, and why. */
export function operatorsOf({ ending }: Scene, until: number): Scheduled[] {
  const at = (beforeMs: number, request: BudgetRequest): Scheduled => ({
    at: until - beforeMs,
    act: (player, moment) => player.operate(request, moment),
  });
  switch (ending) {
    case 'BUSY':
      return [
        at(19 * DAY_MS, changed({ maxConcurrentPerAi: 4 }, COLLEAGUE, 'the loader takes all slots')),
        at(12 * DAY_MS, changed({ maxConcurrentPerAi: 8 }, COLLEAGUE, 'the loader is mended')),
        at(4 * DAY_MS, changed({ cooldownMs: 1_000 }, OPERATOR, 'retries in a loop')),
        at(3 * DAY_MS, notReported(new Date(until - 5 * DAY_MS).toISOString().slice(0, 10))),
        at(26 * HOUR_MS, changed({ cooldownMs: 0 }, OPERATOR, 'the loop is gone')),
        at(5 * HOUR_MS, moreFor('guardian', until + 3 * DAY_MS)),
      ];
    case 'NEARLY_OUT':
      return [
        at(16 * DAY_MS, changed({ maxDailyPercent: 9 }, COLLEAGUE, 'the last month was gone on the 25th')),
        at(9 * DAY_MS, changed({ maxDailyPercent: 12 }, OPERATOR, 'the campaign needs its days')),
      ];
    case 'OBSERVED':
      return [
        at(
          10 * DAY_MS,
          changed({ maxHourlyPercent: 0.5 }, OPERATOR, 'whom would half as much an hour refuse?'),
        ),
        at(8 * DAY_MS, changed({ maxHourlyPercent: 0.8 }, OPERATOR, 'half of all working days')),
      ];
    case 'PAUSED':
      return [
        at(6 * DAY_MS, { kind: 'pause', reason: 'a key has leaked', principal: COLLEAGUE }),
        at(6 * DAY_MS - 50 * MINUTE_MS, {
          kind: 'resume',
          reason: 'another key is in place',
          principal: COLLEAGUE,
        }),
      ];
  }
}

type Fields = Extract<BudgetRequest, { kind: 'put-policy' }>['fields'];

function changed(fields: Fields, principal: string, reason: string): BudgetRequest {
  const updateMask = Object.keys(fields) as PolicyPath[];
  return { kind: 'put-policy', fields, updateMask, principal, reason };
}

function notReported(day: string): BudgetRequest {
  return {
    ...{ kind: 'adjust', adjustmentId: 'sample-batch', fingerprint: '', tokens: 14_500, day },
    ...{ aiId: 'data/loader', model: 'claude-sonnet-4-5' },
    ...{ reason: 'a batch of which only the bill told', principal: OPERATOR },
  };
}

function moreFor(aiId: string, expiresAt: number): BudgetRequest {
  return {
    ...{ kind: 'add-top-up', topUpId: 'sample-release', of: 'OVER_CAPS', tokens: 50_000, fingerprint: '' },
    ...{ aiId, expiresAt, reason: 'review of the release', principal: OPERATOR },
  };
}
