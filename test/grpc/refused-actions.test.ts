import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/access/permissions.js';
import { BUDGET_ADMIN_SERVICE } from '../../src/api/budget-admin-service.js';
import { PauseBudgetRequest } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { rpcEndpoints } from '../../src/http/connect/endpoints.js';
import { PROCESS_SCHEDULER } from '../../src/platform/scheduler.js';
import { accessFor, operator, viewer } from '../support/access.js';
import { callAny } from '../support/any-call.js';
import { collectedLog } from '../support/collected-log.js';
import { FakePort } from '../support/fake-port.js';
import { startServer, stopServers } from '../support/http-server.js';
import { READY_ANSWERS } from '../support/ready-answers.js';
import { type Harness, startHarness } from './support/harness.js';

type Name = keyof typeof PERMISSIONS.BudgetAdminService;
const RULES: Readonly<Record<Name, { readonly viewer: string }>> = PERMISSIONS.BudgetAdminService;
const NAMES = Object.keys(RULES) as Name[];
const actionOf = (name: Name) => (BUDGET_ADMIN_SERVICE[name] as { readonly action?: string }).action;
const ACTIONS = NAMES.filter((name) => actionOf(name) !== undefined);
const pathOf = (name: Name) =>
  `/budgetarbiter.v1.BudgetAdminService/${name[0]?.toUpperCase()}${name.slice(1)}`;

it('every method for operators alone is an action of the audit but the one that changes nothing, and no other is', () => {
  const changing = NAMES.filter((name) => name !== 'simulatePolicy');
  expect(ACTIONS).toEqual(changing.filter((name) => RULES[name].viewer === 'no'));
});

const { access, log: accessLog } = accessFor({ tokens: { ops: [operator('*')], reader: [viewer('*')] } });
let harness: Harness;
let client: Client;
beforeEach(async () => {
  harness = await startHarness({ access });
  client = new Client(`127.0.0.1:${harness.port}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  harness.stop();
  await stopServers();
});

/** Fields that no budget, lease or adjustment can have. */
function wrong(name: Name): Buffer {
  const { request: codec } = BUDGET_ADMIN_SERVICE[name] as unknown as {
    readonly request: {
      fromPartial(fields: object): object;
      encode(message: object): { finish(): Uint8Array };
    };
  };
  return Buffer.from(
    codec.encode(codec.fromPartial({ budgetId: 'No Budget', leaseId: 'x'.repeat(200) })).finish(),
  );
}

const audit = (entries: readonly { readonly fields: Readonly<Record<string, unknown>> }[]) =>
  entries.map(({ fields }) => fields).filter(({ audit: action }) => action !== undefined);

/** A lease is named without its budget. */
const wrongIn = (name: Name) => (name === 'revokeLease' ? 'budget_id' : 'nothing');

describe.each(ACTIONS)('%s that is refused before it is decided', (name) => {
  it('for its fields leaves one line of the audit, with who, what and which fields', async () => {
    await callAny(client, pathOf(name), wrong(name), { token: 'ops' });
    const [line, ...more] = audit(harness.logged);
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      ...{ audit: actionOf(name), principal: 'ops', outcome: 'refused' },
      refusal: expect.stringMatching(/INVALID_FIELD|LEASE_NOT_FOUND/),
    });
    if (name !== 'revokeLease')
      expect(line).toMatchObject({ budget: 'No Budget', fields: expect.arrayContaining(['budget_id']) });
    expect(harness.servicePort.asked).toEqual([]);
  });

  it('for bytes that are no message leaves one, too; who may not act leaves another kind of line', async () => {
    await callAny(client, pathOf(name), Buffer.from([0xff, 0xff]), { token: 'ops' });
    await callAny(client, pathOf(name), wrong(name), { token: 'reader' });
    expect(audit(harness.logged)).toMatchObject([{ audit: actionOf(name), refusal: 'MALFORMED_MESSAGE' }]);
  });

  it('over HTTP leaves one, whether its JSON or its fields are wrong', async () => {
    const [servicePort, log] = [new FakePort(), collectedLog()];
    const rpcs = rpcEndpoints({
      ...{ servicePort, log, access, scheduler: PROCESS_SCHEDULER, defaultBudget: 'anthropic' },
      ...READY_ANSWERS,
    });
    const { url } = await startServer({ rpcs, access });
    const headers = { authorization: 'Bearer ops', 'content-type': 'application/json' };
    const post = (body: string) => fetch(url + pathOf(name), { method: 'POST', headers, body });
    expect((await post('{"budget_id": "a", "nothing": 1}')).status).toBe(400);
    expect((await post('no JSON')).status).toBe(400);
    expect(audit(log.entries)).toMatchObject([
      {
        audit: actionOf(name),
        principal: 'ops',
        budget: 'a',
        refusal: 'INVALID_FIELD',
        fields: [wrongIn(name)],
      },
      { audit: actionOf(name), principal: 'ops', refusal: 'MALFORMED_MESSAGE' },
    ]);
  });
});

it('what the service port refuses has one line, not two', async () => {
  harness.servicePort.refuse({ reason: 'BUDGET_NOT_FOUND', budgetId: 'a' });
  const request = PauseBudgetRequest.encode({ budgetId: 'a', reason: '' }).finish();
  await callAny(client, pathOf('pauseBudget'), Buffer.from(request), { token: 'ops' });
  expect(audit([...accessLog.entries, ...harness.logged])).toMatchObject([
    { audit: 'pause', refusal: 'BUDGET_NOT_FOUND' },
  ]);
});
