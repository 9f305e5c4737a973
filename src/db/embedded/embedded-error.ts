/** What the embedded PostgreSQL refuses or cannot do; its message is one line for the person at the terminal. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
}

const REASONS: Record<string, string> = {
  EACCES: 'permission denied; it belongs to another account',
  EPERM: 'not permitted for this account',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'there is a file in its place',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its symbolic links go in circles',
};

/** The system's code of a failure, such as `ENOENT`, or undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return undefined;
}

/**
 * Turns a failure of the file system or of a spawn into one line: `<doing>: <reason>`.
 * An EmbeddedError is handed through as it is.
 */
export function systemFailure(doing: string, error: unknown): EmbeddedError {
  if (error instanceof EmbeddedError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  const reason = REASONS[errorCode(error) ?? ''] ?? message.split('\n')[0];
  return new EmbeddedError(`${doing}: ${reason}.`, { cause: error });
}
