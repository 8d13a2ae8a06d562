import { describe, expect, it } from 'vitest';
import { kubeError } from '../../test/support/objects/fake-kube.ts';
import type { CustomResource } from '../kube/custom-resource.ts';
import { writeStatus } from './write-status.ts';

const signal = new AbortController().signal;
const raw = { metadata: { name: 'a', resourceVersion: '7' }, status: { count: 1 } };

function anApi(failure?: Error) {
  const written: unknown[] = [];
  const replaceStatus = async (_name: string, object: unknown) => {
    if (failure) throw failure;
    written.push(object);
    return { metadata: { name: 'a', resourceVersion: '8' }, status: { count: 2 } };
  };
  return { written, api: { replaceStatus } as unknown as CustomResource<object> };
}
const write = async (failure?: Error, after = { count: 2 }) =>
  writeStatus(anApi(failure).api, 'a', { raw, before: { count: 1 }, after }, signal);

describe('a status', () => {
  it('is written over the object as it was read, with its resourceVersion', async () => {
    const { api, written } = anApi();
    const change = { raw, before: { count: 1 }, after: { count: 2 } };
    const answer = { metadata: { name: 'a', resourceVersion: '8' }, status: { count: 2 } };
    expect(await writeStatus(api, 'a', change, signal)).toEqual({ kind: 'written', raw: answer });
    expect(written).toEqual([{ ...raw, status: { count: 2 } }]);
  });

  it('is not written when nothing changed', async () => {
    expect(await write(new Error('must not be called'), { count: 1 })).toEqual({ kind: 'unchanged' });
  });

  it('is overtaken when the object was changed or deleted since it was read', async () => {
    expect(await write(kubeError(409, 'Conflict'))).toEqual({ kind: 'overtaken' });
    expect(await write(kubeError(404, 'NotFound'))).toEqual({ kind: 'overtaken' });
  });

  it('fails with any other error', async () => {
    await expect(write(kubeError(403, 'Forbidden'))).rejects.toThrow('403');
  });
});
