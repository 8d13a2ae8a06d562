/** Stores an elector's lease in a coordination.k8s.io/v1 Lease, which `kubectl get lease` shows. */
import * as z from 'zod';
import type { Lease, LeaseLock, LeaseRecord } from '../runtime/election/lease.ts';
import { isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import type { RawApi } from './raw-api.ts';

const leaseSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), resourceVersion: z.string() }),
  // Every field is optional for the API server; a Lease without a holder is free.
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .nullish(),
});

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** With the uid, which events about it need. */
export interface KubeLease extends Lease {
  readonly uid: string;
}

export const leasesPath = (namespace: string): string =>
  `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;

export function parseLease(raw: unknown): KubeLease {
  const { metadata, spec } = leaseSchema.parse(raw);
  return {
    uid: metadata.uid,
    version: metadata.resourceVersion,
    holder: spec?.holderIdentity ?? '',
    durationMs: (spec?.leaseDurationSeconds ?? 0) * 1000,
    acquiredAt: Date.parse(spec?.acquireTime ?? '') || 0,
    renewedAt: Date.parse(spec?.renewTime ?? '') || 0,
    transitions: spec?.leaseTransitions ?? 0,
  };
}

export function createLeaseLock(raw: RawApi, { namespace, name }: LeaseName): LeaseLock {
  const path = leasesPath(namespace);
  const at = `${path}/${encodeURIComponent(name)}`;
  // Not retried: the elector has its own period and deadline. Not fenced: it is the lease that opens the fence.
  const ours = { retry: false, unfenced: true } as const;
  return {
    name,
    async read(signal) {
      try {
        return parseLease(await raw.request({ method: 'GET', path: at, signal, retry: false }));
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },
    async write(record, over, signal) {
      const spec = specOf(record);
      if (over === null) {
        const body = {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name, namespace },
          spec,
        };
        return parseLease(await raw.request({ method: 'POST', path, body, signal, ...ours }));
      }
      // A patch, so that labels and annotations of others are kept; with the version, so that a write by another process
      // is a conflict.
      const body = { metadata: { resourceVersion: over.version }, spec };
      return parseLease(await raw.request({ method: 'PATCH', path: at, body, signal, ...ours }));
    },
  };
}

function specOf(record: LeaseRecord): object {
  return {
    holderIdentity: record.holder,
    // The API requires whole seconds, at least one; only tests use fractions.
    leaseDurationSeconds: Math.max(1, Math.floor(record.durationMs / 1000)),
    acquireTime: microTime(record.acquiredAt),
    renewTime: microTime(record.renewedAt),
    leaseTransitions: record.transitions,
  };
}
