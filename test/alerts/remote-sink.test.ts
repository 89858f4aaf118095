import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticeOf } from '../../src/alerts/notice.js';
import { remoteSinks } from '../../src/alerts/remote-sink.js';
import type { SinkSettings } from '../../src/alerts/sink-settings.js';
import type { StoredAlert } from '../../src/domain/model/state.js';
import { AlertReceiver, isSigned } from '../support/alert-receiver.js';
import { ManualClock } from '../support/manual-clock.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { sinkNamed } from './support/alert-world.js';

const SECRET = 'a secret of some length';
const ALERT: StoredAlert = {
  ...{ rule: 'WARNING', window: 'MONTH', windowStart: Date.parse('2026-11-01T00:00:00Z') },
  ...{ raisedAt: Date.parse('2026-11-20T10:00:00Z'), value: 112_500, threshold: 112_000 },
  message: '112,500 of 140,000 tokens of 2026-11 are spent.',
};
const NOTICE = noticeOf('anthropic', 1, ALERT, 'RAISED');

describe('sending to a real receiver', () => {
  const clock = new ManualClock('2026-11-20T10:00:07Z');
  const scheduler = new ManualScheduler([clock]);
  let receiver: AlertReceiver;
  beforeEach(async () => {
    receiver = await AlertReceiver.start();
  });
  afterEach(() => receiver.stop());

  function sink(more: Partial<SinkSettings> = {}) {
    const settings = sinkNamed('ops', { url: receiver.url, secret: SECRET, ...more });
    const [made] = remoteSinks([settings], { scheduler, wall: () => clock.read().now });
    if (made === undefined) throw new Error('no sink');
    return made;
  }

  it('a webhook: JSON, signed with the time, with an id that stays', async () => {
    expect(await sink().send(NOTICE, 1)).toEqual({ delivered: true, detail: 'answered 200' });
    clock.advance(60_000);
    await sink().send(NOTICE, 2);
    const [first, second] = receiver.received;
    if (first === undefined || second === undefined) throw new Error('not received');
    expect(JSON.parse(first.text)).toEqual({
      ...{ version: 1, id: NOTICE.id, type: 'raised', budget_id: 'anthropic', severity: 'warning' },
      ...{ title: 'anthropic: much of the month is spent', message: ALERT.message },
      alert: {
        ...{ rule: 'WARNING', window: 'MONTH', window_start: '2026-11-01T00:00:00.000Z' },
        ...{ raised_at: '2026-11-20T10:00:00.000Z', value: 112_500, threshold: 112_000, unit: 'tokens' },
      },
    });
    expect(first.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'webhook-id': 'anthropic:1:WARNING:1793491200000:raised',
      'budget-alert-attempt': '1',
      'webhook-timestamp': String(Date.parse('2026-11-20T10:00:07Z') / 1_000),
    });
    expect(second.text).toBe(first.text);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    const now = clock.read().now;
    for (const received of [first, second]) expect(isSigned(received, SECRET, now)).toBe(true);
    expect(isSigned(first, 'another secret, not this', now)).toBe(false);
    expect(isSigned({ ...first, text: first.text.replace('112500', '1') }, SECRET, now)).toBe(false);
    expect(isSigned(first, SECRET, now + 10 * 60_000)).toBe(false);
  });

  it('without a secret: without a signature', async () => {
    const { secret: _, ...unsigned } = sinkNamed('ops', { url: receiver.url });
    const [made] = remoteSinks([unsigned], { scheduler, wall: () => 0 });
    await made?.send(NOTICE, 1);
    expect(receiver.received[0]?.headers['webhook-signature']).toBeUndefined();
  });

  it('a failure says what was answered, and when to come back', async () => {
    receiver.answer = (_, response) =>
      void response.writeHead(503, { 'retry-after': '120' }).end(`busy\n\u0007 <b>${'x'.repeat(5_000)}`);
    const sent = await sink().send(NOTICE, 1);
    expect(sent).toMatchObject({ delivered: false, retryAfterMs: 120_000 });
    expect(sent.detail).toMatch(/^answered 503: busy <b>x+$/);
    expect(sent.detail.length).toBeLessThan(230);
    receiver.answer = (_, response) =>
      void response
        .writeHead(429, { 'retry-after': new Date(clock.read().now + 30_000).toUTCString() })
        .end();
    expect(await sink().send(NOTICE, 1)).toMatchObject({ retryAfterMs: expect.any(Number) });
    receiver.answer = (_, response) => void response.writeHead(429, { 'retry-after': 'soon' }).end();
    expect(await sink().send(NOTICE, 1)).toEqual({ delivered: false, detail: 'answered 429' });
  });

  it.each([
    ['webhook', /^answered 400: cannot POST\/\*\*\* for .+ please$/],
    ['slack', /^answered 400$/],
  ] as const)(
    '%s: what it echoes of its secret address or of our signature is not told',
    async (kind, wanted) => {
      const path = '/services/T0AB/B99xy/Zm9vYmFyYmF6cXV4?key=sec%2Fret%20one';
      receiver.answer = ({ path: asked, headers }, response) => {
        const told = [asked, decodeURIComponent(asked), headers['webhook-signature'] ?? 'none'];
        response.writeHead(400).end(`cannot POST/services for ${told.join(' or ')} please`);
      };
      const { detail } = await sink({ kind, url: new URL(path, receiver.url).href }).send(NOTICE, 1);
      expect(detail).toMatch(wanted);
      for (const part of ['T0AB', 'B99xy', 'Zm9v', 'sec%2F', 'sec/ret', 'v1=', SECRET, 'services'])
        expect(detail).not.toContain(part);
    },
  );

  it('a redirect is not followed', async () => {
    receiver.answer = (_, response) => void response.writeHead(307, { location: '/elsewhere' }).end();
    const sent = await sink().send(NOTICE, 1);
    expect(sent.delivered).toBe(false);
    expect(sent.detail).toMatch(/answered 307, a redirect: not followed/);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('one that hangs is left after 10 seconds, before or after its first byte', async () => {
    for (const hang of [
      () => {},
      (response: import('node:http').ServerResponse) => void response.writeHead(500).write('x'),
    ]) {
      receiver.answer = (_, response) => hang(response);
      const seen = receiver.received.length;
      let sent: unknown;
      const sending = sink()
        .send(NOTICE, 1)
        .then((result) => {
          sent = result;
        });
      await receiver.until((received) => received.length > seen);
      await scheduler.advance(9_999);
      expect(sent).toBeUndefined();
      await scheduler.advance(1);
      await sending;
      expect(sent).toEqual({ delivered: false, detail: 'no answer within 10 s' });
    }
  });

  it('one that answers without end is cut off', async () => {
    receiver.answer = (_, response) => {
      response.writeHead(500);
      const flood = () => {
        while (!response.destroyed && response.write('y'.repeat(64 * 1_024)));
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    };
    expect((await sink().send(NOTICE, 1)).detail).toMatch(/^answered 500: y{200}$/);
  });

  it('one that ends the connection, or is not there, is named without its address', async () => {
    receiver.answer = (_, response) => void response.destroy();
    expect(await sink().send(NOTICE, 1)).toEqual({
      delivered: false,
      detail: 'cannot be reached: ECONNRESET',
    });
    const gone = await AlertReceiver.start();
    const url = `${gone.url}/secret-path`;
    await gone.stop();
    const sent = await sink({ url }).send(NOTICE, 1);
    expect(sent).toEqual({ delivered: false, detail: 'cannot be reached: ECONNREFUSED' });
    expect(sink({ url }).place).not.toContain('secret-path');
  });

  it('Slack: a text and an attachment, in which nobody is called by the name of an AI', async () => {
    const alert = { ...ALERT, message: 'The lease of <!channel> & @here expired.' };
    await sink({ kind: 'slack' }).send(noticeOf('anthropic', 1, alert, 'RAISED'), 1);
    const { text, attachments } = JSON.parse(receiver.received[0]?.text ?? '');
    expect(text).toBe('anthropic: much of the month is spent');
    expect(attachments).toHaveLength(1);
    expect(attachments[0]).toMatchObject({
      color: '#d9822b',
      text: 'The lease of &lt;!channel&gt; &amp; @\u200bhere expired.',
      ts: ALERT.raisedAt / 1_000,
    });
    expect(attachments[0].fields).toContainEqual({ title: 'Value', value: '112,500 tokens', short: true });
    expect(receiver.received[0]?.headers['webhook-signature']).toBeUndefined();
  });
});
