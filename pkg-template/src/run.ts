// `layerwright/run`: RUN in a sandbox of Linux namespaces, and layers kept in a folder. For Node. It needs no daemon and no
// privileges: where the user is not root, a user namespace makes him root inside.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { LayerwrightError } from './errors.js';
import type { Executor, RunMount, RunResult, RunStep, RunWork, StageFiles } from './execute.js';

export { folderCache, type FolderCache, type FolderCacheOptions } from './cache.node.js';

/** A secret for `RUN --mount=type=secret`: its bytes or text, a file, or a variable of the environment. */
export type Secret = Uint8Array | string | { src: string } | { env: string };

/** How to run commands. */
export interface SandboxOptions {
  /** What commands reach: nothing, or the network of this machine, its own loopback included. Default: `none`. */
  network?: 'none' | 'host';
  /** Secrets by their id. They are never in a layer, and never on a disk. */
  secrets?: Record<string, Secret>;
  /** Agent sockets for `RUN --mount=type=ssh`, by their id: `default` is that of a mount without one. */
  ssh?: Record<string, string>;
  /** A folder that keeps the caches of `RUN --mount=type=cache` from one build to the next. Default: they live as long as the build. */
  cacheDir?: string;
  /** Where the file systems of stages are laid out while commands run. Default: the folder for temporary files. */
  tempDir?: string;
  /**
   * Who the users of an image are outside. `root`: themselves, if this is root. `mapped`: the user's subordinate numbers, by
   * `newuidmap`. `single`: all of them this user, so that commands cannot give files away, and owners of new files are
   * taken from `USER`. Default: the first of these that can be had.
   */
  users?: 'root' | 'mapped' | 'single';
}

/** What the worker is told. */
export type ToWorker =
  | { do: 'apply'; id: number; folder: string; reset: boolean }
  | { do: 'run'; id: number; job: Job }
  | { do: 'stop'; id: number }
  | { do: 'end' };

/** What the worker tells. */
export type FromWorker =
  | { is: 'ready' }
  | { is: 'output'; id: number; stream: 'stdout' | 'stderr'; bytes: Uint8Array }
  | { is: 'done'; id: number; tar?: string; status?: number; error?: string };

/** A mount as the worker makes it. */
export interface JobMount {
  type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh' | 'script';
  target: string;
  readOnly: boolean;
  /** What is mounted: a path outside. */
  from?: string;
  /** It is a directory. */
  directory?: boolean;
  /** The bytes of a secret or a script. */
  bytes?: Uint8Array;
  size?: number;
  mode?: number;
  uid?: number;
  gid?: number;
}

/** A command with all that it needs. */
export interface Job {
  args: string[];
  env: Record<string, string>;
  cwd: string;
  uid: number;
  gid: number;
  groups: number[];
  network: 'none' | 'host';
  mounts: JobMount[];
}

type Users = NonNullable<SandboxOptions['users']>;

/**
 * An executor that runs commands in a sandbox: namespaces for mounts, processes, names, shared memory and, without a
 * network, that too; its root is the stage and nothing else. For Node on Linux, with `unshare`, `mount`, `setpriv` and
 * `env`, as util-linux and coreutils have them.
 */
export function sandbox(options: SandboxOptions = {}): Executor {
  let session: Promise<Session> | undefined;
  return {
    name: 'sandbox',
    async run(step, files, work) {
      if (process.platform !== 'linux') throw new LayerwrightError('SANDBOX_UNAVAILABLE', `commands can be run on Linux only, and this is ${process.platform}. Build there, or leave RUN out.`);
      session ??= Session.start(options);
      return (await session).run(step, files, work);
    },
    ran(files) {
      void session?.then((session) => session.laid(files));
    },
    async end() {
      const ended = session;
      session = undefined;
      await (await ended?.catch(() => undefined))?.end();
    },
  };
}

/** The lines of output that an error ends with. */
const LAST_LINES = 20;

