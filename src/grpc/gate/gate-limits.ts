/** What the server carries at once. Beyond a bound it refuses at once and cheaply, so that accepted calls go on. */
export interface GateLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Of one address, closed ones included: a TLS handshake costs about as much as ten calls. */
  readonly newConnectionsPerSecond: number;
  /** Calls under way, waiting and watching ones included. */
  readonly calls: number;
  /** Half of them: who opens connections without end leaves the other half to the others. */
  readonly callsPerAddress: number;
  /** Clients know this one, and keep what is above it to themselves. */
  readonly callsPerConnection: number;
  /** Even a refusal costs something: who is refused beyond these is not read for a while. Of all connections. */
  readonly refusalsPerSecond: number;
  /** Health checks are answered beyond the bounds: a busy server is not a sick one. */
  readonly healthChecks: number;
  /** Open streams of health news, which anybody may ask for. */
  readonly healthWatches: number;
  readonly healthWatchesPerAddress: number;
  /** Names and values of a call's metadata, as HTTP/2 counts them: 32 bytes more for each. */
  readonly metadataBytes: number;
  /** Answers that the client of one connection has not read yet; until it has, its next calls are refused. */
  readonly unreadBytes: number;
  /** The same of all connections: beyond it, those that leave the most unread are cut off. */
  readonly unreadBytesInAll: number;
  /** A connection must begin to speak HTTP/2 by then, its TLS handshake included. */
  readonly helloSeconds: number;
  /** A request must have arrived whole by then, and an answer must have been read. */
  readonly requestSeconds: number;
  readonly answerSeconds: number;
  /** A connection is asked to leave at about this age, a tenth more or less; 0: never. */
  readonly ageSeconds: number;
  /** What is under way on one that was asked to leave may go on for so long: longer than any call waits. */
  readonly ageGraceSeconds: number;
  /** Pings of a connection, beside two for each call and each time that a session's answers go out: clients probe the line then. */
  readonly pingsPerSecond: number;
}

export const GATE_LIMITS: GateLimits = {
  connections: 1_000,
  connectionsPerAddress: 500,
  newConnectionsPerSecond: 500,
  calls: 5_000,
  callsPerAddress: 2_500,
  callsPerConnection: 250,
  refusalsPerSecond: 4_000,
  healthChecks: 100,
  healthWatches: 1_000,
  healthWatchesPerAddress: 100,
  metadataBytes: 16 * 1024,
  unreadBytes: 16 * 1024 * 1024,
  unreadBytesInAll: 256 * 1024 * 1024,
  helloSeconds: 5,
  requestSeconds: 10,
  answerSeconds: 20,
  ageSeconds: 0,
  ageGraceSeconds: 960,
  pingsPerSecond: 100,
};
