/** The section on the prober: what it adds to an operator that has nothing else to do. */
import { machine, today, verdict } from './statistics.ts';

export const PODS = 50;
/** How long each state is measured. */
export const SECONDS = 120;

export interface ProberFigures {
  readonly questions: number;
  readonly apiRequests: number;
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

const QUESTIONS_GOAL = 5;
const CPU_GOAL_PERCENT = 2;

export function proberReport(
  on: ProberFigures,
  off: ProberFigures,
  intervalSeconds: number,
  answering: string,
): string {
  const perSecond = (count: number): string => (count / SECONDS).toFixed(2);
  const cpu = ({ cpuSeconds }: ProberFigures): number => (cpuSeconds / SECONDS) * 100;
  const added = cpu(on) - cpu(off);
  const questions = on.questions / SECONDS;
  return `\`npm run bench:prober\`, ${today()}: the bundle with the flags of the image against a real apiserver with ${PODS} DNS pods,
each a DNS server on an address of its own; ${SECONDS} s with the prober off, then ${SECONDS} s with \`intervalSeconds: 30\`. ${machine()}.

| | prober off | prober on |
| --- | --- | --- |
| questions to DNS pods per second | ${perSecond(off.questions)} | ${perSecond(on.questions)} |
| requests to the API server per second, Lease included | ${perSecond(off.apiRequests)} | ${perSecond(on.apiRequests)} |
| CPU, percent of one core | ${cpu(off).toFixed(2)} | ${cpu(on).toFixed(2)} |
| RSS, MiB | ${off.rssMiB.toFixed(0)} | ${on.rssMiB.toFixed(0)} |

Each pod is asked every ${intervalSeconds} s; ${answering} pods answered.
**${questions.toFixed(1)} questions per second** (goal: at most ${QUESTIONS_GOAL}, ${verdict(questions, QUESTIONS_GOAL)}), **${added.toFixed(2)} % of a core** more than without (goal: at most ${CPU_GOAL_PERCENT} %, ${verdict(added, CPU_GOAL_PERCENT)}).
`;
}
