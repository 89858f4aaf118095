import { describe, expect, it } from 'vitest';
import { mergedRecent, NOTHING_RECENT, type RecentDenials } from '../../../../src/domain/denials/recent.js';
import type { Blocker, Rule, WindowStatus } from '../../../../src/domain/model/types.js';
import {
  HEADLINE_STATUSES,
  type HeadlineInput,
  headlineOf,
} from '../../../../src/domain/statistics/headline.js';
import { blockers, ruleDenials } from '../denials/samples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 15:20 in Berlin, where every time of these texts is. */
const NOW = Date.UTC(2026, 10, 29, 14, 20);
const ZONE = 'Europe/Berlin';

function window(
  kind: WindowStatus['kind'],
  available: number,
  more: Partial<WindowStatus> = {},
): WindowStatus {
  const start = NOW - 20 * MINUTE;
  return {
    kind,
    start,
    end: start + HOUR,
    cap: 1_000,
    spent: 1_000 - available,
    reserved: 0,
    available,
    topped: 0,
    ...more,
  };
}

const ROOMY = [window('HOUR', 900), window('DAY', 900), window('MONTH', 900)];

interface Refused {
  readonly at?: number;
  readonly requested?: number;
  readonly availableAt?: number;
  readonly wouldDeny?: boolean;
  readonly more?: Partial<Blocker>;
}

/** 10 AIs, 600 requests within the last 5 minutes, by this rule. */
function refusedBy(
  rule: Rule,
  { at = NOW - 1_000, wouldDeny = false, requested = 2_000, ...given }: Refused = {},
): RecentDenials {
  const { availableAt, more = {} } = given;
  const [blocker] = blockers(rule) as [Blocker];
  const said = { ...blocker, requested, ...(availableAt && { availableAt }), ...more };
  const start = NOW - 5 * MINUTE;
  return {
    minutes: [{ start, denied: wouldDeny ? 0 : 600, wouldDeny: wouldDeny ? 600 : 0 }],
    rules: [ruleDenials(rule, 600, { last: { at, aiId: 'guardian', wouldDeny, blocker: said } })],
    ais: ['guardian'],
    aiCount: 10,
  };
}

const DAYS_AWAY = NOW + 3 * 24 * HOUR;
const AT_16 = { availableAt: NOW + 40 * MINUTE };
const FULL_HOUR = [window('HOUR', 0), ...ROOMY.slice(1)];
const WHO = '10 AIs, 120 denials a minute';

type Row = readonly [name: string, input: Partial<HeadlineInput>, text: string];

const granting: Partial<HeadlineInput> = { lastGrantAt: NOW - MINUTE };

const ROWS: readonly Row[] = [
  ['nothing happens', {}, 'OK: nobody is refused'],
  [
    'paused',
    { pause: { at: NOW - 78 * MINUTE, reason: 'provider incident' } },
    'Paused since 14:02: provider incident',
  ],
  [
    'paused on another day, without a reason',
    { pause: { at: NOW - 24 * HOUR, reason: '' } },
    'Paused since 28 Nov 15:20',
  ],
  [
    'paused is worse than refusing, and says who asks',
    { pause: { at: NOW, reason: 'x' }, recent: refusedBy('PAUSED'), exhaustedAt: DAYS_AWAY },
    `Paused since 15:20: x; ${WHO}`,
  ],
  [
    'the hour is full and asked for',
    { ...granting, windows: FULL_HOUR, recent: refusedBy('HOURLY_CAP', AT_16) },
    `Refusing: the hour's cap is full until 16:00; ${WHO}`,
  ],
  [
    'the hour leaves too little for what is asked',
    { ...granting, windows: [window('HOUR', 500)], recent: refusedBy('HOURLY_CAP', AT_16) },
    `Refusing: the hour's cap leaves too little until 16:00; ${WHO}`,
  ],
  [
    'the hour was enlarged since',
    { ...granting, windows: [window('HOUR', 5_000)], recent: refusedBy('HOURLY_CAP', AT_16) },
    `OK: slots are granted in turn; ${WHO}`,
  ],
  [
    'a new hour has begun since',
    { ...granting, recent: refusedBy('HOURLY_CAP', { availableAt: NOW }) },
    `OK: slots are granted in turn; ${WHO}`,
  ],
  [
    'the last refusal is long ago',
    {
      ...granting,
      windows: FULL_HOUR,
      recent: { ...refusedBy('HOURLY_CAP', { at: NOW - 5 * MINUTE }), minutes: [] },
    },
    "The hour's cap is full until 16:00; nobody is refused now",
  ],
  [
    'of a full window nobody asks',
    { windows: FULL_HOUR },
    "The hour's cap is full until 16:00; nobody is refused now",
  ],
  [
    'what live leases hold may come back',
    { windows: [window('DAY', 0, { spent: 900, reserved: 100, end: NOW + 9 * HOUR })] },
    "The day's cap is full until 30 Nov 00:20, unless live leases give something back; nobody is refused now",
  ],
  [
    'a cap of nothing',
    { windows: [window('HOUR', 0, { cap: 0 })] },
    "The hour's cap is 0 until 16:00; nobody is refused now",
  ],
  [
    'the widest full window is named',
    {
      windows: [window('HOUR', 0), window('DAY', 0), window('MONTH', 0, { end: Date.UTC(2026, 11, 31, 23) })],
    },
    "The month's limit is full until 1 Jan 2027 00:00; nobody is refused now",
  ],
  [
    'cooldowns while others are granted',
    { ...granting, recent: refusedBy('COOLDOWN', AT_16) },
    `OK: slots are granted in turn; ${WHO}`,
  ],
  [
    'slots are held and nobody gets one',
    { lastGrantAt: NOW - 5 * MINUTE, recent: refusedBy('CONCURRENCY') },
    `Refusing: all slots are held, and nobody was granted one for 5 minutes; ${WHO}`,
  ],
  [
    'nobody but one who cools down asks',
    { recent: refusedBy('COOLDOWN', AT_16) },
    `Refusing: guardian cools down until 16:00; ${WHO}`,
  ],
  [
    'what is used up comes before whose turn it is',
    {
      recent: mergedRecent([
        refusedBy('COOLDOWN'),
        { ...refusedBy('TEAM_CAP', { more: { scope: 'blue', window: 'DAY' } }), minutes: [] },
      ]),
    },
    `Refusing: the day's cap of team blue is full; ${WHO}`,
  ],
  ['it ends too early', { exhaustedAt: DAYS_AWAY }, 'On course to run out on 2 Dec'],
  ['it ends today', { exhaustedAt: NOW + HOUR }, 'On course to run out today at 16:20'],
  [
    'refusing is worse than ending',
    { recent: refusedBy('EMERGENCY'), exhaustedAt: NOW },
    `Refusing: the month is used up to its emergency share; ${WHO}`,
  ],
  [
    'full is worse than ending',
    { windows: FULL_HOUR, exhaustedAt: NOW + HOUR },
    "The hour's cap is full until 16:00; nobody is refused now",
  ],
  ['uneven', { poorSpread: 84.6 }, 'Uneven: the days of the month differ by 85 percent'],
  [
    'ending is worse than uneven',
    { poorSpread: 90, exhaustedAt: DAYS_AWAY },
    'On course to run out on 2 Dec',
  ],
  [
    'the store is away',
    { stale: true, windows: FULL_HOUR, recent: refusedBy('HOURLY_CAP', AT_16) },
    `The store does not answer. Last known: Refusing: the hour's cap is full until 16:00; ${WHO}`,
  ],
];

