import { type CallOptions, Metadata, type ServiceError } from '@grpc/grpc-js';

// The one of its overloads from which TypeScript infers the answer.
type Method<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** A call of the operator, or of the proof, as a promise. */
export function operatorCall<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), {}, (error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}
