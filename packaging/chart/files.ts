/** All generated files of the Helm chart: its values, and copies of what config/default and crds/ hold. */
import { readdir, readFile } from 'node:fs/promises';
import { crdFiles, type GeneratedFile } from '../../src/api/generate.ts';
import { schemaFile, valuesFile } from './values-files.ts';

const ROOT = new URL('../../', import.meta.url);
export const CHART = new URL('charts/dnshealth-operator/', ROOT);
/** What templates read: Helm renders none of it by itself, so that braces in a file are only text. */
export const COPIES = new URL('files/', CHART);

/** Folders of config/ whose objects the chart installs as they are, under the same name; the Deployment is a template. */
const FOLDERS = [
  { from: 'namespaces', to: 'namespaces' },
  { from: 'rbac', to: 'rbac' },
  { from: 'admission', to: 'admission' },
  { from: 'isolation', to: 'isolation' },
  { from: 'manager', to: 'manager' },
  { from: 'monitoring', to: 'monitoring' },
  { from: 'samples/policies', to: 'policies' },
];
const NOT_COPIED = ['kustomization.yaml', 'deployment.yaml', 'prometheus-rule.test.yaml'];

export async function chartFiles(): Promise<readonly GeneratedFile[]> {
  const copies = await Promise.all(
    FOLDERS.map(async ({ from, to }) => {
      const names = (await readdir(new URL(`config/${from}/`, ROOT))).filter(
        (name) => /\.(?:yaml|json)$/.test(name) && !NOT_COPIED.includes(name),
      );
      return Promise.all(
        names.map(async (name) => {
          const text = await readFile(new URL(`config/${from}/${name}`, ROOT), 'utf8');
          const heading = `# Copied by "npm run generate" from config/${from}/${name}. Change that file, not this one.\n`;
          // JSON has no comments.
          const copy = name.endsWith('.json') ? text : heading + text;
          return { url: new URL(`${to}/${name}`, COPIES), text: copy };
        }),
      );
    }),
  );
  return [
    { url: new URL('values.yaml', CHART), text: valuesFile() },
    { url: new URL('values.schema.json', CHART), text: schemaFile() },
    ...copies.flat(),
    ...crdFiles().map(({ url, text }) => ({
      url: new URL(`crds/${url.pathname.split('/').at(-1)}`, COPIES),
      text,
    })),
  ];
}

/** Copies whose original is gone. */
export async function leftOver(): Promise<readonly URL[]> {
  const wanted = new Set((await chartFiles()).map(({ url }) => url.href));
  const entries = await readdir(COPIES, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => new URL(`file://${entry.parentPath}/${entry.name}`))
    .filter(({ href }) => !wanted.has(href));
}
