import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newToken } from '../../src/access/bearer-tokens.js';
import * as admin from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import * as budgets from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { type Failed, failed } from '../grpc/support/harness.js';
import { metadataOf } from '../support/any-call.js';
import { issue } from '../support/certificates.js';
import { type Service, startService } from '../support/service.js';
import { TlsFolder } from '../support/tls-folder.js';

const names = ['guardian', 'sandbox', 'viewer', 'operator'] as const;
type Name = (typeof names)[number];
const made = new Map(names.map((name) => [name, newToken()]));

const { BudgetServiceService: ai } = budgets;
const { BudgetAdminServiceService: operator } = admin;

let folder: TlsFolder;
let service: Service;
let port: string;
let client: Client;
beforeAll(async () => {
  folder = new TlsFolder();
  const entry = (name: Name, role: string) => `
    - name: ${name}-service
      sha256: ${made.get(name)?.sha256}
      roles: [${role}]`;
  const file = folder.file(
    'config.yaml',
    `
tls: {cert: server.pem, key: server.key}
credentials:
  mtls:
    client_ca: clients.pem
    principals: [{san: spiffe://example.org/ops, name: ops, roles: [{role: operator, budgets: '*'}]}]
  tokens:${entry('guardian', '{role: ai, budgets: anthropic, ais: [guardian]}')}${entry(
    'sandbox',
    '{role: ai, budgets: anthropic, ais: [sandbox]}',
  )}${entry('viewer', '{role: viewer, budgets: other}')}${entry('operator', "{role: operator, budgets: '*'}")}
budgets: {anthropic: {cooldown: 1s}, other: {}}
`,
  );
  const open = { GRPC_ADDRESS: '0.0.0.0:0', HTTP_ADDRESS: '0.0.0.0:0' };
  service = await startService({ env: { ...open, CONFIG_FILE: file } });
  port = service.grpcAddress.split(':').at(-1) ?? '';
  client = new Client(`localhost:${port}`, credentials.createSsl(folder.serverAuthority.cert));
});
afterAll(async () => {
  client.close();
  expect(await service.stop()).toBe(0);
  folder.remove();
});

interface Generated<Q, A> {
  readonly path: string;
  readonly requestSerialize: (request: Q) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => A;
}

function ask<Q, A>(who: Name, method: Generated<Q, A>, request: Q, by = client): Promise<A | Failed> {
  const metadata = metadataOf({ token: made.get(who)?.token ?? '' });
  return new Promise((resolve) => {
    by.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      (error, answer) => resolve(error ? failed(error) : (answer as A)),
    );
  });
}

async function leaseOf(who: Name): Promise<string> {
  const request = budgets.AcquireSlotRequest.fromPartial({
    budgetId: 'anthropic',
    aiId: who,
    estimatedTokens: 50,
  });
  const answer = (await ask(who, ai.acquireSlot, request)) as budgets.AcquireSlotResponse;
  if (answer.outcome?.$case !== 'granted') throw new Error(`no grant: ${JSON.stringify(answer)}`);
  return answer.outcome.value.lease?.leaseId ?? '';
}

