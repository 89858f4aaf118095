import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseBudgetsFile } from '../../../src/config/budgets-file.js';
import { loadConfig } from '../../../src/config/config.js';
import { cli } from '../../cli/support.js';
import { TlsFolder } from '../../support/tls-folder.js';

const SHA = 'ab'.repeat(32);
const folder = new TlsFolder();
const plain = mkdtempSync(join(tmpdir(), 'access-'));
afterAll(() => {
  folder.remove();
  rmSync(plain, { recursive: true });
});

const TOKEN = `
credentials:
  tokens:
    - name: guardian-service
      sha256: ${SHA}
      roles: [{role: viewer, budgets: '*'}]
`;

function lines(text: string): string[] {
  return parseBudgetsFile('c.yaml', text).problems.map(({ place, message }) => `${place}: ${message}`);
}

describe('tokens in a file of their own', () => {
  const token = (name: string, sha256 = SHA) =>
    `tokens: [{name: ${name}, sha256: ${sha256}, roles: [{role: viewer, budgets: '*'}]}]`;
  const read = (text: string | Buffer | undefined, more = '') => {
    const own = join(plain, 'tokens.yaml');
    rmSync(own, { force: true });
    if (text !== undefined) writeFileSync(own, text);
    return parseBudgetsFile(join(plain, 'c.yaml'), `credentials:\n  tokens_file: tokens.yaml\n${more}`);
  };

  it('stand beside those of CONFIG_FILE, or alone', () => {
    const alone = read(token('a'));
    expect(alone).toMatchObject({ problems: [], credentials: { tokensFile: join(plain, 'tokens.yaml') } });
    expect(alone.credentials?.tokens.map(({ name }) => name)).toEqual(['a']);
    const both = read(token('a'), `  ${token('b', 'cd'.repeat(32))}`);
    expect(both.credentials?.tokens.map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it.each([
    [
      'not there',
      undefined,
      '',
      /c\.yaml:2:16: credentials\.tokens_file: .*tokens\.yaml cannot be read: there is no/,
    ],
    [
      'binary',
      Buffer.of(0xff, 0xfe, 0),
      '',
      /credentials\.tokens_file: .*has bytes that are no text in UTF-8/,
    ],
    ['no YAML', 'tokens: [', '', /^\S*tokens\.yaml:1:/],
    ['empty', '', '', /^\S*tokens\.yaml:1:1: tokens: nothing is not a list of tokens/],
    [
      'without tokens',
      'tokens: []',
      '',
      /^\S*tokens\.yaml:1:9: tokens: an empty list is not a list of tokens/,
    ],
    [
      'with a slip',
      token('a').replace('sha256', 'sha265'),
      '',
      /^\S*tokens\.yaml:1:\d+: .*no such setting; did you mean sha256/,
    ],
    [
      'with something else',
      `${token('a')}\nbat_secret-token: x`,
      '',
      /^\S*tokens\.yaml:2:1: only "tokens" may stand here/,
    ],
    ['with one of the other file', token('a'), `  ${token('b')}`, /sha256: stands here twice/],
    [
      'the token itself',
      'bat_secret-token',
      '',
      /^\S*tokens\.yaml:1:1: what stands here is not a map with tokens/,
    ],
  ])('%s: are refused by the place of the mistake', (_what, text, more, expected) => {
    const { problems, credentials } = read(text, more);
    const told = problems.map(({ place, message }) => `${place}: ${message}`);
    expect(told).toContainEqual(expect.stringMatching(expected));
    expect(told.join()).not.toContain('secret-token');
    expect(credentials).toBeUndefined();
  });
});

describe('credentials in CONFIG_FILE', () => {
  it('may be tokens, certificates and issuers, side by side; files are beside it', () => {
    const file = folder.file('c.yaml', '');
    folder.file('keys.json', '{"keys": []}');
    const { problems, credentials, tls } = parseBudgetsFile(
      file,
      `
tls: {cert: server.pem, key: server.key}
credentials:
  tokens:
    - name: guardian-service
      sha256: ${SHA.toUpperCase()}
      roles:
        - {role: ai, budgets: anthropic, ais: [guardian, sandbox]}
        - {role: viewer, budgets: 'team-*'}
  mtls:
    client_ca: clients.pem
    principals:
      - {san: spiffe://example.org/ops, name: ops, roles: [{role: operator, budgets: '*'}]}
  jwt:
    - issuer: https://issuer.example.org
      audience: budget
      principals: [{value: alice, name: alice, roles: [{role: viewer, budgets: '*'}]}]
    - issuer: http://127.0.0.1:9000
      audience: budget
      jwks_file: keys.json
      claim: groups
      principals: [{value: ops, name: ops, roles: [{role: operator, budgets: '*'}]}]
`,
    );
    expect(problems).toEqual([]);
    expect(tls).toEqual(folder.paths());
    const everywhere = (role: string) => [{ role, budgets: '*', ais: [] }];
    expect(credentials).toEqual({
      tokens: [
        {
          name: 'guardian-service',
          sha256: SHA,
          roles: [
            { role: 'ai', budgets: 'anthropic', ais: ['guardian', 'sandbox'] },
            { role: 'viewer', budgets: 'team-*', ais: [] },
          ],
        },
      ],
      clientCaFile: folder.clientCa,
      certificates: [{ san: 'spiffe://example.org/ops', name: 'ops', roles: everywhere('operator') }],
      jwt: [
        {
          issuer: 'https://issuer.example.org',
          audience: 'budget',
          claim: 'sub',
          principals: [{ value: 'alice', name: 'alice', roles: everywhere('viewer') }],
        },
        {
          issuer: 'http://127.0.0.1:9000',
          audience: 'budget',
          jwksFile: join(folder.cert, '..', 'keys.json'),
          claim: 'groups',
          principals: [{ value: 'ops', name: 'ops', roles: everywhere('operator') }],
        },
      ],
    });
  });

  const one = (entry: string) => `credentials:\n  tokens:\n    - ${entry}`;
  it.each([
    [
      'credentials: {}',
      'c.yaml:1:14: credentials: nobody is named here, so nobody could call; name tokens, tokens_file, mtls or jwt',
    ],
    ['credentials:', 'c.yaml:1:1: credentials: nothing is not a map with tokens, tokens_file, mtls or jwt'],
    ['credentials: {tokens: []}', 'c.yaml:1:23: credentials.tokens: an empty list is not a list of tokens'],
    ['credentials: {token: []}', /^c.yaml:1:15: credentials.token: no such setting; did you mean tokens\?/],
    [one(`{name: a, sha256: ${SHA}, role: x}`), /did you mean roles\?|nothing is not a list of roles/],
    [
      one(`{name: a, sha256: secret-token, roles: [{role: viewer, budgets: '*'}]}`),
      /sha256: it is not a SHA-256 of 64 hex/,
    ],
    [
      one(`{name: a b, sha256: ${SHA}, roles: [{role: viewer, budgets: '*'}]}`),
      /name: "a b" is not a name of 1 to 64/,
    ],
    [
      one(`{name: a, sha256: ${SHA}, roles: [{role: admin, budgets: '*'}]}`),
      /role: "admin" is not one of ai, viewer, operator/,
    ],
    [
      one(`{name: a, sha256: ${SHA}, roles: [{role: viewer, budgets: 'A'}]}`),
      /budgets: "A" is not a budget id, or a pattern/,
    ],
    [one(`{name: a, sha256: ${SHA}, roles: [{role: viewer}]}`), /budgets: nothing is not a budget id/],
    [
      one(`{name: a, sha256: ${SHA}, roles: [{role: ai, budgets: '*', ais: ['(other)']}]}`),
      /ais\[0\]: "\(other\)" is not an AI id/,
    ],
    [
      one(`{name: a, sha256: ${SHA}, roles: [{role: ai, budgets: '*'}]}`),
      /roles\[0\].ais: the role ai needs the ids/,
    ],
    [
      one(`{name: a, sha256: ${SHA}, roles: [{role: viewer, budgets: '*', ais: [x]}]}`),
      /only the role ai has AI ids/,
    ],
    [
      one(`{name: a, sha256: ${SHA}, roles: [{role: viewer, budgets: '*', ai: [x]}]}`),
      /ai: no such setting; did you mean ais\?/,
    ],
    [
      `${TOKEN}    - {name: b, sha256: ${SHA}, roles: [{role: viewer, budgets: '*'}]}`,
      /tokens\[1\].sha256: stands here twice/,
    ],
    [
      'credentials: {jwt: [{issuer: http://example.org, audience: b, principals: []}]}',
      /issuer: "http:\/\/example.org" is not an address that begins with https/,
    ],
    [
      "credentials: {mtls: {client_ca: x, principals: [{san: a, name: a, roles: [{role: viewer, budgets: '*'}]}]}}",
      /credentials.mtls: client certificates need TLS/,
    ],
    ['tls: {cert: no.pem, key: no.key}', /^c.yaml:1:6: tls: .*no.pem cannot be read: there is no such file/],
    ['tls: {certificate: x, key: y}', /tls.certificate: no such setting/],
    [
      'credentials: {jwt: [{issuer: "https://e.org?x=1", audience: b, principals: []}]}',
      /issuer: what stands here is not an address that begins with https/,
    ],
  ])('%s', (text, line) => {
    const found = lines(text);
    expect(found).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line));
    expect(found.join()).not.toContain('secret-token');
  });
});

describe('the keys of an issuer', () => {
  const issuer = (keys: string) =>
    `credentials: {jwt: [{issuer: https://e.org, audience: b, ${keys}, principals: [{value: a, name: a, roles: [{role: viewer, budgets: '*'}]}]}]}`;

  it('may have an address with a query', () => {
    expect(lines(issuer('jwks_uri: "https://e.org/keys?tenant=a"'))).toEqual([]);
  });

  it.each<[string, string | Buffer | undefined, RegExp]>([
    ['is missing', undefined, /jwks_file: .*none.json cannot be read: there is no such file/],
    ['is binary', Buffer.from([0x22, 0xff, 0x22]), /none.json is not text in UTF-8/],
    ['is no JSON', 'secret-token', /none.json is not JSON$/],
    ['has no keys', '{}', /none.json is not a JSON Web Key Set/],
  ])('in a file that %s are found by --check-config', async (_name, content, message) => {
    const file = folder.file('c.yaml', issuer('jwks_file: none.json'));
    if (content !== undefined) folder.file('none.json', content);
    const { code, err } = await cli(['--check-config'], { CONFIG_FILE: file });
    expect(code).toBe(2);
    expect(err.trim()).toMatch(message);
    expect(err).not.toContain('secret-token');
    rmSync(join(file, '..', 'none.json'), { force: true });
  });
});

describe('addresses that other machines reach', () => {
  const open = { GRPC_ADDRESS: '0.0.0.0:0', HTTP_ADDRESS: '0.0.0.0:0' };
  const write = (text: string) => {
    const file = join(plain, 'c.yaml');
    writeFileSync(file, text);
    return { CONFIG_FILE: file };
  };

  it('are allowed with credentials; without TLS a warning says what that means', () => {
    const { warnings } = loadConfig({ ...open, ...write(TOKEN) });
    expect(warnings).toEqual([
      expect.stringMatching(/^GRPC_ADDRESS: .*0\.0\.0\.0:0 without TLS, so tokens travel in clear/),
      expect.stringMatching(/^HTTP_ADDRESS: .* without TLS/),
    ]);
    const tls = `${TOKEN}\ntls: {cert: ${folder.cert}, key: ${folder.key}}\n`;
    expect(loadConfig({ ...open, ...write(tls) }).warnings).toEqual([]);
  });

  it('are refused with TLS alone', () => {
    const tls = write(`tls: {cert: ${folder.cert}, key: ${folder.key}}\n`);
    expect(() => loadConfig({ ...open, ...tls })).toThrow(
      /other machines reach .* name credentials in CONFIG_FILE/,
    );
  });

  it('--check-config says who may call, but no hash', async () => {
    const { out } = await cli(['--check-config'], write(TOKEN));
    expect(out).toMatch(/TLS: none\n {2}credentials: 1 tokens, 0 certificates\n/);
    expect(out).not.toContain(SHA);
  });
});

it('the command token makes an entry that fits', async () => {
  const { out: text } = await cli(['token']);
  const entry = text.slice(text.indexOf('  - name'));
  expect(lines(`credentials:\n  tokens:\n${entry}`)).toEqual([]);
  expect(text).toMatch(/^ {2}bat_[\w-]{43}$/m);
});
