/** How a journaled change has ended, and the ends that several of its steps share. */
import type { Journal } from './journal.ts';
import type { FileContext } from './journaled-file.ts';
import { isActive, type RestartContext } from './restart.ts';

export interface SettleContext extends FileContext, RestartContext {
  /** Whether another process waits to guard the change when this one ends. */
  readonly isGuarded: () => boolean;
  /** Whether one is to be expected: it may still be starting. */
  readonly expectsGuard: boolean;
}

export interface Settled {
  readonly outcome: 'repaired' | 'corrected' | 'rolled-back' | 'failed';
  readonly reason: string;
  readonly message: string;
  readonly advice?: string;
  readonly journal: Journal;
  readonly nodeUnchanged: boolean;
  readonly active: boolean;
  /** The change was left to a guard, and its journal to be finished by it. */
  readonly handedOver?: true;
}

/** Finishes the journal. */
export function end(
  journal: Journal,
  reason: string,
  message: string,
  state: { readonly nodeUnchanged: boolean; readonly active: boolean; readonly advice?: string },
  context: SettleContext,
): Settled {
  context.journals.tryFinish(journal);
  return { outcome: journal.outcome ?? 'failed', reason, message, journal, ...state };
}

export async function foreign(journal: Journal, context: SettleContext): Promise<Settled> {
  return end(
    { ...journal, outcome: 'failed' },
    'ForeignEdit',
    `The file ${journal.change.path} was changed by someone else: it holds neither the old nor the new configuration.`,
    { nodeUnchanged: false, active: await isActive(context) },
    context,
  );
}
