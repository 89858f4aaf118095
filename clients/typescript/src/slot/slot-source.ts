import type { WrapOptions } from '../wrap/guarded-sdk.js';
import type { Slot } from './slot.js';
import type { SlotRequest } from './slot-request.js';

/** Where slots come from: a `BudgetClient`, or a fake of it in tests. */
export interface SlotSource {
  /** Holds a slot while `work` runs, gives it back whichever way that ends, and returns what it returned. */
  withSlot<T>(request: SlotRequest, work: (slot: Slot) => Promise<T> | T): Promise<T>;
  /** A slot that you give back yourself: `await using slot = await budget.acquire(...)`, or `slot.end()`. */
  acquire(request?: SlotRequest): Promise<Slot>;
  /** The same SDK client, with each call in a slot of its own. Anthropic's and OpenAI's, and those that are made alike. */
  wrap<Sdk extends object>(sdk: Sdk, options?: WrapOptions): Sdk;
  /** Waits until all that was reported is known to the service, or so many seconds. Whether it was. */
  flush(seconds?: number): Promise<boolean>;
  /** Flushes, and ends the session. Returns how many settlements are left: in the journal if there is one, else lost. */
  close(seconds?: number): Promise<number>;
}
