import { readFile } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Container, freePort, type Service } from './container.js';
import { buildImage, type Image, must, removeImage } from './image.js';

const BUILD_MS = 240_000;
const START_MS = 20_000;
const MEGABYTE = 1_000_000;

let image: Image;
beforeAll(async () => {
  image = await buildImage('localhost/budget-arbiter-under-test');
}, BUILD_MS);
afterAll(async () => {
  if (image) await removeImage(image);
});

describe('the image', () => {
  it('adds under 60 MB to its base', () => {
    console.log(`added to the base: ${(image.addedBytes / MEGABYTE).toFixed(1)} MB`);
    expect(image.addedBytes).toBeGreaterThan(0);
    expect(image.addedBytes).toBeLessThan(60 * MEGABYTE);
  });

  it('sets two addresses and nothing else, and runs as a user who is not root', () => {
    const own = image.config.Env.filter(
      (entry) => !/^(PATH|NODE_VERSION|YARN_VERSION|NODE_EXTRA_CA_CERTS)=/.test(entry),
    );
    expect(own).toEqual(['GRPC_ADDRESS=0.0.0.0:50051', 'HTTP_ADDRESS=0.0.0.0:8080']);
    expect(image.config.User).toBe('1000:1000');
    expect(image.config.Volumes).toHaveProperty('/data');
  });
});

describe('as it comes', () => {
  it('refuses to start on open addresses, and says what would permit it', async () => {
    const container = await Container.create(image, {});
    const service = container.start();
    expect(await service.ended).not.toBe(0);
    expect(service.output).toContain('ALLOW_INSECURE');
    expect(service.output).toContain('GRPC_ADDRESS');
    await container.remove();
  });
});

describe('with ALLOW_INSECURE=true and a read-only root', () => {
  let container: Container;
  let service: Service;
  let address: string;
  let page: string;

  beforeAll(async () => {
    const [grpc, http] = [await freePort(), await freePort()];
    address = `127.0.0.1:${grpc}`;
    page = `http://127.0.0.1:${http}`;
    container = await Container.create(image, {
      ALLOW_INSECURE: 'true',
      GRPC_ADDRESS: `0.0.0.0:${grpc}`,
      HTTP_ADDRESS: `0.0.0.0:${http}`,
    });
    service = await started();
  });
  afterAll(async () => {
    await service?.stop('SIGKILL');
    await container?.remove();
  });

  async function started(): Promise<Service> {
    const starting = container.start();
    for (let waitedMs = 0; waitedMs < START_MS; waitedMs += 100) {
      if (!starting.running) break;
      if ((await container.health(starting)).code === 0) return starting;
      await after(100);
    }
    await starting.stop('SIGKILL');
    throw new Error(`not healthy:\n${starting.output}`);
  }

  const call = async (method: string, request: object) =>
    JSON.parse(
      await must(
        'grpcurl',
        '-plaintext',
        '-d',
        JSON.stringify(request),
        address,
        `budgetarbiter.v1.${method}`,
      ),
    );

  it('is healthy by its own HEALTHCHECK', async () => {
    expect(image.config.Healthcheck.Test.slice(0, 2)).toEqual(['CMD', 'node']);
    expect(await container.health(service)).toMatchObject({ code: 0 });
  });

  it('has the commands of operators', async () => {
    const status = await container.exec(service, 'budget-arbiter', 'status');
    expect(status).toMatchObject({ code: 0, output: expect.stringMatching(/^anthropic +normal/m) });
  });

  it('runs as uid 1000, and can write in /data alone', async () => {
    expect(await readFile(`/proc/${service.pid}/status`, 'utf8')).toMatch(
      /^Uid:\s+1000\s+1000\s+1000\s+1000$/m,
    );
    expect(await readFile(`/proc/${service.pid}/mountinfo`, 'utf8')).toMatch(
      / \/ \/ ro[, ]| \/\S* \/ ro[, ]/,
    );
    expect(await container.exec(service, 'touch', '/data/probe')).toMatchObject({ code: 0 });
    expect((await container.exec(service, 'touch', '/tmp/probe')).output).toContain('Read-only file system');
  });

  it('makes a backup by the script of the CronJob in deploy/kubernetes', async () => {
    const file = await readFile('deploy/kubernetes/optional/backup.yaml', 'utf8');
    const cronJob = parseAllDocuments(file)[1]?.toJS();
    const [backup] = cronJob.spec.jobTemplate.spec.template.spec.containers;
    const [program, option, script] = [...backup.command, ...backup.args];
    expect(await container.exec(service, 'mkdir', '/data/backups')).toMatchObject({ code: 0 });
    const onVolume = script.replaceAll('/backups', '/data/backups');
    const ran = await container.exec(service, program, option, onVolume);
    expect(ran).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^done: \/data\/backups\/20\S+Z is the/m),
    });
  });

  it('lists its services to grpcurl, and grants a slot', async () => {
    const services = (await must('grpcurl', '-plaintext', address, 'list')).split('\n');
    expect(services).toEqual(
      expect.arrayContaining([
        'budgetarbiter.v1.BudgetService',
        'budgetarbiter.v1.BudgetAdminService',
        'grpc.health.v1.Health',
      ]),
    );
    const answer = await call('BudgetService/AcquireSlot', { budget_id: 'anthropic', ai_id: 'guardian' });
    expect(answer.granted.lease).toMatchObject({ budgetId: 'anthropic', aiId: 'guardian' });
  });

  it('serves the dashboard with all of its files', async () => {
    const text = await (await fetch(`${page}/`)).text();
    const files = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(files.length).toBeGreaterThan(4);
    for (const path of files) expect([path, (await fetch(page + path)).status]).toEqual([path, 200]);
  });

  it('stops on SIGTERM with exit code 0, and finds its leases in /data when started again', async () => {
    const request = { budget_id: 'anthropic', ai_id: 'sandbox', request_id: 'before-the-restart' };
    const { granted } = await call('BudgetService/AcquireSlot', request);
    expect(await service.stop()).toBe(0);
    service = await started();
    const { lease } = await call('BudgetService/GetLease', { lease_id: granted.lease.leaseId });
    expect(lease.requestId).toBe('before-the-restart');
  });

  it('is unhealthy when it does not answer', async () => {
    process.kill(service.pid, 'SIGSTOP');
    const { code } = await container.health(service);
    process.kill(service.pid, 'SIGCONT');
    expect(code).toBe(1);
  });
});
