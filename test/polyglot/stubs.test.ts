import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CACHE, MAVEN_REPOSITORY } from '../../scripts/polyglot/cache.js';
import { MVN } from '../../scripts/polyglot/maven-locked.js';
import { output } from '../../scripts/polyglot/output.js';
import { problems } from '../docs/problems.js';
import { Shell } from '../docs/shell.js';
import { errorOf, LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { stepsOfStubPage } from './support/stub-page.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** How many calls of one AI wait in a budget. */
const LONGEST_QUEUE = 100;

/** Each page as a newcomer follows it, in one shell, from a clone that has the protocol and nothing else. */
describe.each(['python', 'go', 'java', 'typescript'])('docs/stubs/%s.md', (language) => {
  const steps = stepsOfStubPage(language);
  const shell = new Shell();
  let folder: string;
  let service: Service;
  let clients: LoadedClients;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'stubs-'));
    await cp(path.join(ROOT, 'proto'), path.join(folder, 'clone/proto'), { recursive: true });
    service = await startService();
    clients = new LoadedClients(service.grpcAddress);
    await shell.run(`cd '${folder}/clone'\n${await readersMachine(folder)}`);
  });
  afterAll(async () => {
    shell.end();
    clients?.close();
    await service?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(steps.map((step) => [step.line, step] as const))('line %i', async (_line, step) => {
    const ran = await shell.run(step.commands.replaceAll('127.0.0.1:50051', service.grpcAddress));
    expect(problems(step, ran), ran.output).toEqual([]);
  });

  it('says when to try again, where a retry helps', async () => {
    await fillQueue(clients, `${language}-ai`);
    const refused = steps.find(({ commands }) => / nobody\n$/.test(commands));
    const { output } = await shell.run(refused?.commands.replace(' nobody', ' queued') ?? '');
    expect(output).toMatch(/reason: QUEUE_FULL\ntry again in \d+ s, with the same ids/);
  });
});

/** Programs that a reader has, and settings that make them take what is here already. */
async function readersMachine(folder: string): Promise<string> {
  const programs = path.join(folder, 'bin');
  await mkdir(programs);
  await symlink(path.join(ROOT, 'node_modules/.bin/buf'), path.join(programs, 'buf'));
  const maven = path.join(programs, 'mvn');
  await mkdir(CACHE, { recursive: true });
  const real = (await output('sh', ['-c', 'command -v mvn'])).trim();
  const locked = `flock ${MAVEN_REPOSITORY}.lock ${MVN.replace(/^mvn/, real)}`;
  await writeFile(maven, `#!/bin/sh\nexec ${locked} "$@"\n`);
  await chmod(maven, 0o755);
  return `export PATH='${programs}':"$PATH" npm_config_prefer_offline=true
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1 MAVEN_OPTS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false`;
}

/** As many calls of the AI wait in the budget `queued` as may. */
async function fillQueue(clients: LoadedClients, ai: string): Promise<void> {
  const policy = { max_concurrent: 1, max_concurrent_per_ai: 1 };
  await clients.admin('CreateBudget', { budget_id: 'queued', preset: 'PRESET_CALLS', policy });
  await clients.call('AcquireSlot', { budget_id: 'queued', ai_id: 'another' });
  const waits = Array.from({ length: LONGEST_QUEUE + 1 }, () =>
    clients.call('AcquireSlot', { budget_id: 'queued', ai_id: ai, wait: { seconds: 900 } }),
  );
  // That of the call too many; the others end with the connection.
  const refused = await Promise.race(waits.map((wait) => errorOf(wait)));
  expect(refused.details).toMatchObject({ ErrorInfo: { reason: 'QUEUE_FULL' } });
  for (const wait of waits) wait.catch(() => {});
}
