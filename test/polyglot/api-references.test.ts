import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** A page of each language, and words of its docstrings. */
const PAGES: readonly (readonly [page: string, words: readonly string[]])[] = [
  ['python/budget_arbiter.html', ['class', 'AsyncClient', 'The right to make calls now']],
  ['python/budget_arbiter/testing.html', ['FakeClient']],
  ['python/budget_arbiter/langchain.html', ['wrap']],
  ['python/budget_arbiter/litellm.html', ['BudgetCallback']],
  ['typescript/client/classes/index.BudgetClient.html', ['withSlot', 'acquire']],
  ['typescript/client/classes/testing.FakeBudgetClient.html', ['asks no service']],
  ['typescript/client/classes/langchain.BudgetCallback.html', ['A denial is thrown']],
  ['typescript/ai-sdk/functions/budgetMiddleware.html', ['Each call of a model']],
  ['go/github.com.budget-arbiter.budget-arbiter.clients.go.html', ['Client.Do', 'Denied.ToHTTP']],
  ['go/github.com.budget-arbiter.budget-arbiter.clients.go.otelarbiter.html', ['NewOf']],
  ['java/client/dev/budgetarbiter/client/BudgetClient.html', ['acquireAsync']],
  ['java/client/dev/budgetarbiter/v1/Lease.html', ['Lease']],
  ['java/spring-ai/dev/budgetarbiter/springai/BudgetAdvisor.html', ['StreamAdvisor']],
];

describe('npm run docs:api', () => {
  let folder: string;
  // It fails on whatever a generator complains of: above all of what is public and does not say what it is for.
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'api-references-'));
    await run('npm', ['run', '--silent', 'docs:api', '--', folder], { cwd: ROOT, maxBuffer: 1 << 26 });
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(PAGES)('has %s', async (page, words) => {
    const text = await readFile(path.join(folder, page), 'utf8');
    for (const word of words) expect(text).toContain(word);
  });

  it('points from its first page to each language', async () => {
    const index = await readFile(path.join(folder, 'index.html'), 'utf8');
    const pages = [...index.matchAll(/href="([^"]+)"/g)].map(([, page = '']) => page);
    expect(pages).toHaveLength(6);
    for (const page of pages) expect(await readFile(path.join(folder, page), 'utf8')).toContain('<html');
  });

  it('writes into a folder that is not committed', async () => {
    const { stdout } = await run('git', ['check-ignore', 'docs/api/index.html'], { cwd: ROOT });
    expect(stdout).toBe('docs/api/index.html\n');
  });
});