class Session {
  #options: SandboxOptions;
  #child: ChildProcess;
  #folder: string;
  #waiting = new Map<number, { done: (message: FromWorker & { is: 'done' }) => void; output?: RunWork['output'] }>();
  #next = 0;
  /** What lies in the folder of the root. */
  #laid: StageFiles | undefined;
  #locks: string[] = [];
  #failed: Error | undefined;

  static async start(options: SandboxOptions): Promise<Session> {
    const users = options.users ?? defaultUsers();
    const folder = await fs.mkdtemp(path.join(options.tempDir ?? os.tmpdir(), 'layerwright-run-'));
    const child = launch(users, folder);
    const session = new Session(options, child, folder);
    try {
      await session.#ready();
    } catch (error) {
      await session.end();
      throw error;
    }
    return session;
  }

  private constructor(options: SandboxOptions, child: ChildProcess, folder: string) {
    this.#options = options;
    this.#child = child;
    this.#folder = folder;
    const ended = (error: Error) => {
      this.#failed ??= error;
      for (const [id, { done }] of this.#waiting) done({ is: 'done', id, error: error.message });
    };
    child.on('error', ended);
    child.on('exit', () => ended(new Error('the sandbox has ended')));
    child.on('message', (message: FromWorker) => {
      if (message.is === 'output') this.#waiting.get(message.id)?.output?.(message.bytes, message.stream);
      else if (message.is === 'done') this.#waiting.get(message.id)?.done(message);
    });
    // Should the process end without ever coming to the end of the build.
    process.once('exit', this.#abandon);
  }

  #abandon = (): void => {
    this.#child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };

  async #ready(): Promise<void> {
    let errors = '';
    this.#child.stderr!.on('data', (bytes: Buffer) => (errors += bytes.toString()));
    const first = await Promise.race([once(this.#child, 'message').then(() => true), once(this.#child, 'exit').then(() => false)]).catch((error: Error) => {
      errors = error.message;
      return false;
    });
    if (!first)
      throw new LayerwrightError('SANDBOX_UNAVAILABLE', `the system does not let a sandbox be made: ${errors.trim() || 'unshare failed'}. It needs util-linux, and user namespaces where the user is not root (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0).`);
  }

  #ask(message: { do: 'apply'; folder: string; reset: boolean } | { do: 'run'; job: Job }, { signal, output }: Partial<RunWork> = {}): Promise<FromWorker & { is: 'done' }> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const stop = () => this.#child.connected && this.#child.send({ do: 'stop', id } satisfies ToWorker);
      this.#waiting.set(id, {
        output,
        done: (message) => {
          this.#waiting.delete(id);
          signal?.removeEventListener('abort', stop);
          if (message.error === undefined) resolve(message);
          else reject(new Error(message.error));
        },
      });
      signal?.addEventListener('abort', stop, { once: true });
      if (this.#failed) this.#waiting.get(id)!.done({ is: 'done', id, error: this.#failed.message });
      else this.#child.send({ ...message, id } satisfies ToWorker);
    });
  }

  /** Lays files out in a folder, or changes what is there. */
  async #apply(folder: string, tar: ReadableStream<Uint8Array>, reset: boolean): Promise<void> {
    const pipe = this.#child.stdio[4] as Writable;
    const applied = this.#ask({ do: 'apply', folder, reset });
    const write = async () => {
      for await (const piece of tar as unknown as AsyncIterable<Uint8Array>) if (!pipe.write(piece)) await Promise.race([once(pipe, 'drain'), applied]);
    };
    await Promise.all([applied, write()]);
  }

  /** Notes what the folder of the root holds after a run. */
  laid(files: StageFiles): void {
    this.#laid = files;
  }

  async run(step: RunStep, files: StageFiles, work: RunWork): Promise<RunResult> {
    const { network = 'none' } = this.#options;
    if (step.security === 'insecure') throw new LayerwrightError('SANDBOX_REFUSED', 'RUN --security=insecure is not given here. Remove it, or build with an engine that allows it.');
    if (step.network === 'host' && network !== 'host') throw new LayerwrightError('SANDBOX_REFUSED', "RUN --network=host has to be allowed: give the build the machine's network (--network=host).");
    await this.#apply('root', files.tar(this.#laid ? { since: this.#laid } : {}), this.#laid === undefined);
    // What a failed command leaves behind is known to nobody.
    this.#laid = undefined;
    const env = { ...step.env };
    const mounts: JobMount[] = [];
    try {
      for (const [number, mount] of step.mounts.entries()) await this.#mount(mount, number, env, mounts, work.signal);
      return await this.#command(step, env, mounts, work);
    } finally {
      for (const lock of this.#locks.splice(0)) rmSync(lock, { force: true });
    }
  }

  async #command(step: RunStep, env: Record<string, string>, mounts: JobMount[], work: RunWork): Promise<RunResult> {
    if (step.script) mounts.push({ type: 'script', target: step.script.path, readOnly: true, bytes: Buffer.from(step.script.text), mode: 0o755, uid: 0, gid: 0 });
    let tail = '';
    const output: RunWork['output'] = (text, stream) => {
      work.output(text, stream);
      tail = (tail + (typeof text === 'string' ? text : Buffer.from(text).toString())).slice(-16_384);
    };
    const offline = (this.#options.network ?? 'none') === 'none' || step.network === 'none';
    const { args, cwd, uid, gid, groups } = step;
    const { tar, status } = await this.#ask({ do: 'run', job: { args, env, cwd, uid, gid, groups, network: offline ? 'none' : 'host', mounts } }, { signal: work.signal, output });
    work.signal.throwIfAborted();
    if (!status) return { tar: tar! };
    const lines = tail.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    const hint = offline && step.network !== 'none' && /resolv|network|connect|unreachable|name resolution|Could not fetch|bad address/i.test(lines) ? "\nIt had no network: --network=host gives it this machine's." : '';
    return { status, output: `${lines}${hint}` };
  }

  async #mount(mount: RunMount, number: number, env: Record<string, string>, mounts: JobMount[], signal: AbortSignal): Promise<void> {
    const { type, target, readOnly, size, mode, uid, gid } = mount;
    const add = (more: Partial<JobMount>) => mounts.push({ type, target, readOnly, size, mode, uid, gid, ...more });
    if (type === 'tmpfs') add({});
    else if (type === 'bind') add(await this.#show(mount, `mount-${number}`));
    else if (type === 'cache') {
      const from = await this.#cache(mount, signal);
      add({ from, directory: true });
    } else if (type === 'secret') {
      const id = mount.id || mount.source || path.posix.basename(target);
      const secret = this.#options.secrets?.[id];
      const bytes = secret === undefined ? undefined : await secretBytes(id, secret);
      if (bytes === undefined) {
        if (mount.required) throw new LayerwrightError('SECRET_MISSING', `the secret "${id}" is not here. Give it with --secret id=${id},src=FILE.`);
        return;
      }
      if (mount.env) env[mount.env] = Buffer.from(bytes).toString();
      if (!mount.env || target) add({ target: target || `/run/secrets/${path.posix.basename(id)}`, readOnly: true, bytes, mode: mode ?? 0o400, uid: uid ?? 0, gid: gid ?? 0 });
    } else {
      const id = mount.id || 'default';
      const from = this.#options.ssh?.[id] ?? (id === 'default' ? process.env.SSH_AUTH_SOCK : undefined);
      if (from === undefined || !(await fs.stat(from).catch(() => null))) {
        if (mount.required) throw new LayerwrightError('SSH_MISSING', `the agent "${id}" is not here. Give it with --ssh ${id}=SOCKET.`);
        return;
      }
      const at = target || `/run/buildkit/ssh_agent.${number}`;
      env.SSH_AUTH_SOCK = at;
      add({ target: at, from, directory: false });
    }
  }

  /** Lays out what a mount shows. */
  async #show(mount: RunMount, name: string): Promise<{ from: string; directory: boolean }> {
    const source = mount.source || '/';
    const directory = mount.files?.isDirectory(source);
    if (!mount.files || directory === undefined) throw new LayerwrightError('MOUNT_SOURCE_MISSING', `the mount at ${mount.target} shows "${source}", which does not exist.`);
    await this.#apply(name, mount.files.tarOf(source), true);
    if (directory) return { from: path.join(this.#folder, name), directory };
    const [file] = await fs.readdir(path.join(this.#folder, name));
    return { from: path.join(this.#folder, name, file!), directory };
  }

  /** The folder of a cache, locked as it says. */
  async #cache(mount: RunMount, signal: AbortSignal): Promise<string> {
    const id = mount.id || mount.target;
    const base = path.join(this.#options.cacheDir ?? path.join(this.#folder, 'caches'), createHash('sha256').update(id).digest('hex'));
    let from = base;
    if (mount.sharing === 'locked' || mount.sharing === 'private') {
      for (let number = 0; !(await this.#lock(`${from}.lock`)); number++) {
        signal.throwIfAborted();
        if (mount.sharing === 'private') from = `${base}.${number}`;
        else await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    const isNew = !(await fs.stat(from).catch(() => null));
    if (isNew && mount.files) {
      const { from: shown } = await this.#show(mount, 'cache-source');
      await fs.mkdir(path.dirname(from), { recursive: true });
      await fs.cp(shown, from, { recursive: true, preserveTimestamps: true });
    }
    return from;
  }

  async #lock(file: string): Promise<boolean> {
    // One command may see a cache in two places.
    if (this.#locks.includes(file)) return true;
    await fs.mkdir(path.dirname(file), { recursive: true });
    try {
      await fs.writeFile(file, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await fs.readFile(file, 'utf8').catch(() => ''));
      // A holder that is no more left it behind. One that has just made it has not written its number yet.
      if (holder > 0 && holder !== process.pid && !alive(holder)) await fs.rm(file, { force: true });
      return false;
    }
    this.#locks.push(file);
    return true;
  }

  /** Ends everything and takes every file away. */
  async end(): Promise<void> {
    process.off('exit', this.#abandon);
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined && child.connected) {
      const exited = once(child, 'exit');
      child.send({ do: 'end' } satisfies ToWorker);
      await exited;
    }
    await fs.rm(this.#folder, { recursive: true, force: true });
  }
}

async function secretBytes(id: string, secret: Secret): Promise<Uint8Array | undefined> {
  if (typeof secret === 'string') return Buffer.from(secret);
  if (secret instanceof Uint8Array) return secret;
  if ('env' in secret) {
    const value = process.env[secret.env];
    return value === undefined ? undefined : Buffer.from(value);
  }
  return fs.readFile(secret.src).catch((error: Error) => {
    throw new LayerwrightError('SECRET_MISSING', `the secret "${id}" could not be read: ${error.message}`);
  });
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function defaultUsers(): Users {
  if (process.getuid!() === 0) return 'root';
  const has = (file: string): boolean => {
    try {
      const name = os.userInfo().username;
      return readFileSync(file, 'utf8').split('\n').some((line) => [name, String(process.getuid!())].includes(line.split(':')[0]!));
    } catch {
      return false;
    }
  };
  try {
    execFileSync('newuidmap', { stdio: 'ignore' });
  } catch (error) {
    // Called without arguments it fails, too, but only if it is there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'single';
  }
  return has('/etc/subuid') && has('/etc/subgid') ? 'mapped' : 'single';
}

/** Starts the worker: root inside, whoever it is outside. */
function launch(users: Users, folder: string): ChildProcess {
  const worker = fileURLToPath(new URL('./run.worker.js', import.meta.url));
  const node = [process.execPath, worker, folder, users];
  const map = users === 'mapped' ? ['--map-root-user', '--map-auto'] : ['--map-root-user'];
  const [command, ...args] = users === 'root' ? node : ['unshare', '--user', ...map, ...node];
  return spawn(command!, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    serialization: 'advanced',
    env: { PATH: process.env.PATH, NODE_OPTIONS: '' },
    cwd: '/',
  });
}
