import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JwtSettings } from '../../../src/access/access-settings.js';
import { tokenDigest } from '../../../src/access/bearer-tokens.js';
import { Holders } from '../../../src/access/holders.js';
import { JwtTokens } from '../../../src/access/jwt-tokens.js';
import { viewer } from '../../support/access.js';
import { collectedLog } from '../../support/collected-log.js';
import { FakeIssuer, type SigningKey, signed, signingKey } from '../../support/fake-issuer.js';
import { FakeTime } from '../../support/fake-time.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';

const START = '2026-11-01T09:00:00Z';
const NOW_S = Date.parse(START) / 1_000;
const folder = mkdtempSync(join(tmpdir(), 'jwt-'));
afterAll(() => rmSync(folder, { recursive: true }));

let first: SigningKey;
let second: SigningKey;
beforeAll(async () => {
  first = await signingKey('first');
  second = await signingKey('second');
});

let time: FakeTime;
let log: ReturnType<typeof collectedLog>;
let scheduler: ManualScheduler;
beforeEach(() => {
  scheduler = new ManualScheduler([]);
  time = new FakeTime(START);
  log = collectedLog();
});

const ROLES = [viewer('*')];
const BASE = {
  audience: 'budget',
  claim: 'sub',
  principals: [{ name: 'reader', value: 'alice', roles: ROLES }],
};

function tokens(settings: Partial<JwtSettings> & { issuer: string }): JwtTokens {
  return new JwtTokens([{ ...BASE, ...settings }], new Holders(), time, scheduler, log);
}

const ask = (jwt: JwtTokens, token: string) => jwt.principalOf(token, tokenDigest(token));

describe('a JSON Web Token, checked with keys from a file', () => {
  const issuer = 'https://issuer.example.org';
  const jwksFile = join(folder, 'keys.json');
  const claims = { iss: issuer, aud: 'budget', sub: 'alice', exp: NOW_S + 600 };
  beforeAll(() => writeFileSync(jwksFile, JSON.stringify({ keys: [first.publicJwk, second.publicJwk] })));

  it('names its principal', async () => {
    const token = await signed(first, { ...claims, nbf: NOW_S - 5, aud: ['other', 'budget'] });
    const principal = await ask(tokens({ issuer, jwksFile }), token);
    const until = claims.exp * 1_000;
    expect(principal).toEqual({
      name: 'reader',
      via: 'jwt',
      subject: 'alice',
      roles: ROLES,
      until,
      withdrawn: false,
    });
  });

  it('may name it by a list in another claim', async () => {
    const principals = [{ name: 'operators', value: 'ops', roles: ROLES }];
    const token = await signed(first, { ...claims, groups: ['dev', 'ops'] });
    const jwt = tokens({ issuer, jwksFile, claim: 'groups', principals });
    expect(await ask(jwt, token)).toMatchObject({ name: 'operators', subject: 'alice' });
  });

  it.each([
    ['an expired one', { exp: NOW_S - 10 }, /has expired/],
    ['one without an end', { exp: undefined }, /claim exp is missing/],
    ['one that is not valid yet', { nbf: NOW_S + 60 }, /not valid yet/],
    ['one for another audience', { aud: 'other' }, /another audience/],
    ['one for nobody', { aud: undefined }, /another audience/],
    ['one of another issuer', { iss: 'https://issuer.example.com' }, /not trusted here/],
    ['one of no issuer', { iss: undefined }, /not trusted here/],
    ['one that names nobody', { sub: undefined }, /names nobody/],
    ['one that names somebody else', { sub: 'mallory' }, /names nobody/],
    ['one with an object for a name', { sub: 'x', groups: { alice: 1 } }, /names nobody/],
  ])('%s is turned away', async (_name, changes, message) => {
    const token = await signed(first, { ...claims, ...changes });
    const refusal = { failure: 'UNAUTHENTICATED', message: expect.stringMatching(message) };
    await expect(ask(tokens({ issuer, jwksFile }), token)).rejects.toMatchObject(refusal);
  });

  it('is turned away unsigned, or signed by anything but the issuer', async () => {
    const other = await signingKey('first');
    const stranger = await signingKey('stranger');
    const publicText = Buffer.from(JSON.stringify(first.publicJwk));
    const header = { alg: 'HS256', kid: 'first' };
    const right = await signed(first, claims);
    const [head, body, signature] = right.split('.');
    const unsigned = new UnsecuredJWT(claims).encode();
    const wrong: [string, RegExp][] = [
      [unsigned, /algorithm that is not allowed|not a valid/],
      [`${head}.${body}.`, /signature|not a valid/],
      [
        `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url')}.${signature}`,
        /signature/,
      ],
      [
        await new SignJWT(claims).setProtectedHeader(header).sign(publicText),
        /algorithm that is not allowed/,
      ],
      [await signed(other, claims), /signature is wrong/],
      [await signed(stranger, claims), /key that its issuer does not have/],
      [await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(first.privateKey), /by which key/],
      ['a.b.c', /neither known here nor/],
    ];
    for (const [token, message] of wrong) {
      const refusal = { failure: 'UNAUTHENTICATED', message: expect.stringMatching(message) };
      await expect(ask(tokens({ issuer, jwksFile }), token)).rejects.toMatchObject(refusal);
    }
  });

  it('is believed for five minutes at most, and never beyond its end', async () => {
    const jwt = tokens({ issuer, jwksFile });
    const short = await signed(first, { ...claims, exp: NOW_S + 60 });
    const long = await signed(first, claims);
    for (const token of [short, long]) await ask(jwt, token);
    const believed = (token: string) => jwt.believedPrincipal(tokenDigest(token))?.name;
    expect([believed(short), believed(long), believed('other')]).toEqual(['reader', 'reader', undefined]);
    time.pass(60_000);
    expect([believed(short), believed(long)]).toEqual([undefined, 'reader']);
    time.pass(240_000);
    expect(believed(long)).toBeUndefined();
    await expect(ask(jwt, short)).rejects.toMatchObject({ message: 'the token has expired' });
  });

  it('of an issuer whose file is gone is neither right nor wrong', async () => {
    const token = await signed(first, claims);
    const missing = tokens({ issuer, jwksFile: join(folder, 'missing.json') });
    await expect(ask(missing, token)).rejects.toMatchObject({ failure: 'ISSUER_UNAVAILABLE' });
    expect(log.entries).toHaveLength(1);
  });
});

