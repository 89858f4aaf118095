import { z } from 'zod';
import type {
  AccessSettings,
  CertificateSettings,
  JwtPrincipalSettings,
  JwtSettings,
  Role,
  RoleGrant,
  TokenSettings,
} from '../access/settings.js';
import { fits, TEXTS } from '../domain/model/field-limits.js';
import { AI_ID, BUDGET_PATTERN, discreet, isNot, isNotDiscreetly, parsed, shown } from './values.js';

/** The form of the sections `tls` and `credentials` of CONFIG_FILE. Each key may be written as it stands here, and no other. */

export const ACCESS_KEYS = {
  tls: ['cert', 'key'],
  credentials: ['tokens', 'mtls', 'jwt'],
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

export const TLS_SHAPE = z.strictObject(
  { cert: file, key: file },
  { error: isNot('a map with cert and key') },
);

export const CREDENTIALS_SHAPE = z
  .strictObject(
    {
      tokens: z
        .array(token, { error: isNotDiscreetly('a list of tokens') })
        .min(1, { error: () => 'an empty list is not a list of tokens' })
        .optional(),
      mtls: mtls.optional(),
      jwt: listOf(jwt, 'a list of issuers').optional(),
    },
    { error: isNotDiscreetly('a map with tokens, mtls or jwt') },
  )
  .refine(({ tokens, mtls, jwt }) => tokens ?? mtls ?? jwt, {
    error: 'nobody is named here, so nobody could call; name tokens, mtls or jwt',
  })
  .transform(
    ({ tokens = [], mtls, jwt = [] }): AccessSettings => ({
      tokens,
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
