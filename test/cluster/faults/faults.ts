/** The faults that a rig can have on request, by the name that the command line takes. */
import { COREFILE_FORWARDS_TO_ITSELF } from './corefile-forwards-to-itself.ts';
import { COREFILE_FORWARDS_TO_SERVICE } from './corefile-forwards-to-service.ts';
import { EMPTY_VALUE } from './empty-value.ts';
import type { Fault } from './fault.ts';
import { FLAG_OVER_FILE } from './flag-over-file.ts';
import { HOST_NETWORK } from './host-network.ts';
import { LOCAL_RESOLVER } from './local-resolver.ts';
import { LOOP_REMOVED } from './loop-removed.ts';
import { MIXED_SERVERS } from './mixed-servers.ts';
import { NO_UPLINK } from './no-uplink.ts';
import { NODE_LOCAL_LOOP } from './node-local-loop.ts';
import { OUT_OF_MEMORY } from './out-of-memory.ts';
import { STALE_POD } from './stale-pod.ts';
import { STUB } from './stub.ts';
import { UPSTREAM_LOOP } from './upstream-loop.ts';

export const FAULTS = {
  stub: STUB,
  'empty-value': EMPTY_VALUE,
  'local-resolver': LOCAL_RESOLVER,
  'mixed-servers': MIXED_SERVERS,
  'flag-over-file': FLAG_OVER_FILE,
  'stale-pod': STALE_POD,
  'no-uplink': NO_UPLINK,
  'corefile-itself': COREFILE_FORWARDS_TO_ITSELF,
  'corefile-service': COREFILE_FORWARDS_TO_SERVICE,
  'host-network': HOST_NETWORK,
  upstream: UPSTREAM_LOOP,
  'node-local': NODE_LOCAL_LOOP,
  'loop-removed': LOOP_REMOVED,
  'out-of-memory': OUT_OF_MEMORY,
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** Throws with the list of names. */
export function faultNamed(word: string): FaultName {
  const name = (Object.keys(FAULTS) as FaultName[]).find((candidate) => candidate === word);
  if (name === undefined) throw new Error(`no fault ${word}, only ${Object.keys(FAULTS).join(', ')}`);
  return name;
}
