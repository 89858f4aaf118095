import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import type { AccessSettings } from '../access/settings.js';
import { keySetIn } from '../platform/key-set.js';
import { readTls, type TlsPaths } from '../platform/tls-files.js';
import { ACCESS_KEYS, CREDENTIALS_SHAPE, TLS_SHAPE } from './access-shape.js';
import { pathText } from './field-path.js';
import type { Problem, YamlPath, YamlSource } from './yaml-source.js';

export interface ConfiguredAccess {
  readonly credentials?: AccessSettings;
  readonly tls?: TlsPaths;
}

type ShapeProblems = (at: YamlPath, issue: z.core.$ZodIssue) => Problem[];

/** Reads the sections `tls` and `credentials`; names of files in them are relative to the file's own folder. */
export function readAccess(
  source: YamlSource,
  file: string,
  shapeProblems: ShapeProblems,
): ConfiguredAccess & { readonly problems: readonly Problem[] } {
  const { tls, credentials } = (source.value ?? {}) as { tls?: unknown; credentials?: unknown };
  const problems: Problem[] = [];
  const checked = <T>(shape: z.ZodType<T>, name: string, value: unknown): T | undefined => {
    if (value === undefined) return undefined;
    const result = shape.safeParse(value);
    if (result.success) return result.data;
    problems.push(...result.error.issues.flatMap((issue) => shapeProblems([name], issue)));
    return undefined;
  };
  const pair = checked(TLS_SHAPE, 'tls', tls);
  const people = checked(CREDENTIALS_SHAPE, 'credentials', credentials);
  const problem = (path: YamlPath, message: string) =>
    problems.push({ place: `${source.place(path)}: ${pathText(path)}`, message });
  if (people !== undefined) for (const [path, message] of twice(people)) problem(path, message);
  if (people?.clientCaFile !== undefined && tls === undefined) {
    problem(['credentials', 'mtls'], 'client certificates need TLS: name cert and key under "tls"');
  }
  if (problems.length > 0) return { problems };
  const here = (name: string): string => resolve(dirname(file), name);
  const found = located(pair, people, here);
  const unreadable = found.tls && problemOf(found.tls, readTls);
  if (unreadable !== undefined) problem(['tls'], unreadable);
  for (const [index, { jwksFile }] of (found.credentials?.jwt ?? []).entries()) {
    const wrong = jwksFile && problemOf(jwksFile, readKeySet);
    if (wrong !== undefined) problem(['credentials', 'jwt', index, 'jwks_file'], wrong);
  }
  return { ...found, problems };
}

function located(
  pair: { readonly cert: string; readonly key: string } | undefined,
  people: AccessSettings | undefined,
  here: (name: string) => string,
): ConfiguredAccess {
  const clientCa = people?.clientCaFile && here(people.clientCaFile);
  const credentials = people && {
    ...people,
    ...(clientCa === undefined ? {} : { clientCaFile: clientCa }),
    jwt: people.jwt.map((issuer) =>
      issuer.jwksFile === undefined ? issuer : { ...issuer, jwksFile: here(issuer.jwksFile) },
    ),
  };
  const tls = pair && {
    ...{ cert: here(pair.cert), key: here(pair.key) },
    ...(clientCa === undefined ? {} : { clientCa }),
  };
  return { ...(credentials && { credentials }), ...(tls && { tls }) };
}

/** It is read again when it is needed; what is wrong now would refuse every token of the issuer. */
function readKeySet(file: string): void {
  try {
    keySetIn(readFileSync(file), file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Error(`${file} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}`);
  }
}

function problemOf<T>(named: T, read: (named: T) => unknown): string | undefined {
  try {
    read(named);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** One credential for two principals would silently be the first one's. */
function twice({ tokens, certificates, jwt }: AccessSettings): [YamlPath, string][] {
  const repeated = (at: YamlPath, key: string, values: readonly string[]): [YamlPath, string][] =>
    values.flatMap((value, index) =>
      values.indexOf(value) === index
        ? []
        : [[[...at, index, key], 'stands here twice'] as [YamlPath, string]],
    );
  const credentials = 'credentials';
  return [
    ...repeated(
      [credentials, 'tokens'],
      'sha256',
      tokens.map(({ sha256 }) => sha256),
    ),
    ...repeated(
      [credentials, 'mtls', 'principals'],
      'san',
      certificates.map(({ san }) => san),
    ),
    ...repeated(
      [credentials, 'jwt'],
      'issuer',
      jwt.map(({ issuer }) => issuer),
    ),
    ...jwt.flatMap(({ principals }, index) =>
      repeated(
        [credentials, 'jwt', index, 'principals'],
        'value',
        principals.map(({ value }) => value),
      ),
    ),
  ];
}

/** What may stand at a place within `tls` or `credentials`. */
export function knownAccessKeys([section, ...steps]: YamlPath): readonly string[] {
  if (section === 'tls') return ACCESS_KEYS.tls;
  const names = steps.filter((step) => typeof step === 'string');
  switch (names.join('.')) {
    case '':
      return ACCESS_KEYS.credentials;
    case 'tokens':
      return ACCESS_KEYS.tokens;
    case 'mtls':
      return ACCESS_KEYS.mtls;
    case 'mtls.principals':
      return ACCESS_KEYS.mtlsPrincipals;
    case 'jwt':
      return ACCESS_KEYS.jwt;
    case 'jwt.principals':
      return ACCESS_KEYS.jwtPrincipals;
    default:
      return ACCESS_KEYS.roles;
  }
}
