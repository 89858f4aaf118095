import { AI_IDS, readTrace } from '../../../examples/demo/trace.js';
import type { World } from './world.js';
import { NOW } from './world.js';

const DAY_MS = 86_400_000;
const MODELS = ['claude-sonnet-4', 'claude-opus-4', 'claude-haiku-4'];
/** Of a day, when the AIs work. */
const FIRST_HOUR = 6;
const HOURS = 14;

/** The budget that most tests look at. */
export const BUDGET = 'anthropic';

/**
 * The trace's requests, with their tokens and bursts, dealt out over the days from the first of last month to now; then live
 * slots, a crash, and denials. The clock flows from then on.
 */
export async function recordMonth(world: World): Promise<void> {
  const { prompts, durationMs, totalTokens } = readTrace();
  const now = Date.parse(NOW);
  const first = Date.parse('2026-10-20T00:00:00Z');
  world.clock.set(first);
  const monthlyLimit = Math.round(totalTokens * 1.3);
  await world.put(BUDGET, {
    ...{ monthlyLimit, enforcedPercent: 80, maxConcurrent: 4, cooldownMs: 60_000, leaseTtlMs: 300_000 },
    ...{ maxHourlyPercent: 2, timeZone: 'Europe/Berlin', maxReportTokens: monthlyLimit },
  });
  const days = Math.ceil((now - first) / DAY_MS);
  for (const [index, { usageId, atMs, inputTokens, outputTokens }] of prompts.entries()) {
    const into = (atMs / durationMs) * days * HOURS;
    const day = Math.min(days - 1, Math.floor(into / HOURS));
    const at = first + day * DAY_MS + (FIRST_HOUR + (into % HOURS)) * 3_600_000;
    world.clock.set(Math.min(at, now - 500_000));
    const aiId = AI_IDS[(index * 37) % AI_IDS.length] ?? 'guardian';
    const model = MODELS[(index * 7) % 5] ?? 'claude-sonnet-4';
    await world.spend(BUDGET, aiId, usageId, inputTokens + outputTokens, model);
  }
  world.clock.set(now - 420_000);
  await world.hold(BUDGET, 'conquest', 4_000, 900);
  world.clock.set(now - 60_000);
  await world.hold(BUDGET, 'guardian', 3_000, 1_250);
  await world.hold(BUDGET, 'imperium', 2_400, 300);
  world.clock.set(now);
  world.clock.flow();
  await world.ask(BUDGET, 'guardian', 2_000);
  await world.ask(BUDGET, 'imperium', 9_000_000);
  await world.ask(BUDGET, 'imperium', 1_000);
}
