import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlertReceiver, isSigned } from '../support/alert-receiver.js';
import { cli } from './support.js';

const SECRET = 'a secret of some length';
const folder = mkdtempSync(join(tmpdir(), 'alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));

function configured(text: string): Record<string, string> {
  const file = join(folder, 'c.yaml');
  writeFileSync(file, text);
  return { CONFIG_FILE: file, LOG_LEVEL: 'error' };
}

describe('alerts test', () => {
  let receiver: AlertReceiver;
  beforeEach(async () => {
    receiver = await AlertReceiver.start();
  });
  afterEach(() => receiver.stop());

  const sinks = () => `
alert_sinks:
  - {name: oncall, kind: webhook, url: '${receiver.url}', secret: ${SECRET}, rules: [EMERGENCY]}
  - {name: chat, kind: slack, url: '${receiver.url}'}
  - {name: lines, kind: log}
  - {name: numbers, kind: metric}
`;

  it('sends a sample to every sink, and says so', async () => {
    const { out, code } = await cli(['alerts', 'test'], configured(sinks()));
    const host = new URL(receiver.url).host;
    expect(out.split('\n')).toEqual([
      `ok      oncall (webhook at ${host}): the sample was sent and answered 200`,
      `ok      chat (slack at ${host}): the sample was sent and answered 200`,
      'ok      lines (log): the sample was logged',
      'ok      numbers (metric): nothing to send: the running service counts real alerts',
      '',
    ]);
    expect(code).toBe(0);
    const signed = receiver.received.find(({ headers }) => 'webhook-signature' in headers);
    expect(signed && isSigned(signed, SECRET, Date.now())).toBe(true);
    expect(JSON.parse(signed?.text ?? '')).toMatchObject({ version: 1, type: 'test' });
    expect(JSON.stringify(receiver.received.map(({ text }) => JSON.parse(text)))).toMatch(/nothing is wrong/);
  });

  it('says what is wrong with one that does not hear', async () => {
    receiver.answer = (_, response) => void response.writeHead(404).end('no such hook');
    const { out, code } = await cli(['alerts', 'test'], configured(sinks()));
    expect(out).toMatch(/^FAILED {2}oncall \(webhook at .*\): answered 404: no such hook$/m);
    expect(code).toBe(1);
  });

  it('says how to name sinks where there are none, and how it is called', async () => {
    expect(await cli(['alerts', 'test'], configured('budgets: {}'))).toMatchObject({
      out: expect.stringMatching(/^no alert sinks are configured.*"alert_sinks" in CONFIG_FILE/),
      code: 0,
    });
    expect((await cli(['alerts', 'tset'])).code).toBe(2);
  });

  it('tells what is wrong with the configuration', async () => {
    const wrong = configured('alert_sinks: [{name: a, kind: slack}]');
    const { err, code } = await cli(['alerts', 'test'], wrong);
    expect(err).toMatch(/slack needs an address/);
    expect(code).toBe(2);
  });
});
