import type { YamlPath } from './yaml-source.js';

/** The steps of a field's name in the API: `policy.max_daily_percent_by_ai["a.b"]`, `policy.fallback_budget_ids[1]`. */
export function pathOf(field: string): YamlPath {
  const steps = field.matchAll(/\.?([a-z0-9_]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g);
  return [...steps].map(([, name, index, key]) => {
    if (index !== undefined) return Number(index);
    return key === undefined ? (name ?? '') : (JSON.parse(key) as string);
  });
}

/** A path for a person: `budgets.anthropic.token_weights_by_model["gpt-4.1"].input_percent`. */
export function pathText(path: YamlPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = String(step);
      if (!/^[\w-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}
