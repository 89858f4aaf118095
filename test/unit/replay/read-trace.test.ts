import { expect, it } from 'vitest';
import { readTrace } from '../../../src/replay/read-trace.js';
import type { TraceEntry } from '../../../src/replay/trace.js';
import { traceLine } from '../../../src/replay/write-trace.js';

const AT = Date.UTC(2026, 10, 1, 9, 12) * 1_000;
const SLOT = { kind: 'slot', at: AT, aiId: 'guardian', model: '', took: 0, waitMs: 0 } as const;

async function read(text: string, budgetId?: string): Promise<TraceEntry[]> {
  const found: TraceEntry[] = [];
  for await (const entry of readTrace(text.split('\n'), { file: 'trace', budgetId })) found.push(entry);
  return found;
}

it.each<[string, string, TraceEntry[]]>([
  [
    'CSV, with what it leaves out',
    'at,ai,tokens\n2026-11-01T09:12:00Z,guardian,120\n',
    [{ ...SLOT, tokens: 120 }],
  ],
  [
    'CSV in any order of columns, quoted, after a mark of the byte order, with remarks and empty cells',
    '\uFEFFtokens,estimate,model,seconds,at,ai\n# a remark\n\n120,200,"a ""b"", c",1.5,"2026-11-01 09:12:00.25",guardian\n7,,,,2026-11-01T10:12:00.5+01:00,guardian',
    [
      { ...SLOT, at: AT + 250_000, model: 'a "b", c', tokens: 120, estimate: 200, took: 1_500_000 },
      { ...SLOT, at: AT + 500_000, tokens: 7 },
    ],
  ],
  [
    'JSON lines, all that may be said',
    `{"at":${AT / 1_000},"ai":"guardian","model":"m","used_model":"m-2","tokens":5,"estimate":9,"at_least":4,"wait":30,"seconds":2,"outcome":"granted"}\n` +
      '{"at":"2026-11-01T09:12:00.000001Z","ai":"guardian","outcome":"denied"}\n' +
      '{"at":"2026-11-01T09:12:01Z","ai":"guardian","tokens":3,"unleased":true}\n' +
      '{"at":"2026-11-01T09:12:02Z","policy":{"pacing":"EVEN"}}',
    [
      {
        ...SLOT,
        ...{
          model: 'm',
          usedModel: 'm-2',
          tokens: 5,
          estimate: 9,
          atLeast: 4,
          waitMs: 30_000,
          took: 2_000_000,
        },
        recorded: 'granted',
      },
      { ...SLOT, at: AT + 1, recorded: 'denied' },
      { kind: 'unleased', at: AT + 1_000_000, aiId: 'guardian', model: '', tokens: 3 },
      { kind: 'policy', at: AT + 2_000_000, fields: { pacing: 'EVEN' } },
    ],
  ],
  ['nothing at all', '', []],
])('reads %s', async (_, text, entries) => {
  expect(await read(text)).toEqual(entries);
  // What is written reads as it was.
  expect(await read(entries.map((entry) => traceLine(entry)).join(''))).toEqual(entries);
});

it.each([
  ['at,ai,token\n', 'trace:1: "token" is no column of a trace'],
  ['at,tokens\n', 'trace:1: the column `ai` is missing'],
  ['at,ai,tokens\nyesterday,a,1', 'trace:2: at: "yesterday" is not a moment such as'],
  ['at,ai,tokens\n2026-11-01T09:12:00Z,a,-1', 'trace:2: tokens: "-1" is not a number of tokens'],
  ['at,ai,tokens\n2026-11-01T09:12:00Z,a', 'trace:2: tokens: it is missing, and so is estimate'],
  ['at,ai,tokens\n2026-11-01T09:12:00Z,a,1,2', 'trace:2: it has 4 cells, and the first line 3'],
  ['at,ai,tokens\n2026-11-01T09:12:00Z,two words,1', 'trace:2: ai: "two words" is not 1 to 128 printable'],
  [
    'at,ai,tokens,seconds\n2026-11-01T09:12:00Z,a,1,1e9',
    'trace:2: seconds: "1e9" is not a number of seconds',
  ],
  [
    'at,ai,tokens\n2026-11-01T09:12:00Z,a,1\n2026-11-01T09:11:00Z,a,1',
    'trace:3: it is earlier than the line before',
  ],
  ['{"at":1,"ai":"a","tokens":1}\n{nonsense', 'trace:2: it is not a JSON object in one line'],
  [
    '{"at":1,"ai":"a","tokens":1,"outcome":"maybe"}',
    'trace:1: outcome: "maybe" is neither granted nor denied',
  ],
  [
    '{"at":1,"budget":"a","ai":"a","tokens":1}\n{"at":1,"budget":"b","ai":"a","tokens":1}',
    'trace:2: it has several budgets, a and b: name one',
  ],
])('says what is wrong with %j', async (text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});

it('passes over lines of budgets other than the one that is named', async () => {
  const lines = ['a', 'b', 'a'].map((budget, at) => `{"at":${at},"budget":"${budget}","ai":"x","tokens":1}`);
  expect((await read(lines.join('\n'), 'a')).map(({ at }) => at)).toEqual([0, 2_000]);
});
