import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DbusError, SystemBus } from './system-bus.ts';

const DAEMON = '/usr/bin/dbus-daemon';
const DRIVER = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

describe.runIf(existsSync(DAEMON))('SystemBus against a real dbus-daemon', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dnshealth-bus-'));
  const socketPath = join(directory, 'bus');
  let daemon: ChildProcess;

  beforeAll(async () => {
    const config = join(directory, 'bus.conf');
    writeFileSync(
      config,
      `<busconfig><type>custom</type><listen>unix:path=${socketPath}</listen><auth>EXTERNAL</auth>
       <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>`,
    );
    daemon = spawn(DAEMON, ['--config-file', config, '--nofork', '--print-address=1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (daemon.stdout) await once(daemon.stdout, 'data');
  });
  afterAll(() => {
    daemon.kill();
    rmSync(directory, { recursive: true });
  });

  it('makes concurrent calls and reads strings, lists, maps and variants', async () => {
    const bus = await SystemBus.connect(socketPath);
    const [names] = await bus.call({ ...DRIVER, member: 'ListNames', args: [] });
    expect(names).toContain('org.freedesktop.DBus');
    const [credentials] = await bus.call({
      ...DRIVER,
      member: 'GetConnectionCredentials',
      args: ['org.freedesktop.DBus'],
    });
    expect(Object.fromEntries(credentials as [string, unknown][])).toMatchObject({
      UnixUserID: process.getuid?.(),
    });
    const owned = await Promise.all(
      Array.from({ length: 50 }, async () =>
        bus.call({ ...DRIVER, member: 'NameHasOwner', args: ['org.freedesktop.DBus'] }),
      ),
    );
    expect(owned).toEqual(Array.from({ length: 50 }, () => [true]));
    bus.close();
    await expect(bus.call({ ...DRIVER, member: 'ListNames', args: [] })).rejects.toThrow(
      'closed by the agent',
    );
  });

  it('rejects with the name of the D-Bus error', async () => {
    const bus = await SystemBus.connect(socketPath);
    const asked = bus.call({ ...DRIVER, member: 'GetNameOwner', args: ['no.such.name'] });
    await expect(asked).rejects.toBeInstanceOf(DbusError);
    await expect(asked).rejects.toMatchObject({ name: 'org.freedesktop.DBus.Error.NameHasNoOwner' });
    bus.close();
  });
});

describe('SystemBus without a bus', () => {
  it('rejects with ENOENT', async () => {
    await expect(SystemBus.connect('/nonexistent/bus')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('rejects if the bus refuses the authentication', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'dnshealth-bus-')), 'bus');
    const server = createServer((socket) => socket.end('REJECTED EXTERNAL\r\n')).listen(path);
    await once(server, 'listening');
    await expect(SystemBus.connect(path)).rejects.toThrow('REJECTED');
    server.close();
  });
});
