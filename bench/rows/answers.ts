import { driveGhz } from '../drive/ghz.js';
import { Budgets } from '../serve/budgets.js';
import type { Served } from '../serve/world.js';
import { DENIED_REQUEST } from './echo.js';
import type { Row } from './row.js';
import { PLACE_NAMES } from './writes.js';

const BUDGET = DENIED_REQUEST.budget_id;
const HOLDER = 'ai-1';
const USAGE = {
  usage_id: 'replayed',
  model: 'claude-sonnet-4',
  tokens: { input_tokens: 120, output_tokens: 60 },
};

interface Question {
  readonly id: string;
  readonly what: string;
  readonly method: string;
  request(leaseId: string): object;
}

/** What changes nothing: the only slot is taken, and its usage is booked. */
const QUESTIONS: readonly Question[] = [
  { id: 'denials', what: 'denials', method: 'AcquireSlot', request: () => DENIED_REQUEST },
  {
    id: 'replays',
    what: 'replays of RecordUsage',
    method: 'RecordUsage',
    request: (lease_id) => ({ lease_id, usage: USAGE }),
  },
  {
    id: 'availability',
    what: 'GetAvailability',
    method: 'GetAvailability',
    request: () => DENIED_REQUEST,
  },
  {
    id: 'distribution',
    what: 'GetDistribution',
    method: 'GetDistribution',
    request: () => ({ budget_id: BUDGET }),
  },
];

/** One lease that outlives the run, with a report: made once for all rows of a place. */
const held = new WeakMap<Served, Promise<string>>();

async function hold(served: Served): Promise<string> {
  await new Budgets(served, BUDGET, 1, { max_concurrent: 1 }).create();
  const request = { budget_id: BUDGET, ai_id: HOLDER, lease_ttl: { seconds: 86_400 } };
  const answer = await served.clients.call<{ granted: { lease: { lease_id: string } } }>(
    'AcquireSlot',
    request,
  );
  const { lease_id } = answer.granted.lease;
  await served.clients.call('RecordUsage', { lease_id, usage: USAGE });
  return lease_id;
}

export function answerRows(place: 'embedded' | 'mongo'): Row[] {
  return QUESTIONS.map(({ id, what, method, request }) => ({
    id: `${place}-${id}`,
    what: `${PLACE_NAMES[place]}: ${what}`,
    driver: 'ghz',
    limit: 'echo-call',
    needsMongo: place !== 'embedded',
    async open(world) {
      const served = await world.at(place);
      const lease = held.get(served) ?? hold(served);
      held.set(served, lease);
      const message = request(await lease);
      const address = served.addresses[0] ?? '';
      const drive = (callers: number, seconds: number) =>
        driveGhz({ address, method, request: message, callers, seconds });
      return { pids: served.pids, drive };
    },
  }));
}
