import type { Player } from './play.js';
import type { Scene } from './scenes.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Of the hour's cap, what a batch job takes that asks nobody: in the hour before, and in this one. */
const BATCH_PARTS = [1.1, 3.2] as const;

/** What happens in the last hours of a budget, at its moments. */
export interface Ending {
  /** Before anything else is done at this moment. */
  before(player: Player, at: number): Promise<void>;
  /** From then on nobody calls. */
  readonly callsUntil: number;
}

interface Scheduled {
  readonly at: number;
  readonly act: (player: Player, at: number) => Promise<unknown>;
}

export function endOf(scene: Scene, until: number): Ending {
  const schedule = scheduleOf(scene, until).sort((a, b) => a.at - b.at);
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
      return holding(scene, until, 5);
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
    act: (player: Player, moment: number) => overfill(player, moment, { model, part }),
  }));
  const asking = Array.from({ length: 240 }, (_, at) => ({
    at: Math.floor(until - (240 - at) * 15_000),
    act: (player: Player, moment: number) =>
      player.acquire(moment, scene.ais[at % 3 === 0 ? 0 : (at * 7) % scene.ais.length] ?? '', {
        ...{ model, estimatedTokens: 9_000 },
      }),
  }));
  return [stuck, ...holding(scene, until - HOUR_MS, 6), ...batches, ...asking];
}

async function overfill(
  player: Player,
  at: number,
  { model, part }: { readonly model: string; readonly part: number },
): Promise<void> {
  const tokens = Math.floor((await player.hourCap(at)) * part);
  await player.report({ at, aiId: 'data/loader', model, input: tokens, output: 1, failed: false });
}
