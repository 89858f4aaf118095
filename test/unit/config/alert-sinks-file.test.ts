import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseBudgetsFile } from '../../../src/config/budgets-file.js';
import { ALERT_RULES } from '../../../src/domain/alerts/condition.js';
import { cli } from '../../cli/support.js';

const folder = mkdtempSync(join(tmpdir(), 'sinks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = '0123456789abcdef';

/** Problems of a file with these sinks, without the places' columns. */
function problems(sinks: string, environment: Record<string, string> = {}): string[] {
  const { problems: found } = parseBudgetsFile('c.yaml', `alert_sinks:\n${sinks}`, environment);
  return found.map(({ place, message }) => `${place.replace(/^c\.yaml:(\d+):\d+: /, '$1 ')}: ${message}`);
}

describe('alert sinks in CONFIG_FILE', () => {
  it('have what they need in the file, the environment, or files beside it', () => {
    writeFileSync(join(folder, 'secret'), `${SECRET}\n`);
    const {
      problems: found,
      warnings,
      alertSinks,
    } = parseBudgetsFile(
      join(folder, 'c.yaml'),
      `
alert_sinks:
  - {name: oncall, kind: webhook, url: 'https://a.example.org/x?y=1', secret_file: secret, rules: [EMERGENCY, EMERGENCY], budgets: 'team-*'}
  - {name: chat, kind: slack, url_env: CHAT, budgets: [a, b]}
  - {name: lines, kind: log}
  - {name: local, kind: webhook, url: 'http://[::1]:9/', secret: ${SECRET}}
`,
      { CHAT: 'https://hooks.example.org/T/B/xyz' },
    );
    expect([found, warnings]).toEqual([[], []]);
    expect(alertSinks).toEqual([
      {
        ...{ name: 'oncall', kind: 'webhook', url: 'https://a.example.org/x?y=1', secret: SECRET },
        ...{ rules: ['EMERGENCY'], budgets: ['team-*'] },
      },
      {
        ...{ name: 'chat', kind: 'slack', url: 'https://hooks.example.org/T/B/xyz' },
        ...{ rules: ALERT_RULES, budgets: ['a', 'b'] },
      },
      { name: 'lines', kind: 'log', rules: ALERT_RULES, budgets: ['*'] },
      {
        ...{ name: 'local', kind: 'webhook', url: 'http://[::1]:9/', secret: SECRET },
        ...{ rules: ALERT_RULES, budgets: ['*'] },
      },
    ]);
  });

  it.each<[string, string, string | RegExp]>([
    ['a wrong kind', '- {name: a, kind: webook}', /kind: "webook" is not known here; did you mean webhook\?/],
    ['an unknown kind', '- {name: a, kind: email}', /"email" is not one of log, metric, webhook, slack/],
    ['a wrong key', '- {name: a, kind: log, rule: [WARNING]}', /rule: no such setting; did you mean rules\?/],
    ['a wrong rule', '- {name: a, kind: log, rules: [EMERGNCY]}', /rules\[0\]: .* did you mean EMERGENCY\?/],
    ['a rule in lower case', '- {name: a, kind: log, rules: [warning]}', /did you mean WARNING\?/],
    ['no rule at all', '- {name: a, kind: log, rules: []}', /an empty list is not a list of alert rules/],
    ['a wrong budget', '- {name: a, kind: log, budgets: [A]}', /budgets\[0\]: "A" is not a budget id/],
    ['a wrong name', '- {name: On Call, kind: log}', /name: "On Call" is not a name of 1 to 32/],
    ['no name', '- {kind: log}', /name: nothing is not a name/],
    ['no address', '- {name: a, kind: slack}', /slack needs an address: url, url_env or url_file/],
    [
      'an address of the log',
      '- {name: a, kind: log, url: "https://x"}',
      /only webhook and slack have one, not log/,
    ],
    [
      'a secret for Slack',
      `- {name: a, kind: slack, url: "https://x", secret: ${SECRET}}`,
      /only webhook is signed/,
    ],
    [
      'two addresses',
      '- {name: a, kind: slack, url: "https://x", url_env: Y}',
      /give one of url, url_env, not several/,
    ],
    [
      'a secret that says base64 and is none',
      '- {name: a, kind: webhook, url: "https://x", secret: "whsec_not base64 at all"}',
      /secret: after whsec_ stands the key in base64/,
    ],
    [
      'a short secret',
      '- {name: a, kind: webhook, url: "https://x", secret: short}',
      /secret: .* can be guessed/,
    ],
    ['another protocol', '- {name: a, kind: slack, url: "file:///etc/passwd"}', /url: it is not an address/],
    [
      'a user in the address',
      '- {name: a, kind: slack, url: "https://u:p@x"}',
      /user or password before the host/,
    ],
    [
      'a missing variable',
      '- {name: a, kind: slack, url_env: CHAT}',
      /the environment variable CHAT is not set/,
    ],
    [
      'a missing file',
      '- {name: a, kind: slack, url_file: none}',
      /none cannot be read: there is no such file/,
    ],
    ['a list that is none', 'alert_sinks: {}', /./],
    ['a sink that is none', '- webhook', /"webhook" is not a sink with name and kind/],
  ])('%s is refused, with what would be right', (_, text, message) => {
    expect(problems(text).join('\n')).toMatch(message);
  });

  it('of the same name are refused, and so are more than 16', () => {
    expect(problems('- {name: a, kind: log}\n- {name: a, kind: metric}')).toEqual([
      '3 alert_sinks[1].name: "a" stands here twice; the name tells sinks apart',
    ]);
    const many = Array.from({ length: 17 }, (_, at) => `- {name: s${at}, kind: log}`).join('\n');
    expect(problems(many).join()).toMatch(/more than 16 sinks/);
  });

  it.each(['url_file', 'secret_file'])('take no %s of bytes that are no text', (key) => {
    writeFileSync(
      join(folder, 'binary'),
      Buffer.from([...Buffer.from('https://x/'), 0xc3, 0x28, ...Buffer.alloc(20, 0x41)]),
    );
    const other = key === 'url_file' ? '' : ", url: 'https://x/'";
    const text = `alert_sinks:\n  - {name: a, kind: webhook, ${key}: binary${other}}`;
    const { problems: found } = parseBudgetsFile(join(folder, 'c.yaml'), text);
    expect(found.map(({ message }) => message).join()).toMatch(/binary has bytes that are no text in UTF-8/);
  });

  it('take no secret of the environment that was none in UTF-8', () => {
    const sinkOf = "- {name: a, kind: webhook, url: 'https://x/', secret_env: S}";
    expect(problems(sinkOf, { S: `${SECRET}\ufffd` }).join()).toMatch(/variable S is no text in UTF-8/);
  });

  it('never show an address or a secret in a message', () => {
    const told = [
      ...problems('- {name: a, kind: slack, url: "htp://hidden"}'),
      ...problems('- {name: a, kind: webhook, url: [hidden], secret: 5}'),
      ...problems('- {name: a, kind: slack, url_env: CHAT}', { CHAT: 'hidden' }),
    ];
    expect(told).toHaveLength(4);
    expect(told.join()).not.toContain('hidden');
  });

  it('warn of what is not signed, and of what travels in clear', () => {
    const text = 'alert_sinks: [{name: a, kind: webhook, url: "http://alerts.internal/x"}]';
    expect(parseBudgetsFile('c.yaml', text).warnings.map(({ message }) => message)).toEqual([
      'alerts.internal is told of alerts without TLS: whoever is on the line reads them',
      'without a secret its messages are not signed, so anybody could make one up',
    ]);
  });

  it('stand in --check-config, without what is secret', async () => {
    const file = join(folder, 'sinks.yaml');
    const url = 'https://hooks.example.org/services/hidden';
    writeFileSync(
      file,
      `alert_sinks:\n  - {name: a, kind: webhook, url: '${url}', secret: ${SECRET}, rules: [WARNING]}\n  - {name: b, kind: log}\n`,
    );
    const { out: stdout } = await cli(['--check-config'], { CONFIG_FILE: file });
    expect(stdout).toContain('  a: webhook at hooks.example.org, signed, WARNING, budgets *\n');
    expect(stdout).toContain('  b: log, every rule, budgets *\n');
    expect(stdout).not.toContain('hidden');
    expect(stdout).not.toContain(SECRET);
  });
});
