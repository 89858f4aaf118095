import { describe, expect, it } from 'vitest';
import type { AccessSettings } from '../../../src/access/access-settings.js';
import { credentialChanges, entryText } from '../../../src/access/credential-entries.js';
import { ai, viewer } from '../../support/access.js';

const token = (name: string, sha256 = name, roles = [viewer('*')]) => ({ name, sha256, roles });
const certificate = (name: string, san = `${name}.example.org`) => ({ name, san, roles: [viewer('*')] });
const issuer = (principals: string[], more: object = {}) => ({
  ...{ issuer: 'https://i.example.org', audience: 'budget', claim: 'sub', ...more },
  principals: principals.map((name) => ({ name, value: name, roles: [viewer('*')] })),
});
const settings = (more: Partial<AccessSettings>): AccessSettings => ({
  ...{ tokens: [], certificates: [], jwt: [] },
  ...more,
});

const SOME = settings({
  tokens: [token('a'), token('b')],
  certificates: [certificate('c')],
  jwt: [issuer(['d', 'e'])],
});

describe('from one configuration of credentials to another', () => {
  it.each<[string, Partial<AccessSettings>, object]>([
    ['the same', {}, {}],
    ['in another order', { tokens: [token('b'), token('a')] }, {}],
    ['a token more', { tokens: [...SOME.tokens, token('f')] }, { added: ['f (token)'] }],
    ['a token less', { tokens: [token('b')] }, { removed: ['a (token)'] }],
    [
      'a token of the same name by another',
      { tokens: [token('a', 'new'), token('b')] },
      { added: ['a (token)'], removed: ['a (token)'] },
    ],
    [
      'a token that goes to another name',
      { tokens: [token('z', 'a'), token('b')] },
      { added: ['z (token)'], removed: ['a (token)'] },
    ],
    ['other roles', { tokens: [token('a', 'a', [ai('*', 'x')]), token('b')] }, { changed: ['a (token)'] }],
    [
      'another name in the certificate',
      { certificates: [certificate('c', 'other.example.org')] },
      { added: ['c (certificate)'], removed: ['c (certificate)'] },
    ],
    ['no certificates', { certificates: [] }, { removed: ['c (certificate)'] }],
    ['a value of a claim less', { jwt: [issuer(['e'])] }, { removed: ['d (jwt)'] }],
    ['other keys of an issuer', { jwt: [issuer(['d', 'e'], { jwksFile: 'k.json' })] }, {}],
    ...(['audience', 'claim', 'issuer'] as const).map((field): [string, Partial<AccessSettings>, object] => [
      `another ${field}`,
      { jwt: [issuer(['d', 'e'], { [field]: 'https://other.example.org' })] },
      { added: ['d (jwt)', 'e (jwt)'], removed: ['d (jwt)', 'e (jwt)'] },
    ]),
  ])('%s', (_what, more, expected) => {
    const { added, removed, changed } = credentialChanges(SOME, { ...SOME, ...more });
    const told = {
      added: added.map(entryText),
      removed: removed.map(entryText),
      changed: changed.map(entryText),
    };
    expect(told).toEqual({ added: [], removed: [], changed: [], ...expected });
  });
});
