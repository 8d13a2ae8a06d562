import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const env = { AGENT_IMAGE: 'dnshealth-operator:1' };

describe('the settings', () => {
  it('require the image; everything else has a default', () => {
    expect(readSettings(env)).toEqual({
      agentImage: 'dnshealth-operator:1',
      logLevel: 'info',
      healthPort: 8080,
      notificationsFile: null,
    });
  });

  it('are refused with one message that names every missing or invalid variable', () => {
    expect(() => readSettings({ LOG_LEVEL: 'loud', HEALTH_PORT: '70000' })).toThrow(
      /^invalid environment: AGENT_IMAGE: the image.*LOG_LEVEL.*HEALTH_PORT/,
    );
  });

  it.each([{ AGENT_IMAGE: '' }, { HEALTH_PORT: '-1' }, { HEALTH_PORT: 'http' }])(
    'are refused with %j',
    (wrong) => {
      expect(() => readSettings({ ...env, ...wrong })).toThrow(Object.keys(wrong)[0]);
    },
  );
});
