import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 20;

/** Asks again and again until there is an answer. What throws counts as no answer yet, and is shown if none comes. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  mostMs = 10_000,
): Promise<T> {
  const end = performance.now() + mostMs;
  let cause: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await pause(EVERY_MS);
  } while (performance.now() < end);
  throw new Error(`${what}: not within ${mostMs} ms`, { cause });
}

/** As `until`, for a condition. */
export async function untilTrue(
  what: string,
  holds: () => Promise<boolean> | boolean,
  mostMs?: number,
): Promise<void> {
  await until(what, async () => ((await holds()) ? true : undefined), mostMs);
}
