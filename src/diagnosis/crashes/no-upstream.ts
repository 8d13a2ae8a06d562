/** Cause: a file that the Corefile forwards to lists no nameserver. */
import { parseCorefile } from '../corefile.ts';
import { parseEndpoint } from '../endpoint.ts';
import { parseIp } from '../ip-address.ts';
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
    if (others.length === 0) return files.length === 0 ? nothingNamed(corefile) : NODE_FILE;
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

/** The Corefile could not be read, or what it imports has the forward line. */
function nothingNamed(text: string | undefined): string {
  const corefile = parseCorefile(text ?? '');
  const blocks = corefile.kind === 'corefile' ? corefile.blocks : [];
  const imports = blocks.flatMap((block) => block.imports);
  if (imports.length === 0) return NODE_FILE;
  return `A file that CoreDNS forwards to lists no nameserver. The forward line is in ${imports.join(', ')}, which the Corefile imports. Look there for the file that it names, and list upstream servers in it. If it names ${POD_RESOLV_CONF}, that is the file that the kubelet's resolvConf points to on this node.`;
}

/** In every block, because the line does not say which one failed. */
function forwardedFiles(text: string | undefined): readonly string[] {
  const corefile = parseCorefile(text ?? '');
  if (corefile.kind !== 'corefile') return [];
  const targets = corefile.blocks
    .flatMap((block) => block.directives)
    .flatMap(({ name, args }) => (FORWARDERS.includes(name) ? args.slice(1) : []));
  return [...new Set(targets.filter(isFile))];
}

/** CoreDNS takes for a file what is neither an address nor a URL; a name is not allowed. A variable can be anything. */
const isFile = (target: string): boolean =>
  target.startsWith('/') || !(/:\/\/|\{/.test(target) || parseIp(parseEndpoint(target).host));
