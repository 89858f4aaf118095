export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The text of a variable: as it is set, or its default. One that is set to nothing counts as not set. */
export function textIn(
  environment: Environment,
  { variable, fallback }: { readonly variable: string; readonly fallback?: string },
): { text?: string; isDefault: boolean } {
  const text = environment[variable];
  if (text !== undefined && text !== '') return { text, isDefault: false };
  return fallback === undefined ? { isDefault: true } : { text: fallback, isDefault: true };
}
