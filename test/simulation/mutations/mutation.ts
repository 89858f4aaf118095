/** A deliberate mistake, as a small patch of one file: the simulation must notice it. */
export interface Mutation {
  readonly name: string;
  /** The function, class or constant that declares what is changed: a move of files changes nothing here. */
  readonly at: string;
  /** Stands exactly once in the file of that name's declaration. */
  readonly find: string;
  readonly replace: string;
  /** The simulation that must notice it; absent: that of the service. */
  readonly script?: string;
}
