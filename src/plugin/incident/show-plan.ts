/** A plan as text for people: what would be changed where, what is restarted and replaced, until when it can be approved. */
import type { Plan } from '../../api/plan.ts';
import type { Remediation } from '../../remediation/world.ts';
import { shortDuration } from '../terminal/durations.ts';
import type { Output } from '../terminal/output.ts';
import { beginningOf } from './beginning.ts';

interface View {
  readonly now: number;
  readonly paint: Output['paint'];
}

export function showPlan({ name, spec }: Remediation, plan: Plan, { now, paint }: View): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Record', `${name} (policy ${spec.policy.name})`],
    ['Why', beginningOf(spec).text],
    ['File', plan.file && (plan.line === undefined ? plan.file : `${plan.file}, line ${plan.line}`)],
    ['Set in', plan.setting === `${plan.file}:${plan.line}` ? undefined : plan.setting],
    ['Target', plan.target],
    ['Restarts', plan.restarts.join(', ') || 'nothing'],
    ['Recreates', plan.recreates.join(', ') || 'nothing'],
    ['Made', `${shortDuration(now - Date.parse(plan.madeAt))} ago, plan ${plan.number}`],
    ['Expires', expiry(plan, now)],
    ['Hash', plan.hash],
  ];
  return [
    `${paint('bold', spec.node.name)}  ${plan.summary}\n`,
    ...rows.flatMap(([title, value]) => (value === undefined ? [] : [`  ${title.padEnd(11)}${value}\n`])),
    ...(plan.diff === undefined ? [] : plan.diff.trimEnd().split('\n')).map(
      (line) => `  ${tinted(line, paint)}\n`,
    ),
  ].join('');
}

export function expiry({ expiresAt }: Pick<Plan, 'expiresAt'>, now: number): string | undefined {
  if (expiresAt === undefined) return undefined;
  const left = Date.parse(expiresAt) - now;
  return left > 0 ? `in ${shortDuration(left)}, at ${expiresAt}` : `${shortDuration(-left)} ago`;
}

function tinted(line: string, paint: Output['paint']): string {
  if (line.startsWith('+') && !line.startsWith('+++')) return paint('green', line);
  if (line.startsWith('-') && !line.startsWith('---')) return paint('red', line);
  return line;
}
