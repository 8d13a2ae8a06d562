/** The verb `inspect`: look and decide as `repair` does, tell the change as a diff, and do nothing. */
import type { InspectReport, InspectRequest } from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';
import { adviceFor } from './advice.ts';
import { describeSource } from './config/effective.ts';
import { unifiedDiff } from './config/unified-diff.ts';
import { assess, type NodeContext } from './decide/assess.ts';
import type { Facts } from './decide/facts.ts';
import { Refused } from './refused.ts';

export interface InspectContext extends NodeContext {
  readonly started: string;
}

/** Nothing of the node is written, so neither the lock nor the journal is asked for; an unfinished repair may be there. */
export async function inspect(request: InspectRequest, context: InspectContext): Promise<InspectReport> {
  let observed: Partial<InspectReport> = {};
  const rememberFacts = ({ layout, effective, current }: Facts): void => {
    const { value, source } = effective;
    observed = {
      layout,
      effective: { value, source: describeSource(source) },
      ...(current && { current }),
    };
  };
  const report = (
    end: Pick<InspectReport, 'outcome' | 'reason' | 'message'> & Partial<InspectReport>,
  ): InspectReport => ({
    verb: 'inspect',
    nonce: request.nonce,
    layout: 'unknown',
    ...observed,
    ...end,
    times: { started: context.started, decided: new Date(context.clock.now()).toISOString() },
  });
  const refused = ({
    reason,
    message,
    advice,
  }: Pick<Refused, 'reason' | 'message'> & { advice?: string | undefined }) =>
    report({
      outcome: 'refused',
      reason,
      message,
      advice: advice ?? adviceFor(reason, observed.target?.path ?? request.targets[0] ?? ''),
    });
  try {
    const assessment = await assess(request, context, rememberFacts);
    observed = { ...observed, ...(assessment.target && { target: assessment.target }) };
    switch (assessment.kind) {
      case 'refuse':
        return refused(assessment);
      case 'already-right':
        return report({
          outcome: 'already-right',
          reason: 'AlreadyRight',
          message: `the running kubelet already reads ${assessment.target.path}`,
        });
      case 'change': {
        const { path, was, text, line } = assessment.edit;
        return report({
          outcome: 'would-change',
          reason: 'WouldChange',
          message: `${path}:${line} would be changed and the kubelet restarted once; nothing was done`,
          diff: unifiedDiff(path, was, text),
        });
      }
      default:
        return assertNever(assessment);
    }
  } catch (error) {
    if (error instanceof Refused) return refused(error);
    throw error;
  } finally {
    context.unit.close();
  }
}
