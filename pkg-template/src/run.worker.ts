// The inside of the sandbox: root in its namespace. It lays files out, runs commands, and finds what they changed.
// `layerwright/run` starts it, with the folder that all of it happens in and the way users are mapped.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Writable } from 'node:stream';
import type { FromWorker, Job, JobMount, ToWorker } from './run.js';
import { END, fromBytes, header, padding, type TarMember, TarStream, toBytes } from './tar.js';

const folder = process.argv[2]!;
/** Owners cannot be given to files here: the table says whose they are. */
const single = process.argv[3] === 'single';
const rooted = process.argv[3] === 'root';

/** A path of a binary string. */
const at = (...parts: string[]): Buffer => Buffer.from(parts.join('/'), 'latin1');
const tell = (message: FromWorker): void => void process.send!(message);
const lstat = (file: Buffer): fs.BigIntStats | undefined => fs.lstatSync(file, { bigint: true, throwIfNoEntry: false });
const remove = (file: Buffer): void => fs.rmSync(file, { recursive: true, force: true });

/** The members that a folder was laid out with, by their paths: what the disk cannot say exactly. */
type Table = Map<string, TarMember>;
const tables = new Map<string, Table>();

const incoming = new TarStream(new net.Socket({ fd: 4, readable: true, writable: false }) as AsyncIterable<Uint8Array>);

/** Lays the tar that comes next over a folder. */
async function apply(name: string, reset: boolean): Promise<void> {
  const root = path.join(folder, name);
  if (reset) {
    remove(at(root));
    tables.delete(name);
  }
  fs.mkdirSync(root, { recursive: true, mode: 0o755 });
  const table = tables.get(name) ?? new Map<string, TarMember>();
  tables.set(name, table);
  const dirs: TarMember[] = [];
  for (let member = await incoming.next(); member; member = await incoming.next()) {
    const { path: inside, type } = member;
    const slash = inside.lastIndexOf('/') + 1;
    if (inside.startsWith('.wh.', slash)) {
      const gone = inside.slice(0, slash) + inside.slice(slash + 4);
      remove(at(root, gone));
      forget(table, gone);
      continue;
    }
    const file = inside === '.' ? at(root) : at(root, inside);
    const there = lstat(file);
    if (there && !(type === 'dir' && there.isDirectory())) {
      remove(file);
      forget(table, inside);
    }
    if (type === 'dir') {
      if (!there?.isDirectory()) fs.mkdirSync(file);
      dirs.push(member);
    } else if (type === 'file') {
      const out = fs.openSync(file, 'wx', 0o600);
      try {
        for await (const piece of incoming.body()) for (let done = 0; done < piece.length; ) done += fs.writeSync(out, piece, done);
      } finally {
        fs.closeSync(out);
      }
    } else if (type === 'symlink') fs.symlinkSync(Buffer.from(member.linkname!, 'latin1'), file);
    else if (type === 'hardlink') {
      fs.linkSync(at(root, member.linkname!), file);
      table.set(inside, { ...table.get(member.linkname!)!, path: inside });
      continue;
    } else special(member, file);
    table.set(inside, member);
    if (type !== 'dir') dress(member, file);
  }
  // What lies in a directory changes its time, and its mode may forbid to write there.
  for (const member of dirs.reverse()) dress(member, member.path === '.' ? at(root) : at(root, member.path));
}

function forget(table: Table, gone: string): void {
  if (table.get(gone)?.type === 'dir') for (const name of table.keys()) if (name.startsWith(`${gone}/`)) table.delete(name);
  table.delete(gone);
}

/** Makes a device or pipe; where that is not allowed, the table alone knows of it. */
function special(member: TarMember, file: Buffer): void {
  const { type, device = [0, 0] } = member;
  const kind = type === 'fifo' ? ['p'] : [type === 'char' ? 'c' : 'b', String(device[0]), String(device[1])];
  // The name goes in as an argument, which is text.
  const text = file.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(file)) return;
  try {
    execFileSync('mknod', ['--', text, ...kind], { stdio: 'ignore' });
  } catch {
    // It stays unseen by the command.
  }
}

