/** Every place of a node that sets `resolvConf`, also one that another overrides: what an examination compares. */
import { assertNever } from '../../api/assert-never.ts';
import type { KubeletLayer } from '../case.ts';
import { kubeletCommand } from './effective.ts';
import type { KubeletService, NodeFiles } from './kubelet-service.ts';
import { type Setting, settingOfConfig, settingOfDropIn, settingOfFlag } from './setting.ts';
import { unlessRefused } from './unless-refused.ts';

export interface Layers {
  /** In rising precedence: the last one takes effect. Empty if the value is set nowhere. */
  readonly layers: readonly KubeletLayer[];
  /** Files that could not be read or understood, in sentences. One of them may set the value too. */
  readonly problems: readonly string[];
}

export function resolvConfLayers(service: KubeletService, files: NodeFiles): Layers {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => unlessRefused(read, problems);
  const command = attempt(() => kubeletCommand(service, files));
  if (!command) return { layers: [], problems };
  const { configPath, dropIns, flag } = command;
  const settings = [
    attempt(() => settingOfConfig(configPath, files)),
    ...dropIns.slice(1).map((path) => attempt(() => settingOfDropIn(path, files))),
    flag && settingOfFlag(flag, service, files),
  ];
  return { layers: settings.flatMap((setting) => (setting ? layerOf(setting) : [])), problems };
}

function layerOf({ value, source }: Setting): readonly KubeletLayer[] {
  switch (source.kind) {
    case 'default':
      return [];
    case 'config':
    case 'drop-in':
      return [{ kind: source.kind, value, path: source.path, line: source.line }];
    case 'environment-flag':
    case 'unit-flag':
      return [{ kind: 'flag', value, path: source.path, line: source.line }];
    case 'unseen-flag':
      return [{ kind: 'flag', value, path: source.files[0] ?? 'kubelet.service' }];
    default:
      return assertNever(source);
  }
}
