import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GetBudgetRequest } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import type { TlsFiles } from '../../src/platform/tls-files.js';
import { accessFor, viewer } from '../support/access.js';
import { type Came, callAny } from '../support/any-call.js';
import { type Issued, issue, makeAuthority } from '../support/certificates.js';
import { collectedLog } from '../support/collected-log.js';
import { Looking } from '../support/looking.js';
import { TlsFolder } from '../support/tls-folder.js';
import { type Harness, startHarness } from './support/harness.js';

const PATH = '/budgetarbiter.v1.BudgetAdminService/GetBudget';
const REQUEST = GetBudgetRequest.encode({ budgetId: 'anthropic' }).finish();
const SPIFFE = 'spiffe://example.org/reader';
const { access } = accessFor({
  tokens: { 'a-token': [viewer('*')] },
  more: { certificates: [{ name: 'reader', san: SPIFFE, roles: [viewer('*')] }] },
});

let folder: TlsFolder;
let tls: TlsFiles;
let harness: Harness;
beforeAll(() => {
  folder = new TlsFolder();
});
afterAll(() => folder.remove());
beforeEach(async () => {
  folder.write(issue(folder.serverAuthority, { commonName: 'first' }));
  tls = folder.read(collectedLog());
  harness = await startHarness({ access, tls });
});
afterEach(() => harness.stop());

async function call(shown: { token?: string; certificate?: Issued }): Promise<Came> {
  const { certificate } = shown;
  const secure = credentials.createSsl(
    folder.serverAuthority.cert,
    certificate?.key ?? null,
    certificate?.cert ?? null,
  );
  const client = new Client(`localhost:${harness.port}`, secure);
  try {
    return await callAny(client, PATH, REQUEST, shown);
  } finally {
    client.close();
  }
}

/** What a bare TLS client comes to: the server's name, or the error. */
function handshake(options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect(
      {
        host: '127.0.0.1',
        port: harness.port,
        ca: folder.serverAuthority.cert,
        ALPNProtocols: ['h2'],
        ...options,
      },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      },
    );
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

const UNAUTHENTICATED = { code: 16, reason: 'UNAUTHENTICATED' };

describe('tokens and client certificates, side by side', () => {
  it('either is enough', async () => {
    const certificate = issue(folder.clientAuthority, { commonName: 'x', uris: [SPIFFE] });
    expect(await call({ token: 'a-token' })).toBe('answered');
    expect(await call({ certificate })).toBe('answered');
    expect(await call({ certificate, token: 'a-token' })).toBe('answered');
    expect(await call({ certificate, token: 'wrong' })).toMatchObject(UNAUTHENTICATED);
  });

  it('neither is not', async () => {
    expect(await call({})).toMatchObject(UNAUTHENTICATED);
    expect(await call({ token: 'wrong' })).toMatchObject(UNAUTHENTICATED);
  });

  it.each([
    [
      'of another authority',
      () => issue(makeAuthority('another authority'), { commonName: 'x', uris: [SPIFFE] }),
    ],
    ['of the authority of servers', () => issue(folder.serverAuthority, { commonName: 'x', uris: [SPIFFE] })],
    ['with another name', () => issue(folder.clientAuthority, { commonName: SPIFFE, uris: [`${SPIFFE}2`] })],
    [
      'that has expired',
      () =>
        issue(folder.clientAuthority, {
          commonName: 'x',
          uris: [SPIFFE],
          validUntil: new Date(Date.now() - 1_000),
        }),
    ],
  ])('a certificate %s is not', async (_name, make) => {
    expect(await call({ certificate: make() })).toMatchObject(UNAUTHENTICATED);
  });
});

it('does not take a certificate forged in the name of the right authority', async () => {
  const forger = makeAuthority(folder.clientAuthority.commonName);
  const certificate = issue(forger, { commonName: 'x', uris: [SPIFFE] });
  // OpenSSL breaks such a connection off before anybody could answer.
  expect(await call({ certificate })).toMatchObject({ code: expect.any(Number) });
});

it('needs no authority of clients where tokens are enough', async () => {
  const other = await startHarness({ access, tls: folder.read(collectedLog(), false) });
  const client = new Client(`localhost:${other.port}`, credentials.createSsl(folder.serverAuthority.cert));
  expect(await callAny(client, PATH, REQUEST, { token: 'a-token' })).toBe('answered');
  expect(await callAny(client, PATH, REQUEST)).toMatchObject(UNAUTHENTICATED);
  client.close();
  other.stop();
});

it('takes TLS 1.2 and 1.3, and nothing older', async () => {
  const old = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1' } as const;
  expect(await handshake({ minVersion: 'TLSv1.3' })).toBe('first');
  expect(await handshake({ maxVersion: 'TLSv1.2' })).toBe('first');
  expect(await handshake({ ...old, maxVersion: 'TLSv1.1' })).toMatch(/PROTOCOL_VERSION/);
  expect(await handshake({ ...old, maxVersion: 'TLSv1' })).toMatch(/PROTOCOL_VERSION/);
});

it('does not talk without TLS', async () => {
  const client = new Client(`127.0.0.1:${harness.port}`, credentials.createInsecure());
  expect(await callAny(client, PATH, REQUEST, { token: 'a-token' })).toMatchObject({ code: 14 });
  client.close();
});

it('takes over files that change: certificate, key and the authority of clients', async () => {
  const looking = new Looking();
  tls.watch(looking);
  const authority = makeAuthority('new authority of clients');
  const certificate = issue(authority, { commonName: 'x', uris: [SPIFFE] });
  expect(await handshake()).toBe('first');
  expect(await call({ certificate })).toMatchObject(UNAUTHENTICATED);

  folder.write(issue(folder.serverAuthority, { commonName: 'second' }));
  folder.file('clients.pem', authority.cert);
  await looking.look();
  expect(await handshake()).toBe('second');
  expect(await call({ certificate })).toBe('answered');
  const old = issue(folder.clientAuthority, { commonName: 'x', uris: [SPIFFE] });
  expect(await call({ certificate: old })).toMatchObject(UNAUTHENTICATED);
  tls.stop();
  folder.file('clients.pem', folder.clientAuthority.cert);
});
