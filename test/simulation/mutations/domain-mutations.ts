import type { Mutation } from './mutation.js';

/** Mistakes of decisions. */
export const DOMAIN_MUTATIONS: readonly Mutation[] = [
  {
    name: 'receipts are looked up before the state is asked',
    file: 'src/domain/lease-lookup.ts',
    find: '  if (inState !== undefined) return inState;\n',
    replace: '  if (inState !== undefined && !evidence.receipts.get(id)) return inState;\n',
  },
  {
    name: 'a clock that is ahead does not stop grants',
    file: 'src/domain/decide.ts',
    find: 'if (aheadMs <= maxSkewMs) return undefined;',
    replace: 'if (aheadMs < Number.POSITIVE_INFINITY) return undefined;',
  },
  {
    name: 'a renewal forgets the reservation',
    file: 'src/domain/renew.ts',
    find: '    ...raise.change,\n',
    replace: '    reserved: found.lease.used,\n    ...raise.change,\n',
  },
  {
    name: 'a renewal may shorten a lease',
    file: 'src/domain/renew.ts',
    find: 'Math.max(lease.expiresAt, Math.min(clock + ttlMs, lease.renewableUntil));',
    replace: 'Math.min(clock + ttlMs, lease.renewableUntil);',
  },
  {
    name: 'a renewal goes beyond the longest life of a lease',
    file: 'src/domain/renew.ts',
    find: 'Math.min(clock + ttlMs, lease.renewableUntil)',
    replace: '(clock + ttlMs)',
  },
  {
    name: 'the ring of request ids is forgotten',
    file: 'src/domain/request-memory.ts',
    find: 'grantsOf(ledger, aiId).slice(-PLACES * (REMEMBERED_REQUESTS - 1))',
    replace: '[] as number[]',
  },
  {
    name: 'a recreated budget keeps its epoch',
    file: 'src/domain/settings.ts',
    find: '  ledger.epoch = above.epoch + 1;\n',
    replace: '  ledger.epoch = Math.max(1, above.epoch);\n',
  },
  {
    name: 'a fence is given again when nobody holds a slot',
    file: 'src/domain/acquire.ts',
    find: '  ledger.fence += 1;\n',
    replace: '  ledger.fence = ledger.slots.live === 0 ? Math.max(1, ledger.fence) : ledger.fence + 1;\n',
  },
  {
    name: 'a late report does not net against what was presumed',
    file: 'src/domain/booking.ts',
    find: 'const excess = chargedTokens - moved;',
    replace: 'const excess = chargedTokens;',
  },
  {
    name: 'a usage id is not remembered after a late report',
    file: 'src/domain/record.ts',
    find: '  rememberUsage(ledger, receiptId, usage, booked, lease.fence);\n',
    replace: '  if (!booked.late) rememberUsage(ledger, receiptId, usage, booked, lease.fence);\n',
  },
  {
    name: 'a written receipt is dropped although it changed since',
    file: 'src/domain/outbox.ts',
    find: '    if (tables.outbox.get(id)?.revision !== revision) continue;\n',
    replace: '',
  },
  {
    name: 'dropping receipts leaves no mark',
    file: 'src/domain/outbox.ts',
    find: '    ledger.receiptsDroppedAt = ledger.nextRevision;\n',
    replace: '',
  },
  {
    name: 'expired leases keep their slot',
    file: 'src/domain/closing.ts',
    find: 'first.expiresAt > ledger.clock) return;',
    replace: 'first.expiresAt + 1_000 > ledger.clock) return;',
  },
  {
    name: 'pacing FLOOR forgets the minimum of later days',
    file: 'src/domain/pacing.ts',
    find: 'const beyondMinimums = left - allowance.dailyMin * (daysLeft - 1);',
    replace: 'const beyondMinimums = left;',
  },
];
