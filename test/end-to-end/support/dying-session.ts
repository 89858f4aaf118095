import { credentials } from '@grpc/grpc-js';
import { BudgetServiceClient } from '../../../src/gen/budgetarbiter/v1/budget_service.js';
import { SessionClient } from '../../support/session-client.js';

/** A process of its own: takes a slot in a session, says so on stdout, and goes on without a heartbeat until somebody kills it. */
const [address = '', budgetId = '', aiId = ''] = process.argv.slice(2);
const session = new SessionClient(new BudgetServiceClient(address, credentials.createInsecure()));
const { sessionId } = await session.open({ budgetId, aiId });
const leaseId = await session.acquire({ estimatedTokens: 1_000 });
process.stdout.write(`${JSON.stringify({ sessionId, leaseId })}\n`);
