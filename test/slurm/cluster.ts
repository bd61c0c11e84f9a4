import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * A Slurm cluster of one node, all of it in a directory of its own: configuration, key, sockets, state, free ports on
 * this machine. It needs neither systemd nor anything in /etc, and disturbs no other Slurm.
 */

export interface Cluster {
  /** The environment in which sbatch, squeue and scancel find it. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs a program of Slurm; gives what it prints. */
  readonly slurm: (program: string, ...args: readonly string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const PROGRAMS = ['munged', 'munge', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'sinfo'];
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** Why no cluster can be started here; null: one can. */
export function noCluster(): string | null {
  const missing = PROGRAMS.filter((name) => spawnSync('which', [name], { env }).status !== 0);
  if (missing.length > 0) return `${missing.join(', ')} not installed (Debian: apt-get install slurm-wlm)`;
  return null;
}

export async function startCluster(cpus: number): Promise<Cluster> {
  // Short: the path of a socket has at most 107 bytes.
  const directory = await mkdtemp(join(tmpdir(), 'slurm-'));
  const at = (name: string): string => join(directory, name);
  const node = hostname().split('.')[0]!;
  const daemons: ChildProcess[] = [];
  const daemon = (program: string, ...args: readonly string[]): void => {
    const log = openSync(at(`${program}.out`), 'w');
    daemons.push(spawn(program, args, { env: own, stdio: ['ignore', log, log] }));
    closeSync(log);
  };
  const own = { ...env, SLURM_CONF: at('slurm.conf') };
  const slurm = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, args, { env: own })).stdout.trim();
  const stop = async (): Promise<void> => {
    // A job that nobody takes care of would stay.
    await slurm('scancel', '--user', userInfo().username).catch(() => '');
    await until('jobs', async () => (await slurm('squeue', '-h').catch(() => '')) === '', 10).catch(() => {});
    for (const child of daemons.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const end = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(5000, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
      await Promise.race([end, late]);
    }
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await mkdir(at('state'));
    await mkdir(at('spool'));
    writeFileSync(at('slurm.conf'), configuration(directory, node, cpus, await freePorts(2)));
    writeFileSync(at('munge.key'), randomBytes(128), { mode: 0o600 });
    const munge = ['key-file=munge.key', 'socket=munge.socket', 'pid-file=munge.pid'].map(
      (option) => `--${option.replace('=', `=${directory}/`)}`,
    );
    daemon('munged', '--foreground', '--force', `--seed-file=${at('munge.seed')}`, ...munge);
    await until('munged', () => spawnSync('munge', ['-n', '-S', at('munge.socket')], { env }).status === 0);
    daemon('slurmctld', '-D');
    daemon('slurmd', '-D', '-N', node);
    await until('the node', async () => (await slurm('sinfo', '-h', '-o', '%T').catch(() => '')) === 'idle');
  } catch (error) {
    const said = ['munged', 'slurmctld', 'slurmd'].map((name) => `${name}: ${tail(at(`${name}.out`))}`);
    await stop();
    throw new Error(`Slurm does not start: ${String(error)}\n${said.join('\n')}`);
  }
  return { env: own, slurm, stop };
}

/** Waits until something is so. */
export async function until(what: string, so: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await so()); await setTimeout(100))
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-8).join('\n');
  } catch {
    return '';
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

const configuration = (
  directory: string,
  node: string,
  cpus: number,
  [controller, daemon]: readonly number[],
): string => `ClusterName=test
SlurmctldHost=${node}(127.0.0.1)
SlurmUser=${userInfo().username}
SlurmdUser=${userInfo().username}
SlurmctldPort=${controller}
SlurmdPort=${daemon}
AuthType=auth/munge
AuthInfo=socket=${directory}/munge.socket
CredType=cred/munge
StateSaveLocation=${directory}/state
SlurmdSpoolDir=${directory}/spool
SlurmctldPidFile=${directory}/slurmctld.pid
SlurmdPidFile=${directory}/slurmd.pid
SlurmctldLogFile=${directory}/slurmctld.out
SlurmdLogFile=${directory}/slurmd.out
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=5
MinJobAge=300
NodeName=${node} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN
PartitionName=test Nodes=${node} Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
`;
