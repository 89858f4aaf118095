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
    at: 'addressed',
    find: 'return deliveries.map((delivery) => (toldTheStart(delivery) ? begin',
    replace: 'return deliveries.map((delivery) => (delivery.failures === 0 ? begin',
  },
  {
    name: 'the end of an alert may be told before its start',
    at: 'addressed',
    find: "notice === 'RAISED' && status === 'DELIVERED';",
    replace: "notice === 'RAISED' && status !== 'GAVE_UP';",
  },
  {
    name: 'nobody is woken for an alert that is not delivered',
    at: 'nextWake',
    find: '  earliest = Math.min(earliest, nextTakeOver(ledger));\n',
    replace: '',
  },
];