function dress({ type, mode, uid, gid, mtime }: TarMember, file: Buffer): void {
  if (!single) {
    try {
      fs.lchownSync(file, uid, gid);
    } catch {
      // A number that is not mapped: the table knows it.
    }
  }
  if (!lstat(file)) return;
  if (type !== 'symlink') fs.chmodSync(file, mode);
  const seconds = Number(mtime);
  fs.lutimesSync(file, seconds, seconds);
}

/** What is known of a file to tell whether it was touched. */
interface Seen {
  stat: fs.BigIntStats;
}

/** Everything below a folder, by its path inside. */
function scan(root: string): Map<string, Seen> {
  const found = new Map<string, Seen>();
  const todo = [''];
  for (let dir = todo.pop(); dir !== undefined; dir = todo.pop()) {
    for (const name of fs.readdirSync(at(root, dir), { encoding: 'latin1' })) {
      const inside = dir ? `${dir}/${name}` : name;
      const stat = lstat(at(root, inside));
      if (!stat) continue;
      found.set(inside, { stat });
      if (stat.isDirectory()) todo.push(inside);
    }
  }
  return found;
}

const touched = (a: fs.BigIntStats, b: fs.BigIntStats): boolean => a.ctimeNs !== b.ctimeNs || a.ino !== b.ino || a.size !== b.size || a.mtimeNs !== b.mtimeNs || a.mode !== b.mode;

/** Sorts binary strings by their bytes. */
const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Writes what a command did as a layer, and notes it in the table. */
function changes(root: string, table: Table, before: Map<string, Seen>, after: Map<string, Seen>, job: Job, out: string): void {
  const handle = fs.openSync(out, 'w', 0o600);
  const write = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(handle, bytes, done);
  };
  const plain = { mode: 0, uid: 0, gid: 0, size: 0, mtime: '0' };
  const first = new Map<string, string>();
  const rewritten = new Set<string>();
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(byBytes);
  try {
    for (const name of names) {
      const was = before.get(name)?.stat;
      const now = after.get(name)?.stat;
      const slash = name.lastIndexOf('/') + 1;
      if (!now) {
        // What went with its directory needs no mention.
        const parent = name.slice(0, Math.max(0, slash - 1));
        if (parent === '' || after.get(parent)?.stat.isDirectory()) {
          write(header({ ...plain, path: `${name.slice(0, slash)}.wh.${name.slice(slash)}`, type: 'file' }));
          forget(table, name);
        }
        continue;
      }
      if (was && !touched(was, now)) continue;
      const type = now.isDirectory() ? 'dir' : now.isSymbolicLink() ? 'symlink' : now.isFile() ? 'file' : now.isFIFO() ? 'fifo' : now.isCharacterDevice() ? 'char' : now.isBlockDevice() ? 'block' : undefined;
      // A socket is nothing that a layer could hold.
      if (!type) continue;
      const known = was ? table.get(name) : undefined;
      const same = known?.type === type ? known : undefined;
      const seconds = now.mtimeNs / 1_000_000_000n;
      const nanos = now.mtimeNs % 1_000_000_000n;
      const member: TarMember = {
        path: name,
        type,
        mode: Number(now.mode & 0o7777n),
        // One number for all: files that were there keep their owner, others belong to whoever ran.
        uid: single ? (same?.uid ?? job.uid) : Number(now.uid),
        gid: single ? (same?.gid ?? job.gid) : Number(now.gid),
        size: type === 'file' ? Number(now.size) : 0,
        mtime: same && was && was.mtimeNs === now.mtimeNs ? same.mtime : nanos ? `${seconds}.${String(nanos).padStart(9, '0')}` : String(seconds),
      };
      // The owner that could not be given.
      if (same && was && was.uid === now.uid && was.gid === now.gid) [member.uid, member.gid] = [same.uid, same.gid];
      if (same?.xattrs) member.xattrs = same.xattrs;
      if (type === 'char' || type === 'block') member.device = device(now.rdev);
      if (type === 'symlink') member.linkname = fs.readlinkSync(at(root, name), { encoding: 'latin1' });
      const inode = `${now.dev}:${now.ino}`;
      const linked = type === 'file' && now.nlink > 1n ? first.get(inode) : undefined;
      table.set(name, member);
      if (linked !== undefined) {
        write(header({ ...member, type: 'hardlink', linkname: linked }));
        continue;
      }
      if (type === 'file' && now.nlink > 1n) first.set(inode, name);
      write(header(member));
      rewritten.add(name);
      if (type === 'file') {
        copy(at(root, name), member.size, write);
        write(new Uint8Array(padding(member.size)));
      }
    }
    write(new Uint8Array(END));
  } finally {
    fs.closeSync(handle);
  }
}

