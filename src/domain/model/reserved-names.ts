import { MAX_AIS, MAX_MODELS } from './limits.js';
import { OTHER, UNKNOWN } from './types.js';
import { amount } from './wording.js';

/**
 * Names that stand for what has no name of its own. Whoever could bear one would be counted with many, or hide among them.
 * States from before this rule may know such AIs and models: they are read as they are.
 */

/** Ids of top-ups that begin so are those of what a month leaves to the next. */
export const ROLLOVER = 'rollover-';

/** Why this is not to be an AI's id, and what to do; undefined if it may be. */
export function reservedAi(aiId: string): string | undefined {
  if (aiId !== OTHER) return undefined;
  return `must not be \`${OTHER}\`, which stands for all AIs beyond the ${amount(MAX_AIS)} that a day names; name the AI itself`;
}

/** The same of a model. An operator may name `(unknown)` where that is what he corrects. */
export function reservedModel(model: string): string | undefined {
  if (model === UNKNOWN) {
    return `must not be \`${UNKNOWN}\`, which stands for tokens that no model is known of; name the model, or leave it empty`;
  }
  if (model !== OTHER) return undefined;
  return `must not be \`${OTHER}\`, which stands for all models beyond the ${amount(MAX_MODELS)} that a day names; name the model itself`;
}
