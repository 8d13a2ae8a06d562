/** What several sections say of an incident, worked out once from its record. */
import { FINAL_PHASES, type StepName } from '../../api/remediation.ts';
import { beganAt, podOf, seenAt } from '../../api/trigger.ts';
import { changedTheNode } from '../../remediation/facts.ts';
import { evidenceOf, type StoredRecord } from './record.ts';

/** Epoch milliseconds; undefined: it did not happen, or is not recorded. */
type Moment = number | undefined;

const epoch = (time: string | undefined): Moment => (time === undefined ? undefined : Date.parse(time));

export const stepEnd = ({ status }: StoredRecord, name: StepName): Moment =>
  epoch(status.steps.find((step) => step.name === name)?.finishedAt);

export const isOver = ({ status }: Pick<StoredRecord, 'status'>): boolean =>
  FINAL_PHASES.includes(status.phase);

export const hasChanged = ({ status }: StoredRecord): boolean => status.repair?.change !== undefined;

/** The agent was started and never reported. */
export const mayHaveChanged = (record: StoredRecord): boolean =>
  isOver(record) &&
  record.status.repair === undefined &&
  record.status.steps.some(({ name }) => name === 'Repair');

/** The new value is in the file. */
export const holdsChange = (record: StoredRecord): boolean =>
  changedTheNode(record.status) &&
  record.status.guard?.outcome !== 'rolled-back' &&
  record.status.rolledBackBy === undefined;

export const claimedAt = ({ spec }: StoredRecord): Moment => epoch(seenAt(spec));

export const kubeletBackAt = ({ status }: StoredRecord): Moment => epoch(status.repair?.times.restarted);

/** Since when the DNS pod has answered without a failure until it was verified. */
export const answersSince = ({ status }: StoredRecord): Moment => epoch(status.verification?.firstSuccess);

/** Found before a DNS pod failed, and proven without one: none runs on the node. */
export const isProofEnough = ({ spec, status }: StoredRecord): boolean =>
  spec.trigger === 'Drift' &&
  spec.drift.kind === 'Kubelet' &&
  status.phase === 'Healed' &&
  status.verification === undefined;

/** When it was shown that DNS works: by the new DNS pod, or by a check of the node where there is none. */
export function verifiedAt(record: StoredRecord): Moment {
  if (isProofEnough(record)) return stepEnd(record, 'Prove');
  return record.status.phase === 'Healed' ? stepEnd(record, 'Verify') : undefined;
}

/** Between two moments; undefined unless both are known, or if the clocks of node and operator differ so much that it says nothing. */
export const secondsBetween = (from: Moment, to: Moment): number | undefined =>
  from === undefined || to === undefined || to < from ? undefined : (to - from) / 1000;

export const secondsSinceStart = ({ spec }: StoredRecord, to: Moment): number | undefined =>
  secondsBetween(beganAt(spec), to);

/** The DNS pods when the incident was claimed: how many there were, with the sick one if there was one, and how many served. */
export function dnsPodsAtClaim(
  record: StoredRecord,
): { readonly total: number; readonly serving: number } | undefined {
  const others = evidenceOf(record)?.dnsPods;
  const sick = podOf(record.spec) ? 1 : 0;
  return others && { total: others.length + sick, serving: others.filter(({ ready }) => ready).length };
}

/** Why the node is kept out of scheduling, if it is. */
export const isHeld = ({ status }: StoredRecord): boolean => status.quarantine?.heldSince !== undefined;

/** `9.3 s`, `4 min 10 s`, `2 h 5 min`; of a whole number of seconds without a fraction. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  if (whole >= 100) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** A word of a shell; one that is not plain is quoted, so that nothing in a record becomes a command. */
export const shellWord = (text: string): string =>
  /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