describe('an OpenID issuer', () => {
  let issuer: FakeIssuer;
  beforeEach(async () => {
    issuer = await FakeIssuer.start();
    issuer.keys = [first.publicJwk];
  });
  afterEach(() => issuer.stop());

  const tokenOf = (key: SigningKey, sub = 'alice') =>
    signed(key, { iss: issuer.url, aud: 'budget', sub, exp: NOW_S + 86_400 * 3 });
  const keyReadings = () => issuer.asked.filter((path) => path === '/keys').length;

  it('is asked once for its keys, by all who wait', async () => {
    const jwt = tokens({ issuer: issuer.url });
    const token = await tokenOf(first);
    await Promise.all(Array.from({ length: 20 }, () => ask(jwt, token)));
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it('may rotate its keys: a new one is fetched, a withdrawn one ends', async () => {
    const jwt = tokens({ issuer: issuer.url });
    await ask(jwt, await tokenOf(first));
    issuer.keys = [second.publicJwk];
    time.pass(30_000);
    expect(await ask(jwt, await tokenOf(second))).toMatchObject({ name: 'reader' });
    const withdrawn = ask(jwt, await tokenOf(first));
    await expect(withdrawn).rejects.toMatchObject({ failure: 'UNAUTHENTICATED' });
  });

  it('loses a withdrawn key after ten minutes, though nobody shows another', async () => {
    const jwt = tokens({ issuer: issuer.url });
    const token = await tokenOf(first);
    await ask(jwt, token);
    issuer.keys = [second.publicJwk];
    time.pass(9 * 60_000);
    await ask(jwt, token);
    time.pass(2 * 60_000);
    // The keys that are there do while the next are read beside, and nobody is believed for longer by them.
    await ask(jwt, token);
    await vi.waitFor(() => expect(jwt.believedPrincipal(tokenDigest(token))).toBeUndefined());
    await expect(ask(jwt, token)).rejects.toMatchObject({
      message: expect.stringMatching(/key that its issuer does not have/),
    });
  });

  it('is not asked again and again about keys that do not exist', async () => {
    const jwt = tokens({ issuer: issuer.url });
    const stranger = await signingKey('stranger');
    const token = await tokenOf(stranger);
    for (let count = 0; count < 20; count += 1) await ask(jwt, token).catch(() => {});
    expect(keyReadings()).toBe(1);
    time.pass(30_000);
    for (let count = 0; count < 20; count += 1) await ask(jwt, token).catch(() => {});
    expect(keyReadings()).toBe(2);
  });

  it('that does not answer is waited out with the keys that it had, for a day', async () => {
    const jwt = tokens({ issuer: issuer.url });
    const token = await tokenOf(first);
    await ask(jwt, token);
    issuer.failing = true;
    time.pass(3_600_000);
    expect(await ask(jwt, token)).toMatchObject({ name: 'reader' });
    const unknown = ask(jwt, await tokenOf(second));
    await expect(unknown).rejects.toMatchObject({ failure: 'ISSUER_UNAVAILABLE' });
    time.pass(24 * 3_600_000);
    await expect(ask(jwt, token)).rejects.toMatchObject({ failure: 'ISSUER_UNAVAILABLE' });
    issuer.failing = false;
    time.pass(2_000);
    expect(await ask(jwt, token)).toMatchObject({ name: 'reader' });
    expect(log.entries).toHaveLength(1);
  });

  it.each([
    ['is of another issuer', { issuer: 'https://example.org', jwks_uri: 'https://example.org/keys' }],
    ['names keys that anybody on the way could change', { jwks_uri: 'http://example.org/keys' }],
    ['names no keys', {}],
  ])('whose document %s is not believed', async (_name, document) => {
    issuer.document = { issuer: issuer.url, ...document };
    const answer = ask(tokens({ issuer: issuer.url }), await tokenOf(first));
    await expect(answer).rejects.toMatchObject({ failure: 'ISSUER_UNAVAILABLE' });
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration']);
  });

  it('needs no discovery where the address of its keys is configured', async () => {
    await ask(tokens({ issuer: issuer.url, jwksUri: `${issuer.url}/keys` }), await tokenOf(first));
    expect(issuer.asked).toEqual(['/keys']);
  });
});
