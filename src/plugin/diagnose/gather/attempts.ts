/** Reads that may fail without ending the diagnosis: what could not be read is listed, with the reason and a command. */
import type { Missing } from '../../../diagnosis/examination.ts';
import { KubeError } from '../../../kube/errors.ts';

export interface Wanted {
  /** In words, for example "the configuration of the running kubelet of node-1". */
  readonly what: string;
  /** What reads it by hand. */
  readonly command: string;
  /** In terms of RBAC: "get nodes/proxy". After one refusal it is not asked for again. */
  readonly right: string;
}

/** The attempts for one pod; what is forbidden is known to all pods. */
export interface Attempts {
  /**
   * Undefined if it could not be read.
   * @throws what is not a KubeError, and everything once the signal is aborted
   */
  read<T>(wanted: Wanted, call: () => Promise<T>): Promise<T | undefined>;
  /** Adds what another attempt missed. */
  add(missing: readonly Missing[]): void;
  /** Everything that could not be read so far. */
  readonly missing: readonly Missing[];
}

export interface AttemptsOf {
  readonly fresh: () => Attempts;
  /** The rights that the user does not have: "get nodes/proxy". */
  readonly forbidden: () => readonly string[];
}

export function createAttempts(signal: AbortSignal): AttemptsOf {
  const forbidden = new Set<string>();

  function fresh(): Attempts {
    const missing: Missing[] = [];
    return {
      missing,
      // Field by field: what was wanted has its right as well, which is no part of the output.
      add: (others) => void missing.push(...others.map(({ what, why, command }) => ({ what, why, command }))),
      async read({ what, command, right }, call) {
        if (forbidden.has(right)) {
          missing.push({ what, command, why: refused(right) });
          return undefined;
        }
        try {
          return await call();
        } catch (error) {
          if (signal.aborted || !(error instanceof KubeError)) throw error;
          const isForbidden = error.code === 403;
          if (isForbidden) forbidden.add(right);
          missing.push({ what, command, why: isForbidden ? refused(right) : answered(error) });
          return undefined;
        }
      },
    };
  }
  return { fresh, forbidden: () => [...forbidden].toSorted() };
}

const refused = (right: string): string => `You have no permission to ${right}.`;

function answered(error: KubeError): string {
  const text = (error.detail || error.reason).trim().replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  return `It could not be read: ${text.slice(0, 300)}.`;
}
