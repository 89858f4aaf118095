import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { BUDGET_ID_RULE, isBudgetId } from '../domain/model/budget-id.js';
import type { FieldViolation } from '../domain/model/outcomes.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { policyViolations } from '../domain/policy/policy-check.js';
import { POLICY_FIELDS, POLICY_ROWS, TOKEN_WEIGHT_NAMES } from '../domain/policy/policy-fields.js';
import { rangeViolations } from '../domain/policy/policy-ranges.js';
import { policyWarnings } from '../domain/policy/policy-warnings.js';
import { SCOPE_ROWS } from '../domain/policy/scope-fields.js';
import { textOf } from '../platform/bytes.js';
import { type ConfiguredAccess, knownAccessKeys, readAccess } from './access-file.js';
import { type ConfiguredSinks, readAlertSinks, SINK_KEYS } from './alert-sinks-file.js';
import { METRICS_KEYS, type MetricsSettings, readMetrics } from './metrics-file.js';
import { nearest } from './near-miss.js';
import { FILE_SHAPE, POLICY_SHAPE } from './policy-shape.js';
import { shown } from './values.js';
import { type Problem, pathOf, pathText, readYaml, type YamlPath, type YamlSource } from './yaml-source.js';

/** A budget that the file asks for. */
export interface ConfiguredBudget {
  readonly budgetId: string;
  readonly fields: PolicyFields;
}

