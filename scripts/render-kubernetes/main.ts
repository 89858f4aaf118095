import { endWith, npmCommand, optionsOf, typed } from '../npm-command.js';
import { differences, manifestsOfChart, manifestsOnDisk, writeManifests } from './manifests.js';

/** `npm run render:kubernetes`: the plain manifests are what the chart renders. */
const { check } = optionsOf<{ check: boolean }>(
  npmCommand(
    'render:kubernetes',
    'Writes deploy/kubernetes/*.yaml: what the chart in deploy/helm renders with its default values, and below optional/ what ' +
      'those have off. Needs helm on the path, or HELM.',
  ).option('--check', 'only say which files differ, and fail then', false),
  typed(),
);
try {
  const [wanted, found] = [manifestsOfChart(), manifestsOnDisk()];
  const differing = differences(wanted, found);
  if (!check) writeManifests(wanted, found);
  for (const name of differing) console.log(`${check ? 'differs' : 'written'}: deploy/kubernetes/${name}`);
  if (check && differing.length > 0) process.exit(1);
} catch (error) {
  endWith(error);
}
