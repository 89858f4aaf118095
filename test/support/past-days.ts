import { EXPERIENCE_DAYS, type PastDay } from '../../src/domain/policy/experience.js';

/** Runs of days that are alike, yesterday first; those before them were not used yet. */
export function pastDays(...runs: readonly (readonly [number, PastDayLike])[]): (PastDay | undefined)[] {
  const days = runs.flatMap(([count, { total, refused }]) =>
    Array.from({ length: count }, () =>
      refused === 'unknown' ? { total } : { total, refused: refused ?? false },
    ),
  );
  return [...days, ...Array.from({ length: EXPERIENCE_DAYS - days.length }, () => undefined)];
}

interface PastDayLike {
  readonly total: number;
  /** `unknown`: stored before that was kept. */
  readonly refused?: boolean | 'unknown';
}
