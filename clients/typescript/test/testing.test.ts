import { describe, expect, it, vi } from 'vitest';
import { BudgetCallback } from '../src/langchain.js';
import { FakeBudgetClient } from '../src/testing.js';

const NO_TOKENS = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };

describe('the fake client', () => {
  it('keeps what is asked for and reported, and how it ended', async () => {
    const budget = new FakeBudgetClient();
    const answer = await budget.withSlot({ ai: 'guardian', estimate: 300, model: 'model-a' }, (slot) => {
      slot.report({ input: 100, output: 50 });
      return 'text';
    });
    expect(answer).toBe('text');
    const broken = budget.withSlot({}, () => {
      throw new Error('bug');
    });
    await expect(broken).rejects.toThrow('bug');
    expect(budget.slots).toMatchObject([
      {
        request: { ai: 'guardian', estimate: 300 },
        reports: [{ tokens: { ...NO_TOKENS, input: 100, output: 50 }, model: 'model-a', failed: false }],
        unreported: 'FREE',
      },
      { reports: [{ tokens: NO_TOKENS, failed: true, errorMessage: 'Error: bug' }], unreported: 'FREE' },
    ]);
  });

  it('denies, is away, and allows again', async () => {
    const budget = new FakeBudgetClient();
    budget.deny({ rules: ['DAILY_CAP'], retryAfter: 90.5, fallbackBudgetIds: ['spare'] });
    await expect(budget.acquire()).rejects.toMatchObject({
      ...{ name: 'SlotDenied', rules: ['DAILY_CAP'], retryAfter: 90.5, fallbackBudgetIds: ['spare'] },
      message: 'fake: DAILY_CAP',
    });
    budget.allow();
    budget.goAway();
    await expect(budget.acquire()).rejects.toMatchObject({ name: 'ArbiterUnavailable' });
    expect((await budget.acquire({ failOpen: true })).lease).toBeUndefined();
    budget.allow();
    expect((await budget.acquire({ budget: 'b' })).lease).toMatchObject({ budgetId: 'b' });
  });

  it('says what a slot was charged, and tells its reports by a flush', async () => {
    const budget = new FakeBudgetClient();
    const slot = await budget.acquire();
    slot.report({ input: 100, output: 50 });
    expect(budget.slots[0]?.reports).toEqual([]);
    await budget.flush();
    expect(budget.slots[0]?.reports).toHaveLength(1);
    expect(slot.charged).toBe(150);
  });

  it('gives a slot up to `await using`', async () => {
    const budget = new FakeBudgetClient();
    const work = async (): Promise<void> => {
      await using slot = await budget.acquire();
      slot.unused();
    };
    await work();
    expect(budget.slots).toMatchObject([{ reports: [], unreported: 'UNUSED' }]);
  });
});

describe('the callback for LangChain', () => {
  const begin = async (metadata = {}) => {
    const budget = new FakeBudgetClient();
    const callback = new BudgetCallback(budget, { ai: 'guardian', estimate: 300 });
    await callback.handleChatModelStart(
      {},
      [],
      'run',
      undefined,
      { invocation_params: { model: 'm' } },
      [],
      metadata,
    );
    return { budget, callback };
  };
  const ended = (usage: object) => ({ generations: [[{ message: { usage_metadata: usage } }]] });
  const USAGE = { input_tokens: 10, output_tokens: 6, total_tokens: 16 };

  it('reports what the model said', async () => {
    const { budget, callback } = await begin();
    await callback.handleLLMEnd(ended(USAGE), 'run');
    expect(budget.slots).toMatchObject([
      {
        request: { model: 'm' },
        reports: [{ tokens: { input: 10, output: 6 }, model: 'm' }],
        unreported: 'FREE',
      },
    ]);
  });

  it('takes off what LangChain counts twice in a stream of Claude', async () => {
    const { budget, callback } = await begin({ ls_provider: 'anthropic' });
    const chunk = { message: { usage_metadata: { input_tokens: 10, output_tokens: 1, total_tokens: 11 } } };
    callback.handleLLMNewToken('', undefined, 'run', undefined, [], { chunk });
    await callback.handleLLMEnd(ended(USAGE), 'run');
    expect(budget.slots).toMatchObject([{ reports: [{ tokens: { input: 10, output: 5 } }] }]);
  });

  it.each([
    [
      'an older model',
      { generations: [], llmOutput: { tokenUsage: { promptTokens: 3, completionTokens: 4 } } },
      {},
      [{ tokens: { input: 3, output: 4 } }],
      'FREE',
    ],
    ['a model that says nothing', { generations: [[{ message: {} }]] }, {}, [], 'PRESUME'],
    ['a cache', ended(USAGE), { cached: true }, [], 'UNUSED'],
  ])('settles the answer of %s', async (_, output, extra, reports, unreported) => {
    const { budget, callback } = await begin();
    await callback.handleLLMEnd(output, 'run', undefined, undefined, extra);
    expect(budget.slots).toMatchObject([{ reports, unreported }]);
  });

  it('settles a stream that its reader left, a minute after its last token', async () => {
    vi.useFakeTimers();
    const { budget, callback } = await begin();
    callback.handleLLMNewToken('a', undefined, 'run');
    vi.advanceTimersByTime(59_000);
    callback.handleLLMNewToken('b', undefined, 'run');
    vi.advanceTimersByTime(59_000);
    expect(budget.slots[0]?.unreported).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    vi.useRealTimers();
    expect(budget.slots).toMatchObject([{ reports: [], unreported: 'PRESUME' }]);
    // It was only slow: what it cost counts all the same.
    await callback.handleLLMEnd(ended(USAGE), 'run');
    expect(budget.slots).toMatchObject([{ reports: [{ tokens: { input: 10, output: 6 } }] }]);
  });

  it('settles an error, once', async () => {
    const { budget, callback } = await begin();
    await callback.handleLLMError(Object.assign(new Error('slow down'), { status: 429 }), 'run');
    await callback.handleLLMEnd(ended(USAGE), 'run');
    expect(budget.slots).toMatchObject([{ reports: [{ failed: true }], unreported: 'FREE' }]);
  });
});
