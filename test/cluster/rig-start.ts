/** The start of a rig: network and certificates, then control plane and nodes in parallel, then CoreDNS. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressPlan, NodePlan } from './address-plan.ts';
import { type ApiClient, apiClient, type Node } from './api-client.ts';
import type { Artifacts } from './build/artifacts.ts';
import { makeCertificates } from './control-plane/certificates.ts';
import { startComponent } from './control-plane/component-process.ts';
import { type Component, commandLine, configurationFiles } from './control-plane/components.ts';
import { corednsManifests } from './dns/coredns-manifests.ts';
import { makeNetwork } from './network/network.ts';
import { bootNode, importImages, prepareNode } from './node/rig-node.ts';
import { apiserverReady, dnsReady, nodesReady } from './readiness.ts';
import type { RigPaths } from './rig-paths.ts';
import { run } from './run.ts';
import { until } from './until.ts';

export interface RigParts {
  readonly paths: RigPaths;
  readonly plan: AddressPlan;
  readonly artifacts: Artifacts;
  /** Such as `v1.34.4`. */
  readonly kubernetes: string;
}

const TIMEOUT_MS = 180_000;

/** Returns when each node is Ready and has a Ready CoreDNS pod; calls `step` at each milestone. */
export async function startRig(parts: RigParts, step: (line: string) => void): Promise<void> {
  const { paths, plan } = parts;
  await Promise.all([makeCertificates(paths, plan), makeNetwork(paths, plan), writeConfiguration(parts)]);
  step(`network ${plan.networks.map(({ network }) => network).join(' and ')} and certificates created`);
  const api = apiClient(paths, plan);
  try {
    for (const component of ['etcd', 'apiserver', 'resolver'] as const) startRigComponent(parts, component);
    await Promise.all([
      controlPlaneReady(parts, api, step),
      ...plan.nodes.map((node) => prepareAndBoot(parts, node)),
    ]);
    await nodesReady(api, plan.nodes.length, TIMEOUT_MS);
    step('nodes Ready');
    // Not earlier, so that the scheduler can spread the two pods over all nodes.
    await run(kubectlCommand(parts, ['apply', '--filename', '-']), {
      input: JSON.stringify(corednsManifests(plan)),
    });
    await dnsReady(api, plan.nodes, TIMEOUT_MS);
    step('CoreDNS Ready on each node');
  } finally {
    api.close();
  }
}

export function startRigComponent(parts: RigParts, component: Component): void {
  startComponent(
    parts.paths,
    component,
    commandLine(component, parts.paths, parts.plan, parts.artifacts.bin),
  );
}

export function kubectlCommand(parts: RigParts, args: readonly string[]): string[] {
  return [join(parts.artifacts.bin, 'kubectl'), '--kubeconfig', parts.paths.kubeconfig, ...args];
}

async function writeConfiguration({ paths, plan }: RigParts): Promise<void> {
  await mkdir(paths.etc, { recursive: true });
  for (const [name, content] of Object.entries(configurationFiles(paths, plan))) {
    await writeFile(join(paths.etc, name), content);
  }
}

async function prepareAndBoot(parts: RigParts, node: NodePlan): Promise<void> {
  const context = { ...parts, node };
  await prepareNode(context);
  await bootNode(context);
  const archives = ['pause.tar', 'coredns.tar'].map((file) => join(parts.artifacts.images, file));
  await importImages(context, archives);
}

async function controlPlaneReady(
  parts: RigParts,
  api: ApiClient,
  step: (line: string) => void,
): Promise<void> {
  await apiserverReady(api, TIMEOUT_MS);
  step('apiserver ready');
  for (const component of ['controller-manager', 'scheduler'] as const) startRigComponent(parts, component);
  // The proxy reads its node at its start, and waits half a minute if there is none yet.
  await until(() => api.json<Node>(`/api/v1/nodes/${parts.plan.nodes[0]?.name}`), {
    what: 'the first node to register',
    timeoutMs: TIMEOUT_MS,
  });
  startRigComponent(parts, 'proxy');
}
