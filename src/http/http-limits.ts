/** What the HTTP side carries at once. Beyond a bound it refuses at once, so that accepted requests go on. */
export interface HttpLimits {
  readonly connections: number;
  /** Half of them: who opens connections without end leaves the other half to the others. */
  readonly connectionsPerAddress: number;
  /** Requests under way. */
  readonly requests: number;
  readonly requestsPerAddress: number;
  /** A client may send the next requests before it has the answer, and Node reads on for as long as it does. */
  readonly requestsPerConnection: number;
  /** Health checks are answered beyond the bounds: a busy service is not a sick one. */
  readonly healthChecks: number;
}

export const HTTP_LIMITS: HttpLimits = {
  connections: 512,
  connectionsPerAddress: 256,
  requests: 256,
  requestsPerAddress: 128,
  requestsPerConnection: 8,
  healthChecks: 32,
};