function input(more: Partial<HeadlineInput>): HeadlineInput {
  return { now: NOW, zone: ZONE, observes: false, windows: ROOMY, recent: NOTHING_RECENT, ...more };
}

it.each(ROWS)('%s', (_name, more, text) => {
  expect(headlineOf(input(more)).text).toBe(text);
});

it('says the status and the figures beside', () => {
  const recent = refusedBy('HOURLY_CAP', AT_16);
  expect(headlineOf(input({ windows: FULL_HOUR, recent }))).toEqual({
    ...{ status: 'REFUSING', rule: 'HOURLY_CAP', until: NOW + 40 * MINUTE, ais: 10, perMinute: 120 },
    text: `Refusing: the hour's cap is full until 16:00; ${WHO}`,
  });
  expect(headlineOf(input({}))).toEqual({
    status: 'OK',
    text: 'OK: nobody is refused',
    ais: 0,
    perMinute: 0,
  });
});

describe('in mode OBSERVE', () => {
  const observed = (more: Partial<HeadlineInput>) => headlineOf(input({ observes: true, ...more }));

  it('says beside what would be refused, and is not refusing', () => {
    const recent = refusedBy('HOURLY_CAP', { ...AT_16, wouldDeny: true });
    expect(observed({ ...granting, windows: FULL_HOUR, recent })).toMatchObject({
      ...{ status: 'OK', text: 'OK: nobody is refused', ais: 10, perMinute: 120 },
      observed: `Mode OBSERVE: would refuse: the hour's cap is full until 16:00; ${WHO}`,
    });
  });

  it('tells who would only wait their turn', () => {
    const recent = refusedBy('COOLDOWN', { wouldDeny: true });
    expect(observed({ ...granting, recent }).observed).toBe(
      `Mode OBSERVE: would refuse some until their turn; ${WHO}`,
    );
  });

  it('says that it would refuse nobody, and what else is wrong', () => {
    expect(observed({ exhaustedAt: DAYS_AWAY })).toMatchObject({
      ...{ status: 'ENDING', observed: 'Mode OBSERVE: would refuse nobody' },
    });
  });

  it('does not take denials of before for its own', () => {
    expect(observed({ ...granting, windows: FULL_HOUR, recent: refusedBy('HOURLY_CAP', AT_16) }).status).toBe(
      'OK',
    );
  });
});

it('is never OK while everyone who asks is refused, whatever the rule', () => {
  const rules: Rule[] = [
    'EMERGENCY',
    'REQUEST_TOO_LARGE',
    'COOLDOWN',
    'CONCURRENCY',
    'AI_CONCURRENCY',
    'TEAM_CONCURRENCY',
  ];
  rules.push(
    'MODEL_CONCURRENCY',
    'HOURLY_CAP',
    'TEAM_CAP',
    'MODEL_CAP',
    'DAILY_CAP',
    'AI_DAILY_CAP',
    'MONTHLY_CAP',
    'KEPT_FOR_OTHERS',
  );
  for (const rule of rules)
    expect([rule, headlineOf(input({ recent: refusedBy(rule) })).status]).toEqual([rule, 'REFUSING']);
});

it('tells few denials as they are', () => {
  const recent = {
    ...refusedBy('EMERGENCY'),
    minutes: [{ start: NOW - 4 * MINUTE, denied: 1, wouldDeny: 0 }],
    aiCount: 1,
  };
  expect(headlineOf(input({ recent })).text).toMatch(/; 1 AI, 1 denial in 5 minutes$/);
});

it('has the worst last', () => {
  expect(HEADLINE_STATUSES).toEqual(['OK', 'UNEVEN', 'ENDING', 'FULL', 'REFUSING', 'PAUSED']);
});
