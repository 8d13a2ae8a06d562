import { expect, it } from 'vitest';
import { upstreamMetrics } from './coredns-metrics.ts';

it('finds the servers that were asked, in the metrics of newer and of older releases', () => {
  const { servers } = upstreamMetrics(
    [
      'coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="NOERROR",to="127.0.0.53:53"} 3',
      'coredns_proxy_conn_cache_misses_total{proto="udp",proxy_name="forward",to="[2001:db8::53]:53"} 1',
      'coredns_forward_requests_total{to="192.0.2.53:53"} 7',
      'coredns_proxy_request_duration_seconds_count{proxy_name="grpc",rcode="NOERROR",to="192.0.2.99:53"} 3',
      'coredns_dns_requests_total{proto="udp",server="dns://:53"} 3',
      '',
    ].join('\n'),
  );
  expect(servers).toEqual(['127.0.0.53', '2001:db8::53', '192.0.2.53']);
});

it('counts the queries that were refused, of all server blocks', () => {
  expect(
    upstreamMetrics(
      'coredns_forward_max_concurrent_rejects_total 2\ncoredns_forward_max_concurrent_rejects_total{x="y"} 3\n',
    ).rejected,
  ).toBe(5);
});
