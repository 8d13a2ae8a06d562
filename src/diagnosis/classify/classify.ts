/** One input of a known kind, one answer: what the parts of a diagnosis say about it. Pure. */
import { type Answer, type Facts, type Question, Unclassifiable } from './answer.ts';
import { classifyCorednsLog } from './coredns-log.ts';
import { classifyCorefile } from './corefile.ts';
import { classifyCrashLog, classifyLoop, classifyPod } from './incident.ts';
import { classifyConfigz, classifyKubeletConfig, classifyKubeletFlags } from './kubelet.ts';
import { classifyPlatform } from './platform.ts';
import { classifyPodStatus } from './pod-status.ts';
import { classifyResolvConf } from './resolv-conf.ts';

/** Kinds whose input is a text, with facts beside it. */
const OF_TEXT = {
  'coredns-log': classifyCorednsLog,
  'resolv-conf': classifyResolvConf,
  'kubelet-config': classifyKubeletConfig,
  'kubelet-flags': classifyKubeletFlags,
  configz: classifyConfigz,
  corefile: classifyCorefile,
  'pod-status': classifyPodStatus,
} as const satisfies Readonly<Record<string, (question: Question) => Answer>>;

/** Kinds whose input is a mapping. A log with its exit code is judged as the operator would. */
const OF_FACTS = {
  'coredns-log': classifyCrashLog,
  loop: classifyLoop,
  pod: classifyPod,
  platform: classifyPlatform,
} as const satisfies Readonly<Record<string, (facts: Facts) => Answer>>;

export type Kind = keyof typeof OF_TEXT | keyof typeof OF_FACTS;
export const KINDS = [...new Set([...Object.keys(OF_TEXT), ...Object.keys(OF_FACTS)])] as readonly Kind[];

/** `facts`: a mapping, as it is read from YAML or JSON. */
export type Input =
  | { readonly form: 'text'; readonly text: string; readonly context: Facts }
  | { readonly form: 'facts'; readonly facts: Facts };

/** @throws Unclassifiable */
export function classify(kind: Kind, input: Input): Answer {
  if (input.form === 'facts') {
    const ofFacts = (OF_FACTS as Partial<Record<Kind, (facts: Facts) => Answer>>)[kind];
    if (ofFacts) return ofFacts(input.facts);
    throw new Unclassifiable(`an input of kind ${kind} is a text, not a mapping`);
  }
  const ofText = (OF_TEXT as Partial<Record<Kind, (question: Question) => Answer>>)[kind];
  if (ofText) return ofText(input);
  // The mapping itself, in a file.
  if (kind === 'loop') return classifyLoop({ ...input.context, log: input.text });
  throw new Unclassifiable(`an input of kind ${kind} is a mapping in YAML or JSON`);
}
