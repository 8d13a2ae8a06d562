/** Cause: a file that the Corefile forwards to lists no nameserver. */
import { parseCorefile } from '../corefile.ts';
import { editCorefile } from '../object-names.ts';
import { FORWARDERS, POD_RESOLV_CONF } from '../root-forward.ts';
import { type CrashRule, startsLike } from './crash-rule.ts';

export const noUpstream: CrashRule = {
  cause: 'NoUpstream',
  shows: startsLike(
    /^plugin\/(?:forward|proxy): (?:.*: )?(?:no nameservers found|no valid upstream addresses found)/,
  ),
  advice({ corefile, names }) {
    const files = forwardedFiles(corefile);
    const others = files.filter((file) => file !== POD_RESOLV_CONF);
    if (others.length === 0) return NODE_FILE;
    const list = others.join(', ');
    const edit = editCorefile(names);
    const here = `A file that the Corefile forwards to lists no nameserver, and it names ${list}. ${others.length === 1 ? 'That file is' : 'Those files are'} in the CoreDNS container, so look at the volume or the image that it comes from. List upstream servers in it, or put them in the forward line instead: ${edit}.`;
    return files.length === others.length
      ? here
      : `${here} The Corefile also forwards to ${POD_RESOLV_CONF}, so check that too: the file that the kubelet's resolvConf points to on this node must list upstream servers.`;
  },
};

const NODE_FILE =
  "The resolv.conf that CoreDNS was given lists no nameserver. Make sure that the file that the kubelet's resolvConf points to on this node lists upstream servers (the comment `No DNS servers known` means that no link has one configured), then delete the pod.";

/** In every block, because the line does not say which one failed. */
function forwardedFiles(text: string | undefined): readonly string[] {
  const corefile = parseCorefile(text ?? '');
  if (corefile.kind !== 'corefile') return [];
  const targets = corefile.blocks
    .flatMap((block) => block.directives)
    .flatMap(({ name, args }) => (FORWARDERS.includes(name) ? args.slice(1) : []));
  // An upstream that is not a file is an address or a URL, and neither begins with a slash.
  return [...new Set(targets.filter((target) => target.startsWith('/')))];
}
