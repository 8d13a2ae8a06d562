/** The verb `inspect`: decides as `repair` does, reports the change as a diff, and changes nothing. */
import type { InspectReport, InspectRequest } from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';
import { Refused } from '../api/refused.ts';
import { scrub } from '../diagnosis/scrub.ts';
import { sha256 } from './change/journal.ts';
import { lastRepairSeen } from './change/last-repair.ts';
import { unifiedDiff } from './config/unified-diff.ts';
import { type Assessment, assess } from './decide/assess.ts';
import { evidenceOf, type Facts } from './decide/facts.ts';
import { rewrittenOf } from './decide/rewritten.ts';
import { HostTree } from './files/host-tree.ts';
import { runVerb, type VerbContext, type WriteContext } from './run-verb.ts';

type End = Pick<InspectReport, 'outcome' | 'reason' | 'message'> & Partial<InspectReport>;

type InspectContext = VerbContext & Pick<WriteContext, 'trustedUid'>;

/**
 * Takes no lock, since nothing is written: an unfinished repair may be on the node. Of the journals it reads only which
 * repair was the last one.
 */
export async function inspect(request: InspectRequest, context: InspectContext): Promise<InspectReport> {
  let observed: Partial<InspectReport> = {};
  let facts: Facts | undefined;
  const report = (end: End): InspectReport => ({
    verb: 'inspect',
    nonce: request.nonce,
    layout: 'unknown',
    ...observed,
    ...end,
    times: { started: context.started, decided: new Date(context.clock.now()).toISOString() },
  });
  return runVerb(context, {
    body: async () => {
      const assessment = await assess(request, context, {
        onFacts: (found) => {
          facts = found;
          observed = evidenceOf(found);
        },
      });
      const rewritten =
        facts &&
        rewrittenOf(facts, {
          host: new HostTree(context.hostRoot),
          log: context.log,
          nowMs: context.clock.now(),
          uptimeMs: context.uptimeMs(),
          lastRepairOf: lastRepairSeen(context),
        });
      observed = {
        ...observed,
        ...(assessment.target && { target: assessment.target }),
        ...(rewritten && { rewritten }),
      };
      return report(endOf(assessment, request, new HostTree(context.hostRoot)));
    },
    target: () => observed.target?.path ?? request.targets[0] ?? '',
    reportFailure: report,
  });
}

function endOf(assessment: Assessment, { restart }: InspectRequest, host: HostTree): End {
  switch (assessment.kind) {
    case 'refuse':
      throw new Refused(assessment.reason, assessment.message, { advice: assessment.advice });
    case 'already-right':
      return {
        outcome: 'already-right',
        reason: 'AlreadyRight',
        message: `The running kubelet already reads ${assessment.target.path}.`,
      };
    case 'change': {
      const { path, was, text, line } = assessment.edit;
      return {
        outcome: 'would-change',
        reason: 'WouldChange',
        message: `A repair would change ${path}:${line}${restart === false ? ', without a restart of the kubelet' : ' and restart the kubelet once'}. Nothing was changed.`,
        diff: scrub(unifiedDiff(path, was, text)),
        change: {
          path,
          line,
          sha256Before: sha256(Buffer.from(was)),
          sha256After: sha256(Buffer.from(text)),
          ...ownerAndMode(host, path),
        },
      };
    }
    default:
      return assertNever(assessment);
  }
}

/** As in the report of a repair. */
function ownerAndMode(host: HostTree, path: string): { readonly owner?: string; readonly mode?: string } {
  const stats = host.stat(path);
  if (!stats) return {};
  return {
    owner: `${stats.uid}:${stats.gid}`,
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
  };
}
