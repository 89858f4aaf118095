import { PRESETS } from '../../domain/model/policy.js';
import { amount, duration } from '../../domain/model/wording.js';
import {
  MAX_WEIGHT,
  POLICY_GROUPS,
  POLICY_ROWS,
  type PolicyField,
  TOKEN_WEIGHT_NAMES,
} from '../../domain/policy/policy-fields.js';
import type { FormField, PolicyFormData } from './page-data.js';

/** The fields as the form asks for them, with their help, limits and defaults from the one table. */
export const POLICY_FORM: PolicyFormData = {
  presets: PRESETS,
  groups: POLICY_GROUPS,
  fields: POLICY_ROWS.map(([, row]): FormField => {
    const { name, group, kind, help } = row;
    const fallback = defaultOf(row);
    return {
      ...{ name, group, kind, help, limits: limitsOf(row) },
      ...(row.kind === 'choice' && { values: row.values }),
      ...(fallback !== undefined && { default: fallback }),
    };
  }),
};

/** In the JSON of the API. */
function defaultOf(row: PolicyField): unknown {
  if (!('default' in row)) return undefined;
  switch (row.kind) {
    case 'duration':
      return `${row.default / 1_000}s`;
    case 'choice':
      return `${row.name.toUpperCase()}_${row.default}`;
    case 'weights':
      return Object.fromEntries(
        Object.entries(TOKEN_WEIGHT_NAMES).map(([kind, name]) => [
          name,
          row.default[kind as keyof typeof row.default],
        ]),
      );
    default:
      return row.default;
  }
}

function limitsOf(row: PolicyField): string {
  switch (row.kind) {
    case 'tokens':
    case 'count':
      return `${amount(row.least)} to ${amount(row.most)}`;
    case 'percent':
      return `${row.least} to ${row.most} percent`;
    case 'share':
      return 'above 0, to 100 percent';
    case 'duration':
      return `${duration(row.least)} to ${duration(row.most)}`;
    case 'choice':
    case 'zone':
    case 'unit':
      return '';
    case 'weights':
      return `0 to ${amount(MAX_WEIGHT)} percent each`;
    case 'percents':
      return `1 to 100 percent each, at most ${amount(row.most)}`;
    case 'budgets':
    case 'shares-by-ai':
    case 'weights-by-model':
    case 'teams':
    case 'limits-by-model':
      return `at most ${amount(row.most)} entries`;
  }
}
