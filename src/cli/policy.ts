import { parse } from 'yaml';
import { policyMessage } from '../api/write/policy-message.js';
import { nearest } from '../config/near-miss.js';
import { readPolicy } from '../config/policy-shape.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { POLICY_ROWS } from '../domain/policy/policy-fields.js';
import { type Budget, Budget as BudgetCodec, Preset, Window } from '../gen/budgetarbiter/v1/budget.js';
import {
  type SimulatePolicyResponse,
  UpdateBudgetRequest,
  UpdateBudgetResponse,
} from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { StartError } from '../platform/start-error.js';
import { asking, budgetIdOf, jsonLine, oneBudget } from './asked-service.js';
import type { ConnectionOptions, Service } from './connect.js';
import type { Run } from './output.js';
import { readPolicyFile } from './policy-file.js';
import { fieldsOf, policyObject, policyYaml, shortValue } from './policy-text.js';
import { amount, table } from './text.js';

/** `budget-arbiter policy`: reads a policy, changes it, and says first what a change would do. */

export interface GetOptions extends ConnectionOptions {
  readonly json?: true;
  readonly effective?: true;
}

export async function printPolicy(run: Run, id: string | undefined, options: GetOptions): Promise<void> {
  await asking(run, options, async (service) => {
    const budget = await oneBudget(service, budgetIdOf(run, id));
    const { policy, effectivePolicy, etag, preset } = budget;
    const { out } = run.output;
    if (options.json) return out(jsonLine('Budget', BudgetCodec, budget));
    const name = Preset[preset].replace('PRESET_', '');
    out(
      `# ${budget.budgetId}, etag ${etag}, preset ${name}${options.effective ? ', defaults filled in' : ''}\n`,
    );
    out(
      policyYaml(fieldsOf(options.effective ? effectivePolicy : policy)) || '# every field at its default\n',
    );
  });
}

export interface SetOptions extends ConnectionOptions {
  readonly file?: string;
  readonly replace?: true;
  readonly etag?: string;
  readonly reason: string;
  readonly json?: true;
}

/** Guarded by the etag that was read before: what somebody else changes meanwhile is not undone. */
export async function setPolicy(run: Run, words: readonly string[], options: SetOptions): Promise<void> {
  await asking(run, options, async (service) => {
    const { request, before } = await requestOf(run, service, words, options);
    const answer = await service.call(service.admin.updateBudget.bind(service.admin), request);
    const { out } = run.output;
    if (options.json) return out(jsonLine('UpdateBudgetResponse', UpdateBudgetResponse, answer));
    out(differenceText(before, answer.budget));
    out(warningsText(answer));
  });
}

/** Says what would be, and what it would have done with the last days; changes nothing. */
export async function previewPolicy(run: Run, words: readonly string[], options: SetOptions): Promise<void> {
  await asking(run, options, async (service) => {
    const { admin, call } = service;
    const { request, before } = await requestOf(run, service, words, options);
    const answer = await call(admin.updateBudget.bind(admin), { ...request, validateOnly: true });
    const { out } = run.output;
    if (options.json) return out(jsonLine('UpdateBudgetResponse', UpdateBudgetResponse, answer));
    out(differenceText(before, answer.budget));
    out(capsText(answer));
    out(warningsText(answer));
    const { budgetId, policy, updateMask, preset } = request;
    const simulated = { budgetId, policy, updateMask, preset };
    out(simulatedText(await call(admin.simulatePolicy.bind(admin), { ...simulated } as never)));
    out('nothing is changed: policy set does that\n');
  });
}

interface Asked {
  readonly before: Budget;
  readonly request: UpdateBudgetRequest;
}

