/** What saved files say of one node: its kubelet, its resolv.conf files, the addresses of DNS that its kubelet hands out. Pure. */
import { Refused } from '../../../api/refused.ts';
import type { CaseKubelet, SavedText } from '../../../diagnosis/case.ts';
import { readKubeletConfig } from '../../../diagnosis/kubelet/kubelet-config.ts';
import { readSavedKubelet } from '../../../diagnosis/kubelet/saved-kubelet.ts';
import { type Configz, parseConfigz } from '../kubelet-facts.ts';
import type { SavedFile } from './saved-file.ts';

export interface NodeFiles {
  readonly kubelet?: CaseKubelet;
  readonly configz?: Configz;
  readonly hostFiles: readonly SavedText[];
  /** `clusterDNS` of the kubelet. */
  readonly clusterDNS: readonly string[];
  /** What could not be understood, in sentences. */
  readonly problems: readonly string[];
}

/** @param files of which each configz can be parsed */
export function nodeFiles(files: readonly SavedFile[]): NodeFiles {
  const of = (...kinds: readonly SavedFile['kind'][]): readonly SavedFile[] =>
    files.filter(({ kind }) => kinds.includes(kind));
  const flags = of('flags');
  const commandLine = flags.find(({ text }) => isCommandLine(text));
  const [configz] = of('configz');
  const unit = unitOf(of('unit'));
  const settings = [...of('kubelet-config'), ...flags.filter((file) => file !== commandLine)];
  const isKnown = settings.length > 0 || unit || commandLine || configz;
  const read = isKnown
    ? readSavedKubelet({
        files: settings.map(saved),
        ...(unit && { unit }),
        ...(commandLine && { commandLine: saved(commandLine) }),
        ...(configz && { configz: saved(configz) }),
      })
    : undefined;
  const config = configz && parseConfigz(JSON.parse(configz.text));
  const declared = of('kubelet-config').flatMap(clusterDnsOf);
  return {
    ...(read && { kubelet: read.kubelet }),
    ...(config && { configz: config }),
    hostFiles: of('resolv-conf').map(saved),
    clusterDNS: [...new Set([...addresses(config?.['clusterDNS']), ...declared])],
    problems: read?.problems ?? [],
  };
}

const saved = ({ text, source }: SavedFile): SavedText => ({ text, source });

/** Otherwise it is an environment file. */
const isCommandLine = (text: string): boolean => /(?:^|[\s/])kubelet[\s\0]+-/.test(text);

/** Several files of one unit, as `systemctl cat` prints them: the unit, then its drop-ins by name. */
function unitOf(units: readonly SavedFile[]): SavedText | undefined {
  const [first, ...others] = units.toSorted(
    (a, b) => unitRank(a) - unitRank(b) || (a.source < b.source ? -1 : 1),
  );
  if (first === undefined || others.length === 0) return first && saved(first);
  const text = [first, ...others].map((unit) => `# ${absolute(unit.source)}\n${unit.text}`).join('\n');
  return { text, source: first.source };
}

const unitRank = ({ source }: SavedFile): number => (source.endsWith('.service') ? 0 : 1);
const absolute = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

/** None where the file cannot be parsed, which `readSavedKubelet` reports. */
function clusterDnsOf({ text, source }: SavedFile): readonly string[] {
  try {
    return addresses(readKubeletConfig(text, source).json['clusterDNS']);
  } catch (error) {
    if (error instanceof Refused) return [];
    throw error;
  }
}

const addresses = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
