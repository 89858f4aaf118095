import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { noticeOf, testNotice } from '../../src/alerts/notice.js';
import { signature } from '../../src/alerts/remote-sink.js';
import { WEBHOOK_BODY, webhookBody } from '../../src/alerts/sink-bodies.js';
import { ALERT_RULES } from '../../src/domain/alerts/alert-conditions.js';
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
      expect(body.alert.unit).toBe(rule === 'POOR_SPREAD' ? 'percent' : 'tokens');
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
    const [secret, body] = ['a secret of some length', JSON.stringify({ a: 'ä' })];
    const headersAt = (at: number, text = body) => {
      const timestamp = String(Math.floor(at / 1_000));
      return {
        'budget-alert-timestamp': timestamp,
        'budget-alert-signature': signature(secret, timestamp, text),
      };
    };
    const now = Date.now();
    expect(isGenuine(headersAt(now), Buffer.from(body), secret)).toBe(true);
    expect(isGenuine(headersAt(now, 'other'), Buffer.from(body), secret)).toBe(false);
    expect(isGenuine(headersAt(now - 10 * 60_000), Buffer.from(body), secret)).toBe(false);
    expect(isGenuine({}, Buffer.from(body), secret)).toBe(false);
  });

  it('of a test is one, too', () => {
    expect(WEBHOOK_BODY.safeParse(webhookBody(testNotice('x', ended))).success).toBe(true);
  });

  it('has documents that name every rule', () => {
    for (const rule of ALERT_RULES) expect(docs('alerts.md')).toContain(`\`${rule}\``);
  });
});
