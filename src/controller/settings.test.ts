import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const env = { AGENT_IMAGE: 'dnshealth-operator:1', KUBERNETES_SERVICE_HOST: '10.96.0.1' };

describe('the settings', () => {
  it('need the image and what the kubelet sets; everything else has a default', () => {
    expect(readSettings(env)).toEqual({
      agentImage: 'dnshealth-operator:1',
      kubernetesAddress: '10.96.0.1',
      logLevel: 'info',
      healthPort: 8080,
    });
  });

  it('name every variable that is missing or wrong, in one message', () => {
    expect(() => readSettings({ LOG_LEVEL: 'loud', HEALTH_PORT: '70000' })).toThrow(
      /AGENT_IMAGE: the image.*KUBERNETES_SERVICE_HOST: the operator runs in a pod.*LOG_LEVEL.*HEALTH_PORT/,
    );
  });

  it.each([
    { AGENT_IMAGE: '' },
    { KUBERNETES_SERVICE_HOST: '' },
    { HEALTH_PORT: '-1' },
    { HEALTH_PORT: 'http' },
  ])('refuse %j', (wrong) => {
    expect(() => readSettings({ ...env, ...wrong })).toThrow(Object.keys(wrong)[0]);
  });
});
