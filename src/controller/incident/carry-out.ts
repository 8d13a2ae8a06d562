/** Maps the effect that the plan asks for to the function that carries it out: the only place that knows both. */
import { type KnownAddresses, USUAL_DIRECTORIES } from '../../api/agent-protocol.ts';
import type { Answer } from '../../api/answer.ts';
import { assertNever } from '../../api/assert-never.ts';
import { NODE_LOCAL_DNS } from '../../api/node-local-dns.ts';
import { corednsVersionOf, type RollbackEvidence } from '../../api/trigger.ts';
import { type ChangeJobRequest, startChange } from '../../effects/change-job.ts';
import { proofPodName, removeCheck, startCheck } from '../../effects/check-pod.ts';
import { probeDns } from '../../effects/dns-probe.ts';
import { excludeNode, includeNode } from '../../effects/exclude.ts';
import { incidentInspectionName, startInspection } from '../../effects/inspect-job.ts';
import { deleteJob } from '../../effects/node-job.ts';
import { quarantineNode } from '../../effects/quarantine.ts';
import { recreatePods } from '../../effects/recreate.ts';
import { releaseNode } from '../../effects/release.ts';
import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { otherPodsOf } from '../../observe/other-pods.ts';
import { INSPECTION_MS, JOB_ACTIVE_SECONDS, PROOF_MS } from '../../remediation/deadlines.ts';
import { isOfFileAlone } from '../../remediation/facts.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import type { Effect, EffectResult, ProbedPod } from '../../remediation/verdict.ts';
import { podToAskBefore } from '../../remediation/verification/before.ts';
import type { Remediation, World } from '../../remediation/world.ts';
import type { ClusterDns } from '../dns-pods/cluster-dns.ts';
import type { KubernetesService } from '../dns-pods/kubernetes-service.ts';
import type { Settings } from '../settings.ts';

