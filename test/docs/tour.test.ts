import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetAdminServiceService } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceService } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { type Service, startService } from '../support/service.js';
import { stepsIn } from './documents.js';
import { problems } from './problems.js';
import { midHourPreload, Shell } from './shell.js';

const TOUR = readFileSync(new URL('../../docs/tour.md', import.meta.url), 'utf8');

/** The tour as a newcomer walks it: every command in order, in one shell, against a new service. */
describe('the five-minute tour', () => {
  const steps = stepsIn(TOUR);
  const shell = new Shell();
  let service: Service;

  beforeAll(async () => {
    service = await startService({ env: { NODE_OPTIONS: midHourPreload() } });
  });
  afterAll(async () => {
    shell.end();
    await service?.stop();
  });

  it.each(steps.map((step) => [step.line, step] as const))('line %i', async (_line, step) => {
    const ran = await shell.run(
      step.commands
        .replaceAll('127.0.0.1:50051', service.grpcAddress)
        .replaceAll('127.0.0.1:8080', service.httpAddress),
    );
    expect(problems(step, ran), ran.output).toEqual([]);
  });

  it('calls every method of both services', () => {
    const all = steps.map(({ commands }) => commands).join('');
    // A session is a conversation, which the examples hold; and there is no alert yet to acknowledge.
    const notHere = ['AcknowledgeAlert', 'DeleteBudget', 'GetBudget', 'ListBudgets', 'ResetClock', 'Session'];
    const missing = methods().filter((method) => !all.includes(`${method} `) && !notHere.includes(method));
    expect(missing).toEqual([]);
  });
});

function methods(): string[] {
  const services = [BudgetServiceService, BudgetAdminServiceService];
  return services.flatMap((service) =>
    Object.values(service).map(({ path }) => path.split('/').at(-1) ?? ''),
  );
}
