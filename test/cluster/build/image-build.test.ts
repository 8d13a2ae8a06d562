import { expect, test } from 'vitest';
import { fullImageName } from './image-build.ts';

test.each([
  ['dnshealth:e2e', 'docker.io/library/dnshealth:e2e'],
  ['team/dnshealth:1', 'docker.io/team/dnshealth:1'],
  ['localhost/dnshealth:1', 'localhost/dnshealth:1'],
  ['localhost:5000/dnshealth', 'localhost:5000/dnshealth'],
  ['registry.k8s.io/pause:3.10.1', 'registry.k8s.io/pause:3.10.1'],
])('the image %s is called %s on a node', (tag, full) => {
  expect(fullImageName(tag)).toBe(full);
});
