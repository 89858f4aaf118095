import type { Mutation } from './mutation.js';

/** Mistakes of the way of an alert to its sinks. */
export const ALERT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'an alert that a crashed replica held is never taken over',
    at: 'changePending',
    find: 'if (!wanted && (own || !request.alone) && !isFree(delivery, clock)) return undefined;',
    replace: 'if (!wanted) return undefined;',
  },
  {
    name: 'an alert counts as delivered before the sink has heard it',
    at: 'attempt',
    find: 'if (sent.delivered) log.info(',
    replace: 'if (failures === 0 || sent.delivered) log.info(',
  },
  {
    name: 'the end of an alert is not told where its start was told late',
    at: 'endTold',
    find: "const isDue = (delivery: StoredDelivery) => delivery.status !== 'PENDING' && wantsEnd(delivery);",
    replace: 'const isDue = (delivery: StoredDelivery) => delivery.failures === 0 && wantsEnd(delivery);',
  },
  {
    name: 'the end of an alert may be told before its start',
    at: 'endTold',
    find: "delivery.status !== 'PENDING' && wantsEnd(delivery)",
    replace: "delivery.notice === 'RAISED' && delivery.status !== 'GAVE_UP'",
  },
  {
    name: 'nobody is woken for an alert that is not delivered',
    at: 'nextWake',
    find: '  earliest = Math.min(earliest, nextTakeOver(ledger));\n',
    replace: '',
  },
  {
    name: 'a condition that came back keeps its alert ended',
    at: 'held',
    find: "return { alert: { ...rest, raisedAt: now, notice }, change: 'BACK' };",
    replace: 'return undefined;',
  },
  {
    name: 'nobody is woken when an alert has been away for long enough',
    at: 'nextWake',
    find: '  if (ledger.exists) earliest = Math.min(earliest, nextNoticeEnd(tables.alerts.values()));\n',
    replace: '',
  },
];
