/** Whether a repair would do what a person has approved, and nothing else. Pure. */
import type { Approved } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';

/** What the repair is about to do. */
export interface Intended {
  readonly file: string;
  readonly line: number;
  readonly setting: string;
  readonly target: string;
  readonly sha256Before: string;
  readonly sha256After: string;
}

/** @param intended null: nothing would be changed. @returns what is different, as a sentence; null where nothing is */
export function notAsApproved(approved: Approved, intended: Intended | null): string | null {
  switch (approved.changes) {
    case 'Nothing':
      return intended === null
        ? null
        : `The approved plan changes nothing, and now ${intended.file}:${intended.line} would be changed.`;
    case 'File': {
      if (intended === null)
        return `The approved plan changes ${approved.file}:${approved.line}, and now nothing would be changed.`;
      const { changes: _changes, ...expected } = approved;
      const [first] = Object.entries(expected).filter(
        ([field, value]) => intended[field as keyof Intended] !== value,
      );
      if (first === undefined) return null;
      const [field, value] = first;
      return `${NAMES[field as keyof Intended]} is ${intended[field as keyof Intended]}, and not ${value} as in the approved plan.`;
    }
    default:
      return assertNever(approved);
  }
}

const NAMES: Readonly<Record<keyof Intended, string>> = {
  file: 'The file that would be changed',
  line: 'The line that would be changed',
  setting: 'The place that sets the effective value',
  target: 'The new value of resolvConf',
  sha256Before: 'The SHA-256 of the file before the change',
  sha256After: 'The SHA-256 of the file after the change',
};
