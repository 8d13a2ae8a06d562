import { describe, expect, it } from 'vitest';
import { COREFILE } from '../../../../test/support/objects/dns-cluster.ts';
import { LOOP_LINE } from '../../../../test/support/objects/raw-objects.ts';
import { recognise } from './recognise.ts';

describe('what a saved file is', () => {
  it.each<readonly [string, string, string]>([
    ['log', 'x', `.:53\nCoreDNS-1.12.1\n${LOOP_LINE}\n`],
    ['log', 'x', `2026-01-01T00:00:00.1Z ${LOOP_LINE}\n`],
    ['log', 'x', `Nov 26 10:00:01 node7 coredns[812]: ${LOOP_LINE}\n`],
    ['log', 'x', '/etc/coredns/Corefile:10 - Error during parsing: Unknown directive\n'],
    ['log', 'x', 'exec /coredns: exec format error\n'],
    ['log', 'kube-system/coredns-5d78/logs.txt', 'something new\n'],
    ['resolv-conf', 'x', '# a comment\nnameserver 127.0.0.53\noptions edns0 trust-ad\n'],
    ['resolv-conf', 'etc/resolv.conf', '# No DNS servers known.\n'],
    ['kubelet-config', 'x', 'kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n'],
    ['kubelet-config', 'x', '{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"}'],
    ['configz', 'x', '{"kubeletconfig":{"resolvConf":"/etc/resolv.conf"}}'],
    ['objects', 'x', '{"apiVersion":"v1","kind":"PodList","items":[]}'],
    ['objects', 'x', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\n'],
    [
      'unit',
      'x',
      '# /lib/systemd/system/kubelet.service\n[Unit]\nDescription=kubelet\n[Service]\nExecStart=/usr/bin/kubelet\n',
    ],
    ['flags', 'x', 'KUBELET_KUBEADM_ARGS="--resolv-conf=/etc/resolv.conf"\n'],
    ['flags', 'x', '/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml\n'],
    ['corefile', 'x', COREFILE],
    ['journal', 'x', 'Nov 26 10:00:00 node-1 kubelet[123]: I1126 flags.go:64] FLAG: --v="2"\n'],
  ])('%s', (kind, path, text) => {
    expect(recognise(path, text)).toBe(kind);
  });

  it.each<readonly [string, string]>([
    ['a script', '#!/bin/sh\nexec xprop -root -format AT_SPI_BUS 8s\n'],
    ['the log of another program', '[INFO] server started on port 80\n'],
    ['a configuration of another program', 'server {\n  listen 80;\n}\n'],
    ['prose', 'The nameserver of this node is wrong.\n'],
  ])('%s is none of them', (_name, text) => {
    expect(recognise('notes.txt', text)).toBeNull();
  });
});
