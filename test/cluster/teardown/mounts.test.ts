import { expect, test } from 'vitest';
import { parseMountInfo } from './mounts.ts';

test('reads targets, types and options, with and without optional fields, with spaces in the path', () => {
  const text = [
    '36 35 98:0 / /mnt/a\\040b rw,noatime shared:1 master:2 - ext4 /dev/root rw,errors=continue',
    '40 30 0:30 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
    '',
  ].join('\n');
  expect(parseMountInfo(text)).toEqual([
    { target: '/mnt/a b', type: 'ext4', superOptions: 'rw,errors=continue' },
    { target: '/sys/fs/cgroup/cpu', type: 'cgroup', superOptions: 'rw,cpu' },
  ]);
});
