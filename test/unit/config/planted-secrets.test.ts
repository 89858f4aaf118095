import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openLog } from '../../../src/platform/pino-log.js';
import { cli } from '../../cli/support.js';

/** Nobody but who configured it may read it, wherever it was put: rightly, or by a slip. */
const PLANTED = 'Zm9vYmFyYmF6-planted-s3cret';
const MONGO = `mongodb://user:${PLANTED}@127.0.0.1:1/?replicaSet=rs`;
const HOOK = `https://hooks.example.org/services/T0/${PLANTED}?key=${PLANTED}`;
const ROLES = `roles: [{role: viewer, budgets: '*'}]`;

const folder = mkdtempSync(join(tmpdir(), 'planted-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'planted'), PLANTED);
writeFileSync(join(folder, 'hook'), HOOK);
writeFileSync(join(folder, 'keys.json'), `{"keys": [], "d": "${PLANTED}"}`);
writeFileSync(join(folder, 'half.json'), `{"keys": ${PLANTED}`);

async function checked(yaml: string, environment: Record<string, string> = {}): Promise<string> {
  const file = join(folder, 'c.yaml');
  writeFileSync(file, yaml);
  const { out, err } = await cli(['--check-config'], { ...environment, CONFIG_FILE: file });
  return out + err;
}

const sink = (text: string) => `alert_sinks:\n  - {name: a, kind: webhook, ${text}}`;
const token = (text: string) => `credentials:\n  tokens:\n    - ${text}`;
const jwt = (text: string) =>
  `credentials: {jwt: [{issuer: 'https://e.org', audience: b, ${text}, principals: [{value: a, name: a, ${ROLES}}]}]}`;

describe('a secret', () => {
  it.each<[string, string]>([
    ['sink: its address and secret', sink(`url: '${HOOK}', secret: '${PLANTED}'`)],
    ['sink: from the environment', sink('url_env: HOOK, secret_env: PLANTED')],
    ['sink: from files', sink('url_file: hook, secret_file: planted')],
    ['sink: a secret for an address', sink(`url: '${PLANTED}'`)],
    ['sink: a password in its address', sink(`url: 'https://u:${PLANTED}@e.org/'`)],
    ['sink: the address as the name of a variable', sink(`url_env: '${HOOK}'`)],
    ['sink: the secret as the name of a variable', sink(`url: '${HOOK}', secret_env: '${PLANTED}!'`)],
    ['sink: the address as the name of a file', sink(`url_file: '${HOOK}'`)],
    ['sink: lists for texts', sink(`url: ['${HOOK}'], secret: ['${PLANTED}']`)],
    ['sink: the address alone', `alert_sinks: ['${HOOK}']`],
    ['sink: the address for the list', `alert_sinks: '${HOOK}'`],
    ['token: the token for its hash', token(`{name: a, sha256: ${PLANTED}, ${ROLES}}`)],
    ['token: a token more', token(`{name: a, token: ${PLANTED}, ${ROLES}}`)],
    ['token: the token alone', token(PLANTED)],
    ['token: the token for the list', `credentials: {tokens: ${PLANTED}}`],
    ['token: the token for all', `credentials: ${PLANTED}`],
    ['issuer: a key in the query of its keys', jwt(`jwks_uri: 'https://e.org/keys?key=${PLANTED}'`)],
    ['issuer: a password before its keys', jwt(`jwks_uri: 'https://u:${PLANTED}@e.org/keys'`)],
    ['issuer: a password alone', jwt(`jwks_uri: 'https://:${PLANTED}@e.org/keys'`)],
    ['issuer: private keys in a file', jwt('jwks_file: keys.json')],
    ['issuer: half a file', jwt('jwks_file: half.json')],
    ['YAML: a text that is broken off', `alert_sinks: "${PLANTED}`],
    ['YAML: an alias', sink(`secret: *${PLANTED}`)],
    ['YAML: a tag', sink(`secret: !${PLANTED} x`)],
  ])('of the configuration is not told: %s', async (_name, yaml) => {
    expect(await checked(yaml, { HOOK, PLANTED })).not.toContain(PLANTED);
  });

  const VARIABLES = [
    ...['GRPC_ADDRESS', 'HTTP_ADDRESS', 'MONGODB_URI', 'MONGODB_DATABASE', 'DATA_DIR', 'DEFAULT_BUDGET'],
    ...[
      'USAGE_RETENTION_MONTHS',
      'MAX_CLOCK_SKEW',
      'LOG_LEVEL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'ALLOW_INSECURE',
    ],
  ];
  it.each(VARIABLES)('in a URI is not told, though it stands in %s', async (variable) => {
    const told = await checked('', { [variable]: MONGO });
    expect(told).toContain(variable);
    expect(told).not.toContain(PLANTED);
  });

  it('that comes as far as a log line is struck there', async () => {
    const lines: string[] = [];
    const log = await openLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
    const jwt = `eyJhbGciOiJFUzI1NiJ9.${PLANTED}.sig`;
    const bearer = `bat_${PLANTED.padEnd(43, 'x')}`;
    for (const text of [MONGO, `https://u:${PLANTED}@e.org`, `Bearer ${jwt}`, `Bearer ${bearer}`]) {
      log.error({ text, err: new Error(text, { cause: new Error(text) }) }, text);
    }
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain(PLANTED);
    for (const line of lines) JSON.parse(line);
  });
});
