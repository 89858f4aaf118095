import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { cli } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'usage-'));

describe('who used what', () => {
  let service: Service;
  let env: Record<string, string>;
  let clients: LoadedClients;
  beforeAll(async () => {
    service = await startService();
    env = { GRPC_ADDRESS: service.grpcAddress };
    clients = new LoadedClients(service.grpcAddress);
    for (const [aiId, model, total] of [
      ['guardian', 'opus', 300],
      ['guardian', '=haiku', 40],
      ['imperium', 'opus', 60],
    ] as const) {
      const usage = {
        usage_id: `${aiId} ${model}`.replace(' ', '-'),
        tokens: { total_tokens: total },
        model,
      };
      await clients.call('RecordUsage', { unleased: { budget_id: 'anthropic', ai_id: aiId }, usage });
    }
  });
  afterAll(async () => {
    clients?.close();
    await service?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is printed most first, with shares of the budget', async () => {
    const { code, out, err } = await cli(['usage', '--range', 'today', '--top', '2'], env);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^AI +MODEL +USED +SHARE +CALLS +FAILED\nguardian +opus +300 tokens +75% +1 +0\n/);
    expect(out).toMatch(
      /\nimperium +opus +60 tokens +15% +1 +0\n\nanthropic, .*: 400 tokens in 3 calls; --top shows more rows\n$/,
    );
  });

  it('of one AI is its share', async () => {
    const { out } = await cli(['usage', '--ai', 'guardian', '--by', 'day', '--json'], env);
    expect(JSON.parse(out)).toMatchObject({
      ...{ budgetId: 'anthropic', totalTokens: 340, totalCalls: 2, budgetTokens: 400 },
      rows: [{ tokens: 340, calls: 2, failedCalls: 0 }],
    });
  });

  it.each([
    [['--by', 'hour'], /--by takes day, ai, model, team/],
    [['--by', 'ai,ai'], /--by takes/],
    [['--range', 'ever'], /--range must be today, 7d, month/],
    [['--top', '0'], /It takes a number from 1 to 1000/],
  ])('%j is a mistake of whoever typed it', async (args, message) => {
    expect(await cli(['usage', ...args], env)).toMatchObject({
      code: 2,
      err: expect.stringMatching(message),
    });
  });

  it('is exported as a table and as lines of JSON, once, and the same over HTTP', async () => {
    const file = join(folder, 'usage.csv');
    const lines = join(folder, 'usage.jsonl');
    const command = ['export', '--range', 'today', '--csv', file, '--jsonl', lines];
    expect(await cli(command, env)).toEqual({ code: 0, out: `${file}: 3 rows\n${lines}: 3 rows\n`, err: '' });
    const text = readFileSync(file, 'utf8');
    expect(text.split('\r\n').map((line) => line.replace(/\d{4}-\d\d-\d\d/, 'DAY'))).toEqual([
      'budget,day,ai,model,team,tokens,calls,failed_calls,unit',
      "anthropic,DAY,guardian,'=haiku,,40,1,0,tokens",
      'anthropic,DAY,guardian,opus,,300,1,0,tokens',
      'anthropic,DAY,imperium,opus,,60,1,0,tokens',
      '',
    ]);
    for (const [format, path] of [
      ['csv', file],
      ['jsonl', lines],
    ] as const) {
      const response = await fetch(`http://${service.httpAddress}/api/token-usage/export?format=${format}`);
      expect(response.headers.get('content-disposition')).toMatch(
        new RegExp(`^attachment; filename="anthropic_[0-9-]+_[0-9-]+\\.${format}"$`),
      );
      expect(await response.text()).toBe(readFileSync(path, 'utf8'));
    }
    expect(await cli(command, env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('exists already'),
    });
  });
});