export interface BudgetsFile extends ConfiguredAccess, Partial<Pick<ConfiguredSinks, 'alertSinks'>> {
  readonly budgets: readonly ConfiguredBudget[];
  /** Absent: the defaults. */
  readonly metrics?: MetricsSettings;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** The variables that the file may name. */
type FileEnvironment = Readonly<Record<string, string | undefined>>;

/** Reads CONFIG_FILE. Every problem is told, not only the first. */
export function readBudgetsFile(file: string, environment: FileEnvironment = {}): BudgetsFile {
  let text: string | undefined;
  try {
    text = textOf(readFileSync(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return failed([
      {
        place: 'CONFIG_FILE',
        message: `cannot read ${shown(file)}: ${READ_FAILURES[code ?? ''] ?? message}`,
      },
    ]);
  }
  if (text === undefined)
    return failed([{ place: 'CONFIG_FILE', message: `${shown(file)} has bytes that are no text in UTF-8` }]);
  return parseBudgetsFile(file, text, environment);
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

export function parseBudgetsFile(file: string, text: string, environment: FileEnvironment = {}): BudgetsFile {
  const source = readYaml(file, text);
  if (source.problems.length > 0) return failed(source.problems);
  const outline = FILE_SHAPE.safeParse(source.value ?? {});
  const outlineProblems = outline.success
    ? []
    : outline.error.issues.flatMap((issue) => shapeProblems(source, [], issue));
  const checked = entriesOf(source.value).map(([budgetId, policy]) => checkBudget(source, budgetId, policy));
  const { problems: accessProblems, ...access } = readAccess(source, file, shapeProblems);
  const sinks = readAlertSinks(source, file, environment, (at, issue) => shapeProblems(source, at, issue));
  const { metrics, problems: metricsProblems } = readMetrics(source, (at, issue) =>
    shapeProblems(source, at, issue),
  );
  const problems = [
    ...[...outlineProblems, ...checked.flatMap((budget) => budget.problems)],
    ...[...accessProblems, ...sinks.problems, ...metricsProblems],
  ];
  if (problems.length > 0) return failed(problems);
  return {
    ...access,
    ...(sinks.alertSinks.length > 0 && { alertSinks: sinks.alertSinks }),
    ...(metrics === undefined ? {} : { metrics }),
    budgets: checked.map(({ budgetId, fields }) => ({ budgetId, fields })),
    problems,
    warnings: [...checked.flatMap((budget) => budgetWarnings(source, budget)), ...sinks.warnings],
  };
}

/** The budgets of a file, even of one that has other mistakes: all of them are to be told at once. */
function entriesOf(file: unknown): [string, unknown][] {
  const { budgets } = (file ?? {}) as { budgets?: unknown };
  if (typeof budgets !== 'object' || budgets === null || Array.isArray(budgets)) return [];
  return Object.entries(budgets).sort(([a], [b]) => (a < b ? -1 : 1));
}

function failed(problems: readonly Problem[]): BudgetsFile {
  const inOrder = [...problems].sort((a, b) => a.place.localeCompare(b.place, 'en', { numeric: true }));
  return { budgets: [], problems: inOrder, warnings: [] };
}

function checkBudget(
  source: YamlSource,
  budgetId: string,
  policy: unknown,
): ConfiguredBudget & { readonly problems: readonly Problem[] } {
  const at = ['budgets', budgetId];
  const problems = isBudgetId(budgetId)
    ? []
    : [problem(source, at, `${shown(budgetId)} is not a budget id: ${BUDGET_ID_RULE}`, 'key')];
  const told = (violations: readonly FieldViolation[]) =>
    violations.map(({ field, description }) =>
      problem(source, [...at, ...pathOf(field).slice(1)], description),
    );
  const result = POLICY_SHAPE.safeParse(policy);
  if (result.success) {
    return { budgetId, fields: result.data, problems: [...problems, ...told(policyViolations(result.data))] };
  }
  const { issues } = result.error;
  problems.push(...issues.flatMap((issue) => shapeProblems(source, at, issue)));
  const rest = POLICY_SHAPE.safeParse(withoutWrongFields(policy, issues));
  return { budgetId, fields: {}, problems: [...problems, ...told(rangeViolations(rest.data ?? {}))] };
}

/** What is left of a policy has ranges that can still be checked. */
function withoutWrongFields(policy: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const wrong = new Set(
    issues.flatMap((issue) => {
      const [field] = issue.path;
      if (field !== undefined) return [String(field)];
      return issue.code === 'unrecognized_keys' ? issue.keys : [];
    }),
  );
  if (wrong.size === 0) return {};
  return Object.fromEntries(Object.entries(policy as object).filter(([field]) => !wrong.has(field)));
}

function shapeProblems(source: YamlSource, at: YamlPath, issue: z.core.$ZodIssue): Problem[] {
  const path = [...at, ...issue.path];
  if (issue.code !== 'unrecognized_keys') return [problem(source, path, issue.message)];
  const known = knownKeys(path);
  return issue.keys.map((key) => {
    const meant = nearest(key, known);
    const advice = meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${meant}?`;
    return problem(source, [...path, key], `no such setting; ${advice}`, 'key');
  });
}

function knownKeys(path: YamlPath): string[] {
  if (path.length === 0) return ['alert_sinks', 'budgets', 'credentials', 'metrics', 'tls'];
  if (path[0] === 'alert_sinks') return [...SINK_KEYS];
  if (path[0] === 'metrics') return [...METRICS_KEYS];
  if (path[0] !== 'budgets') return [...knownAccessKeys(path)];
  if (path.length === 2) return [...POLICY_ROWS.map(([, { name }]) => name), 'preset'];
  return KEYS_OF_ENTRIES[String(path[2])] ?? Object.values(TOKEN_WEIGHT_NAMES);
}

/** What may be set of a team, or of the models that a pattern binds; whatever else is set by key is weights. */
const KEYS_OF_ENTRIES: Readonly<Record<string, string[]>> = {
  [POLICY_FIELDS.teams.name]: ['ai_ids', ...SCOPE_ROWS.teams.map(([, { name }]) => name)],
  [POLICY_FIELDS.models.name]: SCOPE_ROWS['limits-by-model'].map(([, { name }]) => name),
};

function budgetWarnings(source: YamlSource, { budgetId, fields }: ConfiguredBudget): Problem[] {
  return policyWarnings(fields).map(({ field, message }) =>
    problem(source, ['budgets', budgetId, ...pathOf(field)], message),
  );
}

function problem(source: YamlSource, path: YamlPath, message: string, part?: 'key' | 'value'): Problem {
  const place = source.place(path, part);
  return { place: path.length === 0 ? place : `${place}: ${pathText(path)}`, message };
}
