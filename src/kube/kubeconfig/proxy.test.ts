import { describe, expect, it } from 'vitest';
import { proxyFor } from './proxy.ts';

const server = new URL('https://api.prod.example.com:6443');
const proxy = { HTTPS_PROXY: 'http://proxy:3128' };
const via = (to: URL | string, env: Record<string, string>, configured?: string) =>
  proxyFor(new URL(to), configured, env)?.href;

describe('the proxy to the API server', () => {
  it('is the one of the cluster, even if the environment names another or exempts the server', () => {
    expect(via(server, { ...proxy, NO_PROXY: '*' }, 'http://cluster-proxy:8080')).toBe(
      'http://cluster-proxy:8080/',
    );
  });

  it.each([
    [{ HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    [{ https_proxy: 'http://proxy:3128' }, 'http://proxy:3128/'],
    [{ HTTPS_PROXY: 'https://proxy' }, 'https://proxy/'],
    [{ HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    [{ HTTP_PROXY: 'http://proxy:3128' }, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
    [{}, undefined],
  ])('is taken from the environment %j', (env, expected) => {
    expect(via(server, env)).toBe(expected);
  });

  it('is HTTP_PROXY for a server without TLS', () => {
    expect(via('http://api.example.com', { HTTP_PROXY: 'http://proxy:3128' })).toBe('http://proxy:3128/');
  });

  it.each([
    ['*', 'https://api.prod.example.com:6443', true],
    ['example.com', 'https://api.prod.example.com:6443', true],
    ['.example.com', 'https://api.prod.example.com:6443', true],
    ['*.example.com', 'https://api.prod.example.com:6443', true],
    ['.example.com', 'https://example.com', false],
    ['example.com', 'https://example.com', true],
    ['ample.com', 'https://example.com', false],
    ['example.com:443', 'https://example.com', true],
    ['example.com:6443', 'https://example.com', false],
    ['other.example, EXAMPLE.com ,', 'https://example.com', true],
    ['10.0.0.0/8', 'https://10.96.0.1', true],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.0.0.0/8', 'https://10.example.com', false],
    ['10.96.0.1', 'https://10.96.0.1:6443', true],
    ['10.96.0.1:443', 'https://10.96.0.1:6443', false],
    ['fd00::/8', 'https://[fd00::1]:6443', true],
    ['fd00::1', 'https://[fd00::1]:6443', true],
    ['[fd00::1]:443', 'https://[fd00::1]', true],
    ['not/a/network', 'https://example.com', false],
    ['', 'https://127.0.0.1:6443', true],
    ['', 'https://localhost:6443', true],
    ['', 'https://[::1]:6443', true],
  ])('with NO_PROXY=%s and the server %s: exempt %s', (NO_PROXY, to, isExempt) => {
    expect(via(to, { ...proxy, NO_PROXY })).toBe(isExempt ? undefined : 'http://proxy:3128/');
  });

  it('must be HTTP or HTTPS, and its password does not get into the error', () => {
    expect(() => via(server, {}, 'socks5://me:secret@proxy')).toThrow(
      'proxy-url: only http:// and https:// proxies are supported, not socks5:',
    );
    expect(() => via(server, { HTTPS_PROXY: 'http://' })).toThrow(/^HTTPS_PROXY: only http/);
  });
});
