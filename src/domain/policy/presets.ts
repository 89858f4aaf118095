import { DEFAULT_POLICY, type Preset, type PresetName } from '../model/policy.js';

/**
 * What a budget is for: where the fields that its policy leaves unset take their defaults from. A budget keeps the values that its
 * preset had when it was chosen, so that a later version with other values changes no budget.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** For AIs that hold a slot for the time of one LLM call. */
const CALLS = {
  cooldownMs: 0,
  maxConcurrent: 200,
  maxConcurrentPerAi: 50,
  leaseTtlMs: 60 * SECOND,
  maxLeaseDurationMs: 15 * MINUTE,
  defaultReservation: 2_000,
  sessionGraceMs: 10 * SECOND,
  pacing: 'EVEN',
  // Pacing divides the day among its hours.
  maxHourlyPercent: 100,
  maxDailyPercent: 8,
} as const satisfies Preset['values'];

/** For AIs that work in sessions of minutes: the defaults of every field that a preset sets. */
const WORK_SESSIONS = Object.fromEntries(
  (Object.keys(CALLS) as (keyof typeof CALLS)[]).map((key) => [key, DEFAULT_POLICY[key]]),
) as Preset['values'];

const VALUES: { readonly [N in PresetName]: Preset['values'] } = { WORK_SESSIONS, CALLS };

/** A preset as this version knows it. */
export function presetOf(name: PresetName): Preset {
  return { name, values: VALUES[name] };
}
