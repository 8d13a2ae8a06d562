/** Cause: the processor of the node cannot run the program in the image. */
import { type CrashRule, startsLike } from './crash-rule.ts';
import { execError } from './exec-error.ts';

const otherProcessor = startsLike(
  /^This program can only be run on \S+ processors with /,
  /^SIGILL: illegal instruction/,
);

export const wrongArchitecture: CrashRule = {
  cause: 'WrongArchitecture',
  shows: (line) => execError(line) === 'exec format error' || otherProcessor(line),
  advice: () =>
    'The processor of this node cannot run the program in the image: either the image is for another architecture, or its copy on this node is damaged. Compare the architecture of the node (`kubectl get nodes -L kubernetes.io/arch`) with those of the image, and use an image that has it. If they are the same, remove the image on the node, so that it is pulled again: `crictl rmi IMAGE`.',
};
