/** How the messages name the two contents of a changed file: a rollback has them the other way round. */
import type { Journal } from './journal.ts';

interface Wording {
  /** The change was made, as the beginning of a sentence. */
  readonly changed: string;
  /** What the kubelet now runs with. */
  readonly kept: string;
  /** The change was taken back. */
  readonly restored: string;
  readonly notRestored: string;
}

export function wordingOf({ reverts, change, inPlace }: Journal): Wording {
  const where = `${change.path}${inPlace ? ' in place' : ''}`;
  return reverts === undefined
    ? {
        changed: `The value of resolvConf in ${change.path}:${change.line} was changed${inPlace ? ' in place' : ''}`,
        kept: 'the new value',
        restored: 'The old configuration was restored',
        notRestored: 'The old configuration could not be restored',
      }
    : {
        changed: `The content from before ${reverts} was restored in ${where}`,
        kept: `the configuration from before ${reverts}`,
        restored: `The configuration that ${reverts} had written was restored`,
        notRestored: `The configuration that ${reverts} had written could not be restored`,
      };
}