describe('an AI of a running service', () => {
  it('works on its own leases, and finds nobody else’s', async () => {
    const lease = await leaseOf('guardian');
    const of = (leaseId: string) => ({
      renew: [ai.renewSlot, budgets.RenewSlotRequest.fromPartial({ leaseId })],
      record: [
        ai.recordUsage,
        budgets.RecordUsageRequest.fromPartial({
          subject: { $case: 'leaseId', value: leaseId },
          usage: { usageId: `u-${leaseId.length}`, tokens: { totalTokens: 5 } },
        }),
      ],
      get: [ai.getLease, budgets.GetLeaseRequest.fromPartial({ key: { $case: 'leaseId', value: leaseId } })],
      release: [ai.release, budgets.ReleaseRequest.fromPartial({ leaseId })],
    });
    const never = lease.replace(/[^:]+$/, 'neverGranted1234');
    for (const kind of ['renew', 'record', 'get', 'release'] as const) {
      const [method, request] = of(lease)[kind] as [Generated<unknown, unknown>, unknown];
      const [, unknownRequest] = of(never)[kind] as [Generated<unknown, unknown>, unknown];
      const foreign = (await ask('sandbox', method, request)) as Failed;
      const missing = (await ask('sandbox', method, unknownRequest)) as Failed;
      expect(foreign).toMatchObject({ code: 5, reason: 'LEASE_NOT_FOUND' });
      const told = JSON.stringify(foreign).replaceAll(lease, never);
      expect(told).toBe(JSON.stringify(missing));
      expect(await ask('guardian', method, request)).not.toHaveProperty('code');
    }
  });

  it('may not act as another, nor elsewhere, nor read statistics', async () => {
    const denied = { code: 7, reason: 'PERMISSION_DENIED' };
    const asOther = budgets.AcquireSlotRequest.fromPartial({ budgetId: 'anthropic', aiId: 'sandbox' });
    expect(await ask('guardian', ai.acquireSlot, asOther)).toMatchObject(denied);
    for (const budgetId of ['other', 'there-is-none']) {
      const elsewhere = budgets.AcquireSlotRequest.fromPartial({ budgetId, aiId: 'guardian' });
      expect(await ask('guardian', ai.acquireSlot, elsewhere)).toMatchObject(denied);
    }
    const statistics = { budgetId: 'anthropic', month: undefined, day: undefined };
    expect(await ask('guardian', ai.getDistribution, statistics)).toMatchObject(denied);
  });
});

it('a viewer sees its budgets only', async () => {
  const denied = { code: 7, reason: 'PERMISSION_DENIED' };
  const listed = (await ask('viewer', operator.listBudgets, admin.ListBudgetsRequest.fromPartial({}))) as {
    budgets: { budgetId: string }[];
  };
  expect(listed.budgets.map(({ budgetId }) => budgetId)).toEqual(['other']);
  const usage = (budgetId: string) => admin.ListUsageRequest.fromPartial({ budgetId, groupBy: 1 } as object);
  const statistics = (budgetId: string) => ({ budgetId, month: undefined, day: undefined });
  expect(await ask('viewer', ai.getDistribution, statistics('anthropic'))).toMatchObject(denied);
  expect(await ask('viewer', ai.getDistribution, statistics('other'))).toHaveProperty('distributionStats');
  expect(await ask('viewer', operator.listUsage, usage('anthropic'))).toMatchObject(denied);
});

it('what operators do is in the log, with their names', async () => {
  const pause = admin.PauseBudgetRequest.fromPartial({ budgetId: 'other', reason: 'audit' });
  await ask('operator', operator.pauseBudget, pause);
  const { cert, key } = issue(folder.clientAuthority, {
    commonName: 'x',
    uris: ['spiffe://example.org/ops'],
  });
  const byCertificate = new Client(
    `localhost:${port}`,
    credentials.createSsl(folder.serverAuthority.cert, key, cert),
  );
  await new Promise((resolve) => {
    const { path, requestSerialize, responseDeserialize } = operator.resumeBudget;
    byCertificate.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { budgetId: 'other', reason: '' },
      resolve,
    );
  });
  byCertificate.close();
  await expect
    .poll(() => service.logs.filter((line) => 'audit' in line))
    .toMatchObject([
      {
        audit: 'pause',
        principal: 'operator-service',
        budget: 'other',
        after: { paused: { reason: 'audit' } },
      },
      { audit: 'resume', principal: 'ops', budget: 'other', before: { paused: { reason: 'audit' } } },
    ]);
});

it('no token is in the log', () => {
  const text = JSON.stringify(service.logs);
  for (const { token, sha256 } of made.values()) {
    expect(text).not.toContain(token);
    expect(text).not.toContain(sha256);
  }
});
