/** From everything that is known of a DNS pod to the causes of its trouble, with evidence, remedy and commands. */
import type { Case } from './case.ts';
import { diagnose } from './diagnose.ts';
import type { Examination, Finding } from './examination.ts';

export function examine(facts: Case): Examination {
  const { pod, log, corefile, configMap, clusterDNS } = facts;
  const death = pod?.container?.death;
  if (!pod || !death || log === undefined) return { findings: [], ruledOut: [], missing: [] };
  const diagnosis = diagnose({
    death,
    log,
    ...(corefile && { corefile: corefile.text }),
    ...(configMap !== undefined && { configMap }),
    pod,
    clusterDNS,
  });
  const { remedy } = diagnosis;
  const finding: Finding = {
    cause: diagnosis.cause,
    confidence: 'medium',
    summary:
      diagnosis.kind === 'loop'
        ? `CoreDNS in ${pod.name} ended because of a forwarding loop.`
        : diagnosis.message,
    evidence: diagnosis.kind === 'loop' ? [{ source: 'log', text: diagnosis.sighting.line }] : [],
    repair: remedy.kind === 'repair' ? { by: 'operator' } : { by: 'person' },
    remedy: remedy.kind === 'advice' ? remedy.advice : '',
    commands: { fix: [], check: [] },
  };
  return { findings: [finding], ruledOut: [], missing: [] };
}
