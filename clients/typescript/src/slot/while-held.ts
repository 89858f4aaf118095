import type { Slot } from './slot.js';

/** Runs the work, and gives the slot back whichever way it ends. */
export async function whileHeld<T>(slot: Slot, work: (slot: Slot) => Promise<T> | T): Promise<T> {
  let result: T;
  try {
    result = await work(slot);
  } catch (error) {
    await slot.end({ kind: 'failed', error });
    throw error;
  }
  await slot.end();
  return result;
}
