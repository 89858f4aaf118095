import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JwtSettings } from '../../../src/access/access-settings.js';
import { tokenDigest } from '../../../src/access/bearer-tokens.js';
import { Holders } from '../../../src/access/holders.js';
import { JwtTokens } from '../../../src/access/jwt-tokens.js';
import { principalDigest, principalLabel } from '../../../src/access/principal.js';
import { fingerprint } from '../../../src/domain/model/fingerprint.js';
import { viewer } from '../../support/access.js';
import { collectedLog } from '../../support/collected-log.js';
import { type SigningKey, signed, signingKey } from '../../support/fake-issuer.js';
import { FakeTime } from '../../support/fake-time.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';

const START = '2026-11-01T09:00:00Z';
const ROLES = [viewer('*')];
const issuer = 'https://issuer.example.org';
const claims = { iss: issuer, aud: 'budget', sub: 'alice', exp: Date.parse(START) / 1_000 + 600 };
const folder = mkdtempSync(join(tmpdir(), 'jwt-claims-'));
const jwksFile = join(folder, 'keys.json');
afterAll(() => rmSync(folder, { recursive: true }));

let first: SigningKey;
beforeAll(async () => {
  first = await signingKey('first');
  writeFileSync(jwksFile, JSON.stringify({ keys: [first.publicJwk] }));
});

let log: ReturnType<typeof collectedLog>;
beforeEach(() => {
  log = collectedLog();
});

function tokens(settings: Pick<JwtSettings, 'claim' | 'principals'>): JwtTokens {
  const all = { issuer, jwksFile, audience: 'budget', ...settings };
  return new JwtTokens([all], new Holders(), new FakeTime(START), new ManualScheduler([]), log);
}

const ask = (jwt: JwtTokens, token: string) => jwt.principalOf(token, tokenDigest(token));

describe('a JSON Web Token', () => {
  const WRONG = [
    0,
    1,
    -1,
    1.5,
    1e308,
    true,
    false,
    null,
    '',
    ' ',
    'x',
    [],
    [1],
    [null],
    {},
    { a: 1 },
    '__proto__',
  ];
  const CLAIMS = ['sub', 'iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'groups'];
  it.each(CLAIMS)(
    'of which the claim %s is anything at all is refused or taken, and nothing else',
    async (name) => {
      const principals = [
        { name: 'reader', value: 'alice', roles: ROLES },
        { name: 'ops', value: 'ops', roles: ROLES },
      ];
      for (const claim of ['sub', 'groups', name, 'constructor']) {
        for (const value of [...WRONG, undefined]) {
          const token = await signed(first, { ...claims, groups: ['ops'], [name]: value });
          const came = await ask(tokens({ claim, principals }), token).catch((error) => error);
          if (came instanceof Error) expect(came).toMatchObject({ failure: 'UNAUTHENTICATED' });
          else
            expect(came).toMatchObject({
              name: expect.stringMatching(/reader|ops/),
              subject: expect.stringMatching(/./),
              until: expect.any(Number),
            });
        }
      }
      expect(log.entries).toEqual([]);
    },
  );

  it.each([undefined, '', 0, 7, null, true, [], ['alice'], { alice: 1 }])(
    'whose subject is %j names nobody, whatever another claim says',
    async (sub) => {
      const principals = [{ name: 'operators', value: 'ops', roles: ROLES }];
      const token = await signed(first, { ...claims, sub, groups: ['ops'] });
      const asked = ask(tokens({ claim: 'groups', principals }), token);
      await expect(asked).rejects.toMatchObject({
        failure: 'UNAUTHENTICATED',
        message: expect.stringMatching(/claim sub/),
      });
    },
  );

  it('of two subjects that begin alike are two principals, by identity and in the log', async () => {
    const principals = [{ name: 'operators', value: 'ops', roles: ROLES }];
    const jwt = tokens({ claim: 'groups', principals });
    const [one, other] = await Promise.all(
      ['a', 'b'].map(async (end) => {
        const sub = 's'.repeat(1_000) + end;
        return ask(jwt, await signed(first, { ...claims, sub, groups: ['ops'] }));
      }),
    );
    if (one === undefined || other === undefined) throw new Error('unreachable');
    expect(principalDigest(one)).not.toBe(principalDigest(other));
    expect(principalLabel(one)).not.toBe(principalLabel(other));
    expect(principalLabel(one).length).toBeLessThan(200);
    // As before for those that are short: their sessions go on over an upgrade.
    expect(principalDigest({ ...one, subject: 'alice' })).toBe(fingerprint(['jwt', 'operators', 'alice']));
  });
});