const device = (rdev: bigint): [number, number] => [Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)), Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn))];

const buffer = Buffer.allocUnsafe(1 << 20);

function copy(file: Buffer, size: number, write: (bytes: Uint8Array) => void): void {
  const handle = fs.openSync(file, 'r');
  try {
    for (let left = size; left > 0; ) {
      const read = fs.readSync(handle, buffer, 0, Math.min(left, buffer.length), null);
      if (!read) throw new Error(`${file} has become shorter`);
      write(buffer.subarray(0, read));
      left -= read;
    }
  } finally {
    fs.closeSync(handle);
  }
}

/** A path as the root sees it, links followed inside it alone: its real path from the root, with or without being there. */
function inside(root: string, target: string): string {
  const rest = target.split('/').reverse();
  let done: string[] = [];
  for (let links = 0; rest.length; ) {
    const name = rest.pop()!;
    if (!name || name === '.') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    const here = at(root, ...done, name);
    if (lstat(here)?.isSymbolicLink()) {
      if (++links > 255) throw new Error(`${target} goes through too many symbolic links`);
      const link = fs.readlinkSync(here, { encoding: 'latin1' });
      if (link.startsWith('/')) done = [];
      rest.push(...link.split('/').reverse());
    } else done.push(name);
  }
  return done.join('/');
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What Docker lets root do in a container. */
const CAPABILITIES = ['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'net_bind_service', 'net_raw', 'sys_chroot', 'mknod', 'audit_write', 'setfcap'];
const HOSTNAME = 'layerwright';

/** Places that the sandbox made for its mounts, to be taken away again. */
class Stubs {
  #made: { file: string; parent: string; atime: Date; mtime: Date }[] = [];
  #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes a path of the root where it is missing. */
  place(target: string, directory: boolean): void {
    const names = target.split('/').filter(Boolean);
    for (let length = 1; length <= names.length; length++) {
      const file = `${this.#root}/${names.slice(0, length).join('/')}`;
      if (lstat(at(file))) continue;
      const parent = path.dirname(file);
      const { atime, mtime } = fs.statSync(at(parent));
      this.#made.push({ file, parent, atime, mtime });
      if (length < names.length || directory) fs.mkdirSync(at(file), { mode: 0o755 });
      else fs.writeFileSync(at(file), '', { mode: 0o644 });
    }
  }

  /** The places, by their paths inside: whether they are gone. */
  clear(): void {
    for (const { file, parent, atime, mtime } of this.#made.reverse()) {
      const stat = lstat(at(file));
      if (!stat) continue;
      const { mtime: now } = fs.statSync(at(parent));
      const untouched = now.getTime() === lastChange(parent, mtime);
      try {
        if (stat.isDirectory()) fs.rmdirSync(at(file));
        else if (stat.size === 0n) fs.unlinkSync(at(file));
        else continue;
      } catch {
        // The command has put something there.
        continue;
      }
      // As if it had never been made, unless the command itself changed the directory since.
      if (untouched) fs.utimesSync(at(parent), atime, mtime);
      else fs.utimesSync(at(parent), atime, now);
    }
  }

  /** Notes the times that making places gave to directories. */
  settle(): void {
    for (const { parent } of this.#made) times.set(parent, fs.statSync(at(parent)).mtime.getTime());
  }
}

const times = new Map<string, number>();
const lastChange = (parent: string, otherwise: Date): number => times.get(parent) ?? otherwise.getTime();

/** The script that builds the sandbox around a command, and the bytes that it reads from descriptors 3 and up. */
function script(root: string, job: Job, stubs: Stubs): { text: string; bytes: Uint8Array[] } {
  const R = quote(root);
  const lines: string[] = ['set -e', 'umask 022', `mount -n --bind ${R} ${R}`];
  const bytes: Uint8Array[] = [];
  const place = (target: string, directory: boolean): string => {
    const real = inside(root, target);
    stubs.place(real, directory);
    return `${root}/${real}`;
  };
  const ro = (where: string) => lines.push(`mount -n -o remount,bind,ro ${where} 2>/dev/null || mount -n -o remount,bind,ro,nosuid,nodev ${where} 2>/dev/null || mount -n -o remount,bind,ro,nosuid,nodev,noexec ${where}`);

  const proc = quote(place('proc', true));
  lines.push(`mount -n -t proc -o nosuid,nodev,noexec proc ${proc} 2>/dev/null || mount -n --rbind /proc ${proc}`);
  for (const name of ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger']) lines.push(`if [ -e ${proc}/${name} ]; then mount -n --bind ${proc}/${name} ${proc}/${name} && mount -n -o remount,bind,ro,nosuid,nodev,noexec ${proc}/${name}; fi 2>/dev/null || [ ${rooted ? 0 : 1} = 1 ]`);
  for (const name of ['kcore', 'keys', 'timer_list', 'sched_debug', 'latency_stats']) lines.push(`if [ -f ${proc}/${name} ]; then mount -n --bind /dev/null ${proc}/${name}; fi 2>/dev/null || [ ${rooted ? 0 : 1} = 1 ]`);
  for (const name of ['acpi', 'scsi', 'asound']) lines.push(`if [ -d ${proc}/${name} ]; then mount -n -t tmpfs -o ro tmpfs ${proc}/${name}; fi 2>/dev/null || [ ${rooted ? 0 : 1} = 1 ]`);
  const sys = quote(place('sys', true));
  lines.push(`mount -n -t sysfs -o ro,nosuid,nodev,noexec sysfs ${sys} 2>/dev/null || mount -n --rbind -o ro /sys ${sys} 2>/dev/null || true`);
  lines.push(`if [ -d ${sys}/firmware ]; then mount -n -t tmpfs -o ro tmpfs ${sys}/firmware 2>/dev/null || true; fi`);
  const dev = quote(place('dev', true));
  lines.push(
    `mount -n -t tmpfs -o nosuid,mode=755,size=64m tmpfs ${dev}`,
    `for name in null zero full random urandom tty; do : > ${dev}/$name; mount -n --bind /dev/$name ${dev}/$name; done`,
    `ln -s /proc/self/fd ${dev}/fd; ln -s fd/0 ${dev}/stdin; ln -s fd/1 ${dev}/stdout; ln -s fd/2 ${dev}/stderr; ln -s pts/ptmx ${dev}/ptmx`,
    `mkdir -m 1777 ${dev}/shm ${dev}/pts`,
    `mount -n -t tmpfs -o nosuid,nodev,mode=1777,size=64m tmpfs ${dev}/shm`,
    `mount -n -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts ${dev}/pts 2>/dev/null || true`,
    `hostname ${HOSTNAME} 2>/dev/null || true`,
  );

  // Small files of ours, on a file system that ends with the command.
  const ours = `${root}.ours`;
  fs.mkdirSync(ours, { recursive: true });
  lines.push(`mount -n -t tmpfs -o nosuid,nodev,mode=755,size=16m tmpfs ${quote(ours)}`);
  let files = 0;
  const own = (content: Uint8Array, mode: number, uid = 0, gid = 0): string => {
    const file = quote(`${ours}/${files++}`);
    lines.push(`umask 077; cat <&${3 + bytes.length} > ${file}; umask 022`);
    bytes.push(content);
    if (!single && (uid || gid)) lines.push(`chown ${uid}:${gid} ${file}`);
    lines.push(`chmod ${mode.toString(8)} ${file}`);
    return file;
  };
  const bind = (from: string, target: string) => lines.push(`mount -n --bind ${from} ${target}`);

  const hosts = quote(place('etc/hosts', false));
  bind(own(Buffer.from(`127.0.0.1\tlocalhost ${HOSTNAME}\n::1\tlocalhost ip6-localhost ip6-loopback\n`), 0o644), hosts);
  if (job.network === 'host') {
    const resolver = fs.existsSync('/etc/resolv.conf') ? fs.readFileSync('/etc/resolv.conf') : Buffer.alloc(0);
    bind(own(resolver, 0o644), quote(place('etc/resolv.conf', false)));
  } else lines.push('ip link set lo up 2>/dev/null || true');

  const depth = (mount: JobMount) => mount.target.split('/').filter(Boolean).length;
  const above: { target: string; mount: JobMount }[] = [];
  for (const mount of job.mounts.map((mount, order) => ({ mount, order })).sort((a, b) => depth(a.mount) - depth(b.mount) || a.order - b.order).map(({ mount }) => mount)) {
    const directory = mount.type === 'tmpfs' || (mount.directory ?? false);
    const real = inside(root, Buffer.from(mount.target).toString('latin1'));
    // A place below another mount, or in one of the sandbox's own file systems, is made there.
    const over = above.findLast((other) => real.startsWith(`${other.target}/`));
    const where = quote(`${root}/${real}`);
    if (over || /^(dev|proc|sys)(\/|$)/.test(real)) {
      const parent = quote(`${root}/${path.posix.dirname(real)}`);
      lines.push(`mkdir -p ${directory ? where : parent}`);
      if (!directory) lines.push(`[ -e ${where} ] || : > ${where}`);
    } else stubs.place(real, directory);
    above.push({ target: real, mount });
    if (mount.type === 'tmpfs') lines.push(`mount -n -t tmpfs -o nosuid,nodev,mode=1777${mount.size ? `,size=${mount.size}` : ''}${mount.readOnly ? ',ro' : ''} tmpfs ${where}`);
    else if (mount.bytes) {
      bind(own(mount.bytes, mount.mode ?? 0o400, mount.uid, mount.gid), where);
      ro(where);
    } else {
      bind(quote(mount.from!), where);
      if (mount.readOnly) ro(where);
    }
  }

  const variables = Object.entries(job.env).map(([name, value]) => quote(`${name}=${value}`));
  const enter = ['unshare', '--root=.', `--wd=${quote(job.cwd)}`];
  const renamed = isRenamed(job);
  // A user other than root needs the one to get to the new root, and keeps it: in this namespace it leads nowhere else.
  const kept = renamed ? ['--inh-caps=-all,+sys_chroot', '--ambient-caps=-all,+sys_chroot'] : ['--inh-caps=-all'];
  const limit = ['setpriv', `--bounding-set=-all,${CAPABILITIES.map((name) => `+${name}`).join(',')}`, ...kept];
  if (!single) {
    limit.push(`--regid=${job.gid}`, job.groups.length ? `--groups=${job.groups.join(',')}` : '--clear-groups');
    if (job.uid) enter.push(`--setuid=${job.uid}`);
  }
  const programs = Object.fromEntries(['env', 'setpriv', 'unshare'].map((name) => [name, which(name)]));
  const chain = [...limit, ...enter].map((word) => programs[word] ?? word);
  // The new root becomes the root of all that is here, so that there is no way up from it.
  lines.push(`cd ${R}`, 'mount -n --move . /', `exec 3<&- ${bytes.map((_, number) => `${3 + number}<&-`).join(' ')}`);
  lines.push(`exec ${programs.env} -i ${variables.join(' ')} ${chain.join(' ')} -- ${job.args.map(quote).join(' ')}`);
  return { text: `${lines.join('\n')}\n`, bytes };
}

function which(name: string): string {
  for (const dir of (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/usr/bin', '/sbin', '/bin')) {
    const file = path.join(dir, name);
    if (dir.startsWith('/') && fs.existsSync(file)) return file;
  }
  throw new Error(`there is no "${name}" on this machine; it is part of util-linux or coreutils`);
}

let running: { id: number; child: ChildProcess } | undefined;
let stopped = -1;

async function run(id: number, job: Job): Promise<FromWorker> {
  const root = path.join(folder, 'root');
  const table = tables.get('root') ?? new Map<string, TarMember>();
  for (const { type, from, mode, uid, gid } of job.mounts) {
    if (type !== 'cache' || fs.existsSync(from!)) continue;
    fs.mkdirSync(from!, { recursive: true });
    if (!single) fs.chownSync(from!, uid ?? 0, gid ?? 0);
    fs.chmodSync(from!, mode ?? 0o755);
  }
  const before = scan(root);
  const rootBefore = lstat(at(root))!;
  times.clear();
  const stubs = new Stubs(root);
  let status: number;
  try {
    const { text, bytes } = script(root, job, stubs);
    stubs.settle();
    // A change within the clock's own step must not look like none.
    await new Promise((resolve) => setTimeout(resolve, 12));
    status = await execute(id, text, bytes, job);
  } finally {
    stubs.clear();
    fs.rmSync(`${root}.ours`, { recursive: true, force: true });
  }
  if (id === stopped) return { is: 'done', id, error: 'it was stopped' };
  if (status) return { is: 'done', id, status };
  const after = scan(root);
  const rootAfter = lstat(at(root))!;
  const tar = path.join(folder, `changes-${id}.tar`);
  if (rootAfter.mode !== rootBefore.mode || rootAfter.uid !== rootBefore.uid || rootAfter.gid !== rootBefore.gid) {
    before.set('.', { stat: rootBefore });
    after.set('.', { stat: rootAfter });
  }
  changes(root, table, before, after, job, tar);
  return { is: 'done', id, tar };
}

/** Whether the only user of the namespace has to be called by other numbers than root's. */
const isRenamed = (job: Job): boolean => single && (job.uid !== 0 || job.gid !== 0);

function execute(id: number, text: string, bytes: Uint8Array[], job: Job): Promise<number> {
  return new Promise((resolve, reject) => {
    const user = isRenamed(job) ? ['--user', `--map-user=${job.uid}`, `--map-group=${job.gid}`, '--keep-caps'] : [];
    const spaces = [...user, '--mount', '--pid', '--ipc', '--uts', ...(job.network === 'none' ? ['--net'] : [])];
    const child = spawn('unshare', [...spaces, '--fork', '--kill-child', 'sh', '-c', text], { cwd: '/', stdio: ['ignore', 'pipe', 'pipe', ...bytes.map(() => 'pipe' as const)] });
    running = { id, child };
    if (stopped === id) child.kill('SIGKILL');
    for (const stream of ['stdout', 'stderr'] as const) child[stream]!.on('data', (bytes: Uint8Array) => tell({ is: 'output', id, stream, bytes }));
    bytes.forEach((content, number) => {
      const pipe = child.stdio[3 + number] as Writable;
      pipe.on('error', () => {});
      pipe.end(content);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running = undefined;
      resolve(code ?? 128 + (SIGNALS[signal ?? ''] ?? 0));
    });
  });
}

const SIGNALS: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15 };

function end(): never {
  running?.child.kill('SIGKILL');
  remove(at(folder));
  process.exit(0);
}

let turn: Promise<unknown> = Promise.resolve();
process.on('message', (message: ToWorker) => {
  if (message.do === 'end') end();
  if (message.do === 'stop') {
    stopped = message.id;
    if (running?.id === message.id) running.child.kill('SIGKILL');
    return;
  }
  const { id } = message;
  turn = turn
    .then(async () => (message.do === 'apply' ? (await apply(message.folder, message.reset), { is: 'done', id } as FromWorker) : run(id, message.job)))
    .then(tell, (error: Error) => tell({ is: 'done', id, error: error.message }));
});
// Whoever asked is gone.
process.on('disconnect', end);
process.umask(0o022);
tell({ is: 'ready' });
