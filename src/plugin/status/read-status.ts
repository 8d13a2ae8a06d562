/** Reads what `status` shows: policies, incidents, DNS pods and whether the operator runs. */
import * as z from 'zod';
import {
  API_VERSION,
  OPERATOR_LEASE,
  OPERATOR_NAMESPACE,
  PAUSE_ALL_ANNOTATION,
  PAUSE_ALL_BY_ANNOTATION,
} from '../../api/keys.ts';
import type { PauseEntry } from '../../api/policy/pause.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { KubeError, nullIfNotFound } from '../../kube/errors.ts';
import { leasesPath, parseLease } from '../../kube/lease-lock.ts';
import { type Policy, parsePolicy, parseRemediations } from '../../observe/custom-resources.ts';
import type { DnsPod } from '../../observe/dns-pod.ts';
import { liveDnsPods } from '../../observe/live-look.ts';
import { activePauses } from '../../remediation/maintenance/pauses.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { Connection } from '../cluster/connect.ts';
import { PluginError } from '../errors.ts';
import { type Incident, incidentOf } from '../incident/incident.ts';
import { needsAcknowledgement } from '../incident/needs-acknowledgement.ts';

/** The names are an interface: scripts read them with `-o json`. Times are RFC 3339. */
export interface Status {
  /** null: it has never run here, or what shows it may not be read. */
  readonly operator: OperatorState | null;
  /** The switch that pauses all policies; null: it is not set, or may not be read. */
  readonly pauseOfAll: { readonly by: string; readonly reason: string } | null;
  readonly policies: readonly PolicyState[];
  readonly dnsPods: readonly PodState[];
  readonly incidents: {
    readonly running: readonly Incident[];
    /** Their plans wait for the answer of a person. */
    readonly awaitApproval: readonly Incident[];
    readonly waiting: readonly Incident[];
    /** Ended, and not acknowledged since then. */
    readonly needAttention: readonly Incident[];
  };
  /** What could not be read, and why: one sentence each. */
  readonly notShown: readonly string[];
}

interface OperatorState {
  /** The replica that leads, empty if none does. */
  readonly leader: string;
  readonly lastRenewed: string;
  readonly runs: boolean;
}

type PolicyState = Pick<Policy, 'name' | 'status'> & {
  readonly mode: string;
  /** Those that hold now. */
  readonly pauses: readonly PauseEntry[];
  readonly workload: string;
};

interface PodState {
  readonly name: string;
  readonly node: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly lastDeath: { readonly at: string; readonly exitCode: number; readonly reason: string } | null;
  readonly createdAt: string;
}

/** A leader that renewed its lease this long ago is gone: the other replica would have taken over. */
const LEASE_EXPIRED_MS = 30_000;

/** @throws PluginError if there is no policy; KubeError if policies or incidents cannot be read */
export async function readStatus({ kube }: Connection, signal: AbortSignal, now: number): Promise<Status> {
  const notShown: string[] = [];
  const [rawPolicies, rawRemediations, lease, pods, namespace] = await Promise.all([
    kube.customResource(API_VERSION, 'dnshealthpolicies').list(signal),
    kube.customResource(API_VERSION, 'dnsremediations').list(signal),
    unlessForbidden(
      nullIfNotFound(
        kube.raw.request({
          method: 'GET',
          path: `${leasesPath(OPERATOR_NAMESPACE)}/${OPERATOR_LEASE}`,
          signal,
        }),
      ),
      () => notShown.push('Whether the operator runs is not known: no permission to read its lease.'),
    ),
    unlessForbidden(liveDnsPods(kube, signal), () =>
      notShown.push('The DNS pods are not listed: no permission to list pods in kube-system.'),
    ),
    unlessForbidden(
      nullIfNotFound(
        kube.raw.request({ method: 'GET', path: `/api/v1/namespaces/${OPERATOR_NAMESPACE}`, signal }),
      ),
      () =>
        notShown.push(
          `Whether all policies are paused is not known: no permission to get the namespace ${OPERATOR_NAMESPACE}.`,
        ),
    ),
  ]);
  const policies = rawPolicies.map(parsePolicy);
  if (policies.length === 0)
    throw new PluginError(
      'there is no DNSHealthPolicy, so the operator watches nothing: create one, for example from config/samples/policies',
    );
  return {
    operator: lease === null ? null : operatorState(lease, now),
    pauseOfAll: pauseOfAll(namespace),
    policies: policies.map((policy) => policyState(policy, now)),
    dnsPods: (pods ?? []).filter(({ finished }) => !finished).map(podState),
    incidents: sortIncidents(parseRemediations(rawRemediations), now),
    notShown,
  };
}

async function unlessForbidden<T>(call: Promise<T>, otherwise: () => void): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 403) throw error;
    otherwise();
    return null;
  }
}

function operatorState(lease: unknown, now: number): OperatorState {
  const { holder, renewedAt } = parseLease(lease);
  return {
    leader: holder,
    lastRenewed: new Date(renewedAt).toISOString(),
    runs: holder !== '' && now - renewedAt < LEASE_EXPIRED_MS,
  };
}

const switchSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

function pauseOfAll(namespace: unknown): Status['pauseOfAll'] {
  if (namespace === null) return null;
  const { annotations } = switchSchema.parse(namespace).metadata;
  const { [PAUSE_ALL_ANNOTATION]: reason, [PAUSE_ALL_BY_ANNOTATION]: by = 'someone' } = annotations;
  return reason === undefined ? null : { by, reason };
}

const policyState = ({ name, spec, status }: Policy, now: number): PolicyState => ({
  name,
  mode: spec.mode,
  pauses: activePauses(spec.pause, now),
  workload: `${spec.workload.kind}/${spec.workload.name}`,
  status,
});

function podState({ name, node, ready, createdAt, containers }: DnsPod): PodState {
  const deaths = containers.flatMap(({ death }) => (death ? [death] : []));
  const last = deaths.toSorted((a, b) => b.finishedAt - a.finishedAt)[0];
  return {
    name,
    node,
    ready,
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    lastDeath: last
      ? { at: new Date(last.finishedAt).toISOString(), exitCode: last.exitCode, reason: last.reason }
      : null,
    createdAt: new Date(createdAt).toISOString(),
  };
}

function sortIncidents(remediations: readonly Remediation[], now: number): Status['incidents'] {
  const those = (belongs: (remediation: Remediation) => boolean): readonly Incident[] =>
    remediations
      .filter(belongs)
      .map((remediation) => incidentOf(remediation, now))
      .toSorted((a, b) => Date.parse(a.began) - Date.parse(b.began));
  return {
    running: those(
      ({ status: { phase } }) =>
        phase !== 'Pending' && phase !== 'AwaitingApproval' && !FINAL_PHASES.includes(phase),
    ),
    awaitApproval: those(({ status: { phase } }) => phase === 'AwaitingApproval'),
    waiting: those(({ status: { phase } }) => phase === 'Pending'),
    needAttention: those(needsAcknowledgement),
  };
}
