import { describe, expect, it } from 'vitest';
import type { Presented } from '../../../src/access/access.js';
import { newToken, tokenDigest } from '../../../src/access/bearer-tokens.js';
import type { VerifiedCertificate } from '../../../src/access/certificates.js';
import { principalDigest } from '../../../src/access/principal.js';
import { accessFor, viewer } from '../../support/access.js';

const ROLES = [viewer('*')];
const SPIFFE = 'spiffe://example.org/guardian';
const { access } = accessFor({
  tokens: { 'right-token': ROLES },
  more: {
    certificates: [
      { name: 'by-uri', san: SPIFFE, roles: ROLES },
      { name: 'by-dns', san: 'Guardian.example.org', roles: ROLES },
    ],
  },
});

const presented = (authorization: string[], certificate?: VerifiedCertificate): Presented => ({
  authorization,
  certificate: () => certificate,
  peer: () => '10.0.0.1',
});
const shown = (subjectaltname: string): VerifiedCertificate => ({
  subjectaltname,
  valid_to: 'Nov  1 09:00:00 2099 GMT',
});

describe('a bearer token', () => {
  it.each(['Bearer right-token', 'bearer  right-token', 'BEARER right-token '])(
    '%j is right',
    async (header) => {
      expect(await access.authenticate(presented([header]))).toMatchObject({
        name: 'right-token',
        via: 'token',
      });
    },
  );

  it.each([
    ['a wrong one', ['Bearer wrong-token'], /neither known here nor a JSON Web Token/],
    ['its hash', [`Bearer ${tokenDigest('right-token')}`], /neither known/],
    ['more than it', ['Bearer right-token2'], /neither known/],
    ['nothing', [''], /not "Bearer <token>"/],
    ['no token', ['Bearer '], /not "Bearer <token>"/],
    ['no scheme', ['right-token'], /not "Bearer <token>"/],
    ['another scheme', ['Basic right-token'], /not "Bearer <token>"/],
    ['something after it', ['Bearer right-token x'], /not "Bearer <token>"/],
    ['a huge one', [`Bearer ${'x'.repeat(20_000)}`], /not "Bearer <token>"/],
    ['two headers', ['Bearer right-token', 'Bearer right-token'], /more than one/],
    ['no header', [], /credentials are needed here/],
  ])('%s is turned away', async (_name, headers, message) => {
    const refusal = { failure: 'UNAUTHENTICATED', message: expect.stringMatching(message) };
    await expect(Promise.resolve(access.authenticate(presented(headers)))).rejects.toMatchObject(refusal);
  });

  it('is made of 256 random bits, and known by its hash', () => {
    const [one, two] = [newToken(), newToken()];
    expect(one.token).toMatch(/^bat_[\w-]{43}$/);
    expect(one.token).not.toBe(two.token);
    expect(one.sha256).toBe(tokenDigest(one.token));
    expect(one.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a client certificate', () => {
  it.each([
    [`URI:${SPIFFE}`, 'by-uri'],
    [`DNS:other, URI:${SPIFFE}`, 'by-uri'],
    ['DNS:guardian.EXAMPLE.org', 'by-dns'],
    ['IP Address:10.0.0.1, DNS:guardian.example.org', 'by-dns'],
  ])('%s is %s', async (names, name) => {
    expect(await access.authenticate(presented([], shown(names)))).toMatchObject({
      name,
      via: 'certificate',
    });
  });

  it.each([
    ['no name', ''],
    ['another name', 'DNS:guardian.example.com'],
    ['a name within a name', `DNS:"x, URI:${SPIFFE}"`],
    ['a URI as a DNS name', `DNS:${SPIFFE}`],
    ['another case in a path', 'URI:spiffe://example.org/Guardian'],
    ['a name that begins so', `URI:${SPIFFE}-2`],
    ['a wildcard', 'DNS:*.example.org'],
    ['an e-mail address', 'email:guardian.example.org'],
  ])('with %s is turned away', async (_name, names) => {
    const answer = Promise.resolve(access.authenticate(presented([], shown(names))));
    await expect(answer).rejects.toMatchObject({ failure: 'UNAUTHENTICATED' });
  });

  it('is turned away once it has expired, though its connection lives on', async () => {
    const expired = { ...shown(`URI:${SPIFFE}`), valid_to: 'Nov  1 09:00:00 2020 GMT' };
    const answer = Promise.resolve(access.authenticate(presented([], expired)));
    await expect(answer).rejects.toMatchObject({ message: 'the client certificate has expired' });
  });

  it('lends what it opens until it ends, as the one and the same principal', async () => {
    const ending = (valid_to: string) =>
      access.authenticate(presented([], { ...shown(`URI:${SPIFFE}`), valid_to }));
    const [one, again] = [await ending('Nov  1 09:00:00 2099 GMT'), await ending('Nov  1 09:00:00 2099 GMT')];
    const renewed = await ending('Nov  1 09:00:00 2100 GMT');
    expect(one.until).toBe(Date.parse('2099-11-01T09:00:00Z'));
    expect(again).toBe(one);
    expect(renewed.until).toBe(Date.parse('2100-11-01T09:00:00Z'));
    expect(principalDigest(renewed)).toBe(principalDigest(one));
    expect(access.validForMs(one)?.()).toBeGreaterThan(0);
  });

  it('does not make a wrong token right', async () => {
    const answer = Promise.resolve(access.authenticate(presented(['Bearer wrong'], shown(`URI:${SPIFFE}`))));
    await expect(answer).rejects.toMatchObject({ failure: 'UNAUTHENTICATED' });
  });
});