interface EffectContext {
  readonly kube: KubeClient;
  readonly settings: Settings;
  readonly kubernetesService: KubernetesService;
  readonly clusterDns: ClusterDns;
  readonly remediation: Remediation;
  readonly world: World;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Carries out one effect. Each is idempotent; after an error the next action is planned from a fresh read. */
export async function carryOut(effect: Effect, context: EffectContext): Promise<EffectResult> {
  const { kube, settings, remediation, signal } = context;
  const { node } = context.world;
  const { spec } = remediation;
  const policy = spec.settings;
  switch (effect.kind) {
    case 'quarantine': {
      const record = await quarantineNode(
        kube,
        {
          node: spec.node,
          remediation,
          strategy: policy.quarantine.strategy,
          since: isoTime(context.now),
        },
        signal,
      );
      return { kind: 'quarantined', record };
    }
    case 'start-repair': {
      const decision = await whatToDecide(context);
      // Asked while the Job starts, which takes longer than the answers.
      const asking = askBefore(context);
      const starting = startChange(
        kube,
        {
          remediation,
          node: spec.node.name,
          image: settings.agentImage,
          activeDeadlineSeconds: JOB_ACTIVE_SECONDS,
          agent: {
            verb: 'repair',
            ...decision,
            remediation: remediation.name,
            writable: remediation.status.repairDirectory
              ? [remediation.status.repairDirectory]
              : [...USUAL_DIRECTORIES],
            ...(effect.approved && { approved: effect.approved }),
            ...(node?.addresses[0] ? { nodeIP: node.addresses[0] } : {}),
          },
        },
        signal,
      );
      const [before] = await Promise.all([asking, starting]);
      return { kind: 'repair-started', before };
    }
    case 'start-rollback':
      await startChange(kube, rollbackJobOf(context), signal);
      return { kind: 'done', effect };
    case 'exclude':
      await excludeNode(
        kube,
        { node: spec.node, remediation: remediation.name, rollback: rollbackOf(spec) },
        signal,
      );
      return { kind: 'done', effect };
    case 'include':
      await includeNode(kube, { node: spec.node.name, remediation: remediation.name }, signal);
      return { kind: 'done', effect };
    case 'start-inspection':
      await startInspection(
        kube,
        {
          name: incidentInspectionName(remediation.name),
          // A plan is also made of nodes that nobody has ever repaired; any other inspection follows repairs.
          of: { kind: 'incident', remediation, wasRepaired: effect.forPlan !== true },
          node: spec.node.name,
          image: settings.agentImage,
          activeDeadlineSeconds: INSPECTION_MS / 1000,
          agent: { verb: 'inspect', ...(await whatToDecide(context)) },
        },
        signal,
      );
      return { kind: 'done', effect };
    case 'remove-inspection':
      await deleteJob(kube, incidentInspectionName(remediation.name), signal);
      return { kind: 'done', effect };
    case 'take-back-repair':
      await deleteJob(kube, remediation.name, signal);
      return { kind: 'done', effect };
    case 'start-proof':
      await startCheck(
        kube,
        {
          name: proofPodName(remediation.name),
          remediation,
          node: spec.node.name,
          image: settings.agentImage,
          activeDeadlineSeconds: PROOF_MS / 1000,
          agent: {
            verb: 'check',
            nonce: remediation.uid,
            known: await knownAddresses(context),
            acceptRisky: policy.repair.acceptRisky,
            externalName: externalName(context),
            clusterName: clusterNameOf(context),
            // The verification asks cluster DNS, once it can answer again.
            clusterServers: [],
          },
        },
        signal,
      );
      return { kind: 'done', effect };
    case 'release':
      await releaseNode(kube, { node: spec.node.name, remediation, held: heldBy(remediation) }, signal);
      return { kind: 'done', effect };
    case 'stand-back':
      // Its Job, if one was created that was not recorded, must not start after the release.
      await deleteJob(kube, remediation.name, signal);
      await releaseNode(kube, { node: spec.node.name, remediation, held: heldBy(remediation) }, signal);
      return { kind: 'done', effect };
    case 'recreate':
      await recreatePods(kube, effect.pods, signal);
      return { kind: 'done', effect };
    case 'probe': {
      return { kind: 'probed', pod: effect.pod, answers: await askDnsPod(effect.pod, context) };
    }
    case 'survey': {
      const deleted = new Set(remediation.status.deletedPods.map(({ uid }) => uid));
      const question = { ...effect, node: spec.node.name, deleted };
      return { kind: 'surveyed', otherPods: await otherPodsOf(kube, question, signal) };
    }
    case 'remove-proof-pod':
      await removeCheck(kube, proofPodName(remediation.name), signal);
      return { kind: 'done', effect };
    default:
      return assertNever(effect);
  }
}

/** What its quarantine did to the node; undefined after the release. */
const heldBy = ({ status: { quarantine } }: Remediation) =>
  quarantine?.heldSince === undefined ? undefined : quarantine;

function rollbackJobOf({ settings, remediation, world }: EffectContext): ChangeJobRequest {
  const { of, directory, fileAlone } = rollbackOf(remediation.spec);
  const address = world.node?.addresses[0];
  return {
    remediation,
    node: remediation.spec.node.name,
    image: settings.agentImage,
    activeDeadlineSeconds: JOB_ACTIVE_SECONDS,
    agent: {
      verb: 'rollback',
      nonce: remediation.uid,
      remediation: remediation.name,
      of: of.name,
      writable: directory ? [directory] : [...USUAL_DIRECTORIES],
      ...(fileAlone && { restart: false as const }),
      ...(address === undefined ? {} : { nodeIP: address }),
    },
  };
}

/** @throws where the plan asks for an effect that the record is not about */
function rollbackOf(spec: Remediation['spec']): RollbackEvidence {
  if (spec.trigger !== 'Rollback') throw new Error(`a record of the trigger ${spec.trigger} undoes nothing`);
  return spec.rollback;
}

/** What the agent decides by, whether it then makes the change or only shows it. */
async function whatToDecide(context: EffectContext) {
  const { remediation } = context;
  const { targets, acceptRisky, replaceEmptyValue } = remediation.spec.settings.repair;
  return {
    nonce: remediation.uid,
    targets,
    acceptRisky,
    replaceEmptyValue,
    known: await knownAddresses(context),
    externalName: externalName(context),
    clusterName: clusterNameOf(context),
    ...(isOfFileAlone(remediation) && { restart: false as const }),
  };
}

/** What a DNS pod that serves answers before the change; null if none serves, or if that is recorded already. */
async function askBefore(context: EffectContext) {
  const { remediation } = context;
  // A file alone is corrected without a verification that would be compared with this.
  const pod =
    remediation.status.before || isOfFileAlone(remediation)
      ? null
      : podToAskBefore(context.world, context.remediation.spec.trigger, context.now);
  return pod && { pod, answers: await askDnsPod(pod, context) };
}

async function askDnsPod(pod: ProbedPod, context: EffectContext): Promise<readonly Answer[]> {
  const { kubernetesService, signal } = context;
  const clusterName = clusterNameOf(context);
  const probe = { address: pod.ip, clusterName, externalName: externalName(context) };
  let clusterAddresses: readonly string[];
  try {
    clusterAddresses = await kubernetesService.addresses(signal);
  } catch (error) {
    // Refused for good, for example by RBAC of an older release: the record has to say so, or nothing would ever end.
    if (!(error instanceof KubeError) || error.code === 0 || error.retryable) throw error;
    return [{ protocol: 'udp', name: clusterName, result: error.message, ok: false, ms: 0 }];
  }
  const answers = await probeDns({ ...probe, clusterAddresses }, signal);
  if (answers.some(({ name, ok }) => name === clusterName && !ok)) kubernetesService.doubt();
  return answers;
}

async function knownAddresses({
  clusterDns,
  world,
  remediation,
  signal,
}: EffectContext): Promise<KnownAddresses> {
  const corednsVersion = corednsVersionOf(remediation.spec);
  return {
    clusterDNS: [...(await clusterDns.addresses(signal))],
    nodeLocalDNS: [...NODE_LOCAL_DNS],
    node: [...(world.node?.addresses ?? [])],
    ...(corednsVersion === undefined ? {} : { corednsVersion }),
  };
}

/** A name that was never asked for before, so that no cache on the way can answer it. */
const externalName = ({ remediation, now }: EffectContext): string =>
  remediation.spec.settings.verification.externalName ??
  `t${now.toString(36)}-${remediation.uid.slice(0, 8)}.invalid`;

const clusterNameOf = ({ remediation }: EffectContext): string =>
  `kubernetes.default.svc.${remediation.spec.settings.verification.clusterDomain}`;
