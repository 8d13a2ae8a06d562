/** From the evidence of one crash to a named cause and its remedy. Called before an incident is claimed. */
import type { LoopCause } from '../api/loop-cause.ts';
import { corefileForwardsToItself } from './causes/corefile-forwards-to-itself.ts';
import { falseLoop } from './causes/false-loop.ts';
import { hostNetworkLoop } from './causes/host-network-loop.ts';
import { kubeletResolvConf } from './causes/kubelet-resolv-conf.ts';
import { networkPluginLoop } from './causes/network-plugin-loop.ts';
import { nodeLocalLoop } from './causes/node-local-loop.ts';
import { podDnsConfig } from './causes/pod-dns-config.ts';
import { selfAddressLoop } from './causes/self-address-loop.ts';
import { stubDomainLoop } from './causes/stub-domain-loop.ts';
import { unknownLoop } from './causes/unknown-loop.ts';
import { upstreamLoop } from './causes/upstream-loop.ts';
import { classifyCrash } from './crash.ts';
import type { Diagnosis, Evidence } from './evidence.ts';
import { type CauseRule, loopFacts } from './loop-facts.ts';
import { findLoopLine } from './loop-line.ts';

export type { Diagnosis, Evidence, LoopDiagnosis } from './evidence.ts';

/** In this order, and the first match counts. Causes outside the node come first, the repairable one comes last. */
const CAUSES: Readonly<Record<Exclude<LoopCause, 'UnknownLoop'>, CauseRule>> = {
  FalseLoop: falseLoop,
  NodeLocalLoop: nodeLocalLoop,
  NetworkPluginLoop: networkPluginLoop,
  StubDomainLoop: stubDomainLoop,
  CorefileForwardsToItself: corefileForwardsToItself,
  HostNetworkLoop: hostNetworkLoop,
  PodDnsConfig: podDnsConfig,
  SelfAddressLoop: selfAddressLoop,
  UpstreamLoop: upstreamLoop,
  KubeletResolvConf: kubeletResolvConf,
};

/** The loop plugin ends the process with this code only. With another code, the log line belongs to another crash. */
const LOOP_EXIT_CODE = 1;

export function diagnose(evidence: Evidence): Diagnosis {
  const sighting = evidence.death.exitCode === LOOP_EXIT_CODE ? findLoopLine(evidence.log) : null;
  if (!sighting) return classifyCrash(evidence.death, evidence.log, evidence);
  const facts = loopFacts(evidence, sighting);
  for (const rule of Object.values(CAUSES)) {
    const found = rule(facts);
    if (found) return { kind: 'loop', sighting, ...found };
  }
  return { kind: 'loop', sighting, ...unknownLoop(facts) };
}
