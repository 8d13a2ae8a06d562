/** Cause: CoreDNS does not accept its Corefile. */
import { editCorefile } from '../object-names.ts';
import { type CrashRule, startsLike } from './crash-rule.ts';

const FILE = /^plugin\/(?:forward|proxy): (?:failed to resolve|not an IP address or file:) "([^"]*)"/;

export const corefileError: CrashRule = {
  cause: 'CorefileError',
  shows: startsLike(
    /^(?:\S+ ?: )*\S*:\d+ - (?:Error during parsing|Syntax error|Error)/,
    /^(?:loading Caddyfile|Could not load|Error during parsing|Corefile)/i,
    /^cannot serve \S+ - /,
    /^plugin\/\w+: /,
  ),
  advice({ line = '', names }) {
    const edit = editCorefile(names);
    const upstream = FILE.exec(line)?.[1];
    return upstream === undefined
      ? `CoreDNS rejects its Corefile. Correct the line named in the message: ${edit}. After an upgrade of CoreDNS, look for plugins that the new release has removed.`
      : `The Corefile forwards to ${upstream}, which is neither an IP address nor a file in the container. Correct the forward line, or mount the file: ${edit}.`;
  },
};
