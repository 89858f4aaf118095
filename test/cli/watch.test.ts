import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { COLOURED, PLAIN } from '../../src/cli/text.js';
import { Screen } from '../../src/cli/watch.js';
import { frame, happeningLine, WatchView } from '../../src/cli/watch-view.js';
import {
  AlertRule,
  Budget,
  Headline,
  HeadlineStatus,
  Lease,
  Rule,
  Window,
} from '../../src/gen/budgetarbiter/v1/budget.js';
import { BudgetEvent, WatchBudgetResponse } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { ManualScheduler } from '../support/manual-scheduler.js';

const AT = new Date('2026-11-10T09:20:00Z');
const SIZE = { columns: 100, rows: 40 };

function lease(aiId: string, endsInMs: number): Lease {
  return Lease.fromPartial({
    ...{ aiId, fence: 7, reservedTokens: 300, usedTokens: 120 },
    expiresAt: new Date(AT.getTime() + endsInMs),
  });
}

function update(changes: Partial<WatchBudgetResponse> = {}): WatchBudgetResponse {
  const month = { window: Window.WINDOW_MONTH, capTokens: 1_000, spentTokens: 850, reservedTokens: 50 };
  return WatchBudgetResponse.fromPartial({ observedAt: AT, liveSlots: 1, windows: [month], ...changes });
}

function viewWith(...updates: WatchBudgetResponse[]): { view: WatchView; pass: (ms: number) => void } {
  let now = 0;
  const view = new WatchView('anthropic', 'here:1', () => now);
  const effectivePolicy = { maxConcurrent: 2, warningPercent: 80, criticalPercent: 95, emergencyPercent: 98 };
  view.budget = Budget.fromPartial({ budgetId: 'anthropic', effectivePolicy });
  for (const each of updates) view.take(each);
  return {
    view,
    pass: (ms) => {
      now += ms;
    },
  };
}

it('shows windows, slots with what is left of each, and the state of the month', () => {
  const { view, pass } = viewWith(update({ waiters: 3 }));
  view.leases = [lease('guardian', 60_000), lease('sandbox', 8_000)];
  pass(3_000);
  const lines = frame(view, SIZE, PLAIN);
  expect(lines[0]).toMatch(/^ anthropic on here:1 {2}warning +2026-11-10T09:20:03Z$/);
  expect(lines).toContainEqual(expect.stringMatching(/month +█+▒+·+ +850 \+ 50 of +1,000 +90%$/));
  expect(lines).toContainEqual(expect.stringContaining('slots: 1 of 2 held, 3 waiting'));
  expect(lines).toContainEqual(expect.stringMatching(/guardian +ends in 57 s +120 of 300 tokens used/));
  expect(lines).toContainEqual(expect.stringMatching(/sandbox +ends in 5 s/));
  for (const line of lines) expect(line.length).toBeLessThan(SIZE.columns);
});

it('says what is kept for teams, and what came from top-ups', () => {
  const none = frame(viewWith(update()).view, SIZE, PLAIN).join('\n');
  expect(none).not.toMatch(/kept for teams|from top-ups/);
  const [month] = update().windows;
  const hour = { ...month, window: Window.WINDOW_HOUR, keptTokens: 1_400, toppedTokens: 0 };
  const day = { ...month, window: Window.WINDOW_DAY, keptTokens: 9_000, toppedTokens: 300 };
  const { view } = viewWith(update({ windows: [hour, day] } as Partial<WatchBudgetResponse>));
  const lines = frame(view, SIZE, PLAIN).map((line) => line.trimEnd());
  expect(lines).toContain('   kept for teams: 1,400 this hour, 9,000 this day');
  expect(lines).toContain('   from top-ups, beside: 300 this day');
});

it('shows a budget of money in money', () => {
  const { view } = viewWith();
  view.budget = Budget.fromPartial({ effectivePolicy: { maxConcurrent: 2, unit: 'USD' } });
  const paid = { ...lease('guardian', 60_000), reservedTokens: 300_000, usedTokens: 12_345 };
  const [granted] = view.take(
    update({
      windows: [
        { ...update().windows[0], capTokens: 5_000_000, spentTokens: 1_240_000, reservedTokens: 300_000 },
      ],
      events: [BudgetEvent.fromPartial({ occurredAt: AT, event: { $case: 'granted', value: paid } })],
    } as Partial<WatchBudgetResponse>),
  );
  expect(granted?.text).toBe('guardian (fence 7): $0.012 of $0.30 used');
  view.leases = [paid];
  const lines = frame(view, SIZE, PLAIN);
  expect(lines).toContainEqual(expect.stringContaining('USD: █ spent ▒ reserved'));
  expect(lines).toContainEqual(expect.stringMatching(/month +█+▒+·+ +\$1\.24 \+ \$0\.30 of +\$5\.00 +30%$/));
  expect(lines).toContainEqual(expect.stringMatching(/guardian +ends in 60 s +\$0\.012 of \$0\.30 used/));
  view.take(update({ missed: true }));
  expect(view.unit).toBe('USD');
});

