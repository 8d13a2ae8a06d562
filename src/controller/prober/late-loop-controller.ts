/** A DNS pod answers for the cluster and not for external names: finds out why, checks its node, claims the incident. */
import type { CheckReport } from '../../api/agent-protocol.ts';
import type { LateLoop } from '../../api/trigger.ts';
import type { Case } from '../../diagnosis/case.ts';
import { logExcerpt } from '../../diagnosis/excerpts.ts';
import { explain, isProbablyLateLoop, isWorthACheck, provesLateLoop } from '../../health/late-loop.ts';
import type { KubeClient } from '../../kube/client.ts';
import { gatherEvidence } from '../../observe/gather-evidence.ts';
import { lateLoopCase } from '../../observe/late-loop-case.ts';
import type { Ownership } from '../../observe/ownership.ts';
import { observeOnlyAdvice } from '../../remediation/claim/observe-only.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import { noExternalAnswerEvent } from '../../remediation/record/events.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { createClaimant } from '../claiming/claimant.ts';
import { podsOf } from '../dns-pods/workloads.ts';
import type { DomainMetrics } from '../domain-metrics.ts';
import type { Narrator } from '../narrator.ts';
import type { KubeletStarts } from '../nodes/kubelet-starts.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import type { LateLoops } from './late-loops.ts';
import { createNodeChecks } from './node-checks.ts';
import type { PodHealths } from './pod-healths.ts';
import type { Probes } from './probes.ts';
import { findSuspect, type PodUnderSuspicion } from './suspects.ts';

interface LateLoopOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly starts: Pick<KubeletStarts, 'of'>;
  readonly settings: Pick<Settings, 'agentImage'>;
  readonly probes: Probes;
  readonly healths: PodHealths;
  readonly lateLoops: LateLoops;
  readonly narrator: Pick<Narrator, 'announce'>;
  readonly metrics: Pick<DomainMetrics, 'sighted'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** What a check has shown does not hold for ever. */
const VALID_MS = 10 * 60_000;
/** A check that failed is repeated sooner: its node was busy, or a leader before this one has left one of that name. */
const RETRY_MS = 60_000;
/** Where the upstream is down for all, every node with a DNS pod would be checked at once. */
const MAX_CHECKS = 2;
const TURN_MS = 2_000;
/** The schema allows no more. */
const MAX_ANSWERS = 8;
const MAX_SIBLINGS = 3;
const DONE: Result = { kind: 'done' };

interface Found {
  readonly facts: Case;
  /** null without a check, or if it left none: then nothing is proven, and only reported. */
  readonly report: CheckReport | null;
  readonly validMs: number;
}

