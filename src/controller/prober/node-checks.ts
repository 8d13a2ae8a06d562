/** Checks of nodes that are not part of an incident: at most a few at a time, and none is left behind. */
import { createHash, randomUUID } from 'node:crypto';
import { type CheckReport, checkReportSchema } from '../../api/agent-protocol.ts';
import { removeCheck, startCheck } from '../../effects/check-pod.ts';
import type { KubeClient } from '../../kube/client.ts';
import { observeNode } from '../../observe/node.ts';
import { readReport } from '../../remediation/record/report.ts';
import { CHECK_MS, checkRequest } from '../check-request.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import type { Check } from './late-loops.ts';
import type { PodUnderSuspicion } from './suspects.ts';

const PREFIX = 'late-loop-';

interface NodeChecksOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'agentPods'>;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly now: () => number;
}

type Read =
  | { readonly kind: 'running'; readonly leftMs: number }
  | { readonly kind: 'ended'; readonly report: CheckReport | null; readonly problem: string };

export interface NodeChecks {
  start(suspect: PodUnderSuspicion, clusterDNS: readonly string[], signal: AbortSignal): Promise<Check>;
  read(check: Check): Read;
  remove(check: Check, signal: AbortSignal): Promise<void>;
  /** Those that a leader before this one has left: nobody reads their reports. */
  removeOthers(own: (checkPod: string) => boolean, signal: AbortSignal): Promise<void>;
}

export function createNodeChecks({ kube, stores, settings, now }: NodeChecksOptions): NodeChecks {
  return {
    async start({ pod, policy }, clusterDNS, signal) {
      const digest = createHash('sha256').update(pod.uid).digest('hex');
      const check = { pod: `${PREFIX}${digest.slice(0, 10)}`, nonce: randomUUID(), startedAt: now() };
      const node = await observeNode(kube, pod.node, signal);
      await startCheck(
        kube,
        {
          name: check.pod,
          node: pod.node,
          image: settings.agentImage,
          activeDeadlineSeconds: CHECK_MS / 1000,
          agent: checkRequest({
            nonce: check.nonce,
            policy: policy.spec,
            clusterDNS,
            node: node?.addresses ?? [],
            now: now(),
          }),
        },
        signal,
      );
      return check;
    },
    read(check) {
      const run = stores.agentPods.list().find(({ name }) => name === check.pod);
      const leftMs = check.startedAt + CHECK_MS - now();
      if (run?.state !== 'ended' && leftMs > 0) return { kind: 'running', leftMs };
      // By its nonce: one of a leader before this one has the same name.
      const read = readReport(checkReportSchema, run?.message ?? null, check.nonce);
      if (read.kind === 'ok') return { kind: 'ended', report: read.report, problem: '' };
      return { kind: 'ended', report: null, problem: run?.blockedBy ?? read.problem };
    },
    remove: async (check, signal) => removeCheck(kube, check.pod, signal),
    async removeOthers(own, signal) {
      const strays = stores.agentPods
        .list()
        .filter(({ name, deleting }) => name.startsWith(PREFIX) && !deleting && !own(name));
      for (const { name } of strays) await removeCheck(kube, name, signal);
    },
  };
}
