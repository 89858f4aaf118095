import path from 'node:path';
import { expect } from 'vitest';
import { FaultyProxy } from '../../support/faulty-proxy.js';
import type { Program } from './program.js';
import type { Books, Stage } from './stage.js';

export const NOTHING: Books = { tokens: 0, presumed: 0, calls: 0, failed: 0, live: 0 };
export const ONE: Books = { ...NOTHING, tokens: 150, calls: 1 };
const SOON = { timeout: 20_000, interval: 50 };

/** What each scenario of `clients/scenarios.md` comes to: its lines, and then the books. */
export const SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async call(stage) {
    await stage.createBudget();
    await answered(stage.run('call'));
    expect(await stage.books()).toEqual(ONE);
  },
  async 'killed-service'(stage) {
    await stage.createBudget();
    const program = stage.run('killed-service');
    await program.next('holding');
    await stage.killService();
    program.tell();
    await program.next('answer');
    await stage.startAgain();
    program.tell();
    await program.close();
    expect(await stage.books()).toEqual(ONE);
  },
  async 'killed-client'(stage) {
    await stage.createBudget();
    const program = stage.run('killed-client');
    await program.next('holding');
    await program.kill();
    await expect.poll(() => stage.books(), SOON).toEqual({ ...NOTHING, tokens: 1_000, presumed: 1_000 });
  },
  async cancelled(stage) {
    await stage.createBudget({ max_concurrent: 1 });
    const program = stage.run('cancelled');
    for (const during of ['wait', 'call', 'reported']) {
      expect(await program.next('cancelled')).toMatchObject({ during });
    }
    await program.close();
    expect(await stage.books()).toEqual({ tokens: 1_300, presumed: 1_000, calls: 3, failed: 1, live: 0 });
  },
  async interrupted(stage) {
    // Longer than the test: what is settled, the program settled.
    await stage.createBudget({ session_grace: { seconds: 60 } });
    const program = stage.run('interrupted');
    await program.next('holding');
    program.interrupt();
    await program.next('stopped');
    await program.close();
    expect(await stage.books()).toEqual({ tokens: 1_000, presumed: 1_000, calls: 1, failed: 1, live: 0 });
  },
  async crowd(stage) {
    await stage.createBudget({ max_concurrent: 3 });
    const program = stage.run('crowd');
    expect(await program.next('crowd')).toEqual({ event: 'crowd', answers: 200, denials: 0, most: 3 });
    await program.close();
    expect(await stage.books()).toEqual({ ...NOTHING, tokens: 30_000, calls: 200 });
  },
  async 'left-stream'(stage) {
    await stage.createBudget();
    const program = stage.run('left-stream');
    await program.next('left');
    await program.close();
    expect(await stage.books()).toEqual({ ...NOTHING, tokens: 1_000, presumed: 1_000 });
  },
  async error(stage) {
    await stage.createBudget();
    const program = stage.run('error');
    for (const _ of ['refused', 'unreached']) await program.next('error');
    await program.close();
    expect(await stage.books()).toEqual({ ...NOTHING, calls: 2, failed: 2 });
  },
  async 'denied-for-good'(stage) {
    await stage.createBudget({ max_request_tokens: 5_000 });
    const program = stage.run('denied-for-good');
    const denied = await program.next('denied');
    expect(denied).toMatchObject({ permanent: true, status: 400 });
    expect(denied['rules']).toContain('REQUEST_TOO_LARGE');
    await program.close();
    expect(await stage.books()).toEqual(NOTHING);
  },
  async 'denied-for-now'(stage) {
    await stage.createBudget({ cooldown: { seconds: 3_600 } });
    await answered(stage.run('call'));
    const program = stage.run('denied-for-now');
    const denied = await program.next('denied');
    expect(denied).toMatchObject({
      permanent: false,
      rules: ['COOLDOWN'],
      status: 429,
      should_retry: 'false',
    });
    expect(Number(denied['retry_after'])).toBeGreaterThan(3_500);
    await program.close();
  },
  async paused(stage) {
    await stage.createBudget();
    await stage.admin('PauseBudget', { budget_id: stage.budget });
    const program = stage.run('paused');
    expect(await program.next('denied')).toMatchObject({ permanent: false, rules: ['PAUSED'], status: 503 });
    await program.close();
  },
  async 'fail-open'(stage) {
    await stage.createBudget();
    await stage.killService();
    const program = stage.run('fail-open', { BUDGET_ARBITER_FAIL_OPEN: 'true' });
    expect(await program.next('answer')).toMatchObject({ leased: false });
    await stage.startAgain();
    program.tell();
    await program.close();
    expect(await stage.books()).toEqual(ONE);
    expect(await stage.leaseStates()).toEqual([]);
  },
  async 'fail-open-lost'(stage) {
    await stage.createBudget();
    const proxy = await FaultyProxy.start('127.0.0.1', Number(stage.service.grpcAddress.split(':')[1]));
    const address = { BUDGET_ARBITER_ADDRESS: `127.0.0.1:${proxy.port}` };
    const program = stage.run('fail-open-lost', { ...address, BUDGET_ARBITER_FAIL_OPEN: '1' });
    expect(await program.next('answer')).toEqual({ event: 'answer' });
    await expect.poll(() => stage.leaseStates(), SOON).toEqual(['RELEASED']);
    proxy.line = 'silent';
    program.tell();
    await expect.poll(() => stage.leaseStates(), SOON).toEqual(['LIVE', 'RELEASED']);
    expect(await program.next('answer')).toMatchObject({ leased: false });
    proxy.line = 'cut';
    proxy.line = 'open';
    program.tell();
    await program.close();
    expect(await stage.books()).toEqual({ ...ONE, tokens: 300, calls: 2 });
    expect(await stage.leaseStates()).toEqual(['RELEASED', 'RELEASED']);
    await proxy.stop();
  },
  async journal(stage) {
    await stage.createBudget();
    const env = { JOURNAL: path.join(stage.folder, 'journal') };
    const first = stage.run('journal', { ...env, JOURNAL_RUN: '1' });
    await first.next('holding');
    await stage.killService();
    first.tell();
    await first.next('answer');
    await first.kill();
    await stage.startAgain();
    await stage.run('journal', { ...env, JOURNAL_RUN: '2' }).close();
    expect(await stage.books()).toEqual(ONE);
  },
};

export async function answered(program: Program): Promise<void> {
  await program.next('answer');
  await program.close();
}
