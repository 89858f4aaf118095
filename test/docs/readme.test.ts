import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../support/service.js';
import { stepsIn } from './documents.js';
import { problems } from './problems.js';
import { Shell } from './shell.js';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const README = read('README.md');
const blocksOf = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );

describe('the README', () => {
  const shell = new Shell();
  let service: Service;

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    shell.end();
    await service?.stop();
  });

  it.each(stepsIn(README, ['', 'python']).map((step) => [step.line, step] as const))(
    'line %i',
    async (_line, step) => {
      const ran = await shell.run(step.commands.replaceAll('127.0.0.1:8080', service.httpAddress));
      expect(problems(step, ran), ran.output).toEqual([]);
    },
  );

  it('shows lines of Python that the test of the package runs', () => {
    const blocks = blocksOf(README, 'python');
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocksOf(read('clients/python/README.md'), 'python')).toEqual(expect.arrayContaining(blocks));
  });

  it('is read in a few minutes', () => {
    expect(README.split(/\s+/).length).toBeLessThan(1_500);
  });

  it('leads to every document', () => {
    const docs = readdirSync(new URL('../../docs/', import.meta.url), { recursive: true }).map(String);
    const documents = docs.filter((name) => name.endsWith('.md'));
    expect(documents.filter((name) => !README.includes(`](docs/${name})`))).toEqual([]);
  });
});
