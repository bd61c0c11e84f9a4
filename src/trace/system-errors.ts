/** Errors of the operating system in words. */

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'a file of that name is there; name another',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left on the device: free some, or write elsewhere',
  EDQUOT: 'the disk quota is used up: free some space, or write elsewhere',
  EFBIG: 'the file is too large for its file system',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
};

export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && 'syscall' in error;

/** What went wrong, without the name of the file: `no such file or directory`, or `failed (EIO)`. */
export function systemReason(error: NodeJS.ErrnoException, failed = 'failed'): string {
  return REASONS[error.code ?? ''] ?? `${failed} (${error.code ?? error.message})`;
}
