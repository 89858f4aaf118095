import { openai } from '@ai-sdk/openai';
import { budgetMiddleware } from '@budget-arbiter/ai-sdk';
import { BudgetClient } from '@budget-arbiter/client';
import { wrapLanguageModel } from 'ai';

/** One for the server. Nobody waits for a page for a minute: who gets no slot within 5 seconds is told to come again. */
const budget = BudgetClient.fromEnv({ wait: 5, patience: 5 });

export const model = wrapLanguageModel({
  model: openai('gpt-5.1'),
  middleware: budgetMiddleware(budget, { estimate: 1_500 }),
});
