/**
 * The end of an incident that is about a file alone: what the agent read there after its change.
 *
 * | the agent                       | the file is right now | answer                                            |
 * | ------------------------------- | --------------------- | ------------------------------------------------- |
 * | corrected it                    | yes                   | Healed                                            |
 * | corrected it                    | no                    | Failed: something wrote it back                   |
 * | found nothing to correct        |                       | Cancelled: someone corrected it, and nothing was done |
 */
import { end, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function fileCorrected({ remediation }: Situation): Verdict {
  const { repair } = remediation.status;
  // The stage before passes only with a report.
  if (!repair) return pass;
  if (repair.outcome !== 'corrected')
    return end({
      phase: 'Cancelled',
      reason: 'Recovered',
      message: `Nothing was changed: ${repair.message}`,
      hold: false,
    });
  const { compared, change } = repair;
  if (compared?.inFile !== 'right')
    return end({
      phase: 'Failed',
      reason: 'WrittenBack',
      message: `The value of resolvConf in ${change?.path ?? 'the file'} was changed, but the file is not right when it is read again. The kubelet was not restarted.`,
      advice: 'Find what writes the file, for example a configuration manager, and change the value there.',
      hold: false,
    });
  const since =
    compared.running === 'right'
      ? ''
      : ' The kubelet was started by something else in the meantime; the next check of the node shows what it read.';
  return end({
    phase: 'Healed',
    reason: 'FileCorrected',
    message: `${repair.message}${since}`,
    hold: false,
  });
}
