/** What a kubelet says about itself: its configuration from /configz, and when it and its node were started. Pure. */
import * as z from 'zod';
import { epochTime } from '../../observe/epoch-time.ts';

const configzSchema = z.object({ kubeletconfig: z.record(z.string(), z.unknown()) });

/** The whole effective configuration of a running kubelet, flags included. */
export type Configz = Readonly<Record<string, unknown>>;

/** @throws ZodError if it is not the answer of /configz */
export const parseConfigz = (raw: unknown): Configz => configzSchema.parse(raw).kubeletconfig;

/** Absent in the answer of a kubelet that has the built-in default. */
export const resolvConfOf = (configz: Configz): string => {
  const value = configz['resolvConf'];
  return typeof value === 'string' ? value : '/etc/resolv.conf';
};

const summarySchema = z.object({
  node: z.object({
    startTime: epochTime.nullish(),
    systemContainers: z.array(z.object({ name: z.string(), startTime: epochTime.nullish() })).nullish(),
  }),
});

/** Epoch milliseconds. */
export interface StartTimes {
  readonly bootedAt?: number;
  readonly kubeletStartedAt?: number;
}

/** From /stats/summary: a cgroup is as old as what runs in it. @throws ZodError if it is not that */
export function parseStartTimes(raw: unknown): StartTimes {
  const { node } = summarySchema.parse(raw);
  const kubelet = node.systemContainers?.find(({ name }) => name === 'kubelet')?.startTime;
  return {
    ...(node.startTime ? { bootedAt: node.startTime } : {}),
    ...(kubelet ? { kubeletStartedAt: kubelet } : {}),
  };
}
