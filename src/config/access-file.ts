import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type {
  AccessSettings,
  CertificateSettings,
  JwtPrincipalSettings,
  JwtSettings,
  Role,
  RoleGrant,
  TokenSettings,
} from '../access/access-settings.js';
import { fits, TEXTS } from '../domain/model/field-limits.js';
import { keySetIn, textOf } from '../platform/bytes.js';
import { readTls, type TlsPaths } from '../platform/tls-files.js';
import { AI_ID, BUDGET_PATTERN, discreet, isNot, isNotDiscreetly, parsed, shown } from './values.js';
import { type Problem, pathText, readYaml, type YamlPath, type YamlSource } from './yaml-source.js';

/** The form of the sections `tls` and `credentials` of CONFIG_FILE. Each key may be written as it stands here, and no other. */

const ACCESS_KEYS = {
  tls: ['cert', 'key'],
  credentials: ['tokens', 'tokens_file', 'mtls', 'jwt'],
  tokens: ['name', 'sha256', 'roles'],
  mtls: ['client_ca', 'principals'],
  mtlsPrincipals: ['san', 'name', 'roles'],
  jwt: ['issuer', 'audience', 'jwks_file', 'jwks_uri', 'claim', 'principals'],
  jwtPrincipals: ['value', 'name', 'roles'],
  roles: ['role', 'budgets', 'ais'],
} as const;

const file = z.string({ error: isNot('a file') }).min(1, { error: isNot('a file') });
const name = parsed(
  (text) => (fits(TEXTS.principal, text) ? text : undefined),
  `a name of ${TEXTS.principal.rule}, for the log`,
);
const ROLES: readonly Role[] = ['ai', 'viewer', 'operator'];

const roleGrant = z
  .strictObject(
    {
      role: z.enum(ROLES, { error: isNot(`one of ${ROLES.join(', ')}`) }),
      budgets: BUDGET_PATTERN,
      ais: listOf(AI_ID, 'a list of AI ids').optional(),
    },
    { error: isNot('a role such as {role: viewer, budgets: "*"}') },
  )
  .superRefine(({ role, ais }, context) => {
    const wrong = (message: string) => context.addIssue({ code: 'custom', path: ['ais'], message });
    if (role === 'ai' && ais === undefined) wrong('the role ai needs the ids of the AIs that it may act as');
    if (role !== 'ai' && ais !== undefined) wrong(`only the role ai has AI ids; ${role} is not bound to any`);
  })
  .transform(({ role, budgets, ais = [] }): RoleGrant => ({ role, budgets, ais }));

const roles = listOf(roleGrant, 'a list of roles');

const token: z.ZodType<TokenSettings> = z.strictObject(
  {
    name,
    // Not repeated in a message: somebody may have put the token itself there.
    sha256: parsed(
      (text) => (/^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined),
      'a SHA-256 of 64 hex digits; npm run token makes a token and its hash',
      true,
    ),
    roles,
  },
  { error: isNotDiscreetly('a token with name, sha256 and roles') },
);

