import type { CallData } from '../src/http/dashboard/page-data.js';
import type { Column } from './data-table.js';
import { count } from './format.js';

/** Calls, beside the tokens that they spent. */
export const callColumns: readonly Column<CallData>[] = [
  { title: 'Calls', number: true, value: ({ calls }) => calls, show: ({ calls }) => count(calls) },
  {
    title: 'Failed',
    number: true,
    value: ({ failedCalls }) => failedCalls,
    show: ({ failedCalls }) => count(failedCalls),
  },
];
