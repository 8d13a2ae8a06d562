/**
 * The journal of a change: written to the node's disk before each step, so that the next run can finish or undo it.
 * At most one is unfinished; finished ones lie beside their backup.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { repairReportSchema } from '../../api/agent-protocol.ts';
import type { SafeDirectory } from '../files/safe-directory.ts';
import type { Log } from '../log.ts';
import { watchedSchema } from '../unit/watch.ts';

const NAME = 'journal.json';

/**
 * - `writing`: the backup is safe; the file holds the old or already the new bytes, or a mixture if `inPlace`
 * - `restarting`: the file holds the new bytes; the restart was requested or is about to be
 * - `guarding`: a kubelet has served with the new bytes; it is watched, and the file is not to change
 * - `undoing`: the new kubelet did not come up; the file holds the new or already the old bytes, or a mixture
 * - `undo-restarting`: the file holds the old bytes; a restart with them was requested or is about to be
 */
const STEPS = ['writing', 'restarting', 'guarding', 'undoing', 'undo-restarting'] as const;

const journalSchema = z.object({
  version: z.literal(1),
  remediation: z.string(),
  nonce: z.string(),
  step: z.enum(STEPS),
  file: z.object({ directory: z.string(), name: z.string() }),
  /** The names in that directory before the change, sorted. */
  beside: z.array(z.string()).readonly().default([]),
  change: repairReportSchema.shape.change.unwrap(),
  /** Only the file is changed; the kubelet is restarted neither with the new bytes nor with the old ones. */
  restart: z.literal(false).optional(),
  /** The file is written in place and may be torn; a copy of the new bytes lies beside the backup. */
  inPlace: z.boolean().default(false),
  /** For the report of a re-run, which cannot see the node as it was. */
  evidence: repairReportSchema.pick({
    layout: true,
    effective: true,
    current: true,
    target: true,
    rewritten: true,
    compared: true,
  }),
  /** The kubelet served before the change, so it has to serve after it. */
  mustServe: z.boolean(),
  pidBefore: z.int(),
  startedBefore: z.string().optional(),
  pidAfter: z.int(),
  restarts: z.int(),
  /** When the file got the bytes that the next restart is for, by the node's clock. */
  bytesSinceMs: z.number(),
  problem: z.string().optional(),
  /** What was known of the new kubelet when the journal was saved. */
  watched: watchedSchema.optional(),
  /** The remediation whose repair this change takes back: its old bytes are then the new ones, and the other way round. */
  reverts: z.string().optional(),
  times: repairReportSchema.shape.times,
  /** Only in a finished one. */
  outcome: z.enum(['repaired', 'corrected', 'rolled-back', 'failed']).optional(),
  /** Only in a finished one without an outcome: the file has its old bytes again and the kubelet was not restarted. */
  abandoned: z.literal(true).optional(),
});
export type Journal = z.infer<typeof journalSchema>;

export class JournalStore {
  readonly #directory: SafeDirectory;
  readonly #log: Log;

  constructor(directory: SafeDirectory, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** The unfinished one, whichever remediation it belongs to: a node has one kubelet. */
  unfinished(): Journal | undefined {
    return read(this.#directory);
  }

  /** How an earlier run for the same incident ended, in case its report was lost. */
  finishedRun(remediation: string, nonce: string): Journal | undefined {
    const journal = this.finishedOf(remediation);
    return journal?.nonce === nonce && journal.abandoned === undefined ? journal : undefined;
  }

  /** How the last run for that remediation ended. */
  finishedOf(remediation: string): Journal | undefined {
    const own = this.#directory.existing(remediation);
    if (own === undefined) return undefined;
    try {
      return read(own);
    } finally {
      own.close();
    }
  }

  /** How the last run of each remediation ended. An unreadable journal is skipped: it proves nothing. */
  allFinished(): readonly Journal[] {
    const incidents = this.#directory.list().filter((entry) => entry.isDirectory());
    return incidents.flatMap(({ name }) => {
      try {
        const own = this.#directory.existing(name);
        const journal = own && read(own);
        own?.close();
        return journal ?? [];
      } catch (error) {
        this.#log('finished journal unreadable', { name, error: String(error) });
        return [];
      }
    });
  }

  save(journal: Journal): void {
    this.#directory.write(NAME, Buffer.from(JSON.stringify(journal, null, 2)));
  }

  /** For steps that must not stop because the disk is full. Returns whether it was saved. */
  trySave(journal: Journal): boolean {
    return this.#logFailure('journal not saved', () => this.save(journal));
  }

  finish(journal: Journal): void {
    this.save(journal);
    const own = this.#directory.child(journal.remediation);
    try {
      this.#directory.rename(NAME, own, NAME);
    } finally {
      own.close();
    }
  }

  tryFinish(journal: Journal): void {
    this.#logFailure('journal not finished', () => this.finish(journal));
  }

  /**
   * For a change that was never made, or was undone before a restart. The journal is kept if there is space for it:
   * only from it can a later run know that the file's new change time is not someone's pending edit.
   */
  abandon(journal: Journal): void {
    try {
      this.finish({ ...journal, abandoned: true });
    } catch (error) {
      this.#log('abandoned journal not kept', { error: String(error) });
      this.#directory.remove(NAME);
    }
  }

  /** One that stays, on a failing disk, is abandoned by the next run, since the file holds the old bytes. */
  tryAbandon(journal: Journal): void {
    this.#logFailure('abandoned journal not removed', () => this.abandon(journal));
  }

  #logFailure(message: string, step: () => void): boolean {
    try {
      step();
      return true;
    } catch (error) {
      this.#log(message, { error: String(error) });
      return false;
    }
  }

  /** Returns the path of the copy on the node. The checksum in its name keeps a later run from overwriting it. */
  saveCopy(remediation: string, file: string, bytes: Uint8Array, sum: string): string {
    const own = this.#directory.child(remediation);
    try {
      const name = copyOf(file, sum);
      if (own.read(name)?.bytes.equals(bytes) !== true) own.write(name, bytes);
      return `${own.path}/${name}`;
    } finally {
      own.close();
    }
  }

  /** The old or the new bytes, by their checksum; undefined where they are lost or damaged. */
  readCopy(journal: Journal, sum: string): Buffer | undefined {
    const own = this.#directory.existing(journal.remediation);
    if (own === undefined) return undefined;
    try {
      const bytes = own.read(copyOf(journal.file.name, sum))?.bytes;
      return bytes && sha256(bytes) === sum ? bytes : undefined;
    } finally {
      own.close();
    }
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const copyOf = (file: string, sum: string): string => `${file}.${sum.slice(0, 12)}`;

/** An unreadable journal is an error, not an absence: a repair may be half done. */
function read(directory: SafeDirectory): Journal | undefined {
  const file = directory.read(NAME);
  return file && journalSchema.parse(JSON.parse(file.bytes.toString('utf8')));
}
