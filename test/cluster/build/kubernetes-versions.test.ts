import { afterEach, describe, expect, it, vi } from 'vitest';
import { kubernetesVersion, kubernetesVersions } from './kubernetes-versions.ts';

afterEach(() => void vi.unstubAllEnvs());

it('the oldest version comes first, and each is pinned to a patch of its minor', () => {
  const minors = kubernetesVersions().map(({ minor }) => Number(minor.slice('1.'.length)));
  expect(minors).toEqual(minors.toSorted((a, b) => a - b));
  expect(minors.length).toBeGreaterThan(1);
  for (const { minor, patch } of kubernetesVersions()) expect(patch).toContain(`v${minor}.`);
});

describe('the version of a rig', () => {
  it('is the oldest one that is pinned', () => {
    vi.stubEnv('KUBERNETES', '');
    expect(kubernetesVersion()).toEqual(kubernetesVersions()[0]);
  });

  it('is that of the variable KUBERNETES', () => {
    const newest = kubernetesVersions().at(-1);
    vi.stubEnv('KUBERNETES', newest?.minor);
    expect(kubernetesVersion()).toEqual(newest);
    expect(kubernetesVersion('1.34').minor).toBe('1.34');
  });

  it.each(['1.34', 'v1.34', '1.34.4', 'v1.34.4'])('can be written as %s', (wanted) => {
    expect(kubernetesVersion(wanted).module).toBe('kubernetes-1.34');
  });

  it.each(['1.33', '1.3', '1.34.5', 'latest'])('that nothing pins is refused: %s', (wanted) => {
    expect(() => kubernetesVersion(wanted)).toThrow(
      `no Kubernetes ${wanted}: test/cluster/build pins only 1.34 (v1.34.4), 1.37 (v1.37.2)`,
    );
  });
});
