/** A finding from the diagnosis of the crash alone, for the causes that the log and the Corefile decide. */
import type { LoopCause } from '../../api/loop-cause.ts';
import type { Commands, Finding } from '../examination.ts';
import type { ExamFacts } from './exam-facts.ts';
import { ruledOut, type Verdict } from './exam-rule.ts';

interface GateFinding {
  readonly confidence: Finding['confidence'];
  readonly summary: string;
  readonly commands: Commands;
}

/** Found if the crash was diagnosed as this cause; otherwise `otherwise`, or ruled out for that reason. */
export function fromGate(
  facts: ExamFacts,
  cause: LoopCause,
  finding: () => GateFinding,
  otherwise: string | Verdict,
): Verdict {
  const { loop, names, corefile } = facts;
  if (loop?.diagnosis.cause !== cause) return typeof otherwise === 'string' ? ruledOut(otherwise) : otherwise;
  const { sighting, remedy } = loop.diagnosis;
  const forwards = corefile.kind === 'read' && corefile.root ? corefile.root.targets.join(' ') : '';
  return {
    kind: 'found',
    finding: {
      ...finding(),
      evidence: [
        { source: `log of ${names.pod}`, text: sighting.line },
        ...(corefile.kind === 'read' && forwards !== ''
          ? [{ source: corefile.source, text: `forward . ${forwards}` }]
          : []),
      ],
      repair: { by: 'person' },
      remedy: remedy.kind === 'advice' ? remedy.advice : '',
    },
  };
}