const certificate: z.ZodType<CertificateSettings> = z.strictObject(
  {
    name,
    san: parsed(
      matching(/^(?:[a-z][a-z0-9+.-]*:\/\/[^\s",]+|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)$/i),
      'a name in the certificate: a URI such as spiffe://example.org/guardian, or a DNS name',
    ),
    roles,
  },
  { error: isNot('a certificate with san, name and roles') },
);

const jwtPrincipal: z.ZodType<JwtPrincipalSettings> = z.strictObject(
  { name, value: z.string({ error: isNot('what the claim must be') }).min(1), roles },
  { error: isNot('a principal with value, name and roles') },
);

const text = (what: string) => z.string({ error: isNot(what) }).min(1, { error: isNot(what) });

const HTTPS = 'an address that begins with https://';
/** An address may have a password, or a key in its query. */
const isNotHttps = ({ input }: { readonly input?: unknown }) =>
  `${/[@?]/.test(String(input)) ? discreet(input) : shown(input)} is not ${HTTPS}, without user and password`;

const jwt = z
  .strictObject(
    {
      issuer: parsed(issuerUrl, HTTPS, isNotHttps),
      audience: text('the audience that tokens are made for'),
      jwks_file: file.optional(),
      jwks_uri: parsed(guardedUrl, HTTPS, isNotHttps).optional(),
      claim: text('the name of a claim').default('sub'),
      principals: listOf(jwtPrincipal, 'a list of principals'),
    },
    { error: isNot('an issuer with issuer, audience and principals') },
  )
  .superRefine(({ jwks_file, jwks_uri }, context) => {
    if (jwks_file === undefined || jwks_uri === undefined) return;
    context.addIssue({ code: 'custom', path: ['jwks_uri'], message: 'give jwks_file or jwks_uri, not both' });
  })
  .transform(({ jwks_file, jwks_uri, ...rest }): JwtSettings => {
    const keys = jwks_file === undefined ? undefined : { jwksFile: jwks_file };
    return { ...rest, ...keys, ...(jwks_uri === undefined ? {} : { jwksUri: jwks_uri }) };
  });

const mtls = z.strictObject(
  { client_ca: file, principals: listOf(certificate, 'a list of certificates') },
  { error: isNot('a map with client_ca and principals') },
);

const TLS_SHAPE = z.strictObject({ cert: file, key: file }, { error: isNot('a map with cert and key') });

const tokens = z
  .array(token, { error: isNotDiscreetly('a list of tokens') })
  .min(1, { error: () => 'an empty list is not a list of tokens' });

/** A file of its own, so that tokens can be mounted as a secret apart from the rest. */
const TOKENS_FILE_SHAPE = z.strictObject({ tokens }, { error: isNotDiscreetly('a map with tokens') });

const CREDENTIALS_SHAPE = z
  .strictObject(
    {
      tokens: tokens.optional(),
      tokens_file: file.optional(),
      mtls: mtls.optional(),
      jwt: listOf(jwt, 'a list of issuers').optional(),
    },
    { error: isNotDiscreetly('a map with tokens, tokens_file, mtls or jwt') },
  )
  .refine(({ tokens, tokens_file, mtls, jwt }) => tokens ?? tokens_file ?? mtls ?? jwt, {
    error: 'nobody is named here, so nobody could call; name tokens, tokens_file, mtls or jwt',
  })
  .transform(
    ({ tokens = [], tokens_file, mtls, jwt = [] }): AccessSettings => ({
      tokens,
      ...(tokens_file === undefined ? {} : { tokensFile: tokens_file }),
      certificates: mtls?.principals ?? [],
      ...(mtls === undefined ? {} : { clientCaFile: mtls.client_ca }),
      jwt,
    }),
  );

function listOf<T extends z.ZodType>(item: T, what: string) {
  return z.array(item, { error: isNot(what) }).min(1, { error: () => `an empty list is not ${what}` });
}

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}

/** Whoever can change an answer on its way can make tokens; only this machine needs no TLS. */
function guardedUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return undefined;
  const local = protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  return protocol === 'https:' || local ? text : undefined;
}

/** Its name as tokens have it, too: OpenID allows no query in it. */
function issuerUrl(text: string): string | undefined {
  return text.includes('?') ? undefined : guardedUrl(text);
}

export interface ConfiguredAccess {
  readonly credentials?: AccessSettings;
  readonly tls?: TlsPaths;
}

type ShapeProblems = (source: YamlSource, at: YamlPath, issue: z.core.$ZodIssue) => Problem[];

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
    problems.push(...result.error.issues.flatMap((issue) => shapeProblems(source, [name], issue)));
    return undefined;
  };
  const pair = checked(TLS_SHAPE, 'tls', tls);
  const named = checked(CREDENTIALS_SHAPE, 'credentials', credentials);
  const problem = (path: YamlPath, message: string) =>
    problems.push({ place: `${source.place(path)}: ${pathText(path)}`, message });
  const here = (name: string): string => resolve(dirname(file), name);
  const { people, problems: fileProblems } = withTokensFile(named, here, shapeProblems);
  for (const { place, message } of fileProblems) {
    if (place === '') problem(['credentials', 'tokens_file'], message);
    else problems.push({ place, message });
  }
  if (people !== undefined) for (const [path, message] of twice(people)) problem(path, message);
  if (people?.clientCaFile !== undefined && tls === undefined) {
    problem(['credentials', 'mtls'], 'client certificates need TLS: name cert and key under "tls"');
  }
  if (problems.length > 0) return { problems };
  const found = located(pair, people, here);
  const unreadable = found.tls && problemOf(found.tls, readTls);
  if (unreadable !== undefined) problem(['tls'], unreadable);
  for (const [index, { jwksFile }] of (found.credentials?.jwt ?? []).entries()) {
    const wrong = jwksFile && problemOf(jwksFile, readKeySet);
    if (wrong !== undefined) problem(['credentials', 'jwt', index, 'jwks_file'], wrong);
  }
  return { ...found, problems };
}

/** The tokens of the other file beside those of this one. A problem without a place is one of the file as a whole. */
function withTokensFile(
  people: AccessSettings | undefined,
  here: (name: string) => string,
  shapeProblems: ShapeProblems,
): { readonly people: AccessSettings | undefined; readonly problems: readonly Problem[] } {
  if (people?.tokensFile === undefined) return { people, problems: [] };
  const tokensFile = here(people.tokensFile);
  const told = (message: string) => ({ people, problems: [{ place: '', message }] });
  let text: string | undefined;
  try {
    text = textOf(readFileSync(tokensFile));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return told(`${tokensFile} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}`);
  }
  if (text === undefined) return told(`${tokensFile} has bytes that are no text in UTF-8`);
  const source = readYaml(tokensFile, text);
  if (source.problems.length > 0) return { people, problems: source.problems };
  const result = TOKENS_FILE_SHAPE.safeParse(source.value ?? {});
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0
        ? [{ place: source.place(issue.keys, 'key'), message: 'only "tokens" may stand here' }]
        : shapeProblems(source, [], issue),
    );
    return { people, problems };
  }
  return {
    people: { ...people, tokens: [...people.tokens, ...result.data.tokens], tokensFile },
    problems: [],
  };
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
  const repeated = (at: YamlPath, key: string, values: readonly string[]): [YamlPath, string][] => {
    const seen = new Set<string>();
    return values.flatMap((value, index) => {
      if (seen.has(value)) return [[[...at, index, key], 'stands here twice'] as [YamlPath, string]];
      seen.add(value);
      return [];
    });
  };
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
  if (section === 'tokens') return knownAccessKeys(['credentials', section, ...steps]);
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
