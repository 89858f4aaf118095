import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { noticeOf, testNotice } from '../../src/alerts/notice.js';
import { signature } from '../../src/alerts/remote-sink.js';
import { slackBody, WEBHOOK_BODY, webhookBody } from '../../src/alerts/sink-bodies.js';
import { ALERT_RULES } from '../../src/domain/alerts/condition.js';
import type { StoredAlert } from '../../src/domain/model/state.js';

const docs = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');

function alertOf(rule: string, endedAt?: number): StoredAlert {
  const figures = { value: 93.75, threshold: 80, message: 'what happened' };
  const at = Date.parse('2026-11-20T10:00:00Z');
  return {
    ...{ rule, window: 'HOUR', windowStart: at, raisedAt: at, ...figures },
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

describe('what a webhook receives', () => {
  const ended = Date.parse('2026-11-20T12:30:00Z');

  it.each(ALERT_RULES)('%s, raised and ended, fits the schema', (rule) => {
    for (const notice of ['RAISED', 'ENDED'] as const) {
      const body = webhookBody(noticeOf('anthropic', 2, alertOf(rule, ended), notice));
      expect(WEBHOOK_BODY.parse(JSON.parse(JSON.stringify(body)))).toEqual(body);
      const units: Record<string, string> = { POOR_SPREAD: 'percent', DENIAL_RATE: 'denials' };
      expect(body.alert.unit).toBe(units[rule] ?? 'tokens');
      expect(body.title).not.toContain(rule);
    }
  });

  it('says of an end when it was and what had been, and of an event that it happened', () => {
    const body = webhookBody(noticeOf('anthropic', 2, alertOf('CRITICAL', ended), 'ENDED'));
    expect(body).toMatchObject({ type: 'ended', id: expect.stringMatching(/:ended$/) });
    expect(body.alert.ended_at).toBe('2026-11-20T12:30:00.000Z');
    expect(body.message).toMatch(/^No longer so since 2026-11-20 12:30 UTC.*what happened$/);
    const event = webhookBody(noticeOf('anthropic', 2, alertOf('OVERRUN', ended), 'RAISED'));
    expect(event).toMatchObject({ type: 'happened', alert: { ended_at: '2026-11-20T12:30:00.000Z' } });
  });

  it('is described by the schema and the example of the documents', () => {
    const schema = JSON.parse(docs('alert-webhook.v1.schema.json'));
    expect(schema).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(WEBHOOK_BODY))));
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(docs('alerts.md')) ?? [];
    expect(WEBHOOK_BODY.safeParse(JSON.parse(example)).error).toBeUndefined();
  });

  it('is checked by the receiver of the documents', async () => {
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(docs('alerts.md')) ?? [];
    const { isGenuine } = await import(
      `data:text/javascript,${encodeURIComponent(`${code}\nexport { isGenuine };`)}`
    );
    const [secret, body] = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', JSON.stringify({ a: 'ä' })];
    const headersAt = (at: number, text = body) => {
      const timestamp = String(Math.floor(at / 1_000));
      return {
        ...{ 'webhook-id': 'id', 'webhook-timestamp': timestamp },
        'webhook-signature': signature(secret, 'id', timestamp, text),
      };
    };
    const now = Date.now();
    expect(isGenuine(headersAt(now), Buffer.from(body), secret)).toBe(true);
    expect(isGenuine(headersAt(now, 'other'), Buffer.from(body), secret)).toBe(false);
    expect(isGenuine(headersAt(now - 10 * 60_000), Buffer.from(body), secret)).toBe(false);
    expect(isGenuine({}, Buffer.from(body), secret)).toBe(false);
  });

  it('is signed as the libraries of Standard Webhooks do it: their own example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const [id, timestamp, body] = ['msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}'];
    expect(signature(secret, id, timestamp, body)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('has an id without a dot, which stands between what is signed', () => {
    const { id } = noticeOf('team.a', 2, { ...alertOf('UNPRICED_MODEL'), model: 'gpt-4.1' }, 'RAISED');
    expect(id).toBe(`team%2Ea:2:UNPRICED_MODEL:${Date.parse('2026-11-20T10:00:00Z')}:gpt-4%2E1:happened`);
  });

  it('says at the end what the figure is then, in the zone of the budget', () => {
    const notice = { number: 1, raisedAt: 0, endedAt: ended, endValue: 41 };
    const alert = { ...alertOf('POOR_SPREAD', ended), notice, zone: 'Europe/Berlin' };
    const { message } = webhookBody(noticeOf('a', 1, alert, 'ENDED'));
    expect(message).toContain(
      'No longer so since 2026-11-20 13:30 Europe/Berlin: the figure is 41% now, and 80%',
    );
  });

  it('leads to the budget, where it is known where people find it', () => {
    const notice = noticeOf('anthropic', 2, alertOf('WARNING'), 'RAISED');
    const url = 'https://budgets.example.org/#/budgets/anthropic';
    expect(webhookBody(notice, url).url).toBe(url);
    expect(webhookBody(notice)).not.toHaveProperty('url');
    expect(JSON.stringify(slackBody(notice, url))).toContain(`"title_link":"${url}"`);
    expect(JSON.stringify(slackBody(notice))).not.toContain('title_link');
  });

  it('of a test is one, too', () => {
    expect(WEBHOOK_BODY.safeParse(webhookBody(testNotice('x', ended))).success).toBe(true);
  });

  it('has documents that name every rule', () => {
    for (const rule of ALERT_RULES) expect(docs('alerts.md')).toContain(`\`${rule}\``);
  });
});
