import type { Refusal } from '../../domain/model/outcomes.js';
import { type Answer, errorAnswer } from '../answer.js';
import { refusalAnswer } from '../error-answers.js';

/** Why an action was refused, for the person who asked for it. */
export function refusedAction(refusal: Refusal): Answer {
  switch (refusal.reason) {
    case 'LEASE_NOT_FOUND':
      return errorAnswer(404, refusal.reason, 'This lease is not known: it closed more than 7 days ago.');
    case 'ETAG_MISMATCH':
      return errorAnswer(
        409,
        refusal.reason,
        'Somebody else has changed the policy meanwhile: load it again, and repeat your change.',
      );
    case 'INVALID_FIELD':
    case 'UNWORKABLE_POLICY': {
      const [first] = refusal.violations;
      const field = first?.field.replace(/^policy\./, '') ?? '';
      const text = refusal.violations.map(({ field: path, description }) => `${path}: ${description}`);
      return errorAnswer(400, refusal.reason, text.join('; '), field === '' ? {} : { field });
    }
    case 'OUTBOX_FULL':
    case 'STATE_FULL':
      return errorAnswer(503, refusal.reason, 'The budget takes nothing new now: try again in a minute.');
    default:
      return refusalAnswer(refusal);
  }
}
