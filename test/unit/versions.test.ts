import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

/** docs/releasing.md: one version for all, so that nobody has to ask which client goes with which service. */
describe('the version of the service', () => {
  it.each([
    ['clients/typescript/package.json', /"version": "([^"]+)"/],
    ['clients/ai-sdk/package.json', /"version": "([^"]+)"/],
    ['clients/python/pyproject.toml', /^version = "([^"]+)"/m],
    ['clients/java/pom.xml', /<version>([^<]+)<\/version>/],
    ['clients/java/client/pom.xml', /<version>([^<]+)<\/version>/],
    ['clients/java/spring-ai/pom.xml', /<version>([^<]+)<\/version>/],
    ['deploy/helm/budget-arbiter/Chart.yaml', /^version: (\S+)$/m],
    ['deploy/helm/budget-arbiter/Chart.yaml', /^appVersion: (\S+)$/m],
    ['docker-bake.hcl', /"VERSION" \{\n +default = "([^"]+)"/],
    ['Dockerfile', /image\.version="([^"]+)"/],
    ['clients/go/CHANGELOG.md', /^## \[?(\d[^\]\s]*)/m],
  ])('is that of %s', (file, pattern) => {
    expect(pattern.exec(read(file))?.[1]).toBe(packageJson.version);
  });
});
