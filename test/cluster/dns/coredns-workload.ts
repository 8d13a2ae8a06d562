/** Changes of a rig's CoreDNS: its Corefile, its Deployment, new pods in place of the old ones. */
import type { Rig } from '../rig.ts';
import { until } from '../until.ts';
import { corednsManifests } from './coredns-manifests.ts';

const NAMESPACE = 'kube-system';

export async function corefile(rig: Rig): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps/coredns`;
  return (await rig.api.json<{ data: { Corefile: string } }>(path)).data.Corefile;
}

/** New pods have it from the start. Running ones see it when the kubelet has synchronised the volume: a minute or two. */
export async function setCorefile(rig: Rig, text: string): Promise<void> {
  const patch = JSON.stringify({ data: { Corefile: text } });
  await rig.kubectl(['-n', NAMESPACE, 'patch', 'configmap', 'coredns', `--patch=${patch}`]);
}

/** Replaces `from`, which must occur in the Corefile. */
export async function editCorefile(rig: Rig, from: string, to: string): Promise<void> {
  const before = await corefile(rig);
  if (!before.includes(from)) throw new Error(`the Corefile does not contain ${JSON.stringify(from)}`);
  await setCorefile(rig, before.replace(from, to));
}

/**
 * Sets fields of the spec of the pods, which are replaced as in any rollout. By path (a JSON Pointer), because a merge
 * takes the two ports 53 of a container for the same one.
 */
export async function changeDnsPods(rig: Rig, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const patch = Object.entries(fields).map(([path, value]) => ({
    op: 'add',
    path: `/spec/template/spec${path}`,
    value,
  }));
  const target = ['-n', NAMESPACE, 'patch', 'deployment', 'coredns'];
  await rig.kubectl([...target, '--type=json', `--patch=${JSON.stringify(patch)}`]);
}

/** Puts new CoreDNS pods in place of the ones on this node; returns when one is bound to it. */
export async function renewDnsPods(rig: Rig, node: string): Promise<void> {
  await onlyOn(rig, node, async () => {
    const old = await deleteDnsPods(rig, node);
    await until(
      async () => (await rig.dnsPods(node)).some(({ metadata }) => !old.has(metadata.uid)) || undefined,
      { what: `a new CoreDNS pod on ${node}`, everyMs: 50 },
    );
  });
}

/** The Corefile and the Deployment of the rig's start, with new pods. Returns when each node has a Ready one. */
export async function restoreDns(rig: Rig): Promise<void> {
  const { data } = manifestOf(rig, 'ConfigMap') as { readonly data: { readonly Corefile: string } };
  await setCorefile(rig, data.Corefile);
  const { spec } = deploymentOf(rig);
  // By path: a merge would keep the fields that a patch has added, and a replacement is refused now and then, because
  // the Deployment's controller writes to it, too.
  const patch = [{ op: 'replace', path: '/spec', value: { ...spec, replicas: 0 } }];
  const target = ['-n', NAMESPACE, 'patch', 'deployment', 'coredns'];
  await rig.kubectl([...target, '--type=json', `--patch=${JSON.stringify(patch)}`]);
  await spreadDnsPods(rig);
}

/** New pods of the Deployment, one on each node. Returns when they are Ready. */
export async function spreadDnsPods(rig: Rig): Promise<void> {
  await scale(rig, 0);
  await deleteDnsPods(rig);
  await until(async () => (await rig.dnsPods()).length === 0 || undefined, {
    what: 'all CoreDNS pods to be deleted',
  });
  // One node after the other: the scheduler only prefers to spread them, and a node that is not ready for a moment
  // would get none.
  for (const [index, { name }] of rig.nodes.entries()) {
    await onlyOn(rig, name, async () => {
      await scale(rig, index + 1);
      await until(async () => (await rig.dnsPods(name)).length > 0 || undefined, {
        what: `a CoreDNS pod on ${name}`,
        everyMs: 50,
      });
    });
  }
  await rig.waitForDns();
}

/** CoreDNS as a DaemonSet or, as at the rig's start, as a Deployment. Returns when each node has a Ready pod of it. */
export async function runDnsAs(rig: Rig, kind: 'DaemonSet' | 'Deployment'): Promise<void> {
  const [other, manifest] =
    kind === 'Deployment' ? ['daemonset', deploymentOf(rig)] : ['deployment', daemonSetOf(rig)];
  const gone = ['delete', other, 'coredns', '--ignore-not-found', '--cascade=foreground'];
  await rig.kubectl(['-n', NAMESPACE, ...gone]);
  await rig.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
  await (kind === 'Deployment' ? spreadDnsPods(rig) : rig.waitForDns());
}

/** The other nodes are cordoned meanwhile: a kubelet that has just been started may report its node as not ready. */
async function onlyOn(rig: Rig, node: string, place: () => Promise<void>): Promise<void> {
  const others = rig.nodes.map(({ name }) => name).filter((name) => name !== node);
  await rig.kubectl(['cordon', ...others]);
  try {
    await place();
  } finally {
    await rig.kubectl(['uncordon', ...others]);
  }
}

async function scale(rig: Rig, replicas: number): Promise<void> {
  await rig.kubectl(['-n', NAMESPACE, 'scale', 'deployment', 'coredns', `--replicas=${replicas}`]);
}

interface Deployment {
  readonly spec: { readonly template: unknown; readonly selector: unknown };
}

const deploymentOf = (rig: Rig): Deployment => manifestOf(rig, 'Deployment') as Deployment;

/** As at the rig's start. */
function manifestOf({ plan, nodes }: Rig, kind: string): unknown {
  return corednsManifests(plan, nodes.length).items.find((item) => item.kind === kind);
}

function daemonSetOf(rig: Rig): object {
  const deployment = deploymentOf(rig);
  const { selector, template } = deployment.spec;
  return { ...deployment, kind: 'DaemonSet', spec: { selector, template } };
}

/** Returns the uids of the pods. */
async function deleteDnsPods(rig: Rig, node?: string): Promise<ReadonlySet<string>> {
  const pods = await rig.dnsPods(node);
  for (const { metadata } of pods)
    await rig.api.delete(`/api/v1/namespaces/${NAMESPACE}/pods/${metadata.name}`, { gracePeriodSeconds: 1 });
  return new Set(pods.map(({ metadata }) => metadata.uid));
}
