/** A deliberate mistake, as a small patch of one file: the simulation must notice it. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The simulation that must notice it; absent: that of the service. */
  readonly script?: string;
}
