import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { BudgetServiceClient } from '../../src/gen/budget/v1/budget_service.js';

type Callback<A> = (error: ServiceError | null, answer: A) => void;

export function connect(address: string): BudgetServiceClient {
  return new BudgetServiceClient(address, credentials.createInsecure());
}

/** A call as a promise. While the service is away it is repeated just as it is: the ids in it make that safe. */
export async function ask<A>(call: (callback: Callback<A>) => unknown): Promise<A> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await new Promise<A>((resolve, reject) => {
        call((error, answer) => (error === null ? resolve(answer) : reject(error)));
      });
    } catch (error) {
      if ((error as ServiceError).code !== status.UNAVAILABLE || tries === 10) throw error;
      await pause(100 * tries);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
