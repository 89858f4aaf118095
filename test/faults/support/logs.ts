import type { Service } from '../../support/service.js';

/** The messages that a service logged, each with its reason. */
export function logTexts({ logs }: Pick<Service, 'logs'>): string[] {
  return logs.map(({ msg, reason, text }) => [msg ?? text, reason].filter(Boolean).join(': '));
}
