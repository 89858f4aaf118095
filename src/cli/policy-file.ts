import { readFileSync } from 'node:fs';
import { readPolicy } from '../config/policy-shape.js';
import { readYaml } from '../config/yaml-source.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { StartError } from '../platform/start-error.js';

/** A policy, or fields of one, in YAML or JSON, as CONFIG_FILE has it. */
export function readPolicyFile(option: string, file: string): PolicyFields {
  const source = readYaml(file, readFileSync(file, 'utf8'));
  const told = source.problems.map(({ place, message }) => `${place}: ${message}`);
  if (told.length > 0) throw new StartError(`${option}: ${told.join('; ')}`, 2);
  const policy = readPolicy(source.value);
  if ('fields' in policy) return policy.fields;
  const wrong = policy.violations.map(({ field, description }) => `${field}: ${description}`);
  throw new StartError(`${option}: ${file}: ${wrong.join('; ')}`, 2);
}
