import { LoadedClients } from '../../support/loaded-client.js';
import type { AcquireAnswer } from './messages.js';

/** A process of its own: takes a slot, says so on stdout, renews it, and goes on until somebody kills it. */
const [address = '', budgetId = '', ttlSeconds = '1'] = process.argv.slice(2);
const clients = new LoadedClients(address);
const answer = await clients.call<AcquireAnswer>('AcquireSlot', {
  budget_id: budgetId,
  ai_id: 'dying',
  estimated_tokens: 1_000,
  lease_ttl: { seconds: Number(ttlSeconds) },
});
if (answer.granted === undefined) throw new Error(`denied: ${JSON.stringify(answer)}`);
const { lease_id } = answer.granted.lease;
setInterval(() => void clients.call('RenewSlot', { lease_id }), (Number(ttlSeconds) * 1_000) / 4);
process.stdout.write(`${lease_id}\n`);
