/**
 * What the agent is in the middle of, on the node's disk before each step, so that the next run can finish or
 * undo it. At most one at a time; finished ones lie beside their backup.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { repairReportSchema } from '../../api/agent-protocol.ts';
import type { SafeDirectory } from '../files/safe-directory.ts';
import type { Log } from '../log.ts';

const NAME = 'journal.json';

/**
 * - `writing`: the backup is safe; the file holds the old or already the new bytes, or a mixture if `inPlace`
 * - `restarting`: the file holds the new bytes, the restart is or is about to be asked for
 * - `undoing`: the new kubelet did not come up; the file holds the new or already the old bytes, or a mixture
 * - `undo-restarting`: the file holds the old bytes, a restart with them is or is about to be asked for
 */
const STEPS = ['writing', 'restarting', 'undoing', 'undo-restarting'] as const;

const journalSchema = z.object({
  version: z.literal(1),
  remediation: z.string(),
  nonce: z.string(),
  step: z.enum(STEPS),
  file: z.object({ directory: z.string(), name: z.string() }),
  /** The names in that directory before the change, in order. */
  beside: z.array(z.string()).readonly().default([]),
  change: repairReportSchema.shape.change.unwrap(),
  /** The file is written in place, so that it may be torn; then a copy of the new bytes lies beside the backup. */
  inPlace: z.boolean().default(false),
  /** For the report of a re-run, which cannot see the node as it was. */
  evidence: repairReportSchema.pick({ layout: true, effective: true, current: true, target: true }),
  /** The kubelet answered before, so it has to answer again. */
  mustServe: z.boolean(),
  pidBefore: z.int(),
  pidAfter: z.int(),
  restarts: z.int(),
  /** Since when the file has the bytes that the next restart is for; by the node's clock. */
  bytesSinceMs: z.number(),
  problem: z.string().optional(),
  /** A person wanted the undoing: it is the purpose of the run, not its failure. */
  onRequest: z.literal(true).optional(),
  times: repairReportSchema.shape.times,
  /** Only in a finished one. */
  outcome: z.enum(['repaired', 'rolled-back', 'failed']).optional(),
  /** Only in a finished one without an outcome: the file has its old bytes again and no kubelet was started. */
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

  /** What an earlier run for the same incident brought to an end, in case its report was lost. */
  finishedRun(remediation: string, nonce: string): Journal | undefined {
    const journal = this.finishedOf(remediation);
    return journal?.nonce === nonce && journal.abandoned === undefined ? journal : undefined;
  }

  /** How the named incident ended, whichever run it was that asks. */
  finishedOf(remediation: string): Journal | undefined {
    const own = this.#directory.existing(remediation);
    if (own === undefined) return undefined;
    try {
      return read(own);
    } finally {
      own.close();
    }
  }

  /** Of all incidents, what their last run brought to an end. One that cannot be read is no evidence of anything. */
  allFinished(): readonly Journal[] {
    const incidents = this.#directory.list().filter((entry) => entry.isDirectory());
    return incidents.flatMap(({ name }) => {
      try {
        const own = this.#directory.existing(name);
        const journal = own && read(own);
        own?.close();
        return journal ?? [];
      } catch (error) {
        this.#log('an old journal cannot be read', { name, error: String(error) });
        return [];
      }
    });
  }

  save(journal: Journal): void {
    this.#directory.write(NAME, Buffer.from(JSON.stringify(journal, null, 2)));
  }

  /**
   * As if the run had not been, but for the file's time of change: that this is not somebody's pending edit can
   * only be told from the journal, so it is kept if there is space for it.
   */
  abandon(journal: Journal): void {
    try {
      this.finish({ ...journal, abandoned: true });
    } catch (error) {
      this.#log('journal could not be kept', { error: String(error) });
      this.#directory.remove(NAME);
    }
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

  /** Returns where the copy lies on the node. The checksum in its name keeps a re-run from writing over it. */
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

  /** The old or the new bytes by their checksum; undefined where they are lost or damaged. */
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

/** A journal that cannot be read is an error, not an absence: it may stand for a half-done repair. */
function read(directory: SafeDirectory): Journal | undefined {
  const file = directory.read(NAME);
  return file && journalSchema.parse(JSON.parse(file.bytes.toString('utf8')));
}
