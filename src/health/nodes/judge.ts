/** What the check of a node has shown: proven, drifted or failed. Only a check that saw a looping file finds a drift. */
import type { CheckReport, ResolvConfClass } from '../../api/agent-report.ts';
import { assertNever } from '../../api/assert-never.ts';
import { isLooping } from '../../diagnosis/resolv-conf.ts';

/** The resolv.conf that the pod of the check was given. */
export interface SeenFile {
  readonly class: ResolvConfClass;
  readonly nameservers: readonly string[];
}

export type Judgement =
  | { readonly kind: 'proven'; readonly file: SeenFile; readonly message: string }
  | { readonly kind: 'drifted'; readonly file: SeenFile; readonly message: string }
  /** It says nothing about the node, and is tried again. */
  | { readonly kind: 'failed'; readonly problem: string };

export function judge(report: CheckReport): Judgement {
  const { outcome, resolvConf, message } = report;
  switch (outcome) {
    case 'usable':
    case 'proven':
      return resolvConf ? { kind: 'proven', file: seen(resolvConf), message } : failed(message);
    case 'looping':
      return resolvConf && isLooping(resolvConf.class)
        ? { kind: 'drifted', file: seen(resolvConf), message }
        : failed(message);
    case 'may-loop':
    case 'unusable':
    case 'no-answer':
    case 'failed':
      return failed(message);
    default:
      return assertNever(outcome);
  }
}

const seen = ({ class: cls, nameservers }: SeenFile): SeenFile => ({
  class: cls,
  nameservers: [...nameservers],
});
const failed = (problem: string): Judgement => ({ kind: 'failed', problem });