it('sums denials by rule, most first, and keeps the newest events', () => {
  const denied = (rule: Rule, count: number) => update({ denials: [{ rule, count }] });
  const { view } = viewWith(
    denied(Rule.RULE_COOLDOWN, 2),
    denied(Rule.RULE_HOURLY_CAP, 5),
    denied(Rule.RULE_COOLDOWN, 1),
  );
  expect(frame(view, SIZE, PLAIN)).toContainEqual(expect.stringContaining('HOURLY_CAP 5   COOLDOWN 3'));
});

it('says each event as a line, without what a terminal would obey', () => {
  const event = (of: BudgetEvent['event']) => BudgetEvent.fromPartial({ occurredAt: AT, event: of });
  const paused = Budget.fromPartial({ pause: { reason: 'an\u001b[2Jincident\n' } });
  const { view } = viewWith();
  const alert = {
    alertId: 'WARNING:0',
    rule: AlertRule.ALERT_RULE_WARNING,
    message: '80% is spent',
    value: 0,
    threshold: 0,
    window: 0,
  };
  const happened = view.take(
    update({
      events: [
        event({ $case: 'granted', value: lease('guardian', 1) }),
        event({ $case: 'changed', value: paused }),
        event({ $case: 'alert', value: { ...alert, windowStart: AT, raisedAt: AT } }),
      ],
    }),
  );
  expect(happened.map((each) => happeningLine(each))).toEqual([
    '2026-11-10T09:20:00Z  granted   guardian (fence 7): 120 of 300 tokens used',
    '2026-11-10T09:20:00Z  changed   paused: an?[2Jincident?',
    '2026-11-10T09:20:00Z  alert     WARNING: 80% is spent',
  ]);
  expect(frame(view, SIZE, PLAIN)[0]).toContain('paused');
});

it('begins with the headline of the service, and what would be refused in mode OBSERVE', () => {
  const headline = Headline.fromPartial({
    ...{ status: HeadlineStatus.HEADLINE_STATUS_ENDING, text: 'On course to run out on 29 Nov' },
  });
  const { view } = viewWith(update({ headline }));
  expect(frame(view, SIZE, PLAIN)[0]).toBe(' On course to run out on 29 Nov'.padEnd(99));
  view.take(update({ headline: { ...headline, observedText: 'Mode OBSERVE: would refuse nobody' } }));
  expect(frame(view, SIZE, PLAIN)[0]).toContain('29 Nov. Mode OBSERVE: would refuse nobody');
  expect(frame(view, SIZE, PLAIN)[1]).toContain('anthropic on here:1');
});

it('says when it is not live, and when the store does not answer', () => {
  const { view, pass } = viewWith(update({ stale: true }));
  expect(frame(view, SIZE, PLAIN)[0]).toContain('STALE');
  view.ended = 'the service is gone';
  expect(frame(view, SIZE, PLAIN)[0]).toContain('NOT LIVE: the service is gone');
  view.take(update());
  expect(frame(view, SIZE, PLAIN)[0]).not.toContain('NOT LIVE');
  pass(9_000);
  expect(frame(view, SIZE, PLAIN)[0]).toContain('NOT LIVE: nothing came for 9 s');
});

it('fits a small terminal, and colours change no width', () => {
  const { view } = viewWith(update());
  view.leases = Array.from({ length: 30 }, (_, at) => lease(`ai-${at}`, 1_000));
  const lines = frame(view, { columns: 40, rows: 10 }, PLAIN);
  expect(lines).toContainEqual(expect.stringContaining('and 20 more'));
  const bare = frame(view, { columns: 40, rows: 10 }, COLOURED).map(stripVTControlCharacters);
  expect(bare).toEqual(lines);
});

it('draws in place, and gives the terminal back with the last picture', async () => {
  const scheduler = new ManualScheduler([]);
  let [printed, pictures] = ['', 0];
  const out = (text: string) => {
    printed += text;
  };
  const size = () => ({ columns: 80, rows: 1 });
  const screen = new Screen({ out, err: out }, scheduler, size, () => {
    pictures += 1;
    return [`picture ${pictures}`, 'below the screen'];
  });
  screen.start();
  await scheduler.advance(600);
  expect(printed).toContain('picture 2');
  expect(printed).not.toContain('below');
  screen.stop();
  const before = pictures;
  await scheduler.advance(5_000);
  expect(pictures).toBe(before);
  expect(printed.endsWith(`\u001b[?1049lpicture ${before}\nbelow the screen\n`)).toBe(true);
});

it('remembers up to where it was told, and says when it missed something', () => {
  const { view } = viewWith(update({ revision: 41 }));
  expect(view.take(update({ revision: 44, missed: true }))).toMatchObject([{ at: AT, kind: 'missed' }]);
  expect(view.budget).toBeUndefined();
  expect(view.take(update({ stale: true }))).toEqual([]);
  expect(view.revision).toBe(44);
});
