/** A real etcd and kube-apiserver on loopback, for the integration tests. One per test file; a start takes some seconds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { until } from '../../cluster/until.ts';
import { freePorts } from '../free-port.ts';
import { type LastWill, lastWill } from '../last-will.ts';
import { HANG_MS } from '../patience.ts';
import {
  type ApiserverFiles,
  apiserverFlags,
  etcdFlags,
  writeFiles,
  writeServiceAccountKey,
} from './apiserver-command.ts';
import { controlPlanePrograms } from './control-plane-programs.ts';

export interface Apiserver {
  readonly url: string;
  readonly caFile: string;
  /** Of a user in system:masters. For fewer permissions, create a service account and request its token. */
  readonly token: string;
  readonly kubeconfigPath: string;
  /** One JSON event a line; bodies of writes included. */
  readonly auditLogPath: string;
  /** One call, normally with the administrator's token. Answers of any status code are returned. */
  call(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** Like a crash: no connection is closed properly. etcd keeps running. */
  kill9(): Promise<void>;
  /** On the same port, with the same certificate and the same content. */
  restart(): Promise<void>;
  /**
   * With a certificate of another authority and another key for service account tokens, so that the old CA and the old
   * tokens are refused. The administrator's token stays valid.
   */
  restartAsAnother(): Promise<void>;
  /** etcd drops all versions before the current one. */
  compact(): Promise<void>;
  /** Freezes the process: connections stay open and nothing answers. Resolves when all of its threads have stopped. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads any answer
  readonly body: any;
}

interface CallOptions {
  /** Of the body. @default application/json */
  readonly contentType?: string;
  /** Of the answer, for example the table that kubectl prints. @default application/json */
  readonly accept?: string;
  /** Of whoever calls. @default the administrator */
  readonly token?: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** @param moreFlags of the apiserver */
export async function startApiserver(moreFlags: readonly string[] = []): Promise<Apiserver> {
  const programs = await controlPlanePrograms();
  const folder = await mkdtemp(join(tmpdir(), 'dnshealth-apiserver-'));
  const will = lastWill(folder);
  try {
    const [clientPort = 0, peerPort = 0, port = 0] = await freePorts(3);
    const token = randomBytes(16).toString('hex');
    const files = await writeFiles(folder, token, port);
    const etcd = start(folder, programs.etcd, etcdFlags(folder, clientPort, peerPort));
    will.names(pidsOf(etcd));
    const flags = [...apiserverFlags(files, clientPort, port), ...moreFlags];
    const etcdUrl = `http://127.0.0.1:${clientPort}`;
    return await serve({
      folder,
      will,
      etcd,
      etcdUrl,
      program: programs.apiserver,
      flags,
      files,
      token,
      port,
    });
  } catch (error) {
    await will.execute();
    throw error;
  }
}

interface Parts {
  readonly folder: string;
  readonly will: LastWill;
  readonly etcd: ChildProcess;
  readonly etcdUrl: string;
  readonly program: string;
  readonly flags: readonly string[];
  readonly files: ApiserverFiles;
  readonly token: string;
  readonly port: number;
}

async function serve(parts: Parts): Promise<Apiserver> {
  const { will, etcd, files, token } = parts;
  const url = `https://127.0.0.1:${parts.port}`;
  let apiserver = await startReady(parts, url);
  let agent = await agentFor(files);

  const call: Apiserver['call'] = async (method, path, body, options = {}) => {
    const { contentType = 'application/json', accept = 'application/json', token: caller = token } = options;
    const response = await request(url + path, {
      method,
      dispatcher: agent,
      headers: { authorization: `Bearer ${caller}`, 'content-type': contentType, accept },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const kill9 = async () => {
    await killed(apiserver);
    will.names(pidsOf(etcd));
  };
  const restart = async () => {
    await kill9();
    // Its kept-alive connections belong to the dead process.
    await agent.destroy();
    apiserver = await startReady(parts, url);
    agent = await agentFor(files);
  };
  return {
    url,
    caFile: files.certificate,
    token,
    kubeconfigPath: files.kubeconfig,
    auditLogPath: files.auditLog,
    call,
    kill9,
    restart,
    restartAsAnother: async () => {
      await kill9();
      // The apiserver creates the missing files.
      await rm(files.certificates, { recursive: true });
      await mkdir(files.certificates);
      await writeServiceAccountKey(files);
      await restart();
    },
    compact: async () => {
      const ask = async (what: string, body: object): Promise<EtcdAnswer> => {
        const options = { method: 'POST', body: JSON.stringify(body) } as const;
        return (await (await request(`${parts.etcdUrl}/v3/kv/${what}`, options)).body.json()) as EtcdAnswer;
      };
      const { revision } = (await ask('range', { key: 'AA==' })).header;
      await ask('compaction', { revision, physical: true });
    },
    pause: async () => {
      apiserver.kill('SIGSTOP');
      await until(async () => ((await isStopped(apiserver)) ? true : undefined), {
        what: 'the apiserver to stop',
        timeoutMs: HANG_MS,
        everyMs: 1,
      });
    },
    resume: () => void apiserver.kill('SIGCONT'),
    stop: async () => {
      await agent.destroy();
      await Promise.all([killed(apiserver), killed(etcd)]);
      will.names([]);
      await will.execute();
    },
  };
}

interface EtcdAnswer {
  readonly header: { readonly revision: string };
}

async function startReady(parts: Parts, url: string): Promise<ChildProcess> {
  const process = start(parts.folder, parts.program, parts.flags);
  parts.will.names(pidsOf(parts.etcd, process));
  const deadline = performance.now() + HANG_MS;
  while (performance.now() < deadline) {
    for (const child of [parts.etcd, process]) {
      if (child.exitCode !== null) throw new Error(await lastWords(parts.folder, child));
    }
    if (await isReady(parts.files, parts.token, url)) return process;
    await sleep(50);
  }
  throw new Error(`the apiserver is not ready: ${await lastWords(parts.folder, process)}`);
}

async function isReady(files: ApiserverFiles, token: string, url: string): Promise<boolean> {
  let agent: Agent | undefined;
  try {
    agent = await agentFor(files);
    const { statusCode, body } = await request(`${url}/readyz`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${token}` },
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    // There is no certificate or no listener yet.
    return false;
  } finally {
    await agent?.destroy();
  }
}

/** The certificate file that the apiserver creates ends with the certificate of its CA. */
async function agentFor(files: ApiserverFiles): Promise<Agent> {
  return new Agent({ connect: { ca: await readFile(files.certificate, 'utf8') } });
}

function start(folder: string, program: string, flags: readonly string[]): ChildProcess {
  const log = createWriteStream(logOf(folder, program), { flags: 'a' });
  const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return child;
}

function pidsOf(...children: readonly ChildProcess[]): readonly number[] {
  return children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGKILL');
  await gone;
}

/** The signal takes effect later, thread by thread: until then a request may still be answered. */
async function isStopped({ pid }: ChildProcess): Promise<boolean> {
  const threads = `/proc/${pid}/task`;
  const stats = await Promise.all(
    (await readdir(threads)).map(async (thread) => readFile(join(threads, thread, 'stat'), 'utf8')),
  );
  return stats.every((stat) => /^\d+ \(.*\) T /.test(stat));
}

function logOf(folder: string, program: string): string {
  return join(folder, `${program.split('/').at(-1)}.log`);
}

async function lastWords(folder: string, child: ChildProcess): Promise<string> {
  const log = await readFile(logOf(folder, child.spawnfile), 'utf8');
  return `${child.spawnfile}: ${log.split('\n').slice(-8).join('\n')}`;
}
