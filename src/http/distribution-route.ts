import { PERMISSIONS } from '../access/permissions.js';
import type { DistributionQuery } from '../arbiter/door.js';
import { BUDGET_ID_RULE, isBudgetId } from '../domain/model/budget-id.js';
import type { Refused } from '../domain/model/outcomes.js';
import type { DistributionStats } from '../domain/statistics/distribution.js';
import { DAY_RULE, isDay, isMonth, MONTH_RULE, monthOfDay } from '../domain/time/calendar.js';
import { type Answer, errorAnswer } from './answer.js';
import { distributionJson } from './distribution-json.js';
import type { Endpoint } from './endpoint.js';
import { refusalAnswer } from './error-answers.js';

export type GetDistribution = (
  budgetId: string,
  query: DistributionQuery,
) => Promise<{ readonly stats: DistributionStats } | Refused>;

const PARAMETERS = {
  budget_id: { isRight: isBudgetId, rule: `a budget id, ${BUDGET_ID_RULE}` },
  month: { isRight: isMonth, rule: MONTH_RULE },
  day: { isRight: isDay, rule: DAY_RULE },
} as const;
const NAMES = Object.keys(PARAMETERS) as (keyof typeof PARAMETERS)[];

/** `GET /api/token-usage/distribution?budget_id=&month=&day=` */
export function distributionEndpoint(defaultBudget: string, getDistribution: GetDistribution): Endpoint {
  return {
    path: '/api/token-usage/distribution',
    methods: ['GET'],
    access: PERMISSIONS.http,
    answer: ({ query, maySee }) =>
      distribution(query, defaultBudget, (budgetId, asked) => {
        maySee(budgetId);
        return getDistribution(budgetId, asked);
      }),
  };
}

async function distribution(
  query: URLSearchParams,
  defaultBudget: string,
  getDistribution: GetDistribution,
): Promise<Answer> {
  const wrong = wrongParameter(query);
  if (wrong !== undefined) return wrong;
  const [month, day] = [query.get('month'), query.get('day')];
  if (month !== null && day !== null && monthOfDay(day) !== month) {
    return invalid('day', `must be within the month ${month}`);
  }
  const answer = await getDistribution(query.get('budget_id') ?? defaultBudget, {
    ...(month === null ? {} : { month }),
    ...(day === null ? {} : { day }),
  });
  if ('stats' in answer) return { status: 200, body: distributionJson(answer.stats) };
  return refusalAnswer(answer.refusal);
}

/** An unknown parameter is refused: a misspelt `budget_id` would show another budget's figures. */
function wrongParameter(query: URLSearchParams): Answer | undefined {
  for (const name of query.keys()) {
    const known = NAMES.find((parameter) => parameter === name);
    if (known === undefined) {
      return invalid(name.slice(0, 64), `unknown parameter; known are ${NAMES.join(', ')}`);
    }
    const values = query.getAll(name);
    if (values.length > 1) return invalid(name, 'given more than once');
    const { isRight, rule } = PARAMETERS[known];
    if (!isRight(values[0] ?? '')) return invalid(name, `must be ${rule}`);
  }
  return undefined;
}

function invalid(field: string, message: string): Answer {
  return errorAnswer(400, 'INVALID_FIELD', `${field}: ${message}`, { field });
}
