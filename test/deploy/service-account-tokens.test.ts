import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type Service, startService } from '../support/service.js';
import { describeHelm, type Manifest, manifestsOf, set } from './helm.js';
import { Volumes } from './pod.js';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const README = readFileSync(new URL('../../deploy/kubernetes/README.md', import.meta.url), 'utf8');
const EXAMPLE = parseAllDocuments(
  readFileSync(new URL('../../deploy/kubernetes/examples/ai.yaml', import.meta.url), 'utf8'),
).map((document): Manifest => document.toJS());

/** A cluster that signs tokens as Kubernetes does: by RS256, its keys as /openid/v1/jwks has them. */
describeHelm('the tokens of service accounts', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const volumes = new Volumes();
  let service: Service;

  beforeAll(async () => {
    const [, shown = ''] = /```yaml\n(serviceAccountTokens:\n[\s\S]*?)```/.exec(README) ?? [];
    const values = volumes.at('values.yaml');
    writeFileSync(values, shown);
    const all = manifestsOf('--values', values, ...set('tls.secretName='));
    const container = all.get('Deployment').spec.template.spec.containers[0];
    const { CONFIG_FILE = '' } = volumes.environment(container);
    mkdirSync(volumes.at('/etc/budget-arbiter/issuer'), { recursive: true });
    const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'cluster', alg: 'RS256' };
    writeFileSync(volumes.at('/etc/budget-arbiter/issuer/jwks.json'), JSON.stringify({ keys: [jwk] }));
    const text = all.get('ConfigMap').data['config.yaml'];
    writeFileSync(
      CONFIG_FILE,
      text.replaceAll('/etc/budget-arbiter/issuer', volumes.at('/etc/budget-arbiter/issuer')),
    );
    service = await startService({ env: { CONFIG_FILE } });
  });
  afterAll(async () => {
    await service?.stop();
    volumes.remove();
  });

  const tokenOf = (account: string, audience: string): Promise<string> => {
    const [namespace, name] = account.split('/');
    const claims = {
      'kubernetes.io': { namespace, serviceaccount: { name, uid: 'u' }, pod: { name: 'p', uid: 'v' } },
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'cluster' })
      .setIssuer(ISSUER)
      .setSubject(`system:serviceaccount:${namespace}:${name}`)
      .setAudience([audience])
      .setIssuedAt()
      .setNotBefore('0s')
      .setExpirationTime('1h')
      .sign(privateKey);
  };
  const asks = async (token: string, ai: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ budgetId: 'anthropic', aiId: ai });
    const url = `http://${service.httpAddress}/budgetarbiter.v1.BudgetService/GetAvailability`;
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };

  const { metadata, spec } = EXAMPLE.find(({ kind }) => kind === 'Deployment');
  const pod = spec.template.spec;
  const { audience } = pod.volumes.find(({ projected }: Manifest) => projected).projected.sources[0]
    .serviceAccountToken;

  it('of the example is taken, for its AI alone', async () => {
    const token = await tokenOf(`${metadata.namespace}/${pod.serviceAccountName}`, audience);
    const { value: ai } = pod.containers[0].env.find(({ name }: Manifest) => name === 'BUDGET_ARBITER_AI');
    expect(await asks(token, ai)).toBe(200);
    expect(await asks(token, 'another')).toBe(403);
  });

  it.each([
    ['of another account', 'agents/sandbox', audience],
    ['of the same name elsewhere', 'default/guardian', audience],
    ['made for another audience', 'agents/guardian', ISSUER],
  ])('%s is refused', async (_what, account, madeFor) => {
    expect(await asks(await tokenOf(account, madeFor), 'guardian')).toBe(401);
  });

  it('has the keys mounted whole, so that new ones are seen', () => {
    const all = manifestsOf(...set('serviceAccountTokens.keysConfigMap=cluster-keys'));
    const { volumes: mounted, containers } = all.get('Deployment').spec.template.spec;
    expect(mounted).toContainEqual({ name: 'issuer', configMap: { name: 'cluster-keys' } });
    const mount = containers[0].volumeMounts.find(({ name }: Manifest) => name === 'issuer');
    expect(mount).toEqual({ name: 'issuer', mountPath: '/etc/budget-arbiter/issuer', readOnly: true });
  });

  it('needs nothing mounted where the issuer answers to everybody', () => {
    const principals = [{ namespace: 'a', serviceAccount: 'b', roles: [{ role: 'viewer', budgets: '*' }] }];
    const config = manifestsOf(
      ...set(`serviceAccountTokens.issuer=${ISSUER}`),
      ...['--set-json', `serviceAccountTokens.principals=${JSON.stringify(principals)}`],
    ).get('ConfigMap');
    expect(parse(config.data['config.yaml']).credentials.jwt).toEqual([
      {
        issuer: ISSUER,
        audience: 'budget-arbiter',
        principals: [
          { name: 'a/b', value: 'system:serviceaccount:a:b', roles: [{ role: 'viewer', budgets: '*' }] },
        ],
      },
    ]);
  });
});
