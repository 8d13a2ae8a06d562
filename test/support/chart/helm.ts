/** Helm as the tests of the chart call it: the chart of the checkout, values as a user writes them, objects as the result. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { type RunResult, run } from '../../cluster/run.ts';

export const CHART = fileURLToPath(new URL('../../../charts/dnshealth-operator', import.meta.url));

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Render {
  /** As in a values file. */
  readonly values?: object;
  /** Of the release. @default dnshealth */
  readonly name?: string;
  /** @default --skip-tests */
  readonly flags?: readonly string[];
}

export const helm = async (
  program: string,
  args: readonly string[],
  {
    values = {},
    env = {},
  }: { readonly values?: object; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<RunResult> =>
  // JSON is YAML. No kubeconfig of this machine is read.
  run([program, ...args, '--values', '-'], {
    input: JSON.stringify(values),
    env: { KUBECONFIG: '/nonexistent', ...env },
    allowFailure: true,
  });

/** For Helm on a cluster: what it keeps, and the discovery cache of its client, is in this folder and not in the user's home. */
export const helmHome = (folder: string): Readonly<Record<string, string>> => ({
  KUBECACHEDIR: join(folder, 'kube'),
  HELM_CACHE_HOME: join(folder, 'cache'),
  HELM_CONFIG_HOME: join(folder, 'config'),
  HELM_DATA_HOME: join(folder, 'data'),
});

/** The command of the chart's notes that creates a policy, for a shell. */
export function policyCommandOf(notes: string): string {
  const [, command] = /^ +(printf .* \| kubectl apply -f -)$/m.exec(notes) ?? [];
  if (command === undefined) throw new Error(`the notes name no command that creates a policy:\n${notes}`);
  return command;
}

/** The objects that `helm template` renders. */
export async function render(
  program: string,
  { values, name = 'dnshealth', flags = ['--skip-tests'] }: Render = {},
): Promise<readonly KubeObject[]> {
  const { code, stdout, stderr } = await helm(program, ['template', name, CHART, ...flags], { values });
  if (code !== 0) throw new Error(stderr);
  return objectsOf(stdout);
}

export const objectsOf = (text: string): readonly KubeObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);

/** `ClusterRole dnshealth-viewer`, `Role kube-system/dnshealth-operator` */
export const nameOf = ({ kind, metadata: { name, namespace } }: KubeObject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** By name, so that two renderings can be compared without their order. */
export const byName = (objects: readonly KubeObject[]): Readonly<Record<string, KubeObject>> => {
  const named = objects.map((object) => [nameOf(object), object] as const);
  const all = Object.fromEntries(named);
  if (Object.keys(all).length !== named.length) throw new Error('two objects have the same name');
  return all;
};