async function requestOf(
  run: Run,
  service: Service,
  words: readonly string[],
  { file, replace, etag, reason }: SetOptions,
): Promise<Asked> {
  const pairs = words.filter((word) => word.includes('='));
  const [id, ...more] = words.filter((word) => !word.includes('='));
  if (more.length > 0) throw new StartError(`one budget, and fields as name=value: what is ${more[0]}?`, 2);
  if ((file === undefined) === (pairs.length === 0))
    throw new StartError('name the fields to change, as max_hourly_percent=0.33, or a --file with them', 2);
  const { fields, mask } = file === undefined ? fieldsOfWords(pairs) : fieldsOfFile(file);
  const before = await oneBudget(service, budgetIdOf(run, id));
  const { preset, ...plain } = fields;
  const request = UpdateBudgetRequest.fromPartial({
    ...{ budgetId: before.budgetId, policy: policyMessage(plain), reason, etag: etag ?? before.etag },
    updateMask: replace ? ['*'] : [...mask],
    ...(preset && { preset: Preset[`PRESET_${preset.name}`] }),
  });
  return { before, request: mask.length > 0 || replace ? request : { ...request, updateMask: undefined } };
}

interface Fields {
  readonly fields: PolicyFields;
  readonly mask: readonly string[];
}

function fieldsOfFile(file: string): Fields {
  const fields = readPolicyFile('--file', file);
  return { fields, mask: Object.keys(policyObject(fields)) };
}

const NAMES = [...POLICY_ROWS.map(([, { name }]) => name), 'preset'];

/** `name=` goes back to the default. */
function fieldsOfWords(words: readonly string[]): Fields {
  const object: Record<string, unknown> = {};
  const mask: string[] = [];
  for (const word of words) {
    const at = word.indexOf('=');
    const [name, text] = [word.slice(0, at), word.slice(at + 1)];
    if (!NAMES.includes(name)) {
      const near = nearest(name, NAMES);
      throw new StartError(`a policy has no field ${name}${near ? `; did you mean ${near}?` : ''}`, 2);
    }
    if (name !== 'preset') mask.push(name);
    if (text !== '') object[name] = parse(text) as unknown;
  }
  const policy = readPolicy(object);
  if ('fields' in policy) return { fields: policy.fields, mask };
  throw new StartError(
    policy.violations.map(({ field, description }) => `${field}: ${description}`).join('; '),
    2,
  );
}

function differenceText(before: Budget, after: Budget | undefined): string {
  const [was, is] = [before, after].map((budget) => policyObject(fieldsOf(budget?.policy)));
  const names = NAMES.filter((name) => JSON.stringify(was?.[name]) !== JSON.stringify(is?.[name]));
  const presets = [before, after].map((budget) => Preset[budget?.preset ?? 0]?.replace('PRESET_', '') ?? '');
  const lines = names.map((name) => `${name}: ${shortValue(was?.[name])} -> ${shortValue(is?.[name])}\n`);
  if (presets[0] !== presets[1]) lines.push(`preset: ${presets.join(' -> ')}\n`);
  return lines.length === 0 ? 'it is so already\n' : lines.join('');
}

function capsText({ windows, windowsBefore }: UpdateBudgetResponse): string {
  const rows = windows.map(({ window, spentTokens, reservedTokens, capTokens }, at) => [
    Window[window].replace('WINDOW_', '').toLowerCase(),
    amount(spentTokens + reservedTokens),
    amount(windowsBefore[at]?.capTokens ?? 0),
    amount(capTokens),
  ]);
  return rows.length === 0 ? '' : `\n${table([['WINDOW', 'USED', 'CAP NOW', 'CAP THEN'], ...rows])}`;
}

function warningsText({ warnings }: UpdateBudgetResponse): string {
  return warnings.map(({ field, message }) => `warning: ${field}: ${message}\n`).join('');
}

function simulatedText({ inForce, candidate, recordedTokens }: SimulatePolicyResponse): string {
  if (inForce === undefined || candidate === undefined) return '\nno closed day has usage to try it on\n';
  const row = (name: string, of: typeof inForce) => [
    name,
    `${of.lastedDays}`,
    amount(of.grantedTokens),
    amount(of.refusedTokens),
    amount(of.refusedRequests),
    `${Math.round(of.spreadPercent)}%`,
  ];
  const head = ['ON THE LAST DAYS', 'LASTED', 'GRANTED', 'REFUSED', 'REFUSALS', 'SPREAD'];
  const rows = [row('in force', inForce), row('candidate', candidate)];
  return `\n${table([head, ...rows])}(${amount(recordedTokens)} tokens were used on them)\n`;
}
