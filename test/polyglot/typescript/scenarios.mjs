/** The scenarios of `clients/scenarios.md`, over the client for TypeScript. */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ArbiterRefused, ArbiterUnavailable, BudgetClient, SlotDenied } from '@budget-arbiter/client';

const say = (line) => console.log(JSON.stringify(line));
const input = createInterface({ input: process.stdin });
const told = () => once(input, 'line');

const ESTIMATE = { estimate: 1_000, wait: 10, patience: 30 };
const report = (slot) => slot.report({ input: 100, output: 50 }, { model: 'model-a' });

async function call(budget, request = {}) {
  const slot = await budget.withSlot({ ...ESTIMATE, ...request }, async (slot) => {
    await sleep(20);
    report(slot);
    return slot;
  });
  return slot.lease === undefined ? { leased: false } : {};
}

async function heldCall(budget) {
  await budget.withSlot(ESTIMATE, async (slot) => {
    say({ event: 'holding' });
    await told();
    await sleep(20);
    report(slot);
  });
  say({ event: 'answer' });
}

async function cancelled(during, work) {
  const cancel = new AbortController();
  await work(cancel).catch((error) => {
    if (error.name !== 'AbortError') throw error;
    say({ event: 'cancelled', during });
  });
}

async function denied(budget, request) {
  try {
    await budget.acquire({ ...ESTIMATE, ...request });
    say({ event: 'granted' });
  } catch (error) {
    if (!(error instanceof SlotDenied)) throw error;
    const { status, headers } = error.toHttp();
    say({
      ...{ event: 'denied', permanent: error.permanent, rules: error.rules, status },
      ...(headers['retry-after'] && { retry_after: headers['retry-after'] }),
      ...(headers['x-should-retry'] && { should_retry: headers['x-should-retry'] }),
    });
  }
}

async function* vendorsStream() {
  for (let part = 0; part < 10; part += 1) {
    await sleep(2);
    yield part;
  }
}

const SCENARIOS = {
  async call(budget) {
    await call(budget);
    say({ event: 'answer' });
  },
  async 'killed-service'(budget) {
    await heldCall(budget);
    await told();
  },
  'killed-client': heldCall,
  async cancelled(budget) {
    const holder = await budget.acquire({ ...ESTIMATE, ai: `${process.env.BUDGET_ARBITER_AI}-holder` });
    await cancelled('wait', (cancel) => {
      setTimeout(() => cancel.abort(), 50);
      return budget.acquire({ ...ESTIMATE, signal: cancel.signal });
    });
    report(holder);
    await holder.end();
    await cancelled('call', (cancel) =>
      budget.withSlot(ESTIMATE, () => {
        setTimeout(() => cancel.abort(), 10);
        return sleep(10_000, undefined, { signal: cancel.signal });
      }),
    );
    await cancelled('reported', (cancel) =>
      budget.withSlot(ESTIMATE, (slot) => {
        report(slot);
        cancel.abort();
        cancel.signal.throwIfAborted();
      }),
    );
  },
  async interrupted(budget) {
    const cancel = new AbortController();
    process.once('SIGINT', () => cancel.abort());
    const work = () => {
      say({ event: 'holding' });
      return sleep(20_000, undefined, { signal: cancel.signal });
    };
    await budget.withSlot(ESTIMATE, work).catch((error) => {
      if (error.name !== 'AbortError') throw error;
      say({ event: 'stopped' });
    });
  },
  async crowd(budget) {
    const counts = { answers: 0, denials: 0, most: 0 };
    let now = 0;
    const one = async () => {
      try {
        await budget.withSlot({ ...ESTIMATE, patience: 60 }, async (slot) => {
          now += 1;
          counts.most = Math.max(counts.most, now);
          await sleep(20);
          now -= 1;
          report(slot);
        });
        counts.answers += 1;
      } catch (error) {
        if (!(error instanceof SlotDenied)) throw error;
        counts.denials += 1;
      }
    };
    await Promise.all(Array.from({ length: 200 }, one));
    say({ event: 'crowd', ...counts });
  },
  async 'left-stream'(budget) {
    const slot = await budget.acquire(ESTIMATE);
    for await (const part of vendorsStream()) if (part === 4) break;
    await slot.end({ kind: 'left' });
    say({ event: 'left' });
  },
  async error(budget) {
    const refused = Object.assign(new Error('the vendor answered 500'), { status: 500 });
    const unreached = () => fetch('http://127.0.0.1:11/');
    for (const fail of [() => Promise.reject(refused), unreached]) {
      await budget.withSlot(ESTIMATE, fail).catch(() => say({ event: 'error' }));
    }
  },
  'denied-for-good': (budget) => denied(budget, { estimate: 1_000_000_000 }),
  'denied-for-now': (budget) => denied(budget, { patience: 0 }),
  paused: (budget) => denied(budget, { patience: 0 }),
  async 'turned-away'(budget) {
    try {
      await call(budget, { patience: 1 });
      say({ event: 'granted' });
    } catch (error) {
      if (error instanceof ArbiterRefused) say({ event: 'refused', code: error.code });
      else if (error instanceof ArbiterUnavailable) say({ event: 'unavailable' });
      else throw error;
    }
  },
  async token(budget) {
    await call(budget);
    say({ event: 'answer' });
    await told();
    await call(budget);
    say({ event: 'answer' });
  },
  async replicas(budget) {
    for (const pause of [told, undefined]) {
      for (let n = 0; n < 10; n += 1) {
        await call(budget);
        say({ event: 'answer' });
      }
      await pause?.();
    }
  },
  async 'fail-open'(budget) {
    say({ event: 'answer', ...(await call(budget)) });
    await told();
  },
  async 'fail-open-lost'(budget) {
    say({ event: 'answer', ...(await call(budget)) });
    await told();
    say({ event: 'answer', ...(await call(budget, { wait: 0 })) });
    await told();
  },
  async journal(budget) {
    if (process.env.JOURNAL_RUN === '2') return;
    await heldCall(budget);
    await told();
  },
};

const [, , name] = process.argv;
const budget = BudgetClient.fromEnv({ journal: process.env.JOURNAL });
await SCENARIOS[name](budget);
say({ event: 'closed', unsettled: await budget.close(10) });
input.close();
process.exitCode = 0;
