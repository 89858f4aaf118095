import { ALERT_MUTATIONS } from './alert-mutations.js';
import { ARBITER_MUTATIONS } from './arbiter-mutations.js';
import { CHANGE_MUTATIONS } from './change-mutations.js';
import { DOMAIN_MUTATIONS } from './domain-mutations.js';
import type { Mutation } from './mutation.js';
import { QUEUE_MUTATIONS } from './queue-mutations.js';
import { SCOPE_MUTATIONS } from './scope-mutations.js';
import { SESSION_MUTATIONS } from './session-mutations.js';
import { STORE_MUTATIONS } from './store-mutations.js';
import { TRANSFER_MUTATIONS } from './transfer-mutations.js';

export const MUTATIONS: readonly Mutation[] = [
  ...STORE_MUTATIONS,
  ...ARBITER_MUTATIONS,
  ...QUEUE_MUTATIONS,
  ...DOMAIN_MUTATIONS,
  ...SCOPE_MUTATIONS,
  ...CHANGE_MUTATIONS,
  ...ALERT_MUTATIONS,
  ...SESSION_MUTATIONS,
  ...TRANSFER_MUTATIONS,
];
