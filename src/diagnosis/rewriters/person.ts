/** Someone who edited the file on the node. */
import { posix } from 'node:path';
import { atBootMs, editorTraces, near, type Rewriter, sameMinute } from './rewriter.ts';

const SUDO = /^\/run\/sudo\/ts\//;

/** Not by the time of day, which would speak for a person: the time zone that they work in is not known. */
export const person: Rewriter = {
  explanation: 'Person',
  explain: (trace) => {
    const { path, neighbours, owner, ctime } = trace.rewritten;
    const editors = editorTraces(trace);
    const sudo = near(trace, SUDO);
    const isAlone = neighbours.length === 0;
    if (editors.length + sudo.length === 0 && (!isAlone || atBootMs(trace) !== null)) return null;
    const users = sudo.map((one) => posix.basename(one)).join(', ');
    return {
      confidence: editors.length > 0 ? 'high' : sudo.length > 0 ? 'medium' : 'low',
      evidence: [
        ...(editors.length > 0 ? [sameMinute(editors, ', as by an editor')] : []),
        ...(sudo.length > 0 ? [`sudo was used within a minute of it (${users}).`] : []),
        ...(isAlone ? [`Nothing else is known that was changed within a minute of it.`] : []),
        ...(owner === '0:0' ? [] : [`The file is owned by ${owner}, not by root.`]),
      ],
      change: [
        `Ask who worked on the node at ${ctime}. To see who was logged in: last -F | head -20`,
        `Agree that resolvConf in ${path} is to stay ${trace.target}.`,
      ],
    };
  },
};
