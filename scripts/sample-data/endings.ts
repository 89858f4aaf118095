import { operatorsOf } from './operators.js';
import type { Player, Scheduled } from './play.js';
import type { Scene } from './scenes.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Of the hour's cap, what a batch job takes that asks nobody: in the hour before, and in this one. */
const BATCH_PARTS = [1.1, 3.2] as const;

/** What happens in the last hours of a budget, at its moments. */
export interface Ending {
  /** Before anything else is done at this moment. */
  before(player: Player, at: number): Promise<void>;
  /** From then on nobody calls. */
  readonly callsUntil: number;
}

export function endOf(scene: Scene, until: number): Ending {
  const schedule = [...operatorsOf(scene, until), ...scheduleOf(scene, until)].sort((a, b) => a.at - b.at);
  return {
    callsUntil: until,
    before: async (player, at) => {
      for (let next = schedule[0]; next !== undefined && next.at <= at; next = schedule[0]) {
        schedule.shift();
        await next.act(player, next.at);
      }
    },
  };
}

function scheduleOf(scene: Scene, until: number): Scheduled[] {
  switch (scene.ending) {
    case 'BUSY':
      return busy(scene, until);
    case 'NEARLY_OUT':
      return holding(scene, until, 3);
    case 'OBSERVED':
      return [...holding(scene, until, 5), ...observed(scene, until)];
    case 'PAUSED':
      return [{ at: until - 130 * MINUTE_MS, act: (player, at) => player.operate(PAUSE, at) }];
  }
}

const PAUSE = { kind: 'pause', reason: 'provider incident', principal: 'ops@example' } as const;

/** Slots that are live at the end. */
function holding({ ais, models, monthAmount }: Scene, until: number, count: number): Scheduled[] {
  return Array.from({ length: count }, (_, at) => ({
    at: until - (2 + 7 * at) * MINUTE_MS,
    act: (player: Player, moment: number) =>
      player.acquire(moment, ais[(3 * at) % ais.length] ?? '', {
        ...{
          model: models[at % models.length]?.name ?? '',
          leaseTtlMs: 6 * HOUR_MS,
          estimatedTokens: Math.ceil(monthAmount / 5_000),
        },
        labels: { task: TASKS[at % TASKS.length] ?? '', run: String(4_100 + at) },
      }),
  }));
}

/** How long the jobs of a crowd hold their slots. */
const CROWD_MS = 10 * MINUTE_MS;
const TASKS = ['review pull request', 'nightly summary', 'answer ticket', 'translate page', 'label images'];

/** A slot that nobody reports on, a job that asked nobody and filled the hour, and all that ask since. */
function busy(scene: Scene, until: number): Scheduled[] {
  const model = scene.models[0]?.name ?? '';
  const stuck: Scheduled = {
    at: until - 9 * HOUR_MS,
    act: (player, at) =>
      player.acquire(at, 'data/loader', {
        ...{ model, leaseTtlMs: 24 * HOUR_MS, estimatedTokens: 12_000 },
        labels: { task: 'import', run: '3977', host: 'batch-07' },
      }),
  };
  const hour = until - (until % HOUR_MS);
  const starts = [hour - HOUR_MS / 2, hour + (until - hour) / 8];
  const batches = BATCH_PARTS.map((part, at) => ({
    at: Math.floor(starts[at] ?? until),
    act: (player: Player, moment: number) => overfill(player, moment, { aiId: 'data/loader', model, part }),
  }));
  const asking = Array.from({ length: 240 }, (_, at) => {
    const aiId = scene.ais[at % 3 === 0 ? 0 : (at * 7) % scene.ais.length] ?? '';
    return called(Math.floor(until - (240 - at) * 15_000), aiId, model, 9_000);
  });
  const before = [14 * HOUR_MS, 3 * DAY_MS, 9 * DAY_MS].flatMap((back) => crowd(until - back, model));
  const loops = [58 * HOUR_MS, 82 * HOUR_MS].flatMap((back) => loop(until - back, model));
  return [stuck, ...before, ...loops, ...holding(scene, until - HOUR_MS, 6), ...batches, ...asking];
}

/** A test that starts more jobs than an AI may have, twice, and one that asks for more than an hour admits. */
function crowd(at: number, model: string): Scheduled[] {
  const jobs = Array.from({ length: 24 }, (_, job) => job * 2_000);
  return [
    ...[...jobs, ...jobs.map((after) => 5 * HOUR_MS + after)].map((after) =>
      asked(at + after, 'web/tester', { model, estimatedTokens: 900, leaseTtlMs: CROWD_MS }),
    ),
    asked(at + 3 * HOUR_MS, 'imperium', { model, estimatedTokens: 30_000_000 }),
  ];
}

/** Tries that do not wait for the cooldown. */
function loop(at: number, model: string): Scheduled[] {
  return Array.from({ length: 40 }, (_, time) => called(at + time * 300, 'sandbox', model, 700));
}

/** A job that fills an hour by itself, and who asks in it after that: yesterday, and of late. */
function observed(scene: Scene, until: number): Scheduled[] {
  const model = scene.models[0]?.name ?? '';
  return [25 * HOUR_MS, 50 * MINUTE_MS].flatMap((back) => [
    {
      at: until - back,
      act: (player, at) => overfill(player, at, { aiId: scene.ais[0] ?? '', model, part: 1.2 }),
    },
    ...Array.from({ length: 24 }, (_, time) => {
      const aiId = scene.ais[(5 * time) % scene.ais.length] ?? '';
      return called(until - back + (time + 1) * 2 * MINUTE_MS, aiId, model, 2_000);
    }),
  ]);
}

/** A slot that is asked for, used if it is granted, and given back. */
function called(at: number, aiId: string, model: string, amount: number): Scheduled {
  const output = Math.ceil(amount / 8);
  const call = { aiId, model, input: amount - output, output, amount, failed: false, kind: 'SLOT' } as const;
  return { at, act: (player, moment) => player.play({ ...call, at: moment }) };
}

function asked(at: number, aiId: string, request: Parameters<Player['acquire']>[2]): Scheduled {
  return { at, act: (player, moment) => player.acquire(moment, aiId, request) };
}

async function overfill(
  player: Player,
  at: number,
  { aiId, model, part }: { readonly aiId: string; readonly model: string; readonly part: number },
): Promise<void> {
  const tokens = Math.floor((await player.hourCap(at)) * part);
  await player.report({ at, aiId, model, input: tokens, output: 1, failed: false });
}
