/** What the machine is, as far as a native library cares. */
import { release } from 'node:os';

export interface Host {
  /** `process.platform`. */
  readonly platform: string;
  /** `process.arch`. */
  readonly arch: string;
  /** `glibc 2.36`, `musl`; undefined where the question does not arise. */
  readonly libc: string | undefined;
  /** `os.release()`: of macOS the version of Darwin, `23.4.0`; undefined where nobody asked. */
  readonly release?: string;
}

export function describeHost(): Host {
  return {
    platform: process.platform,
    arch: process.arch,
    libc: process.platform === 'linux' ? libcOf() : undefined,
    release: release(),
  };
}

/** `linux x64, glibc 2.36`. */
export function hostName(host: Host): string {
  return `${host.platform} ${host.arch}${host.libc === undefined ? '' : `, ${host.libc}`}`;
}

function libcOf(): string {
  // Without this, newer versions of Node.js look up the names of all network addresses for the report.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  };
  const version = report.header?.glibcVersionRuntime;
  return version === undefined ? 'musl' : `glibc ${version}`;
}
