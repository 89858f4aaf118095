import type { Slot } from './slot.js';
import type { SlotRequest } from './slot-request.js';

/** Where slots come from: a `BudgetClient`, or a fake of it in tests. */
export interface SlotSource {
  acquire(request: SlotRequest): Promise<Slot>;
}
