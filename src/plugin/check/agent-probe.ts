/** Checks a node with our own image: the same pod that the operator starts, with a nonce of this run. */
import { checkReportSchema, checkRequestSchema } from '../../api/agent-protocol.ts';
import { NODE_LOCAL_DNS } from '../../api/node-local-dns.ts';
import { checkPodSpec } from '../../effects/check-pod.ts';
import { readReport } from '../../remediation/record/report.ts';
import type { Probe } from './probe.ts';
import { notChecked } from './result.ts';

interface AgentSettings {
  readonly image: string;
  readonly namespace: string;
  /** The report has to repeat it. */
  readonly nonce: string;
  /** Addresses of cluster DNS. */
  readonly clusterDNS: readonly string[];
  readonly clusterName: string;
  readonly externalName: string;
  readonly acceptRisky: boolean;
  /** Of the pod; whatever becomes of this program. */
  readonly activeDeadlineSeconds: number;
}

export function agentProbe({
  namespace,
  image,
  nonce,
  clusterDNS,
  activeDeadlineSeconds,
  ...asked
}: AgentSettings): Probe {
  return {
    program: 'agent',
    image,
    pod: (node) => ({
      spec: checkPodSpec({
        namespace,
        node: node.name,
        image,
        activeDeadlineSeconds,
        agent: checkRequestSchema.parse({
          verb: 'check',
          nonce,
          ...asked,
          known: { clusterDNS, nodeLocalDNS: NODE_LOCAL_DNS, node: node.addresses },
          clusterServers: clusterDNS.slice(0, 3),
        }),
      }),
    }),
    async read(state) {
      if (state.kind === 'running') return null;
      const read = readReport(checkReportSchema, state.message, nonce);
      if (read.kind === 'bad') return notChecked('NoReport', `${read.problem} ${howItEnded(state)}`);
      const { outcome, message, resolvConf, answers } = read.report;
      // The agent itself failed: that says nothing of the node.
      if (outcome === 'failed') return notChecked('NoReport', message);
      return { outcome, message, answers, ...(resolvConf ? { resolvConf } : {}) };
    },
  };
}

const howItEnded = ({ exitCode, reason }: { readonly exitCode: number; readonly reason?: string }): string =>
  `It ended with exit code ${exitCode}${reason === undefined ? '' : ` (${reason})`}.`;
