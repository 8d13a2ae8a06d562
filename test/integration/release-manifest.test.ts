/** The install manifest of a release: config/default in one file, with the image by digest wherever it is named. */
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { installManifest } from '../../packaging/release/install-manifest.ts';
import { buildGoPrograms } from '../cluster/build/go-programs.ts';
import { run } from '../cluster/run.ts';

const REPOSITORY = 'registry.example.com/dnshealth-operator';
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

let renderer: readonly string[];
beforeAll(async () => {
  const kubectl = join((await buildGoPrograms(console.error)).get('kubernetes') ?? '', 'kubectl');
  renderer = [kubectl, 'kustomize'];
});

interface Policy {
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
}

const objects = (text: string): readonly { readonly kind: string; readonly spec?: unknown }[] =>
  parseAllDocuments(text).map((document) => document.toJS());

it('names the image by digest in the Deployment, for the pods on nodes and for admission, and nowhere by tag', async () => {
  const text = await installManifest({ repository: REPOSITORY, digest: DIGEST, renderer });
  const image = `${REPOSITORY}@${DIGEST}`;
  const found = objects(text);
  const variables = found.flatMap(({ kind, spec }) =>
    kind === 'ValidatingAdmissionPolicy' ? ((spec as Policy).variables ?? []) : [],
  );
  const admitted = variables.filter(({ name }) => name === 'image').map(({ expression }) => expression);
  expect(admitted).toEqual([`'${image}'`, `'${image}'`]);
  expect(found.find(({ kind }) => kind === 'Deployment')?.spec).toMatchObject({
    template: {
      spec: { containers: [{ image, env: expect.arrayContaining([{ name: 'AGENT_IMAGE', value: image }]) }] },
    },
  });
  expect(text).not.toContain('dnshealth-operator:0.1.0');
});

it('holds the objects of config/default', async () => {
  const text = await installManifest({ repository: REPOSITORY, digest: DIGEST, renderer });
  const { stdout } = await run([...renderer, 'config/default']);
  const names = (all: string) => [...all.matchAll(/^kind: .*$/gm)].map(([line]) => line);
  expect(names(text)).toEqual(names(stdout));
});
