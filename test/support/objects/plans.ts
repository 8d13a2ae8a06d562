/** A builder of plans: by default the change of one line, which restarts the kubelet. */
import type { Plan } from '../../../src/api/plan.ts';
import { isoAt } from './builders.ts';

export const aPlan = (overrides: Partial<Plan> = {}): Plan => ({
  hash: 'first',
  number: 1,
  madeAt: isoAt(10),
  expiresAt: isoAt(10 + 86_400),
  changes: 'Kubelet',
  file: '/var/lib/kubelet/config.yaml',
  line: 7,
  setting: '/var/lib/kubelet/config.yaml:7',
  target: '/run/systemd/resolve/resolv.conf',
  diff: [
    '--- /var/lib/kubelet/config.yaml',
    '+++ /var/lib/kubelet/config.yaml',
    '@@ -7 +7 @@',
    '-resolvConf: /etc/resolv.conf',
    '+resolvConf: /run/systemd/resolve/resolv.conf',
    '',
  ].join('\n'),
  sha256Before: 'a'.repeat(64),
  sha256After: 'b'.repeat(64),
  restarts: ['kubelet.service'],
  recreates: ['coredns-sick'],
  madeFor: { bootID: '3b2e5a7c' },
  agentImage: 'registry.example.com/dnshealth-operator:0.1.0',
  summary: 'Set resolvConf to /run/systemd/resolve/resolv.conf, and restart the kubelet.',
  ...overrides,
});
