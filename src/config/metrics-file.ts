import { z } from 'zod';
import { AI_ID, isNot } from './values.js';
import type { Problem, YamlPath, YamlSource } from './yaml-source.js';

/** The section `metrics` of CONFIG_FILE. */
export interface MetricsSettings {
  /** Budgets with series of their own; the rest is counted together. */
  readonly maxBudgets: number;
  /** AIs with series of their own. Empty: no series by AI at all. */
  readonly aiLabels: readonly string[];
}

export const METRICS_KEYS = ['max_budgets', 'ai_labels'] as const;
/** Some 80 series each: as many as a Prometheus takes from one service without a second thought. */
const MAX_BUDGETS = 2_000;
const MAX_AIS = 100;

const budgetsRule = isNot(`a whole number of budgets from 1 to ${MAX_BUDGETS.toLocaleString('en')}`);
const aisRule = isNot('a list of AI ids');

const METRICS_SHAPE = z
  .strictObject(
    {
      max_budgets: z
        .number({ error: budgetsRule })
        .int({ error: budgetsRule })
        .min(1, { error: budgetsRule })
        .max(MAX_BUDGETS, { error: budgetsRule })
        .default(200),
      ai_labels: z
        .array(AI_ID, { error: aisRule })
        .max(MAX_AIS, { error: () => `more than ${MAX_AIS} AIs would make too many series` })
        .default([]),
    },
    { error: isNot('a map with max_budgets or ai_labels') },
  )
  .transform(
    ({ max_budgets, ai_labels }): MetricsSettings => ({ maxBudgets: max_budgets, aiLabels: ai_labels }),
  );

export const METRICS_DEFAULTS: MetricsSettings = METRICS_SHAPE.parse({});

type ShapeProblems = (at: YamlPath, issue: z.core.$ZodIssue) => Problem[];

export function readMetrics(
  source: YamlSource,
  shapeProblems: ShapeProblems,
): { readonly metrics?: MetricsSettings; readonly problems: readonly Problem[] } {
  const { metrics } = (source.value ?? {}) as { metrics?: unknown };
  if (metrics === undefined) return { problems: [] };
  const result = METRICS_SHAPE.safeParse(metrics ?? {});
  if (result.success) return { metrics: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => shapeProblems(['metrics'], issue));
  return { problems };
}
