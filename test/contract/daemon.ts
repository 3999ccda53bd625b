// A rocd of the test's own: on a port that the system chooses, with nothing of the user's, without
// PipeWire, and gone with its directory at the end.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

const start_deadline_ms = 30_000;

export class Daemon {
  log = ""; // what it said

  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
    public url: string,
  ) {
    child.stderr?.on("data", (text: Buffer) => (this.log += text.toString()));
  }

  static async start(program: string): Promise<Daemon> {
    const directory = mkdtempSync(join(tmpdir(), "rocd-session-"));
    const config = join(directory, "rocd.yaml");
    writeFileSync(config, "name: session\n");
    const child = spawn(
      program,
      ["--config", config, "--listen", "127.0.0.1:0", "--state-dir", directory, "--ready-fd", "3", "--exit-with-parent"],
      {
        stdio: ["ignore", "ignore", "pipe", "pipe"],
        env: { PATH: process.env["PATH"] ?? "", HOME: directory, XDG_RUNTIME_DIR: directory },
      },
    );
    const daemon = new Daemon(child, directory, "");
    try {
      daemon.url = await within(start_deadline_ms, "rocd to be ready", first_line(child));
    } catch (error) {
      await daemon.stop();
      throw new Error(`${String(error)}\n${daemon.log}`);
    }
    return daemon;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.exitCode === null && this.child.signalCode === null && this.child.kill()) {
      await within(start_deadline_ms, "rocd to end", ended);
    }
    rmSync(this.directory, { recursive: true });
  }
}

function first_line(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`rocd ended with ${code}`)));
    createInterface({ input: child.stdio[3] as Readable }).once("line", resolve);
  });
}

export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
