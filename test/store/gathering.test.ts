import { describe, expect, it } from 'vitest';
import { Gathering } from '../../src/store/mongo/gathering.js';
import { StoreError } from '../../src/store/store.js';

/** A line that answers when told to, and shows what was sent together. */
function line(weightOf: (question: string) => number = () => 1) {
  const messages: {
    questions: readonly string[];
    answer(answers?: unknown): void;
    fail(error: unknown): void;
  }[] = [];
  const send = (questions: readonly string[]) =>
    new Promise<readonly (string | StoreError)[]>((resolve, reject) => {
      const own = questions.map((question) => `of ${question}`);
      messages.push({
        questions,
        answer: (answers = own) => resolve(answers as string[]),
        fail: reject,
      });
    });
  const soon = (task: () => void) => queueMicrotask(task);
  const gathering = new Gathering(send, weightOf, soon);
  return { gathering, messages };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a gathering', () => {
  it('sends one message at a time, and all that was asked meanwhile in the next', async () => {
    const { gathering, messages } = line();
    const first = gathering.ask('a');
    await turn();
    const later = [gathering.ask('b'), gathering.ask('c')];
    await turn();
    expect(messages.map(({ questions }) => questions)).toEqual([['a']]);
    messages[0]?.answer();
    expect(await first).toBe('of a');
    await turn();
    expect(messages[1]?.questions).toEqual(['b', 'c']);
    messages[1]?.answer();
    expect(await Promise.all(later)).toEqual(['of b', 'of c']);
    void gathering.ask('d');
    await turn();
    expect(messages[2]?.questions).toEqual(['d']);
  });

  it('sends together what one turn asks, up to a weight, and what is too heavy by itself', async () => {
    const { gathering, messages } = line((question) => Number(question));
    const all = ['1', '1999', '1', '5000', '1'].map((question) => gathering.ask(question));
    const sent: (readonly string[])[] = [];
    for (let at = 0; at < 4; at += 1) {
      await turn();
      sent.push(messages[at]?.questions ?? []);
      messages[at]?.answer();
    }
    expect(sent).toEqual([['1', '1999'], ['1'], ['5000'], ['1']]);
    expect(await Promise.all(all)).toHaveLength(5);
  });

  it('gives each its own answer or error', async () => {
    const { gathering, messages } = line();
    const all = ['a', 'b', 'c'].map((question) => gathering.ask(question));
    await turn();
    messages[0]?.answer(['of a', new StoreError('refused', 'b is too large'), 'of c']);
    expect(await Promise.allSettled(all)).toMatchObject([
      { value: 'of a' },
      { reason: { failure: 'refused' } },
      { value: 'of c' },
    ]);
  });

  it('asks again one by one when a message is refused, so that the innocent do not suffer', async () => {
    const { gathering, messages } = line();
    const all = ['a', 'b'].map((question) => gathering.ask(question));
    await turn();
    messages[0]?.fail(new StoreError('refused', 'something is too large'));
    await turn();
    expect(messages[1]?.questions).toEqual(['a']);
    messages[1]?.answer();
    await turn();
    expect(messages[2]?.questions).toEqual(['b']);
    messages[2]?.fail(new StoreError('refused', 'b is too large'));
    expect(await Promise.allSettled(all)).toMatchObject([
      { value: 'of a' },
      { reason: { message: 'b is too large' } },
    ]);
  });

  it.each(['unknown', 'unavailable'] as const)(
    'tells all that a message is %s, repeats none of it, and goes on',
    async (failure) => {
      const { gathering, messages } = line();
      const all = ['a', 'b'].map((question) => gathering.ask(question));
      await turn();
      messages[0]?.fail(new StoreError(failure, 'no answer'));
      expect(await Promise.allSettled(all)).toMatchObject([{ reason: { failure } }, { reason: { failure } }]);
      await turn();
      expect(messages).toHaveLength(1);
      const next = gathering.ask('c');
      await turn();
      messages[1]?.answer();
      expect(await next).toBe('of c');
    },
  );
});