/** Returns the reconcile function. The key is namespace/name of a DNS pod. */
export function createLateLoopReconciler(options: LateLoopOptions) {
  const { kube, stores, ownership, settings, lateLoops, narrator, metrics, logger, now } = options;
  const checks = createNodeChecks(options);
  const claim = createClaimant(options);

  return async function reconcile(key: string, signal: AbortSignal): Promise<Result> {
    await checks.removeOthers((name) => lateLoops.keyOfCheck(name) !== null, signal);
    const suspect = await findSuspect(key, options, signal);
    if (!suspect) {
      await drop(key, signal);
      return DONE;
    }
    // The repair verifies its pod by itself, and what was found stays until then.
    if (suspect.hasIncident) return DONE;
    const known = lateLoops.get(key);
    if (known?.subject !== suspect.subject) {
      await drop(key, signal);
      return investigate(key, suspect, signal);
    }
    if (known.kind === 'checking') {
      const read = checks.read(known.check);
      if (read.kind === 'running') return { kind: 'requeue', afterMs: read.leftMs };
      const { pod } = suspect;
      if (!read.report)
        logger.warn('check of a node failed', { pod: pod.name, node: pod.node, problem: read.problem });
      await checks.remove(known.check, signal);
      const facts = await lateLoopCase(kube, suspect, signal);
      return conclude(
        key,
        suspect,
        { facts, report: read.report, validMs: read.report ? VALID_MS : RETRY_MS },
        signal,
      );
    }
    const isValid = now() < known.validUntil && known.at > suspect.lastRepairAt;
    return isValid ? claimIfProven(key, suspect, false, signal) : investigate(key, suspect, signal);
  };

  async function investigate(key: string, suspect: PodUnderSuspicion, signal: AbortSignal): Promise<Result> {
    const { policy, pod, subject } = suspect;
    const facts = await lateLoopCase(kube, suspect, signal);
    // Under a policy that only observes, nothing is started on a node.
    if (policy.spec.mode === 'Observe' || !isWorthACheck(facts))
      return conclude(key, suspect, { facts, report: null, validMs: VALID_MS }, signal);
    const running = lateLoops.keys().filter((other) => lateLoops.get(other)?.kind === 'checking');
    if (running.length >= MAX_CHECKS) return { kind: 'requeue', afterMs: TURN_MS };
    const check = await checks.start(suspect, facts.clusterDNS, signal);
    lateLoops.put(key, { kind: 'checking', policyUID: policy.uid, subject, check });
    logger.info('checking the node of a failing pod', { pod: pod.name, node: pod.node, check: check.pod });
    return { kind: 'requeue', afterMs: TURN_MS };
  }

  async function conclude(
    key: string,
    suspect: PodUnderSuspicion,
    { facts: found, report, validMs }: Found,
    signal: AbortSignal,
  ): Promise<Result> {
    const { policy, pod, subject, foundAt } = suspect;
    const given = report?.resolvConf;
    const facts = given?.text
      ? { ...found, newPodResolvConf: { text: given.text, source: `a new pod on ${pod.node}` } }
      : found;
    const lateLoop =
      report && given && provesLateLoop(facts, given) ? evidenceOf(suspect, report, given) : null;
    const finding = explain(facts, lateLoop !== null);
    const isOnlyObserved = policy.spec.mode === 'Observe' && finding?.cause === 'LateLoop';
    const advice = isOnlyObserved
      ? `${finding.advice} ${observeOnlyAdvice({ policy: policy.name, node: pod.node })}`
      : finding?.advice;
    const observation = finding && {
      pod: pod.name,
      node: pod.node,
      cause: finding.cause,
      message: finding.message,
      ...(lateLoop || advice === undefined ? {} : { advice }),
      lastSeen: isoTime(foundAt),
    };
    const isNews = lateLoops.get(key)?.kind !== 'found';
    const at = now();
    const isLateLoop = lateLoop !== null || (report === null && isProbablyLateLoop(facts));
    const result = { at, validUntil: at + validMs, lateLoop, isLateLoop, observation };
    lateLoops.put(key, { kind: 'found', policyUID: policy.uid, subject, ...result });
    if (observation && isNews) {
      const { cause, message } = observation;
      metrics.sighted(cause);
      logger.info('failing pod diagnosed', { pod: pod.name, node: pod.node, cause, message });
      narrator.announce(noExternalAnswerEvent(observation, { policy, pod }, lateLoop !== null));
    }
    return claimIfProven(key, suspect, isNews, signal);
  }

  async function claimIfProven(
    key: string,
    suspect: PodUnderSuspicion,
    isNews: boolean,
    signal: AbortSignal,
  ): Promise<Result> {
    const known = lateLoops.get(key);
    if (known?.kind !== 'found') return DONE;
    const later: Result = { kind: 'requeue', afterMs: Math.max(TURN_MS, known.validUntil - now()) };
    if (!known.lateLoop) return later;
    const { policy, pod, round } = suspect;
    const { lateLoop } = known;
    const { nameservers } = lateLoop.check.resolvConf;
    const trigger = { trigger: 'LateLoop', lateLoop } as const;
    const gather = async (node: Parameters<typeof gatherEvidence>[1]['node']) => {
      const { container } = suspect;
      const dnsPods = await podsOf(policy.spec, stores.dnsPods.list(), ownership, signal);
      const facts = await lateLoopCase(kube, suspect, signal);
      const { log = '', corefile, configMap, clusterDNS, answers = [], siblings } = facts;
      const basis = {
        log: logExcerpt(log),
        clusterDNS,
        asked: {
          answers,
          siblings,
          newPodResolvConf: {
            text: nameservers.map((server) => `nameserver ${server}\n`).join(''),
            source: `a new pod on ${pod.node}`,
          },
        },
        ...(corefile && configMap !== undefined && { corefile: { text: corefile.text, configMap } }),
      };
      const incident = { sick: { pod, container, basis }, node, dnsPods, now };
      return gatherEvidence(kube, { ...incident, operatorImage: settings.agentImage }, signal);
    };
    const { advice } = await claim(
      { node: pod.node, pod, policy, trigger, sawAt: round.at, isNews, gather },
      signal,
    );
    if (advice !== undefined && known.observation && known.observation.advice !== advice)
      lateLoops.put(key, { ...known, observation: { ...known.observation, advice } });
    return later;
  }

  async function drop(key: string, signal: AbortSignal): Promise<void> {
    const known = lateLoops.get(key);
    if (known?.kind === 'checking') await checks.remove(known.check, signal);
    lateLoops.forget(key);
  }

  function evidenceOf(
    { pod, round, siblings, foundAt }: PodUnderSuspicion,
    { message }: CheckReport,
    { path, class: cls, nameservers }: NonNullable<CheckReport['resolvConf']>,
  ): LateLoop {
    return {
      pod: { name: pod.name, uid: pod.uid },
      answers: round.answers.map(({ answer }) => answer).slice(0, MAX_ANSWERS),
      siblings: siblings.slice(0, MAX_SIBLINGS).map((other) => ({
        pod: other.pod,
        node: other.node,
        answers: other.round.answers.map(({ answer }) => answer).slice(0, MAX_ANSWERS),
      })),
      check: { resolvConf: { path, class: cls, nameservers }, message, checkedAt: isoTime(now()) },
      foundAt: isoTime(foundAt),
    };
  }
}
